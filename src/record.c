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

#include <linux/errno.h>
#include <linux/ktls.h>
#include <linux/string.h>
#include <linux/unaligned.h>

/* The version in the header of every record, RFC 8446 section 5.1 */
#define WIRE_VERSION TLS_1_2_VERSION

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

static void write_header(u8 *header, u8 type, unsigned int len)
{
	header[0] = type;
	put_unaligned_be16(WIRE_VERSION, header + 1);
	put_unaligned_be16(len, header + 3);
}

/* RFC 8446 section 5.2: the outer type of a protected record is always 23 */
static u8 outer_type(const struct ktls_epoch *epoch, u8 type)
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
void ktls_record_write_prefix(const struct ktls_epoch *epoch, u8 *prefix,
			      u8 type, unsigned int len)
{
	unsigned int body = len + ktls_record_suffix(epoch);

	if (ktls_epoch_explicit(epoch)) {
		put_unaligned_be64(epoch->explicit, prefix + KTLS_RECORD_HEADER);
		body += KTLS_RECORD_EXPLICIT;
	}
	write_header(prefix, outer_type(epoch, type), body);
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
unsigned int ktls_record_aad(const struct ktls_epoch *epoch, u8 *aad, u8 type,
			     unsigned int len)
{
	if (epoch->version == TLS_1_3_VERSION) {
		write_header(aad, KTLS_TYPE_DATA,
			     len + ktls_record_suffix(epoch));
		return KTLS_RECORD_HEADER;
	}

	put_unaligned_be64(epoch->seq, aad);
	write_header(aad + KTLS_REC_SEQ_SIZE, type, len);
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
void ktls_record_iv(const struct ktls_epoch *epoch, u8 *iv)
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
int ktls_record_parse(const struct ktls_epoch *epoch, const u8 *header,
		      unsigned int *size)
{
	unsigned int overhead = ktls_record_framing(epoch) - KTLS_RECORD_HEADER;
	unsigned int len = get_unaligned_be16(header + 3);

	if (len > KTLS_RECORD_PAYLOAD_MAX + overhead)
		return -EMSGSIZE;
	if (len < overhead)
		return -EBADMSG;
	if (get_unaligned_be16(header + 1) != WIRE_VERSION)
		return -EINVAL;
	if (epoch->version == TLS_1_3_VERSION && header[0] != KTLS_TYPE_DATA)
		return -EBADMSG;
	*size = KTLS_RECORD_HEADER + len;
	return 0;
}

/**
 * ktls_epoch_read_explicit() - take the explicit nonce out of a record
 * @epoch: the state; the nonce is that of the next record then
 * @prefix: ktls_record_prefix() bytes of the record
 *
 * Context: any.
 */
void ktls_epoch_read_explicit(struct ktls_epoch *epoch, const u8 *prefix)
{
	if (ktls_epoch_explicit(epoch))
		epoch->explicit = get_unaligned_be64(prefix +
						     KTLS_RECORD_HEADER);
}
