// SPDX-License-Identifier: GPL-2.0
/*
 * Known answers, checked when the module is loaded: nonce and record of every
 * suite in both versions, sealed by the AEADs that this kernel will use.
 */
#include "selftest.h"
#include "aead.h"
#include "cipher.h"
#include "key.h"
#include "record.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/ktls.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#define TEXT_LEN 45
#define RECORD_MAX (KTLS_RECORD_PREFIX_MAX + TEXT_LEN + 1 + 16)

/* Where the record is torn, to be sealed in two pieces */
#define TEAR (KTLS_RECORD_PREFIX_MAX + 16)

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

/* Seal the record at two places of one page, as if the pieces were strangers */
static bool __init seal_ok(const struct vector *v, struct ktls_key *key,
			   struct page *page)
{
	struct bio_vec piece[] = {
		{ .bv_page = page, .bv_len = TEAR },
		{ .bv_page = page, .bv_offset = PAGE_SIZE / 2,
		  .bv_len = RECORD_MAX },
	};
	const struct ktls_pos start = { .seg = piece };
	const struct ktls_epoch *epoch = &key->epoch;
	const struct ktls_pos payload = {
		.seg = piece, .skip = ktls_record_prefix(epoch),
	};
	u8 *first = page_address(page);
	u8 *second = first + PAGE_SIZE / 2;
	u8 record[RECORD_MAX] = {};

	ktls_record_write_prefix(epoch, record, KTLS_TYPE_HANDSHAKE, TEXT_LEN);
	*count_up(record + payload.skip, TEXT_LEN, 0xc0) = KTLS_TYPE_HANDSHAKE;
	ktls_pos_write(start, record, sizeof(record));
	if (ktls_aead_seal(key->aead, epoch, KTLS_TYPE_HANDSHAKE, payload,
			   TEXT_LEN))
		return false;
	return !memcmp(first, v->record, TEAR) &&
	       !memcmp(second, v->record + TEAR, v->len - TEAR);
}

static const char * __init check_key(const struct vector *v,
				     struct ktls_key *key, struct page *page)
{
	if (!nonce_ok(v, &key->epoch))
		return "nonce";
	if (!seal_ok(v, key, page))
		return "record";
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
	return err;
}
