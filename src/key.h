/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_KEY_H
#define KTLS_KEY_H

#include <linux/types.h>

#include "aead.h"
#include "cipher.h"
#include "record.h"

/**
 * struct ktls_key - one epoch of one direction
 * @aead: what seals and opens; first, as it is what ktls_aead_new() returns
 * @epoch: suite, version, nonce and sequence number; moves on with each record
 * @secret: the key as userspace gave it, since getsockopt() gives it back
 */
struct ktls_key {
	struct ktls_aead aead;
	struct ktls_epoch epoch;
	u8 secret[KTLS_KEY_MAX];
};

struct ktls_key *ktls_key_new(const struct ktls_cipher *cipher, u16 version,
			      const u8 *info);
void ktls_key_free(struct ktls_key *key);
void ktls_key_export(const struct ktls_key *key, u8 *info);

#endif
