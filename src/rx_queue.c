// SPDX-License-Identifier: GPL-2.0
/*
 * TCP's receive queue: what is in it, and how far we have read.
 *
 * TCP's sk_buffs are only read. How far is told to TCP once for many records,
 * before the socket lock is released. Nothing is remembered of the queue but a
 * distance from copied_seq, since TCP may merge and prune sk_buffs whenever it
 * has the lock.
 */
#include "context.h"
#include "rx.h"
#include "compat/tcp_read.h"

#include <linux/sizes.h>
#include <linux/tcp.h>
#include <net/tcp.h>

/* TCP is told at the latest after so many bytes, to open the peer's window */
#define TELL_BYTES SZ_128K

/*
 * ... or so many sk_buffs that had to be passed over: a peer that sends single
 * bytes makes the walk long, but not its square
 */
#define TELL_STEPS 64

/**
 * ktls_rx_queued() - bytes in TCP's queue that have not been taken
 * @ctx: the context
 *
 * Context: socket lock held (its spinlock half will do).
 * Return: how many, without the FIN, which counts as one there.
 */
unsigned int ktls_rx_queued(const struct ktls_context *ctx)
{
	const struct tcp_sock *tp = tcp_sk(ctx->sk);
	unsigned int n = tp->rcv_nxt - tp->copied_seq;

	if (n && sock_flag(ctx->sk, SOCK_DONE))
		n--;
	return n - ctx->rx.taken;
}

/**
 * ktls_rx_forget_urgent() - have urgent bytes be bytes of the stream
 * @ctx: the context
 *
 * Its mark would stop TCP there, and the next one would make it drop that byte.
 *
 * Context: socket lock held (its spinlock half will do).
 */
void ktls_rx_forget_urgent(struct ktls_context *ctx)
{
	struct tcp_sock *tp = tcp_sk(ctx->sk);

	if (tp->urg_data)
		WRITE_ONCE(tp->urg_data, 0);
}

/**
 * ktls_rx_tell() - tell TCP how far we have read: it frees memory and opens the
 *	window
 * @ctx: the context
 *
 * Context: socket lock held (its spinlock half will do).
 */
void ktls_rx_tell(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;

	rx->steps = 0;
	if (!rx->taken)
		return;
	ktls_rx_forget_urgent(ctx);
	ktls_tcp_read_done(ctx->sk, rx->taken);
	rx->taken = 0;
}

/**
 * ktls_rx_tell_in_time() - the same, if it has not been done for long
 * @ctx: the context
 *
 * Context: socket lock held.
 */
void ktls_rx_tell_in_time(struct ktls_context *ctx)
{
	if (ctx->rx.taken >= TELL_BYTES || ctx->rx.steps >= TELL_STEPS)
		ktls_rx_tell(ctx);
}

/* Bytes of one sk_buff that stand at or behind @seq, and where they begin */
static unsigned int find(const struct sk_buff *skb, u32 seq, u32 *offset)
{
	*offset = seq - TCP_SKB_CB(skb)->seq;
	if (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN)
		--*offset;
	return *offset < skb->len ? skb->len - *offset : 0;
}

/* Most bytes stand in the first fragment: they need not be searched for */
static const void *in_first_frag(const struct sk_buff *skb, u32 offset,
				 unsigned int size)
{
	const skb_frag_t *frag = skb_shinfo(skb)->frags;
	const void *data;

	if (!skb_shinfo(skb)->nr_frags || offset < skb_headlen(skb))
		return NULL;
	offset -= skb_headlen(skb);
	if (offset + size > skb_frag_size(frag))
		return NULL;
	data = skb_frag_address_safe(frag);
	return data ? data + offset : NULL;
}

/* Copy such bytes; returns how many */
static int copy_skb(const struct sk_buff *skb, u32 seq, void *to,
		    unsigned int size)
{
	u32 offset;
	unsigned int n = min(size, find(skb, seq, &offset));
	const void *from = n ? in_first_frag(skb, offset, n) : NULL;

	if (!from)
		return n ? skb_copy_bits(skb, offset, to, n) ?: n : 0;
	memcpy(to, from, n);
	return n;
}

/**
 * ktls_rx_copy() - copy bytes out of TCP's queue, which has them
 * @ctx: the context
 * @skip: bytes between those that were taken and these
 * @to: where to
 * @size: how many
 *
 * Context: socket lock held (its spinlock half will do).
 * Return: how many sk_buffs were looked at, or -EBADMSG.
 */
int ktls_rx_copy(const struct ktls_context *ctx, unsigned int skip, void *to,
		 unsigned int size)
{
	struct sock *sk = ctx->sk;
	u32 seq = tcp_sk(sk)->copied_seq + ctx->rx.taken + skip;
	struct sk_buff *skb;
	int steps = 0;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		int n = copy_skb(skb, seq, to, size);

		if (n < 0)
			return -EBADMSG;
		seq += n;
		to += n;
		size -= n;
		steps++;
		if (!size)
			return steps;
	}
	return -EBADMSG;
}

/**
 * ktls_rx_copy_to_iter() - copy bytes out of TCP's queue to the reader
 * @ctx: the context
 * @skip: bytes between those that were taken and these
 * @iter: where to, advanced by what was copied
 * @size: how many, all of which are there
 *
 * Context: process, socket lock held, may fault.
 * Return: 0; -EFAULT if the reader's memory is bad.
 */
int ktls_rx_copy_to_iter(const struct ktls_context *ctx, unsigned int skip,
			 struct iov_iter *iter, unsigned int size)
{
	struct sock *sk = ctx->sk;
	u32 seq = tcp_sk(sk)->copied_seq + ctx->rx.taken + skip;
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 offset;
		unsigned int n = min(size, find(skb, seq, &offset));

		if (n && skb_copy_datagram_iter(skb, offset, iter, n))
			return -EFAULT;
		seq += n;
		size -= n;
		if (!size)
			return 0;
	}
	return -EFAULT;
}
