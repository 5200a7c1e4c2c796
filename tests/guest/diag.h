/* SPDX-License-Identifier: GPL-2.0 */
/* What ss -i asks the kernel for. */
#ifndef KTLS_TESTS_DIAG_H
#define KTLS_TESTS_DIAG_H

#include "../peer/types.h"

#define DIAG_TLS_ATTRS 8

/* INET_DIAG_ULP_INFO of a socket */
struct diag {
	bool found;			/* the socket */
	char ulp[16];			/* "" if there is none */
	bool has_tls;			/* the nest INET_ULP_INFO_TLS */
	bool has[DIAG_TLS_ATTRS];	/* the attributes in it, by number */
	u16 tls[DIAG_TLS_ATTRS];
};

/* Attributes in the nest; <linux/tls.h> may not know the last one. */
enum {
	DIAG_VERSION = 1,
	DIAG_CIPHER = 2,
	DIAG_TXCONF = 3,
	DIAG_RXCONF = 4,
	DIAG_TX_MAX_PAYLOAD_LEN = 7,
};

#define DIAG_CONF_BASE 1
#define DIAG_CONF_SW 2

int diag_open(void);
/*
 * Dumps the sockets of fd's family through nl and looks for fd. What the dump
 * says of other sockets with the ULP must make sense.
 */
void diag_get(int nl, int fd, struct diag *d);

#endif
