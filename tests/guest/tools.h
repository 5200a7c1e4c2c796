/* SPDX-License-Identifier: GPL-2.0 */
/* What several files of tests need around a connection. */
#ifndef KTLS_TESTS_TOOLS_H
#define KTLS_TESTS_TOOLS_H

#include <pthread.h>
#include <sys/uio.h>

#include "../peer/types.h"

struct conn;

/* An address that can be neither read nor written. */
void *bad_address(void);
/* A copy of data directly in front of such an address; never freed. */
u8 *edge_copy(const void *data, size_t len);

/* A name space with nothing but loopback: its counters start at 0. */
void own_netns(void);
/* A line of /proc/net/ktls_stat. */
u64 stat_value(const char *name);
/* True if the running kernel has this function. */
bool kernel_has(const char *symbol);

int outq(int fd);
int outq_nsd(int fd);
/* Waits until outq() is this. */
void expect_outq(int fd, int want);

/* What sends return: taken, or -1 with errno, and nothing else happens. */
ssize_t send_iov(int fd, const struct iovec *iov, size_t count, int flags);
/*
 * Sends pieces of data without waiting until there is no room or all of it is
 * taken; returns how many bytes were taken.
 */
size_t send_until_full(int fd, const u8 *data, size_t len, size_t piece);
/* True if one more record may be sent without waiting. */
bool has_room(int fd);

/* A thread that sends, and must be able to send all. */
struct sender {
	pthread_t thread;
	struct conn *c;
	const void *data;
	size_t len;
	u8 type;
};

/* RECORD_DATA by send(), other types by a control message. */
void send_start(struct sender *s, struct conn *c, u8 type, const void *data,
		size_t len);
void send_join(struct sender *s);
/* It has not come to its end in a while. */
void send_expect_asleep(struct sender *s);

#endif
