// SPDX-License-Identifier: GPL-2.0
/*
 * Memory smaller than a record, segments smaller than anything, urgent bytes:
 * always the right bytes, and never a standstill.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "forge.h"
#include "reader.h"
#include "tools.h"

/* Records that each of the small buffers is to let through */
#define RECORDS rounds(4, 20)

static const int rcvbufs[] = { 2048, 4096, 8192, 16384 };

static void open_small(struct forge *f, const struct tls_case *tc, int rcvbuf)
{
	struct tcp_opts opts = { .local_rcvbuf = rcvbuf };

	forge_open_opts(f, tc, &opts);
}

static void check_bytes(struct forge *f, const u8 *back, size_t len)
{
	CHECK_MEM(back, test_data(len), len);
	forge_join(f);
	forge_close(f);
}

/* A reader that sleeps in recv(). */
KTLS_TEST_EACH_TIMEOUT(small_rcvbuf_blocking_reader, each_family,
		       const struct tls_case *, tc, 60)
{
	const size_t len = RECORDS * 16384;
	struct forge f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rcvbufs); i++) {
		open_small(&f, tc, rcvbufs[i]);
		forge_start(&f, test_data(len), len, 16384);
		expect_data(&f, test_data(len), len);
		forge_join(&f);
		forge_close(&f);
	}
}

/* Nobody is in the socket but epoll: softirq must make room. */
static void poll_only(const struct tls_case *tc, int rcvbuf, bool edge)
{
	const size_t len = RECORDS * 16384;
	u8 *back = malloc(len);
	size_t done = 0;
	struct forge f;
	ssize_t n;
	int epfd;

	CHECK(back);
	open_small(&f, tc, rcvbuf);
	epfd = edge_new(f.fd);
	forge_start(&f, test_data(len), len, 16384);
	while (done < len) {
		if (!(edge ? edge_fired(epfd, TCP_WAIT_MS) :
		      tcp_poll(f.fd, POLLIN, TCP_WAIT_MS)))
			FAIL("SO_RCVBUF %d: no end of the wait after %zu bytes",
			     rcvbuf, done);
		do {
			n = recv(f.fd, back + done, len - done, MSG_DONTWAIT);
			done += n > 0 ? n : 0;
		} while (edge && n > 0 && done < len);
		if (n < 0)
			CHECK(edge && errno == EAGAIN);
	}
	check_bytes(&f, back, len);
}

KTLS_TEST_EACH_TIMEOUT(small_rcvbuf_poll_only, each_family,
		       const struct tls_case *, tc, 60)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rcvbufs); i++)
		poll_only(tc, rcvbufs[i], false);
}

KTLS_TEST_EACH_TIMEOUT(small_rcvbuf_edges_only, each_version,
		       const struct tls_case *, tc, 60)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rcvbufs); i++)
		poll_only(tc, rcvbufs[i], true);
}

/* Data and other records, none of which fits. */
KTLS_TEST_EACH(small_rcvbuf_control_records, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(16000);
	static u8 wire[40000];
	struct writer w = { .bytes = wire, .max = 40000 };
	struct forge f;

	open_small(&f, tc, 4096);
	w.len = forge_make(&f, RECORD_HANDSHAKE, data, 16000);
	memcpy(wire, f.wire, f.len);
	w.len += forge_make(&f, RECORD_DATA, data, 16000);
	memcpy(wire + w.len - f.len, f.wire, f.len);
	w.fd = f.peer;
	writer_start(&w);
	expect_record(&f, RECORD_HANDSHAKE, data, 16000);
	expect_data(&f, data, 16000);
	writer_join(&w);
	forge_close(&f);
}

/* The last part of a record is less than the mark that TCP waits for. */
KTLS_TEST_EACH(small_rcvbuf_with_lowat, each_version, const struct tls_case *,
	       tc)
{
	const size_t len = 5 * 16384;
	u8 *back = malloc(len);
	struct forge f;
	size_t done;

	CHECK(back);
	open_small(&f, tc, 4096);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVLOWAT, 3000);
	forge_start(&f, test_data(len), len, 16384);
	for (done = 0; done < len; done += 16384)
		CHECK_EQ(recv(f.fd, back + done, 16384, 0), 16384);
	check_bytes(&f, back, len);
}

/* The stream ends, or is broken, in a record that has been taken in part. */
KTLS_TEST_EACH(small_rcvbuf_end_within_record, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 20000 };
	struct forge f;

	open_small(&f, tc, 4096);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_make(&f, RECORD_DATA, test_data(16384), 16384);
	tcp_write_full(f.peer, f.wire, f.len - 1);
	CHECK_SYS(shutdown(f.peer, SHUT_WR));
	CHECK_EQ(reader_join(&r), -1);
	CHECK_EQ(r.err, ECONNRESET);
	expect_stuck(&f, ECONNRESET);
	forge_close(&f);
}

KTLS_TEST_EACH(small_rcvbuf_bad_tag, each_version, const struct tls_case *, tc)
{
	struct forge f;
	u8 byte;

	open_small(&f, tc, 4096);
	forge_make(&f, RECORD_DATA, test_data(16384), 16384);
	f.wire[100] ^= 1;
	tcp_write_full(f.peer, f.wire, f.len);
	CHECK_ERRNO(recv(f.fd, &byte, 1, 0), EBADMSG);
	expect_stuck(&f, EBADMSG);
	forge_close(&f);
}

/* The key comes when the buffer is full of a record that does not fit. */
KTLS_TEST_EACH(small_rcvbuf_full_before_key, each_version,
	       const struct tls_case *, tc)
{
	struct tcp_opts opts = { .local_rcvbuf = 4096 };
	const u8 *data = test_data(5 * 16384);
	struct forge f;

	forge_attach(&f, tc, &opts);
	forge_make(&f, RECORD_DATA, "", 0);
	CHECK(tcp_poll(f.peer, POLLOUT, 0));
	tcp_write_full(f.peer, f.wire, f.len);
	forge_start(&f, data, 5 * 16384, 16384);
	poll(NULL, 0, TCP_QUIET_MS);
	forge_set_rx(&f);
	expect_data(&f, data, 5 * 16384);
	forge_join(&f);
	forge_close(&f);
}

/* Two records in one go, to a socket that has no room for the second one. */
static void send_empty_then_full(struct forge *f)
{
	u8 *wire = malloc(2 * 16384);
	size_t len;

	CHECK(wire);
	len = forge_make(f, RECORD_DATA, "", 0);
	memcpy(wire, f->wire, len);
	forge_make(f, RECORD_DATA, test_data(16384), 16384);
	memcpy(wire + len, f->wire, f->len);
	tcp_write_full(f->peer, wire, len + f->len);
	free(wire);
}

/* An empty record wakes nobody, but stands in the way of the next one. */
KTLS_TEST_EACH(small_rcvbuf_empty_then_full, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 16384, .flags = MSG_WAITALL };
	struct forge f;

	open_small(&f, tc, 4096);
	r.fd = f.fd;
	reader_start_asleep(&r);
	send_empty_then_full(&f);
	CHECK_EQ(reader_join(&r), 16384);
	CHECK_MEM(r.buf, test_data(16384), 16384);
	forge_close(&f);
}

KTLS_TEST_EACH(small_rcvbuf_empty_then_full_poll, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	ssize_t n;
	u8 byte;

	open_small(&f, tc, 4096);
	send_empty_then_full(&f);
	do {
		CHECK(tcp_poll(f.fd, POLLIN, TCP_WAIT_MS));
		n = recv(f.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	} while (n < 0);
	expect_data(&f, test_data(16384), 16384);
	forge_close(&f);
}

/* Records that arrive byte by byte, while somebody waits for them. */
KTLS_TEST_EACH(single_byte_segments, each_cipher, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 3; i++) {
		forge_make(&f, RECORD_DATA, test_data(200), 200);
		forge_dribble(&f);
		expect_record(&f, RECORD_DATA, test_data(200), 200);
	}
	forge_close(&f);
}

/* Many small sk_buffs and little memory: TCP collapses and prunes its queue. */
KTLS_TEST_EACH_TIMEOUT(small_segments_small_rcvbuf, each_version,
		       const struct tls_case *, tc, 60)
{
	const u8 *data = test_data(3 * 16384);
	struct writer w = { .max = 40, .seed = 3 };
	u8 *wire = malloc(60000);
	struct forge f;
	int i;

	CHECK(wire);
	open_small(&f, tc, 8192);
	for (i = 0; i < 3; i++) {
		forge_make(&f, RECORD_DATA, data + i * 16384, 16384);
		memcpy(wire + w.len, f.wire, f.len);
		w.len += f.len;
	}
	w.bytes = wire;
	w.fd = f.peer;
	writer_start(&w);
	expect_data(&f, data, 3 * 16384);
	writer_join(&w);
	forge_close(&f);
}

/* From a large buffer to a small one, with a record half there. */
KTLS_TEST_EACH(rcvbuf_shrinks_within_record, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = rounds(20000, 200000);
	const u8 *data = test_data(len);
	struct forge f;

	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, data, 16384);
	forge_piece(&f, 0, 9000);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVBUF, 2048);
	tcp_write_full(f.peer, f.wire + 9000, f.len - 9000);
	expect_data(&f, data, 16384);
	forge_start(&f, data, len, 16384);
	expect_data(&f, data, len);
	forge_join(&f);
	forge_close(&f);
}

/* Sends f.wire with the bytes up to and including that one marked urgent. */
static void send_urgent(struct forge *f, size_t from, size_t to)
{
	CHECK_EQ(send(f->peer, f->wire + from, to - from, MSG_OOB), to - from);
	f->sent += to - from;
	poll(NULL, 0, 5);
}

/* Urgent bytes are bytes of the stream like any other, wherever they stand. */
KTLS_TEST_EACH(urgent_byte_anywhere, each_version, const struct tls_case *, tc)
{
	struct forge f;
	size_t at, len;

	forge_open(&f, tc);
	len = forge_make(&f, RECORD_DATA, "urgent", 6);
	forge_write(&f);
	expect_record(&f, RECORD_DATA, "urgent", 6);
	for (at = 1; at < len; at += 3) {
		forge_make(&f, RECORD_DATA, "urgent", 6);
		send_urgent(&f, 0, at);
		forge_piece(&f, at, f.len);
		expect_record(&f, RECORD_DATA, "urgent", 6);
		expect_nothing(&f);
	}
	forge_close(&f);
}

/* TCP would skip an urgent byte that nobody has read when the next one comes. */
KTLS_TEST_EACH(urgent_bytes_in_a_row, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	size_t i;

	forge_open(&f, tc);
	tcp_set_int(f.peer, IPPROTO_TCP, TCP_NODELAY, 1);
	forge_make(&f, RECORD_DATA, "urgent", 6);
	for (i = 0; i < f.len; i++)
		send_urgent(&f, i, i + 1);
	expect_record(&f, RECORD_DATA, "urgent", 6);
	forge_make(&f, RECORD_DATA, "again", 5);
	for (i = 0; i < f.len; i++)
		send_urgent(&f, i, i + 1);
	expect_record(&f, RECORD_DATA, "again", 5);
	forge_close(&f);
}

/* Unread records, an urgent byte at the end of each. */
KTLS_TEST_EACH(urgent_bytes_in_queue, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(5 * 1000);
	struct forge f;
	int i;

	forge_open(&f, tc);
	for (i = 0; i < 5; i++) {
		forge_make(&f, RECORD_DATA, data + i * 1000, 1000);
		send_urgent(&f, 0, i & 1 ? f.len : 1);
		if (!(i & 1))
			forge_piece(&f, 1, f.len);
	}
	expect_data(&f, data, 5 * 1000);
	expect_nothing(&f);
	forge_close(&f);
}

/* The urgent byte came before the key, and is the first of the record. */
KTLS_TEST_EACH(urgent_byte_before_key, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_attach(&f, tc, NULL);
	forge_make(&f, RECORD_DATA, "hello", 5);
	send_urgent(&f, 0, 1);
	forge_set_rx(&f);
	send_urgent(&f, 1, 2);
	forge_piece(&f, 2, f.len);
	expect_record(&f, RECORD_DATA, "hello", 5);
	forge_close(&f);
}

static void write_file(const char *path, const char *text)
{
	int fd = CHECK_SYS(open(path, O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	ssize_t n = CHECK_SYS(read(fd, text, size - 1));

	text[n] = 0;
	close(fd);
}

static void receive_some(const struct tls_case *tc)
{
	const size_t len = rounds(100000, 500000);
	const u8 *data = test_data(len);
	struct forge f;

	forge_open(&f, tc);
	forge_start(&f, data, len, 16384);
	expect_data(&f, data, len);
	forge_join(&f);
	forge_close(&f);
}

/*
 * All of TCP is short of memory. In a child that ends in any case: the limits
 * are everybody's and must be put back.
 */
KTLS_TEST_EACH_TIMEOUT(tcp_memory_pressure, each_version,
		       const struct tls_case *, tc, 60)
{
	static const char path[] = "/proc/sys/net/ipv4/tcp_mem";
	char before[100];
	int status;
	pid_t pid;

	read_file(path, before, sizeof(before));
	write_file(path, "1 2 400");
	fflush(stdout);
	pid = CHECK_SYS(fork());
	if (!pid) {
		alarm(40);
		receive_some(tc);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	write_file(path, before);
	CHECK_EQ(status, 0);
}

/* The smallest buffers that a system can be set to. */
KTLS_TEST_EACH_TIMEOUT(tcp_rmem_minimal, each_version,
		       const struct tls_case *, tc, 60)
{
	const size_t len = rounds(60000, 300000);
	const u8 *data = test_data(len);
	struct forge f;

	own_netns();
	write_file("/proc/sys/net/ipv4/tcp_rmem", "4096 4096 4096");
	forge_open(&f, tc);
	forge_start(&f, data, len, 16384);
	expect_data(&f, data, len);
	forge_join(&f);
	forge_close(&f);
}
