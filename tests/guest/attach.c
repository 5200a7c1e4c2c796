// SPDX-License-Identifier: GPL-2.0
/* TCP_ULP: when it is refused, and what a socket with the ULP still is. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "ktls.h"
#include "tools.h"

static int attach_name(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, strlen(name));
}

static void expect_ulp(int fd, const char *want)
{
	char name[32] = "";
	socklen_t len = sizeof(name);

	CHECK_SYS(getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len));
	CHECK(!strcmp(name, want));
}

/* Raw bytes in both directions */
static void check_plain(struct conn *c)
{
	char buf[5];

	conn_send(c, "there", 5, 0);
	tcp_read_full(c->peer, buf, 5);
	CHECK_MEM(buf, "there", 5);
	tcp_write_full(c->peer, "back!", 5);
	tcp_read_full(c->fd, buf, 5);
	CHECK_MEM(buf, "back!", 5);
}

static void check_works(struct conn *c)
{
	conn_send(c, "works", 5, 0);
	peer_expect(c, RECORD_DATA, "works", 5);
}

KTLS_TEST_EACH(attach_needs_established, each_family, const struct tls_case *,
	       tc)
{
	struct conn c;
	u16 port;
	int fd;

	fd = CHECK_SYS(socket(tc->family, SOCK_STREAM, 0));
	CHECK_ERRNO(ktls_attach(fd), ENOTCONN);
	close(fd);
	fd = tcp_listen(tc->family, &port);
	CHECK_ERRNO(ktls_attach(fd), ENOTCONN);
	close(fd);

	conn_connect(&c, tc, NULL);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));	/* FIN_WAIT */
	CHECK_ERRNO(ktls_attach(c.fd), ENOTCONN);
	tcp_expect_eof(c.peer);			/* CLOSE_WAIT */
	CHECK_ERRNO(ktls_attach(c.peer), ENOTCONN);
	expect_ulp(c.fd, "");
	conn_close(&c);
}

KTLS_TEST_EACH(attach_only_once, each_family, const struct tls_case *, tc)
{
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	expect_ulp(c.fd, ktls_ulp());
	CHECK_ERRNO(ktls_attach(c.fd), EEXIST);
	conn_set_tx(&c, NULL);
	CHECK_ERRNO(ktls_attach(c.fd), EEXIST);
	expect_ulp(c.fd, ktls_ulp());
	check_works(&c);
}

/* The socket stays what it was until it has a key. */
KTLS_TEST_EACH(attach_plain_before_key, each_family, const struct tls_case *,
	       tc)
{
	struct iovec iov[2] = { { "ab", 2 }, { "cde", 3 } };
	struct conn c;
	char buf[5];

	conn_connect(&c, tc, NULL);
	check_plain(&c);
	conn_attach(&c);
	check_plain(&c);
	CHECK_EQ(send_iov(c.fd, iov, 2, 0), 5);
	tcp_read_full(c.peer, buf, 5);
	CHECK_MEM(buf, "abcde", 5);
	/* What TLS refuses is TCP's business still. */
	CHECK_EQ(send(c.fd, "u", 1, MSG_OOB), 1);
	CHECK(tcp_poll(c.peer, POLLPRI, TCP_WAIT_MS));
	CHECK_EQ(recv(c.peer, buf, 1, MSG_OOB), 1);
	expect_outq(c.fd, 0);
	conn_set_tx(&c, NULL);
	check_works(&c);
}

/* Bytes sent before the key stay in front of the first record. */
KTLS_TEST_EACH(attach_key_follows_plain, each_family, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(50000);
	u8 back[20000];
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	conn_send(&c, data, sizeof(back), 0);
	conn_set_tx(&c, NULL);
	conn_send(&c, data, 50000, 0);
	tcp_read_full(c.peer, back, sizeof(back));
	CHECK_MEM(back, data, sizeof(back));
	peer_expect_data(&c, data, 50000);
}

KTLS_TEST_EACH(attach_reads_stay_plain, each_family, const struct tls_case *,
	       tc)
{
	struct conn c;
	char buf[5];
	int n;

	conn_open(&c, tc);
	for (n = 0; n < 3; n++) {
		check_works(&c);
		tcp_write_full(c.peer, "plain", 5);
		CHECK(tcp_poll(c.fd, POLLIN, TCP_WAIT_MS));
		CHECK_EQ(recv(c.fd, buf, 5, MSG_PEEK | MSG_WAITALL), 5);
		tcp_read_full(c.fd, buf, 5);
		CHECK_MEM(buf, "plain", 5);
	}
	shutdown(c.peer, SHUT_WR);
	tcp_expect_eof(c.fd);
	check_works(&c);
}

/* CVE-2023-0461: a listener whose children share the context */
KTLS_TEST_EACH(attach_never_listens, each_family, const struct tls_case *, tc)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct conn c;

	conn_open(&c, tc);
	CHECK_ERRNO(listen(c.fd, 8), EINVAL);
	check_works(&c);
	CHECK_SYS(shutdown(c.fd, SHUT_RDWR));
	peer_expect_eof(&c);
	CHECK_SYS(close(c.peer));
	c.peer = -1;
	CHECK_ERRNO(listen(c.fd, 8), EINVAL);
	CHECK(connect(c.fd, &unspec, sizeof(unspec)) == -1);
	CHECK_ERRNO(listen(c.fd, 8), EINVAL);
	CHECK_ERRNO(ktls_attach(c.fd), EEXIST);
}

static void check_no_disconnect(struct conn *c)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	CHECK_ERRNO(connect(c->fd, &unspec, sizeof(unspec)), EOPNOTSUPP);
}

KTLS_TEST_EACH(attach_never_disconnects, each_family, const struct tls_case *,
	       tc)
{
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	check_no_disconnect(&c);
	check_plain(&c);
	conn_set_tx(&c, NULL);
	conn_send(&c, "open", 4, MSG_MORE);
	check_no_disconnect(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST_EACH(attach_never_reconnects, each_family, const struct tls_case *,
	       tc)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct conn c;

	conn_open(&c, tc);
	CHECK_SYS(getpeername(c.fd, (struct sockaddr *)&a, &len));
	CHECK_ERRNO(connect(c.fd, (struct sockaddr *)&a, len), EISCONN);
	check_works(&c);
	CHECK_SYS(shutdown(c.fd, SHUT_RDWR));
	CHECK_ERRNO(connect(c.fd, (struct sockaddr *)&a, len), EISCONN);
	peer_expect_eof(&c);
}

/* The tables of one family never end up in a socket of the other. */
KTLS_TEST(attach_families_apart)
{
	static const struct tls_case v6 = { TLS13, &suites[0], AF_INET6 };
	struct sockaddr_storage a;
	struct conn c4, c6;
	socklen_t len;

	conn_open(&c6, &v6);
	conn_open(&c4, &case13);
	len = sizeof(a);
	CHECK_SYS(getsockname(c6.fd, (struct sockaddr *)&a, &len));
	CHECK_EQ(a.ss_family, AF_INET6);
	CHECK_EQ(len, sizeof(struct sockaddr_in6));
	len = sizeof(a);
	CHECK_SYS(getpeername(c4.fd, (struct sockaddr *)&a, &len));
	CHECK_EQ(a.ss_family, AF_INET);
	CHECK_EQ(len, sizeof(struct sockaddr_in));
	check_works(&c4);
	check_works(&c6);
}

/* A v6 socket that speaks IPv4 */
static void connect_mapped(struct conn *c)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_addr = { { { [10] = 0xff, 0xff, 127, 0, 0, 1 } } },
	};
	u16 port;
	int fd;

	memset(c, 0, sizeof(*c));
	c->tc = &case13;
	keys_random(&c->tx);
	fd = tcp_listen(AF_INET, &port);
	a.sin6_port = htons(port);
	c->fd = CHECK_SYS(socket(AF_INET6, SOCK_STREAM, 0));
	CHECK_SYS(connect(c->fd, (struct sockaddr *)&a, sizeof(a)));
	c->peer = CHECK_SYS(accept(fd, NULL, NULL));
	close(fd);
}

KTLS_TEST(attach_mapped_address)
{
	int v4 = AF_INET;
	struct conn c;

	connect_mapped(&c);
	conn_attach(&c);
	conn_set_tx(&c, NULL);
	check_works(&c);
	/* It has our tables: it can no longer become a socket of v4. */
	CHECK(setsockopt(c.fd, IPPROTO_IPV6, IPV6_ADDRFORM, &v4, sizeof(v4)));
	check_works(&c);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

KTLS_TEST(attach_mapped_then_v4)
{
	struct conn c;

	connect_mapped(&c);
	tcp_set_int(c.fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET);
	conn_attach(&c);
	conn_set_tx(&c, NULL);
	check_works(&c);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

/* Two modules, two names: each socket has the one it asked for. */
KTLS_TEST_EACH(attach_beside_tls, each_family, const struct tls_case *, tc)
{
	struct conn ours, theirs;

	conn_connect(&theirs, tc, NULL);
	if (attach_name(theirs.fd, "tls")) {
		CHECK_EQ(errno, ENOENT);
		SKIP("this kernel has no TLS of its own");
	}
	CHECK_ERRNO(attach_name(theirs.fd, KTLS_ULP_NAME), EEXIST);
	conn_connect(&ours, tc, NULL);
	CHECK_SYS(attach_name(ours.fd, KTLS_ULP_NAME));
	CHECK_ERRNO(attach_name(ours.fd, "tls"), EEXIST);
	conn_set_tx(&theirs, NULL);
	conn_set_tx(&ours, NULL);
	check_works(&theirs);
	check_works(&ours);
	expect_ulp(ours.fd, KTLS_ULP_NAME);
	expect_ulp(theirs.fd, "tls");
	conn_close_local(&theirs);
	check_works(&ours);
	conn_close_local(&ours);
	peer_expect_eof(&theirs);
	peer_expect_eof(&ours);
}

/* One connection with a ULP at either end */
KTLS_TEST_EACH(attach_both_ends, each_family, const struct tls_case *, tc)
{
	struct tls_keys keys;
	struct stream back;
	struct conn c;

	conn_open(&c, tc);
	keys_random(&keys);
	CHECK_SYS(ktls_attach(c.peer));
	CHECK_SYS(ktls_set_tx(c.peer, tc->suite, tc->version, &keys));
	stream_init(&back, c.fd, tc->suite, tc->version, &keys);
	check_works(&c);
	CHECK_EQ(send(c.peer, "hello", 5, 0), 5);
	stream_expect(&back, RECORD_DATA, "hello", 5);
	conn_close_local(&c);
}

static int new_mptcp(int family)
{
	int fd = socket(family, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0)
		SKIP("this kernel has no MPTCP: %s", errno_name(errno));
	return fd;
}

/* Over several subflows there is no one stream of TCP to put records into. */
KTLS_TEST(attach_refuses_mptcp)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t len = sizeof(a);
	int fd, listener, peer;
	char buf[5];

	listener = new_mptcp(AF_INET);
	fd = new_mptcp(AF_INET);
	CHECK_SYS(bind(listener, (struct sockaddr *)&a, len));
	CHECK_SYS(listen(listener, 1));
	CHECK_SYS(getsockname(listener, (struct sockaddr *)&a, &len));
	CHECK_SYS(connect(fd, (struct sockaddr *)&a, len));
	peer = CHECK_SYS(accept(listener, NULL, NULL));
	CHECK(ktls_attach(fd) == -1);
	CHECK(ktls_attach(peer) == -1);
	CHECK_EQ(send(fd, "plain", 5, 0), 5);
	tcp_read_full(peer, buf, 5);
	CHECK_MEM(buf, "plain", 5);
}

/* The peer speaks TCP only: MPTCP has fallen back to one subflow. */
KTLS_TEST(attach_refuses_mptcp_fallback)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd, listener, peer;
	char buf[5];
	u16 port;

	fd = new_mptcp(AF_INET);
	listener = tcp_listen(AF_INET, &port);
	a.sin_port = htons(port);
	CHECK_SYS(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	peer = CHECK_SYS(accept(listener, NULL, NULL));
	CHECK(ktls_attach(fd) == -1);
	CHECK_EQ(send(fd, "plain", 5, 0), 5);
	tcp_read_full(peer, buf, 5);
	CHECK_MEM(buf, "plain", 5);
}
