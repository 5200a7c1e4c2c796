// SPDX-License-Identifier: GPL-2.0
/* Control: a callback of the wrong type must be a "no" */
#include <net/tcp.h>

static int ktls_probe_init(struct page *page, int offset)
{
	return 0;
}

struct tcp_ulp_ops ktls_probe = {
	.init = ktls_probe_init,
};
