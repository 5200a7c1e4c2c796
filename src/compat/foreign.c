// SPDX-License-Identifier: GPL-2.0
/*
 * Proof that code which takes our context for the in-tree module's (see
 * struct ktls_context) finds no pointer in it.
 */
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <net/tls.h>

#include "../context.h"

#define PROVE_ZERO(member)						\
	static_assert(offsetofend(struct tls_context, member) <=	\
		      KTLS_FOREIGN_SIZE)

static_assert(offsetof(struct ktls_context, foreign) == 0);
PROVE_ZERO(priv_ctx_tx);
PROVE_ZERO(priv_ctx_rx);
