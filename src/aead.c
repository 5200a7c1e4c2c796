// SPDX-License-Identifier: GPL-2.0
/*
 * Sealing and opening of records with the kernel's crypto API, which beside this
 * file only tfm.c knows.
 *
 * Asynchronous drivers are used and always waited for: no request outlives the
 * call that started it. Request, IV and additional data belong to the key,
 * scatterlists stand on the stack: nothing is allocated for a record.
 */
#include "aead.h"
#include "cipher.h"
#include "record.h"
#include "tfm.h"

#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

/* The additional data, then the pieces of the record */
#define SG_MAX (1 + KTLS_AEAD_PIECES)

/**
 * ktls_aead_init() - make a key ready for use
 * @aead: to fill in, in memory that DMA can reach
 * @cipher: the suite
 * @secret: its key, of the suite's key_size; not kept
 *
 * Context: process, may sleep and may load modules.
 * Return: 0, then ktls_aead_destroy() is due; -ENOENT if this kernel does not
 * have the cipher, -ENOMEM, or what the driver says of the key.
 */
int ktls_aead_init(struct ktls_aead *aead, const struct ktls_cipher *cipher,
		   const u8 *secret)
{
	struct crypto_aead *tfm = ktls_tfm_new(cipher, secret);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	aead->req = aead_request_alloc(tfm, GFP_KERNEL);
	if (!aead->req) {
		ktls_tfm_free(cipher, tfm);
		return -ENOMEM;
	}
	aead->tfm = tfm;
	return 0;
}

/**
 * ktls_aead_destroy() - wipe and free what ktls_aead_init() has made
 * @aead: the key; nobody uses it any more
 * @cipher: its suite
 *
 * Context: process, may sleep.
 */
void ktls_aead_destroy(struct ktls_aead *aead,
		       const struct ktls_cipher *cipher)
{
	aead_request_free(aead->req);
	ktls_tfm_free(cipher, aead->tfm);
}

static void add_piece(struct scatterlist *sg, struct page *page,
		      unsigned int len, unsigned int offset)
{
	*sg = (struct scatterlist){};
	sg_set_page(sg, page, len, offset);
}

/* Describe the additional data and @size bytes from @pos on */
static void map_record(struct scatterlist *sg, struct ktls_aead *aead,
		       unsigned int aad_len, struct ktls_pos pos,
		       unsigned int size)
{
	add_piece(sg, virt_to_page(aead->aad), aad_len,
		  offset_in_page(aead->aad));
	while (size) {
		unsigned int n = min(size, pos.seg->bv_len - pos.skip);

		add_piece(++sg, pos.seg->bv_page, n,
			  pos.seg->bv_offset + pos.skip);
		size -= n;
		pos.seg++;
		pos.skip = 0;
	}
	sg_mark_end(sg);
}

/* Run @op on the request, whose lists, lengths and IV are set, and wait for it */
static int run(struct aead_request *req, int (*op)(struct aead_request *req))
{
	DECLARE_CRYPTO_WAIT(wait);
	unsigned int noio;
	int err;

	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				  CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, &wait);
	/* Swap or a file system may be behind this very socket */
	noio = memalloc_noio_save();
	err = crypto_wait_req(op(req), &wait);
	memalloc_noio_restore(noio);
	return err;
}

/**
 * ktls_aead_seal() - protect one record in place
 * @aead: the key; the caller lets nobody else use it meanwhile
 * @epoch: nonce and sequence number of this record; not advanced
 * @type: content type
 * @payload: where the plaintext is, with TLS 1.3 followed by the content type;
 *	behind that is room for the tag
 * @len: bytes of plaintext
 *
 * Context: process, may sleep.
 * Return: 0, or the driver's error; then the record must never be sent and its
 * nonce never be used again.
 */
int ktls_aead_seal(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos payload, unsigned int len)
{
	unsigned int aad_len = ktls_record_aad(epoch, aead->aad, type, len);
	/* One that grew by small sends may have all pieces of a buffer */
	struct scatterlist sg[1 + KTLS_BUF_SEGS] __uninitialized;

	map_record(sg, aead, aad_len, payload,
		   len + ktls_record_suffix(epoch));
	ktls_record_iv(epoch, aead->iv);
	aead_request_set_ad(aead->req, aad_len);
	aead_request_set_crypt(aead->req, sg, sg,
			       len + ktls_record_inner(epoch), aead->iv);
	return run(aead->req, crypto_aead_encrypt);
}

/**
 * ktls_aead_open() - authenticate and decrypt one record
 * @aead: the key; the caller lets nobody else use it meanwhile
 * @epoch: nonce and sequence number of this record; not advanced
 * @type: content type of the header
 * @from: where the ciphertext is, in at most KTLS_AEAD_PIECES; behind it is the
 *	tag
 * @to: where the plaintext goes: @from itself, or memory apart from it, in as
 *	many pieces at most
 * @len: bytes of plaintext, with TLS 1.3 without the inner content type, which
 *	counts as if there were no padding and is written behind them
 *
 * Context: process, may sleep.
 * Return: 0, -EBADMSG if the record is not authentic, or the driver's error;
 * unless it is 0 what stands at @to must not be used and is to be wiped.
 */
int ktls_aead_open(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos from, struct ktls_pos to,
		   unsigned int len)
{
	unsigned int aad_len = ktls_record_aad(epoch, aead->aad, type, len);
	unsigned int size = len + ktls_record_suffix(epoch);
	struct scatterlist from_sg[SG_MAX] __uninitialized;
	struct scatterlist to_sg[SG_MAX] __uninitialized;
	bool in_place = ktls_pos_equal(from, to);

	map_record(from_sg, aead, aad_len, from, size);
	if (!in_place)
		map_record(to_sg, aead, aad_len, to,
			   len + ktls_record_inner(epoch));
	ktls_record_iv(epoch, aead->iv);
	aead_request_set_ad(aead->req, aad_len);
	aead_request_set_crypt(aead->req, from_sg,
			       in_place ? from_sg : to_sg, size, aead->iv);
	return run(aead->req, crypto_aead_decrypt);
}
