// SPDX-License-Identifier: GPL-2.0
/* MSG_PEEK shows what the next read gives, and leaves it. */
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "reader.h"
#include "tools.h"

#define RECORDS 16	/* that one MSG_PEEK sees */

static u8 buf[300000];

KTLS_TEST_EACH(rx_peek, each_case, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "peeked", 6);
	expect_peek(&f, RECORD_DATA, "peeked", 6);
	expect_got(&f, 3, MSG_PEEK, RECORD_DATA, "pee", 3, false);
	expect_peek(&f, RECORD_DATA, "peeked", 6);
	expect_pollin(&f);
	expect_record(&f, RECORD_DATA, "peeked", 6);
	expect_nothing(&f);
	CHECK_ERRNO(recv(f.fd, buf, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	expect_opened(&f, 1);
}

KTLS_TEST_EACH(rx_peek_spans_records, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(RECORDS * 1000);
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < RECORDS; i++)
		forge_data(&f, data + i * 1000, 1000);
	expect_peek(&f, RECORD_DATA, data, RECORDS * 1000);
	expect_got(&f, 4500, MSG_PEEK, RECORD_DATA, data, 4500, false);
	expect_got(&f, 2500, 0, RECORD_DATA, data, 2500, true);
	expect_peek(&f, RECORD_DATA, data + 2500, RECORDS * 1000 - 2500);
	expect_record(&f, RECORD_DATA, data + 2500, RECORDS * 1000 - 2500);
	expect_nothing(&f);
	expect_opened(&f, RECORDS);
}

/* More is there than a peek can see: what it sees is right, at any place. */
KTLS_TEST_EACH(rx_peek_many_records, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(4000);
	struct forge f;
	size_t done;
	ssize_t n;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 80; i++)
		forge_data(&f, data + i * 50, 50);
	for (done = 0; done < 4000; done += 30) {
		n = CHECK_SYS(recv(f.fd, buf, sizeof(buf), MSG_PEEK));
		CHECK(n >= 50 || done + n == 4000);
		CHECK_MEM(buf, data + done, n);
		n = 4000 - done < 30 ? 4000 - done : 30;
		expect_data(&f, data + done, n);
	}
	expect_nothing(&f);
	expect_opened(&f, 80);
}

/* Large records fill the space for peeked ones before 16 of them are there. */
KTLS_TEST_EACH(rx_peek_large_records, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(RECORD_PLAIN_MAX * 12);
	struct forge f;
	size_t done;
	ssize_t n;

	forge_open(&f, tc);
	forge_start(&f, data, RECORD_PLAIN_MAX * 12, RECORD_PLAIN_MAX);
	for (done = 0; done < RECORD_PLAIN_MAX * 12; done += 8192) {
		n = CHECK_SYS(recv(f.fd, buf, sizeof(buf), MSG_PEEK));
		CHECK_MEM(buf, data + done, n);
		expect_data(&f, data + done, 8192);
	}
	forge_join(&f);
	expect_nothing(&f);
	expect_opened(&f, 12);
}

KTLS_TEST_EACH(rx_peek_stops_at_control, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	forge_send(&f, 100, "control", 7);
	forge_send(&f, 100, "another", 7);
	forge_data(&f, "three", 5);
	for (i = 0; i < 3; i++)
		expect_peek(&f, RECORD_DATA, "onetwo", 6);
	expect_record(&f, RECORD_DATA, "onetwo", 6);
	for (i = 0; i < 3; i++)
		expect_peek(&f, 100, "control", 7);
	expect_got(&f, 4, 0, 100, "cont", 4, false);
	expect_peek(&f, 100, "rol", 3);
	expect_record(&f, 100, "rol", 3);
	expect_record(&f, 100, "another", 7);
	expect_peek(&f, RECORD_DATA, "three", 5);
	expect_record(&f, RECORD_DATA, "three", 5);
	expect_opened(&f, 5);
}

/* Peeked bytes and bytes that come later are one stream. */
KTLS_TEST_EACH(rx_peek_then_more, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	expect_peek(&f, RECORD_DATA, "one", 3);
	forge_data(&f, "two", 3);
	expect_peek(&f, RECORD_DATA, "onetwo", 6);
	forge_make(&f, RECORD_DATA, "three", 5);
	forge_piece(&f, 0, 10);
	expect_peek(&f, RECORD_DATA, "onetwo", 6);
	forge_piece(&f, 10, f.len);
	expect_peek(&f, RECORD_DATA, "onetwothree", 11);
	expect_record(&f, RECORD_DATA, "onetwothree", 11);
	expect_nothing(&f);
}

/* The records in front of a bad one are peeked and read, the bad one never. */
KTLS_TEST_EACH(rx_peek_before_bad, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_bad(&f, RECORD_DATA, "evil", 4);
	for (i = 0; i < 3; i++)
		expect_peek(&f, RECORD_DATA, "good", 4);
	expect_record(&f, RECORD_DATA, "good", 4);
	for (i = 0; i < 3; i++)
		CHECK_ERRNO(recv(f.fd, buf, 100, MSG_PEEK), EBADMSG);
	expect_stuck(&f, EBADMSG);
}

/* Without waiting: what there is. */
KTLS_TEST_EACH(rx_peek_waitall_nonblocking, each_version,
	       const struct tls_case *, tc)
{
	const int flags = MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT;
	struct forge f;

	forge_open(&f, tc);
	CHECK_ERRNO(recv(f.fd, buf, 100, flags), EAGAIN);
	forge_data(&f, "one", 3);
	expect_got(&f, 100, flags, RECORD_DATA, "one", 3, false);
	forge_data(&f, "two", 3);
	expect_got(&f, 100, flags, RECORD_DATA, "onetwo", 6, false);
	expect_record(&f, RECORD_DATA, "onetwo", 6);
}

/* What has been peeked at already is no news: the caller sleeps. */
KTLS_TEST_EACH(rx_peek_waitall_sleeps, each_version, const struct tls_case *,
	       tc)
{
	struct recv_call r = { .len = 6, .flags = MSG_PEEK | MSG_WAITALL };
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_make(&f, RECORD_DATA, "two", 3);
	forge_piece(&f, 0, f.len - 1);
	reader_expect_asleep(&r);
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(reader_join(&r), 6);
	CHECK_MEM(r.buf, "onetwo", 6);
	expect_record(&f, RECORD_DATA, "onetwo", 6);
}

/* What a sleeping peek has seen is read by another: it says what it saw. */
KTLS_TEST_EACH(rx_peek_beside_reader, each_version, const struct tls_case *,
	       tc)
{
	struct recv_call r = { .len = 6, .flags = MSG_PEEK | MSG_WAITALL };
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	r.fd = f.fd;
	reader_start_asleep(&r);
	expect_got(&f, 3, MSG_DONTWAIT, RECORD_DATA, "one", 3, true);
	forge_data(&f, "two", 3);
	CHECK_EQ(reader_join(&r), 3);
	CHECK_MEM(r.buf, "one", 3);
	expect_record(&f, RECORD_DATA, "two", 3);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_peek_at_eof, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "last", 4);
	forge_fin(&f);
	expect_peek(&f, RECORD_DATA, "last", 4);
	expect_record(&f, RECORD_DATA, "last", 4);
	CHECK_EQ(recv(f.fd, buf, 100, MSG_PEEK), 0);
	expect_eof(&f);
	CHECK_EQ(recv(f.fd, buf, 100, MSG_PEEK), 0);
}

KTLS_TEST_EACH(rx_peek_bad_memory, each_version, const struct tls_case *, tc)
{
	u8 *edge = edge_copy("123", 3);
	struct forge f;
	ssize_t n;

	forge_open(&f, tc);
	forge_data(&f, "abcdef", 6);
	CHECK_ERRNO(recv(f.fd, bad_address(), 6, MSG_PEEK), EFAULT);
	n = recv(f.fd, edge, 6, MSG_PEEK);
	/* How near a fault a copy gets is different between processors */
	CHECK(n >= 1 && n <= 3);
	CHECK_MEM(edge, "abcdef", n);
	expect_record(&f, RECORD_DATA, "abcdef", 6);
	expect_nothing(&f);
}

/* A random walk of reads and peeks over a random stream of records. */
static const void *each_seed(unsigned int i, char *name, size_t size)
{
	static const unsigned int seeds[] = { 1, 2, 3, 4, 5, 6 };

	if (i >= ARRAY_SIZE(seeds))
		return NULL;
	snprintf(name, size, "%s-%u", i % 2 ? "13" : "12", seeds[i]);
	return &seeds[i];
}

/* Where a random walk stands */
struct walk {
	struct forge f;
	unsigned int seed;
	const u8 *data;
	size_t queued;		/* bytes of data that have been sent */
	size_t read;		/* bytes of data that have been read */
};

#define WALK_BYTES 400000

static void walk_send(struct walk *w)
{
	size_t n = 1 + rand_r(&w->seed) % (rand_r(&w->seed) % 8 ? 300 : 9000);

	/* Many small segments fill the receive buffer soon */
	if (w->queued - w->read > 8000 || w->queued + n > WALK_BYTES)
		return;
	forge_data(&w->f, w->data + w->queued, n);
	w->queued += n;
}

static void walk_receive(struct walk *w)
{
	size_t size = 1 + rand_r(&w->seed) % (rand_r(&w->seed) % 4 ? 500 : 9000);
	bool peek = rand_r(&w->seed) % 2;
	size_t there = w->queued - w->read;
	struct got got;

	got = got_msg(w->f.fd, buf, size,
		      MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
	if (!there) {
		CHECK_EQ(got.err, EAGAIN);
		return;
	}
	CHECK(got.n > 0 && got.n <= (ssize_t)there);
	if (!peek)
		CHECK_EQ(got.n, size < there ? size : there);
	CHECK_MEM(buf, w->data + w->read, got.n);
	if (!peek)
		w->read += got.n;
}

KTLS_TEST_EACH(rx_peek_random_walk, each_seed, const unsigned int *, seed)
{
	static struct walk w;
	int i;

	w.seed = *seed;
	w.data = test_data(WALK_BYTES);
	forge_open(&w.f, *seed % 2 ? &case12 : &case13);
	for (i = 0; i < 3000; i++) {
		if (rand_r(&w.seed) % 3)
			walk_receive(&w);
		else
			walk_send(&w);
	}
}
