// SPDX-License-Identifier: GPL-2.0
/* What happens to a socket while its driver has not answered yet. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "flow.h"
#include "forge.h"
#include "late.h"

#define FULL 16384

/* A sender that sleeps until the driver answers */
static void send_held(struct conn *c, const struct tls_case *tc,
		      struct send_call *s)
{
	late_open_sender(c, tc);
	late_hold(true);
	s->fd = c->fd;
	call_start(s);
	late_wait_held(1);
}

/* A signal interrupts no sealing, and close() does not take the socket away. */
KTLS_TEST_EACH(late_sender_interrupted, each_late_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct send_call s = { .data = data, .len = FULL };
	struct conn c;

	send_held(&c, tc, &s);
	call_interrupt(&s);
	conn_close_local(&c);
	peer_expect_quiet(&c);
	CHECK_EQ(late_count("pending"), 1);
	late_hold(false);
	CHECK_EQ(call_join(&s), FULL);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect_eof(&c);
}

/* The connection is gone when the record is sealed. */
KTLS_TEST_EACH(late_sender_reset, each_late_version, const struct tls_case *,
	       tc)
{
	struct send_call s = { .data = test_data(FULL), .len = FULL };
	struct conn c;

	send_held(&c, tc, &s);
	tcp_reset(c.peer);
	c.peer = -1;
	late_hold(false);
	call_join(&s);
	/* If it could not know yet, the next one does */
	if (s.ret == FULL)
		CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	else
		CHECK_EQ(s.err, ECONNRESET);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static pid_t fork_or_fail(void)
{
	return CHECK_SYS(fork());
}

/* Killed, and with a request: it cannot die before the answer is there. */
static void expect_dying(pid_t pid)
{
	int status;

	late_wait_held(1);
	usleep(TCP_QUIET_MS * 1000);
	CHECK_EQ(CHECK_SYS(waitpid(pid, &status, WNOHANG)), 0);
	late_hold(false);
	CHECK_EQ(CHECK_SYS(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSIGNALED(status));
}

KTLS_TEST_EACH(late_sender_killed, each_late_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(FULL);
	struct conn c;
	pid_t pid;

	late_open_sender(&c, tc);
	late_hold(true);
	pid = fork_or_fail();
	if (!pid) {
		close(c.peer);
		send(c.fd, data, FULL, 0);
		pause();
	}
	conn_close_local(&c);
	late_wait_held(1);
	CHECK_SYS(kill(pid, SIGKILL));
	expect_dying(pid);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect_eof(&c);
}

/* The open record is sealed by the close() of one who is dead already. */
KTLS_TEST_EACH(late_killed_with_open_record, each_late_version,
	       const struct tls_case *, tc)
{
	struct conn c;
	pid_t pid;

	late_open_sender(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	late_hold(true);
	pid = fork_or_fail();
	if (!pid) {
		close(c.peer);
		pause();
	}
	/* Not the last one to do so */
	conn_close_local(&c);
	CHECK_SYS(kill(pid, SIGKILL));
	expect_dying(pid);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_eof(&c);
}

KTLS_TEST_EACH(late_receiver_killed, each_late_version,
	       const struct tls_case *, tc)
{
	static u8 buf[FULL];
	struct forge f;
	pid_t pid;

	late_reset();
	forge_open(&f, tc);
	forge_data(&f, test_data(FULL), FULL);
	late_hold(true);
	pid = fork_or_fail();
	if (!pid) {
		close(f.peer);
		recv(f.fd, buf, FULL, 0);
		pause();
	}
	conn_close_local(&f.c);
	late_wait_held(1);
	CHECK_SYS(kill(pid, SIGKILL));
	expect_dying(pid);
	/* He may have been given it, or it was not read */
	CHECK(tcp_poll(f.peer, POLLIN, TCP_WAIT_MS));
}

struct recv_call {
	pthread_t thread;
	int fd;
	u8 *buf;
	size_t len;
	ssize_t ret;
};

static void *recv_run(void *arg)
{
	struct recv_call *r = arg;

	r->ret = recv(r->fd, r->buf, r->len, 0);
	return NULL;
}

/* All that can happen to a reader's socket happens while a record is opened. */
KTLS_TEST_EACH(late_receiver_reset, each_late_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	static u8 buf[FULL];
	struct recv_call r = { .buf = buf, .len = FULL };
	struct forge f;
	int fd;

	late_reset();
	forge_open(&f, tc);
	forge_data(&f, data, FULL);
	late_hold(true);
	r.fd = f.fd;
	CHECK_EQ(pthread_create(&r.thread, NULL, recv_run, &r), 0);
	late_wait_held(1);
	fd = CHECK_SYS(dup(f.fd));
	tcp_reset(f.peer);
	f.c.peer = -1;
	conn_close_local(&f.c);
	late_hold(false);
	CHECK_EQ(pthread_join(r.thread, NULL), 0);
	CHECK_EQ(r.ret, FULL);
	CHECK_MEM(buf, data, FULL);
	CHECK_ERRNO(recv(fd, buf, FULL, 0), ECONNRESET);
	close(fd);
}

struct rekey_call {
	pthread_t thread;
	struct conn *c;
	struct tls_keys keys;
	int ret;
};

static void *rekey_run(void *arg)
{
	struct rekey_call *r = arg;

	r->ret = ktls_set_tx(r->c->fd, r->c->tc->suite, TLS13, &r->keys);
	return NULL;
}

static const void *late_13(unsigned int i, char *name, size_t size)
{
	return i ? NULL : each_late_version(1, name, size);
}

/* The old key stays until its last record is sealed, and whoever comes waits. */
KTLS_TEST_EACH(late_rekey, late_13, const struct tls_case *, tc)
{
	struct send_call s = { .data = (const u8 *)"new", .len = 3 };
	struct rekey_call r;
	struct conn c;

	late_open_sender(&c, tc);
	conn_send(&c, "old", 3, MSG_MORE);
	late_hold(true);
	r.c = &c;
	keys_random(&r.keys);
	CHECK_EQ(pthread_create(&r.thread, NULL, rekey_run, &r), 0);
	late_wait_held(1);
	s.fd = c.fd;
	call_start(&s);
	peer_expect_quiet(&c);
	CHECK_EQ(late_count("pending"), 1);
	late_hold(false);
	CHECK_EQ(pthread_join(r.thread, NULL), 0);
	CHECK_EQ(r.ret, 0);
	CHECK_EQ(call_join(&s), 3);
	peer_expect(&c, RECORD_DATA, "old", 3);
	stream_rekey(&c.in, &r.keys);
	peer_expect(&c, RECORD_DATA, "new", 3);
}
