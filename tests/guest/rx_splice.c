// SPDX-License-Identifier: GPL-2.0
/* splice() from the socket: pipes of any size, nothing lost or repeated. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "reader.h"
#include "tools.h"

#define PAGE 4096

struct tube {
	int in, out;
};

static void tube_open(struct tube *t, int size)
{
	int fds[2];

	CHECK_SYS(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	if (size)
		CHECK_EQ(CHECK_SYS(fcntl(fds[1], F_SETPIPE_SZ, size)), size);
	t->out = fds[0];
	t->in = fds[1];
}

static ssize_t to_tube(struct forge *f, const struct tube *t, size_t len)
{
	return splice(f->fd, NULL, t->in, NULL, len, SPLICE_F_NONBLOCK);
}

/* Everything that is in the pipe. */
static void expect_in_tube(const struct tube *t, const void *data, size_t len)
{
	u8 *buf = malloc(len + 1);

	CHECK(buf);
	CHECK_EQ(CHECK_SYS(read(t->out, buf, len + 1)), len);
	CHECK_MEM(buf, data, len);
	free(buf);
}

static void expect_tube_empty(const struct tube *t)
{
	u8 byte;

	CHECK_ERRNO(read(t->out, &byte, 1), EAGAIN);
}

/* Records of odd sizes through a pipe, in calls of len bytes. */
static void through(const struct tls_case *tc, int pipe_size, size_t len)
{
	static const size_t sizes[] = { 1, 4095, 4096, 4097, 9999, 16384 };
	const u8 *data = test_data(60000);
	static u8 back[60000];
	size_t i, total = 0, done = 0;
	struct forge f;
	struct tube t;
	ssize_t n, m;

	forge_open(&f, tc);
	tube_open(&t, pipe_size);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		forge_data(&f, data + total, sizes[i]);
		total += sizes[i];
	}
	while (done < total) {
		n = CHECK_SYS(to_tube(&f, &t, len));
		CHECK(n > 0 && (size_t)n <= len && done + n <= total);
		m = CHECK_SYS(read(t.out, back + done, sizeof(back) - done));
		CHECK_EQ(m, n);
		done += n;
	}
	CHECK_MEM(back, data, total);
	CHECK_ERRNO(to_tube(&f, &t, len), EAGAIN);
	expect_nothing(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_splice_every_cipher, each_case, const struct tls_case *, tc)
{
	through(tc, 0, 65536);
}

KTLS_TEST_EACH(rx_splice_pipe_of_one_page, each_version,
	       const struct tls_case *, tc)
{
	through(tc, PAGE, 65536);
	through(tc, PAGE, 1000);
}

KTLS_TEST_EACH(rx_splice_pipe_sizes, each_version, const struct tls_case *, tc)
{
	through(tc, 2 * PAGE, 16384);
	through(tc, 4 * PAGE, 65536);
	through(tc, 256 * PAGE, 1 << 20);
}

KTLS_TEST_EACH(rx_splice_odd_lengths, each_version, const struct tls_case *,
	       tc)
{
	through(tc, 0, 4097);
	through(tc, 0, 777);
	through(tc, PAGE, 4095);
}

/* The pipe has room for less than the record; the rest is still ours. */
KTLS_TEST_EACH(rx_splice_short_pipe_keeps_rest, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(16384);
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, PAGE);
	forge_data(&f, data, 16384);
	CHECK_EQ(to_tube(&f, &t, 16384), PAGE);
	CHECK_ERRNO(to_tube(&f, &t, 16384), EAGAIN);
	CHECK(readable(f.fd));
	expect_in_tube(&t, data, PAGE);
	expect_got(&f, 5000, 0, RECORD_DATA, data + PAGE, 5000, false);
	CHECK_EQ(to_tube(&f, &t, 100), 100);
	expect_in_tube(&t, data + PAGE + 5000, 100);
	expect_record(&f, RECORD_DATA, data + 9196, 16384 - 9196);
	expect_nothing(&f);
	forge_close(&f);
}

/* One record a call at most, and the reader may change its mind between. */
KTLS_TEST_EACH(rx_splice_one_record_per_call, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_data(&f, "one", 3);
	forge_data(&f, "three", 5);
	forge_data(&f, "", 0);
	forge_data(&f, "four", 4);
	CHECK_EQ(to_tube(&f, &t, 100), 3);
	expect_in_tube(&t, "one", 3);
	expect_peek(&f, RECORD_DATA, "threefour", 9);
	CHECK_EQ(to_tube(&f, &t, 2), 2);
	CHECK_EQ(to_tube(&f, &t, 100), 3);
	CHECK_EQ(to_tube(&f, &t, 100), 4);
	expect_in_tube(&t, "threefour", 9);
	CHECK_ERRNO(to_tube(&f, &t, 100), EAGAIN);
	forge_close(&f);
}

/* Twenty records opened by MSG_PEEK or not yet, all through splice. */
KTLS_TEST_EACH(rx_splice_after_peek, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(20 * 900);
	static u8 buf[20 * 900];
	struct forge f;
	struct tube t;
	int i;

	forge_open(&f, tc);
	tube_open(&t, 0);
	for (i = 0; i < 20; i++)
		forge_data(&f, data + i * 900, 900);
	CHECK(recv(f.fd, buf, sizeof(buf), MSG_PEEK) >= 900);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(to_tube(&f, &t, 10000), 900);
		expect_in_tube(&t, data + i * 900, 900);
	}
	expect_nothing(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_splice_control_record_stays, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_data(&f, "data", 4);
	forge_send(&f, RECORD_ALERT, "\x01\x00", 2);
	forge_data(&f, "more", 4);
	CHECK_EQ(to_tube(&f, &t, 100), 4);
	CHECK_ERRNO(to_tube(&f, &t, 100), EINVAL);
	CHECK_ERRNO(to_tube(&f, &t, 100), EINVAL);
	expect_in_tube(&t, "data", 4);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	CHECK_EQ(to_tube(&f, &t, 100), 4);
	expect_in_tube(&t, "more", 4);
	forge_close(&f);
}

/* Nothing of a record that is not authentic gets into the pipe. */
KTLS_TEST_EACH(rx_splice_bad_tag, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(10000);
	struct forge f;
	struct tube t;
	u8 byte;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_data(&f, data, 10000);
	forge_bad(&f, RECORD_DATA, data, 10000);
	forge_data(&f, data, 10000);
	CHECK_EQ(to_tube(&f, &t, 65536), 10000);
	expect_in_tube(&t, data, 10000);
	CHECK_ERRNO(to_tube(&f, &t, 65536), EBADMSG);
	CHECK_ERRNO(to_tube(&f, &t, 65536), EBADMSG);
	CHECK_ERRNO(recv(f.fd, &byte, 1, 0), EBADMSG);
	CHECK_ERRNO(splice(f.fd, NULL, t.in, NULL, 100, 0), EBADMSG);
	expect_tube_empty(&t);
	forge_close(&f);
}

/* recv() has met the bad record first. */
KTLS_TEST_EACH(rx_splice_after_failed_recv, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_bad(&f, RECORD_DATA, "bad", 3);
	expect_error(&f, EBADMSG);
	CHECK_ERRNO(to_tube(&f, &t, 100), EBADMSG);
	expect_tube_empty(&t);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_splice_end_of_stream, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_data(&f, "last", 4);
	forge_fin(&f);
	CHECK_EQ(to_tube(&f, &t, 100), 4);
	CHECK_EQ(to_tube(&f, &t, 100), 0);
	CHECK_EQ(to_tube(&f, &t, 100), 0);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_splice_end_within_record, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	forge_make(&f, RECORD_DATA, "cut off", 7);
	forge_piece(&f, 0, 3);
	forge_fin(&f);
	CHECK_ERRNO(to_tube(&f, &t, 100), ECONNRESET);
	CHECK_ERRNO(to_tube(&f, &t, 100), ECONNRESET);
	forge_close(&f);
}

KTLS_TEST(rx_splice_pauses_for_key)
{
	static const u8 update[] = { 24, 0, 0, 1, 0 };
	struct forge f;
	struct tube t;

	forge_open(&f, &case13);
	tube_open(&t, 0);
	forge_send(&f, RECORD_HANDSHAKE, update, sizeof(update));
	expect_record(&f, RECORD_HANDSHAKE, update, sizeof(update));
	forge_rekey(&f);
	forge_data(&f, "new", 3);
	CHECK_ERRNO(to_tube(&f, &t, 100), EKEYEXPIRED);
	CHECK_SYS(forge_set_key(&f));
	CHECK_EQ(to_tube(&f, &t, 100), 3);
	expect_in_tube(&t, "new", 3);
	forge_close(&f);
}

/* A socket that does not block makes splice() not block either. */
KTLS_TEST_EACH(rx_splice_nonblocking_socket, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	struct tube t;

	forge_open(&f, tc);
	tube_open(&t, 0);
	tcp_set_nonblock(f.fd, true);
	forge_make(&f, RECORD_DATA, "hello", 5);
	forge_piece(&f, 0, f.len - 1);
	CHECK_ERRNO(splice(f.fd, NULL, t.in, NULL, 100, 0), EAGAIN);
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(splice(f.fd, NULL, t.in, NULL, 100, 0), 5);
	expect_in_tube(&t, "hello", 5);
	forge_close(&f);
}

struct splicer {
	struct forge f;
	struct tube t;
	pthread_t thread;
};

static void *splice_all(void *arg)
{
	struct splicer *s = arg;
	ssize_t n;

	tcp_set_nonblock(s->t.in, false);
	do {
		n = CHECK_SYS(splice(s->f.fd, NULL, s->t.in, NULL, 50000, 0));
	} while (n);
	CHECK_SYS(close(s->t.in));
	return NULL;
}

/*
 * A splice that waits for data holds the pipe's lock, whatever the socket: the
 * end must come without anybody reading the pipe before.
 */
static void *end_stream(void *arg)
{
	struct splicer *s = arg;

	forge_join(&s->f);
	CHECK_SYS(shutdown(s->f.peer, SHUT_WR));
	return NULL;
}

/* Both the socket and the pipe make the splicer wait, again and again. */
KTLS_TEST_EACH(rx_splice_blocking_stream, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(1000000);
	u8 *back = malloc(1000001);
	static struct splicer s;
	pthread_t ender;
	size_t done = 0;
	ssize_t n;

	CHECK(back);
	forge_open(&s.f, tc);
	tube_open(&s.t, 2 * PAGE);
	tcp_set_nonblock(s.t.out, false);
	CHECK_EQ(pthread_create(&s.thread, NULL, splice_all, &s), 0);
	forge_start(&s.f, data, 1000000, 10007);
	CHECK_EQ(pthread_create(&ender, NULL, end_stream, &s), 0);
	do {
		n = CHECK_SYS(read(s.t.out, back + done, 1000001 - done));
		done += n;
	} while (n);
	CHECK_EQ(done, 1000000);
	CHECK_MEM(back, data, done);
	CHECK_EQ(pthread_join(s.thread, NULL), 0);
	CHECK_EQ(pthread_join(ender, NULL), 0);
}

/* Plain TCP until there is a key. */
KTLS_TEST(rx_splice_without_key)
{
	struct forge f;
	struct tube t;

	forge_attach(&f, &case13, NULL);
	tube_open(&t, 0);
	forge_raw(&f, "plain", 5);
	CHECK_EQ(to_tube(&f, &t, 100), 5);
	expect_in_tube(&t, "plain", 5);
	forge_close(&f);
}
