// SPDX-License-Identifier: GPL-2.0
/* Hostile peers: records that give the reader nothing, without end. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "forge.h"
#include "reader.h"

#define BATCH 400	/* records that the flood is made of */

enum kind { EMPTY, PADDED, ONE_BYTE };

/* Sends records of one kind until the socket is closed. */
struct flood {
	struct forge f;
	pthread_t thread;
	enum kind kind;
	u64 records;
	int stop;
};

static size_t make_batch(struct flood *fl, u8 *wire)
{
	size_t padding = fl->kind == PADDED ? 1000 : 0;
	size_t at = 0;
	int i;

	for (i = 0; i < BATCH; i++) {
		forge_make_padded(&fl->f, RECORD_DATA, "x",
				  fl->kind == ONE_BYTE, padding);
		memcpy(wire + at, fl->f.wire, fl->f.len);
		at += fl->f.len;
	}
	return at;
}

static bool send_batch(struct flood *fl, const u8 *wire, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len && !__atomic_load_n(&fl->stop, __ATOMIC_ACQUIRE)) {
		n = send(fl->f.peer, wire + done, len - done,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			tcp_poll(fl->f.peer, POLLOUT, 100);
		else
			done += n;
	}
	return done == len;
}

static void *flood_run(void *arg)
{
	u8 *wire = malloc(BATCH * 1100);
	struct flood *fl = arg;
	size_t len;

	CHECK(wire);
	do {
		len = make_batch(fl, wire);
		__atomic_add_fetch(&fl->records, BATCH, __ATOMIC_RELAXED);
	} while (send_batch(fl, wire, len));
	return NULL;
}

/* The flood is running when this returns. */
static void flood_open(struct flood *fl, const struct tls_case *tc,
		       enum kind kind)
{
	memset(fl, 0, sizeof(*fl));
	fl->kind = kind;
	forge_open(&fl->f, tc);
	CHECK_EQ(pthread_create(&fl->thread, NULL, flood_run, fl), 0);
	while (__atomic_load_n(&fl->records, __ATOMIC_RELAXED) < 4 * BATCH)
		poll(NULL, 0, 1);
}

static void flood_close(struct flood *fl)
{
	__atomic_store_n(&fl->stop, 1, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(fl->thread, NULL), 0);
	forge_close(&fl->f);
}

static void interrupted(int sig)
{
	(void)sig;
}

static void alarm_in(long ms)
{
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
	};
	struct sigaction sa = { .sa_handler = interrupted };

	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &it, NULL));
}

/* TLS 1.2 has no padding. */
static const enum kind useless[] = { EMPTY, PADDED };

#define USELESS(tc) ((tc)->version == TLS13 ? 2 : 1)

/* Calls that do not wait come back, all the time, and say so. */
KTLS_TEST_EACH(flood_nonblocking_read_returns, each_version,
	       const struct tls_case *, tc)
{
	static struct flood fl;
	u8 buf[100];
	int k, i;

	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		for (i = 0; i < 200; i++) {
			CHECK_ERRNO(recv(fl.f.fd, buf, 100, MSG_DONTWAIT),
				    EAGAIN);
			tcp_poll(fl.f.fd, POLLIN, 0);
		}
		flood_close(&fl);
	}
}

KTLS_TEST_EACH(flood_does_not_stop_signals, each_version,
	       const struct tls_case *, tc)
{
	static struct flood fl;
	u8 buf[100];
	int k;

	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		alarm_in(500);
		CHECK_ERRNO(recv(fl.f.fd, buf, sizeof(buf), 0), EINTR);
		alarm_in(500);
		CHECK_ERRNO(recv(fl.f.fd, buf, sizeof(buf), MSG_WAITALL),
			    EINTR);
		flood_close(&fl);
	}
}

KTLS_TEST_EACH(flood_does_not_stop_timeout, each_version,
	       const struct tls_case *, tc)
{
	struct timeval tv = { .tv_usec = 300000 };
	static struct flood fl;
	u8 buf[100];
	int k;

	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		CHECK_SYS(setsockopt(fl.f.fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
				     sizeof(tv)));
		CHECK_ERRNO(recv(fl.f.fd, buf, sizeof(buf), 0), EAGAIN);
		flood_close(&fl);
	}
}

KTLS_TEST_EACH(flood_does_not_hold_splicer, each_version,
	       const struct tls_case *, tc)
{
	static struct flood fl;
	int fds[2], i, k;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		for (i = 0; i < 50; i++)
			CHECK_ERRNO(splice(fl.f.fd, NULL, fds[1], NULL, 100,
					   SPLICE_F_NONBLOCK), EAGAIN);
		alarm_in(500);
		CHECK_ERRNO(splice(fl.f.fd, NULL, fds[1], NULL, 100, 0), EINTR);
		flood_close(&fl);
	}
}

/* Others get the lock: a sender, and one who asks. */
KTLS_TEST_EACH(flood_leaves_socket_to_others, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 100 };
	static struct flood fl;
	struct conn *c = &fl.f.c;
	int i;

	flood_open(&fl, tc, EMPTY);
	r.fd = fl.f.fd;
	reader_start(&r);
	conn_set_tx(c, NULL);
	for (i = 0; i < 50; i++) {
		conn_send(c, "answer", 6, 0);
		peer_expect(c, RECORD_DATA, "answer", 6);
		conn_check_tx(c);
	}
	reader_interrupt(&r);
	CHECK_EQ(reader_join(&r), -1);
	CHECK_EQ(r.err, EINTR);
	flood_close(&fl);
}

/* Every byte is there; a call takes what is queued and no more. */
KTLS_TEST_EACH(flood_of_single_bytes, each_version, const struct tls_case *,
	       tc)
{
	static struct flood fl;
	static u8 buf[100000];
	size_t done = 0;
	ssize_t n, i;

	flood_open(&fl, tc, ONE_BYTE);
	while (done < 5000) {
		CHECK(tcp_poll(fl.f.fd, POLLIN, TCP_WAIT_MS));
		n = CHECK_SYS(recv(fl.f.fd, buf, sizeof(buf), MSG_DONTWAIT));
		for (i = 0; i < n; i++)
			CHECK_EQ(buf[i], 'x');
		done += n;
	}
	CHECK_EQ(recv(fl.f.fd, buf, 3000, MSG_WAITALL), 3000);
	flood_close(&fl);
}

KTLS_TEST_EACH(flood_can_be_killed, each_version, const struct tls_case *, tc)
{
	struct recv_call r = { .len = 100 };
	static struct flood fl;

	flood_open(&fl, tc, EMPTY);
	r.fd = fl.f.fd;
	reader_start(&r);
	poll(NULL, 0, TCP_QUIET_MS);
	/* The harness sees the test end although the reader is in the kernel */
}

/* What comes behind many empty records is found. */
KTLS_TEST_EACH(flood_has_an_end, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 500; i++)
		forge_data(&f, "", 0);
	forge_data(&f, "end", 3);
	expect_record(&f, RECORD_DATA, "end", 3);
	expect_nothing(&f);
	forge_close(&f);
}
