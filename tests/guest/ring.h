/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring, one request at a time. */
#ifndef KTLS_TESTS_RING_H
#define KTLS_TESTS_RING_H

#include <linux/io_uring.h>
#include <sys/types.h>

#include "../peer/types.h"

struct ring {
	int fd;
	struct io_uring_sqe *sqe;	/* the only one */
	u32 *sq_tail;
	u32 *cq_head;
	const u32 *cq_tail;
	u32 cq_mask;
	const struct io_uring_cqe *cqes;
};

/* Skips the test if the kernel has no io_uring. */
void ring_open(struct ring *r);
/* Starts a request. Its memory must stay until the result is there. */
void ring_start(struct ring *r, const struct io_uring_sqe *sqe);
/* Is there a result within the time? */
bool ring_is_done(struct ring *r, int timeout_ms);
/* The result, when it is there: what the system call returned, or -errno. */
int ring_result(struct ring *r);

/* recv(), send(): these flags are IOSQE_*. */
void ring_recv(struct ring *r, int fd, void *buf, size_t len, u8 flags);
void ring_send(struct ring *r, int fd, const void *buf, size_t len, u8 flags);

#endif
