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

#endif
