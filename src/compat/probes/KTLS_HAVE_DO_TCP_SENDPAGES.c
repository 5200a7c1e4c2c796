// SPDX-License-Identifier: GPL-2.0
/* 6.5 removed do_tcp_sendpages in favour of MSG_SPLICE_PAGES */
/* export: do_tcp_sendpages */
#include <net/tcp.h>

ssize_t ktls_probe(struct sock *sk, struct page *page);
ssize_t ktls_probe(struct sock *sk, struct page *page)
{
	return do_tcp_sendpages(sk, page, 0, 1, MSG_DONTWAIT);
}
