// SPDX-License-Identifier: GPL-2.0
/*
 * Pages to TCP: one call with all of them, or one call for each.
 */
#include "tcp_send.h"

#include <linux/bvec.h>
#include <linux/uio.h>
#include <net/tcp.h>

#ifdef KTLS_HAVE_DO_TCP_SENDPAGES

/* do_tcp_sendpages() does not know MSG_EOR: keep later bytes off the last one */
static void mark_eor(struct sock *sk)
{
	struct sk_buff *skb = tcp_write_queue_tail(sk);

	if (skb)
		TCP_SKB_CB(skb)->eor = 1;
}

int ktls_tcp_send(struct sock *sk, const struct bio_vec *seg,
		  unsigned int nsegs, size_t size, int flags,
		  struct msghdr *control)
{
	int tcp_flags = flags & ~MSG_EOR;
	size_t sent = 0;

	tcp_rate_check_app_limited(sk);
	while (sent < size) {
		size_t n = min_t(size_t, seg->bv_len, size - sent);
		int more = sent + n < size ? MSG_SENDPAGE_NOTLAST : 0;
		int ret = do_tcp_sendpages(sk, seg->bv_page, seg->bv_offset, n,
					   tcp_flags | more);

		if (ret < 0 && !sent)
			return ret;
		if (ret > 0)
			sent += ret;
		if (ret < (int)n)
			break;
		seg++;
	}
	if (flags & MSG_EOR && sent == size)
		mark_eor(sk);
	return sent;
}

#else

/**
 * ktls_tcp_send() - give pages to TCP
 * @sk: the socket
 * @seg: the pieces; TCP takes references to their pages
 * @nsegs: pieces there are
 * @size: bytes to send, perhaps less than the pieces have
 * @flags: MSG_* for TCP
 * @control: message whose control buffer TCP shall see, or NULL; only where
 *	KTLS_TCP_SEND_TAKES_CONTROL
 *
 * Context: process, socket lock held; with MSG_DONTWAIT never released.
 * Return: bytes TCP took, or its error if it took none.
 */
int ktls_tcp_send(struct sock *sk, const struct bio_vec *seg,
		  unsigned int nsegs, size_t size, int flags,
		  struct msghdr *control)
{
	struct msghdr msg = {
		.msg_flags = flags | MSG_SPLICE_PAGES | MSG_NO_SHARED_FRAGS,
	};

	if (control) {
		msg.msg_control = control->msg_control;
		msg.msg_controllen = control->msg_controllen;
	}
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, seg, nsegs, size);
	return tcp_sendmsg_locked(sk, &msg, size);
}

#endif
