// SPDX-License-Identifier: GPL-2.0
/*
 * Sealing and opening of records with the kernel's crypto API; the only file that knows it.
 *
 * Asynchronous drivers are used (on 5.10 to 6.12 the x86 AES-NI GCM is only to
 * be had through one) and always waited for: no request outlives the call that
 * started it. Request, IV, additional data and scatterlist belong to the key,
 * so neither allocates anything.
 */
#include "aead.h"
#include "cipher.h"
#include "record.h"

#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

/* The additional data, then the pieces of the record */
#define SG_MAX (1 + KTLS_BUF_SEGS)

/**
 * struct ktls_aead - one AEAD key, ready for use
 * @tfm: holds the key
 * @req: the one request; the owner of the key serialises its use
 * @sg: additional data, then the record
 * @iv: nonce of the record at hand
 * @aad: additional data of the record at hand
 */
struct ktls_aead {
	struct crypto_aead *tfm;
	struct aead_request *req;
	struct scatterlist sg[SG_MAX];
	u8 iv[KTLS_AEAD_IV_SIZE];
	u8 aad[KTLS_RECORD_AAD_MAX];
};

static int tfm_setup(struct crypto_aead *tfm, const struct ktls_cipher *cipher,
		     const u8 *secret)
{
	int err = crypto_aead_setkey(tfm, secret, cipher->key_size);

	return err ?: crypto_aead_setauthsize(tfm, cipher->tag_size);
}

static struct crypto_aead *tfm_new(const struct ktls_cipher *cipher,
				   const u8 *secret)
{
	struct crypto_aead *tfm = crypto_alloc_aead(cipher->aead, 0, 0);
	int err;

	if (IS_ERR(tfm))
		return tfm;
	err = tfm_setup(tfm, cipher, secret);
	if (err) {
		crypto_free_aead(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

/**
 * ktls_aead_new() - make a key ready for use
 * @cipher: the suite
 * @secret: its key, of the suite's key_size; not kept
 *
 * Context: process, may sleep and may load modules.
 * Return: the AEAD for ktls_aead_free(), or an ERR_PTR: -ENOENT if this kernel
 * does not have the cipher, -ENOMEM, or what the driver says of the key.
 */
struct ktls_aead *ktls_aead_new(const struct ktls_cipher *cipher,
				const u8 *secret)
{
	struct crypto_aead *tfm = tfm_new(cipher, secret);
	struct ktls_aead *aead;

	if (IS_ERR(tfm))
		return ERR_CAST(tfm);

	aead = kzalloc(sizeof(*aead), GFP_KERNEL);
	if (!aead)
		goto err_free_tfm;
	sg_init_table(aead->sg, SG_MAX);
	aead->tfm = tfm;
	aead->req = aead_request_alloc(tfm, GFP_KERNEL);
	if (!aead->req)
		goto err_free_aead;
	return aead;

err_free_aead:
	kfree(aead);
err_free_tfm:
	crypto_free_aead(tfm);
	return ERR_PTR(-ENOMEM);
}

/**
 * ktls_aead_free() - wipe and free a key
 * @aead: from ktls_aead_new(); nobody uses it any more
 *
 * Context: process, may sleep.
 */
void ktls_aead_free(struct ktls_aead *aead)
{
	aead_request_free(aead->req);
	crypto_free_aead(aead->tfm);
	kfree_sensitive(aead);
}

/*
 * Describe @size bytes from @pos on, behind the additional data. Returns the
 * last entry, which is marked as the end.
 */
static struct scatterlist *map_record(struct ktls_aead *aead,
				      unsigned int aad_len,
				      struct ktls_pos pos, unsigned int size)
{
	struct scatterlist *sg = aead->sg;

	sg_set_buf(sg, aead->aad, aad_len);
	while (size) {
		unsigned int n = min(size, pos.seg->bv_len - pos.skip);

		sg_set_page(++sg, pos.seg->bv_page, n,
			    pos.seg->bv_offset + pos.skip);
		size -= n;
		pos.seg++;
		pos.skip = 0;
	}
	sg_mark_end(sg);
	return sg;
}

/* Run @op on a record in place, @tail bytes behind its payload included */
static int crypt(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		 u8 type, struct ktls_pos payload, unsigned int len,
		 unsigned int tail, int (*op)(struct aead_request *req))
{
	unsigned int aad_len = ktls_record_aad(epoch, aead->aad, type, len);
	struct scatterlist *last = map_record(aead, aad_len, payload, len +
					      ktls_record_suffix(epoch));
	DECLARE_CRYPTO_WAIT(wait);
	unsigned int noio;
	int err;

	ktls_record_iv(epoch, aead->iv);
	aead_request_set_callback(aead->req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				  CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, &wait);
	aead_request_set_ad(aead->req, aad_len);
	aead_request_set_crypt(aead->req, aead->sg, aead->sg, len + tail,
			       aead->iv);
	/* Swap or a file system may be behind this very socket */
	noio = memalloc_noio_save();
	err = crypto_wait_req(op(aead->req), &wait);
	memalloc_noio_restore(noio);
	sg_unmark_end(last);
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
	return crypt(aead, epoch, type, payload, len, ktls_record_inner(epoch),
		     crypto_aead_encrypt);
}

/**
 * ktls_aead_open() - authenticate and decrypt one record in place
 * @aead: the key; the caller lets nobody else use it meanwhile
 * @epoch: nonce and sequence number of this record; not advanced
 * @type: content type of the header
 * @payload: where the ciphertext is; behind it is the tag
 * @len: bytes of plaintext, with TLS 1.3 without the inner content type, which
 *	counts as if there were no padding
 *
 * Context: process, may sleep.
 * Return: 0, -EBADMSG if the record is not authentic, or the driver's error;
 * unless it is 0 what stands in @payload must not be used and is to be wiped.
 */
int ktls_aead_open(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos payload, unsigned int len)
{
	return crypt(aead, epoch, type, payload, len, ktls_record_suffix(epoch),
		     crypto_aead_decrypt);
}
