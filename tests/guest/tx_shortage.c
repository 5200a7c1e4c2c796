// SPDX-License-Identifier: GPL-2.0
/* TCP is out of memory: ktls sends when TCP would, and loses nothing. */
#include "flow.h"
#include "ktls.h"
#include "shortage.h"
#include "tools.h"

#define FULL 16384

/* What a record of len bytes takes on the wire; no test uses ChaCha20. */
static size_t wire_size(const struct tls_case *tc, size_t len)
{
	return RECORD_HEADER + (tc->version == TLS13 ? 1 : 8) + len +
	       SUITE_TAG_SIZE;
}

/* All is in TCP's hands: these bytes on the wire, and no rest. */
static void expect_with_tcp(struct conn *c, size_t wire)
{
	CHECK_EQ(outq(c->fd), wire);
	CHECK_EQ(outq_nsd(c->fd), tcp_notsent(c->fd));
	CHECK_EQ(stat_value("KtlsTxRests"), 0);
}

KTLS_TEST_EACH(shortage_idle_socket_sends, each_family, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(3 * FULL);
	struct conn c;

	shortage_open(&c, tc);
	shortage_begin();
	CHECK(has_room(c.fd));
	conn_send(&c, data, 3 * FULL, MSG_DONTWAIT);
	expect_with_tcp(&c, 3 * wire_size(tc, FULL));
	shortage_end(&c);
	peer_expect_data(&c, data, 3 * FULL);
	expect_outq(c.fd, 0);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(shortage_control_is_whole, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(FULL + 1000);
	struct conn c;

	shortage_open(&c, tc);
	shortage_begin();
	CHECK_EQ(ktls_send_type(c.fd, RECORD_HANDSHAKE, data, FULL + 1000,
				MSG_DONTWAIT), FULL + 1000);
	expect_with_tcp(&c, wire_size(tc, FULL) + wire_size(tc, 1000));
	shortage_end(&c);
	peer_expect(&c, RECORD_HANDSHAKE, data, FULL);
	peer_expect(&c, RECORD_HANDSHAKE, data + FULL, 1000);
}

/* What was open before goes as one record with what ends it. */
KTLS_TEST_EACH(shortage_ends_open_record, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(10000);
	struct conn c;

	shortage_open(&c, tc);
	conn_send(&c, data, 9000, MSG_MORE);
	shortage_begin();
	conn_send(&c, data + 9000, 1000, MSG_DONTWAIT);
	expect_with_tcp(&c, wire_size(tc, 10000));
	shortage_end(&c);
	peer_expect(&c, RECORD_DATA, data, 10000);
}

/* The socket's share of memory does not allow to keep it. */
KTLS_TEST_EACH(shortage_open_record_goes_early, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(10000);
	struct conn c;

	shortage_open(&c, tc);
	shortage_begin();
	conn_send(&c, data, 10000, MSG_MORE | MSG_DONTWAIT);
	expect_with_tcp(&c, wire_size(tc, 10000));
	shortage_end(&c);
	peer_expect(&c, RECORD_DATA, data, 10000);
	conn_send(&c, "more", 4, MSG_MORE);
	peer_expect_quiet(&c);
}

/* A sender who waits for room gets it once there is memory. */
KTLS_TEST_EACH(shortage_sender_waits, each_version, const struct tls_case *, tc)
{
	struct send_call s = { .len = 1 << 20 };
	struct conn c;

	shortage_open(&c, tc);
	shortage_begin();
	s.fd = c.fd;
	s.data = test_data(s.len);
	call_start(&s);
	call_wait_asleep(&s);
	CHECK(!has_room(c.fd));
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "x", 1, MSG_DONTWAIT),
		    EAGAIN);
	shortage_end(&c);
	peer_expect_data(&c, s.data, s.len);
	CHECK_EQ(call_join(&s), s.len);
	expect_outq(c.fd, 0);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(shortage_shutdown_goes_through, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(10000);
	struct conn c;

	shortage_open(&c, tc);
	conn_send(&c, data, 10000, MSG_MORE);
	shortage_begin();
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	/* And the FIN */
	expect_with_tcp(&c, wire_size(tc, 10000) + 1);
	shortage_end(&c);
	peer_expect(&c, RECORD_DATA, data, 10000);
	peer_expect_eof(&c);
}

static void *close_thread(void *arg)
{
	conn_close_local(arg);
	return NULL;
}

/* Until close() has taken the record layer away */
static void wait_detached(void)
{
	int i;

	for (i = 0; i < TCP_WAIT_MS && stat_value("KtlsCurrTx"); i++)
		usleep(1000);
	CHECK_EQ(stat_value("KtlsCurrTx"), 0);
}

/*
 * TCP resets a connection that is closed now, unless somebody lingers until
 * there is memory again: then all of it arrives.
 */
KTLS_TEST_EACH(shortage_close_lingers, each_version, const struct tls_case *,
	       tc)
{
	const struct tcp_opts opts = { .sndbuf = 200000, .rcvbuf = 4096 };
	struct linger l = { .l_onoff = 1, .l_linger = 600 };
	const u8 *data = test_data(FULL + 10000);
	pthread_t thread;
	struct conn c;

	shortage_prepare();
	conn_open_opts(&c, tc, &opts);
	CHECK_SYS(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	conn_send(&c, data, FULL + 10000, MSG_MORE);
	shortage_begin();
	CHECK_EQ(pthread_create(&thread, NULL, close_thread, &c), 0);
	wait_detached();
	shortage_end(NULL);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect(&c, RECORD_DATA, data + FULL, 10000);
	peer_expect_eof(&c);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

KTLS_TEST(shortage_rekey)
{
	const u8 *data = test_data(10000);
	struct tls_keys keys;
	struct conn c;

	shortage_open(&c, &case13);
	conn_send(&c, data, 10000, MSG_MORE);
	shortage_begin();
	keys_random(&keys);
	CHECK_SYS(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys));
	expect_with_tcp(&c, wire_size(c.tc, 10000));
	conn_send(&c, "new", 3, MSG_DONTWAIT);
	shortage_end(&c);
	peer_expect(&c, RECORD_DATA, data, 10000);
	stream_rekey(&c.in, &keys);
	peer_expect(&c, RECORD_DATA, "new", 3);
}
