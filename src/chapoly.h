/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_CHAPOLY_H
#define KTLS_CHAPOLY_H

#include <linux/kconfig.h>
#include <linux/types.h>

#include "buf.h"

#define KTLS_CHAPOLY_KEY_WORDS 8

/**
 * struct ktls_chapoly - one record for ChaCha20-Poly1305
 * @key: the key's words
 * @nonce: its nonce, of KTLS_NONCE_SIZE
 * @aad: its additional data
 * @aad_len: bytes of @aad, at most 16
 * @len: bytes to encrypt or decrypt; behind them is the tag
 */
struct ktls_chapoly {
	const u32 *key;
	const u8 *nonce;
	const u8 *aad;
	unsigned int aad_len;
	unsigned int len;
};

/* Does the kernel have the library? If not, chapoly.c is not built */
#define KTLS_CHAPOLY_BUILT (IS_REACHABLE(CONFIG_CRYPTO_LIB_CHACHA) && \
			    IS_REACHABLE(CONFIG_CRYPTO_LIB_POLY1305))

void ktls_chapoly_key(u32 *key, const u8 *secret);
void ktls_chapoly_seal(const struct ktls_chapoly *job, struct ktls_pos from,
		       struct ktls_pos to);
int ktls_chapoly_open(const struct ktls_chapoly *job, struct ktls_pos from,
		      struct ktls_pos to);

#endif
