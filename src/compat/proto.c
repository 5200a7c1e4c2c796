// SPDX-License-Identifier: GPL-2.0
/*
 * Callbacks of struct proto and proto_ops whose shape depends on the kernel.
 */
#include "proto.h"
#include "../context.h"
#include "../proto.h"
#include "../tx.h"

#include <asm/ioctls.h>
#include <linux/bvec.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/sock.h>

static const struct ktls_base *base_of(const struct sock *sk)
{
	return ktls_context_unlocked(sk)->base;
}

/* The queues' lengths that are ours to tell */
static bool is_ours(const struct sock *sk, int cmd)
{
	return cmd == SIOCOUTQ || cmd == SIOCOUTQNSD ||
	       (cmd == SIOCINQ && ktls_receives(sk));
}

#ifdef KTLS_HAVE_PROTO_IOCTL_KARG
static int compat_ioctl(struct sock *sk, int cmd, int *karg)
{
	if (!is_ours(sk, cmd))
		return base_of(sk)->prot->ioctl(sk, cmd, karg);
	*karg = ktls_queue_length(sk, cmd);
	return 0;
}
#else
static int compat_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	if (!is_ours(sk, cmd))
		return base_of(sk)->prot->ioctl(sk, cmd, arg);
	return put_user(ktls_queue_length(sk, cmd), (int __user *)arg);
}
#endif

/* TCP answers for what does not come from records */
static bool is_plain_recv(const struct sock *sk, int flags)
{
	return flags & MSG_ERRQUEUE || !ktls_receives(sk);
}

#if defined(KTLS_HAVE_PROTO_RECVMSG_NOBLOCK)
static int compat_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			  int noblock, int flags, int *addr_len)
{
	if (is_plain_recv(sk, flags))
		return base_of(sk)->prot->recvmsg(sk, msg, len, noblock, flags,
						  addr_len);
	return ktls_recvmsg(sk, msg, len,
			    flags | (noblock ? MSG_DONTWAIT : 0));
}
#elif defined(KTLS_HAVE_PROTO_RECVMSG_ADDR_LEN)
static int compat_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			  int flags, int *addr_len)
{
	if (is_plain_recv(sk, flags))
		return base_of(sk)->prot->recvmsg(sk, msg, len, flags,
						  addr_len);
	return ktls_recvmsg(sk, msg, len, flags);
}
#else
static int compat_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			  int flags)
{
	if (is_plain_recv(sk, flags))
		return base_of(sk)->prot->recvmsg(sk, msg, len, flags);
	return ktls_recvmsg(sk, msg, len, flags);
}
#endif

#ifdef KTLS_HAVE_OPS_READ_SKB
static int compat_read_skb(struct sock *sk, skb_read_actor_t actor)
{
	if (ktls_receives(sk))
		return -EOPNOTSUPP;
	return base_of(sk)->ops->read_skb(sk, actor);
}
#endif

#ifdef KTLS_HAVE_PROTO_SPLICE_EOF
static void compat_splice_eof(struct socket *sock)
{
	const struct ktls_base *base = base_of(sock->sk);

	ktls_splice_eof(sock);
	if (base->prot->splice_eof)
		base->prot->splice_eof(sock);
}
#endif

#ifdef KTLS_HAVE_PROTO_SENDPAGE
/*
 * Does another page follow at once? MSG_SENDPAGE_NOTLAST says so for certain.
 * MSG_MORE is a guess that nobody takes back at the end of a file, unless
 * there is splice_eof.
 */
static int more_follows(int flags)
{
	int more = MSG_SENDPAGE_NOTLAST;

	if (IS_ENABLED(KTLS_HAVE_PROTO_SPLICE_EOF))
		more |= MSG_MORE;
	return flags & more ? MSG_MORE : 0;
}

static int sendpage_locked(struct sock *sk, struct page *page, int offset,
			   size_t size, int flags)
{
	struct bio_vec piece = {
		.bv_page = page, .bv_offset = offset, .bv_len = size,
	};
	struct msghdr msg = {
		.msg_flags = (flags & (MSG_DONTWAIT | MSG_NOSIGNAL)) |
			     more_follows(flags),
	};

	if (flags & ~(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL |
		      MSG_SENDPAGE_NOTLAST | MSG_SENDPAGE_NOPOLICY))
		return -EOPNOTSUPP;
	iov_iter_bvec(&msg.msg_iter, WRITE, &piece, 1, size);
	return ktls_tx_sendmsg(ktls_context(sk), &msg, size);
}

static int compat_sendpage_locked(struct sock *sk, struct page *page,
				  int offset, size_t size, int flags)
{
	if (!ktls_context(sk)->tx.key)
		return base_of(sk)->ops->sendpage_locked(sk, page, offset,
							 size, flags);
	return sendpage_locked(sk, page, offset, size, flags);
}

static int compat_sendpage(struct sock *sk, struct page *page, int offset,
			   size_t size, int flags)
{
	int ret;

	lock_sock(sk);
	ret = compat_sendpage_locked(sk, page, offset, size, flags);
	release_sock(sk);
	return ret;
}
#endif

/**
 * ktls_compat_fill() - put in the callbacks whose shape depends on the kernel
 * @base: tables being built
 *
 * Context: any; nobody else has the tables yet.
 */
void ktls_compat_fill(struct ktls_base *base)
{
	base->ktls_prot.ioctl = compat_ioctl;
	base->ktls_prot.recvmsg = compat_recvmsg;
#ifdef KTLS_HAVE_PROTO_SPLICE_EOF
	base->ktls_prot.splice_eof = compat_splice_eof;
#endif
#ifdef KTLS_HAVE_PROTO_SENDPAGE
	base->ktls_prot.sendpage = compat_sendpage;
	base->ktls_ops.sendpage_locked = compat_sendpage_locked;
#endif
#ifdef KTLS_HAVE_OPS_READ_SKB
	base->ktls_ops.read_skb = compat_read_skb;
#endif
}
