// SPDX-License-Identifier: GPL-2.0
/*
 * The table of cipher suites. Knows nothing of sockets or of the crypto API:
 * the unit tests compile this very file in userspace.
 */
#include "cipher.h"

#include <linux/ktls.h>

/*
 * 2^24.5 full records, RFC 8446 section 5.5, with any cipher of 128-bit blocks,
 * and 2^23, RFC 9147 section 4.5.3. None is below KTLS_RECORDS_SAFE.
 */
#define GCM_RECORDS 23726566
#define CCM_RECORDS KTLS_RECORDS_SAFE

#define SUITE(_id, _name, _aead, ...)					\
	{								\
		.name = _name,						\
		.aead = _aead,						\
		.id = TLS_CIPHER_##_id,					\
		.iv_size = TLS_CIPHER_##_id##_IV_SIZE,			\
		.key_size = TLS_CIPHER_##_id##_KEY_SIZE,		\
		.salt_size = TLS_CIPHER_##_id##_SALT_SIZE,		\
		.tag_size = TLS_CIPHER_##_id##_TAG_SIZE,		\
		__VA_ARGS__						\
	}

/* In the order of their numbers, without a gap, from the first one on */
static const struct ktls_cipher ktls_ciphers[KTLS_NR_CIPHERS] = {
	SUITE(AES_GCM_128, "AES-GCM-128", "gcm(aes)", .step = 16,
	      .records = GCM_RECORDS, .tls13 = true),
	SUITE(AES_GCM_256, "AES-GCM-256", "gcm(aes)", .step = 16,
	      .records = GCM_RECORDS, .tls13 = true),
	SUITE(AES_CCM_128, "AES-CCM-128", "ccm(aes)", .step = 16,
	      .records = CCM_RECORDS, .tls13 = true, .ccm = true),
	SUITE(CHACHA20_POLY1305, "CHACHA20-POLY1305",
	      "rfc7539(chacha20,poly1305)", .step = 64, .tls13 = true),
	SUITE(SM4_GCM, "SM4-GCM", "gcm(sm4)",
	      .records = GCM_RECORDS, .tls13 = true),
	SUITE(SM4_CCM, "SM4-CCM", "ccm(sm4)",
	      .records = CCM_RECORDS, .tls13 = true, .ccm = true),
	SUITE(ARIA_GCM_128, "ARIA-GCM-128", "gcm(aria)",
	      .records = GCM_RECORDS),
	SUITE(ARIA_GCM_256, "ARIA-GCM-256", "gcm(aria)",
	      .records = GCM_RECORDS),
};

_Static_assert(TLS_CIPHER_ARIA_GCM_256 - TLS_CIPHER_AES_GCM_128 + 1 ==
	       KTLS_NR_CIPHERS, "cipher numbers have a gap");
_Static_assert(sizeof(struct tls12_crypto_info_aes_gcm_256) == KTLS_INFO_MAX,
	       "size of the largest crypto_info");
_Static_assert(sizeof(struct tls12_crypto_info_chacha20_poly1305) ==
	       KTLS_INFO_MAX, "size of the largest crypto_info");

/**
 * ktls_cipher_nth() - walk the table
 * @n: index, from 0
 *
 * Context: any.
 * Return: the suite, or NULL behind the last one.
 */
const struct ktls_cipher *ktls_cipher_nth(unsigned int n)
{
	return n < KTLS_NR_CIPHERS ? &ktls_ciphers[n] : NULL;
}

/**
 * ktls_cipher_index() - a suite's place in the table
 * @cipher: the suite
 *
 * Context: any.
 * Return: the number by which ktls_cipher_nth() finds it.
 */
unsigned int ktls_cipher_index(const struct ktls_cipher *cipher)
{
	return cipher - ktls_ciphers;
}

/**
 * ktls_cipher_find() - look up a suite by its number
 * @id: cipher_type as userspace gave it, any value
 *
 * Context: any.
 * Return: the suite, or NULL if there is none of that number.
 */
const struct ktls_cipher *ktls_cipher_find(u16 id)
{
	if (id < TLS_CIPHER_AES_GCM_128)
		return NULL;
	return ktls_cipher_nth(id - TLS_CIPHER_AES_GCM_128);
}

/**
 * ktls_cipher_allows() - may a suite be used with a protocol version?
 * @cipher: the suite
 * @version: version as userspace gave it, any value
 *
 * Context: any.
 * Return: true if it may.
 */
bool ktls_cipher_allows(const struct ktls_cipher *cipher, u16 version)
{
	if (version == TLS_1_3_VERSION)
		return cipher->tls13;
	return version == TLS_1_2_VERSION;
}

/**
 * ktls_cipher_info_size() - bytes of the suite's struct tls12_crypto_info_*
 * @cipher: the suite
 *
 * Context: any.
 * Return: the size, at most KTLS_INFO_MAX.
 */
unsigned int ktls_cipher_info_size(const struct ktls_cipher *cipher)
{
	return KTLS_INFO_HEADER + cipher->iv_size + cipher->key_size +
	       cipher->salt_size + KTLS_REC_SEQ_SIZE;
}
