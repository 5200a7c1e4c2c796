// SPDX-License-Identifier: GPL-2.0
/*
 * The module's wire format (record.c) and table of suites (cipher.c): records
 * are sealed the way aead.c does it, but by libcrypto, and opened by the
 * independent record layer of tests/peer. Headers that arrive are told good
 * from bad.
 */
#include <errno.h>
#include <string.h>

#include "../../src/cipher.h"
#include "../../src/record.h"
#include "../peer/record.h"
#include "unit.h"

struct rcase {
	const struct suite *suite;
	u16 version;
};

static u8 data[RECORD_PLAIN_MAX];

static const struct ktls_cipher *cipher_of(const struct suite *s)
{
	const struct ktls_cipher *cipher = ktls_cipher_find(s->cipher_type);

	CHECK(cipher);
	return cipher;
}

static void cipher_table(void **state)
{
	const struct suite *s = *state;
	const struct ktls_cipher *cipher = cipher_of(s);

	CHECK_EQ(cipher->id, s->cipher_type);
	CHECK_EQ(cipher->key_size, s->key_size);
	CHECK_EQ(cipher->iv_size, s->iv_size);
	CHECK_EQ(cipher->salt_size, s->salt_size);
	CHECK_EQ(cipher->tag_size, SUITE_TAG_SIZE);
	CHECK_EQ(cipher->ccm, s->mode == SUITE_CCM);
	CHECK_EQ(ktls_cipher_info_size(cipher), suite_crypto_info_size(s));
	CHECK(suite_crypto_info_size(s) <= KTLS_INFO_MAX);
	CHECK_EQ(ktls_cipher_allows(cipher, TLS12), 1);
	CHECK_EQ(ktls_cipher_allows(cipher, TLS13), s->in13);
	CHECK_EQ(ktls_cipher_allows(cipher, 0x0302), 0);
	CHECK_EQ(ktls_cipher_allows(cipher, 0x0305), 0);
	CHECK_EQ(ktls_cipher_allows(cipher, 0), 0);
}

static void cipher_unknown(void **state)
{
	unsigned int n, id;

	(void)state;
	for (n = 0; ktls_cipher_nth(n); n++)
		CHECK(ktls_cipher_find(ktls_cipher_nth(n)->id) ==
		      ktls_cipher_nth(n));
	CHECK_EQ(n, suite_count);
	CHECK(!ktls_cipher_nth(~0u));
	for (id = 0; id <= 0xffff; id++)
		if (id < 51 || id > 58)
			CHECK(!ktls_cipher_find(id));
}

static void make_epoch(struct ktls_epoch *e, const struct rcase *rc,
		       const struct tls_keys *keys)
{
	union crypto_info ci;

	suite_crypto_info(rc->suite, rc->version, keys, &ci);
	ktls_epoch_init(e, cipher_of(rc->suite), rc->version, ci.bytes);
}

/* What getsockopt() shows: as set at first, then number and iv go on. */
static void epoch_export(void **state)
{
	const struct rcase *rc = *state;
	union crypto_info in, out = { 0 };
	struct tls_keys keys, back;
	struct ktls_epoch e;
	size_t len;

	keys_random(&keys);
	len = suite_crypto_info(rc->suite, rc->version, &keys, &in);
	make_epoch(&e, rc, &keys);
	memcpy(out.bytes + 4 + rc->suite->iv_size, keys.key,
	       rc->suite->key_size);
	ktls_epoch_export(&e, out.bytes);
	CHECK_MEM(out.bytes, in.bytes, len);
	ktls_epoch_advance(&e);
	ktls_epoch_export(&e, out.bytes);
	suite_parse_info(rc->suite, &out, &back);
	CHECK_EQ(keys_seq(&back), keys_seq(&keys) + 1);
	CHECK_MEM(back.salt, keys.salt, rc->suite->salt_size);
	CHECK_MEM(back.key, keys.key, rc->suite->key_size);
	if (ktls_epoch_explicit(&e))
		CHECK_EQ(keys_iv(&back), keys_iv(&keys) + 1);
	else
		CHECK_MEM(back.iv, keys.iv, rc->suite->iv_size);
}

/* The sequence number is 64 bits, the last one stays unused. */
static void epoch_limit(void **state)
{
	struct ktls_epoch e = { .seq = U64_MAX - 2 };

	(void)state;
	CHECK(ktls_epoch_has(&e, 0));
	CHECK(ktls_epoch_has(&e, 2));
	CHECK(!ktls_epoch_has(&e, 3));
	CHECK(!ktls_epoch_has(&e, U64_MAX));
	ktls_epoch_advance(&e);
	CHECK(ktls_epoch_has(&e, 1));
	CHECK(!ktls_epoch_has(&e, 2));
	ktls_epoch_advance(&e);
	CHECK(ktls_epoch_has(&e, 0));
	CHECK(!ktls_epoch_has(&e, 1));
	e.seq = 0;
	CHECK(ktls_epoch_has(&e, U64_MAX));
}

/* The AEAD is libcrypto's, everything given to it is the module's. */
static void encrypt(struct record_key *k, const u8 *nonce, const u8 *aad,
		    int aad_len, u8 *text, int len)
{
	EVP_CIPHER_CTX *ctx = k->ctx;
	bool ccm = k->suite->mode == SUITE_CCM;
	int n;

	CHECK(EVP_EncryptInit_ex(ctx, k->cipher, NULL, NULL, NULL));
	CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) > 0);
	if (ccm)
		CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16,
					  NULL) > 0);
	CHECK(EVP_EncryptInit_ex(ctx, NULL, NULL, k->keys.key, nonce));
	if (ccm)
		CHECK(EVP_EncryptUpdate(ctx, NULL, &n, NULL, len));
	CHECK(EVP_EncryptUpdate(ctx, NULL, &n, aad, aad_len));
	if (len || ccm)
		CHECK(EVP_EncryptUpdate(ctx, text, &n, text, len));
	CHECK(EVP_EncryptFinal_ex(ctx, text + len, &n));
	CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16,
				  text + len) > 0);
}

/* CCM's IV starts with the size of its length field (RFC 3610), less one. */
static const u8 *nonce_of(const struct ktls_epoch *e,
			  u8 iv[KTLS_AEAD_IV_SIZE])
{
	memset(iv, 0xff, KTLS_AEAD_IV_SIZE);
	ktls_record_iv(e, iv);
	if (!e->cipher->ccm)
		return iv;
	CHECK_EQ(iv[0], 2);
	CHECK_MEM(iv + 13, "\0\0\0", 3);
	return iv + 1;
}

static size_t seal(struct record_key *k, struct ktls_epoch *e, u8 type,
		   size_t len, u8 *wire)
{
	size_t prefix = ktls_record_prefix(e), text = len;
	u8 aad[KTLS_RECORD_AAD_MAX], iv[KTLS_AEAD_IV_SIZE];
	int aad_len;

	ktls_record_write_prefix(e, wire, type, len);
	memcpy(wire + prefix, data, len);
	if (ktls_record_inner(e))
		wire[prefix + text++] = type;
	aad_len = ktls_record_aad(e, aad, type, len);
	encrypt(k, nonce_of(e, iv), aad, aad_len, wire + prefix, text);
	ktls_epoch_advance(e);
	return prefix + len + ktls_record_suffix(e);
}

static void record_wire(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 255, 256, 16384 };
	static u8 wire[RECORD_WIRE_MAX], plain[RECORD_WIRE_MAX];
	const struct rcase *rc = *state;
	struct record_key sealer, opener;
	struct tls_keys keys;
	struct ktls_epoch e;
	struct record r;
	size_t i, n;

	keys_random(&keys);
	/* Carries into the upper bytes of the number and of the nonce. */
	keys_set_seq(&keys, 0xfffffffc);
	put_be(keys.iv, 0xfffffffffffffffc, 8);
	if (!record_key_init(&sealer, rc->suite, rc->version, &keys))
		SKIP("this libcrypto has no %s", rc->suite->evp);
	CHECK(record_key_init(&opener, rc->suite, rc->version, &keys));
	make_epoch(&e, rc, &keys);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 type = i & 1 ? RECORD_DATA : RECORD_ALERT;
		const char *error;

		n = seal(&sealer, &e, type, sizes[i], wire);
		error = record_open(&opener, wire, n, plain, &r);
		if (error)
			FAIL("%zu bytes: %s", sizes[i], error);
		CHECK_EQ(r.type, type);
		CHECK_EQ(r.len, sizes[i]);
		CHECK_EQ(r.padding, 0);
		CHECK_MEM(r.data, data, r.len);
	}
	record_key_free(&sealer);
	record_key_free(&opener);
}

/* RFC 8448 section 3: the client's first application data record. */
static const struct tls_keys rfc8448_keys = {
	.key = { 0x17, 0x42, 0x2d, 0xda, 0x59, 0x6e, 0xd5, 0xd9,
		 0xac, 0xd8, 0x90, 0xe3, 0xc6, 0x3f, 0x50, 0x51 },
	.salt = { 0x5b, 0x78, 0x92, 0x3d },
	.iv = { 0xee, 0x08, 0x57, 0x90, 0x33, 0xe5, 0x23, 0xd9 },
};

static const u8 rfc8448_record[] = {
	0x17, 0x03, 0x03, 0x00, 0x43, 0xa2, 0x3f, 0x70, 0x54, 0xb6, 0x2c, 0x94,
	0xd0, 0xaf, 0xfa, 0xfe, 0x82, 0x28, 0xba, 0x55, 0xcb, 0xef, 0xac, 0xea,
	0x42, 0xf9, 0x14, 0xaa, 0x66, 0xbc, 0xab, 0x3f, 0x2b, 0x98, 0x19, 0xa8,
	0xa5, 0xb4, 0x6b, 0x39, 0x5b, 0xd5, 0x4a, 0x9a, 0x20, 0x44, 0x1e, 0x2b,
	0x62, 0x97, 0x4e, 0x1f, 0x5a, 0x62, 0x92, 0xa2, 0x97, 0x70, 0x14, 0xbd,
	0x1e, 0x3d, 0xea, 0xe6, 0x3a, 0xee, 0xbb, 0x21, 0x69, 0x49, 0x15, 0xe4,
};

static void rfc8448(void **state)
{
	struct rcase rc = { suite_by_name("aes128gcm"), TLS13 };
	u8 wire[RECORD_WIRE_MAX], plain[RECORD_WIRE_MAX];
	struct record_key k;
	struct ktls_epoch e;
	struct record r;
	size_t i;

	(void)state;
	for (i = 0; i < 50; i++)
		data[i] = i;
	CHECK(record_key_init(&k, rc.suite, TLS13, &rfc8448_keys));
	make_epoch(&e, &rc, &rfc8448_keys);
	CHECK_EQ(seal(&k, &e, RECORD_DATA, 50, wire), sizeof(rfc8448_record));
	CHECK_MEM(wire, rfc8448_record, sizeof(rfc8448_record));
	CHECK(!record_open(&k, rfc8448_record, sizeof(rfc8448_record), plain,
			   &r));
	CHECK_EQ(r.len, 50);
	CHECK_MEM(plain, data, 50);
	record_key_free(&k);
}

static void nonce_bytes(const char *suite, u16 version, const u8 *want)
{
	struct rcase rc = { suite_by_name(suite), version };
	struct tls_keys keys = { .salt = { 0xa0, 0xa1, 0xa2, 0xa3 } };
	u8 iv[KTLS_AEAD_IV_SIZE];
	struct ktls_epoch e;
	size_t i;

	for (i = 0; i < sizeof(keys.iv); i++)
		keys.iv[i] = 0xb0 + i;
	keys_set_seq(&keys, 0x0102030405060708);
	make_epoch(&e, &rc, &keys);
	CHECK_MEM(nonce_of(&e, iv), want, SUITE_NONCE_SIZE);
}

/* By hand, from RFC 5288 section 3, 8446 section 5.3 and 7905 section 2. */
static void nonce_by_hand(void **state)
{
	static const u8 explicit_nonce[] = {
		0xa0, 0xa1, 0xa2, 0xa3, 0xb0, 0xb1, 0xb2, 0xb3,
		0xb4, 0xb5, 0xb6, 0xb7 };
	static const u8 tls13[] = {
		0xa0, 0xa1, 0xa2, 0xa3, 0xb1, 0xb3, 0xb1, 0xb7,
		0xb1, 0xb3, 0xb1, 0xbf };
	static const u8 chacha[] = {
		0xb0, 0xb1, 0xb2, 0xb3, 0xb5, 0xb7, 0xb5, 0xb3,
		0xbd, 0xbf, 0xbd, 0xb3 };

	(void)state;
	nonce_bytes("aes128gcm", TLS12, explicit_nonce);
	nonce_bytes("aes128ccm", TLS12, explicit_nonce);
	nonce_bytes("aria256gcm", TLS12, explicit_nonce);
	nonce_bytes("aes128gcm", TLS13, tls13);
	nonce_bytes("sm4ccm", TLS13, tls13);
	nonce_bytes("chacha20", TLS12, chacha);
	nonce_bytes("chacha20", TLS13, chacha);
}

/* By hand, from RFC 5246 section 6.2.3.3 and RFC 8446 section 5.2. */
static void aad_by_hand(void **state)
{
	static const u8 tls12[] = { 1, 2, 3, 4, 5, 6, 7, 8, 22, 3, 3, 0x12,
				    0x34 };
	static const u8 tls13[] = { 23, 3, 3, 0x12, 0x45 };
	struct rcase rc = { suite_by_name("aes128gcm"), TLS12 };
	struct tls_keys keys = { 0 };
	u8 aad[KTLS_RECORD_AAD_MAX];
	struct ktls_epoch e;

	(void)state;
	keys_set_seq(&keys, 0x0102030405060708);
	make_epoch(&e, &rc, &keys);
	CHECK_EQ(ktls_record_aad(&e, aad, 22, 0x1234), 13);
	CHECK_MEM(aad, tls12, 13);
	rc.version = TLS13;
	make_epoch(&e, &rc, &keys);
	CHECK_EQ(ktls_record_aad(&e, aad, 22, 0x1234), 5);
	CHECK_MEM(aad, tls13, 5);
}

/* By hand: what a record has between its header and its payload, and behind. */
static unsigned int overhead_of(const struct rcase *rc)
{
	if (rc->version == TLS13)
		return 1 + 16;
	return rc->suite->mode == SUITE_CHACHA ? 16 : 8 + 16;
}

static void parse_fails(const struct ktls_epoch *e, u8 type, u16 version,
			unsigned int len, int err)
{
	u8 header[] = { type, version >> 8, version, len >> 8, len };
	unsigned int size = 12345;

	if (ktls_record_parse(e, header, &size) != -err)
		FAIL("type %u, version %#x, %u bytes: not %s", type, version,
		     len, errno_name(err));
	CHECK_EQ(size, 12345);
}

static void parse_works(const struct ktls_epoch *e, u8 type, unsigned int len)
{
	u8 header[] = { type, 3, 3, len >> 8, len };
	unsigned int size = 12345;

	CHECK_EQ(ktls_record_parse(e, header, &size), 0);
	CHECK_EQ(size, 5 + len);
}

static void parse_length(void **state)
{
	const struct rcase *rc = *state;
	struct tls_keys keys = { 0 };
	unsigned int least, len;
	struct ktls_epoch e;

	make_epoch(&e, rc, &keys);
	least = overhead_of(rc);
	for (len = 0; len <= 0xffff; len++)
		if (len < least)
			parse_fails(&e, RECORD_DATA, TLS12, len, EBADMSG);
		else if (len <= 16384 + least)
			parse_works(&e, RECORD_DATA, len);
		else
			parse_fails(&e, RECORD_DATA, TLS12, len, EMSGSIZE);
}

/* The outer type tells nothing with TLS 1.2, and must be that one with 1.3. */
static void parse_type(void **state)
{
	const struct rcase *rc = *state;
	struct tls_keys keys = { 0 };
	struct ktls_epoch e;
	int type;

	make_epoch(&e, rc, &keys);
	for (type = 0; type < 256; type++)
		if (rc->version == TLS12 || type == RECORD_DATA)
			parse_works(&e, type, 100);
		else
			parse_fails(&e, type, TLS12, 100, EBADMSG);
}

/* Of two faults the length counts first, then the version. */
static void parse_version(void **state)
{
	const struct rcase *rc = *state;
	struct tls_keys keys = { 0 };
	struct ktls_epoch e;
	int version;

	make_epoch(&e, rc, &keys);
	for (version = 0; version <= 0xffff; version++) {
		if (version == TLS12)
			continue;
		parse_fails(&e, RECORD_DATA, version, 100, EINVAL);
		parse_fails(&e, RECORD_ALERT, version, 100, EINVAL);
		parse_fails(&e, RECORD_DATA, version, 3, EBADMSG);
		parse_fails(&e, RECORD_DATA, version, 0xffff, EMSGSIZE);
	}
	parse_fails(&e, RECORD_ALERT, TLS12, 0xffff, EMSGSIZE);
}

/* The peer's nonce is the next record's, where it travels; its number is not. */
static void read_explicit(void **state)
{
	static const u8 prefix[] = { 23, 3, 3, 0, 99, 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct rcase *rc = *state;
	u8 before[KTLS_AEAD_IV_SIZE], iv[KTLS_AEAD_IV_SIZE];
	struct ktls_epoch e, old;
	struct tls_keys keys;

	keys_random(&keys);
	make_epoch(&e, rc, &keys);
	old = e;
	memcpy(before, nonce_of(&e, iv), SUITE_NONCE_SIZE);
	ktls_epoch_read_explicit(&e, prefix);
	CHECK_EQ(e.seq, old.seq);
	if (rc->version == TLS13 || rc->suite->mode == SUITE_CHACHA) {
		CHECK_EQ(e.explicit, old.explicit);
		CHECK_MEM(nonce_of(&e, iv), before, SUITE_NONCE_SIZE);
	} else {
		CHECK_EQ(e.explicit, 0x0102030405060708);
		CHECK_MEM(nonce_of(&e, iv), keys.salt, 4);
		CHECK_MEM(nonce_of(&e, iv) + 4, prefix + 5, 8);
	}
}

static const struct {
	const char *name;
	CMUnitTestFunction fn;
} each_rcase[] = {
	{ "epoch_export", epoch_export },
	{ "record_wire", record_wire },
	{ "parse_length", parse_length },
	{ "parse_type", parse_type },
	{ "parse_version", parse_version },
	{ "read_explicit", read_explicit },
};

static void add_cases(struct unit_list *l)
{
	static struct rcase cases[32];
	struct rcase *rc = cases;
	const struct suite *s;
	size_t i;
	u16 v;

	for (s = suites; s < suites + suite_count; s++) {
		unit_add(l, cipher_table, s, "cipher_table[%s]", s->name);
		for (v = TLS12; v <= TLS13; v++) {
			const char *vs = v == TLS13 ? "13" : "12";

			if (!suite_has_version(s, v))
				continue;
			CHECK(rc < cases + ARRAY_SIZE(cases));
			*rc = (struct rcase) { s, v };
			for (i = 0; i < ARRAY_SIZE(each_rcase); i++)
				unit_add(l, each_rcase[i].fn, rc, "%s[%s-%s]",
					 each_rcase[i].name, vs, s->name);
			rc++;
		}
	}
}

int main(void)
{
	struct unit_list l = { 0 };
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + i / 256;
	unit_add(&l, cipher_unknown, NULL, "cipher_unknown");
	unit_add(&l, epoch_limit, NULL, "epoch_limit");
	unit_add(&l, nonce_by_hand, NULL, "nonce_by_hand");
	unit_add(&l, aad_by_hand, NULL, "aad_by_hand");
	unit_add(&l, rfc8448, NULL, "rfc8448");
	add_cases(&l);
	return unit_run("record", l.tests, l.count);
}
