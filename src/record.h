/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_RECORD_H
#define KTLS_RECORD_H

#include "cipher.h"

#include <linux/errno.h>
#include <linux/ktls.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#define KTLS_RECORD_HEADER 5		/* type, version, length */
#define KTLS_RECORD_EXPLICIT 8		/* explicit nonce, RFC 5288 section 3 */
#define KTLS_RECORD_PREFIX_MAX (KTLS_RECORD_HEADER + KTLS_RECORD_EXPLICIT)
#define KTLS_RECORD_PAYLOAD_MAX 16384	/* RFC 8446 section 5.1 */
#define KTLS_RECORD_AAD_MAX 13		/* RFC 5246 section 6.2.3.3 */
#define KTLS_NONCE_SIZE 12
#define KTLS_AEAD_IV_SIZE 16		/* the crypto API's IV, CCM's being the longest */

/* The version in the header of every record, RFC 8446 section 5.1 */
#define KTLS_WIRE_VERSION TLS_1_2_VERSION

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
 * ktls_epoch_read_explicit() - take the explicit nonce out of a record
 * @epoch: the state; the nonce is that of the next record then
 * @prefix: ktls_record_prefix() bytes of the record
 *
 * Context: any.
 */
static inline void ktls_epoch_read_explicit(struct ktls_epoch *epoch,
					    const u8 *prefix)
{
	if (ktls_epoch_explicit(epoch))
		epoch->explicit = get_unaligned_be64(prefix +
						     KTLS_RECORD_HEADER);
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

/**
 * ktls_record_parse() - read the header of the next record
 * @epoch: the state
 * @header: KTLS_RECORD_HEADER bytes from the peer
 * @size: set to the bytes of the whole record
 *
 * The outer type of a TLS 1.3 record is not authenticated, so it is checked
 * (RFC 8446 section 5.2); TLS 1.2 authenticates it.
 *
 * Context: any.
 * Return: 0; -EMSGSIZE if the record is too long, -EBADMSG if it is too short to
 * be one or its outer type is wrong, -EINVAL if its version is.
 */
static inline int ktls_record_parse(const struct ktls_epoch *epoch,
				    const u8 *header, unsigned int *size)
{
	unsigned int overhead = ktls_record_framing(epoch) - KTLS_RECORD_HEADER;
	unsigned int len = get_unaligned_be16(header + 3);

	if (len > KTLS_RECORD_PAYLOAD_MAX + overhead)
		return -EMSGSIZE;
	if (len < overhead)
		return -EBADMSG;
	if (get_unaligned_be16(header + 1) != KTLS_WIRE_VERSION)
		return -EINVAL;
	if (epoch->version == TLS_1_3_VERSION && header[0] != KTLS_TYPE_DATA)
		return -EBADMSG;
	*size = KTLS_RECORD_HEADER + len;
	return 0;
}

static inline void ktls_write_header(u8 *header, u8 type, unsigned int len)
{
	header[0] = type;
	put_unaligned_be16(KTLS_WIRE_VERSION, header + 1);
	put_unaligned_be16(len, header + 3);
}

/* RFC 8446 section 5.2: the outer type of a protected record is always 23 */
static inline u8 ktls_outer_type(const struct ktls_epoch *epoch, u8 type)
{
	return epoch->version == TLS_1_3_VERSION ? KTLS_TYPE_DATA : type;
}

/**
 * ktls_record_write_prefix() - header and explicit nonce of the next record
 * @epoch: the state
 * @prefix: ktls_record_prefix() bytes to write
 * @type: content type
 * @len: bytes of payload, at most KTLS_RECORD_PAYLOAD_MAX
 *
 * Context: any.
 */
static inline void ktls_record_write_prefix(const struct ktls_epoch *epoch,
					    u8 *prefix, u8 type,
					    unsigned int len)
{
	unsigned int body = len + ktls_record_suffix(epoch);

	if (ktls_epoch_explicit(epoch)) {
		put_unaligned_be64(epoch->explicit, prefix + KTLS_RECORD_HEADER);
		body += KTLS_RECORD_EXPLICIT;
	}
	ktls_write_header(prefix, ktls_outer_type(epoch, type), body);
}

/**
 * ktls_record_aad() - additional authenticated data of the next record
 * @epoch: the state
 * @aad: room for KTLS_RECORD_AAD_MAX bytes
 * @type: content type
 * @len: bytes of payload
 *
 * TLS 1.2 authenticates the sequence number and the plaintext's length (RFC
 * 5246 section 6.2.3.3), TLS 1.3 the header as sent (RFC 8446 section 5.2).
 *
 * Context: any.
 * Return: bytes written to @aad.
 */
static inline unsigned int ktls_record_aad(const struct ktls_epoch *epoch,
					   u8 *aad, u8 type, unsigned int len)
{
	if (epoch->version == TLS_1_3_VERSION) {
		ktls_write_header(aad, KTLS_TYPE_DATA,
				  len + ktls_record_suffix(epoch));
		return KTLS_RECORD_HEADER;
	}

	put_unaligned_be64(epoch->seq, aad);
	ktls_write_header(aad + KTLS_REC_SEQ_SIZE, type, len);
	return KTLS_RECORD_AAD_MAX;
}

/**
 * ktls_record_iv() - the next record's nonce, as the crypto API wants it
 * @epoch: the state
 * @iv: KTLS_AEAD_IV_SIZE bytes to write
 *
 * Either salt and explicit nonce (RFC 5288 section 3), or the static nonce
 * with the sequence number exclusive-ored into its last eight bytes (RFC 8446
 * section 5.3, RFC 7905 section 2). The crypto API's CCM takes in front of the
 * nonce the size of the length field less one (RFC 3610 section 2.3).
 *
 * Context: any.
 */
static __always_inline void ktls_record_iv(const struct ktls_epoch *epoch, u8 *iv)
{
	const unsigned int fixed = KTLS_NONCE_SIZE - sizeof(u64);
	u64 tail = epoch->explicit;

	memset(iv, 0, KTLS_AEAD_IV_SIZE);
	if (epoch->cipher->ccm)
		*iv++ = 14 - KTLS_NONCE_SIZE;
	if (!ktls_epoch_explicit(epoch))
		tail = get_unaligned_be64(epoch->nonce + fixed) ^ epoch->seq;
	memcpy(iv, epoch->nonce, fixed);
	put_unaligned_be64(tail, iv + fixed);
}

#endif
