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

/* Again and again: the first one may come before the call that it is meant for */
static void alarm_every(unsigned int ms)
{
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { ms / 1000, ms % 1000 * 1000 },
	};
	struct sigaction sa = { .sa_handler = interrupted };

	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &it, NULL));
}

/* TLS 1.2 has no padding. */
static const enum kind useless[] = { EMPTY, PADDED };

#define USELESS(tc) ((tc)->version == TLS13 ? 2u : 1u)

/* Calls that do not wait come back, all the time, and say so. */
KTLS_TEST_EACH(flood_nonblocking_read_returns, each_version,
	       const struct tls_case *, tc)
{
	static struct flood fl;
	unsigned int k, i;
	u8 buf[100];

	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		for (i = 0; i < rounds(10, 200); i++) {
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
	unsigned int k;
	u8 buf[100];

	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		alarm_every(rounds(100, 500));
		CHECK_ERRNO(recv(fl.f.fd, buf, sizeof(buf), 0), EINTR);
		CHECK_ERRNO(recv(fl.f.fd, buf, sizeof(buf), MSG_WAITALL),
			    EINTR);
		alarm_every(0);
		flood_close(&fl);
	}
}

KTLS_TEST_EACH(flood_does_not_stop_timeout, each_version,
	       const struct tls_case *, tc)
{
	struct timeval tv = { .tv_usec = 100000 };
	static struct flood fl;
	unsigned int k;
	u8 buf[100];

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
	unsigned int i, k;
	int fds[2];

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	for (k = 0; k < USELESS(tc); k++) {
		flood_open(&fl, tc, useless[k]);
		for (i = 0; i < rounds(5, 50); i++)
			CHECK_ERRNO(splice(fl.f.fd, NULL, fds[1], NULL, 100,
					   SPLICE_F_NONBLOCK), EAGAIN);
		alarm_every(rounds(100, 500));
		CHECK_ERRNO(splice(fl.f.fd, NULL, fds[1], NULL, 100, 0), EINTR);
		alarm_every(0);
		flood_close(&fl);
	}
}

/* Signals it until one of them finds it in the call, and ends that. */
static void interrupt_reader(struct recv_call *r)
{
	do
		reader_interrupt(r);
	while (pthread_tryjoin_np(r->thread, NULL) == EBUSY &&
	       poll(NULL, 0, 10) <= 0);
}

/* Others get the lock: a sender, and one who asks. */
KTLS_TEST_EACH(flood_leaves_socket_to_others, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 100 };
	static struct flood fl;
	struct conn *c = &fl.f.c;
	unsigned int i;

	flood_open(&fl, tc, EMPTY);
	r.fd = fl.f.fd;
	reader_start(&r);
	conn_set_tx(c, NULL);
	for (i = 0; i < rounds(10, 50); i++) {
		conn_send(c, "answer", 6, 0);
		peer_expect(c, RECORD_DATA, "answer", 6);
		conn_check_tx(c);
	}
	interrupt_reader(&r);
	CHECK_EQ(r.ret, -1);
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
	while (done < rounds(1000, 5000)) {
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

#define QUEUED 4000	/* empty records, all of which have arrived */

static void queue_flood(struct forge *f, const struct tls_case *tc)
{
	const struct tcp_opts opts = { .local_rcvbuf = 200000 };
	u8 *wire = malloc(QUEUED * 40);
	size_t len = 0;
	int i;

	CHECK(wire);
	forge_open_opts(f, tc, &opts);
	for (i = 0; i < QUEUED; i++) {
		forge_make(f, RECORD_DATA, "", 0);
		memcpy(wire + len, f->wire, f->len);
		len += f->len;
	}
	forge_raw(f, wire, len);
	free(wire);
}

/* How many of them have been opened. */
static u64 opened(struct forge *f)
{
	const struct suite *suite = f->tc->suite;
	socklen_t len = suite_crypto_info_size(suite);
	union crypto_info ci = { 0 };
	struct tls_keys now;

	CHECK_SYS(getsockopt(f->fd, SOL_TLS, TLS_RX, &ci, &len));
	suite_parse_info(suite, &ci, &now);
	return keys_seq(&now) - keys_seq(&f->keys);
}

/* A call that must not wait opens a part of them, and a poller is told. */
KTLS_TEST_EACH(flood_is_opened_in_turns, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	u64 before = 0;
	u8 byte;
	int epfd;

	queue_flood(&f, tc);
	epfd = edge_new(f.fd);
	while (before < QUEUED) {
		CHECK(edge_fired(epfd, TCP_WAIT_MS));
		CHECK(tcp_poll(f.fd, POLLIN, 0));
		CHECK_ERRNO(recv(f.fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
		CHECK(opened(&f) > before && opened(&f) < before + 1000);
		before = opened(&f);
	}
	expect_nothing(&f);
	forge_close(&f);
}

/* A signal is heeded before all of them have been opened. */
KTLS_TEST_EACH(flood_is_left_for_signals, each_version,
	       const struct tls_case *, tc)
{
	/* From the timer's interrupt, so whatever runs on this CPU or others */
	const struct itimerval often = { { .tv_usec = 200 }, { .tv_usec = 200 } };
	struct sigaction sa = { .sa_handler = interrupted };
	struct forge f;
	u8 byte;

	queue_flood(&f, tc);
	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &often, NULL));
	CHECK_ERRNO(recv(f.fd, &byte, 1, 0), EINTR);
	CHECK(opened(&f) < QUEUED);
}

/* What comes behind many empty records is found. */
KTLS_TEST_EACH(flood_has_an_end, each_version, const struct tls_case *, tc)
{
	struct forge f;
	unsigned int i;

	forge_open(&f, tc);
	for (i = 0; i < rounds(200, 500); i++)
		forge_data(&f, "", 0);
	forge_data(&f, "end", 3);
	expect_record(&f, RECORD_DATA, "end", 3);
	expect_nothing(&f);
	forge_close(&f);
}
