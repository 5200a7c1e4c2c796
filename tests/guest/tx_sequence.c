// SPDX-License-Identifier: GPL-2.0
/* The end of the sequence numbers: no nonce is used twice. */
#include <stdlib.h>

#include "ktls.h"
#include "tools.h"

#define FULL 16384
#define LAST (~0ull - 1)	/* the last number that a record may have */

static void open_at(struct conn *c, const struct tls_case *tc, u64 seq)
{
	struct tls_keys keys;

	keys_random(&keys);
	keys_set_seq(&keys, seq);
	conn_connect(c, tc, NULL);
	conn_attach(c);
	conn_set_tx(c, &keys);
}

/* However it is tried, nothing goes out. */
static void check_exhausted(struct conn *c)
{
	CHECK_ERRNO(send(c->fd, "x", 1, 0), EBADMSG);
	CHECK_ERRNO(send(c->fd, "x", 1, MSG_MORE), EBADMSG);
	CHECK_ERRNO(send(c->fd, "x", 1, MSG_DONTWAIT), EBADMSG);
	CHECK_ERRNO(ktls_send_type(c->fd, RECORD_ALERT, "\1\0", 2, 0), EBADMSG);
	CHECK_EQ(outq(c->fd), 0);
	peer_expect_quiet(c);
	conn_check_tx(c);
}

KTLS_TEST_EACH(tx_sequence_exhausted, each_case, const struct tls_case *, tc)
{
	struct conn c;

	open_at(&c, tc, ~0ull);
	check_exhausted(&c);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

KTLS_TEST_EACH(tx_sequence_last, each_case, const struct tls_case *, tc)
{
	struct conn c;

	open_at(&c, tc, LAST);
	conn_send(&c, "last", 4, 0);
	peer_expect(&c, RECORD_DATA, "last", 4);
	expect_outq(c.fd, 0);
	check_exhausted(&c);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

/* What there is a number for is taken and counted. */
KTLS_TEST_EACH(tx_sequence_partial, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(5 * FULL);
	struct conn c;

	open_at(&c, tc, LAST - 1);
	CHECK_EQ(send(c.fd, data, 5 * FULL, 0), 2 * FULL);
	peer_expect(&c, RECORD_DATA, data, FULL);
	peer_expect(&c, RECORD_DATA, data + FULL, FULL);
	expect_outq(c.fd, 0);
	check_exhausted(&c);
}

KTLS_TEST_EACH(tx_sequence_open_record, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	open_at(&c, tc, LAST);
	conn_send(&c, "la", 2, MSG_MORE);
	/* It has the last number already. */
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_ALERT, "\1\0", 2, 0), EBADMSG);
	peer_expect_quiet(&c);
	conn_send(&c, "st", 2, 0);
	peer_expect(&c, RECORD_DATA, "last", 4);
	expect_outq(c.fd, 0);
	check_exhausted(&c);
}

/* A control message of two records, with a number for one of them */
KTLS_TEST_EACH(tx_sequence_control_whole, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(200);
	struct conn c;

	open_at(&c, tc, LAST);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	CHECK_ERRNO(ktls_send_type(c.fd, RECORD_HANDSHAKE, data, 101, 0),
		    EBADMSG);
	peer_expect_quiet(&c);
	conn_send_type(&c, RECORD_HANDSHAKE, data, 100);
	peer_expect(&c, RECORD_HANDSHAKE, data, 100);
}

KTLS_TEST(tx_sequence_rekey_recovers)
{
	struct conn c;

	open_at(&c, &case13, LAST);
	conn_send(&c, "last", 4, 0);
	peer_expect(&c, RECORD_DATA, "last", 4);
	expect_outq(c.fd, 0);
	check_exhausted(&c);
	conn_rekey(&c);
	conn_send(&c, "new", 3, 0);
	peer_expect(&c, RECORD_DATA, "new", 3);
	conn_check_tx(&c);
}

/* The open record gets the old key's last number. */
KTLS_TEST(tx_sequence_rekey_seals_last)
{
	struct tls_keys keys;
	struct conn c;

	open_at(&c, &case13, LAST);
	conn_send(&c, "last", 4, MSG_MORE);
	keys_random(&keys);
	CHECK_SYS(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys));
	peer_expect(&c, RECORD_DATA, "last", 4);
	c.tx = keys;
	stream_rekey(&c.in, &keys);
	conn_send(&c, "new", 3, 0);
	peer_expect(&c, RECORD_DATA, "new", 3);
}

KTLS_TEST_EACH(tx_sequence_close_flushes_last, each_version,
	       const struct tls_case *, tc)
{
	struct conn c;

	open_at(&c, tc, LAST);
	conn_send(&c, "last", 4, MSG_MORE);
	conn_close_local(&c);
	peer_expect(&c, RECORD_DATA, "last", 4);
	peer_expect_eof(&c);
}
