// SPDX-License-Identifier: GPL-2.0
/* 7.x gave tcp_ulp_ops.get_info an argument that says who asks */
#include <net/tcp.h>

static int ktls_probe_get_info(struct sock *sk, struct sk_buff *skb,
			       bool net_admin)
{
	return 0;
}

struct tcp_ulp_ops ktls_probe = {
	.get_info = ktls_probe_get_info,
};
