/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP without memory: net.ipv4.tcp_mem is lowered below what is in use. It is
 * the whole machine's, and comes back when the test ends, however it ends.
 */
#ifndef KTLS_TESTS_SHORTAGE_H
#define KTLS_TESTS_SHORTAGE_H

#include "ktls.h"

/* Uses up some memory and goes into a name space of its own. */
void shortage_prepare(void);
/*
 * Prepares and opens a connection whose acknowledgements are held, and so the
 * memory of what it sends.
 */
void shortage_open(struct conn *c, const struct tls_case *tc);
/* From here on nobody's TCP gets more memory. */
void shortage_begin(void);
/* It gets memory again, and c (if not NULL) its acknowledgements. */
void shortage_end(struct conn *c);

#endif
