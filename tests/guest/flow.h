/* SPDX-License-Identifier: GPL-2.0 */
/* A socket that is full, a sender that waits, TCP that cannot go on. */
#ifndef KTLS_TESTS_FLOW_H
#define KTLS_TESTS_FLOW_H

#include <pthread.h>

#include "../peer/tcp.h"
#include "../peer/types.h"

/* Buffers that a few records fill. */
extern const struct tcp_opts small_buffers;

/*
 * Sends chunks of data without blocking until EAGAIN; returns how many bytes
 * were taken. Fails the test if all of data was.
 */
size_t fill(int fd, const u8 *data, size_t len, size_t chunk, int flags);
/*
 * The same, and then shrinks SO_SNDBUF to its least, so that the socket stays
 * full until the peer reads.
 */
size_t fill_up(int fd, const u8 *data, size_t len, size_t chunk, int flags);

/* One blocking send() in a thread of its own, however it ends. */
struct send_call {
	pthread_t thread;
	pid_t tid;		/* 0 until it runs */
	int fd;
	const u8 *data;
	size_t len;
	u8 type;		/* of a control message; 0: plain send() */
	ssize_t ret;
	int err;		/* errno if ret is -1 */
};

void call_start(struct send_call *s);
/* Until it sleeps, which it does only for want of room. */
void call_wait_asleep(struct send_call *s);
/* A signal that does nothing but interrupt. */
void call_interrupt(struct send_call *s);
ssize_t call_join(struct send_call *s);
/* Until the thread that writes its id there sleeps in a system call. */
void wait_asleep(const pid_t *thread);

/*
 * Drops every segment that arrives at fd, so that what it sends stays
 * unacknowledged until acks_release() and a retransmission. In between no
 * timer makes TCP send new bytes. Changes a sysctl: call own_netns() before.
 */
void acks_hold(int fd);
void acks_release(int fd);

/* TCP_INFO: bytes that TCP has and has not sent; data segments sent. */
u32 tcp_notsent(int fd);
/* It has some, and none is under way: only a timer makes it go on. */
bool tcp_stands_still(int fd);
u32 tcp_data_segs(int fd);

#endif
