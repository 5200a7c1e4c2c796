/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's own tls does differently, and is known to. */
#ifndef KTLS_WALK_DIFFER_H
#define KTLS_WALK_DIFFER_H

#include "model.h"

enum what {
	WHAT_RESULT,	/* return value, errno */
	WHAT_MESSAGE,	/* content type, msg_flags */
	WHAT_DATA,
	WHAT_WIRE,	/* bytes from this end that the other's TCP has got */
	WHAT_RESET,
	WHAT_POLL,
	WHAT_QUEUES,	/* SIOCINQ, SIOCOUTQ */
	WHAT_KEYS,	/* getsockopt() of TLS_TX, TLS_RX */
};

struct difference {
	enum what what;
	unsigned int end;		/* where it is seen */
	const struct model *model;	/* after the operation */
	const struct op *op;
	const struct outcome *got, *want;
	const struct look *got_look, *want_look;	/* WHAT_POLL and below */
};

struct known {
	const char *name;
	/* The model and the socket are in the same state all the same. */
	bool harmless;
	bool (*is)(const struct difference *d);
};

/* NULL if nobody has thought of it. */
const struct known *known_difference(const struct difference *d);

#endif
