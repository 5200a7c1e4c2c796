/* SPDX-License-Identifier: GPL-2.0 */
/* One client of the demo server. */
#ifndef KTLS_DEMO_CONNECTION_H
#define KTLS_DEMO_CONNECTION_H

struct ssl_ctx_st;	/* OpenSSL calls it SSL_CTX */

/*
 * Serves files below the directory until the client is done, and tells the
 * SHA-256 of what it uploads. OpenSSL shakes hands; all that is sent and
 * received after that goes through the kernel. Exits with a message if the
 * kernel refuses.
 */
void connection_serve(struct ssl_ctx_st *ctx, int fd, int dir);

#endif
