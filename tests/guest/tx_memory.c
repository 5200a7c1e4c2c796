// SPDX-License-Identifier: GPL-2.0
/* A call that fails took nothing; one that returns n took exactly n. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define FULL 16384

/* What a record of len bytes takes on the wire */
static size_t wire_size(const struct tls_case *tc, size_t len)
{
	size_t nonce = tc->suite->mode == SUITE_CHACHA ? 0 : 8;

	return RECORD_HEADER + (tc->version == TLS13 ? 1 : nonce) + len +
	       SUITE_TAG_SIZE;
}

/* Good bytes and then bad ones, in one piece or in two */
static ssize_t send_bad(struct conn *c, const u8 *data, size_t good, size_t bad,
			bool pieces, int flags)
{
	struct iovec iov[2] = {
		{ edge_copy(data, good), good }, { bad_address(), bad },
	};

	if (pieces)
		return send_iov(c->fd, iov, 2, flags);
	return send(c->fd, iov[0].iov_base, good + bad, flags);
}

/*
 * Of before bytes in an open record, good ones and bad ones only whole
 * records of max bytes can go.
 */
static void check_efault(struct conn *c, const u8 *data, size_t before,
			 size_t good, size_t max, bool pieces, int flags)
{
	size_t whole = (before + good) / max * max;
	size_t total = before + good, n;

	if (before)
		conn_send(c, data, before, MSG_MORE);
	if (whole) {
		CHECK_EQ(send_bad(c, data + before, good, max, pieces, flags),
			 whole - before);
	} else {
		CHECK_ERRNO(send_bad(c, data + before, good, max, pieces,
				     flags), EFAULT);
		whole = before;
		CHECK_EQ(outq_nsd(c->fd), before);
		peer_expect_quiet(c);
	}
	/* The stream goes on where the count says. */
	conn_send(c, data + whole, total + 1 - whole, 0);
	for (n = 0; n < total + 1; n += max)
		peer_expect(c, RECORD_DATA, data + n,
			    total + 1 - n < max ? total + 1 - n : max);
}

struct efault {
	size_t before;
	size_t good;
};

static void run_efault(const struct tls_case *tc, bool pieces, int flags)
{
	static const struct efault rows[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 100 }, { 0, 4096 }, { 0, FULL - 1 },
		{ 0, FULL }, { 0, FULL + 1 }, { 0, 20000 }, { 0, 2 * FULL },
		{ 0, 40000 }, { 1, 0 }, { 1, 1 }, { 100, 100 }, { 1, FULL - 2 },
		{ 1, FULL - 1 }, { 1, FULL }, { 100, 20000 }, { FULL - 1, 0 },
		{ FULL - 1, 1 }, { FULL - 1, 2 }, { FULL - 1, FULL + 1 },
	};
	const u8 *data = test_data(3 * FULL);
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_efault(&c, data, rows[i].before, rows[i].good, FULL,
			     pieces, flags);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(efault_in_one_piece, each_version, const struct tls_case *, tc)
{
	run_efault(tc, false, 0);
}

KTLS_TEST_EACH(efault_in_second_piece, each_version, const struct tls_case *,
	       tc)
{
	run_efault(tc, true, 0);
}

KTLS_TEST_EACH(efault_with_more, each_version, const struct tls_case *, tc)
{
	run_efault(tc, true, MSG_MORE);
}

KTLS_TEST_EACH(efault_every_cipher, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct conn c;

	conn_open(&c, tc);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	check_efault(&c, data, 0, 99, 100, true, 0);
	check_efault(&c, data, 50, 49, 100, true, 0);
	check_efault(&c, data, 50, 5000, 100, true, 0);
	conn_check_tx(&c);
}

/* Reads slowly what a sender that never waits has been told was taken. */
KTLS_TEST_EACH(count_is_exact_without_waiting, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	size_t done = 0, short_counts = 0;
	struct conn c;
	ssize_t n;

	conn_open_opts(&c, tc, &small_buffers);
	while (done < len) {
		n = send(c.fd, data + done, len - done, MSG_DONTWAIT);
		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			peer_expect(&c, RECORD_DATA, data + c.in.bytes,
				    len - c.in.bytes < FULL ?
				    len - c.in.bytes : FULL);
			continue;
		}
		CHECK(n > 0);
		short_counts++;
		done += n;
	}
	CHECK(short_counts > 2);
	peer_expect_data(&c, data + c.in.bytes, len - c.in.bytes);
	peer_expect_quiet(&c);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(outq_counts, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(40000);
	size_t wire = wire_size(tc, 1000);
	struct conn c;

	own_netns();
	conn_open(&c, tc);
	CHECK_EQ(outq(c.fd), 0);
	acks_hold(c.fd);
	conn_send(&c, data, 1000, 0);
	CHECK_EQ(outq(c.fd), wire);
	CHECK_EQ(outq_nsd(c.fd), tcp_notsent(c.fd));
	conn_send(&c, data, 77, MSG_MORE);
	CHECK_EQ(outq(c.fd), wire + 77);
	CHECK_EQ(outq_nsd(c.fd), tcp_notsent(c.fd) + 77);
	conn_send(&c, data + 77, 23, MSG_MORE);
	CHECK_EQ(outq(c.fd), wire + 100);
	conn_send(&c, data + 100, 900, 0);
	CHECK_EQ(outq(c.fd), 2 * wire);
	acks_release(c.fd);
	peer_expect(&c, RECORD_DATA, data, 1000);
	peer_expect(&c, RECORD_DATA, data, 1000);
	expect_outq(c.fd, 0);
	CHECK_EQ(outq_nsd(c.fd), 0);
	conn_send(&c, data, 5, MSG_MORE);
	CHECK_EQ(outq(c.fd), 5);
	CHECK_EQ(outq_nsd(c.fd), 5);
}

/* Before the key it is TCP's figure. */
KTLS_TEST_EACH(outq_plain, each_family, const struct tls_case *, tc)
{
	struct conn c;
	char buf[5];

	own_netns();
	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	acks_hold(c.fd);
	conn_send(&c, "plain", 5, 0);
	CHECK_EQ(outq(c.fd), 5);
	acks_release(c.fd);
	tcp_read_full(c.peer, buf, 5);
	expect_outq(c.fd, 0);
}
