/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_ULP_H
#define KTLS_COMPAT_ULP_H

#include <net/sock.h>

#include "../ulp.h"

/* tcp_ulp_ops.get_info and .get_info_size as the kernel at hand calls them */
#ifdef KTLS_HAVE_ULP_INFO_NET_ADMIN

#define ktls_compat_get_info ktls_ulp_get_info
#define ktls_compat_get_info_size ktls_ulp_get_info_size

#else

static inline int ktls_compat_get_info(struct sock *sk, struct sk_buff *skb)
{
	return ktls_ulp_get_info(sk, skb, true);
}

static inline size_t ktls_compat_get_info_size(const struct sock *sk)
{
	return ktls_ulp_get_info_size(sk, true);
}

#endif

#endif
