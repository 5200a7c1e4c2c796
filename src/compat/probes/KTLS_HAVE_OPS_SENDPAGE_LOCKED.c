// SPDX-License-Identifier: GPL-2.0
/* 6.5 removed proto_ops.sendpage_locked */
#include <linux/net.h>

static int ktls_probe_sendpage(struct sock *sk, struct page *page, int offset,
			       size_t size, int flags)
{
	return 0;
}

struct proto_ops ktls_probe = {
	.sendpage_locked = ktls_probe_sendpage,
};
