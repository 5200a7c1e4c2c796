/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cipher suites as userspace sees them: written from <linux/tls.h> and
 * the RFCs, on purpose not shared with the module's own table.
 */
#ifndef KTLS_TESTS_SUITE_H
#define KTLS_TESTS_SUITE_H

#include <linux/ktls.h>

#include "types.h"

#define TLS12 0x0303
#define TLS13 0x0304

#define SUITE_KEY_MAX 32
#define SUITE_NONCE_SIZE 12
#define SUITE_TAG_SIZE 16
#define SUITE_SEQ_SIZE 8

enum suite_mode {
	SUITE_GCM,
	SUITE_CCM,
	SUITE_CHACHA,
};

struct suite {
	const char *name;	/* in the names of tests */
	u16 cipher_type;
	enum suite_mode mode;
	size_t key_size;
	size_t iv_size;		/* of crypto_info's iv */
	size_t salt_size;
	const char *evp;	/* EVP_CIPHER_fetch() */
	const char *hash;	/* of the TLS 1.2 PRF and the TLS 1.3 HKDF */
	const char *tls12;	/* libssl's name, NULL if it has none */
	const char *tls13;
	bool in13;		/* the kernel interface allows it in 1.3 */
	bool optional;		/* a kernel may be built without it */
};

/* Keys of one direction, in the form of the tls12_crypto_info_* structs. */
struct tls_keys {
	u8 key[SUITE_KEY_MAX];
	u8 salt[4];
	u8 iv[SUITE_NONCE_SIZE];
	u8 seq[SUITE_SEQ_SIZE];
};

/* Large enough for every tls12_crypto_info_*. */
union crypto_info {
	struct tls_crypto_info info;
	u8 bytes[64];
};

extern const struct suite suites[];
extern const size_t suite_count;

const struct suite *suite_by_name(const char *name);
bool suite_has_version(const struct suite *s, u16 version);

/* Writes the struct that setsockopt(TLS_TX) takes; returns its size. */
size_t suite_crypto_info(const struct suite *s, u16 version,
			 const struct tls_keys *keys, union crypto_info *ci);
size_t suite_crypto_info_size(const struct suite *s);
/* The inverse, for what getsockopt() has returned. */
void suite_parse_info(const struct suite *s, const union crypto_info *ci,
		      struct tls_keys *keys);

void keys_random(struct tls_keys *keys);
u64 keys_seq(const struct tls_keys *keys);
void keys_set_seq(struct tls_keys *keys, u64 seq);
/* The 8 bytes of iv as a number: the explicit nonce of TLS 1.2. */
u64 keys_iv(const struct tls_keys *keys);

/* Big-endian numbers, as everywhere in TLS. */
u64 get_be(const u8 *p, size_t len);
void put_be(u8 *p, u64 v, size_t len);

#endif
