// SPDX-License-Identifier: GPL-2.0
/* 6.5 removed proto.sendpage; maintained 6.1 has it beside splice_eof */
#include <net/sock.h>

static int ktls_probe_sendpage(struct sock *sk, struct page *page, int offset,
			       size_t size, int flags)
{
	return 0;
}

struct proto ktls_probe = {
	.sendpage = ktls_probe_sendpage,
};
