/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keys of an OpenSSL connection, in the form that the kernel takes.
 *
 *	ssl_keys_watch(ssl, &keys);
 *	SSL_do_handshake(ssl);
 *	ssl_keys_get(ssl, &keys);
 */
#ifndef KTLS_TESTS_SSL_KEYS_H
#define KTLS_TESTS_SSL_KEYS_H

#include <openssl/ssl.h>

#include "suite.h"

#define SECRET_MAX 64

/* One direction after the handshake: what to hand to TLS_TX or TLS_RX. */
struct direction {
	struct tls_keys keys;
	u8 secret[SECRET_MAX];	/* TLS 1.3: the traffic secret of the keys */
	size_t secret_len;
};

struct ssl_keys {
	const struct suite *suite;	/* what was agreed on */
	u16 version;
	struct direction client;	/* what the client sends */
	struct direction server;
};

/*
 * Before the handshake: TLS 1.3 shows its secrets only while it goes on. keys
 * must stay where it is until ssl_keys_get(). Uses the app data of the SSL
 * and the key log callback of its SSL_CTX.
 */
void ssl_keys_watch(SSL *ssl, struct ssl_keys *keys);

/*
 * After the handshake, before any data. The server must have been told to
 * send no tickets, which would use up sequence numbers of TLS 1.3.
 */
void ssl_keys_get(SSL *ssl, struct ssl_keys *keys);

/* The KeyUpdate message of RFC 8446 section 4.6.3, update not requested. */
extern const u8 key_update_msg[5];
/* The keys that come after a KeyUpdate (section 7.2), from number 0 on. */
void direction_update(struct direction *d, const struct suite *suite);

#endif
