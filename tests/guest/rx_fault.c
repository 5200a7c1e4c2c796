// SPDX-License-Identifier: GPL-2.0
/* Readers whose memory cannot be written: nothing is lost, nothing repeated. */
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

#define SIZE 10000

static u8 buf[100000];

/* Memory in front of what cannot be written. */
static u8 *edge(size_t len)
{
	return edge_copy(test_data(len), len);
}

KTLS_TEST_EACH(rx_bad_memory, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(SIZE);
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, data, SIZE);
	for (i = 0; i < 3; i++) {
		CHECK_ERRNO(recv(f.fd, bad_address(), SIZE, 0), EFAULT);
		CHECK_ERRNO(read(f.fd, bad_address(), 1), EFAULT);
		expect_pollin(&f);
	}
	expect_record(&f, RECORD_DATA, data, SIZE);
	expect_nothing(&f);
	expect_opened(&f, 1);
}

/* The first bad byte at every place of interest in a record. */
static const size_t places[] = {
	1, 15, 16, 17, 4095, 4096, 4097, 8192, SIZE - 1,
};

KTLS_TEST_EACH(rx_bad_memory_in_record, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(SIZE);
	struct forge f;
	size_t i, n;
	u8 *to;

	forge_open(&f, tc);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		forge_data(&f, data, SIZE);
		to = edge(places[i]);
		n = CHECK_SYS(recv(f.fd, to, SIZE, 0));
		CHECK(n <= places[i]);
		CHECK_MEM(to, data, n);
		expect_got(&f, SIZE, 0, RECORD_DATA, data + n, SIZE - n, true);
	}
	expect_nothing(&f);
}

/* A bad piece behind good ones: what was copied counts, and nothing else. */
KTLS_TEST_EACH(rx_bad_iov, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(SIZE);
	struct iovec iov[3];
	struct forge f;
	struct got got;
	int bad;

	forge_open(&f, tc);
	for (bad = 0; bad < 3; bad++) {
		forge_data(&f, data, SIZE);
		iov[0] = (struct iovec) { buf, 100 };
		iov[1] = (struct iovec) { buf + 100, 5000 };
		iov[2] = (struct iovec) { buf + 5100, 20000 };
		iov[bad].iov_base = bad_address();
		got = got_iov(f.fd, iov, 3, CMSG_SPACE(1), 0);
		if (!bad) {
			CHECK_EQ(got.err, EFAULT);
			got.n = 0;
		}
		CHECK_EQ(got.n, bad == 0 ? 0 : bad == 1 ? 100 : 5100);
		CHECK_EQ(got.flags, 0);
		CHECK_MEM(buf, data, got.n);
		expect_got(&f, SIZE, 0, RECORD_DATA, data + got.n,
			   SIZE - got.n, true);
	}
	expect_nothing(&f);
}

/* The bad memory is met by the second of two merged records. */
KTLS_TEST_EACH(rx_bad_memory_in_second, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(SIZE);
	struct iovec iov[2] = { { buf, 1000 } };
	struct forge f;
	struct got got;

	forge_open(&f, tc);
	forge_data(&f, data, 1000);
	forge_data(&f, data + 1000, SIZE - 1000);
	iov[1] = (struct iovec) { bad_address(), 1000 };
	got = got_iov(f.fd, iov, 2, CMSG_SPACE(1), 0);
	CHECK_EQ(got.n, 1000);
	CHECK_EQ(got.flags, MSG_EOR);
	CHECK_MEM(buf, data, 1000);
	CHECK_ERRNO(recv(f.fd, bad_address(), 1, 0), EFAULT);
	expect_record(&f, RECORD_DATA, data + 1000, SIZE - 1000);
}

KTLS_TEST_EACH(rx_bad_memory_control, each_version, const struct tls_case *,
	       tc)
{
	struct iovec iov[2] = { { buf, 3 } };
	struct forge f;
	struct got got;

	forge_open(&f, tc);
	forge_send(&f, 100, "control", 7);
	CHECK_EQ(got_msg(f.fd, bad_address(), 7, 0).err, EFAULT);
	iov[1] = (struct iovec) { bad_address(), 4 };
	got = got_iov(f.fd, iov, 2, CMSG_SPACE(1), 0);
	CHECK_EQ(got.n, 3);
	CHECK_EQ(got.type, 100);
	CHECK_EQ(got.flags, 0);
	expect_record(&f, 100, "trol", 4);
	expect_nothing(&f);
}

/* An iov of which the kernel cannot even read the description. */
KTLS_TEST_EACH(rx_bad_msghdr, each_version, const struct tls_case *, tc)
{
	struct msghdr msg = { .msg_iov = bad_address(), .msg_iovlen = 2 };
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "data", 4);
	CHECK_ERRNO(recvmsg(f.fd, bad_address(), 0), EFAULT);
	CHECK_ERRNO(recvmsg(f.fd, &msg, 0), EFAULT);
	expect_record(&f, RECORD_DATA, "data", 4);
}
