// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format of a protected TLS record: header, nonce, additional data.
 *
 *	TLS 1.2:  header | [explicit nonce] | payload | tag
 *	TLS 1.3:  header | payload | content type | tag
 *
 * The explicit nonce is there for AES, SM4 and ARIA (RFC 5288, 6655, 6209,
 * 8998), not for ChaCha20 (RFC 7905). Pure functions on bytes: the unit tests
 * compile this very file in userspace.
 */
#include "record.h"
#include "cipher.h"

#include <linux/ktls.h>
#include <linux/string.h>
#include <linux/unaligned.h>

/**
 * ktls_epoch_init() - take over nonce and sequence number from crypto_info
 * @epoch: to fill in
 * @cipher: the suite
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION, allowed for @cipher
 * @info: struct tls12_crypto_info_* of that suite; only iv, salt and rec_seq
 *	are read
 *
 * Context: any.
 */
void ktls_epoch_init(struct ktls_epoch *epoch, const struct ktls_cipher *cipher,
		     u16 version, const u8 *info)
{
	const u8 *iv = info + KTLS_INFO_HEADER;
	const u8 *salt = iv + cipher->iv_size + cipher->key_size;
	const u8 *seq = salt + cipher->salt_size;

	epoch->cipher = cipher;
	epoch->version = version;
	memcpy(epoch->nonce, salt, cipher->salt_size);
	memcpy(epoch->nonce + cipher->salt_size, iv, cipher->iv_size);
	epoch->explicit = get_unaligned_be64(iv);
	epoch->seq = get_unaligned_be64(seq);
	epoch->prefix = version == TLS_1_2_VERSION && cipher->salt_size ?
			KTLS_RECORD_PREFIX_MAX : KTLS_RECORD_HEADER;
	epoch->inner = version == TLS_1_3_VERSION;
	epoch->suffix = epoch->inner + cipher->tag_size;
}

/**
 * ktls_epoch_export() - give nonce and sequence number back as crypto_info
 * @epoch: the state
 * @info: struct tls12_crypto_info_* of the epoch's suite; version, cipher,
 *	iv, salt and rec_seq are written, the key is not touched
 *
 * Context: any.
 */
void ktls_epoch_export(const struct ktls_epoch *epoch, u8 *info)
{
	const struct ktls_cipher *cipher = epoch->cipher;
	u8 *iv = info + KTLS_INFO_HEADER;
	u8 *salt = iv + cipher->iv_size + cipher->key_size;

	memcpy(info, &epoch->version, 2);
	memcpy(info + 2, &cipher->id, 2);
	memcpy(salt, epoch->nonce, cipher->salt_size);
	memcpy(iv, epoch->nonce + cipher->salt_size, cipher->iv_size);
	if (ktls_epoch_explicit(epoch))
		put_unaligned_be64(epoch->explicit, iv);
	put_unaligned_be64(epoch->seq, salt + cipher->salt_size);
}
