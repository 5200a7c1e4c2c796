// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing of ours holds back what TCP would send, and nothing of ours sends
 * what the user asked TCP to hold back.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define FRAMING13 (RECORD_HEADER + 1 + SUITE_TAG_SIZE)

/* A full record is on its way, though MSG_MORE holds back what follows it. */
KTLS_TEST_EACH(delay_full_record_goes_in_spite_of_more, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(20000);
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, data, 20000, MSG_MORE);
	CHECK_EQ(tcp_notsent(c.fd), 0);
	CHECK_EQ(outq_nsd(c.fd), 20000 - RECORD_PLAIN_MAX);
	peer_expect(&c, RECORD_DATA, data, RECORD_PLAIN_MAX);
	peer_expect_quiet(&c);
	conn_send(&c, data, 1, 0);
	CHECK_EQ(tcp_notsent(c.fd), 0);
}

/* Nor does an exactly full one wait for what MSG_MORE promises. */
KTLS_TEST(delay_exactly_full_record_goes)
{
	const u8 *data = test_data(RECORD_PLAIN_MAX);
	struct conn c;

	conn_open(&c, &case13);
	conn_send(&c, data, RECORD_PLAIN_MAX - 1, MSG_MORE);
	CHECK_EQ(outq_nsd(c.fd), RECORD_PLAIN_MAX - 1);
	conn_send(&c, data + RECORD_PLAIN_MAX - 1, 1, MSG_MORE);
	CHECK_EQ(outq_nsd(c.fd), 0);
	peer_expect(&c, RECORD_DATA, data, RECORD_PLAIN_MAX);
}

static int source_file(const u8 *data, size_t len)
{
	int fd = CHECK_SYS(memfd_create("source", MFD_CLOEXEC));

	CHECK_EQ(pwrite(fd, data, len, 0), len);
	return fd;
}

KTLS_TEST(delay_sendfile_leaves_nothing_unsent)
{
	const u8 *data = test_data(40000);
	struct conn c;

	conn_open(&c, &case13);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384);
	CHECK_EQ(sendfile(c.fd, source_file(data, 40000), NULL, 50000), 40000);
	CHECK_EQ(outq_nsd(c.fd), 0);
	peer_expect_data(&c, data, 40000);
}

static void shutdown_control_rekey(struct conn *c, int step)
{
	struct tls_keys keys;

	switch (step) {
	case 0:
		conn_send_type(c, RECORD_ALERT, "al", 2);
		break;
	case 1:
		keys_random(&keys);
		CHECK_SYS(ktls_set_tx(c->fd, c->tc->suite, c->tc->version,
				      &keys));
		break;
	default:
		CHECK_SYS(shutdown(c->fd, SHUT_WR));
	}
}

/* The open record that something ends is not corked either. */
KTLS_TEST(delay_record_ended_by_others_goes)
{
	struct conn c;
	int step;

	for (step = 0; step < 3; step++) {
		conn_open(&c, &case13);
		conn_send(&c, "open", 4, MSG_MORE);
		shutdown_control_rekey(&c, step);
		CHECK_EQ(tcp_notsent(c.fd), 0);
		peer_expect(&c, RECORD_DATA, "open", 4);
		conn_close(&c);
	}
}

/*
 * One socket with a key and one without do the same. What they leave unsent
 * and how many segments they send must differ by the framing alone.
 */
struct twins {
	struct conn tls;
	struct conn plain;
};

static void twins_open(struct twins *t)
{
	own_netns();
	conn_open(&t->tls, &case13);
	conn_connect(&t->plain, &case13, NULL);
	acks_hold(t->tls.fd);
	acks_hold(t->plain.fd);
}

static void twins_set(struct twins *t, int name, int value)
{
	tcp_set_int(t->tls.fd, IPPROTO_TCP, name, value);
	tcp_set_int(t->plain.fd, IPPROTO_TCP, name, value);
}

static void twins_send(struct twins *t, size_t len)
{
	const u8 *data = test_data(len);

	conn_send(&t->tls, data, len, 0);
	conn_send(&t->plain, data, len, 0);
}

/* records were held back by TCP on both, or none were */
static void twins_expect(struct twins *t, u32 unsent, u32 records)
{
	CHECK_EQ(tcp_notsent(t->plain.fd), unsent);
	CHECK_EQ(tcp_notsent(t->tls.fd), unsent + records * FRAMING13);
	CHECK_EQ(tcp_data_segs(t->tls.fd), tcp_data_segs(t->plain.fd));
}

/* Without acknowledgements only a reset ends them. */
static void twins_close(struct twins *t)
{
	tcp_reset(t->tls.fd);
	tcp_reset(t->plain.fd);
}

KTLS_TEST(delay_users_cork_holds_as_on_tcp)
{
	struct twins t;

	twins_open(&t);
	twins_send(&t, 50);
	twins_expect(&t, 0, 0);
	twins_set(&t, TCP_CORK, 1);
	twins_send(&t, 100);
	twins_send(&t, 100);
	twins_send(&t, 100);
	twins_expect(&t, 300, 3);
	twins_set(&t, TCP_CORK, 0);
	/* and that was the cork; Nagle goes on */
	twins_expect(&t, 300, 3);
	twins_set(&t, TCP_NODELAY, 1);
	twins_expect(&t, 0, 0);
	CHECK_EQ(tcp_data_segs(t.tls.fd), 2);
	twins_close(&t);
}

KTLS_TEST(delay_nagle_holds_as_on_tcp)
{
	struct twins t;

	twins_open(&t);
	twins_send(&t, 50);
	twins_expect(&t, 0, 0);
	twins_send(&t, 100);
	twins_send(&t, 100);
	twins_expect(&t, 200, 2);
	twins_set(&t, TCP_NODELAY, 1);
	twins_expect(&t, 0, 0);
	twins_send(&t, 100);
	twins_send(&t, 100);
	twins_expect(&t, 0, 0);
	CHECK_EQ(tcp_data_segs(t.tls.fd), 4);
	twins_close(&t);
}

/* A cork set with NODELAY, and one that is there when a full record goes. */
KTLS_TEST(delay_cork_wins_over_nodelay)
{
	struct twins t;

	twins_open(&t);
	twins_set(&t, TCP_NODELAY, 1);
	twins_set(&t, TCP_CORK, 1);
	twins_send(&t, 50);
	twins_send(&t, 16384);
	twins_expect(&t, 50 + 16384, 2);
	twins_set(&t, TCP_CORK, 0);
	twins_expect(&t, 0, 0);
	twins_close(&t);
}

static void transfer(struct conn *c, const u8 *data, size_t len)
{
	static u8 buf[1 << 18];

	CHECK(len <= sizeof(buf));
	conn_send(c, data, len, 0);
	if (c->in.fd)
		peer_expect_data(c, data, len);
	else
		tcp_read_full(c->peer, buf, len);
}

/* Room for everything, and a window and a cwnd that let it out at once. */
static void warm_up(struct conn *c)
{
	const size_t len = 1 << 18;
	const u8 *data = test_data(len);
	int i;

	tcp_set_int(c->fd, SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20);
	for (i = 0; i < 12; i++)
		transfer(c, data, len);
	/* Acknowledged when all has been read: with the whole window. */
	expect_outq(c->fd, 0);
	transfer(c, data, 1);
	expect_outq(c->fd, 0);
}

/* What a call sends at once, without an acknowledgement in between. */
struct burst {
	u32 segments;
	u32 unsent;
};

static struct burst send_burst(const struct tls_case *tc, bool tls, int mss,
			       bool nodelay, const u8 *data, size_t len)
{
	struct tcp_opts opts = { .mss = mss, .rcvbuf = 212992 };
	struct burst b;
	struct conn c;
	u32 before;

	conn_connect(&c, tc, &opts);
	if (tls) {
		conn_attach(&c);
		conn_set_tx(&c, NULL);
	}
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NODELAY, nodelay);
	warm_up(&c);
	before = tcp_data_segs(c.fd);
	acks_hold(c.fd);
	conn_send(&c, data, len, 0);
	b.segments = tcp_data_segs(c.fd) - before;
	b.unsent = tcp_notsent(c.fd);
	tcp_reset(c.fd);
	c.fd = -1;
	conn_close(&c);
	return b;
}

/* Less than the window that every kernel opens in the course of warm_up(). */
#define BURST (7 * RECORD_PLAIN_MAX)

/* A large send is not cut into a segment for each record. */
KTLS_TEST_EACH(delay_one_push_per_call, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(BURST);
	struct burst plain, tls;

	own_netns();
	plain = send_burst(tc, false, 0, true, data, BURST);
	tls = send_burst(tc, true, 0, true, data, BURST);
	CHECK_EQ(plain.unsent, 0);
	CHECK_EQ(tls.unsent, 0);
	/* Each record by itself would make more than twice as many. */
	CHECK(plain.segments * 2 < BURST / RECORD_PLAIN_MAX);
	if (tls.segments > plain.segments + 1)
		FAIL("%u segments, plain TCP sends %u", tls.segments,
		     plain.segments);
}

/*
 * Nagle holds back the end of a call only behind a small segment of an earlier
 * one: a single call does not make small segments in its middle.
 */
KTLS_TEST(delay_nagle_lets_end_of_call_go)
{
	const u8 *data = test_data(BURST);
	struct burst plain, tls;

	own_netns();
	plain = send_burst(&case13, false, 1448, false, data, BURST);
	tls = send_burst(&case13, true, 1448, false, data, BURST);
	CHECK_EQ(plain.unsent, 0);
	if (tls.unsent)
		FAIL("%u bytes unsent, with plain TCP none; %u segments, plain %u",
		     tls.unsent, tls.segments, plain.segments);
}
