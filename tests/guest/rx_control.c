// SPDX-License-Identifier: GPL-2.0
/* Records that are not data, room for their type, and records without bytes. */
#include <string.h>

#include "forge.h"

static u8 buf[100000];

#define NONE "", 0

KTLS_TEST_EACH(rx_types, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int type;

	forge_open(&f, tc);
	for (type = 1; type < 256; type++) {
		forge_send(&f, type, "content", 7);
		expect_record(&f, type, "content", 7);
	}
	expect_nothing(&f);
	/* TLS 1.3 has no type 0: zeros are padding. */
	if (tc->version == TLS12) {
		forge_send(&f, 0, "content", 7);
		expect_record(&f, 0, "content", 7);
	}
}

KTLS_TEST_EACH(rx_control_large, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(16384);
	struct forge f;

	forge_open(&f, tc);
	forge_send(&f, RECORD_HANDSHAKE, data, 16384);
	expect_record(&f, RECORD_HANDSHAKE, data, 16384);
	expect_nothing(&f);
}

/* Neither with data nor with another of the same type. */
KTLS_TEST_EACH(rx_control_never_merges, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "data 1", 6);
	forge_send(&f, 100, "control 1", 9);
	forge_send(&f, 100, "control 2", 9);
	forge_send(&f, 101, "control 3", 9);
	forge_data(&f, "data 2", 6);
	forge_data(&f, "data 3", 6);
	expect_record(&f, RECORD_DATA, "data 1", 6);
	expect_record(&f, 100, "control 1", 9);
	expect_record(&f, 100, "control 2", 9);
	expect_record(&f, 101, "control 3", 9);
	expect_record(&f, RECORD_DATA, "data 2data 3", 12);
	expect_nothing(&f);
}

/* MSG_WAITALL does not make it merge, nor wait behind it. */
KTLS_TEST_EACH(rx_control_ends_waitall, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "data", 4);
	forge_send(&f, 100, "control", 7);
	forge_data(&f, "data", 4);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "data", 4, true);
	expect_got(&f, 100, MSG_WAITALL, 100, "control", 7, true);
	expect_record(&f, RECORD_DATA, "data", 4);
}

/* Each part carries the type; only the last one ends the record. */
KTLS_TEST_EACH(rx_control_in_parts, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_send(&f, 100, "abcdefgh", 8);
	forge_send(&f, 100, "ijk", 3);
	expect_got(&f, 3, 0, 100, "abc", 3, false);
	expect_pollin(&f);
	expect_got(&f, 3, 0, 100, "def", 3, false);
	expect_got(&f, 3, 0, 100, "gh", 2, true);
	expect_got(&f, 3, 0, 100, "ijk", 3, true);
	expect_nothing(&f);
}

/* Data may be read without the type: read() and recv() are for programs. */
KTLS_TEST_EACH(rx_data_without_room, each_version, const struct tls_case *, tc)
{
	struct forge f;
	struct got got;

	forge_open(&f, tc);
	forge_data(&f, "data", 4);
	got = got_plain(f.fd, buf, 100, 0);
	CHECK_EQ(got.n, 4);
	CHECK_EQ(got.flags, MSG_CTRUNC | MSG_EOR);
	CHECK_MEM(buf, "data", 4);
}

/* EIO as long as there is no room for the type; nothing is lost. */
KTLS_TEST_EACH(rx_control_without_room, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, "data", 4);
	forge_send(&f, RECORD_ALERT, "\x01\x00", 2);
	forge_data(&f, "more", 4);
	CHECK_EQ(recv(f.fd, buf, 100, 0), 4);
	for (i = 0; i < 3; i++) {
		CHECK_ERRNO(recv(f.fd, buf, 100, 0), EIO);
		CHECK_ERRNO(read(f.fd, buf, 100), EIO);
		CHECK_ERRNO(recv(f.fd, buf, 100, MSG_PEEK), EIO);
		CHECK_EQ(got_plain(f.fd, buf, 100, 0).err, EIO);
		expect_pollin(&f);
	}
	expect_got(&f, 1, 0, RECORD_ALERT, "\x01", 1, false);
	CHECK_ERRNO(read(f.fd, buf, 100), EIO);
	expect_got(&f, 9, 0, RECORD_ALERT, "\x00", 1, true);
	expect_record(&f, RECORD_DATA, "more", 4);
}

/* One byte less than the type needs, exactly as much, and more. */
KTLS_TEST_EACH(rx_control_room, each_version, const struct tls_case *, tc)
{
	struct iovec iov = { buf, 100 };
	struct forge f;
	struct got got;

	forge_open(&f, tc);
	forge_data(&f, "data", 4);
	got = got_iov(f.fd, &iov, 1, CMSG_LEN(0), 0);
	CHECK_EQ(got.n, 4);
	CHECK(got.flags & MSG_CTRUNC);
	forge_send(&f, 100, "control", 7);
	CHECK_EQ(got_iov(f.fd, &iov, 1, 1, 0).err, EIO);
	CHECK_EQ(got_iov(f.fd, &iov, 1, CMSG_LEN(0), 0).err, EIO);
	got = got_iov(f.fd, &iov, 1, CMSG_LEN(1), 0);
	CHECK_EQ(got.n, 7);
	CHECK_EQ(got.type, 100);
	CHECK_EQ(got.flags, MSG_EOR);
	forge_send(&f, 100, "control", 7);
	got = got_iov(f.fd, &iov, 1, 200, 0);
	CHECK_EQ(got.type, 100);
	CHECK_EQ(got.flags, MSG_EOR);
}

KTLS_TEST_EACH(rx_control_bad_room, each_version, const struct tls_case *, tc)
{
	struct iovec iov = { buf, 100 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = (void *)8,
		.msg_controllen = 64,
	};
	struct forge f;

	forge_open(&f, tc);
	forge_send(&f, 100, "control", 7);
	CHECK_ERRNO(recvmsg(f.fd, &msg, 0), EFAULT);
	expect_record(&f, 100, "control", 7);
}

/* Records of data without bytes are not seen at all. */
KTLS_TEST_EACH(rx_empty_data, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, NONE);
	forge_data(&f, NONE);
	expect_error(&f, EAGAIN);
	expect_nothing(&f);
	expect_opened(&f, 2);
	forge_data(&f, "one", 3);
	forge_data(&f, NONE);
	forge_data(&f, "two", 3);
	forge_data(&f, NONE);
	expect_record(&f, RECORD_DATA, "onetwo", 6);
	expect_error(&f, EAGAIN);
	expect_nothing(&f);
	expect_opened(&f, 6);
}

/* 0 is no EOF if a type comes with it. */
KTLS_TEST_EACH(rx_empty_control, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_send(&f, 100, NONE);
	forge_send(&f, 100, NONE);
	forge_send(&f, 101, NONE);
	expect_pollin(&f);
	CHECK_ERRNO(recv(f.fd, buf, 100, 0), EIO);
	for (i = 0; i < 3; i++)
		expect_peek(&f, 100, NONE);
	expect_record(&f, 100, NONE);
	expect_record(&f, 100, NONE);
	expect_record(&f, 101, NONE);
	expect_nothing(&f);
}

/* The mixes of the in-tree module's zero_len tests, and others. */
struct mix {
	const char *records;	/* d, D: data without, with; c, C: control */
	const char *calls;	/* the same, as the reader sees them */
};

static const struct mix mixes[] = {
	{ "ddC", "C" },
	{ "ddc", "c" },
	{ "ddd", "" },
	{ "DcD", "DcD" },
	{ "DdC", "DC" },
	{ "dDdC", "DC" },
	{ "CdC", "CC" },
	{ "CdD", "CD" },
	{ "cDd", "cD" },
	{ "cdc", "cc" },
	{ "ccC", "ccC" },
	{ "dCdcdDd", "CcD" },
	{ "DddCddD", "DCD" },
};

static void send_mix(struct forge *f, const char *kinds)
{
	for (; *kinds; kinds++)
		forge_send(f, strchr("dD", *kinds) ? RECORD_DATA : 11,
			   "hello world", strchr("DC", *kinds) ? 11 : 0);
}

static void expect_mix(struct forge *f, const char *kinds, int flags)
{
	for (; *kinds; kinds++)
		expect_got(f, 100, flags,
			   strchr("dD", *kinds) ? RECORD_DATA : 11,
			   "hello world", strchr("DC", *kinds) ? 11 : 0, true);
}

KTLS_TEST_EACH(rx_empty_mixes, each_version, const struct tls_case *, tc)
{
	struct forge f;
	size_t i;

	forge_open(&f, tc);
	for (i = 0; i < ARRAY_SIZE(mixes); i++) {
		send_mix(&f, mixes[i].records);
		expect_mix(&f, mixes[i].calls, 0);
		expect_error(&f, EAGAIN);
		expect_nothing(&f);
	}
}

/* The same seen with MSG_PEEK first, which must change nothing. */
KTLS_TEST_EACH(rx_empty_mixes_peeked, each_version, const struct tls_case *,
	       tc)
{
	const char *call;
	struct forge f;
	size_t i;

	forge_open(&f, tc);
	for (i = 0; i < ARRAY_SIZE(mixes); i++) {
		send_mix(&f, mixes[i].records);
		for (call = mixes[i].calls; *call; call++) {
			const char one[2] = { *call };

			expect_peek(&f, strchr("dD", *call) ? RECORD_DATA : 11,
				    "hello world",
				    strchr("DC", *call) ? 11 : 0);
			expect_mix(&f, one, 0);
		}
		expect_error(&f, EAGAIN);
		expect_nothing(&f);
	}
}

/* Many empty records cannot keep a reader from its time limit. */
KTLS_TEST_EACH(rx_empty_flood_ends, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 1000; i++) {
		forge_make(&f, RECORD_DATA, NONE);
		tcp_write_full(f.peer, f.wire, f.len);
		f.sent += f.len;
	}
	forge_data(&f, "data", 4);
	expect_got(&f, 100, 0, RECORD_DATA, "data", 4, true);
	expect_nothing(&f);
	expect_opened(&f, 1001);
}
