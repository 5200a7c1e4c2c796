/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_RECORD_H
#define KTLS_RECORD_H

#include <linux/types.h>

struct ktls_cipher;

#define KTLS_RECORD_HEADER 5		/* type, version, length */
#define KTLS_RECORD_EXPLICIT 8		/* explicit nonce, RFC 5288 section 3 */
#define KTLS_RECORD_PREFIX_MAX (KTLS_RECORD_HEADER + KTLS_RECORD_EXPLICIT)
#define KTLS_RECORD_PAYLOAD_MAX 16384	/* RFC 8446 section 5.1 */
#define KTLS_RECORD_AAD_MAX 13		/* RFC 5246 section 6.2.3.3 */
#define KTLS_NONCE_SIZE 12
#define KTLS_AEAD_IV_SIZE 16		/* the crypto API's IV, CCM's being the longest */

/* Content types, RFC 8446 section 5.1 */
#define KTLS_TYPE_HANDSHAKE 22
#define KTLS_TYPE_DATA 23

/**
 * struct ktls_epoch - all but the key that protects one direction's records
 * @cipher: the suite
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION
 * @prefix: bytes of a record before its payload. Few bits, for struct ktls_key to
 *	fit into a slab of 128 bytes
 * @inner: encrypted bytes of a record besides its payload
 * @suffix: bytes of a record behind its payload
 * @nonce: salt and IV, the part of the nonce that stays the same; where the
 *	nonce is partly explicit only its first bytes (the salt) are used
 * @explicit: the next record's explicit nonce, where there is one
 * @seq: the next record's sequence number
 */
struct ktls_epoch {
	const struct ktls_cipher *cipher;
	u16 version;
	u8 prefix : 7;
	u8 inner : 1;
	u8 suffix;
	u8 nonce[KTLS_NONCE_SIZE];
	u64 explicit;
	u64 seq;
};

void ktls_epoch_init(struct ktls_epoch *epoch, const struct ktls_cipher *cipher,
		     u16 version, const u8 *info);
void ktls_epoch_export(const struct ktls_epoch *epoch, u8 *info);

void ktls_record_write_prefix(const struct ktls_epoch *epoch, u8 *prefix,
			      u8 type, unsigned int len);
unsigned int ktls_record_aad(const struct ktls_epoch *epoch, u8 *aad, u8 type,
			     unsigned int len);
int ktls_record_parse(const struct ktls_epoch *epoch, const u8 *header,
		      unsigned int *size);
void ktls_epoch_read_explicit(struct ktls_epoch *epoch, const u8 *prefix);
void ktls_record_iv(const struct ktls_epoch *epoch, u8 *iv);

/**
 * ktls_epoch_explicit() - does a part of the nonce travel in the record?
 * @epoch: the state
 *
 * Context: any.
 * Return: true for TLS 1.2 with a suite that has a salt.
 */
static inline bool ktls_epoch_explicit(const struct ktls_epoch *epoch)
{
	return epoch->prefix > KTLS_RECORD_HEADER;
}

/**
 * ktls_epoch_has() - are there sequence numbers left?
 * @epoch: the state
 * @records: how many are wanted
 *
 * Sequence numbers must not wrap (RFC 8446 section 5.3). The last one is never
 * used, so that the number of the next record can always be told.
 *
 * Context: any.
 * Return: true if @records records can be sealed or opened.
 */
static inline bool ktls_epoch_has(const struct ktls_epoch *epoch, u64 records)
{
	return ~epoch->seq >= records;
}

/**
 * ktls_epoch_advance() - go on to the next record
 * @epoch: the state; its sequence number has been used
 *
 * Context: any.
 */
static inline void ktls_epoch_advance(struct ktls_epoch *epoch)
{
	epoch->seq++;
	epoch->explicit++;
}

/**
 * ktls_record_prefix() - bytes of a record before its payload
 * @epoch: the state
 *
 * Context: any.
 * Return: 5 or 13.
 */
static inline unsigned int ktls_record_prefix(const struct ktls_epoch *epoch)
{
	return epoch->prefix;
}

/**
 * ktls_record_inner() - encrypted bytes of a record besides its payload
 * @epoch: the state
 *
 * Context: any.
 * Return: 1 for TLS 1.3 (the inner content type), else 0.
 */
static inline unsigned int ktls_record_inner(const struct ktls_epoch *epoch)
{
	return epoch->inner;
}

/**
 * ktls_record_suffix() - bytes of a record behind its payload
 * @epoch: the state
 *
 * Context: any.
 * Return: inner content type and tag, 16 or 17.
 */
static inline unsigned int ktls_record_suffix(const struct ktls_epoch *epoch)
{
	return epoch->suffix;
}

/**
 * ktls_record_framing() - bytes of a record besides its payload
 * @epoch: the state
 *
 * Context: any.
 * Return: prefix and suffix.
 */
static inline unsigned int ktls_record_framing(const struct ktls_epoch *epoch)
{
	return epoch->prefix + epoch->suffix;
}

#endif
