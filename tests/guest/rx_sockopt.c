// SPDX-License-Identifier: GPL-2.0
/* TLS_RX and TLS_RX_EXPECT_NO_PAD: what setting and getting them says. */
#include <string.h>

#include "forge.h"
#include "tools.h"

static size_t make_info(const struct forge *f, union crypto_info *ci)
{
	return suite_crypto_info(f->tc->suite, f->tc->version, &f->keys, ci);
}

static int set(int fd, int name, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_TLS, name, value, len);
}

static int get(int fd, int name, void *value, socklen_t len)
{
	socklen_t got = len;
	int ret = getsockopt(fd, SOL_TLS, name, value, &got);

	if (!ret)
		CHECK_EQ(got, len);
	return ret;
}

/* No key is set; a good one can be, and then it works. */
static void check_unset(struct forge *f)
{
	union crypto_info ci;

	CHECK_ERRNO(get(f->fd, TLS_RX, &ci, 4), EBUSY);
	CHECK_ERRNO(get(f->fd, TLS_RX, &ci, make_info(f, &ci)), EBUSY);
}

static void check_works(struct forge *f)
{
	forge_data(f, "works", 5);
	expect_record(f, RECORD_DATA, "works", 5);
}

static void check_can_be_set(struct forge *f)
{
	check_unset(f);
	forge_set_rx(f);
	check_works(f);
	expect_opened(f, 1);
}

KTLS_TEST_EACH(rx_set_bad_length, each_cipher, const struct tls_case *, tc)
{
	u8 value[200] = { 0 };
	union crypto_info ci;
	struct forge f;
	size_t len, n;

	forge_attach(&f, tc, NULL);
	n = make_info(&f, &ci);
	memcpy(value, &ci, n);
	for (len = 0; len < sizeof(value); len++)
		if (len != n)
			CHECK_ERRNO(set(f.fd, TLS_RX, value, len), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX, NULL, n), EINVAL);
	check_can_be_set(&f);
}

KTLS_TEST_EACH(rx_set_bad_address, each_version, const struct tls_case *, tc)
{
	union crypto_info ci;
	struct forge f;
	size_t n;

	forge_attach(&f, tc, NULL);
	n = make_info(&f, &ci);
	CHECK_ERRNO(set(f.fd, TLS_RX, bad_address(), n), EFAULT);
	CHECK_ERRNO(set(f.fd, TLS_RX, edge_copy(&ci, 4), n), EFAULT);
	CHECK_ERRNO(set(f.fd, TLS_RX, edge_copy(&ci, n - 1), n), EFAULT);
	check_can_be_set(&f);
}

static const struct {
	u16 version;
	u16 cipher;
} bad_headers[] = {
	{ 0, TLS_CIPHER_AES_GCM_128 },
	{ 0x0302, TLS_CIPHER_AES_GCM_128 },
	{ 0x0305, TLS_CIPHER_AES_GCM_128 },
	{ TLS12, 0 },
	{ TLS12, 50 },
	{ TLS12, 59 },
	{ TLS13, 0xffff },
	{ TLS13, TLS_CIPHER_ARIA_GCM_128 },
	{ TLS13, TLS_CIPHER_ARIA_GCM_256 },
};

KTLS_TEST_EACH(rx_set_bad_header, each_version, const struct tls_case *, tc)
{
	union crypto_info ci;
	struct forge f;
	size_t i, n;

	forge_attach(&f, tc, NULL);
	for (i = 0; i < ARRAY_SIZE(bad_headers); i++) {
		n = make_info(&f, &ci);
		ci.info.version = bad_headers[i].version;
		ci.info.cipher_type = bad_headers[i].cipher;
		CHECK_ERRNO(set(f.fd, TLS_RX, &ci, n), EINVAL);
	}
	check_can_be_set(&f);
}

/* Both directions have one version and one cipher. */
KTLS_TEST_EACH(rx_set_other_than_tx, each_version, const struct tls_case *, tc)
{
	u16 other = tc->version == TLS12 ? TLS13 : TLS12;
	const struct suite *aes256 = suite_by_name("aes256gcm");
	struct forge f;

	forge_attach(&f, tc, NULL);
	conn_set_tx(&f.c, NULL);
	CHECK_ERRNO(ktls_set_key(f.fd, TLS_RX, tc->suite, other, &f.keys),
		    EINVAL);
	CHECK_ERRNO(ktls_set_key(f.fd, TLS_RX, aes256, tc->version, &f.keys),
		    EINVAL);
	check_can_be_set(&f);
}

KTLS_TEST_EACH(rx_set_before_tx, each_case, const struct tls_case *, tc)
{
	u16 other = tc->version == TLS12 ? TLS13 : TLS12;
	struct forge f;

	forge_open(&f, tc);
	CHECK_EQ(send(f.fd, "plain", 5, 0), 5);
	CHECK_ERRNO(ktls_set_tx(f.fd, tc->suite, other, &f.c.tx), EINVAL);
	tcp_read_full(f.peer, f.wire, 5);
	CHECK_MEM(f.wire, "plain", 5);
	conn_set_tx(&f.c, NULL);
	conn_send(&f.c, "sealed", 6, 0);
	peer_expect(&f.c, RECORD_DATA, "sealed", 6);
	check_works(&f);
}

/* TLS 1.2 has one key for ever; what is wrong with the call comes first. */
KTLS_TEST(rx_set_twice_12)
{
	union crypto_info ci;
	struct forge f;
	size_t n;

	own_netns();
	forge_open(&f, &case12);
	n = make_info(&f, &ci);
	CHECK_ERRNO(set(f.fd, TLS_RX, &ci, n), EBUSY);
	CHECK_ERRNO(set(f.fd, TLS_RX, &ci, n + 1), EBUSY);
	CHECK_ERRNO(set(f.fd, TLS_RX, bad_address(), n), EBUSY);
	CHECK_ERRNO(set(f.fd, TLS_RX, &ci, 3), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX, NULL, n), EINVAL);
	check_works(&f);
	CHECK_EQ(stat_value("KtlsRxRekeyError"), 5);
	CHECK_EQ(stat_value("KtlsRxRekeyOk"), 0);
}

KTLS_TEST_EACH(rx_get, each_cipher, const struct tls_case *, tc)
{
	struct tls_crypto_info head;
	union crypto_info ci;
	struct forge f;
	socklen_t len;
	size_t n;

	forge_attach(&f, tc, NULL);
	check_unset(&f);
	CHECK_ERRNO(get(f.fd, TLS_RX, &ci, 3), EINVAL);
	forge_set_rx(&f);
	n = suite_crypto_info_size(tc->suite);
	CHECK_SYS(get(f.fd, TLS_RX, &head, sizeof(head)));
	CHECK_EQ(head.version, tc->version);
	CHECK_EQ(head.cipher_type, tc->suite->cipher_type);
	for (len = 0; len < sizeof(ci); len++)
		if (len != 4 && len != n)
			CHECK_ERRNO(get(f.fd, TLS_RX, &ci, len), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX, &ci, -1), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX, NULL, n), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX, bad_address(), n), EFAULT);
	CHECK_ERRNO(getsockopt(f.fd, SOL_TLS, TLS_RX, &ci, bad_address()),
		    EFAULT);
	expect_opened(&f, 0);
	check_works(&f);
}

/* Keys may be set when what they open has been there for long. */
KTLS_TEST_EACH(rx_key_behind_records, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(30000);
	struct forge f;

	forge_attach(&f, tc, NULL);
	forge_data(&f, data, 16384);
	forge_send(&f, 100, "control", 7);
	forge_data(&f, data + 16384, 13616);
	forge_set_rx(&f);
	expect_pollin(&f);
	expect_record(&f, RECORD_DATA, data, 16384);
	expect_record(&f, 100, "control", 7);
	expect_record(&f, RECORD_DATA, data + 16384, 13616);
	expect_nothing(&f);
}

KTLS_TEST_EACH(rx_key_within_record, each_version, const struct tls_case *, tc)
{
	size_t cut;
	struct forge f;

	for (cut = 1; cut < 20; cut++) {
		forge_attach(&f, tc, NULL);
		forge_make(&f, RECORD_DATA, "abcdefgh", 8);
		forge_piece(&f, 0, cut);
		forge_set_rx(&f);
		expect_nothing(&f);
		forge_piece(&f, cut, f.len);
		expect_record(&f, RECORD_DATA, "abcdefgh", 8);
		forge_close(&f);
	}
}

/* Bytes in front of the first record have been read as plain ones. */
KTLS_TEST_EACH(rx_key_behind_plain, each_version, const struct tls_case *, tc)
{
	struct forge f;
	u8 plain[5];

	forge_attach(&f, tc, NULL);
	forge_raw(&f, "plain", 5);
	forge_data(&f, "sealed", 6);
	CHECK_EQ(recv(f.fd, plain, 5, 0), 5);
	CHECK_MEM(plain, "plain", 5);
	forge_set_rx(&f);
	expect_record(&f, RECORD_DATA, "sealed", 6);
	expect_nothing(&f);
}

static int set_no_pad(struct forge *f, u32 value)
{
	return set(f->fd, TLS_RX_EXPECT_NO_PAD, &value, sizeof(value));
}

static void check_no_pad(struct forge *f, u32 want)
{
	u32 value[2] = { 99, 99 };
	socklen_t len = sizeof(value);

	CHECK_SYS(getsockopt(f->fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, value,
			     &len));
	CHECK_EQ(len, 4);
	CHECK_EQ(value[0], want);
	CHECK_EQ(value[1], 99);
}

KTLS_TEST(no_pad_set)
{
	u32 value[2] = { 1, 0 };
	struct forge f;

	forge_open(&f, &case13);
	check_no_pad(&f, 0);
	CHECK_SYS(set_no_pad(&f, 1));
	check_no_pad(&f, 1);
	CHECK_ERRNO(set_no_pad(&f, 2), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX_EXPECT_NO_PAD, value, 3), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX_EXPECT_NO_PAD, value, 0), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX_EXPECT_NO_PAD, NULL, 4), EINVAL);
	CHECK_ERRNO(set(f.fd, TLS_RX_EXPECT_NO_PAD, bad_address(), 4), EFAULT);
	check_no_pad(&f, 1);
	CHECK_SYS(set_no_pad(&f, 0));
	check_no_pad(&f, 0);
	CHECK_SYS(set(f.fd, TLS_RX_EXPECT_NO_PAD, value, 8));
	check_no_pad(&f, 1);
	value[0] = 0;
	value[1] = 0x01000000;
	CHECK_ERRNO(set(f.fd, TLS_RX_EXPECT_NO_PAD, value, 8), EINVAL);
	check_no_pad(&f, 1);
}

KTLS_TEST(no_pad_get)
{
	struct forge f;
	u32 value;

	forge_open(&f, &case13);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, &value, 3), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, &value, 0), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, bad_address(), 4), EFAULT);
	check_no_pad(&f, 0);
}

/* Only for TLS 1.3, and only once TLS_RX is set. */
KTLS_TEST(no_pad_needs_rx_13)
{
	struct forge f;
	u32 value;

	forge_attach(&f, &case13, NULL);
	CHECK_ERRNO(set_no_pad(&f, 1), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, &value, 4), EINVAL);
	conn_set_tx(&f.c, NULL);
	CHECK_ERRNO(set_no_pad(&f, 1), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, &value, 4), EINVAL);
	forge_set_rx(&f);
	CHECK_SYS(set_no_pad(&f, 1));
	forge_open(&f, &case12);
	CHECK_ERRNO(set_no_pad(&f, 1), EINVAL);
	CHECK_ERRNO(get(f.fd, TLS_RX_EXPECT_NO_PAD, &value, 4), EINVAL);
}

/* A promise about padding that the peer does not keep costs nothing. */
KTLS_TEST(no_pad_promise_broken)
{
	struct forge f;

	forge_open(&f, &case13);
	CHECK_SYS(set_no_pad(&f, 1));
	forge_padded(&f, RECORD_DATA, "padded", 6, 300);
	forge_send(&f, 100, "control", 7);
	forge_padded(&f, RECORD_DATA, "", 0, 16);
	forge_data(&f, "unpadded", 8);
	expect_record(&f, RECORD_DATA, "padded", 6);
	expect_record(&f, 100, "control", 7);
	expect_record(&f, RECORD_DATA, "unpadded", 8);
}
