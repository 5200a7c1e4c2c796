/* SPDX-License-Identifier: GPL-2.0 */
/* Readers that wait: blocked in a system call, or in epoll. */
#ifndef KTLS_TESTS_READER_H
#define KTLS_TESTS_READER_H

#include <pthread.h>

#include "../peer/tcp.h"
#include "../peer/types.h"

/* One recv() or poll() in a thread of its own, however it ends. */
struct recv_call {
	pthread_t thread;
	pid_t tid;		/* 0 until it runs */
	int fd;
	void *buf;		/* NULL: memory of its own, never freed */
	size_t len;
	int flags;
	short events;		/* not 0: poll() for these instead */
	ssize_t ret;
	int err;		/* errno if ret is -1 */
};

void reader_start(struct recv_call *r);
/* The same, and it has gone to sleep for want of something to read. */
void reader_start_asleep(struct recv_call *r);
/* Still asleep after some time. */
void reader_expect_asleep(struct recv_call *r);
/* A signal that does nothing but interrupt. */
void reader_interrupt(struct recv_call *r);
ssize_t reader_join(struct recv_call *r);

/* An edge-triggered epoll of EPOLLIN. */
int edge_new(int fd);
/* Has it fired within the time? It will not fire again for the same reason. */
bool edge_fired(int epfd, int timeout_ms);

/*
 * poll(), select(), a level-triggered epoll and a read that does not wait (and
 * takes nothing) all agree on whether there is something to read.
 */
bool readable(int fd);

/* A thread that writes bytes as segments of random size, up to max. */
struct writer {
	pthread_t thread;
	int fd;
	const u8 *bytes;
	size_t len;
	size_t max;
	unsigned int seed;
};

void writer_start(struct writer *w);
void writer_join(struct writer *w);

#endif
