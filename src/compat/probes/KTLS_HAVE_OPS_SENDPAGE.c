// SPDX-License-Identifier: GPL-2.0
/* 6.5 removed proto_ops.sendpage */
#include <linux/net.h>

static ssize_t ktls_probe_sendpage(struct socket *sock, struct page *page,
				   int offset, size_t size, int flags)
{
	return 0;
}

struct proto_ops ktls_probe = {
	.sendpage = ktls_probe_sendpage,
};
