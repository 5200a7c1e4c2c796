// SPDX-License-Identifier: GPL-2.0
/*
 * Edge-triggered readers, readers that know nothing but epoll, and keys that
 * come when data has come before.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forge.h"
#include "reader.h"

#define STREAM 300000

/* Each record is an edge, whether or not the one before has been read. */
KTLS_TEST_EACH(epoll_edge_per_record, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	int epfd;

	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	CHECK(!edge_fired(epfd, 0));
	forge_data(&f, "one", 3);
	CHECK(edge_fired(epfd, 0));
	CHECK(!edge_fired(epfd, 0));
	forge_data(&f, "two", 3);
	CHECK(edge_fired(epfd, 0));
	expect_record(&f, RECORD_DATA, "onetwo", 6);
	CHECK(!edge_fired(epfd, 0));
	forge_data(&f, "three", 5);
	CHECK(edge_fired(epfd, 0));
	forge_fin(&f);
	CHECK(edge_fired(epfd, 0));
	forge_close(&f);
}

/* Both have arrived before the edge. */
static void two_records(struct forge *f, u8 second, bool bad)
{
	u8 wire[200];
	size_t len;

	len = forge_make(f, RECORD_DATA, "data", 4);
	memcpy(wire, f->wire, len);
	forge_make(f, second, "more", 4);
	f->wire[f->len - 1] ^= bad;
	memcpy(wire + len, f->wire, f->len);
	forge_raw(f, wire, len + f->len);
}

/* A short read looks like the end to many a program: it is told if it is not. */
KTLS_TEST_EACH(epoll_edge_behind_short_read, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	int epfd;

	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	two_records(&f, RECORD_HANDSHAKE, false);
	CHECK(edge_fired(epfd, 0));
	expect_got(&f, 100, MSG_DONTWAIT, RECORD_DATA, "data", 4, true);
	CHECK(edge_fired(epfd, 0));
	expect_got(&f, 100, MSG_DONTWAIT, RECORD_HANDSHAKE, "more", 4, true);
	CHECK(!edge_fired(epfd, 0));

	two_records(&f, RECORD_DATA, true);
	CHECK(edge_fired(epfd, 0));
	expect_got(&f, 100, MSG_DONTWAIT, RECORD_DATA, "data", 4, true);
	CHECK(edge_fired(epfd, 0));
	expect_error(&f, EBADMSG);
	forge_close(&f);
}

/* splice gives one record at a time. */
KTLS_TEST_EACH(epoll_edge_behind_short_splice, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	int epfd, fds[2];

	forge_open(&f, tc);
	CHECK_SYS(pipe(fds));
	epfd = edge_new(f.fd);
	two_records(&f, RECORD_DATA, false);
	CHECK(edge_fired(epfd, 0));
	CHECK_EQ(splice(f.fd, NULL, fds[1], NULL, 100, 0), 4);
	CHECK(edge_fired(epfd, 0));
	CHECK_EQ(splice(f.fd, NULL, fds[1], NULL, 100, 0), 4);
	CHECK(!edge_fired(epfd, 0));
	close(fds[0]);
	close(fds[1]);
	forge_close(&f);
}

/* Records of random sizes, sealed; returns the bytes on the wire. */
static size_t seal_stream(struct forge *f, const u8 *data, size_t len,
			  u8 *wire)
{
	size_t done, n, at = 0;
	unsigned int seed = 5;

	for (done = 0; done < len; done += n) {
		n = 1 + rand_r(&seed) % (rand_r(&seed) & 1 ? 16384 : 100);
		if (n > len - done)
			n = len - done;
		at += forge_make(f, RECORD_DATA, data + done, n);
		memcpy(wire + at - f->len, f->wire, f->len);
	}
	return at;
}

static void stream_start(struct forge *f, struct writer *w, size_t max)
{
	u8 *wire = malloc(4 * STREAM);

	CHECK(wire);
	w->fd = f->peer;
	w->bytes = wire;
	w->len = seal_stream(f, test_data(STREAM), STREAM, wire);
	w->max = max;
	w->seed = max;
	writer_start(w);
}

/* Reads until EAGAIN, as an edge-triggered reader must. */
static size_t drain(int fd, u8 *buf, size_t done)
{
	ssize_t n;

	for (;;) {
		n = recv(fd, buf + done, STREAM + 1 - done, MSG_DONTWAIT);
		if (n < 0)
			break;
		CHECK(n > 0);
		done += n;
	}
	CHECK_ERRNO(n, EAGAIN);
	return done;
}

static void edge_stream(const struct tls_case *tc, size_t max)
{
	u8 *buf = malloc(STREAM + 1);
	struct writer w;
	struct forge f;
	size_t done = 0;
	int epfd;

	CHECK(buf);
	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	stream_start(&f, &w, max);
	while (done < STREAM) {
		if (!edge_fired(epfd, TCP_WAIT_MS))
			FAIL("no edge after %zu bytes", done);
		done = drain(f.fd, buf, done);
	}
	CHECK_MEM(buf, test_data(STREAM), STREAM);
	writer_join(&w);
	forge_close(&f);
}

/* Nothing is missed by a reader that relies on edges, however records come. */
KTLS_TEST_EACH_TIMEOUT(epoll_edge_reads_stream, each_version,
		       const struct tls_case *, tc, 60)
{
	edge_stream(tc, 20000);
}

KTLS_TEST_EACH_TIMEOUT(epoll_edge_reads_small_segments, each_version,
		       const struct tls_case *, tc, 60)
{
	edge_stream(tc, 500);
}

/* What poll promises is kept: no read that follows ever finds nothing. */
static void level_stream(const struct tls_case *tc, size_t max)
{
	u8 *buf = malloc(STREAM + 1);
	struct writer w;
	struct forge f;
	size_t done = 0;
	ssize_t n;

	CHECK(buf);
	forge_open(&f, tc);
	stream_start(&f, &w, max);
	while (done < STREAM) {
		if (!tcp_poll(f.fd, POLLIN, TCP_WAIT_MS))
			FAIL("no POLLIN after %zu bytes", done);
		n = recv(f.fd, buf + done, STREAM + 1 - done, MSG_DONTWAIT);
		if (n < 0)
			FAIL("POLLIN, but recv: %s", errno_name(errno));
		CHECK(n > 0);
		done += n;
	}
	CHECK_MEM(buf, test_data(STREAM), STREAM);
	writer_join(&w);
	forge_close(&f);
}

KTLS_TEST_EACH_TIMEOUT(poll_promise_is_kept, each_version,
		       const struct tls_case *, tc, 60)
{
	level_stream(tc, 5000);
}

KTLS_TEST_EACH_TIMEOUT(poll_promise_is_kept_small_segments, each_version,
		       const struct tls_case *, tc, 60)
{
	level_stream(tc, 300);
}

/* A reader may be told EAGAIN in a flood, but then it is called again. */
KTLS_TEST_EACH(epoll_edge_behind_empty_records, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	size_t done = 0;
	u8 buf[100];
	int epfd, i;
	ssize_t n;

	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	for (i = 0; i < 300; i++)
		forge_data(&f, "", 0);
	forge_data(&f, "data", 4);
	while (done < 4) {
		if (!edge_fired(epfd, 1000))
			FAIL("no edge, though data has arrived");
		while ((n = recv(f.fd, buf, 100, MSG_DONTWAIT)) > 0)
			done += n;
		CHECK_ERRNO(n, EAGAIN);
	}
	CHECK_MEM(buf, "data", 4);
	forge_close(&f);
}

/* Data that was queued when the key came is news to epoll. */
KTLS_TEST_EACH(epoll_edge_queued_before_key, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	int epfd;

	forge_attach(&f, tc, NULL);
	forge_data(&f, "early", 5);
	epfd = edge_new(f.fd);
	CHECK(edge_fired(epfd, 0));
	forge_set_rx(&f);
	CHECK(edge_fired(epfd, 0));
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "early", 5);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* Half of a record was queued: nothing to read yet. */
KTLS_TEST_EACH(poll_half_queued_before_key, each_version,
	       const struct tls_case *, tc)
{
	size_t cuts[] = { 1, 4, 5, 6, 20 }, i;
	struct forge f;
	int epfd;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		forge_attach(&f, tc, NULL);
		forge_make(&f, RECORD_DATA, "early", 5);
		forge_piece(&f, 0, cuts[i]);
		forge_set_rx(&f);
		CHECK(!readable(f.fd));
		epfd = edge_new(f.fd);
		CHECK(!edge_fired(epfd, 0));
		forge_piece(&f, cuts[i], f.len);
		CHECK(edge_fired(epfd, TCP_WAIT_MS));
		CHECK(readable(f.fd));
		expect_record(&f, RECORD_DATA, "early", 5);
		close(epfd);
		forge_close(&f);
	}
}

/* A poller that began to wait before the key was set. */
KTLS_TEST_EACH(poll_began_before_key, each_version, const struct tls_case *,
	       tc)
{
	struct recv_call r = { .events = POLLIN };
	struct forge f;

	forge_attach(&f, tc, NULL);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_set_rx(&f);
	forge_make(&f, RECORD_DATA, "hello", 5);
	forge_piece(&f, 0, 7);
	reader_expect_asleep(&r);
	forge_piece(&f, 7, f.len);
	CHECK_EQ(reader_join(&r), 1);
	expect_record(&f, RECORD_DATA, "hello", 5);
	forge_close(&f);
}

/*
 * A reader sleeps in plain TCP's recv() when the key is set, and steals the
 * first record. Only whoever does that suffers: no crash, no hang, and what
 * follows is good bytes or an error.
 */
static void steal(const struct tls_case *tc, size_t len, size_t record)
{
	struct recv_call thief = { .len = len };
	const u8 *data = test_data(record);
	struct forge f;
	struct got got;
	u8 buf[4000];

	forge_attach(&f, tc, NULL);
	thief.fd = f.fd;
	reader_start_asleep(&thief);
	forge_set_rx(&f);
	forge_data(&f, data, record);
	CHECK(reader_join(&thief) > 0);
	forge_data(&f, data, record);
	forge_data(&f, data, record);
	readable(f.fd);
	got = got_msg(f.fd, buf, sizeof(buf), MSG_DONTWAIT);
	CHECK(got.n < 0);
	CHECK(got.err == EBADMSG || got.err == EMSGSIZE || got.err == EINVAL);
	expect_error(&f, got.err);
	conn_set_tx(&f.c, NULL);
	conn_send(&f.c, "alert", 5, 0);
	peer_expect(&f.c, RECORD_DATA, "alert", 5);
	forge_close(&f);
}

KTLS_TEST_EACH(key_set_under_plain_reader, each_family,
	       const struct tls_case *, tc)
{
	steal(tc, 4000, 1000);
	steal(tc, 1029, 1000);
	steal(tc, 7, 1000);
	steal(tc, 1, 1000);
	steal(tc, 300, 3000);
}

/* Whatever the thief does to the queue, poll does not promise what is gone. */
KTLS_TEST_EACH(key_set_under_plain_reader_all_gone, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call thief = { .len = 4000 }, r = { .len = 10 };
	struct forge f;

	forge_attach(&f, tc, NULL);
	thief.fd = f.fd;
	r.fd = f.fd;
	reader_start_asleep(&thief);
	forge_set_rx(&f);
	forge_data(&f, "stolen", 6);
	CHECK_EQ(reader_join(&thief), f.len);
	expect_error(&f, EAGAIN);
	CHECK(!readable(f.fd));
	reader_start_asleep(&r);
	reader_interrupt(&r);
	CHECK_EQ(reader_join(&r), -1);
	CHECK_EQ(r.err, EINTR);
	/* The next record has a length of its own, and a number that is wrong. */
	forge_data(&f, "x", 1);
	expect_error(&f, EBADMSG);
	forge_close(&f);
}
