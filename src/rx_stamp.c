// SPDX-License-Identifier: GPL-2.0
/*
 * When a record arrived, for sockets that ask (SO_TIMESTAMP and its kin).
 */
#include "context.h"
#include "rx.h"

#include <linux/skbuff.h>
#include <net/sock.h>
#include <net/tcp.h>

/* The sk_buff that has a byte of TCP's queue */
static struct sk_buff *skb_at(const struct sock *sk, u32 seq)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		if (after(TCP_SKB_CB(skb)->end_seq, seq))
			return skb;
	}
	return NULL;
}

/**
 * ktls_rx_find_stamp() - ktls_rx_stamp() of a socket that wants to know
 * @ctx: the context
 * @size: as there
 *
 * Context: socket lock held.
 * Return: the time, as far as it is known.
 */
struct ktls_stamp ktls_rx_find_stamp(const struct ktls_context *ctx,
				     unsigned int size)
{
	u32 next = tcp_sk(ctx->sk)->copied_seq + ctx->rx.taken;
	struct sk_buff *skb = skb_at(ctx->sk, next + size - 1);
	struct ktls_stamp stamp = {};

	if (skb && TCP_SKB_CB(skb)->has_rxtstamp) {
		stamp.software = skb->tstamp;
		stamp.hardware = skb_hwtstamps(skb)->hwtstamp;
	}
	return stamp;
}

/**
 * ktls_rx_put_stamp() - tell the reader when what it got arrived
 * @sk: the socket
 * @msg: gets a control message, or several, as the socket's options say
 * @stamp: when; nothing is told if it is unknown
 *
 * The kernel tells it of an sk_buff. TCP's are gone by now, or have been merged:
 * one without bytes stands in for them.
 *
 * Context: process, socket lock held, may sleep.
 */
void ktls_rx_put_stamp(struct sock *sk, struct msghdr *msg,
		       const struct ktls_stamp *stamp)
{
	struct sk_buff *skb;

	if (likely(!stamp->software && !stamp->hardware))
		return;
	skb = alloc_skb(0, GFP_KERNEL);
	if (!skb) {
		msg->msg_flags |= MSG_CTRUNC;
		return;
	}
	skb->tstamp = stamp->software;
	skb_hwtstamps(skb)->hwtstamp = stamp->hardware;
	sock_recv_timestamp(msg, sk, skb);
	kfree_skb(skb);
}
