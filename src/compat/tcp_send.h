/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_TCP_SEND_H
#define KTLS_COMPAT_TCP_SEND_H

#include <linux/bvec.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <net/tcp.h>

/*
 * Flags that the kernel itself gives to sendmsg(). Where splice comes by
 * sendpage there are none, and those of userspace's invention are refused; and
 * nobody else brings pages.
 */
#ifdef KTLS_HAVE_PROTO_SENDPAGE
#define KTLS_MSG_INTERNAL 0
#define ktls_msg_is_splice(msg) iov_iter_is_bvec(&(msg)->msg_iter)
#else
#define KTLS_MSG_INTERNAL MSG_SPLICE_PAGES
#define ktls_msg_is_splice(msg) ((msg)->msg_flags & MSG_SPLICE_PAGES)
#endif

#ifdef KTLS_HAVE_DO_TCP_SENDPAGES

/* There is no message whose control buffer TCP could see */
#define KTLS_TCP_SEND_TAKES_CONTROL false

/* A piece of many pages becomes one fragment of an sk_buff: there are enough */
static inline bool ktls_tcp_send_takes_gaps(const struct sock *sk)
{
	return true;
}

int ktls_tcp_send(struct sock *sk, const struct bio_vec *seg,
		  unsigned int nsegs, size_t size, int flags,
		  struct msghdr *control);

#else

/* Timestamps can be asked for: ktls_tcp_send() does something with @control */
#define KTLS_TCP_SEND_TAKES_CONTROL true

/*
 * May records lie apart in memory at no cost? MSG_SPLICE_PAGES makes a fragment
 * of each page, of which an sk_buff has just enough for 64 KiB. With gaps it is
 * full too soon, a small segment goes out from within a large send, and Nagle,
 * unless it is off, then holds back the end of it.
 */
static inline bool ktls_tcp_send_takes_gaps(const struct sock *sk)
{
	return tcp_sk(sk)->nonagle & TCP_NAGLE_OFF;
}

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
static __always_inline int
ktls_tcp_send(struct sock *sk, const struct bio_vec *seg, unsigned int nsegs,
	      size_t size, int flags, struct msghdr *control)
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

#endif
