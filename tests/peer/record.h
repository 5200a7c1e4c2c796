/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TLS record layer in userspace: an independent second opinion on every
 * byte the module puts on the wire. Written from RFC 5246 (TLS 1.2), 5288
 * (GCM), 6655 (CCM), 7905 (ChaCha20), 6209 (ARIA), 8446 (TLS 1.3) and 8998
 * (SM4); the ciphers are libcrypto's.
 */
#ifndef KTLS_TESTS_RECORD_H
#define KTLS_TESTS_RECORD_H

#include <openssl/evp.h>

#include "suite.h"
#include "types.h"

#define RECORD_ALERT 21
#define RECORD_HANDSHAKE 22
#define RECORD_DATA 23

#define RECORD_HEADER 5
#define RECORD_PLAIN_MAX 16384
/* The longest body a TLS 1.3 peer must take; the 1.2 ones are shorter. */
#define RECORD_WIRE_MAX (RECORD_HEADER + RECORD_PLAIN_MAX + 256)

/* One direction of a connection, from one key to the next. */
struct record_key {
	const struct suite *suite;
	u16 version;
	struct tls_keys keys;	/* as they were installed */
	u64 seq;		/* of the next record */
	u64 explicit_nonce;	/* of the next record, 1.2 GCM and CCM only */
	/* Take the first record's explicit nonce for the start, as is. */
	bool any_explicit;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	char error[160];
};

struct record {
	u8 type;		/* the inner one in TLS 1.3 */
	const u8 *data;
	size_t len;
	size_t padding;		/* TLS 1.3: zeros after the inner type */
	size_t wire_len;	/* with the header */
};

/* False if this libcrypto has no such cipher; fails the test otherwise. */
bool record_key_init(struct record_key *k, const struct suite *suite,
		     u16 version, const struct tls_keys *keys);
void record_key_free(struct record_key *k);

/* Length with the header, 0 as long as avail does not show it. */
size_t record_wire_len(const u8 *wire, size_t avail);

/*
 * Checks and decrypts the record of exactly wire_len bytes at wire into plain
 * (RECORD_WIRE_MAX bytes), which r->data then points into. Returns NULL and
 * steps the sequence number, or a sentence that says what is wrong with the
 * record, and changes nothing.
 */
const char *record_open(struct record_key *k, const u8 *wire, size_t wire_len,
			u8 *plain, struct record *r);

/*
 * Seals len bytes with the inner padding given (TLS 1.3 only) into wire
 * (RECORD_WIRE_MAX bytes); returns the length on the wire. The lengths are
 * not limited to what TLS allows, so that bad records can be made.
 */
size_t record_seal(struct record_key *k, u8 type, const void *data, size_t len,
		   size_t padding, u8 *wire);

#endif
