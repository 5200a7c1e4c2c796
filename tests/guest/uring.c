// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that use io_uring: it tries without waiting and then polls, or has a
 * thread of the kernel wait in the program's place.
 */
#include <string.h>

#include "forge.h"
#include "ring.h"
#include "tools.h"

#define SIZE 16384	/* of a record: opened in the reader's pages */

static u8 buf[100000];

static const u8 ways[] = { 0, IOSQE_ASYNC };

static const void *each_way(unsigned int i, char *name, size_t size)
{
	static const char *const names[] = { "poll", "worker" };

	if (i == sizeof(ways))
		return NULL;
	snprintf(name, size, "%s", names[i]);
	return &ways[i];
}

/* Nobody is told of a record before all of it is there. */
KTLS_TEST_EACH(uring_recv_waits_for_record, each_way, const u8 *, way)
{
	const u8 *data = test_data(SIZE);
	struct forge f;
	struct ring r;

	ring_open(&r);
	forge_open(&f, &case13);
	ring_recv(&r, f.fd, buf, sizeof(buf), *way);
	forge_make(&f, RECORD_DATA, data, SIZE);
	forge_piece(&f, 0, f.len - 1);
	CHECK(!ring_is_done(&r, TCP_QUIET_MS));
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(ring_result(&r), SIZE);
	CHECK_MEM(buf, data, SIZE);
	expect_nothing(&f);
}

KTLS_TEST_EACH(uring_recv_stream, each_way, const u8 *, way)
{
	const size_t len = 50 * SIZE;
	const u8 *data = test_data(len);
	struct forge f;
	struct ring r;
	size_t done;
	int n;

	ring_open(&r);
	forge_open(&f, &case13);
	forge_start(&f, data, len, 10000);
	for (done = 0; done < len; done += n) {
		ring_recv(&r, f.fd, buf, 30000, *way);
		n = ring_result(&r);
		CHECK(n > 0);
		CHECK_MEM(buf, data + done, n);
	}
	forge_join(&f);
	CHECK_EQ(done, len);
}

/* Data ends before a control record, and that needs room for its type. */
KTLS_TEST_EACH(uring_recv_control, each_way, const u8 *, way)
{
	struct forge f;
	struct ring r;

	ring_open(&r);
	forge_open(&f, &case13);
	forge_data(&f, "data", 4);
	forge_send(&f, RECORD_ALERT, "\1\0", 2);
	ring_recv(&r, f.fd, buf, sizeof(buf), *way);
	CHECK_EQ(ring_result(&r), 4);
	ring_recv(&r, f.fd, buf, sizeof(buf), *way);
	CHECK_EQ(ring_result(&r), -EIO);
	expect_record(&f, RECORD_ALERT, "\1\0", 2);
}

KTLS_TEST_EACH(uring_recv_bad_record, each_way, const u8 *, way)
{
	struct forge f;
	struct ring r;

	ring_open(&r);
	forge_open(&f, &case13);
	ring_recv(&r, f.fd, buf, sizeof(buf), *way);
	forge_bad(&f, RECORD_DATA, test_data(SIZE), SIZE);
	CHECK_EQ(ring_result(&r), -EBADMSG);
	expect_stuck(&f, EBADMSG);
}

KTLS_TEST_EACH(uring_send_stream, each_way, const u8 *, way)
{
	const size_t len = 100 * SIZE;
	const u8 *data = test_data(len);
	struct conn c;
	struct ring r;
	size_t done;
	int n;

	ring_open(&r);
	conn_open(&c, &case13);
	peer_expect_start(&c, data, len);
	for (done = 0; done < len; done += n) {
		ring_send(&r, c.fd, data + done, len - done, *way);
		n = ring_result(&r);
		CHECK(n > 0);
	}
	peer_expect_join(&c);
	conn_check_tx(&c);
}

/*
 * It once went round the in-tree ULP, in the clear. Now the kernel refuses it
 * wherever there is a ULP, and so would we.
 */
KTLS_TEST_EACH(uring_send_zerocopy_is_refused, each_way, const u8 *, way)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SEND_ZC,
		.flags = *way,
		.addr = (unsigned long)test_data(SIZE),
		.len = SIZE,
	};
	struct conn c;
	struct ring r;
	int res;

	ring_open(&r);
	conn_open(&c, &case13);
	sqe.fd = c.fd;
	ring_start(&r, &sqe);
	res = ring_result(&r);
	if (res == -EINVAL)
		SKIP("this kernel's io_uring sends nothing without copying");
	CHECK_EQ(res, -EOPNOTSUPP);
	conn_send(&c, "works", 5, 0);
	peer_expect(&c, RECORD_DATA, "works", 5);
	conn_check_tx(&c);
}
