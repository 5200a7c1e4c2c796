// SPDX-License-Identifier: GPL-2.0
/*
 * Known answers, checked when the module is loaded: nonce and record of every
 * suite in both versions, sealed and opened by the AEADs that this kernel will
 * use.
 */
#include "selftest.h"
#include "aead.h"
#include "cipher.h"
#include "key.h"
#include "record.h"
#include "tfm.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/ktls.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#define TEXT_LEN 45
#define RECORD_MAX (KTLS_RECORD_PREFIX_MAX + TEXT_LEN + 1 + 16)

/* Where records are torn: two pieces, as if they were strangers */
#define TEAR (KTLS_RECORD_PREFIX_MAX + 16)
#define OTHER_TEAR (KTLS_RECORD_PREFIX_MAX + 7)

/**
 * struct vector - one known answer
 * @cipher: cipher_type
 * @version: protocol version
 * @nonce: of the record
 * @len: bytes of @record
 * @record: as it goes over the wire
 */
struct vector {
	u16 cipher;
	u16 version;
	u8 nonce[KTLS_NONCE_SIZE];
	u8 len;
	u8 record[RECORD_MAX];
};

#include "selftest_vectors.h"

static u8 * __init count_up(u8 *p, unsigned int len, u8 from)
{
	while (len--)
		*p++ = from++;
	return p;
}

/* crypto_info with the vectors' key, nonce and sequence number */
static void __init fill_info(const struct ktls_cipher *cipher, u8 *info)
{
	u8 *p = info + KTLS_INFO_HEADER;

	p = count_up(p, cipher->iv_size, 0x40);
	p = count_up(p, cipher->key_size, 0x00);
	p = count_up(p, cipher->salt_size, 0x60);
	count_up(p, KTLS_REC_SEQ_SIZE, 0x80);
}

static bool __init nonce_ok(const struct vector *v, const struct ktls_epoch *e)
{
	u8 iv[KTLS_AEAD_IV_SIZE];

	ktls_record_iv(e, iv);
	return !memcmp(iv + e->cipher->ccm, v->nonce, sizeof(v->nonce));
}

static void __init tear(struct bio_vec *piece, struct page *page,
			unsigned int offset, unsigned int len)
{
	piece[0] = (struct bio_vec){ .bv_page = page, .bv_len = len,
				     .bv_offset = offset };
	piece[1] = (struct bio_vec){ .bv_page = page, .bv_len = RECORD_MAX,
				     .bv_offset = offset + PAGE_SIZE / 4 };
}

static bool __init holds(struct ktls_pos pos, const u8 *bytes, unsigned int len)
{
	u8 found[RECORD_MAX];

	ktls_pos_read(&pos, found, len);
	return !memcmp(found, bytes, len);
}

static bool __init seal_ok(const struct vector *v, struct ktls_key *key,
			   struct ktls_pos from, struct ktls_pos to,
			   const u8 *plain)
{
	const struct ktls_pos start = { .seg = to.seg };

	ktls_pos_write(start, plain, to.skip);
	ktls_pos_write(from, plain + from.skip, RECORD_MAX - from.skip);
	return !ktls_aead_seal(&key->aead, &key->epoch, KTLS_TYPE_HANDSHAKE,
			       from, to, TEXT_LEN) &&
	       holds(start, v->record, v->len);
}

static int __init open_to(struct ktls_key *key, struct ktls_pos from,
			  struct ktls_pos to)
{
	return ktls_aead_open(&key->aead, &key->epoch, KTLS_TYPE_HANDSHAKE,
			      from, to, TEXT_LEN);
}

static bool __init open_ok(struct ktls_key *key, struct ktls_pos from,
			   struct ktls_pos to, const u8 *plain)
{
	return !open_to(key, from, to) &&
	       holds(to, plain + to.skip,
		     TEXT_LEN + ktls_record_inner(&key->epoch));
}

/* Does it, with one bit wrong in the last byte of its tag? */
static bool __init forgery_opens(const struct vector *v, struct ktls_key *key,
				 struct ktls_pos from, struct ktls_pos to)
{
	struct ktls_pos last = { .seg = from.seg + 1,
				 .skip = v->len - 1 - TEAR };
	u8 bad = v->record[v->len - 1] ^ 1;
	int err;

	ktls_pos_write(last, &bad, 1);
	err = open_to(key, from, to);
	bad ^= 1;
	ktls_pos_write(last, &bad, 1);
	return err != -EBADMSG;
}

static const char * __init check_key(const struct vector *v,
				     struct ktls_key *key, struct page *page)
{
	const struct ktls_epoch *epoch = &key->epoch;
	unsigned int prefix = ktls_record_prefix(epoch);
	struct bio_vec piece[2], other[2];
	const struct ktls_pos here = { .seg = piece, .skip = prefix };
	const struct ktls_pos there = { .seg = other, .skip = prefix };
	u8 plain[RECORD_MAX] = {};

	tear(piece, page, 0, TEAR);
	tear(other, page, PAGE_SIZE / 2, OTHER_TEAR);
	ktls_record_write_prefix(epoch, plain, KTLS_TYPE_HANDSHAKE, TEXT_LEN);
	*count_up(plain + prefix, TEXT_LEN, 0xc0) = KTLS_TYPE_HANDSHAKE;

	if (!nonce_ok(v, epoch))
		return "nonce";
	if (!seal_ok(v, key, here, there, plain) ||
	    !seal_ok(v, key, here, here, plain))
		return "record";
	if (forgery_opens(v, key, here, there))
		return "verdict on a forgery";
	if (!open_ok(key, here, there, plain) ||
	    !open_ok(key, here, here, plain))
		return "plaintext";
	return NULL;
}

static int __init check(const struct vector *v, struct page *page)
{
	const struct ktls_cipher *cipher = ktls_cipher_find(v->cipher);
	u8 info[KTLS_INFO_MAX];
	struct ktls_key *key;
	const char *wrong;

	fill_info(cipher, info);
	key = ktls_key_new(cipher, v->version, info);
	/* What this kernel does not have it will not offer either */
	if (PTR_ERR_OR_ZERO(key) == -ENOENT)
		return 0;
	if (IS_ERR(key)) {
		pr_warn("ktls: %s is not usable (%pe)\n", cipher->name, key);
		return 0;
	}

	wrong = check_key(v, key, page);
	ktls_key_free(key);
	if (!wrong)
		return 0;
	pr_err("ktls: self-test failed: wrong %s for %s with TLS 1.%d\n", wrong,
	       cipher->name, v->version == TLS_1_3_VERSION ? 3 : 2);
	return -EBADMSG;
}

/**
 * ktls_selftest() - check all known answers
 *
 * A cipher that this kernel lacks is passed over.
 *
 * Context: process, may sleep and may load modules.
 * Return: 0, -ENOMEM, or -EBADMSG if an answer was wrong; the log says which.
 */
int __init ktls_selftest(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!page)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(vectors) && !err; i++)
		err = check(&vectors[i], page);
	__free_page(page);
	/* A better driver may be loaded before there are users */
	ktls_tfm_unregister();
	return err;
}
