// SPDX-License-Identifier: GPL-2.0
/* read_sock, by which readers in the kernel receive. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../kmod/ktls_reader.h"
#include "fault.h"
#include "forge.h"
#include "reader.h"

#define BYTES 200000
#define ANY BYTES	/* an actor that takes all it is shown */

static u8 buf[BYTES];

static void read_sock_load(void)
{
	kmod_load("ktls_reader");
}

static void read_sock_open(struct forge *f, const struct tls_case *tc)
{
	read_sock_load();
	forge_open(f, tc);
}

/* One call, as call says it; the bytes go to buf. */
static struct ktls_reader_call call_as(struct forge *f,
				       struct ktls_reader_call call)
{
	int fd = CHECK_SYS(open("/dev/ktls_reader", O_RDWR | O_CLOEXEC));

	CHECK(call.size <= sizeof(buf));
	call.fd = f->fd;
	call.buf = (unsigned long)buf;
	CHECK_SYS(ioctl(fd, KTLS_READER_CALL, &call));
	close(fd);
	return call;
}

/* An actor that wants size bytes, and takes up to most of them at a time. */
static struct ktls_reader_call call_for(struct forge *f, size_t size,
					size_t most)
{
	return call_as(f, (struct ktls_reader_call) {
		.size = size,
		.most = most,
	});
}

static void expect_bytes(struct forge *f, size_t size, const void *data,
			 size_t len)
{
	CHECK_EQ(call_for(f, size, ANY).ret, (int)len);
	CHECK_MEM(buf, data, len);
}

/* The actor is not even asked. */
static void expect_failure(struct forge *f, int err)
{
	struct ktls_reader_call call = call_for(f, 1000, ANY);

	CHECK_EQ(call.ret, -err);
	CHECK_EQ(call.calls, 0);
}

static const size_t sizes[] = { 1, 100, 16384, 5000, 4096, 16384, 17 };

/* Sends records of these sizes; returns how many bytes they have. */
static size_t send_sizes(struct forge *f)
{
	const u8 *data = test_data(BYTES);
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		forge_data(f, data + len, sizes[i]);
		len += sizes[i];
	}
	return len;
}

KTLS_TEST_EACH(read_sock_records, each_cipher, const struct tls_case *, tc)
{
	struct ktls_reader_call call;
	struct forge f;
	size_t len;

	read_sock_open(&f, tc);
	expect_failure(&f, EAGAIN);
	len = send_sizes(&f);
	call = call_for(&f, BYTES, ANY);
	CHECK_EQ(call.ret, (int)len);
	CHECK_EQ(call.calls, ARRAY_SIZE(sizes));
	CHECK_MEM(buf, test_data(BYTES), len);
	expect_failure(&f, EAGAIN);
	expect_nothing(&f);
	expect_opened(&f, ARRAY_SIZE(sizes));
	forge_close(&f);
}

/* Bytes that are not wanted stay, for whoever reads next. */
KTLS_TEST_EACH(read_sock_of_some_bytes, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(BYTES);
	struct forge f;
	size_t len;

	read_sock_open(&f, tc);
	len = send_sizes(&f);
	expect_bytes(&f, 50, data, 50);
	expect_pollin(&f);
	expect_got(&f, 51, 0, RECORD_DATA, data + 50, 51, true);
	expect_bytes(&f, 20000, data + 101, 20000);
	CHECK_EQ(call_for(&f, 0, ANY).ret, 0);
	expect_data(&f, data + 20101, 1000);
	expect_bytes(&f, BYTES, data + 21101, len - 21101);
	expect_nothing(&f);
	forge_close(&f);
}

/* An actor that takes little is shown the rest again. */
KTLS_TEST_EACH(read_sock_in_parts, each_version, const struct tls_case *, tc)
{
	struct ktls_reader_call call;
	size_t i, len, calls = 0;
	struct forge f;

	read_sock_open(&f, tc);
	len = send_sizes(&f);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		calls += (sizes[i] + 999) / 1000;
	call = call_for(&f, BYTES, 1000);
	CHECK_EQ(call.ret, (int)len);
	CHECK_EQ(call.calls, calls);
	CHECK_MEM(buf, test_data(BYTES), len);
	forge_close(&f);
}

/* An actor that takes nothing, or fails, ends the call; nothing is lost. */
KTLS_TEST_EACH(read_sock_actor_refuses, each_version, const struct tls_case *,
	       tc)
{
	const struct ktls_reader_call fails = {
		.size = 100,
		.most = ANY,
		.error = ENOSPC,
	};
	struct ktls_reader_call call;
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	call = call_for(&f, 100, 0);
	CHECK_EQ(call.ret, 0);
	CHECK_EQ(call.calls, 1);
	call = call_as(&f, fails);
	CHECK_EQ(call.ret, -ENOSPC);
	CHECK_EQ(call.calls, 1);
	expect_pollin(&f);
	expect_bytes(&f, 100, "onetwo", 6);
	forge_close(&f);
}

KTLS_TEST_EACH(read_sock_behind_empty, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	int i;

	read_sock_open(&f, tc);
	forge_data(&f, "", 0);
	expect_failure(&f, EAGAIN);
	forge_data(&f, "one", 3);
	for (i = 0; i < 20; i++)
		forge_data(&f, "", 0);
	forge_data(&f, "two", 3);
	forge_data(&f, "", 0);
	expect_bytes(&f, 100, "onetwo", 6);
	expect_failure(&f, EAGAIN);
	forge_close(&f);
}

/* What has been opened already comes first, without what has been read. */
KTLS_TEST_EACH(read_sock_after_recvmsg, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	expect_peek(&f, RECORD_DATA, "onetwo", 6);
	expect_got(&f, 1, 0, RECORD_DATA, "o", 1, false);
	forge_data(&f, "three", 5);
	expect_bytes(&f, 100, "netwothree", 10);
	forge_close(&f);
}

/* Only recvmsg() can tell the type, so the record is left to it. */
KTLS_TEST_EACH(read_sock_control_record_stays, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "before", 6);
	forge_send(&f, 100, "control", 7);
	forge_data(&f, "behind", 6);
	expect_bytes(&f, 100, "before", 6);
	expect_failure(&f, EINVAL);
	expect_failure(&f, EINVAL);
	expect_pollin(&f);
	expect_record(&f, 100, "control", 7);
	expect_bytes(&f, 100, "behind", 6);
	forge_close(&f);
}

KTLS_TEST_EACH(read_sock_bad_record, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_bad(&f, RECORD_DATA, "evil", 4);
	forge_data(&f, "more", 4);
	expect_bytes(&f, 100, "good", 4);
	expect_failure(&f, EBADMSG);
	expect_stuck(&f, EBADMSG);
	expect_failure(&f, EBADMSG);
	forge_close(&f);
}

/* TLS 1.3: behind a KeyUpdate nothing can be opened before the key is there. */
KTLS_TEST(read_sock_pauses_for_key)
{
	static const u8 update[] = { 24, 0, 0, 1, 0 };
	struct forge f;

	read_sock_open(&f, &case13);
	forge_data(&f, "old", 3);
	forge_send(&f, RECORD_HANDSHAKE, update, sizeof(update));
	expect_bytes(&f, 100, "old", 3);
	expect_failure(&f, EINVAL);
	expect_record(&f, RECORD_HANDSHAKE, update, sizeof(update));
	forge_rekey(&f);
	forge_data(&f, "new", 3);
	expect_failure(&f, EKEYEXPIRED);
	expect_failure(&f, EKEYEXPIRED);
	forge_set_rx(&f);
	expect_bytes(&f, 100, "new", 3);
	forge_close(&f);
}

KTLS_TEST_EACH(read_sock_end_of_stream, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "last", 4);
	forge_fin(&f);
	expect_bytes(&f, 100, "last", 4);
	expect_failure(&f, 0);
	expect_failure(&f, 0);
	expect_eof(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(read_sock_end_within_record, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_make(&f, RECORD_DATA, "truncated", 9);
	forge_piece(&f, 0, f.len - 1);
	expect_bytes(&f, 100, "good", 4);
	expect_failure(&f, EAGAIN);
	forge_fin(&f);
	expect_failure(&f, ECONNRESET);
	expect_stuck(&f, ECONNRESET);
	expect_failure(&f, ECONNRESET);
	forge_close(&f);
}

/* Opening a record may sleep: not for callers that have not got the lock. */
KTLS_TEST_EACH(read_sock_without_lock, each_version, const struct tls_case *,
	       tc)
{
	const struct ktls_reader_call unlocked = {
		.size = 100,
		.most = ANY,
		.unlocked = 1,
	};
	struct ktls_reader_call call;
	struct forge f;

	read_sock_open(&f, tc);
	forge_data(&f, "data", 4);
	call = call_as(&f, unlocked);
	CHECK_EQ(call.ret, -EOPNOTSUPP);
	CHECK_EQ(call.calls, 0);
	expect_bytes(&f, 100, "data", 4);
	forge_close(&f);
}

/* Before the key comes it is TCP's, and the bytes are what was sent. */
KTLS_TEST_EACH(read_sock_without_key, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	read_sock_load();
	forge_attach(&f, tc, NULL);
	forge_raw(&f, "plain", 5);
	expect_bytes(&f, 100, "plain", 5);
	forge_set_rx(&f);
	forge_data(&f, "sealed", 6);
	expect_bytes(&f, 100, "sealed", 6);
	forge_close(&f);
}

/* TCP is told of what was read: the peer goes on sending. */
KTLS_TEST_EACH(read_sock_small_rcvbuf, each_version, const struct tls_case *,
	       tc)
{
	const struct tcp_opts opts = { .local_rcvbuf = 4096 };
	const u8 *data = test_data(BYTES);
	struct forge f;
	size_t done = 0;
	int ret;

	read_sock_load();
	forge_open_opts(&f, tc, &opts);
	forge_start(&f, data, BYTES, 16384);
	while (done < BYTES) {
		CHECK(tcp_poll(f.fd, POLLIN, TCP_WAIT_MS));
		ret = call_for(&f, BYTES, ANY).ret;
		if (ret == -EAGAIN)
			continue;
		CHECK(ret > 0);
		CHECK_MEM(buf, data + done, ret);
		done += ret;
	}
	forge_join(&f);
	forge_close(&f);
}
