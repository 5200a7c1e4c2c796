/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_AEAD_H
#define KTLS_AEAD_H

#include <linux/types.h>

#include "buf.h"

struct ktls_aead;
struct ktls_cipher;
struct ktls_epoch;

struct ktls_aead *ktls_aead_new(const struct ktls_cipher *cipher,
				const u8 *secret);
void ktls_aead_free(struct ktls_aead *aead);
int ktls_aead_seal(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos payload, unsigned int len);
int ktls_aead_open(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos payload, unsigned int len);

#endif
