/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A real TLS handshake between two OpenSSL objects over a TCP pair, and the
 * keys of the connection it made. The peer goes on with its SSL object; the
 * local end's socket can be handed to the kernel.
 */
#ifndef KTLS_TESTS_HANDSHAKE_H
#define KTLS_TESTS_HANDSHAKE_H

#include <openssl/ssl.h>

#include "ssl_keys.h"
#include "suite.h"
#include "tcp.h"

struct session {
	const struct suite *suite;
	u16 version;
	SSL *local;
	SSL *peer;
	struct tcp_pair tcp;
	struct direction tx;	/* local to peer */
	struct direction rx;	/* peer to local */
};

struct handshake_opts {
	bool local_is_server;
	size_t padding;		/* the peer pads to a multiple; 0: not at all */
	struct tcp_opts tcp;
};

/* libssl has this cipher in this version. */
bool handshake_possible(const struct suite *suite, u16 version);

/*
 * Connects and shakes hands; no data record has been sent when it returns.
 * Both sockets are blocking then. Fails the test if anything goes wrong.
 */
void handshake(struct session *s, const struct suite *suite, u16 version,
	       const struct handshake_opts *opts);
/* The same over a connection that is there already; opts->tcp is not used. */
void handshake_over(struct session *s, const struct tcp_pair *tcp,
		    const struct suite *suite, u16 version,
		    const struct handshake_opts *opts);
void session_free(struct session *s);

/* Exactly len bytes through SSL_read() or SSL_write(). */
void ssl_read_full(SSL *ssl, void *buf, size_t len);
void ssl_write_full(SSL *ssl, const void *buf, size_t len);

#endif
