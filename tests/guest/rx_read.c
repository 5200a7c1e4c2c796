// SPDX-License-Identifier: GPL-2.0
/* Reading data records: sizes, merging, ends of records. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "forge.h"

static u8 buf[100000];

/* Data records of these sizes out of one array, all of them queued. */
static void queue(struct forge *f, const u8 *data, const size_t *sizes,
		  size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		forge_data(f, data, sizes[i]);
		data += sizes[i];
	}
}

KTLS_TEST_EACH(rx_calls, each_family, const struct tls_case *, tc)
{
	struct iovec iov[] = { { buf, 2 }, { buf + 2, 3 }, { buf + 5, 50 } };
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "read", 4);
	CHECK_EQ(read(f.fd, buf, 100), 4);
	CHECK_MEM(buf, "read", 4);
	forge_data(&f, "recv", 4);
	CHECK_EQ(recv(f.fd, buf, 100, 0), 4);
	CHECK_MEM(buf, "recv", 4);
	forge_data(&f, "readv", 5);
	CHECK_EQ(readv(f.fd, iov, 3), 5);
	CHECK_MEM(buf, "readv", 5);
	forge_data(&f, "recvfrom", 8);
	CHECK_EQ(recvfrom(f.fd, buf, 100, 0, NULL, NULL), 8);
	CHECK_MEM(buf, "recvfrom", 8);
	expect_nothing(&f);
	expect_opened(&f, 4);
}

static const size_t buffer_sizes[] = {
	1, 2, 15, 16, 17, 1000, 4095, 4096, 4097, 16383, 16384, 16385, 20000,
	60000,
};

/* The stream is the same whatever the sizes of the buffers. */
KTLS_TEST_EACH(rx_any_buffer_size, each_version, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 1, 100, 16384, 16383, 5000, 4096, 17 };
	const u8 *data = test_data(41981);
	size_t i, done, n;
	struct forge f;

	forge_open(&f, tc);
	for (i = 1; i < ARRAY_SIZE(buffer_sizes); i++) {
		queue(&f, data, sizes, ARRAY_SIZE(sizes));
		for (done = 0; done < 41981; done += n) {
			n = CHECK_SYS(read(f.fd, buf, buffer_sizes[i]));
			CHECK(n > 0 && n <= buffer_sizes[i]);
			CHECK_MEM(buf, data + done, n);
		}
	}
	expect_nothing(&f);
}

KTLS_TEST_EACH(rx_byte_by_byte, each_version, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 300, 1, 299 };
	const u8 *data = test_data(600);
	struct forge f;
	int i;

	forge_open(&f, tc);
	queue(&f, data, sizes, 3);
	for (i = 0; i < 600; i++)
		expect_got(&f, 1, 0, RECORD_DATA, data + i, 1,
			   i == 299 || i == 300 || i == 599);
	expect_nothing(&f);
}

/* As many records as are there, up to the length asked for. */
KTLS_TEST_EACH(rx_merges, each_version, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 10, 16384, 1, 5000, 16384 };
	const u8 *data = test_data(37779);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, sizes, 5);
	expect_got(&f, 100000, 0, RECORD_DATA, data, 37779, true);
	queue(&f, data, sizes, 5);
	expect_got(&f, 37779, 0, RECORD_DATA, data, 37779, true);
	expect_nothing(&f);
}

/* A record that is not whole is not waited for when there is data. */
KTLS_TEST_EACH(rx_merges_only_whole, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(1000);
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, data, 500);
	forge_make(&f, RECORD_DATA, data + 500, 500);
	forge_piece(&f, 0, 400);
	expect_record(&f, RECORD_DATA, data, 500);
	expect_nothing(&f);
	forge_piece(&f, 400, f.len);
	expect_record(&f, RECORD_DATA, data + 500, 500);
}

KTLS_TEST_EACH(rx_partial_reads, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(16384);
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, data, 16384);
	expect_got(&f, 1, 0, RECORD_DATA, data, 1, false);
	expect_got(&f, 5000, 0, RECORD_DATA, data + 1, 5000, false);
	expect_pollin(&f);
	expect_got(&f, 11382, 0, RECORD_DATA, data + 5001, 11382, false);
	expect_pollin(&f);
	expect_got(&f, 100, 0, RECORD_DATA, data + 16383, 1, true);
	expect_nothing(&f);
}

/* The rest of one record, all of another, the start of a third. */
KTLS_TEST_EACH(rx_rest_and_more, each_version, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 1000, 1000, 1000 };
	const u8 *data = test_data(3000);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, sizes, 3);
	expect_got(&f, 700, 0, RECORD_DATA, data, 700, false);
	expect_got(&f, 1500, 0, RECORD_DATA, data + 700, 1500, true);
	expect_got(&f, 700, 0, RECORD_DATA, data + 2200, 700, false);
	expect_got(&f, 700, 0, RECORD_DATA, data + 2900, 100, true);
	expect_nothing(&f);
}

/* OpenSSL reads into 16 KB and fails without MSG_EOR. */
KTLS_TEST_EACH(rx_eor_two_10k_into_16k, each_version, const struct tls_case *,
	       tc)
{
	static const size_t sizes[] = { 10240, 10240 };
	const u8 *data = test_data(20480);
	struct forge f;

	forge_open(&f, tc);
	queue(&f, data, sizes, 2);
	expect_got(&f, 16384, 0, RECORD_DATA, data, 16384, true);
	expect_got(&f, 16384, 0, RECORD_DATA, data + 16384, 4096, true);
	queue(&f, data, sizes, 2);
	expect_got(&f, 10240, 0, RECORD_DATA, data, 10240, true);
	expect_got(&f, 10239, 0, RECORD_DATA, data + 10240, 10239, false);
	expect_got(&f, 1, 0, RECORD_DATA, data + 20479, 1, true);
}

/* A read() that ends a record tells the next recvmsg() nothing. */
KTLS_TEST_EACH(rx_eor_is_of_the_call, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "abc", 3);
	forge_data(&f, "defgh", 5);
	CHECK_EQ(read(f.fd, buf, 3), 3);
	expect_got(&f, 4, 0, RECORD_DATA, "defg", 4, false);
	expect_got(&f, 4, 0, RECORD_DATA, "h", 1, true);
}

KTLS_TEST_EACH(rx_zero_length, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	CHECK_EQ(recv(f.fd, buf, 0, 0), 0);
	CHECK_EQ(read(f.fd, buf, 0), 0);
	forge_send(&f, RECORD_ALERT, "\x01\x00", 2);
	CHECK_EQ(recv(f.fd, buf, 0, 0), 0);
	CHECK_EQ(got_msg(f.fd, buf, 0, 0).n, 0);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	forge_bad(&f, RECORD_DATA, "x", 1);
	CHECK_EQ(recv(f.fd, buf, 0, 0), 0);
}

KTLS_TEST_EACH(rx_oob_refused, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	CHECK_ERRNO(recv(f.fd, buf, 1, MSG_OOB), EINVAL);
	forge_data(&f, "x", 1);
	CHECK_ERRNO(recv(f.fd, buf, 1, MSG_OOB), EINVAL);
	expect_record(&f, RECORD_DATA, "x", 1);
}

/* MSG_TRUNC does not throw bytes away, as it would with plain TCP. */
KTLS_TEST_EACH(rx_trunc_gives_bytes, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "truncate", 8);
	expect_got(&f, 5, MSG_TRUNC, RECORD_DATA, "trunc", 5, false);
	expect_got(&f, 5, MSG_TRUNC, RECORD_DATA, "ate", 3, true);
}

KTLS_TEST_EACH(rx_errqueue_is_empty, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "x", 1);
	CHECK_ERRNO(recv(f.fd, buf, 1, MSG_ERRQUEUE), EAGAIN);
	expect_record(&f, RECORD_DATA, "x", 1);
}

/* Nothing is delivered before the last byte, and nothing is lost. */
KTLS_TEST_EACH(rx_one_byte_per_segment, each_cipher, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(150);
	struct forge f;

	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, data, 100);
	forge_dribble(&f);
	forge_make(&f, RECORD_ALERT, "\x01\x00", 2);
	forge_dribble(&f);
	forge_make(&f, RECORD_DATA, data + 100, 50);
	f.len--;
	forge_dribble(&f);
	expect_record(&f, RECORD_DATA, data, 100);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	expect_nothing(&f);
	f.len++;
	forge_piece(&f, f.len - 1, f.len);
	expect_record(&f, RECORD_DATA, data + 100, 50);
}

/* Many records in a segment, and records over many segments. */
KTLS_TEST_EACH(rx_small_segments, each_version, const struct tls_case *, tc)
{
	struct tcp_opts opts = { .mss = 536 };
	const u8 *data = test_data(200000);
	struct forge f;

	forge_open_opts(&f, tc, &opts);
	forge_start(&f, data, 200000, 3333);
	expect_data(&f, data, 200000);
	forge_join(&f);
	forge_start(&f, data, 20000, 7);
	expect_data(&f, data, 20000);
	forge_join(&f);
	expect_nothing(&f);
}

/* getsockopt(TLS_RX) counts the records that have been opened. */
KTLS_TEST_EACH(rx_number_is_live, each_cipher, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 3; i++) {
		expect_opened(&f, i);
		forge_data(&f, "abcdef", 6);
		expect_record(&f, RECORD_DATA, "abcdef", 6);
	}
	expect_opened(&f, 3);
}
