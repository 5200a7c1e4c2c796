// SPDX-License-Identifier: GPL-2.0
/* TCP that refuses a sealed record, and records that cannot be sealed. */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "fault.h"
#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define FULL 16384

/* The call that comes after so many others fails, and all behind it. */
static void fail_tcp(int pass)
{
	fault_set("pass", pass);
	fault_set("kworkers", 1);
	fault_set("alloc_skb", getpid());
}

static void tcp_recovers(void)
{
	fault_set("alloc_skb", 0);
}

static void fail_seal(int pass)
{
	fault_set("pass", pass);
	fault_set("encrypt", getpid());
}

static void fault_open(struct conn *c, const struct tls_case *tc,
		       const struct tcp_opts *opts)
{
	fault_load();
	own_netns();
	conn_open_opts(c, tc, opts);
}

/* What a record of len bytes takes on the wire; no test uses ChaCha20. */
static int wire_size(const struct conn *c, size_t len)
{
	return RECORD_HEADER + (c->tc->version == TLS13 ? 1 : 8) + len +
	       SUITE_TAG_SIZE;
}

/* Sends data, of which TCP takes nothing. No acknowledgement will come. */
static void leave_rest(struct conn *c, const struct tls_case *tc,
		       const void *data, size_t len)
{
	fault_open(c, tc, NULL);
	/* Nagle would wait for one */
	tcp_set_int(c->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	acks_hold(c->fd);
	fail_tcp(0);
	conn_send(c, data, len, 0);
	CHECK(stat_value("KtlsTxRests") > 0);
}

/* Sends data, of which TCP takes the beginning of the first record. */
static void leave_cut_record(struct conn *c, const struct tls_case *tc,
			     const void *data, size_t len)
{
	const struct tcp_opts opts = { .rcvbuf = 4096 };

	fault_open(c, tc, &opts);
	fail_tcp(1);
	conn_send(c, data, len, 0);
	CHECK(stat_value("KtlsTxRests") > 0);
}

KTLS_TEST_EACH(rest_is_unsent, each_family, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct conn c;

	leave_rest(&c, tc, data, FULL);
	CHECK_EQ(outq(c.fd), wire_size(&c, FULL));
	CHECK_EQ(outq_nsd(c.fd), wire_size(&c, FULL));
	CHECK_EQ(tcp_notsent(c.fd), 0);
	peer_expect_quiet(&c);
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, data, FULL);
	CHECK_EQ(outq(c.fd), wire_size(&c, FULL));
	CHECK_EQ(outq_nsd(c.fd), 0);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(rest_leaves_no_room, each_version, const struct tls_case *, tc)
{
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	CHECK(!has_room(c.fd));
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT | MSG_MORE), EAGAIN);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "x", 1, MSG_DONTWAIT),
		    EAGAIN);
	CHECK_EQ(outq(c.fd), wire_size(&c, 4));
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, "rest", 4);
	CHECK(tcp_poll(c.fd, POLLOUT, TCP_WAIT_MS));
	conn_send(&c, "x", 1, MSG_DONTWAIT);
	peer_expect(&c, RECORD_DATA, "x", 1);
}

/* The work asks again and again, while it is refused. */
KTLS_TEST(rest_is_offered_again)
{
	struct conn c;
	int i;

	leave_rest(&c, &case13, "rest", 4);
	for (i = 0; i < TCP_WAIT_MS && stat_value("KtlsTxRests") < 4; i++)
		usleep(1000);
	CHECK(stat_value("KtlsTxRests") >= 4);
	CHECK(!has_room(c.fd));
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, "rest", 4);
}

/* Whoever asks while the work hands it over is not told of TCP's lifted limit. */
KTLS_TEST(rest_offered_is_no_room)
{
	struct conn c;
	int i;

	leave_rest(&c, &case13, "rest", 4);
	while (stat_value("KtlsTxRests") < 7)
		for (i = 0; i < 1000; i++)
			CHECK(!has_room(c.fd));
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, "rest", 4);
}

/* Nobody but the work can wake the poller: no acknowledgement comes. */
KTLS_TEST_EACH(rest_wakes_poll, each_version, const struct tls_case *, tc)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	struct conn c;
	int ep;

	leave_rest(&c, tc, "rest", 4);
	ep = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
	CHECK_SYS(epoll_ctl(ep, EPOLL_CTL_ADD, c.fd, &ev));
	CHECK_EQ(epoll_wait(ep, &ev, 1, TCP_QUIET_MS), 0);
	tcp_recovers();
	CHECK_EQ(epoll_wait(ep, &ev, 1, TCP_WAIT_MS), 1);
	CHECK_EQ(ev.events, EPOLLOUT);
	peer_expect(&c, RECORD_DATA, "rest", 4);
}

KTLS_TEST_EACH(rest_sender_waits, each_version, const struct tls_case *, tc)
{
	struct send_call s = { .data = (const u8 *)"more", .len = 4 };
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	s.fd = c.fd;
	call_start(&s);
	call_wait_asleep(&s);
	peer_expect_quiet(&c);
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, "rest", 4);
	peer_expect(&c, RECORD_DATA, "more", 4);
	CHECK_EQ(call_join(&s), 4);
	conn_check_tx(&c);
}

/* The FIN must not overtake it: nothing is shut. */
KTLS_TEST_EACH(rest_shutdown_later, each_family, const struct tls_case *, tc)
{
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	CHECK_ERRNO(shutdown(c.fd, SHUT_WR), EAGAIN);
	CHECK_ERRNO(shutdown(c.fd, SHUT_RDWR), EAGAIN);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	peer_expect_quiet(&c);
	tcp_recovers();
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	peer_expect(&c, RECORD_DATA, "rest", 4);
	peer_expect_eof(&c);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

KTLS_TEST_EACH(rest_shutdown_read, each_version, const struct tls_case *, tc)
{
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	CHECK_SYS(shutdown(c.fd, SHUT_RD));
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, "rest", 4);
}

KTLS_TEST_EACH(rest_close_resets, each_family, const struct tls_case *, tc)
{
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	conn_close_local(&c);
	peer_expect_reset(&c);
	CHECK_EQ(stat_value("KtlsCurrTx"), 0);
}

/* TCP has memory again when the socket is closed. */
KTLS_TEST_EACH(rest_close_delivers, each_version, const struct tls_case *, tc)
{
	struct conn c;

	leave_rest(&c, tc, "rest", 4);
	tcp_recovers();
	conn_close_local(&c);
	peer_expect(&c, RECORD_DATA, "rest", 4);
	peer_expect_eof(&c);
}

KTLS_TEST_EACH(rest_completes_record, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	static u8 part[RECORD_WIRE_MAX];
	struct conn c;
	ssize_t n;

	leave_cut_record(&c, tc, data, FULL);
	CHECK(tcp_poll(c.peer, POLLIN, TCP_WAIT_MS));
	n = CHECK_SYS(recv(c.peer, part, sizeof(part), MSG_PEEK));
	CHECK(n > 0 && n < wire_size(&c, FULL));
	tcp_recovers();
	peer_expect(&c, RECORD_DATA, data, FULL);
	expect_outq(c.fd, 0);
	conn_send(&c, "x", 1, 0);
	peer_expect(&c, RECORD_DATA, "x", 1);
	conn_check_tx(&c);
}

/* A FIN in the middle of a record would look like an end. */
KTLS_TEST_EACH(rest_close_cuts_record, each_version, const struct tls_case *,
	       tc)
{
	static u8 part[RECORD_WIRE_MAX];
	struct conn c;
	ssize_t n;

	leave_cut_record(&c, tc, test_data(FULL), FULL);
	n = tcp_read(c.peer, part, sizeof(part), TCP_QUIET_MS);
	CHECK(n > 0 && n < wire_size(&c, FULL));
	conn_close_local(&c);
	peer_expect_reset(&c);
}

/* What nobody can receive any more is not kept. */
KTLS_TEST_EACH(rest_of_dead_connection, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	fault_load();
	own_netns();
	conn_open(&c, tc);
	fail_tcp(0);
	conn_send(&c, "rest", 4, 0);
	tcp_reset(c.peer);
	c.peer = -1;
	expect_outq(c.fd, 0);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

KTLS_TEST(rest_rekey)
{
	struct tls_keys keys;
	struct conn c;

	leave_rest(&c, &case13, "rest", 4);
	keys_random(&keys);
	CHECK_SYS(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys));
	peer_expect_quiet(&c);
	tcp_recovers();
	conn_send(&c, "new", 3, 0);
	peer_expect(&c, RECORD_DATA, "rest", 4);
	stream_rekey(&c.in, &keys);
	peer_expect(&c, RECORD_DATA, "new", 3);
}

/* Sending is over for good, though it would work again. */
static void expect_broken(struct conn *c, u64 records, u64 bytes)
{
	fault_set("encrypt", 0);
	CHECK_ERRNO(send(c->fd, "x", 1, 0), EBADMSG);
	CHECK_ERRNO(send(c->fd, "x", 1, MSG_MORE), EBADMSG);
	CHECK_ERRNO(ktls_send_type(c->fd, RECORD_ALERT, "x", 1, 0), EBADMSG);
	CHECK_EQ(stat_value("KtlsTxError"), 1);
	CHECK_EQ(stat_value("KtlsTxRecords"), records);
	CHECK_EQ(stat_value("KtlsTxBytes"), bytes);
	expect_outq(c->fd, 0);
	peer_expect_quiet(c);
	conn_check_tx(c);
	conn_close_local(c);
	peer_expect_reset(c);
}

KTLS_TEST_EACH(seal_failure_lasts, each_family, const struct tls_case *, tc)
{
	struct conn c;

	fault_open(&c, tc, NULL);
	conn_send(&c, "good", 4, 0);
	peer_expect(&c, RECORD_DATA, "good", 4);
	fail_seal(0);
	CHECK_ERRNO(send(c.fd, "lost", 4, 0), EBADMSG);
	expect_broken(&c, 1, 4);
}

KTLS_TEST_EACH(seal_failure_of_control, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	fault_open(&c, tc, NULL);
	fail_seal(0);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "lost", 4, 0), EBADMSG);
	expect_broken(&c, 0, 0);
}

/* The open record is lost when it is to be ended. */
KTLS_TEST_EACH(seal_failure_of_open_record, each_version,
	       const struct tls_case *, tc)
{
	struct conn c;

	fault_open(&c, tc, NULL);
	conn_send(&c, "lost", 4, MSG_MORE);
	fail_seal(0);
	CHECK_ERRNO(send(c.fd, "too", 3, 0), EBADMSG);
	expect_broken(&c, 0, 0);
}

/* What was sealed before it goes; the call as a whole fails. */
KTLS_TEST_EACH(seal_failure_keeps_order, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(3 * FULL);
	struct conn c;

	fault_open(&c, tc, NULL);
	fail_seal(1);
	CHECK_ERRNO(send(c.fd, data, 3 * FULL, 0), EBADMSG);
	peer_expect(&c, RECORD_DATA, data, FULL);
	expect_broken(&c, 1, FULL);
}

KTLS_TEST_EACH(seal_failure_at_shutdown, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	fault_open(&c, tc, NULL);
	conn_send(&c, "lost", 4, MSG_MORE);
	fail_seal(0);
	CHECK_ERRNO(shutdown(c.fd, SHUT_WR), EBADMSG);
	CHECK_ERRNO(shutdown(c.fd, SHUT_RDWR), EBADMSG);
	expect_broken(&c, 0, 0);
}

KTLS_TEST_EACH(seal_failure_at_close, each_family, const struct tls_case *, tc)
{
	struct conn c;

	fault_open(&c, tc, NULL);
	conn_send(&c, "good", 4, 0);
	peer_expect(&c, RECORD_DATA, "good", 4);
	conn_send(&c, "lost", 4, MSG_MORE);
	fail_seal(0);
	conn_close_local(&c);
	peer_expect_reset(&c);
	CHECK_EQ(stat_value("KtlsTxError"), 1);
}

/* A new key would hide the hole. */
KTLS_TEST(seal_failure_at_rekey)
{
	struct tls_keys keys;
	struct conn c;

	fault_open(&c, &case13, NULL);
	conn_send(&c, "lost", 4, MSG_MORE);
	fail_seal(0);
	keys_random(&keys);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys), EBADMSG);
	fault_set("encrypt", 0);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys), EBADMSG);
	expect_broken(&c, 0, 0);
}
