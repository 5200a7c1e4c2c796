// SPDX-License-Identifier: GPL-2.0
/* Padding, KeyUpdate and new keys: TLS 1.3. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

static u8 buf[100000];

KTLS_TEST_EACH(padding_each_cipher, each_13, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_padded(&f, RECORD_DATA, "data", 4, 100);
	forge_padded(&f, RECORD_ALERT, "\x01\x00", 2, 100);
	expect_record(&f, RECORD_DATA, "data", 4);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	expect_nothing(&f);
}

KTLS_TEST(padding_any_length)
{
	const u8 *data = test_data(RECORD_PLAIN_MAX);
	struct forge f;
	size_t pad;

	forge_open(&f, &case13);
	for (pad = 0; pad < RECORD_PLAIN_MAX; pad += pad < 300 ? 1 : 997) {
		forge_padded(&f, RECORD_DATA, data, 1, pad);
		expect_record(&f, RECORD_DATA, data, 1);
		forge_padded(&f, 100, data, RECORD_PLAIN_MAX - pad, pad);
		expect_record(&f, 100, data, RECORD_PLAIN_MAX - pad);
	}
	forge_padded(&f, 100, "", 0, RECORD_PLAIN_MAX);
	expect_record(&f, 100, "", 0);
	expect_nothing(&f);
}

/* Zeros in front of the type are payload. */
KTLS_TEST(padding_behind_zeros)
{
	static const u8 zeros[RECORD_PLAIN_MAX];
	struct forge f;

	forge_open(&f, &case13);
	forge_padded(&f, RECORD_DATA, "abc\0\0\0", 6, 10);
	expect_record(&f, RECORD_DATA, "abc\0\0\0", 6);
	forge_padded(&f, RECORD_DATA, zeros, 5000, 5000);
	expect_record(&f, RECORD_DATA, zeros, 5000);
	forge_data(&f, zeros, RECORD_PLAIN_MAX);
	expect_record(&f, RECORD_DATA, zeros, RECORD_PLAIN_MAX);
}

/* Padded records merge and may be peeked and read in parts like others. */
KTLS_TEST(padding_merges)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_padded(&f, RECORD_DATA, "one", 3, 5000);
	forge_padded(&f, RECORD_DATA, "two", 3, 0);
	forge_padded(&f, RECORD_DATA, "", 0, 7000);
	forge_padded(&f, RECORD_DATA, "three", 5, 1);
	expect_peek(&f, RECORD_DATA, "onetwothree", 11);
	expect_got(&f, 4, 0, RECORD_DATA, "onet", 4, true);
	expect_got(&f, 4, 0, RECORD_DATA, "woth", 4, true);
	expect_record(&f, RECORD_DATA, "ree", 3);
	expect_nothing(&f);
}

/* RFC 8446 section 5.4: no byte but zeros is an error. */
KTLS_TEST_EACH(padding_only, each_13, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 4096, RECORD_PLAIN_MAX };
	struct forge f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		forge_open(&f, tc);
		forge_data(&f, "good", 4);
		forge_padded(&f, 0, "", 0, sizes[i]);
		forge_data(&f, "good", 4);
		expect_record(&f, RECORD_DATA, "good", 4);
		expect_stuck(&f, EBADMSG);
		forge_close(&f);
	}
}

KTLS_TEST(padding_too_long)
{
	const u8 *data = test_data(RECORD_PLAIN_MAX);
	struct forge f;

	forge_open(&f, &case13);
	forge_padded(&f, RECORD_DATA, data, RECORD_PLAIN_MAX, 1);
	expect_stuck(&f, EMSGSIZE);
}

#define UPDATE "\x18\0\0\1\0"
#define TICKET "\x04\0\0\5ticke"

/* Reads what has been sent as handshake records, whole. */
static void hs(struct forge *f, const char *data, size_t len)
{
	forge_send(f, RECORD_HANDSHAKE, data, len);
	expect_record(f, RECORD_HANDSHAKE, data, len);
}

#define HS(f, lit) hs(f, lit, sizeof(lit) - 1)

static void expect_paused(struct forge *f)
{
	int fds[2];

	CHECK(!tcp_poll(f->fd, POLLIN | POLLRDNORM, 0));
	expect_stuck(f, EKEYEXPIRED);
	CHECK_SYS(pipe(fds));
	CHECK_ERRNO(splice(f->fd, NULL, fds[1], NULL, 100, 0), EKEYEXPIRED);
	close(fds[0]);
	close(fds[1]);
	CHECK(!tcp_poll(f->fd, POLLIN | POLLERR, 0));
}

static void expect_goes_on(struct forge *f)
{
	forge_data(f, "goes on", 7);
	expect_record(f, RECORD_DATA, "goes on", 7);
}

/* The reader is told of the pause, sets the new key and goes on. */
static void expect_paused_until_key(struct forge *f)
{
	expect_paused(f);
	forge_rekey(f);
	forge_data(f, "new key", 7);
	expect_paused(f);
	forge_set_rx(f);
	expect_pollin(f);
	expect_opened(f, 0);
	expect_record(f, RECORD_DATA, "new key", 7);
	expect_nothing(f);
	expect_opened(f, 1);
}

KTLS_TEST_EACH(key_update_pauses, each_13, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	own_netns();
	forge_open(&f, tc);
	for (i = 0; i < 3; i++) {
		HS(&f, UPDATE);
		expect_paused_until_key(&f);
	}
	CHECK_EQ(stat_value("KtlsRxKeyUpdate"), 3);
	CHECK_EQ(stat_value("KtlsRxRekeyOk"), 3);
	CHECK_EQ(stat_value("KtlsRxError"), 0);
}

KTLS_TEST(key_update_behind_ticket)
{
	struct forge f;

	forge_open(&f, &case13);
	HS(&f, TICKET);
	expect_goes_on(&f);
	HS(&f, TICKET UPDATE);
	expect_paused_until_key(&f);
	HS(&f, TICKET TICKET UPDATE TICKET);
	expect_paused_until_key(&f);
}

/* A message in pieces: paused behind the record that completes it. */
KTLS_TEST(key_update_in_pieces)
{
	size_t cut, len = sizeof(TICKET UPDATE) - 1;
	const char *messages = TICKET UPDATE;
	struct forge f;

	for (cut = 1; cut < len; cut++) {
		forge_open(&f, &case13);
		hs(&f, messages, cut);
		expect_goes_on(&f);
		hs(&f, messages + cut, len - cut);
		expect_paused_until_key(&f);
		forge_close(&f);
	}
}

KTLS_TEST(key_update_byte_by_byte)
{
	const char *messages = TICKET UPDATE;
	struct forge f;
	size_t i;

	forge_open(&f, &case13);
	for (i = 0; i < sizeof(TICKET UPDATE) - 1; i++) {
		expect_nothing(&f);
		hs(&f, messages + i, 1);
	}
	expect_paused_until_key(&f);
}

/* The byte 24 means something only where a message begins. */
KTLS_TEST(key_update_not_mistaken)
{
	struct forge f;

	forge_open(&f, &case13);
	HS(&f, "\x04\0\0\5\x18\0\0\1\0");
	expect_goes_on(&f);
	HS(&f, "\x04\0\0\x0a\0\0\0\0\0");
	HS(&f, "\x18\0\0\1\0");
	expect_goes_on(&f);
	HS(&f, "\x08\0\0\0\x0b\0\0\1\x18");
	expect_goes_on(&f);
	forge_data(&f, UPDATE, 5);
	expect_record(&f, RECORD_DATA, UPDATE, 5);
	forge_send(&f, RECORD_ALERT, UPDATE, 5);
	expect_record(&f, RECORD_ALERT, UPDATE, 5);
	expect_goes_on(&f);
	HS(&f, "\x04\xff\xff\xff");
	HS(&f, UPDATE);
	expect_goes_on(&f);
}

/* Only TLS 1.3 has it: HelloRequest and the like stall nothing. */
KTLS_TEST(key_update_not_in_12)
{
	struct forge f;

	forge_open(&f, &case12);
	HS(&f, UPDATE);
	expect_goes_on(&f);
	HS(&f, "\x18");
	expect_goes_on(&f);
}

/* A long message of which the update stands at the end of a large record. */
KTLS_TEST(key_update_behind_large_message)
{
	u8 *message = calloc(1, RECORD_PLAIN_MAX);
	struct forge f;

	CHECK(message);
	forge_open(&f, &case13);
	message[0] = 11;
	put_be(message + 1, RECORD_PLAIN_MAX - 4 - 5, 3);
	memcpy(message + RECORD_PLAIN_MAX - 5, UPDATE, 5);
	hs(&f, (char *)message, RECORD_PLAIN_MAX);
	expect_paused_until_key(&f);
	put_be(message + 1, 40000, 3);
	hs(&f, (char *)message, RECORD_PLAIN_MAX);
	hs(&f, (char *)test_data(RECORD_PLAIN_MAX), RECORD_PLAIN_MAX);
	hs(&f, (char *)test_data(7236), 40004 - 2 * RECORD_PLAIN_MAX);
	HS(&f, UPDATE);
	expect_paused_until_key(&f);
}

/* Peeked and read in parts, the messages are followed once. */
KTLS_TEST(key_update_peeked)
{
	struct forge f;
	int i;

	forge_open(&f, &case13);
	forge_data(&f, "data", 4);
	forge_send(&f, RECORD_HANDSHAKE, TICKET "\x18\0", sizeof(TICKET) + 1);
	forge_send(&f, RECORD_HANDSHAKE, "\0\1\0", 3);
	expect_peek(&f, RECORD_DATA, "data", 4);
	expect_record(&f, RECORD_DATA, "data", 4);
	for (i = 0; i < 3; i++)
		expect_peek(&f, RECORD_HANDSHAKE, TICKET "\x18\0",
			    sizeof(TICKET) + 1);
	expect_got(&f, 3, 0, RECORD_HANDSHAKE, "\x04\0\0", 3, false);
	expect_record(&f, RECORD_HANDSHAKE, "\5ticke\x18\0", 8);
	for (i = 0; i < 3; i++)
		expect_peek(&f, RECORD_HANDSHAKE, "\0\1\0", 3);
	expect_got(&f, 1, 0, RECORD_HANDSHAKE, "\0", 1, false);
	expect_pollin(&f);
	expect_got(&f, 5, 0, RECORD_HANDSHAKE, "\1\0", 2, true);
	expect_paused_until_key(&f);
}

/* What has been opened in front of the pause is delivered. */
KTLS_TEST(key_update_behind_data)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	forge_send(&f, RECORD_HANDSHAKE, UPDATE, 5);
	forge_rekey(&f);
	forge_data(&f, "three", 5);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "onetwo", 6, true);
	CHECK_ERRNO(recv(f.fd, buf, 100, 0), EIO);
	expect_record(&f, RECORD_HANDSHAKE, UPDATE, 5);
	expect_paused(&f);
	forge_set_rx(&f);
	expect_record(&f, RECORD_DATA, "three", 5);
}

/* The key comes when the update has been peeked only. */
KTLS_TEST(key_update_key_before_read)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_send(&f, RECORD_HANDSHAKE, UPDATE, 5);
	forge_rekey(&f);
	forge_data(&f, "new key", 7);
	expect_peek(&f, RECORD_HANDSHAKE, UPDATE, 5);
	forge_set_rx(&f);
	expect_record(&f, RECORD_HANDSHAKE, UPDATE, 5);
	expect_record(&f, RECORD_DATA, "new key", 7);
}

KTLS_TEST(key_update_then_fin)
{
	struct forge f;

	forge_open(&f, &case13);
	HS(&f, UPDATE);
	forge_fin(&f);
	expect_stuck(&f, EKEYEXPIRED);
	forge_rekey(&f);
	forge_set_rx(&f);
	expect_eof(&f);
}

/* Only the reader pauses. */
KTLS_TEST(key_update_sending_goes_on)
{
	struct forge f;

	forge_open(&f, &case13);
	conn_set_tx(&f.c, NULL);
	HS(&f, UPDATE);
	conn_send(&f.c, "sent", 4, 0);
	peer_expect(&f.c, RECORD_DATA, "sent", 4);
	conn_rekey(&f.c);
	conn_send(&f.c, "sent", 4, 0);
	peer_expect(&f.c, RECORD_DATA, "sent", 4);
	expect_paused_until_key(&f);
}

/* A new key needs no KeyUpdate; what has been opened stays. */
KTLS_TEST_EACH(rx_rekey_any_time, each_13, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "old key", 7);
	expect_got(&f, 3, 0, RECORD_DATA, "old", 3, false);
	forge_rekey(&f);
	forge_set_rx(&f);
	expect_opened(&f, 0);
	forge_data(&f, " and new", 8);
	expect_record(&f, RECORD_DATA, " key and new", 12);
	expect_opened(&f, 1);
}

KTLS_TEST(rx_rekey_old_key_is_gone)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_make(&f, RECORD_DATA, "old key", 7);
	keys_random(&f.keys);
	CHECK_SYS(forge_set_key(&f));
	forge_write(&f);
	expect_stuck(&f, EBADMSG);
}

/* A message cut in two by a new key is none: the parser starts again. */
KTLS_TEST(rx_rekey_restarts_messages)
{
	struct forge f;

	forge_open(&f, &case13);
	HS(&f, "\x04\0\0\5");
	forge_rekey(&f);
	forge_set_rx(&f);
	HS(&f, UPDATE);
	expect_paused_until_key(&f);
}

static void try_bad_rekeys(struct forge *f)
{
	const struct suite *other = suite_by_name("aes256gcm");
	const struct suite *suite = f->tc->suite;
	union crypto_info ci;
	struct tls_keys keys;
	size_t n;

	keys_random(&keys);
	CHECK_ERRNO(ktls_set_key(f->fd, TLS_RX, suite, TLS12, &keys), EINVAL);
	CHECK_ERRNO(ktls_set_key(f->fd, TLS_RX, other, TLS13, &keys), EINVAL);
	n = suite_crypto_info(suite, TLS13, &keys, &ci);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, &ci, n - 1), EINVAL);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, &ci, n + 1), EINVAL);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, &ci, 3), EINVAL);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, NULL, n), EINVAL);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, bad_address(), n),
		    EFAULT);
	CHECK_ERRNO(setsockopt(f->fd, SOL_TLS, TLS_RX, edge_copy(&ci, n - 1),
			       n), EFAULT);
}

/* The old key stays in force, and so does the pause. */
KTLS_TEST(rx_rekey_fails)
{
	struct forge f;

	own_netns();
	forge_open(&f, &case13);
	expect_goes_on(&f);
	try_bad_rekeys(&f);
	expect_opened(&f, 1);
	expect_goes_on(&f);
	HS(&f, UPDATE);
	try_bad_rekeys(&f);
	expect_paused_until_key(&f);
	CHECK_EQ(stat_value("KtlsRxRekeyError"), 16);
	CHECK_EQ(stat_value("KtlsRxRekeyOk"), 1);
}

KTLS_TEST(rx_rekey_revives_sequence)
{
	struct forge f;

	forge_open_seq(&f, &case13, ~1ULL);
	HS(&f, UPDATE);
	expect_paused_until_key(&f);
}
