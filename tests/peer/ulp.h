/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket interface of the ULP, call by call: these return what the kernel
 * returns, and set errno.
 */
#ifndef KTLS_TESTS_ULP_H
#define KTLS_TESTS_ULP_H

#include "suite.h"

/* The ULP's name: from the environment, so that "tls" can be compared. */
const char *ktls_ulp(void);
int ktls_attach(int fd);
/* dir is TLS_TX or TLS_RX */
int ktls_set_key(int fd, int dir, const struct suite *suite, u16 version,
		 const struct tls_keys *keys);
int ktls_set_tx(int fd, const struct suite *suite, u16 version,
		const struct tls_keys *keys);
/* Reads the whole struct; its keys go to *keys. */
int ktls_get_key(int fd, int dir, const struct suite *suite,
		 struct tls_keys *keys);
int ktls_get_tx(int fd, const struct suite *suite, struct tls_keys *keys);
/* sendmsg() with a TLS_SET_RECORD_TYPE control message. */
ssize_t ktls_send_type(int fd, u8 type, const void *data, size_t len,
		       int flags);
int ktls_set_max_payload(int fd, u16 len);

#endif
