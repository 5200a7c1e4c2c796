// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once on one receiving socket. A race is lost when the kernel
 * complains, somebody hangs, or something is left at unload.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "forge.h"
#include "reader.h"

#define ROUNDS 120

/* One connection a round, and threads that each do one thing to it. */
struct arena {
	pthread_barrier_t start;
	pthread_barrier_t end;
	struct forge f;
	u8 *wire;
	size_t len;
	bool keyed;		/* before the round begins */
};

static void op_peer_sends(struct arena *a)
{
	size_t half = a->len / 2 + 3;

	send(a->f.peer, a->wire, half, MSG_DONTWAIT);
	send(a->f.peer, a->wire + half, a->len - half, MSG_DONTWAIT);
	shutdown(a->f.peer, SHUT_WR);
}

static void op_read(struct arena *a)
{
	u8 buf[3000];

	recv(a->f.fd, buf, sizeof(buf), MSG_PEEK);
	recv(a->f.fd, buf, 1000, MSG_WAITALL);
	recv(a->f.fd, buf, sizeof(buf), 0);
}

static void op_splice(struct arena *a)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	splice(a->f.fd, NULL, fds[1], NULL, 5000, SPLICE_F_NONBLOCK);
	splice(a->f.fd, NULL, fds[1], NULL, 5000, 0);
	close(fds[0]);
	close(fds[1]);
}

static void op_ask(struct arena *a)
{
	struct pollfd pfd = { .fd = a->f.fd, .events = POLLIN };
	socklen_t len = 40;
	union crypto_info info;
	int n;

	poll(&pfd, 1, 1);
	ioctl(a->f.fd, SIOCINQ, &n);
	getsockopt(a->f.fd, SOL_TLS, TLS_RX, &info, &len);
}

static void op_key(struct arena *a)
{
	forge_set_key(&a->f);
	forge_set_key(&a->f);
}

static void op_send(struct arena *a)
{
	ktls_set_tx(a->f.fd, a->f.tc->suite, a->f.tc->version, &a->f.keys);
	send(a->f.fd, a->wire, 2000, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void op_shutdown(struct arena *a)
{
	shutdown(a->f.fd, SHUT_RDWR);
}

static void op_close(struct arena *a)
{
	close(a->f.fd);
}

static void op_reset(struct arena *a)
{
	struct linger l = { .l_onoff = 1 };

	setsockopt(a->f.peer, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(a->f.peer);
	a->f.c.peer = -1;
}

typedef void (race_op)(struct arena *a);

struct racer {
	pthread_t thread;
	struct arena *a;
	race_op *op;
	unsigned int seed;
};

/* Starts together with the others, give or take some microseconds. */
static void *race(void *arg)
{
	struct racer *r = arg;
	volatile unsigned int spin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&r->a->start);
		for (spin = rand_r(&r->seed) % 20000; spin; spin--)
			;
		r->op(r->a);
		pthread_barrier_wait(&r->a->end);
	}
	return NULL;
}

static void make_wire(struct arena *a)
{
	int i;

	a->len = 0;
	for (i = 0; i < 8; i++) {
		forge_make(&a->f, i == 5 ? RECORD_ALERT : RECORD_DATA,
			   test_data(900), i == 3 ? 0 : 900);
		memcpy(a->wire + a->len, a->f.wire, a->f.len);
		a->len += a->f.len;
	}
}

static void run_rounds(struct arena *a)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		forge_attach(&a->f, i & 1 ? &case13 : &case12, NULL);
		make_wire(a);
		if (a->keyed)
			forge_set_rx(&a->f);
		pthread_barrier_wait(&a->start);
		pthread_barrier_wait(&a->end);
		/* Whoever did not close it has left it open */
		if (fcntl(a->f.fd, F_GETFD) < 0)
			a->f.c.fd = -1;
		forge_close(&a->f);
	}
}

static void race_ops(race_op *const *ops, size_t count, bool keyed)
{
	struct racer *r = calloc(count, sizeof(*r));
	static struct arena a;
	size_t i;

	CHECK(r);
	a.keyed = keyed;
	a.wire = malloc(16 * 1024);
	CHECK(a.wire);
	pthread_barrier_init(&a.start, NULL, count + 1);
	pthread_barrier_init(&a.end, NULL, count + 1);
	for (i = 0; i < count; i++) {
		r[i] = (struct racer){ .a = &a, .op = ops[i], .seed = i };
		CHECK_EQ(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
	}
	run_rounds(&a);
	for (i = 0; i < count; i++)
		CHECK_EQ(pthread_join(r[i].thread, NULL), 0);
}

/* The socket is closed while others are in it: they hold the file. */
KTLS_TEST_TIMEOUT(race_receiver_with_close, 60)
{
	static race_op *const ops[] = {
		op_peer_sends, op_read, op_ask, op_splice, op_close,
	};

	race_ops(ops, ARRAY_SIZE(ops), true);
}

KTLS_TEST_TIMEOUT(race_receiver_with_shutdown, 60)
{
	static race_op *const ops[] = {
		op_peer_sends, op_read, op_read, op_splice, op_shutdown,
	};

	race_ops(ops, ARRAY_SIZE(ops), true);
}

KTLS_TEST_TIMEOUT(race_receiver_with_reset, 60)
{
	static race_op *const ops[] = {
		op_read, op_ask, op_splice, op_send, op_reset,
	};

	race_ops(ops, ARRAY_SIZE(ops), true);
}

/* Readers that are in plain TCP's functions when the key comes. */
KTLS_TEST_TIMEOUT(race_receiver_with_first_key, 60)
{
	static race_op *const ops[] = {
		op_peer_sends, op_read, op_ask, op_splice, op_key, op_send,
	};

	race_ops(ops, ARRAY_SIZE(ops), false);
}
