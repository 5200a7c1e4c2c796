// SPDX-License-Identifier: GPL-2.0
/* How a stream of bytes is cut into records. */
#include <stdlib.h>
#include <string.h>

#include "ktls.h"
#include "tools.h"

#define FULL 16384

static void expect_nothing_open(struct conn *c)
{
	/* Refused while there is an open record. */
	CHECK_SYS(ktls_set_max_payload(c->fd, FULL));
	peer_expect_quiet(c);
}

struct split {
	size_t len;
	size_t sizes[4];
};

KTLS_TEST_EACH(tx_splits, each_version, const struct tls_case *, tc)
{
	static const struct split splits[] = {
		{ 1, { 1 } },
		{ FULL - 1, { FULL - 1 } },
		{ FULL, { FULL } },
		{ FULL + 1, { FULL, 1 } },
		{ 40000, { FULL, FULL, 7232 } },
		{ 3 * FULL, { FULL, FULL, FULL } },
	};
	size_t i, n;
	struct conn c;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(splits); i++) {
		const u8 *data = test_data(splits[i].len);

		conn_send(&c, data, splits[i].len, 0);
		for (n = 0; n < 4 && splits[i].sizes[n]; n++)
			;
		peer_expect_sizes(&c, data, splits[i].sizes, n);
	}
	expect_nothing_open(&c);
}

static void check_max_payload(struct conn *c, size_t max)
{
	const size_t lens[] = { 1, max - 1, max, max + 1, 3 * max + 5 };
	size_t i, n, sizes[4];

	CHECK_SYS(ktls_set_max_payload(c->fd, max));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		size_t left = lens[i];
		const u8 *data = test_data(left);

		conn_send(c, data, left, 0);
		for (n = 0; left; n++) {
			sizes[n] = left < max ? left : max;
			left -= sizes[n];
		}
		peer_expect_sizes(c, data, sizes, n);
	}
	peer_expect_quiet(c);
}

KTLS_TEST_EACH(tx_max_payload, each_family, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	if (tc->version == TLS13)
		check_max_payload(&c, 63);
	check_max_payload(&c, 64);
	check_max_payload(&c, 100);
	check_max_payload(&c, 4096);
	check_max_payload(&c, FULL);
}

/* Set before the key it counts from the first record on. */
KTLS_TEST_EACH(tx_max_payload_before_key, each_version,
	       const struct tls_case *, tc)
{
	static const size_t sizes[] = { 100, 100, 50 };
	const u8 *data = test_data(250);
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	conn_set_tx(&c, NULL);
	conn_send(&c, data, 250, 0);
	peer_expect_sizes(&c, data, sizes, 3);
	CHECK_SYS(ktls_set_max_payload(c.fd, FULL));
	conn_send(&c, data, 250, 0);
	peer_expect(&c, RECORD_DATA, data, 250);
}

KTLS_TEST_EACH(tx_more_merges, each_family, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "hello ", 6, MSG_MORE);
	conn_send(&c, "wor", 3, MSG_MORE);
	peer_expect_quiet(&c);
	conn_send(&c, "ld", 2, 0);
	peer_expect(&c, RECORD_DATA, "hello world", 11);
	expect_nothing_open(&c);
}

KTLS_TEST_EACH(tx_more_many_pieces, each_version, const struct tls_case *, tc)
{
	const size_t piece = 37, count = 200;
	const u8 *data = test_data(piece * count);
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	for (i = 0; i < count - 1; i++)
		conn_send(&c, data + i * piece, piece, MSG_MORE);
	peer_expect_quiet(&c);
	conn_send(&c, data + i * piece, piece, 0);
	peer_expect(&c, RECORD_DATA, data, piece * count);
}

/* The memory of two records that grow in turns is in as many pieces. */
KTLS_TEST_EACH(tx_more_two_sockets, each_version, const struct tls_case *, tc)
{
	const size_t piece = 37, count = 100;
	const u8 *data = test_data(piece * count);
	struct conn a, b;
	size_t i;

	conn_open(&a, tc);
	conn_open(&b, tc);
	for (i = 0; i < count; i++) {
		int more = i < count - 1 ? MSG_MORE : 0;

		conn_send(&a, data + i * piece, piece, more);
		conn_send(&b, data + i * piece, piece, more);
	}
	peer_expect_data(&a, data, piece * count);
	peer_expect_data(&b, data, piece * count);
}

/* Also when they come from as many pages. */
KTLS_TEST_EACH(tx_writev_many_pieces, each_version, const struct tls_case *, tc)
{
	const size_t piece = 100, count = 64;
	const u8 *data = test_data(piece * count);
	struct iovec iov[64];
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	for (i = 0; i < count; i++) {
		iov[i].iov_base = edge_copy(data + i * piece, piece);
		iov[i].iov_len = piece;
	}
	CHECK_EQ(writev(c.fd, iov, count), piece * count);
	peer_expect(&c, RECORD_DATA, data, piece * count);
	CHECK_EQ(send_iov(c.fd, iov, count - 1, MSG_MORE), piece * (count - 1));
	peer_expect_quiet(&c);
	CHECK_EQ(send_iov(c.fd, iov + count - 1, 1, 0), piece);
	peer_expect(&c, RECORD_DATA, data, piece * count);
}

/* A record is full: it leaves, and there is no open one behind it. */
KTLS_TEST_EACH(tx_more_fills_exactly, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, data, FULL, MSG_MORE);
	peer_expect(&c, RECORD_DATA, data, FULL);
	expect_nothing_open(&c);
	conn_send(&c, data, 10000, MSG_MORE);
	conn_send(&c, data + 10000, FULL - 10000, MSG_MORE);
	peer_expect(&c, RECORD_DATA, data, FULL);
	expect_nothing_open(&c);
	conn_send(&c, data, 10000, MSG_MORE);
	conn_send(&c, data + 10000, FULL - 10000, 0);
	peer_expect(&c, RECORD_DATA, data, FULL);
	expect_nothing_open(&c);
}

/* The full record is there when the call returns; the rest waits. */
KTLS_TEST_EACH(tx_more_lets_full_records_go, each_family,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(2 * FULL + 1000);
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, data, 2 * FULL + 999, MSG_MORE);
	CHECK_EQ(outq_nsd(c.fd), 999);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect(&c, RECORD_DATA, data + FULL, FULL);
	peer_expect_quiet(&c);
	conn_send(&c, data + 2 * FULL + 999, 1, 0);
	peer_expect(&c, RECORD_DATA, data + 2 * FULL, 1000);
}

KTLS_TEST_EACH(tx_more_with_max_payload, each_version, const struct tls_case *,
	       tc)
{
	static const size_t sizes[] = { 100, 100, 51 };
	const u8 *data = test_data(251);
	struct conn c;

	conn_open(&c, tc);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	conn_send(&c, data, 60, MSG_MORE);
	peer_expect_quiet(&c);
	conn_send(&c, data + 60, 190, MSG_MORE);
	peer_expect_sizes(&c, data, sizes, 2);
	peer_expect_quiet(&c);
	conn_send(&c, data + 250, 1, 0);
	peer_expect(&c, RECORD_DATA, data + 200, 51);
}

KTLS_TEST_EACH(tx_eor, each_family, const struct tls_case *, tc)
{
	const u8 *data = test_data(20000);
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "one", 3, MSG_EOR);
	peer_expect(&c, RECORD_DATA, "one", 3);
	conn_send(&c, "two, ", 5, MSG_MORE);
	CHECK_ERRNO(send(c.fd, "bad", 3, MSG_MORE | MSG_EOR), EINVAL);
	peer_expect_quiet(&c);
	conn_send(&c, "three", 5, MSG_EOR);
	peer_expect(&c, RECORD_DATA, "two, three", 10);
	conn_send(&c, data, 20000, MSG_EOR);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect(&c, RECORD_DATA, data + FULL, 20000 - FULL);
	expect_nothing_open(&c);
}

static void send_nothing(struct conn *c)
{
	struct iovec iov[2] = { { "x", 0 }, { NULL, 0 } };

	conn_send(c, "x", 0, 0);
	conn_send(c, "x", 0, MSG_EOR);
	conn_send(c, "x", 0, MSG_MORE);
	conn_send(c, NULL, 0, MSG_DONTWAIT);
	CHECK_EQ(write(c->fd, "x", 0), 0);
	CHECK_EQ(send_iov(c->fd, NULL, 0, 0), 0);
	CHECK_EQ(send_iov(c->fd, iov, 2, 0), 0);
}

KTLS_TEST_EACH(tx_zero_length, each_version, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	send_nothing(&c);
	CHECK_EQ(outq(c.fd), 0);
	expect_nothing_open(&c);
	conn_send(&c, "open", 4, MSG_MORE);
	send_nothing(&c);
	CHECK_EQ(outq(c.fd), 4);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
	conn_check_tx(&c);
}

/* Pieces of no length between others */
KTLS_TEST_EACH(tx_zero_length_pieces, each_version, const struct tls_case *, tc)
{
	struct iovec iov[5] = {
		{ NULL, 0 }, { "ab", 2 }, { NULL, 0 }, { "c", 1 }, { NULL, 0 },
	};
	struct conn c;

	conn_open(&c, tc);
	CHECK_EQ(writev(c.fd, iov, 5), 3);
	peer_expect(&c, RECORD_DATA, "abc", 3);
	expect_nothing_open(&c);
}

/* Bits that user space may set and the kernel does not take for its own */
static bool is_refused_flag(unsigned int bit)
{
	static const unsigned int other = MSG_MORE | MSG_DONTWAIT |
		MSG_NOSIGNAL | MSG_EOR;
	/*
	 * splice's; taken off user space's calls since 6.5, and before it TCP's
	 * own business that nobody can hand in.
	 */
	static const unsigned int internal = 0x10000 | 0x20000 | 0x80000 |
		0x100000 | 0x8000000;
	/* MSG_CMSG_COMPAT is for the kernel's compat calls. */
	return !(bit & (other | internal | 0x80000000));
}

KTLS_TEST_EACH(tx_flags_refused, each_family, const struct tls_case *, tc)
{
	unsigned int bit, refused = 0;
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	for (bit = 1; bit; bit <<= 1) {
		if (!is_refused_flag(bit))
			continue;
		CHECK_ERRNO(send(c.fd, "bad", 3, bit), EOPNOTSUPP);
		CHECK_ERRNO(send(c.fd, "bad", 3, bit | MSG_MORE), EOPNOTSUPP);
		CHECK_ERRNO(send(c.fd, "", 0, bit), EOPNOTSUPP);
		refused |= bit;
	}
	CHECK(refused & MSG_OOB && refused & MSG_ZEROCOPY &&
	      refused & MSG_FASTOPEN && refused & MSG_PEEK);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, MSG_NOSIGNAL | MSG_DONTWAIT);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST_EACH(tx_every_call, each_family, const struct tls_case *, tc)
{
	struct iovec iov[3] = { { "a", 1 }, { "bc", 2 }, { "def", 3 } };
	struct mmsghdr one = { .msg_hdr = { .msg_iov = iov, .msg_iovlen = 2 } };
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	struct conn c;

	conn_open(&c, tc);
	CHECK_EQ(write(c.fd, "write", 5), 5);
	peer_expect(&c, RECORD_DATA, "write", 5);
	CHECK_EQ(writev(c.fd, iov, 3), 6);
	peer_expect(&c, RECORD_DATA, "abcdef", 6);
	CHECK_EQ(send(c.fd, "send", 4, 0), 4);
	peer_expect(&c, RECORD_DATA, "send", 4);
	CHECK_EQ(send_iov(c.fd, iov, 3, 0), 6);
	peer_expect(&c, RECORD_DATA, "abcdef", 6);
	CHECK_SYS(getpeername(c.fd, (struct sockaddr *)&a, &len));
	CHECK_EQ(sendto(c.fd, "to", 2, 0, (struct sockaddr *)&a, len), 2);
	peer_expect(&c, RECORD_DATA, "to", 2);
	CHECK_EQ(sendmmsg(c.fd, &one, 1, 0), 1);
	CHECK_EQ(one.msg_len, 3);
	peer_expect(&c, RECORD_DATA, "abc", 3);
}

#define SOAK_BYTES (3 << 19)

struct soak {
	struct conn c;
	const u8 *data;
	unsigned int seed;
};

/* Mostly small, sometimes several records; and 1 in 3 to be continued */
static size_t soak_size(struct soak *s)
{
	size_t n = (size_t)1 << rand_r(&s->seed) % 17;

	return n + rand_r(&s->seed) % n;
}

static int soak_flags(struct soak *s, bool last)
{
	static const int flags[] = { 0, MSG_EOR, MSG_NOSIGNAL };

	if (!last && rand_r(&s->seed) % 3 == 0)
		return MSG_MORE;
	return flags[rand_r(&s->seed) % 3];
}

static void soak_run(struct soak *s)
{
	size_t done, n;

	for (done = 0; done < SOAK_BYTES; done += n) {
		n = soak_size(s);
		if (n > SOAK_BYTES - done)
			n = SOAK_BYTES - done;
		conn_send(&s->c, s->data + done, n,
			  soak_flags(s, done + n == SOAK_BYTES));
	}
}

KTLS_TEST_EACH_TIMEOUT(tx_soak, each_cipher, const struct tls_case *, tc, 60)
{
	struct soak s = {
		.data = test_data(SOAK_BYTES),
		.seed = tc->version + tc->suite->cipher_type,
	};

	conn_open(&s.c, tc);
	peer_expect_start(&s.c, s.data, SOAK_BYTES);
	soak_run(&s);
	peer_expect_join(&s.c);
	expect_outq(s.c.fd, 0);
	conn_check_tx(&s.c);
	conn_close_local(&s.c);
	peer_expect_eof(&s.c);
}
