/* SPDX-License-Identifier: GPL-2.0 */
/* One TLS connection: OpenSSL shakes hands, then the kernel has both keys. */
#ifndef KTLS_DEMO_SESSION_H
#define KTLS_DEMO_SESSION_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "../peer/ssl_keys.h"

struct session {
	SSL *ssl;		/* only for what was agreed on */
	struct ssl_keys keys;
	int fd;
	u64 sent;		/* records before the key in use */
	u64 received;
};

/*
 * False if there was no handshake. Exits with a message if the kernel refuses.
 * From here on plain bytes can be sent on fd. Ends with session_end().
 */
bool session_start(struct session *s, SSL_CTX *ctx, int fd);

/* Plain bytes from the client; 0 when there will be none. */
size_t session_read(struct session *s, void *buf, size_t size);

/* Records so far: what the kernel's sequence numbers have counted. */
u64 session_sent(const struct session *s);
u64 session_received(const struct session *s);

/* Says so to the client, and waits until it has said so too. */
void session_end(struct session *s);

#endif
