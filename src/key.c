// SPDX-License-Identifier: GPL-2.0
/*
 * Keys: made from what userspace hands over, given back, wiped.
 *
 * A key is never changed in place. A KeyUpdate makes a new one and drops the
 * old one afterwards, so a failure leaves the old one in force.
 */
#include "key.h"
#include "aead.h"

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>

static const u8 *info_secret(const struct ktls_cipher *cipher, const u8 *info)
{
	return info + KTLS_INFO_HEADER + cipher->iv_size;
}

/**
 * ktls_key_new() - make a key from crypto_info
 * @cipher: the suite
 * @version: protocol version, allowed for @cipher
 * @info: struct tls12_crypto_info_* of that suite; its version and cipher_type
 *	are not read again
 *
 * Context: process, may sleep and may load modules.
 * Return: the key for ktls_key_free(), or an ERR_PTR of what ktls_aead_new()
 * returns.
 */
struct ktls_key *ktls_key_new(const struct ktls_cipher *cipher, u16 version,
			      const u8 *info)
{
	const u8 *secret = info_secret(cipher, info);
	struct ktls_aead *aead;
	struct ktls_key *key;

	BUILD_BUG_ON(offsetof(struct ktls_key, aead));
	aead = ktls_aead_new(cipher, secret, sizeof(*key));
	if (IS_ERR(aead))
		return ERR_CAST(aead);
	key = container_of(aead, struct ktls_key, aead);
	memcpy(key->secret, secret, cipher->key_size);
	ktls_epoch_init(&key->epoch, cipher, version, info);
	return key;
}

/**
 * ktls_key_free() - wipe and free a key
 * @key: from ktls_key_new(), or NULL
 *
 * Context: process, may sleep.
 */
void ktls_key_free(struct ktls_key *key)
{
	if (key)
		ktls_aead_free(&key->aead, key->epoch.cipher);
}

/**
 * ktls_key_export() - give a key back as crypto_info
 * @key: the key
 * @info: struct tls12_crypto_info_* to fill, all of it, with the number and the
 *	nonce of the next record
 *
 * Context: socket lock held.
 */
void ktls_key_export(const struct ktls_key *key, u8 *info)
{
	const struct ktls_cipher *cipher = key->epoch.cipher;

	ktls_epoch_export(&key->epoch, info);
	memcpy(info + KTLS_INFO_HEADER + cipher->iv_size, key->secret,
	       cipher->key_size);
}
