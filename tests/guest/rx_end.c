// SPDX-License-Identifier: GPL-2.0
/* How a stream ends: FIN, reset, shutdown, close. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

static u8 buf[1000];

KTLS_TEST_EACH(rx_eof, each_family, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	forge_data(&f, "last", 4);
	forge_send(&f, RECORD_ALERT, "\x01\x00", 2);
	forge_fin(&f);
	expect_record(&f, RECORD_DATA, "last", 4);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	for (i = 0; i < 3; i++) {
		expect_eof(&f);
		CHECK_EQ(read(f.fd, buf, 10), 0);
		CHECK_EQ(recv(f.fd, buf, 10, MSG_WAITALL), 0);
		CHECK(tcp_poll(f.fd, POLLRDHUP, 0));
	}
}

KTLS_TEST_EACH(rx_eof_at_once, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_fin(&f);
	expect_eof(&f);
	expect_eof(&f);
}

KTLS_TEST_EACH(rx_eof_behind_empty, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 20; i++)
		forge_data(&f, "", 0);
	forge_fin(&f);
	expect_eof(&f);
	expect_eof(&f);
}

/* FIN comes with the last bytes in one segment. */
KTLS_TEST_EACH(rx_eof_same_segment, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	tcp_set_int(f.peer, IPPROTO_TCP, TCP_CORK, 1);
	forge_make(&f, RECORD_DATA, "last", 4);
	tcp_write_full(f.peer, f.wire, f.len);
	f.sent += f.len;
	forge_fin(&f);
	expect_record(&f, RECORD_DATA, "last", 4);
	expect_eof(&f);
}

/* FIN after so many bytes of a record; records in front of it are delivered. */
static void check_truncated(const struct tls_case *tc, size_t bytes)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_make(&f, RECORD_DATA, "truncated", 9);
	forge_piece(&f, 0, bytes ? bytes : f.len - 1);
	forge_fin(&f);
	expect_peek(&f, RECORD_DATA, "good", 4);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "good", 4, true);
	expect_pollin(&f);
	expect_stuck(&f, ECONNRESET);
	CHECK_EQ(tcp_get_int(f.fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK(!tcp_poll(f.fd, POLLERR, 0));
	conn_set_tx(&f.c, NULL);
	conn_send(&f.c, "still here", 10, 0);
	peer_expect(&f.c, RECORD_DATA, "still here", 10);
	expect_stuck(&f, ECONNRESET);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_truncated_in_header, each_version, const struct tls_case *,
	       tc)
{
	size_t bytes;

	for (bytes = 1; bytes < RECORD_HEADER; bytes++)
		check_truncated(tc, bytes);
}

KTLS_TEST_EACH(rx_truncated_in_body, each_version, const struct tls_case *, tc)
{
	check_truncated(tc, RECORD_HEADER);
	check_truncated(tc, RECORD_HEADER + 1);
	check_truncated(tc, RECORD_HEADER + 10);
	check_truncated(tc, 0);
}

/* The last bytes of a record that is not whole come with the FIN. */
KTLS_TEST_EACH(rx_truncated_same_segment, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	tcp_set_int(f.peer, IPPROTO_TCP, TCP_CORK, 1);
	forge_make(&f, RECORD_DATA, "last", 4);
	tcp_write_full(f.peer, f.wire, f.len - 1);
	f.sent += f.len - 1;
	forge_fin(&f);
	expect_stuck(&f, ECONNRESET);
}

/* What arrived before a reset is delivered, then the reset, then the end. */
KTLS_TEST_EACH(rx_reset_behind_records, each_family, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	forge_send(&f, 100, "control", 7);
	forge_data(&f, "two", 3);
	tcp_reset(f.peer);
	f.c.peer = -1;
	CHECK(tcp_poll(f.fd, POLLERR | POLLHUP, TCP_WAIT_MS));
	expect_record(&f, RECORD_DATA, "one", 3);
	expect_record(&f, 100, "control", 7);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "two", 3, true);
	expect_error(&f, ECONNRESET);
	CHECK_EQ(recv(f.fd, buf, 10, 0), 0);
}

KTLS_TEST_EACH(rx_reset_in_record, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, "part", 4);
	forge_piece(&f, 0, 12);
	tcp_reset(f.peer);
	f.c.peer = -1;
	CHECK(tcp_poll(f.fd, POLLERR | POLLHUP, TCP_WAIT_MS));
	expect_error(&f, ECONNRESET);
}

/* FIN and then RST, as from a peer that closes while we send. */
static void fin_and_reset(struct forge *f)
{
	forge_fin(f);
	tcp_reset(f->peer);
	f->c.peer = -1;
	CHECK(tcp_poll(f->fd, POLLERR | POLLHUP, TCP_WAIT_MS));
}

KTLS_TEST_EACH(rx_fin_then_reset, each_family, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "last", 4);
	fin_and_reset(&f);
	expect_record(&f, RECORD_DATA, "last", 4);
	expect_error(&f, EPIPE);
	expect_eof(&f);
	CHECK_EQ(recv(f.fd, buf, 10, MSG_WAITALL), 0);
	CHECK_EQ(recv(f.fd, buf, 10, MSG_PEEK), 0);
}

/* The end comes within a record, whoever takes the socket's error. */
KTLS_TEST_EACH(rx_truncated_then_reset, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	int i;

	for (i = 0; i < 2; i++) {
		forge_open(&f, tc);
		forge_data(&f, "good", 4);
		forge_make(&f, RECORD_DATA, "truncated", 9);
		forge_piece(&f, 0, f.len - i * 8 - 1);
		fin_and_reset(&f);
		expect_record(&f, RECORD_DATA, "good", 4);
		if (i)
			expect_error(&f, EPIPE);
		else
			CHECK_EQ(tcp_get_int(f.fd, SOL_SOCKET, SO_ERROR),
				 EPIPE);
		expect_stuck(&f, ECONNRESET);
		forge_close(&f);
	}
}

/* shutdown(SHUT_RD): what is queued is delivered, then the end. */
KTLS_TEST_EACH(rx_shutdown_read, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "queued", 6);
	forge_send(&f, 100, "control", 7);
	CHECK_SYS(shutdown(f.fd, SHUT_RD));
	expect_record(&f, RECORD_DATA, "queued", 6);
	expect_record(&f, 100, "control", 7);
	expect_eof(&f);
	conn_set_tx(&f.c, NULL);
	conn_send(&f.c, "sends", 5, 0);
	peer_expect(&f.c, RECORD_DATA, "sends", 5);
	forge_data(&f, "more", 4);
	expect_record(&f, RECORD_DATA, "more", 4);
	expect_eof(&f);
}

KTLS_TEST_EACH(rx_shutdown_write, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	conn_set_tx(&f.c, NULL);
	conn_send(&f.c, "bye", 3, MSG_MORE);
	CHECK_SYS(shutdown(f.fd, SHUT_WR));
	peer_expect(&f.c, RECORD_DATA, "bye", 3);
	peer_expect_eof(&f.c);
	forge_data(&f, "half open", 9);
	expect_record(&f, RECORD_DATA, "half open", 9);
	expect_nothing(&f);
	forge_fin(&f);
	expect_eof(&f);
}

KTLS_TEST_EACH(rx_shutdown_both, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "queued", 6);
	CHECK_SYS(shutdown(f.fd, SHUT_RDWR));
	expect_record(&f, RECORD_DATA, "queued", 6);
	expect_eof(&f);
	tcp_expect_eof(f.peer);
}

/* A key may be set when nothing more can come, or be sent. */
KTLS_TEST_EACH(rx_key_after_fin, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_attach(&f, tc, NULL);
	forge_data(&f, "early", 5);
	forge_fin(&f);
	CHECK_SYS(shutdown(f.fd, SHUT_WR));
	forge_set_rx(&f);
	expect_record(&f, RECORD_DATA, "early", 5);
	expect_eof(&f);
}

/* Like plain TCP: what is closed with unread bytes is reset. */
KTLS_TEST_EACH(rx_close_unread, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "unread", 6);
	conn_close_local(&f.c);
	tcp_expect_reset(f.peer);
	forge_close(&f);
	forge_open(&f, tc);
	forge_data(&f, "opened", 6);
	expect_peek(&f, RECORD_DATA, "opened", 6);
	conn_close_local(&f.c);
	tcp_expect_reset(f.peer);
}

KTLS_TEST_EACH(rx_close_read, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "read", 4);
	expect_record(&f, RECORD_DATA, "read", 4);
	conn_close_local(&f.c);
	tcp_expect_eof(f.peer);
}
