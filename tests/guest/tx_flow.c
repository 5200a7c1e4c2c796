// SPDX-License-Identifier: GPL-2.0
/* A socket that is full: counts, poll, signals, time limits, SIOCOUTQ. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

/* Counts of a non-blocking sender are exact: what they say is what arrives. */
KTLS_TEST_EACH(flow_partial_counts_are_exact, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = 1 << 20;
	const u8 *data = test_data(len);
	unsigned int full = 0;
	struct conn c;
	size_t done;
	ssize_t n;

	conn_open_opts(&c, tc, &small_buffers);
	for (done = 0; done < len; done += n) {
		n = send(c.fd, data + done, len - done, MSG_DONTWAIT);
		if (n > 0)
			continue;
		CHECK_ERRNO(n, EAGAIN);
		if (!full++)
			peer_expect_start(&c, data, len);
		CHECK(tcp_poll(c.fd, POLLOUT, TCP_WAIT_MS));
		n = 0;
	}
	CHECK(full);
	peer_expect_join(&c);
	CHECK_EQ(c.in.bytes, len);
}

struct flow_case {
	const char *name;
	struct tcp_opts opts;
	size_t size;		/* of each send */
	int lowat;		/* TCP_NOTSENT_LOWAT, 0: not set */
	int flags;
};

static const struct flow_case flow_cases[] = {
	{ "1_byte_tiny", { .sndbuf = 1, .rcvbuf = 16384 }, 1, 0, 0 },
	{ "record_tiny", { .sndbuf = 1, .rcvbuf = 16384 }, 16384, 0, 0 },
	{ "1000", { .sndbuf = 65536, .rcvbuf = 65536 }, 1000, 0, 0 },
	{ "1000_more", { .sndbuf = 65536, .rcvbuf = 65536 }, 1000, 0,
	  MSG_MORE },
	{ "record", { .sndbuf = 65536, .rcvbuf = 65536 }, 16384, 0, 0 },
	{ "100000", { .sndbuf = 65536, .rcvbuf = 65536 }, 100000, 0, 0 },
	{ "lowat_1000", { .rcvbuf = 65536 }, 1000, 16384, 0 },
	{ "lowat_100000", { .rcvbuf = 65536 }, 100000, 16384, 0 },
	{ "lowat_more", { .rcvbuf = 65536 }, 9000, 1, MSG_MORE },
};

static const void *each_flow(unsigned int i, char *name, size_t size)
{
	if (i >= ARRAY_SIZE(flow_cases))
		return NULL;
	snprintf(name, size, "%s", flow_cases[i].name);
	return &flow_cases[i];
}

static size_t flow_open(struct conn *c, const struct flow_case *fc,
			const u8 **data)
{
	const size_t len = fc->size == 1 ? 20000 : 600000;

	*data = test_data(len);
	conn_open_opts(c, &case13, &fc->opts);
	if (fc->lowat)
		tcp_set_int(c->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, fc->lowat);
	return len;
}

/* Sends as long as there is room; the end of it all is sent without MORE. */
static ssize_t flow_send(struct conn *c, const struct flow_case *fc,
			 const u8 *data, size_t left)
{
	size_t n = fc->size < left ? fc->size : left;

	return send(c->fd, data, n,
		    MSG_DONTWAIT | (n < left ? fc->flags : 0));
}

/* Whenever poll says POLLOUT a send takes something. */
KTLS_TEST_EACH(flow_pollout_is_true, each_flow, const struct flow_case *, fc)
{
	const u8 *data;
	struct conn c;
	size_t done, len;
	ssize_t n;

	len = flow_open(&c, fc, &data);
	peer_expect_start(&c, data, len);
	for (done = 0; done < len; done += n) {
		CHECK(tcp_poll(c.fd, POLLOUT, TCP_WAIT_MS));
		n = flow_send(&c, fc, data + done, len - done);
		if (n <= 0)
			FAIL("POLLOUT, but %s after %zu bytes",
			     errno_name(errno), done);
	}
	peer_expect_join(&c);
}

/* After EAGAIN an edge comes, once there is room. */
KTLS_TEST_EACH(flow_epoll_edge_comes, each_flow, const struct flow_case *, fc)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	int ep = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
	const u8 *data;
	struct conn c;
	size_t done, len;
	ssize_t n;

	len = flow_open(&c, fc, &data);
	CHECK_SYS(epoll_ctl(ep, EPOLL_CTL_ADD, c.fd, &ev));
	CHECK_EQ(epoll_wait(ep, &ev, 1, TCP_WAIT_MS), 1);
	done = 0;
	while ((n = flow_send(&c, fc, data + done, len - done)) > 0)
		done += n;
	peer_expect_start(&c, data, len);
	while (done < len) {
		CHECK_ERRNO(n, EAGAIN);
		if (epoll_wait(ep, &ev, 1, TCP_WAIT_MS) != 1)
			FAIL("no edge after %zu bytes", done);
		while (done < len &&
		       (n = flow_send(&c, fc, data + done, len - done)) > 0)
			done += n;
	}
	peer_expect_join(&c);
}

/* Level-triggered: as long as it is full there is no event. */
KTLS_TEST(flow_full_socket_is_not_writable)
{
	struct epoll_event ev = { .events = EPOLLOUT };
	int ep = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
	const u8 *data = test_data(1 << 20);
	struct conn c;
	size_t taken;

	conn_open_opts(&c, &case13, &small_buffers);
	CHECK_SYS(epoll_ctl(ep, EPOLL_CTL_ADD, c.fd, &ev));
	CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 1);
	taken = fill_up(c.fd, data, 1 << 20, 16384, 0);
	CHECK_EQ(epoll_wait(ep, &ev, 1, TCP_QUIET_MS), 0);
	CHECK(!tcp_poll(c.fd, POLLOUT, 0));
	peer_expect_data(&c, data, taken);
	CHECK_EQ(epoll_wait(ep, &ev, 1, TCP_WAIT_MS), 1);
	CHECK(flow_send(&c, &flow_cases[5], data, 100000) > 0);
}

/* A signal ends the wait: the count says what was taken before. */
KTLS_TEST_EACH(flow_signal_gives_exact_count, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = 1 << 20;
	struct send_call s = { .data = test_data(len), .len = len };
	struct conn c;

	conn_open_opts(&c, tc, &small_buffers);
	s.fd = c.fd;
	call_start(&s);
	call_wait_asleep(&s);
	call_interrupt(&s);
	CHECK(call_join(&s) > 0);
	CHECK(s.ret < (ssize_t)len);
	peer_expect_data(&c, s.data, s.ret);
	peer_expect_quiet(&c);
	conn_send(&c, "next", 4, 0);
	peer_expect(&c, RECORD_DATA, "next", 4);
}

static void interrupt_full_socket(u8 type, size_t len)
{
	const u8 *data = test_data(1 << 20);
	struct send_call s = { .data = data, .len = len, .type = type };
	struct conn c;
	size_t taken;

	conn_open_opts(&c, &case13, &small_buffers);
	taken = fill_up(c.fd, data, 1 << 20, 16384, 0);
	s.fd = c.fd;
	call_start(&s);
	call_wait_asleep(&s);
	call_interrupt(&s);
	CHECK_EQ(call_join(&s), -1);
	CHECK_EQ(s.err, EINTR);
	peer_expect_data(&c, data, taken);
	peer_expect_quiet(&c);
	conn_send(&c, "next", 4, 0);
	peer_expect(&c, RECORD_DATA, "next", 4);
}

KTLS_TEST(flow_signal_before_any_byte_is_eintr)
{
	interrupt_full_socket(0, 100000);
}

/* A control message is not taken in part. */
KTLS_TEST(flow_signal_leaves_control_message_whole)
{
	interrupt_full_socket(RECORD_HANDSHAKE, 60000);
}

static void set_sndtimeo(int fd, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
}

KTLS_TEST_EACH(flow_sndtimeo, each_version, const struct tls_case *, tc)
{
	const size_t len = 1 << 20;
	const u8 *data = test_data(len);
	struct conn c;
	ssize_t n;

	conn_open_opts(&c, tc, &small_buffers);
	set_sndtimeo(c.fd, 100);
	n = CHECK_SYS(send(c.fd, data, len, 0));
	CHECK(n > 0 && n < (ssize_t)len);
	n += fill_up(c.fd, data + n, len - n, 16384, 0);
	CHECK_ERRNO(send(c.fd, data, len, 0), EAGAIN);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, data, 2, 0), EAGAIN);
	peer_expect_data(&c, data, n);
	conn_send(&c, "next", 4, 0);
	peer_expect(&c, RECORD_DATA, "next", 4);
}

/* The smallest send buffer takes any message, if slowly. */
KTLS_TEST_EACH(flow_tiny_sndbuf, each_version, const struct tls_case *, tc)
{
	const struct tcp_opts tiny = { .sndbuf = 1, .rcvbuf = 16384 };
	struct send_call s = { .len = 300000 };
	struct conn c;
	size_t at;

	s.data = test_data(s.len);
	conn_open_opts(&c, tc, &tiny);
	s.fd = c.fd;
	call_start(&s);
	peer_expect_data(&c, s.data, s.len);
	CHECK_EQ(call_join(&s), s.len);

	s.type = RECORD_HANDSHAKE;
	s.len = 65536;
	call_start(&s);
	for (at = 0; at < s.len; at += RECORD_PLAIN_MAX)
		peer_expect(&c, RECORD_HANDSHAKE, s.data + at,
			    RECORD_PLAIN_MAX);
	CHECK_EQ(call_join(&s), s.len);
}

#define WIRE13(len) ((len) + RECORD_HEADER + 1 + SUITE_TAG_SIZE)

/* Payload that is open, wire bytes that are not acknowledged, and then 0. */
KTLS_TEST(flow_outq_counts_everything_once)
{
	const u8 *data = test_data(20000);
	struct conn c;

	own_netns();
	conn_open(&c, &case13);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_EQ(outq(c.fd), 0);
	acks_hold(c.fd);
	conn_send(&c, data, 100, MSG_MORE);
	CHECK_EQ(outq(c.fd), 100);
	CHECK_EQ(outq_nsd(c.fd), 100);
	conn_send(&c, data, 200, 0);
	CHECK_EQ(outq(c.fd), WIRE13(300));
	CHECK_EQ(outq_nsd(c.fd), 0);
	conn_send(&c, data, 20000, MSG_MORE);
	CHECK_EQ(outq(c.fd), WIRE13(300) + WIRE13(16384) + 3616);
	CHECK_EQ(outq_nsd(c.fd), 3616);
	acks_release(c.fd);
	conn_send_type(&c, RECORD_ALERT, "xx", 2);
	expect_outq(c.fd, 0);
	CHECK_EQ(outq_nsd(c.fd), 0);
}

/* While it fills it counts each byte, while it empties it only shrinks. */
KTLS_TEST(flow_outq_is_monotone)
{
	const u8 *data = test_data(1 << 20);
	size_t taken, framing;
	int last, now;
	struct conn c;
	ssize_t n;

	own_netns();
	conn_open_opts(&c, &case13, &small_buffers);
	acks_hold(c.fd);
	for (taken = 0; ; taken += n) {
		framing = taken / RECORD_PLAIN_MAX * WIRE13(0);
		CHECK_EQ(outq(c.fd), taken + framing);
		n = send(c.fd, data + taken, 3000, MSG_DONTWAIT | MSG_MORE);
		if (n < 0)
			break;
	}
	CHECK(taken > 50000);
	acks_release(c.fd);
	conn_send_type(&c, RECORD_ALERT, "xx", 2);
	peer_expect_start(&c, data, taken);
	for (last = outq(c.fd); last; last = now) {
		now = outq(c.fd);
		CHECK(now <= last);
		poll(NULL, 0, 1);
	}
	CHECK_EQ(outq_nsd(c.fd), 0);
	peer_expect_join(&c);
}

/* The key comes while TCP still corks plain bytes of MSG_MORE. */
KTLS_TEST(flow_plain_bytes_stay_in_front_of_key)
{
	const u8 *data = test_data(1 << 20);
	struct conn c;
	size_t taken;
	u8 *back;

	conn_connect(&c, &case13, &small_buffers);
	conn_attach(&c);
	taken = fill_up(c.fd, data, 1 << 20, 5000, MSG_MORE);
	conn_set_tx(&c, NULL);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	back = malloc(taken);
	CHECK(back);
	tcp_read_full(c.peer, back, taken);
	CHECK_MEM(back, data, taken);
	conn_send(&c, "sealed", 6, 0);
	peer_expect(&c, RECORD_DATA, "sealed", 6);
	conn_check_tx(&c);
}
