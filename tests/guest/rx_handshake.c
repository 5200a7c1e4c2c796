// SPDX-License-Identifier: GPL-2.0
/* After a real handshake: the kernel reads what OpenSSL has sent. */
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../peer/handshake.h"
#include "forge.h"

#define TOTAL (1024 * 1024)
#define MESSAGE_MIN 64

static u8 buf[100000];

/* OpenSSL's thread: it blocks when we do not read. */
struct writer {
	pthread_t thread;
	SSL *ssl;
	const u8 *data;
	size_t len;
	unsigned int seed;
};

static void start(struct session *s, const struct tls_case *tc, bool server)
{
	struct handshake_opts opts = {
		.local_is_server = server,
		.tcp = { .family = tc->family },
	};

	handshake(s, tc->suite, tc->version, &opts);
}

static void set_key(struct session *s, int dir, const struct tls_keys *keys)
{
	int ret = ktls_set_key(s->tcp.local, dir, s->suite, s->version, keys);

	if (ret && errno == ENOENT && s->suite->optional)
		SKIP("this kernel has no %s", s->suite->evp);
	CHECK_SYS(ret);
}

static void hand_over(struct session *s)
{
	CHECK_SYS(ktls_attach(s->tcp.local));
	set_key(s, TLS_TX, &s->tx.keys);
	set_key(s, TLS_RX, &s->rx.keys);
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	size_t done, n;

	for (done = 0; done < w->len; done += n) {
		n = (size_t)MESSAGE_MIN << rand_r(&w->seed) % 11;
		n += rand_r(&w->seed) % n;
		if (n > w->len - done)
			n = w->len - done;
		ssl_write_full(w->ssl, w->data + done, n);
	}
	return NULL;
}

/* Reads of random sizes; the type comes with every one of them. */
static void read_all(struct session *s, const u8 *data, size_t len,
		     unsigned int seed)
{
	struct got got;
	size_t done, n;

	for (done = 0; done < len; done += got.n) {
		n = 1 + rand_r(&seed) % sizeof(buf);
		if (n > len - done)
			n = len - done;
		got = got_msg(s->tcp.local, buf, n, 0);
		if (got.n <= 0 || got.type != RECORD_DATA)
			FAIL("recvmsg after %zu bytes: %zd, %s, type %d", done,
			     got.n, errno_name(got.err), got.type);
		CHECK(got.n <= (ssize_t)n);
		CHECK_MEM(buf, data + done, got.n);
	}
}

static void transfer(struct session *s, unsigned int seed, size_t total)
{
	struct writer w = {
		.ssl = s->peer,
		.data = test_data(total),
		.len = total,
		.seed = seed,
	};

	CHECK_EQ(pthread_create(&w.thread, NULL, write_all, &w), 0);
	read_all(s, w.data, total, seed);
	CHECK_EQ(pthread_join(w.thread, NULL), 0);
	free((void *)w.data);
}

static void expect_message(struct session *s, u8 type, const void *data,
			   size_t len)
{
	struct got got = got_msg(s->tcp.local, buf, sizeof(buf), 0);

	CHECK_EQ(got.n, len);
	CHECK_EQ(got.type, type);
	CHECK_EQ(got.flags, MSG_EOR);
	CHECK_MEM(buf, data, len);
}

static void close_notify(struct session *s)
{
	SSL_shutdown(s->peer);
	expect_message(s, RECORD_ALERT, "\x01\x00", 2);
	CHECK_SYS(shutdown(s->tcp.peer, SHUT_WR));
	CHECK_EQ(got_msg(s->tcp.local, buf, 1, 0).n, 0);
}

/* Back to OpenSSL, so that both directions have been used. */
static void answer(struct session *s)
{
	u8 back[6];

	CHECK_EQ(send(s->tcp.local, "answer", 6, 0), 6);
	ssl_read_full(s->peer, back, 6);
	CHECK_MEM(back, "answer", 6);
}

static void run(const struct tls_case *tc, bool server, unsigned int seed)
{
	struct session s;

	start(&s, tc, server);
	hand_over(&s);
	transfer(&s, seed, TOTAL);
	answer(&s);
	transfer(&s, seed + 10, 1000);
	close_notify(&s);
	session_free(&s);
}

KTLS_TEST_EACH_TIMEOUT(rx_handshake_client, each_libssl,
		       const struct tls_case *, tc, 60)
{
	run(tc, false, 1);
}

KTLS_TEST_EACH_TIMEOUT(rx_handshake_server, each_libssl_v4,
		       const struct tls_case *, tc, 60)
{
	run(tc, true, 2);
}

#define PADDING 1000

/* The type and the zeros behind it fill a record up to a multiple of PADDING. */
static void expect_padded(struct session *s)
{
	int n;

	ssl_write_full(s->peer, "x", 1);
	CHECK(tcp_poll(s->tcp.local, POLLIN, TCP_WAIT_MS));
	CHECK_SYS(ioctl(s->tcp.local, SIOCINQ, &n));
	CHECK_EQ(n, PADDING - 1);
	expect_message(s, RECORD_DATA, "x", 1);
}

KTLS_TEST_EACH(rx_handshake_padded, each_libssl13_v4, const struct tls_case *,
	       tc)
{
	struct handshake_opts opts = {
		.padding = PADDING,
		.tcp = { .family = tc->family },
	};
	struct session s;

	handshake(&s, tc->suite, tc->version, &opts);
	hand_over(&s);
	expect_padded(&s);
	transfer(&s, 3, 200000);
	close_notify(&s);
	session_free(&s);
}

/* The first data were there before the key. */
KTLS_TEST_EACH(rx_handshake_data_waits, each_libssl_v4,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(20000);
	struct session s;

	start(&s, tc, true);
	ssl_write_full(s.peer, data, 20000);
	CHECK(tcp_poll(s.tcp.local, POLLIN, TCP_WAIT_MS));
	hand_over(&s);
	read_all(&s, data, 20000, 4);
	transfer(&s, 4, 10000);
	close_notify(&s);
	session_free(&s);
}

static void expect_key_update(struct session *s, bool requested)
{
	u8 want[sizeof(key_update_msg)];

	memcpy(want, key_update_msg, sizeof(want));
	want[4] = requested;
	expect_message(s, RECORD_HANDSHAKE, want, sizeof(want));
	CHECK_ERRNO(recv(s->tcp.local, buf, 1, 0), EKEYEXPIRED);
	direction_update(&s->rx, s->suite);
	set_key(s, TLS_RX, &s->rx.keys);
}

KTLS_TEST_EACH_TIMEOUT(rx_handshake_key_update, each_libssl13_v4,
		       const struct tls_case *, tc, 60)
{
	struct session s;
	int i;

	start(&s, tc, true);
	hand_over(&s);
	for (i = 0; i < 4; i++) {
		transfer(&s, 5 + i, 50000);
		CHECK(SSL_key_update(s.peer, i % 2 ?
				     SSL_KEY_UPDATE_REQUESTED :
				     SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
		ssl_write_full(s.peer, "new key", 7);
		expect_key_update(&s, i % 2);
		expect_message(&s, RECORD_DATA, "new key", 7);
	}
	transfer(&s, 9, 50000);
	close_notify(&s);
	session_free(&s);
}

/* Tickets stand between the data and pause nothing. */
KTLS_TEST_EACH(rx_handshake_tickets, each_libssl13_v4,
	       const struct tls_case *, tc)
{
	struct session s;
	struct got got;

	start(&s, tc, false);
	hand_over(&s);
	transfer(&s, 6, 1000);
	CHECK(SSL_new_session_ticket(s.peer) == 1);
	ssl_write_full(s.peer, "behind it", 9);
	got = got_msg(s.tcp.local, buf, sizeof(buf), 0);
	CHECK_EQ(got.type, RECORD_HANDSHAKE);
	CHECK_EQ(buf[0], 4);
	expect_message(&s, RECORD_DATA, "behind it", 9);
	close_notify(&s);
	session_free(&s);
}
