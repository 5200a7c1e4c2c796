/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_AEAD_H
#define KTLS_AEAD_H

#include <linux/types.h>

#include "buf.h"
#include "chapoly.h"
#include "record.h"

struct aead_request;
struct crypto_aead;
struct ktls_cipher;

/* Pieces of the memory that a record may be opened or sealed to */
#define KTLS_AEAD_PIECES 12

/**
 * struct ktls_aead - one AEAD key, ready for use
 * @tfm: holds the key; NULL if the library is used, not the crypto API
 * @words: holds the key for the library
 * @req: the one request; the owner of the key serialises its use. NULL if the
 *	stack does
 * @iv: nonce of the record at hand, for the crypto API
 * @aad: additional data of the record at hand
 */
struct ktls_aead {
	struct crypto_aead *tfm;
	union {
		u32 words[KTLS_CHAPOLY_KEY_WORDS];
		struct {
			struct aead_request *req;
			u8 iv[KTLS_AEAD_IV_SIZE];
		};
	};
	u8 aad[KTLS_RECORD_AAD_MAX];
};

/**
 * ktls_aead_is_immediate() - is a record done by this processor, in one call?
 * @aead: the key
 *
 * Then no device and no thread writes to memory that the caller lends.
 *
 * Context: any.
 * Return: true if it is.
 */
static inline bool ktls_aead_is_immediate(const struct ktls_aead *aead)
{
	return !aead->tfm || !aead->req;
}

struct ktls_aead *ktls_aead_new(const struct ktls_cipher *cipher,
				const u8 *secret, size_t size);
void ktls_aead_free(struct ktls_aead *aead, const struct ktls_cipher *cipher);
int ktls_aead_seal(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos from, struct ktls_pos to,
		   unsigned int len);
int ktls_aead_open(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos from, struct ktls_pos to,
		   unsigned int len);

#endif
