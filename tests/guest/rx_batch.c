// SPDX-License-Identifier: GPL-2.0
/* Small records that are opened together remain records of their own. */
#include <poll.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

#define SIZE 100	/* bytes of each of them */

static u8 buf[10000];

static void queue(struct forge *f, const u8 *data, unsigned int records)
{
	unsigned int i;

	for (i = 0; i < records; i++)
		forge_data(f, data + i * SIZE, SIZE);
}

/* Memory is bad within the third one: each end is told of when it is read. */
KTLS_TEST_EACH(rx_batch_bad_memory, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(5 * SIZE);
	struct iovec iov[2] = { { buf, 250 } };
	struct forge f;
	struct got got;

	forge_open(&f, tc);
	queue(&f, data, 5);
	iov[1] = (struct iovec) { bad_address(), 1000 };
	got = got_iov(f.fd, iov, 2, CMSG_SPACE(1), 0);
	CHECK_EQ(got.n, 250);
	CHECK_EQ(got.flags, MSG_EOR);
	CHECK_MEM(buf, data, 250);
	expect_opened(&f, 5);
	expect_pollin(&f);
	CHECK_ERRNO(recv(f.fd, bad_address(), 1000, 0), EFAULT);
	expect_got(&f, 49, 0, RECORD_DATA, data + 250, 49, false);
	expect_got(&f, 50, 0, RECORD_DATA, data + 299, 50, true);
	expect_peek(&f, RECORD_DATA, data + 349, 151);
	expect_got(&f, 51, 0, RECORD_DATA, data + 349, 51, true);
	expect_got(&f, 99, 0, RECORD_DATA, data + 400, 99, false);
	expect_got(&f, 99, 0, RECORD_DATA, data + 499, 1, true);
	expect_nothing(&f);
	expect_opened(&f, 5);
}

/* What was left is taken together with what comes then. */
KTLS_TEST_EACH(rx_batch_left_and_more, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(40 * SIZE);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, 20);
	CHECK_ERRNO(recv(f.fd, bad_address(), 20 * SIZE, 0), EFAULT);
	queue(&f, data + 20 * SIZE, 20);
	expect_got(&f, 39 * SIZE + 1, 0, RECORD_DATA, data, 39 * SIZE + 1,
		   true);
	expect_got(&f, SIZE, 0, RECORD_DATA, data + 39 * SIZE + 1, SIZE - 1,
		   true);
	expect_nothing(&f);
	expect_opened(&f, 40);
}

/* The record that ends the call is opened once, and nothing behind it is. */
KTLS_TEST_EACH(rx_batch_ends_with_control, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(6 * SIZE);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, 3);
	forge_send(&f, 100, "control", 7);
	forge_send(&f, 101, "", 0);
	queue(&f, data + 3 * SIZE, 3);
	expect_got(&f, 2000, 0, RECORD_DATA, data, 3 * SIZE, true);
	expect_opened(&f, 4);
	expect_pollin(&f);
	expect_record(&f, 100, "control", 7);
	expect_opened(&f, 4);
	expect_record(&f, 101, "", 0);
	expect_record(&f, RECORD_DATA, data + 3 * SIZE, 3 * SIZE);
	expect_nothing(&f);
	expect_opened(&f, 8);
}

/* Good records before a bad one are given; the bad one has been opened once. */
KTLS_TEST_EACH(rx_batch_ends_with_bad_tag, each_cipher,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(4 * SIZE);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, 3);
	forge_bad(&f, RECORD_DATA, data, SIZE);
	queue(&f, data + 3 * SIZE, 1);
	expect_got(&f, 2000, 0, RECORD_DATA, data, 3 * SIZE, true);
	expect_pollin(&f);
	expect_stuck(&f, EBADMSG);
	expect_opened(&f, 3);
}

KTLS_TEST_EACH(rx_batch_ends_with_bad_header, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(3 * SIZE);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, 3);
	forge_header(&f, RECORD_DATA, 0x0302, SIZE);
	forge_raw(&f, data, SIZE);
	expect_got(&f, 2000, 0, RECORD_DATA, data, 3 * SIZE, true);
	expect_pollin(&f);
	expect_stuck(&f, EINVAL);
	expect_opened(&f, 3);
}

/* Records without bytes, before, between and behind those that have some. */
KTLS_TEST_EACH(rx_batch_with_empty_ones, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(30 * SIZE);
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, "", 0);
	for (i = 0; i < 30; i++) {
		queue(&f, data + i * SIZE, 1);
		if (i % 3 == 0)
			forge_data(&f, "", 0);
	}
	forge_data(&f, "", 0);
	expect_got(&f, 12 * SIZE, 0, RECORD_DATA, data, 12 * SIZE, true);
	expect_got(&f, 4000, 0, RECORD_DATA, data + 12 * SIZE, 18 * SIZE,
		   true);
	expect_nothing(&f);
	expect_opened(&f, 42);
}

/* Records of all lengths, so that most copies end within one. */
KTLS_TEST_EACH(rx_batch_of_all_sizes, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(9900);
	struct forge f;
	size_t len, at = 0;

	forge_open(&f, tc);
	for (len = 1; at + len <= 9900; at += len, len += 7)
		forge_data(&f, data + at, len);
	expect_record(&f, RECORD_DATA, data, at);
	expect_nothing(&f);
}
