// SPDX-License-Identifier: GPL-2.0
/* 6.0 added proto_ops.read_skb, which takes whole sk_buffs out of the queue */
#include <linux/net.h>
#include <net/sock.h>

static int ktls_probe_read_skb(struct sock *sk, skb_read_actor_t actor)
{
	return 0;
}

struct proto_ops ktls_probe = {
	.read_skb = ktls_probe_read_skb,
};
