/* SPDX-License-Identifier: GPL-2.0 */
/* Traffic keys from what a handshake agrees on, written from the RFCs. */
#ifndef KTLS_TESTS_KEYS_H
#define KTLS_TESTS_KEYS_H

#include "suite.h"

#define TLS12_MASTER_SIZE 48
#define TLS_RANDOM_SIZE 32

/*
 * RFC 5246 section 6.3: the key block; sequence number 1, because Finished
 * was number 0, and the same as explicit nonce.
 */
void keys_from_master(const struct suite *suite, const u8 *master,
		      const u8 *client_random, const u8 *server_random,
		      struct tls_keys *client, struct tls_keys *server);

/* RFC 8446 section 7.3; sequence number 0. */
void keys_from_secret(const struct suite *suite, const u8 *secret,
		      size_t secret_len, struct tls_keys *keys);

/* RFC 8446 section 7.1, with an empty context. */
void hkdf_expand_label(const char *hash, const u8 *secret, size_t secret_len,
		       const char *label, u8 *out, size_t out_len);

#endif
