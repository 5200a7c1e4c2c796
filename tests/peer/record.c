// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "record.h"

#define AAD_MAX 13

struct aad {
	u8 bytes[AAD_MAX];
	int len;
};

bool record_key_init(struct record_key *k, const struct suite *suite,
		     u16 version, const struct tls_keys *keys)
{
	memset(k, 0, sizeof(*k));
	k->suite = suite;
	k->version = version;
	k->keys = *keys;
	k->seq = keys_seq(keys);
	k->explicit_nonce = keys_iv(keys);
	k->cipher = EVP_CIPHER_fetch(NULL, suite->evp, NULL);
	if (!k->cipher)
		return false;
	k->ctx = EVP_CIPHER_CTX_new();
	CHECK(k->ctx);
	return true;
}

void record_key_free(struct record_key *k)
{
	EVP_CIPHER_CTX_free(k->ctx);
	EVP_CIPHER_free(k->cipher);
	memset(k, 0, sizeof(*k));
}

size_t record_wire_len(const u8 *wire, size_t avail)
{
	if (avail < RECORD_HEADER)
		return 0;
	return RECORD_HEADER + get_be(wire + 3, 2);
}

/* RFC 5288 section 3 and 6655 section 3: only these have one on the wire. */
static size_t explicit_len(const struct record_key *k)
{
	return k->version == TLS12 && k->suite->mode != SUITE_CHACHA ? 8 : 0;
}

/* RFC 5288 section 3, RFC 7905 section 2, RFC 8446 section 5.3. */
static void make_nonce(const struct record_key *k, u64 seq, u64 explicit_nonce,
		       u8 nonce[SUITE_NONCE_SIZE])
{
	u8 seq_bytes[SUITE_SEQ_SIZE];
	size_t i;

	memcpy(nonce, k->keys.salt, k->suite->salt_size);
	memcpy(nonce + k->suite->salt_size, k->keys.iv, k->suite->iv_size);
	if (explicit_len(k)) {
		put_be(nonce + 4, explicit_nonce, 8);
		return;
	}
	put_be(seq_bytes, seq, sizeof(seq_bytes));
	for (i = 0; i < sizeof(seq_bytes); i++)
		nonce[4 + i] ^= seq_bytes[i];
}

/* RFC 5246 section 6.2.3.3; RFC 8446 section 5.2. */
static void make_aad(const struct record_key *k, u64 seq, const u8 *header,
		     size_t text_len, struct aad *aad)
{
	if (k->version == TLS13) {
		aad->len = RECORD_HEADER;
		memcpy(aad->bytes, header, RECORD_HEADER);
		return;
	}
	aad->len = AAD_MAX;
	put_be(aad->bytes, seq, 8);
	memcpy(aad->bytes + 8, header, 3);
	put_be(aad->bytes + 11, text_len, 2);
}

/* Parameters before the key: lengths, and for decryption the tag. */
static void cipher_start(struct record_key *k, const u8 *nonce, u8 *tag,
			 bool enc)
{
	EVP_CIPHER_CTX *ctx = k->ctx;
	bool ccm = k->suite->mode == SUITE_CCM;

	CHECK(EVP_CIPHER_CTX_reset(ctx));
	CHECK(EVP_CipherInit_ex(ctx, k->cipher, NULL, NULL, NULL, enc));
	CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN,
				  SUITE_NONCE_SIZE, NULL) > 0);
	if (!enc)
		CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
					  SUITE_TAG_SIZE, tag) > 0);
	else if (ccm)
		CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
					  SUITE_TAG_SIZE, NULL) > 0);
	CHECK(EVP_CipherInit_ex(ctx, NULL, NULL, k->keys.key, nonce, enc));
}

/* True if everything worked out: for decryption, that the tag is right. */
static bool cipher_run(struct record_key *k, const struct aad *aad,
		       const u8 *in, int len, u8 *out)
{
	EVP_CIPHER_CTX *ctx = k->ctx;
	bool ccm = k->suite->mode == SUITE_CCM;
	u8 rest[16];
	int n;

	if (ccm && EVP_CipherUpdate(ctx, NULL, &n, NULL, len) != 1)
		return false;
	if (EVP_CipherUpdate(ctx, NULL, &n, aad->bytes, aad->len) != 1)
		return false;
	/* CCM works in this one call, also when there is no text. */
	if ((len || ccm) && EVP_CipherUpdate(ctx, out, &n, in, len) != 1)
		return false;
	return ccm || EVP_CipherFinal_ex(ctx, rest, &n) == 1;
}

static bool decrypt(struct record_key *k, u64 seq, const u8 *wire,
		    size_t wire_len, u8 *plain)
{
	size_t start = RECORD_HEADER + explicit_len(k);
	size_t len = wire_len - start - SUITE_TAG_SIZE;
	u8 nonce[SUITE_NONCE_SIZE], tag[SUITE_TAG_SIZE];
	struct aad aad;

	make_nonce(k, seq, get_be(wire + RECORD_HEADER, 8), nonce);
	make_aad(k, seq, wire, len, &aad);
	memcpy(tag, wire + wire_len - SUITE_TAG_SIZE, SUITE_TAG_SIZE);
	cipher_start(k, nonce, tag, false);
	return cipher_run(k, &aad, wire + start, len, plain);
}

__printf(2, 3)
static const char *bad(struct record_key *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof(k->error), fmt, ap);
	va_end(ap);
	return k->error;
}

/* The most likely reason of a wrong tag is worth a better message. */
static const char *explain_tag(struct record_key *k, const u8 *wire,
			       size_t wire_len, u8 *plain)
{
	int d;

	for (d = -3; d <= 3; d++)
		if (d && decrypt(k, k->seq + d, wire, wire_len, plain))
			return bad(k, "sealed as number %llu, not %llu",
				   (k->seq + d),
				   k->seq);
	return bad(k, "wrong tag (record number %llu, %zu bytes)",
		   k->seq, wire_len);
}

static const char *check_header(struct record_key *k, const u8 *wire,
				size_t wire_len)
{
	size_t least = RECORD_HEADER + explicit_len(k) + SUITE_TAG_SIZE;

	if (wire_len < RECORD_HEADER ||
	    record_wire_len(wire, wire_len) != wire_len)
		return bad(k, "length field does not match %zu bytes",
			   wire_len);
	if (wire[1] != 3 || wire[2] != 3)
		return bad(k, "version %02x%02x", wire[1], wire[2]);
	if (k->version == TLS13) {
		least++;
		if (wire[0] != RECORD_DATA)
			return bad(k, "outer type %u", wire[0]);
	}
	if (wire_len < least)
		return bad(k, "too short: %zu bytes", wire_len);
	if (wire_len > least + RECORD_PLAIN_MAX)
		return bad(k, "too long: %zu bytes", wire_len);
	return NULL;
}

static const char *check_explicit(struct record_key *k, const u8 *wire)
{
	u64 seen;

	if (!explicit_len(k) || k->any_explicit)
		return NULL;
	seen = get_be(wire + RECORD_HEADER, 8);
	if (seen != k->explicit_nonce)
		return bad(k, "explicit nonce %llx, not %llx",
			   seen,
			   k->explicit_nonce);
	return NULL;
}

/* RFC 8446 section 5.4: the type is the last byte that is not zero. */
static const char *strip_inner(struct record_key *k, const u8 *plain,
			       struct record *r)
{
	size_t len = r->len;

	while (len && !plain[len - 1])
		len--;
	if (!len)
		return bad(k, "no inner type");
	r->type = plain[len - 1];
	r->padding = r->len - len;
	r->len = len - 1;
	return NULL;
}

const char *record_open(struct record_key *k, const u8 *wire, size_t wire_len,
			u8 *plain, struct record *r)
{
	const char *error;

	error = check_header(k, wire, wire_len);
	if (!error)
		error = check_explicit(k, wire);
	if (error)
		return error;
	if (!decrypt(k, k->seq, wire, wire_len, plain))
		return explain_tag(k, wire, wire_len, plain);
	r->type = wire[0];
	r->data = plain;
	r->len = wire_len - RECORD_HEADER - explicit_len(k) - SUITE_TAG_SIZE;
	r->padding = 0;
	r->wire_len = wire_len;
	if (k->version == TLS13)
		error = strip_inner(k, plain, r);
	if (error)
		return error;
	k->seq++;
	if (explicit_len(k))
		k->explicit_nonce = get_be(wire + RECORD_HEADER, 8) + 1;
	k->any_explicit = false;
	return NULL;
}

/* What is encrypted: RFC 8446 section 5.2, or just the data. */
static size_t make_text(const struct record_key *k, u8 type, const void *data,
			size_t len, size_t padding, u8 *text)
{
	if (len)
		memcpy(text, data, len);
	if (k->version != TLS13)
		return len;
	text[len] = type;
	memset(text + len + 1, 0, padding);
	return len + 1 + padding;
}

size_t record_seal(struct record_key *k, u8 type, const void *data, size_t len,
		   size_t padding, u8 *wire)
{
	size_t start = RECORD_HEADER + explicit_len(k);
	u8 nonce[SUITE_NONCE_SIZE];
	struct aad aad;
	size_t text;

	text = make_text(k, type, data, len, padding, wire + start);
	wire[0] = k->version == TLS13 ? RECORD_DATA : type;
	put_be(wire + 1, TLS12, 2);
	put_be(wire + 3, explicit_len(k) + text + SUITE_TAG_SIZE, 2);
	put_be(wire + RECORD_HEADER, k->explicit_nonce, explicit_len(k));
	make_nonce(k, k->seq, k->explicit_nonce, nonce);
	make_aad(k, k->seq, wire, text, &aad);
	cipher_start(k, nonce, NULL, true);
	CHECK(cipher_run(k, &aad, wire + start, text, wire + start));
	CHECK(EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_GET_TAG,
				  SUITE_TAG_SIZE, wire + start + text) > 0);
	k->seq++;
	k->explicit_nonce++;
	return start + text + SUITE_TAG_SIZE;
}
