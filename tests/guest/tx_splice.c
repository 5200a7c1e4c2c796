// SPDX-License-Identifier: GPL-2.0
/*
 * Records from sendfile() and splice(); those of MSG_MORE are in tx_splice_more.c.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "flow.h"
#include "ktls.h"
#include "spliced.h"
#include "tools.h"

/* TLS_TX_MAX_PAYLOAD_LEN cannot be set while there is an open record. */
static void expect_no_open_record(struct conn *c)
{
	CHECK_SYS(ktls_set_max_payload(c->fd, RECORD_PLAIN_MAX));
}

/* Records as large as can be, and the file as it was. */
KTLS_TEST_EACH(splice_sendfile_sizes, each_case, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 16384, 16384, 16384, 848 };
	struct source s;
	struct conn c;

	source_open(&s, 50000);
	conn_open(&c, tc);
	CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, NULL, s.len)), s.len);
	peer_expect_sizes(&c, s.data, sizes, ARRAY_SIZE(sizes));
	expect_no_open_record(&c);
	conn_check_tx(&c);
	conn_close_local(&c);
	peer_expect_eof(&c);
	source_check(&s);
}

KTLS_TEST(splice_sendfile_offsets)
{
	static const off_t offsets[] = { 1, 15, 4095, 4097, 12345, 49999 };
	struct source s;
	struct conn c;
	size_t i;

	source_open(&s, 50000);
	conn_open(&c, &case13);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		size_t len = s.len - offsets[i];
		u64 before = c.in.records;
		off_t at = offsets[i];

		CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, &at, len)), len);
		CHECK_EQ(at, s.len);
		peer_expect_data(&c, s.data + offsets[i], len);
		CHECK_EQ(c.in.records - before,
			 (len + RECORD_PLAIN_MAX - 1) / RECORD_PLAIN_MAX);
	}
	source_check(&s);
}

/* From an odd offset and longer than a pipe: still no record is cut short. */
KTLS_TEST(splice_sendfile_long_odd_offset)
{
	size_t sizes[19], i;
	struct source s;
	struct conn c;
	off_t at = 777;

	if (!splice_more_merges())
		SKIP("this kernel does not say that a splice has ended");
	for (i = 0; i < 18; i++)
		sizes[i] = RECORD_PLAIN_MAX;
	sizes[18] = 1000;
	source_open(&s, at + 18 * RECORD_PLAIN_MAX + 1000);
	conn_open(&c, &case13);
	CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, &at, s.len)), s.len - 777);
	peer_expect_sizes(&c, s.data + 777, sizes, ARRAY_SIZE(sizes));
	expect_no_open_record(&c);
}

/* A count beyond the end of the file: nothing waits for bytes that are not. */
KTLS_TEST_EACH(splice_sendfile_beyond_end, each_version,
	       const struct tls_case *, tc)
{
	static const size_t lens[] = { 1, 4096, 20000, 32768, 65536, 65537,
				       100001 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct source s;
		struct conn c;
		off_t at = 0;

		source_open(&s, lens[i]);
		conn_open(&c, tc);
		peer_expect_start(&c, s.data, lens[i]);
		CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, &at, 1 << 24)),
			 lens[i]);
		expect_no_open_record(&c);
		peer_expect_join(&c);
		CHECK_EQ(c.in.records, (lens[i] + RECORD_PLAIN_MAX - 1) /
			 RECORD_PLAIN_MAX);
		CHECK_EQ(sendfile(c.fd, s.fd, &at, 1), 0);
		close(s.fd);
		conn_close(&c);
	}
}

/* Nor does TCP keep full records back, which it was told others would follow. */
KTLS_TEST(splice_sendfile_end_leaves_tcp)
{
	struct source s;
	struct conn c;
	off_t at = 0;

	source_open(&s, 2 * RECORD_PLAIN_MAX);
	conn_open(&c, &case13);
	CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, &at, 1 << 24)), s.len);
	CHECK_EQ(outq_nsd(c.fd), 0);
	peer_expect_data(&c, s.data, s.len);
}

/* Spliced bytes go behind those of an earlier MSG_MORE, and close them. */
KTLS_TEST(splice_ends_open_record)
{
	const u8 *data = test_data(5000);
	struct pipe p;
	struct conn c;

	pipe_open(&p);
	conn_open(&c, &case13);
	conn_send(&c, data, 1000, MSG_MORE);
	splice_piece(&c, &p, data + 1000, 4000, 0);
	peer_expect(&c, RECORD_DATA, data, 5000);
}

/* The pipe holds less than was asked for: what it had goes at once. */
KTLS_TEST(splice_pipe_runs_short)
{
	const u8 *data = test_data(3000);
	struct pipe p;
	struct conn c;

	pipe_open(&p);
	conn_open(&c, &case13);
	CHECK_EQ(write(p.in, data, 3000), 3000);
	CHECK_EQ(CHECK_SYS(splice(p.out, NULL, c.fd, NULL, 100000, 0)), 3000);
	expect_no_open_record(&c);
	peer_expect(&c, RECORD_DATA, data, 3000);
	CHECK_ERRNO(splice(p.out, NULL, c.fd, NULL, 1, SPLICE_F_NONBLOCK),
		    EAGAIN);
	close(p.in);
	CHECK_EQ(splice(p.out, NULL, c.fd, NULL, 1, 0), 0);
	peer_expect_quiet(&c);
}

#define PIECES 40

/* Pieces of 1 to PIECES bytes, each from a place of its own. */
static size_t odd_pieces(const u8 *data, struct iovec *iov)
{
	size_t i, at = 0;

	for (i = 0; i < PIECES; i++) {
		iov[i].iov_base = (void *)(data + at);
		iov[i].iov_len = i + 1;
		at += i + 1;
	}
	return at;
}

KTLS_TEST(splice_odd_pieces)
{
	const u8 *data = test_data(PIECES * PIECES);
	struct iovec iov[PIECES];
	struct pipe p;
	struct conn c;
	size_t len;

	pipe_open(&p);
	conn_open(&c, &case13);
	len = odd_pieces(data, iov);
	vmsplice_all(&p, iov, PIECES, len);
	CHECK_EQ(CHECK_SYS(splice(p.out, NULL, c.fd, NULL, len, 0)), len);
	peer_expect(&c, RECORD_DATA, data, len);
	/* and one by one, with and without others behind it */
	vmsplice_all(&p, iov, PIECES, len);
	for (size_t i = 0; i < PIECES; i++) {
		CHECK_EQ(splice(p.out, NULL, c.fd, NULL, i + 1, 0), i + 1);
		peer_expect(&c, RECORD_DATA, iov[i].iov_base, i + 1);
	}
}

/* What was sent is what the pages held at the call, not what they hold now. */
KTLS_TEST(splice_pages_changed_after_call)
{
	u8 *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const u8 *data = test_data(8192);
	struct iovec iov = { page, 8192 };
	struct pipe p;
	struct conn c;

	CHECK(page != MAP_FAILED);
	pipe_open(&p);
	conn_open(&c, &case13);
	memcpy(page, data, 8192);
	vmsplice_all(&p, &iov, 1, 8192);
	CHECK_EQ(splice(p.out, NULL, c.fd, NULL, 4096, SPLICE_F_MORE), 4096);
	memset(page, 0x55, 4096);
	CHECK_EQ(splice(p.out, NULL, c.fd, NULL, 4096, 0), 4096);
	memset(page + 4096, 0x55, 4096);
	peer_expect_data(&c, data, 8192);
}

/* Only the page that a vmsplice gave is read, and nothing is written to it. */
KTLS_TEST(splice_leaves_user_pages)
{
	u8 *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const u8 *data = test_data(4096);
	struct iovec iov = { page + 100, 1000 };
	struct pipe p;
	struct conn c;

	CHECK(page != MAP_FAILED);
	pipe_open(&p);
	conn_open(&c, &case13);
	memcpy(page, data, 4096);
	vmsplice_all(&p, &iov, 1, 1000);
	CHECK_EQ(splice(p.out, NULL, c.fd, NULL, 1000, SPLICE_F_MORE), 1000);
	conn_send(&c, data + 1100, 4, 0);
	peer_expect_data(&c, data + 100, 1004);
	CHECK_MEM(page, data, 4096);
}

/* Counts are exact when the socket is full in between. */
KTLS_TEST_EACH(splice_sendfile_nonblocking, each_version,
	       const struct tls_case *, tc)
{
	struct tcp_opts opts = small_buffers;
	bool was_full = false;
	struct source s;
	struct conn c;
	off_t at = 0;
	off_t from;
	ssize_t n;

	opts.nonblock = true;
	source_open(&s, 1000003);
	conn_open_opts(&c, tc, &opts);
	while (at < (off_t)s.len) {
		from = at;
		n = sendfile(c.fd, s.fd, &at, s.len);
		CHECK_EQ(at - from, n < 0 ? 0 : n);
		if (n > 0)
			continue;
		CHECK_ERRNO(n, EAGAIN);
		if (!was_full)
			peer_expect_start(&c, s.data, s.len);
		was_full = true;
		CHECK(tcp_poll(c.fd, POLLOUT, TCP_WAIT_MS));
	}
	CHECK(was_full);
	expect_no_open_record(&c);
	peer_expect_join(&c);
}

/*
 * Blocking, with a limit on what is unsent and a window that takes no record at
 * once: the limit is for what is taken, and what has been sealed goes.
 */
KTLS_TEST(splice_sendfile_notsent_lowat)
{
	const struct tcp_opts opts = { .sndbuf = 65536, .rcvbuf = 4096 };
	off_t from = 1000;
	struct source s;
	struct conn c;
	size_t len;

	own_netns();
	source_open(&s, 1 << 17);
	/* Pieces of 16 pages, one less 1000 bytes, would be 4 + 4 records. */
	len = s.len - from - 16000;
	conn_open_opts(&c, &case13, &opts);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1000);
	peer_expect_start(&c, s.data + from, len);
	CHECK_EQ(CHECK_SYS(sendfile(c.fd, s.fd, &from, len)), len);
	peer_expect_join(&c);
	if (splice_more_merges())
		CHECK_EQ(c.in.records, 7);
	CHECK_EQ(stat_value("KtlsTxRests"), 0);
}

/* What limits how much of a file is taken at once */
struct limit_case {
	const char *name;
	struct tcp_opts opts;
	int lowat;		/* TCP_NOTSENT_LOWAT, 0: not set */
};

static const struct limit_case limit_cases[] = {
	{ "none", { .nonblock = true }, 0 },
	{ "lowat_1", { .nonblock = true }, 1 },
	{ "lowat_16384", { .nonblock = true }, 16384 },
	{ "sndbuf_4608", { .nonblock = true, .sndbuf = 2304 }, 0 },
	{ "sndbuf_17200", { .nonblock = true, .sndbuf = 8600 }, 0 },
	{ "sndbuf_30000", { .nonblock = true, .sndbuf = 15000 }, 0 },
	{ "sndbuf_100000", { .nonblock = true, .sndbuf = 50000 }, 0 },
	{ "both", { .nonblock = true, .sndbuf = 50000 }, 16384 },
};

static const void *each_limit(unsigned int i, char *name, size_t size)
{
	if (i >= ARRAY_SIZE(limit_cases))
		return NULL;
	snprintf(name, size, "%s", limit_cases[i].name);
	return &limit_cases[i];
}

/*
 * TCP may keep back less than a segment, which is a record over loopback, for as
 * long as the next pages of a splice come: so these must find room. They come one
 * by one or 16 at a time. No window is ever full here, for it takes all of it.
 */
KTLS_TEST_EACH(splice_needs_no_timer, each_limit, const struct limit_case *,
	       lc)
{
	const u8 *data = test_data(30000);
	struct iovec iov[20];
	size_t done = 0;
	struct pipe p;
	struct conn c;
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ (u8 *)data + 1500 * i, 1500 };
	pipe_open(&p);
	vmsplice_all(&p, iov, ARRAY_SIZE(iov), 30000);
	conn_open_opts(&c, &case13, &lc->opts);
	if (lc->lowat)
		tcp_set_int(c.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, lc->lowat);
	while (done < 30000) {
		n = splice(p.out, NULL, c.fd, NULL, 30000 - done, 0);
		done += n < 0 ? 0 : n;
		if (n >= 0)
			continue;
		CHECK_EQ(errno, EAGAIN);
		CHECK(!tcp_stands_still(c.fd));
		CHECK(tcp_poll(c.fd, POLLOUT, TCP_WAIT_MS));
	}
	CHECK(!tcp_stands_still(c.fd));
	peer_expect_data(&c, data, 30000);
}

/* Errors of the connection come out of sendfile() as out of send(). */
KTLS_TEST(splice_sendfile_after_shutdown)
{
	struct source s;
	struct conn c;

	source_open(&s, 100);
	conn_open(&c, &case13);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	CHECK_ERRNO(sendfile(c.fd, s.fd, NULL, 100), EPIPE);
	peer_expect_eof(&c);
}
