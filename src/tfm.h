/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_TFM_H
#define KTLS_TFM_H

#include <linux/types.h>

struct ktls_aead;
struct ktls_cipher;

struct ktls_aead *ktls_tfm_new(const struct ktls_cipher *cipher,
			       const u8 *secret, size_t size);
void ktls_tfm_free(const struct ktls_cipher *cipher, struct ktls_aead *aead);
void ktls_tfm_unregister(void);

#endif
