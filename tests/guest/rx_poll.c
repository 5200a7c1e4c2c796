// SPDX-License-Identifier: GPL-2.0
/* poll, select and epoll tell exactly when a read will not block. */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "forge.h"
#include "reader.h"

/* A record's bytes, of which the first cut arrive first. */
static void in_two(struct forge *f, size_t cut)
{
	int epfd = edge_new(f->fd);

	forge_make(f, RECORD_DATA, "twelve bytes", 12);
	forge_piece(f, 0, cut);
	CHECK(!readable(f->fd));
	CHECK(!edge_fired(epfd, 0));
	forge_piece(f, cut, f->len);
	CHECK(edge_fired(epfd, TCP_WAIT_MS));
	CHECK(readable(f->fd));
	expect_record(f, RECORD_DATA, "twelve bytes", 12);
	CHECK(!readable(f->fd));
	close(epfd);
}

/* However a record is cut in two, its first part is no reason to wake. */
KTLS_TEST_EACH(poll_partial_record_any_cut, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	size_t cut;

	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, "twelve bytes", 12);
	forge_write(&f);
	expect_record(&f, RECORD_DATA, "twelve bytes", 12);
	for (cut = 1; cut < f.len; cut++)
		in_two(&f, cut);
	forge_close(&f);
}

/* Cut into bytes, and behind a record that has been there before. */
KTLS_TEST_EACH(poll_partial_record_bytes, each_family, const struct tls_case *,
	       tc)
{
	struct forge f;
	size_t i;
	int epfd;

	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	forge_make(&f, RECORD_DATA, "single bytes", 12);
	for (i = 0; i + 1 < f.len; i++) {
		forge_piece(&f, i, i + 1);
		CHECK(!readable(f.fd));
		CHECK(!edge_fired(epfd, 0));
	}
	forge_piece(&f, i, f.len);
	CHECK(edge_fired(epfd, TCP_WAIT_MS));
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "single bytes", 12);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* A reader that takes part of what is there finds the rest by poll. */
KTLS_TEST_EACH(poll_rest_of_record, each_version, const struct tls_case *, tc)
{
	struct forge f;
	u8 buf[10];

	forge_open(&f, tc);
	forge_data(&f, "hello", 5);
	CHECK_EQ(recv(f.fd, buf, 1, 0), 1);
	CHECK(readable(f.fd));
	CHECK_EQ(recv(f.fd, buf, 3, 0), 3);
	CHECK(readable(f.fd));
	CHECK_EQ(recv(f.fd, buf, 10, 0), 1);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* Opened by MSG_PEEK or not opened yet: what is there is seen to the last. */
KTLS_TEST_EACH(poll_until_last_record, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	u8 buf[10];
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 4; i++)
		forge_send(&f, RECORD_HANDSHAKE, "\x04\0\0\0", 4);
	forge_make(&f, RECORD_DATA, "partial", 7);
	forge_piece(&f, 0, f.len - 1);
	for (i = 0; i < 4; i++) {
		CHECK(readable(f.fd));
		CHECK_EQ(got_msg(f.fd, buf, 10, MSG_PEEK).n, 4);
		CHECK(readable(f.fd));
		expect_record(&f, RECORD_HANDSHAKE, "\x04\0\0\0", 4);
	}
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* The length shows that nothing is in it. It stands before the next record. */
KTLS_TEST(poll_empty_record_12)
{
	struct recv_call r = { .events = POLLIN };
	struct forge f;
	int epfd, i;

	forge_open(&f, &case12);
	epfd = edge_new(f.fd);
	r.fd = f.fd;
	reader_start_asleep(&r);
	for (i = 0; i < 3; i++)
		forge_data(&f, "", 0);
	CHECK(!tcp_poll(f.fd, POLLIN, 0));
	CHECK(!edge_fired(epfd, 0));
	reader_expect_asleep(&r);
	forge_make(&f, RECORD_DATA, "x", 1);
	forge_piece(&f, 0, f.len - 1);
	CHECK(!tcp_poll(f.fd, POLLIN, 0));
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(reader_join(&r), 1);
	CHECK(edge_fired(epfd, 0));
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "x", 1);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* An empty record that is not data is something to read. */
KTLS_TEST_EACH(poll_empty_control_record, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_send(&f, RECORD_ALERT, "", 0);
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_ALERT, "", 0);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* Only opening it shows that it is empty: one read finds out. */
KTLS_TEST(poll_empty_record_13)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_padded(&f, RECORD_DATA, "", 0, 100);
	expect_error(&f, EAGAIN);
	CHECK(!readable(f.fd));
	forge_data(&f, "", 0);
	forge_data(&f, "x", 1);
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "x", 1);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* An error is an answer, and stays one. Sending is not concerned. */
static void broken_is_readable(struct forge *f)
{
	struct pollfd pfd = { .fd = f->fd, .events = POLLIN | POLLOUT };
	int epfd = edge_new(f->fd);

	CHECK(edge_fired(epfd, 0));
	expect_pollin(f);
	expect_error(f, EBADMSG);
	CHECK(readable(f->fd));
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLIN | POLLOUT);
}

KTLS_TEST_EACH(poll_bad_tag, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_bad(&f, RECORD_DATA, "hello", 5);
	broken_is_readable(&f);
	forge_close(&f);
}

/* The header alone shows it: no body needs to come. */
KTLS_TEST_EACH(poll_bad_header, each_version, const struct tls_case *, tc)
{
	struct recv_call r = { .len = 10 };
	struct forge f;

	forge_open(&f, tc);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_header(&f, RECORD_DATA, TLS12, 3);
	CHECK_EQ(reader_join(&r), -1);
	CHECK_EQ(r.err, EBADMSG);
	broken_is_readable(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(poll_end_of_stream, each_version, const struct tls_case *, tc)
{
	short in = POLLIN | POLLRDHUP;
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "last", 4);
	forge_fin(&f);
	CHECK(tcp_poll(f.fd, in, 0));
	expect_record(&f, RECORD_DATA, "last", 4);
	CHECK(tcp_poll(f.fd, in, 0));
	CHECK(readable(f.fd));
	expect_eof(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(poll_end_within_record, each_version, const struct tls_case *,
	       tc)
{
	struct recv_call r = { .events = POLLIN };
	struct forge f;

	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, "cut off", 7);
	forge_piece(&f, 0, 10);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_fin(&f);
	CHECK_EQ(reader_join(&r), 1);
	CHECK(readable(f.fd));
	expect_error(&f, ECONNRESET);
	CHECK(readable(f.fd));
	forge_close(&f);
}

KTLS_TEST_EACH(poll_after_shutdown_rd, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	u8 buf[10];

	forge_open(&f, tc);
	forge_data(&f, "hello", 5);
	CHECK_SYS(shutdown(f.fd, SHUT_RD));
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "hello", 5);
	CHECK(readable(f.fd));
	CHECK_EQ(recv(f.fd, buf, 10, 0), 0);
	forge_close(&f);
}

/* What waits behind a KeyUpdate cannot be read before the key is there. */
KTLS_TEST(poll_paused_until_rekey)
{
	static const u8 update[] = { 24, 0, 0, 1, 0 };
	struct forge f;
	int epfd;

	forge_open(&f, &case13);
	epfd = edge_new(f.fd);
	forge_send(&f, RECORD_HANDSHAKE, update, sizeof(update));
	CHECK(edge_fired(epfd, 0));
	forge_rekey(&f);
	forge_data(&f, "new", 3);
	expect_record(&f, RECORD_HANDSHAKE, update, sizeof(update));
	edge_fired(epfd, 0);
	CHECK(!tcp_poll(f.fd, POLLIN, 0));
	expect_error(&f, EKEYEXPIRED);
	forge_data(&f, "more", 4);
	CHECK(!tcp_poll(f.fd, POLLIN, 0));
	CHECK(!edge_fired(epfd, 0));
	CHECK_SYS(forge_set_key(&f));
	CHECK(edge_fired(epfd, 0));
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "newmore", 7);
	CHECK(!readable(f.fd));
	forge_close(&f);
}

/* A poller that comes after a read sleeps until a whole record is there. */
KTLS_TEST_EACH(poll_sleeps_after_read, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .events = POLLIN };
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	expect_record(&f, RECORD_DATA, "one", 3);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_make(&f, RECORD_DATA, "two", 3);
	forge_piece(&f, 0, f.len - 1);
	reader_expect_asleep(&r);
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(reader_join(&r), 1);
	forge_close(&f);
}
