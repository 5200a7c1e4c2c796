// SPDX-License-Identifier: GPL-2.0
/* Readers that wait, for how much and how long; bad memory. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "forge.h"
#include "tools.h"

static u8 buf[100000];

/* One recv() in a thread of its own, however it ends. */
struct reader {
	pthread_t thread;
	int fd;
	size_t len;
	int flags;
	struct got got;
	bool done;
};

static void *read_one(void *arg)
{
	struct reader *r = arg;

	r->got = got_msg(r->fd, buf, r->len, r->flags);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void start_reader(struct reader *r, int fd, size_t len, int flags)
{
	*r = (struct reader) { .fd = fd, .len = len, .flags = flags };
	CHECK_EQ(pthread_create(&r->thread, NULL, read_one, r), 0);
}

static void expect_waiting(struct reader *r)
{
	poll(NULL, 0, TCP_QUIET_MS);
	CHECK(!__atomic_load_n(&r->done, __ATOMIC_ACQUIRE));
}

static void expect_result(struct reader *r, ssize_t n, int err, int type,
			  const void *data)
{
	CHECK_EQ(pthread_join(r->thread, NULL), 0);
	CHECK_EQ(r->got.n, n);
	CHECK_EQ(r->got.err, err);
	CHECK_EQ(r->got.type, type);
	if (n > 0)
		CHECK_MEM(buf, data, n);
}

static void set_timeout(int fd, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
}

KTLS_TEST_EACH(rx_waits_for_record, each_family, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	expect_waiting(&r);
	forge_make(&f, RECORD_DATA, "waited for", 10);
	forge_piece(&f, 0, f.len - 1);
	expect_waiting(&r);
	forge_piece(&f, f.len - 1, f.len);
	expect_result(&r, 10, 0, RECORD_DATA, "waited for");
}

/* Empty records of data do not end the wait. */
KTLS_TEST_EACH(rx_waits_past_empty, each_version, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;
	int i;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	for (i = 0; i < 20; i++)
		forge_data(&f, "", 0);
	expect_waiting(&r);
	forge_data(&f, "x", 1);
	expect_result(&r, 1, 0, RECORD_DATA, "x");
}

KTLS_TEST_EACH(rx_waits_for_control, each_version, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	expect_waiting(&r);
	forge_send(&f, 100, "", 0);
	expect_result(&r, 0, 0, 100, "");
}

KTLS_TEST_EACH(rx_wait_ends_with_fin, each_version, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	expect_waiting(&r);
	forge_fin(&f);
	expect_result(&r, 0, 0, -1, "");
}

KTLS_TEST_EACH(rx_wait_ends_with_bad_record, each_version,
	       const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	expect_waiting(&r);
	forge_bad(&f, RECORD_DATA, "x", 1);
	expect_result(&r, -1, EBADMSG, -1, "");
}

KTLS_TEST_EACH(rx_wait_ends_with_bad_header, each_version,
	       const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, 0);
	expect_waiting(&r);
	forge_header(&f, RECORD_DATA, TLS12, 65535);
	expect_result(&r, -1, EMSGSIZE, -1, "");
}

KTLS_TEST_EACH(rx_dontwait, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	CHECK_ERRNO(recv(f.fd, buf, 100, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(recv(f.fd, buf, 100, MSG_DONTWAIT | MSG_WAITALL), EAGAIN);
	tcp_set_nonblock(f.fd, true);
	CHECK_ERRNO(read(f.fd, buf, 100), EAGAIN);
	forge_make(&f, RECORD_DATA, "abc", 3);
	forge_piece(&f, 0, f.len - 1);
	CHECK_ERRNO(read(f.fd, buf, 100), EAGAIN);
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(recv(f.fd, buf, 100, MSG_WAITALL), 3);
	CHECK_ERRNO(read(f.fd, buf, 100), EAGAIN);
}

KTLS_TEST_EACH(rx_waitall_spans_records, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(3000);
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 2500, MSG_WAITALL);
	forge_data(&f, data, 1000);
	forge_data(&f, data + 1000, 1000);
	expect_waiting(&r);
	forge_data(&f, data + 2000, 1000);
	expect_result(&r, 2500, 0, RECORD_DATA, data);
	expect_record(&f, RECORD_DATA, data + 2500, 500);
}

/* What ends MSG_WAITALL early: the rest comes in the next call. */
KTLS_TEST_EACH(rx_waitall_ends_early, each_version, const struct tls_case *,
	       tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, MSG_WAITALL);
	forge_data(&f, "one", 3);
	expect_waiting(&r);
	forge_send(&f, 100, "control", 7);
	expect_result(&r, 3, 0, RECORD_DATA, "one");
	expect_record(&f, 100, "control", 7);
	start_reader(&r, f.fd, 100, MSG_WAITALL);
	forge_data(&f, "two", 3);
	expect_waiting(&r);
	forge_bad(&f, RECORD_DATA, "bad", 3);
	expect_result(&r, 3, 0, RECORD_DATA, "two");
	expect_stuck(&f, EBADMSG);
}

KTLS_TEST_EACH(rx_waitall_ends_at_eof, each_version, const struct tls_case *,
	       tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	start_reader(&r, f.fd, 100, MSG_WAITALL);
	forge_data(&f, "last", 4);
	expect_waiting(&r);
	forge_fin(&f);
	expect_result(&r, 4, 0, RECORD_DATA, "last");
	expect_eof(&f);
}

/* What has come when the time is over is given. */
KTLS_TEST_EACH(rx_waitall_timeout, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	set_timeout(f.fd, 50);
	forge_data(&f, "part", 4);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "part", 4, true);
	CHECK_ERRNO(recv(f.fd, buf, 100, MSG_WAITALL), EAGAIN);
}

KTLS_TEST_EACH(rx_timeout, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	set_timeout(f.fd, 50);
	CHECK_ERRNO(recv(f.fd, buf, 100, 0), EAGAIN);
	forge_make(&f, RECORD_DATA, "late", 4);
	forge_piece(&f, 0, 7);
	CHECK_ERRNO(recv(f.fd, buf, 100, 0), EAGAIN);
	forge_data(&f, "", 0);
	forge_close(&f);
}

/* Empty records one after the other do not make a timeout start again. */
KTLS_TEST_EACH(rx_timeout_among_empty, each_version, const struct tls_case *,
	       tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	set_timeout(f.fd, 300);
	start_reader(&r, f.fd, 100, 0);
	while (!__atomic_load_n(&r.done, __ATOMIC_ACQUIRE)) {
		forge_data(&f, "", 0);
		poll(NULL, 0, 5);
	}
	expect_result(&r, -1, EAGAIN, -1, "");
}

KTLS_TEST_EACH(rx_lowat, each_version, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVLOWAT, 10);
	start_reader(&r, f.fd, 100, 0);
	forge_data(&f, "abcde", 5);
	forge_data(&f, "fgh", 3);
	expect_waiting(&r);
	forge_data(&f, "ijkl", 4);
	expect_result(&r, 12, 0, RECORD_DATA, "abcdefghijkl");
	/* It is no more than the buffer */
	forge_data(&f, "mnop", 4);
	expect_got(&f, 4, 0, RECORD_DATA, "mnop", 4, true);
	/* What is opened counts */
	forge_data(&f, "0123456789", 10);
	expect_got(&f, 2, MSG_PEEK, RECORD_DATA, "01", 2, false);
	expect_got(&f, 100, 0, RECORD_DATA, "0123456789", 10, true);
}

/* It does not count for what cannot become more: another type, an error. */
KTLS_TEST_EACH(rx_lowat_ends_early, each_version, const struct tls_case *, tc)
{
	struct reader r;
	struct forge f;

	forge_open(&f, tc);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVLOWAT, 1000);
	start_reader(&r, f.fd, 2000, 0);
	forge_data(&f, "data", 4);
	expect_waiting(&r);
	forge_send(&f, 100, "control", 7);
	expect_result(&r, 4, 0, RECORD_DATA, "data");
	start_reader(&r, f.fd, 2000, 0);
	expect_result(&r, 7, 0, 100, "control");
	start_reader(&r, f.fd, 2000, 0);
	expect_waiting(&r);
	forge_send(&f, 101, "control", 7);
	expect_result(&r, 7, 0, 101, "control");
	start_reader(&r, f.fd, 2000, 0);
	expect_waiting(&r);
	forge_header(&f, RECORD_DATA, 0x0301, 100);
	expect_result(&r, -1, EINVAL, -1, "");
}
