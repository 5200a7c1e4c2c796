/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_CIPHER_H
#define KTLS_CIPHER_H

#include <linux/types.h>

/*
 * struct tls12_crypto_info_* is, for every suite and without padding:
 * u16 version, u16 cipher_type, iv, key, salt, rec_seq.
 */
#define KTLS_INFO_HEADER 4
#define KTLS_REC_SEQ_SIZE 8
#define KTLS_KEY_MAX 32
#define KTLS_INFO_MAX 56

#define KTLS_NR_CIPHERS 8

/* No suite should protect fewer records with one key */
#define KTLS_RECORDS_SAFE 8388608U

/**
 * struct ktls_cipher - one cipher suite
 * @name: as people write it
 * @aead: name of the AEAD in the kernel's crypto API
 * @id: cipher_type of <linux/tls.h>
 * @iv_size: bytes of crypto_info.iv
 * @key_size: bytes of crypto_info.key
 * @salt_size: bytes of crypto_info.salt; 0 if @iv_size is the whole nonce
 * @tag_size: bytes of the authentication tag
 * @step: the drivers go through memory in steps of so many bytes; 0 if these are
 *	too long to be minded
 * @records: records that one key should protect at most; 0 if there are not as
 *	many sequence numbers
 * @ccm: the crypto API's IV for CCM carries a length field before the nonce
 * @tls13: the suite may be used with TLS 1.3 (all may with 1.2)
 */
struct ktls_cipher {
	const char *name;
	const char *aead;
	u16 id;
	u8 iv_size;
	u8 key_size;
	u8 salt_size;
	u8 tag_size;
	u8 step;
	u32 records;
	bool ccm;
	bool tls13;
};

const struct ktls_cipher *ktls_cipher_find(u16 id);
const struct ktls_cipher *ktls_cipher_nth(unsigned int n);
unsigned int ktls_cipher_index(const struct ktls_cipher *cipher);
bool ktls_cipher_allows(const struct ktls_cipher *cipher, u16 version);
unsigned int ktls_cipher_info_size(const struct ktls_cipher *cipher);

#endif
