// SPDX-License-Identifier: GPL-2.0
/* Several threads send on one socket: each message stays whole. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define SENDERS 4
#define CONTROL_TYPE 100	/* + number of the thread */
#define CYCLE 61		/* values that a thread's data bytes take */

/* One of several threads; what it sends shows whose it is and in which order. */
struct worker {
	pthread_t thread;
	unsigned int id;
	int fd;
	unsigned int calls;
	bool nonblock;
	unsigned int seed;
	size_t bytes;		/* sent, of data */
	u32 messages;		/* sent, of control */
	size_t seen_bytes;	/* by the peer */
	u32 seen_messages;
};

static u8 data_byte(const struct worker *w, size_t at)
{
	return w->id * CYCLE + at % CYCLE;
}

/* A number, and a length that only the two know. */
static size_t make_message(const struct worker *w, u32 number, u8 *buf,
			   size_t size)
{
	unsigned int seed = number * SENDERS + w->id;
	size_t len = 4 + rand_r(&seed) % (size - 4);
	size_t i;

	memcpy(buf, &number, 4);
	for (i = 4; i < len; i++)
		buf[i] = number + i * (w->id + 1);
	return len;
}

static ssize_t retry(struct worker *w, ssize_t ret)
{
	if (ret >= 0)
		return ret;
	CHECK(w->nonblock);
	CHECK_ERRNO(ret, EAGAIN);
	CHECK(tcp_poll(w->fd, POLLOUT, TCP_WAIT_MS));
	return 0;
}

static void send_data(struct worker *w)
{
	static __thread u8 buf[20000];
	int flags = rand_r(&w->seed) & 1 ? MSG_MORE : 0;
	size_t len = 1 + rand_r(&w->seed) % sizeof(buf);
	size_t i, done;

	for (i = 0; i < len; i++)
		buf[i] = data_byte(w, w->bytes + i);
	if (w->nonblock)
		flags |= MSG_DONTWAIT;
	for (done = 0; done < len; )
		done += retry(w, send(w->fd, buf + done, len - done, flags));
	w->bytes += len;
}

static void send_message(struct worker *w)
{
	static __thread u8 buf[16000];
	int flags = w->nonblock ? MSG_DONTWAIT : 0;
	size_t len = make_message(w, w->messages, buf, sizeof(buf));
	size_t done;

	do {
		done = retry(w, ktls_send_type(w->fd, CONTROL_TYPE + w->id,
					       buf, len, flags));
	} while (!done);
	CHECK_EQ(done, len);
	w->messages++;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 0; i < w->calls; i++) {
		if (rand_r(&w->seed) % 3)
			send_data(w);
		else
			send_message(w);
	}
	return NULL;
}

static void see_data(struct worker *w, const struct record *r)
{
	struct worker *owner;
	size_t i;

	for (i = 0; i < r->len; i++) {
		CHECK(r->data[i] / CYCLE < SENDERS);
		owner = w + r->data[i] / CYCLE;
		CHECK_EQ(r->data[i], data_byte(owner, owner->seen_bytes));
		owner->seen_bytes++;
	}
}

static void see_message(struct worker *w, const struct record *r)
{
	static u8 want[16000];
	size_t len;

	CHECK(r->type >= CONTROL_TYPE && r->type < CONTROL_TYPE + SENDERS);
	w += r->type - CONTROL_TYPE;
	len = make_message(w, w->seen_messages, want, sizeof(want));
	CHECK_EQ(r->len, len);
	CHECK_MEM(r->data, want, len);
	w->seen_messages++;
}

static void *join_and_shutdown(void *arg)
{
	struct worker *w = arg;
	int i;

	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(pthread_join(w[i].thread, NULL), 0);
	CHECK_SYS(shutdown(w->fd, SHUT_WR));
	return NULL;
}

static void all_send(const struct tls_case *tc, bool nonblock)
{
	static struct worker w[SENDERS];
	const struct record *r;
	pthread_t ender;
	struct conn c;
	int i;

	conn_open_opts(&c, tc, &small_buffers);
	for (i = 0; i < SENDERS; i++) {
		w[i] = (struct worker){ .id = i, .fd = c.fd, .calls = 40,
					.nonblock = nonblock, .seed = i };
		CHECK_EQ(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	CHECK_EQ(pthread_create(&ender, NULL, join_and_shutdown, w), 0);
	while ((r = stream_next(&c.in))) {
		if (r->type == RECORD_DATA)
			see_data(w, r);
		else
			see_message(w, r);
	}
	CHECK_EQ(pthread_join(ender, NULL), 0);
	for (i = 0; i < SENDERS; i++) {
		CHECK_EQ(w[i].seen_bytes, w[i].bytes);
		CHECK_EQ(w[i].seen_messages, w[i].messages);
	}
}

KTLS_TEST_EACH(threads_send_data_and_control, each_version,
	       const struct tls_case *, tc)
{
	all_send(tc, false);
}

KTLS_TEST_EACH(threads_send_without_blocking, each_version,
	       const struct tls_case *, tc)
{
	all_send(tc, true);
}

/* Two that wait for room are both woken, and both get all of theirs out. */
KTLS_TEST(threads_all_waiters_are_woken)
{
	struct send_call s[3];
	const u8 *data = test_data(1 << 20);
	const struct record *r;
	struct conn c;
	size_t taken;
	int i;

	conn_open_opts(&c, &case13, &small_buffers);
	taken = fill_up(c.fd, data, 1 << 20, 20000, 0);
	for (i = 0; i < 3; i++) {
		s[i] = (struct send_call){ .fd = c.fd, .data = data,
					   .len = 10000 };
		s[i].type = i == 2 ? RECORD_HANDSHAKE : 0;
		call_start(&s[i]);
		call_wait_asleep(&s[i]);
	}
	while (c.in.bytes < taken + 30000) {
		r = stream_next(&c.in);
		CHECK(r);
		if (r->type == RECORD_HANDSHAKE)
			CHECK_EQ(r->len, 10000);
	}
	for (i = 0; i < 3; i++)
		CHECK_EQ(call_join(&s[i]), 10000);
}

/* A peer that never reads, two who wait for it, and a SIGKILL. */
KTLS_TEST(threads_waiting_can_be_killed)
{
	const struct tcp_opts opts = { .sndbuf = 65536, .rcvbuf = 1 };
	const size_t len = 1 << 20;
	const u8 *data = test_data(len);
	struct send_call s[2];
	const struct record *r;
	struct conn c;
	int i, status;
	pid_t pid;

	conn_open_opts(&c, &case13, &opts);
	fflush(stdout);
	pid = CHECK_SYS(fork());
	if (!pid) {
		close(c.peer);
		for (i = 0; i < 2; i++) {
			s[i] = (struct send_call){ .fd = c.fd, .data = data,
						   .len = len };
			call_start(&s[i]);
			call_wait_asleep(&s[i]);
		}
		pause();
	}
	poll(NULL, 0, TCP_QUIET_MS);
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(CHECK_SYS(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSIGNALED(status));
	conn_close_local(&c);
	while ((r = stream_next(&c.in)))
		CHECK_EQ(r->type, RECORD_DATA);
	CHECK(c.in.bytes > 0);
}
