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
 * @nonce: salt and IV, the part of the nonce that stays the same; where the
 *	nonce is partly explicit only its first bytes (the salt) are used
 * @explicit: the next record's explicit nonce, where there is one
 * @seq: the next record's sequence number
 */
struct ktls_epoch {
	const struct ktls_cipher *cipher;
	u16 version;
	u8 nonce[KTLS_NONCE_SIZE];
	u64 explicit;
	u64 seq;
};

void ktls_epoch_init(struct ktls_epoch *epoch, const struct ktls_cipher *cipher,
		     u16 version, const u8 *info);
void ktls_epoch_export(const struct ktls_epoch *epoch, u8 *info);
bool ktls_epoch_explicit(const struct ktls_epoch *epoch);
bool ktls_epoch_has(const struct ktls_epoch *epoch, u64 records);
void ktls_epoch_advance(struct ktls_epoch *epoch);

unsigned int ktls_record_prefix(const struct ktls_epoch *epoch);
unsigned int ktls_record_inner(const struct ktls_epoch *epoch);
unsigned int ktls_record_suffix(const struct ktls_epoch *epoch);
unsigned int ktls_record_framing(const struct ktls_epoch *epoch);
void ktls_record_write_prefix(const struct ktls_epoch *epoch, u8 *prefix,
			      u8 type, unsigned int len);
unsigned int ktls_record_aad(const struct ktls_epoch *epoch, u8 *aad, u8 type,
			     unsigned int len);
int ktls_record_parse(const struct ktls_epoch *epoch, const u8 *header,
		      unsigned int *size);
void ktls_epoch_read_explicit(struct ktls_epoch *epoch, const u8 *prefix);
void ktls_record_iv(const struct ktls_epoch *epoch, u8 *iv);

#endif
