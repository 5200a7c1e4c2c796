// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../peer/check.h"
#include "../peer/tcp.h"

static void *map(const struct ring *r, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, what);

	CHECK(p != MAP_FAILED);
	return p;
}

void ring_open(struct ring *r)
{
	struct io_uring_params p = {};
	u8 *rings;

	r->fd = syscall(SYS_io_uring_setup, 1, &p);
	if (r->fd < 0)
		SKIP("this kernel has no io_uring: %s", errno_name(errno));
	/* Both rings in one mapping: since 5.4 */
	CHECK(p.features & IORING_FEAT_SINGLE_MMAP);
	rings = map(r, p.cq_off.cqes + p.cq_entries * sizeof(*r->cqes),
		    IORING_OFF_SQ_RING);
	r->sqe = map(r, sizeof(*r->sqe), IORING_OFF_SQES);
	r->sq_tail = (u32 *)(rings + p.sq_off.tail);
	r->cq_head = (u32 *)(rings + p.cq_off.head);
	r->cq_tail = (u32 *)(rings + p.cq_off.tail);
	r->cq_mask = *(u32 *)(rings + p.cq_off.ring_mask);
	r->cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	*(u32 *)(rings + p.sq_off.array) = 0;
}

void ring_start(struct ring *r, const struct io_uring_sqe *sqe)
{
	*r->sqe = *sqe;
	__atomic_store_n(r->sq_tail, *r->sq_tail + 1, __ATOMIC_RELEASE);
	CHECK_EQ(syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0), 1);
}

bool ring_is_done(struct ring *r, int timeout_ms)
{
	return tcp_poll(r->fd, POLLIN, timeout_ms);
}

int ring_result(struct ring *r)
{
	u32 head = *r->cq_head;
	int res;

	CHECK(ring_is_done(r, TCP_WAIT_MS));
	CHECK(__atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) != head);
	res = r->cqes[head & r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

static void transfer(struct ring *r, u8 opcode, int fd, const void *buf,
		     size_t len, u8 flags)
{
	const struct io_uring_sqe sqe = {
		.opcode = opcode,
		.flags = flags,
		.fd = fd,
		.addr = (unsigned long)buf,
		.len = len,
	};

	ring_start(r, &sqe);
}

void ring_recv(struct ring *r, int fd, void *buf, size_t len, u8 flags)
{
	transfer(r, IORING_OP_RECV, fd, buf, len, flags);
}

void ring_send(struct ring *r, int fd, const void *buf, size_t len, u8 flags)
{
	transfer(r, IORING_OP_SEND, fd, buf, len, flags);
}
