// SPDX-License-Identifier: GPL-2.0
/*
 * Sealing and opening of records with the kernel's crypto API, which beside this
 * file only tfm.c knows, or with its library where that is better.
 *
 * Asynchronous drivers are used and always waited for: no request outlives the
 * call that started it. IV and additional data belong to the key, as does the
 * request if the driver needs room in it; otherwise it stands on the stack, as
 * scatterlists do: nothing is allocated for a record.
 */
#include "aead.h"
#include "chapoly.h"
#include "cipher.h"
#include "record.h"
#include "tfm.h"

#include <crypto/aead.h>
#include <linux/build_bug.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/fips.h>
#include <linux/ktls.h>
#include <linux/scatterlist.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

/*
 * The additional data, then the pieces of the record, then the tag. In place there
 * may be as many as a buffer has, for one that grew by small sends has that many;
 * apart there are two lists, one behind the other.
 */
#define SG_APART (1 + KTLS_AEAD_PIECES + 1)
#define SG_MAX (1 + KTLS_BUF_SEGS + 1)

/* With FIPS 140 the crypto API says what may be used, and the library nothing */
static bool library_has(const struct ktls_cipher *cipher)
{
	return KTLS_CHAPOLY_BUILT && !fips_enabled &&
	       cipher->id == TLS_CIPHER_CHACHA20_POLY1305;
}

static bool is_library(const struct ktls_aead *aead)
{
	return KTLS_CHAPOLY_BUILT && !aead->tfm;
}

/* May requests stand on the stack? */
static bool is_simple(struct crypto_aead *tfm)
{
	return !crypto_aead_reqsize(tfm) &&
	       !(crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC);
}

static struct ktls_aead *library_new(const u8 *secret, size_t size)
{
	struct ktls_aead *aead = kzalloc(size, GFP_KERNEL);

	if (!aead)
		return ERR_PTR(-ENOMEM);
	ktls_chapoly_key(aead->words, secret);
	return aead;
}

static struct ktls_aead *api_new(const struct ktls_cipher *cipher,
				 const u8 *secret, size_t size)
{
	struct ktls_aead *aead = ktls_tfm_new(cipher, secret, size);

	if (IS_ERR(aead) || is_simple(aead->tfm))
		return aead;
	aead->req = aead_request_alloc(aead->tfm, GFP_KERNEL);
	if (aead->req)
		return aead;
	ktls_tfm_free(cipher, aead);
	return ERR_PTR(-ENOMEM);
}

/**
 * ktls_aead_new() - make a key that is ready for use
 * @cipher: the suite
 * @secret: its key, of the suite's key_size; not kept
 * @size: bytes of the structure that begins with struct ktls_aead, the same in
 *	all calls
 *
 * Context: process, may sleep and may load modules.
 * Return: memory of @size bytes, zero behind struct ktls_aead, for
 * ktls_aead_free(), or an ERR_PTR: -ENOENT if this kernel does not have the
 * cipher, -ENOMEM, or what the driver says of the key.
 */
struct ktls_aead *ktls_aead_new(const struct ktls_cipher *cipher,
				const u8 *secret, size_t size)
{
	return library_has(cipher) ? library_new(secret, size) :
				     api_new(cipher, secret, size);
}

/**
 * ktls_aead_free() - wipe and free what ktls_aead_new() has made
 * @aead: the key; nobody uses it any more
 * @cipher: its suite
 *
 * Context: process, may sleep.
 */
void ktls_aead_free(struct ktls_aead *aead, const struct ktls_cipher *cipher)
{
	if (is_library(aead)) {
		kfree_sensitive(aead);
		return;
	}
	if (aead->req)
		aead_request_free(aead->req);
	ktls_tfm_free(cipher, aead);
}

static void add_piece(struct scatterlist *sg, struct page *page,
		      unsigned int len, unsigned int offset)
{
	/* Neither end nor chain; what a device needs its driver writes */
	sg->page_link = 0;
	sg_set_page(sg, page, len, offset);
}

/* Describe @size bytes from @pos on, which goes on. Returns the entry behind */
static inline struct scatterlist *map(struct scatterlist *sg,
				      struct ktls_pos *pos, unsigned int size)
{
	while (size) {
		unsigned int n = min(size, ktls_pos_left(*pos));

		add_piece(sg++, pos->seg->bv_page, n,
			  pos->seg->bv_offset + pos->skip);
		pos->skip += n;
		size -= n;
		if (size) {
			pos->seg++;
			pos->skip = 0;
		}
	}
	return sg;
}

/*
 * Describe @size bytes from @pos on, and the @tag behind them, where there is
 * one: drivers find it sooner if it has an entry of its own
 */
static void map_record(struct scatterlist *sg, struct ktls_pos pos,
		       unsigned int size, unsigned int tag)
{
	sg = map(sg, &pos, size);
	if (tag && !ktls_pos_left(pos))
		pos = (struct ktls_pos){ .seg = pos.seg + 1 };
	sg = map(sg, &pos, tag);
	sg_mark_end(sg - 1);
}

/* Describe the additional data and @size bytes from @pos on */
static void map_with_aad(struct scatterlist *sg, struct ktls_aead *aead,
			 unsigned int aad_len, struct ktls_pos pos,
			 unsigned int size, unsigned int tag)
{
	add_piece(sg, virt_to_page(aead->aad), aad_len,
		  offset_in_page(aead->aad));
	map_record(sg + 1, pos, size, tag);
}

/*
 * Do the additional data of a record stand before its payload, in the same piece?
 * Then one entry does for both.
 */
static bool has_aad(const struct ktls_epoch *epoch, struct ktls_pos payload)
{
	return epoch->version == TLS_1_3_VERSION &&
	       payload.skip >= KTLS_RECORD_HEADER;
}

/*
 * Run @op on the request, whose lists and lengths are set, and wait for it. One
 * on the stack is done when @op returns: nobody calls back. Inlined, so that the
 * call of @op is a direct one.
 */
static inline int run(struct ktls_aead *aead, struct aead_request *req,
		      int (*op)(struct aead_request *req))
{
	struct crypto_wait wait __uninitialized;
	unsigned int noio;
	int err;

	if (aead->req)
		crypto_init_wait(&wait);
	aead_request_set_tfm(req, aead->tfm);
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				  CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, &wait);
	/* Swap or a file system may be behind this very socket */
	noio = memalloc_noio_save();
	err = op(req);
	if (aead->req)
		err = crypto_wait_req(err, &wait);
	memalloc_noio_restore(noio);
	return err;
}

/*
 * Let @op read @in bytes and write @out bytes, of which the tag makes the
 * difference. Inlined for the sake of small records.
 */
static __always_inline int api_do(int (*op)(struct aead_request *req),
				  struct ktls_aead *aead,
				  const struct ktls_epoch *epoch, u8 type,
				  unsigned int len,
				  struct ktls_pos from, unsigned int in,
				  struct ktls_pos to, unsigned int out)
{
	struct scatterlist from_sg[SG_MAX] __uninitialized;
	struct aead_request here __uninitialized;
	struct aead_request *req = aead->req ?: &here;
	struct scatterlist *to_sg = from_sg;
	unsigned int aad_len = KTLS_RECORD_HEADER;
	unsigned int size = min(in, out);

	BUILD_BUG_ON(2 * SG_APART > SG_MAX);
	if (ktls_pos_equal(from, to) && has_aad(epoch, from)) {
		from.skip -= aad_len;
		map_record(from_sg, from, aad_len + size, max(in, out) - size);
	} else if (ktls_pos_equal(from, to)) {
		aad_len = ktls_record_aad(epoch, aead->aad, type, len);
		map_with_aad(from_sg, aead, aad_len, from, size,
			     max(in, out) - size);
	} else {
		to_sg += SG_APART;
		aad_len = ktls_record_aad(epoch, aead->aad, type, len);
		map_with_aad(from_sg, aead, aad_len, from, size, in - size);
		map_with_aad(to_sg, aead, aad_len, to, size, out - size);
	}
	ktls_record_iv(epoch, aead->iv);
	aead_request_set_ad(req, aad_len);
	aead_request_set_crypt(req, from_sg, to_sg, in, aead->iv);
	return run(aead, req, op);
}

/* The library's description of a record, whose nonce is put at @nonce */
static struct ktls_chapoly library_job(struct ktls_aead *aead,
				       const struct ktls_epoch *epoch,
				       u8 *nonce, u8 type, unsigned int len)
{
	ktls_record_iv(epoch, nonce);
	return (struct ktls_chapoly){
		.key = aead->words,
		.nonce = nonce,
		.aad = aead->aad,
		.aad_len = ktls_record_aad(epoch, aead->aad, type, len),
		.len = len + ktls_record_inner(epoch),
	};
}

/* Not inlined: what the library needs on the stack the API does not */
static noinline int
library_seal(struct ktls_aead *aead, const struct ktls_epoch *epoch, u8 type,
	     struct ktls_pos from, struct ktls_pos to, unsigned int len)
{
	u8 nonce[KTLS_AEAD_IV_SIZE];
	struct ktls_chapoly job = library_job(aead, epoch, nonce, type, len);

	ktls_chapoly_seal(&job, from, to);
	return 0;
}

static noinline int
library_open(struct ktls_aead *aead, const struct ktls_epoch *epoch, u8 type,
	     struct ktls_pos from, struct ktls_pos to, unsigned int len)
{
	u8 nonce[KTLS_AEAD_IV_SIZE];
	struct ktls_chapoly job = library_job(aead, epoch, nonce, type, len);

	return ktls_chapoly_open(&job, from, to);
}

/**
 * ktls_aead_seal() - protect one record
 * @aead: the key; the caller lets nobody else use it meanwhile
 * @epoch: nonce and sequence number of this record; not advanced
 * @type: content type
 * @from: where the plaintext is, with TLS 1.3 followed by the content type. In
 *	at most KTLS_BUF_SEGS pieces, or KTLS_AEAD_PIECES if @to is elsewhere
 * @to: where the ciphertext goes, behind the record's header and with room for
 *	the tag behind it: @from itself, or memory apart from it in at most
 *	KTLS_AEAD_PIECES; one byte at the same distance in both may be the same
 * @len: bytes of plaintext
 *
 * All ciphers but CCM read each byte at @from once, and compute the tag from what
 * they have written: somebody may change what is there meanwhile.
 *
 * Context: process, may sleep.
 * Return: 0, or the driver's error; then the record must never be sent and its
 * nonce never be used again.
 */
int ktls_aead_seal(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos from, struct ktls_pos to,
		   unsigned int len)
{
	unsigned int size = len + ktls_record_inner(epoch);

	if (is_library(aead))
		return library_seal(aead, epoch, type, from, to, len);
	return api_do(crypto_aead_encrypt, aead, epoch, type, len, from, size,
		      to, size + epoch->cipher->tag_size);
}

/**
 * ktls_aead_open() - authenticate and decrypt one record
 * @aead: the key; the caller lets nobody else use it meanwhile
 * @epoch: nonce and sequence number of this record; not advanced
 * @type: content type of the header
 * @from: where the ciphertext is, in at most KTLS_BUF_SEGS pieces, or
 *	KTLS_AEAD_PIECES if @to is elsewhere; before it is the record's header,
 *	unless it is opened to elsewhere, behind it the tag
 * @to: where the plaintext goes: @from itself, or memory apart from it in at
 *	most KTLS_AEAD_PIECES
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
	unsigned int size = len + ktls_record_inner(epoch);

	if (is_library(aead))
		return library_open(aead, epoch, type, from, to, len);
	return api_do(crypto_aead_decrypt, aead, epoch, type, len, from,
		      size + epoch->cipher->tag_size, to, size);
}
