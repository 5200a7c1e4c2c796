// SPDX-License-Identifier: GPL-2.0
/* shutdown() and close(): everything taken arrives, then FIN. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

static void set_linger(int fd, int seconds)
{
	struct linger l = { .l_onoff = 1, .l_linger = seconds };

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

KTLS_TEST_EACH(close_flushes_open_record, each_family, const struct tls_case *,
	       tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	peer_expect_quiet(&c);
	conn_close_local(&c);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_eof(&c);
}

static void shutdown_flushes(const struct tls_case *tc, int how)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_SYS(shutdown(c.fd, how));
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_eof(&c);
	conn_close_local(&c);
}

KTLS_TEST_EACH(shutdown_wr_flushes_open_record, each_family,
	       const struct tls_case *, tc)
{
	shutdown_flushes(tc, SHUT_WR);
}

KTLS_TEST_EACH(shutdown_rdwr_flushes_open_record, each_family,
	       const struct tls_case *, tc)
{
	shutdown_flushes(tc, SHUT_RDWR);
}

KTLS_TEST(shutdown_rd_does_not_touch_sending)
{
	struct conn c;

	conn_open(&c, &case13);
	conn_send(&c, "one ", 4, MSG_MORE);
	CHECK_SYS(shutdown(c.fd, SHUT_RD));
	peer_expect_quiet(&c);
	conn_send(&c, "record", 6, 0);
	peer_expect(&c, RECORD_DATA, "one record", 10);
}

KTLS_TEST(shutdown_bad_how_changes_nothing)
{
	struct conn c;

	conn_open(&c, &case13);
	conn_send(&c, "one ", 4, MSG_MORE);
	CHECK_ERRNO(shutdown(c.fd, 77), EINVAL);
	CHECK_ERRNO(shutdown(c.fd, -1), EINVAL);
	peer_expect_quiet(&c);
	conn_send(&c, "record", 6, 0);
	peer_expect(&c, RECORD_DATA, "one record", 10);
}

/* The peer has ended its side: ours goes on, and is flushed as ever. */
KTLS_TEST(close_after_peers_fin_flushes)
{
	struct conn c;

	conn_open(&c, &case13);
	CHECK_SYS(shutdown(c.peer, SHUT_WR));
	CHECK(tcp_poll(c.fd, POLLRDHUP, TCP_WAIT_MS));
	conn_send(&c, "sent", 4, 0);
	conn_send(&c, "open", 4, MSG_MORE);
	conn_close_local(&c);
	peer_expect(&c, RECORD_DATA, "sent", 4);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_eof(&c);
}

KTLS_TEST(close_without_key_sends_plain_bytes)
{
	struct conn c;
	char buf[5];

	conn_connect(&c, &case13, NULL);
	conn_attach(&c);
	conn_send(&c, "plain", 5, MSG_MORE);
	conn_close_local(&c);
	tcp_read_full(c.peer, buf, 5);
	CHECK_MEM(buf, "plain", 5);
	tcp_expect_eof(c.peer);
}

static int sigpipes;

static void count_sigpipe(int sig)
{
	(void)sig;
	__atomic_add_fetch(&sigpipes, 1, __ATOMIC_RELAXED);
}

static int sigpipes_so_far(void)
{
	return __atomic_load_n(&sigpipes, __ATOMIC_RELAXED);
}

KTLS_TEST_EACH(send_after_shutdown_is_epipe_at_once, each_version,
	       const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	signal(SIGPIPE, count_sigpipe);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL | MSG_MORE), EPIPE);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "xx", 2, MSG_NOSIGNAL),
		    EPIPE);
	CHECK_EQ(sigpipes_so_far(), 0);
	CHECK_ERRNO(send(c.fd, "x", 1, 0), EPIPE);
	CHECK_ERRNO(write(c.fd, "x", 1), EPIPE);
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "xx", 2, 0), EPIPE);
	CHECK_EQ(sigpipes_so_far(), 3);
	peer_expect_eof(&c);
	conn_close_local(&c);
}

KTLS_TEST(close_linger_0_resets)
{
	struct conn c;

	conn_open(&c, &case13);
	set_linger(c.fd, 0);
	conn_close_local(&c);
	peer_expect_reset(&c);
}

/* Whole records and then a reset, whatever was in the buffers. */
static void expect_prefix_then_reset(struct conn *c)
{
	static u8 buf[65536];
	ssize_t n;

	do {
		CHECK(tcp_poll(c->peer, POLLIN, TCP_WAIT_MS));
		n = recv(c->peer, buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0);
	CHECK_ERRNO(n, ECONNRESET);
}

KTLS_TEST(close_linger_0_resets_with_bytes_pending)
{
	const u8 *data = test_data(1 << 20);
	struct conn c;

	conn_open_opts(&c, &case13, &small_buffers);
	fill(c.fd, data, 1 << 20, 5000, MSG_MORE);
	set_linger(c.fd, 0);
	conn_close_local(&c);
	expect_prefix_then_reset(&c);
}

struct fill_case {
	const char *name;
	struct tcp_opts opts;
	size_t chunk;
	int flags;
	int linger;		/* seconds, 0: off */
	size_t limit;		/* of bytes to send, 0: what the socket takes */
};

#define SMALL .opts = { .sndbuf = 65536, .rcvbuf = 65536 }

/* A full socket has no open record: those with one stop a little earlier. */
static const struct fill_case fill_cases[] = {
	{ .name = "tiny_sndbuf", .opts = { .sndbuf = 1, .rcvbuf = 16384 },
	  .chunk = 3000 },
	{ .name = "tiny_rcvbuf", .opts = { .sndbuf = 65536, .rcvbuf = 1 },
	  .chunk = 20000 },
	{ .name = "small", SMALL, .chunk = 100000 },
	{ .name = "small_more", SMALL, .chunk = 777, .flags = MSG_MORE },
	{ .name = "small_open", SMALL, .chunk = 777, .flags = MSG_MORE,
	  .limit = 80001 },
	{ .name = "small_linger", SMALL, .chunk = 100000, .linger = 30 },
	{ .name = "open_linger", SMALL, .chunk = 5001, .flags = MSG_MORE,
	  .linger = 30, .limit = 80001 },
	{ .name = "large", .opts = { .sndbuf = 200000, .rcvbuf = 65536 },
	  .chunk = 200000 },
	{ .name = "mss", .opts = { .sndbuf = 65536, .rcvbuf = 65536, .mss = 536 },
	  .chunk = 40000 },
};

static const void *each_fill(unsigned int i, char *name, size_t size)
{
	if (i >= ARRAY_SIZE(fill_cases))
		return NULL;
	snprintf(name, size, "%s", fill_cases[i].name);
	return &fill_cases[i];
}

static size_t send_some(struct conn *c, const struct fill_case *fc,
			const u8 *data, size_t len)
{
	size_t done, n;

	if (!fc->limit)
		return fill(c->fd, data, len, fc->chunk, fc->flags);
	for (done = 0; done < fc->limit; done += n) {
		n = fc->limit - done < fc->chunk ? fc->limit - done : fc->chunk;
		conn_send(c, data + done, n, fc->flags | MSG_DONTWAIT);
	}
	return done;
}

/* Every accepted byte arrives in whole records, though close comes at once. */
KTLS_TEST_EACH(close_full_socket_loses_nothing, each_fill,
	       const struct fill_case *, fc)
{
	const u8 *data = test_data(1 << 21);
	struct conn c;
	size_t taken;

	conn_open_opts(&c, &case13, &fc->opts);
	taken = send_some(&c, fc, data, 1 << 21);
	if (fc->linger) {
		set_linger(c.fd, fc->linger);
		peer_expect_start(&c, data, taken);
	}
	conn_close_local(&c);
	if (fc->linger)
		peer_expect_join(&c);
	else
		peer_expect_data(&c, data, taken);
	peer_expect_eof(&c);
}

/* The same with shutdown() and the largest buffers TCP gives by itself. */
KTLS_TEST(shutdown_full_socket_loses_nothing)
{
	const u8 *data = test_data(10 << 20);
	struct conn c;
	size_t taken;

	conn_open(&c, &case13);
	taken = fill(c.fd, data, 10 << 20, 1 << 20, 0);
	conn_send(&c, data, 0, 0);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	CHECK_ERRNO(send(c.fd, "x", 1, 0), EPIPE);
	peer_expect_data(&c, data, taken);
	peer_expect_eof(&c);
	conn_close_local(&c);
}

/* What a sequence of sends to a peer that resets gives, as errno or count. */
static void send_to_reset_peer(struct conn *c, bool more, int got[6])
{
	int i, err = 0;
	socklen_t len = sizeof(err);

	if (more)
		conn_send(c, "open", 4, MSG_MORE);
	tcp_reset(c->peer);
	c->peer = -1;
	CHECK(tcp_poll(c->fd, POLLERR | POLLHUP, TCP_WAIT_MS));
	for (i = 0; i < 4; i++)
		got[i] = send(c->fd, "data", 4, 0) < 0 ? errno : 0;
	CHECK_SYS(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len));
	got[4] = err;
	got[5] = shutdown(c->fd, SHUT_WR) ? errno : 0;
}

static void compare_reset(bool more)
{
	struct conn tls, plain;
	int got[6], want[6];

	conn_connect(&plain, &case13, NULL);
	send_to_reset_peer(&plain, more, want);
	CHECK_EQ(want[0], ECONNRESET);
	conn_open(&tls, &case13);
	send_to_reset_peer(&tls, more, got);
	CHECK_MEM(got, want, sizeof(want));
	conn_close_local(&tls);
}

KTLS_TEST(send_to_reset_peer_as_plain_tcp)
{
	compare_reset(false);
}

/* The error is not taken away by what was open when it came. */
KTLS_TEST(send_to_reset_peer_with_open_record)
{
	compare_reset(true);
}

KTLS_TEST(close_after_reset_by_peer)
{
	struct conn c;

	own_netns();
	conn_open(&c, &case13);
	conn_send(&c, "open", 4, MSG_MORE);
	tcp_reset(c.peer);
	c.peer = -1;
	CHECK(tcp_poll(c.fd, POLLERR | POLLHUP, TCP_WAIT_MS));
	CHECK_EQ(stat_value("KtlsCurrTx"), 1);
	conn_close_local(&c);
	/* Nothing is kept for a connection that is gone. */
	CHECK_EQ(stat_value("KtlsCurrTx"), 0);
	CHECK_EQ(stat_value("KtlsTxRests"), 0);
}

/* The descriptor goes away under a sender; its call ends as if it had not. */
KTLS_TEST(close_while_sender_waits)
{
	const size_t len = 500000;
	struct send_call s;
	struct conn c;

	conn_open_opts(&c, &case13, &small_buffers);
	s = (struct send_call){ .fd = c.fd, .data = test_data(len), .len = len };
	call_start(&s);
	call_wait_asleep(&s);
	conn_close_local(&c);
	peer_expect_data(&c, s.data, len);
	peer_expect_eof(&c);
	CHECK_EQ(call_join(&s), len);
}

/* What the waiting sender is told it sent is what arrives before the FIN. */
KTLS_TEST(shutdown_while_sender_waits)
{
	const size_t len = 1 << 20;
	struct send_call s;
	struct conn c;

	conn_open_opts(&c, &case13, &small_buffers);
	s = (struct send_call){ .fd = c.fd, .data = test_data(len), .len = len };
	call_start(&s);
	call_wait_asleep(&s);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	CHECK(call_join(&s) > 0);
	peer_expect_data(&c, s.data, s.ret);
	peer_expect_eof(&c);
}

static void *wait_in_poll(void *arg)
{
	struct conn *c = arg;
	struct pollfd pfd = { .fd = c->fd, .events = POLLOUT };

	CHECK_SYS(poll(&pfd, 1, TCP_WAIT_MS));
	return NULL;
}

KTLS_TEST(close_while_other_thread_polls)
{
	const u8 *data = test_data(1 << 20);
	pthread_t thread;
	struct conn c;
	size_t taken;

	conn_open_opts(&c, &case13, &small_buffers);
	taken = fill(c.fd, data, 1 << 20, 20000, 0);
	CHECK_EQ(pthread_create(&thread, NULL, wait_in_poll, &c), 0);
	poll(NULL, 0, 20);
	CHECK_SYS(close(c.fd));
	peer_expect_data(&c, data, taken);
	peer_expect_eof(&c);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

KTLS_TEST(close_of_duplicate_does_not_flush)
{
	struct conn c;
	int other;

	conn_open(&c, &case13);
	other = CHECK_SYS(dup(c.fd));
	conn_send(&c, "one ", 4, MSG_MORE);
	CHECK_SYS(close(other));
	peer_expect_quiet(&c);
	conn_send(&c, "record", 6, 0);
	peer_expect(&c, RECORD_DATA, "one record", 10);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

static pid_t fork_or_fail(void)
{
	fflush(NULL);
	return CHECK_SYS(fork());
}

static void reap(pid_t pid)
{
	int status;

	CHECK_EQ(CHECK_SYS(waitpid(pid, &status, 0)), pid);
}

KTLS_TEST(exit_of_forked_owner_does_not_flush)
{
	struct conn c;
	pid_t pid;

	conn_open(&c, &case13);
	pid = fork_or_fail();
	if (!pid) {
		conn_send(&c, "one ", 4, MSG_MORE);
		_exit(0);
	}
	reap(pid);
	peer_expect_quiet(&c);
	conn_send(&c, "record", 6, 0);
	peer_expect(&c, RECORD_DATA, "one record", 10);
}

KTLS_TEST(exit_without_close_flushes)
{
	struct conn c;
	pid_t pid;

	conn_open(&c, &case13);
	pid = fork_or_fail();
	if (!pid) {
		conn_send(&c, "open", 4, MSG_MORE);
		_exit(0);
	}
	conn_close_local(&c);
	reap(pid);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_eof(&c);
}

/* Killed in the middle of a send: whole records, a prefix, and FIN. */
KTLS_TEST(killed_sender_leaves_whole_records)
{
	const size_t len = 1 << 20;
	const struct tcp_opts opts = { .sndbuf = 65536, .rcvbuf = 1 };
	const u8 *data = test_data(len);
	const struct record *r;
	struct send_call s;
	size_t done = 0;
	struct conn c;
	pid_t pid;

	conn_open_opts(&c, &case13, &opts);
	s = (struct send_call){ .fd = c.fd, .data = data, .len = len };
	pid = fork_or_fail();
	if (!pid) {
		close(c.peer);
		call_start(&s);
		call_wait_asleep(&s);
		kill(getpid(), SIGKILL);
	}
	conn_close_local(&c);
	reap(pid);
	for (; (r = stream_next(&c.in)); done += r->len)
		CHECK_MEM(r->data, data + done, r->len);
	CHECK(done && done < len);
}
