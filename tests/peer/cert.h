/* SPDX-License-Identifier: GPL-2.0 */
/* A throw-away certificate for "localhost", made when it is needed. */
#ifndef KTLS_TESTS_CERT_H
#define KTLS_TESTS_CERT_H

#include <stdbool.h>

struct ssl_ctx_st;	/* OpenSSL calls it SSL_CTX */

/* Gives the context a new self-signed ECDSA certificate and its key. */
bool cert_use_new(struct ssl_ctx_st *ctx);

#endif
