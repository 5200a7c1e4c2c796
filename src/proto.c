// SPDX-License-Identifier: GPL-2.0
/*
 * The callbacks in our copies of TCP's struct proto and proto_ops.
 *
 * Which table a socket has never depends on its keys: each callback looks at
 * the context and does what TCP does for as long as there is no key. Whatever
 * is TCP's is called through the saved tables, for many of its functions are
 * not exported.
 */
#include "proto.h"
#include "context.h"
#include "rx.h"
#include "sockopt.h"
#include "tx.h"
#include "ulp.h"
#include "compat/proto.h"

#include <asm/ioctls.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <linux/splice.h>
#include <net/tcp.h>

static int ktls_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct ktls_context *ctx = ktls_context(sk);

	sock_owned_by_me(sk);
	if (!ctx->tx.key)
		return tcp_sendmsg_locked(sk, msg, size);
	return ktls_tx_sendmsg(ctx, msg, size);
}

static int ktls_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	int ret;

	lock_sock(sk);
	ret = ktls_sendmsg_locked(sk, msg, size);
	release_sock(sk);
	return ret;
}

/**
 * ktls_splice_eof() - a splice into the socket has ended early
 * @sock: the socket
 *
 * The bytes it left in an open record have no successor: they go now. TCP is to be
 * told afterwards: it may have been left waiting for a successor, too.
 *
 * Context: process; takes the socket lock.
 */
void ktls_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct ktls_context *ctx;

	lock_sock(sk);
	ctx = ktls_context(sk);
	/* An error stays in the context or in sk_err, where the next call meets it */
	if (ctx->tx.key)
		ktls_tx_flush(ctx);
	release_sock(sk);
}

/*
 * May TCP take more (asks the one who pushes), or the user send more? Asked
 * without the lock by poll and by whoever frees memory.
 */
static bool ktls_memory_free(const struct sock *sk, int wake)
{
	const struct ktls_context *ctx = ktls_context_unlocked(sk);
	bool (*base)(const struct sock *sk, int wake);

	if (unlikely(!ctx) || READ_ONCE(ctx->tx.pusher) == current)
		return true;
	if (READ_ONCE(ctx->tx.rest))
		return false;
	base = ctx->base->prot->stream_memory_free;
	return !base || base(sk, wake);
}

/**
 * ktls_recvmsg() - receive on a socket that has an RX key
 * @sk: the socket
 * @msg: where to
 * @len: bytes wanted
 * @flags: MSG_*
 *
 * Context: process; takes the socket lock.
 * Return: as ktls_rx_recvmsg().
 */
int ktls_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	int ret;

	lock_sock(sk);
	ret = ktls_rx_recvmsg(ktls_context(sk), msg, len, flags);
	release_sock(sk);
	return ret;
}

/**
 * ktls_queue_length() - what SIOCINQ, SIOCOUTQ and SIOCOUTQNSD say
 * @sk: the socket; for SIOCINQ it has an RX key
 * @cmd: which of the three
 *
 * Of what was sent: TCP's figure, the sealed bytes that TCP does not have yet,
 * and the payload of the open record. That is 0 exactly when everything ever
 * sent is acknowledged (or has left, for SIOCOUTQNSD).
 *
 * Context: process; takes the socket lock.
 * Return: bytes, for SIOCINQ as ktls_rx_unread().
 */
int ktls_queue_length(struct sock *sk, int cmd)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int bytes;

	lock_sock(sk);
	if (cmd == SIOCINQ)
		bytes = ktls_rx_unread(ktls_context(sk));
	else
		bytes = ktls_tx_unsent(ktls_context(sk)) + tp->write_seq -
			(cmd == SIOCOUTQ ? tp->snd_una : tp->snd_nxt);
	release_sock(sk);
	return bytes;
}

/**
 * ktls_receives() - does the socket have an RX key?
 * @sk: the socket
 *
 * Context: any; the answer may be changed by another thread, to yes.
 * Return: true if records are opened for its readers.
 */
bool ktls_receives(const struct sock *sk)
{
	return READ_ONCE(ktls_context_unlocked(sk)->rx.key);
}

/* Readable is what the next read can give, not what TCP has */
static __poll_t ktls_poll(struct file *file, struct socket *sock,
			  struct poll_table_struct *wait)
{
	const struct ktls_context *ctx = ktls_context_unlocked(sock->sk);
	__poll_t mask = ctx->base->ops->poll(file, sock, wait);
	const __poll_t in = EPOLLIN | EPOLLRDNORM;

	if (!ktls_receives(sock->sk))
		return mask;
	if (READ_ONCE(ctx->rx.ready))
		return mask | in;
	return mask & EPOLLRDHUP ? mask : mask & ~in;
}

static ssize_t ktls_splice_read(struct socket *sock, loff_t *ppos,
				struct pipe_inode_info *pipe, size_t len,
				unsigned int flags)
{
	bool nonblock = flags & SPLICE_F_NONBLOCK ||
			(sock->file && sock->file->f_flags & O_NONBLOCK);
	struct ktls_context *ctx = ktls_context_unlocked(sock->sk);
	ssize_t ret;

	if (!ktls_receives(sock->sk))
		return ctx->base->ops->splice_read(sock, ppos, pipe, len,
						   flags);
	lock_sock(sock->sk);
	ret = ktls_rx_splice(ctx, pipe, len, nonblock);
	release_sock(sock->sk);
	return ret;
}

static int ktls_read_sock(struct sock *sk, read_descriptor_t *desc,
			  sk_read_actor_t actor)
{
	struct ktls_context *ctx = ktls_context(sk);

	if (!ktls_receives(sk))
		return ctx->base->ops->read_sock(sk, desc, actor);
	return ktls_rx_read_sock(ctx, desc, actor);
}

/* The length of what a packet reader would get: there are no packets here */
static int ktls_peek_len(struct socket *sock)
{
	if (ktls_receives(sock->sk))
		return 0;
	return ktls_context_unlocked(sock->sk)->base->ops->peek_len(sock);
}

/* A socket with a record layer cannot become another connection */
static int ktls_disconnect(struct sock *sk, int flags)
{
	return -EOPNOTSUPP;
}

/*
 * TCP queues its FIN behind what it has, so it must have everything. From here
 * on nothing more is taken. Returns -EAGAIN if TCP has no memory for all that
 * was sent, -EBADMSG if a record was lost; the socket is as open as it was then.
 */
static int stop_sending(struct sock *sk)
{
	struct ktls_context *ctx = ktls_context_unlocked(sk);
	int err = 0;

	lock_sock(sk);
	if (ctx->tx.key) {
		ktls_tx_flush(ctx);
		/* A dead connection is for TCP to speak of */
		err = ctx->tx.err ?: ctx->tx.rest ? -EAGAIN : 0;
	}
	ctx->tx.shut = !err;
	release_sock(sk);
	return err;
}

/* TCP did not shut down after all */
static void go_on_sending(struct sock *sk)
{
	lock_sock(sk);
	ktls_context(sk)->tx.shut = false;
	release_sock(sk);
}

static int ktls_shutdown(struct socket *sock, int how)
{
	const struct ktls_base *base = ktls_context_unlocked(sock->sk)->base;
	bool send = how == SHUT_WR || how == SHUT_RDWR;
	int err = send ? stop_sending(sock->sk) : 0;

	if (err)
		return err;
	err = base->ops->shutdown(sock, how);
	if (err && send)
		go_on_sending(sock->sk);
	return err;
}

/* Set by SO_RCVLOWAT under the socket lock, and by whoever calls it in the kernel */
static int ktls_set_rcvlowat(struct sock *sk, int val)
{
	struct ktls_context *ctx = ktls_context(sk);
	int err = ctx->base->ops->set_rcvlowat(sk, val);

	if (!err && ktls_receives(sk))
		ktls_rx_set_lowat(ctx, sk->sk_rcvlowat);
	return err;
}

/* Offsets into the stream of bytes have no meaning in a stream of records */
static int ktls_set_peek_off(struct sock *sk, int val)
{
	if (ktls_receives(sk))
		return -EOPNOTSUPP;
	return ktls_context_unlocked(sk)->base->ops->set_peek_off(sk, val);
}

static void fill_prot(struct proto *prot)
{
	prot->sendmsg = ktls_sendmsg;
	prot->setsockopt = ktls_setsockopt;
	prot->getsockopt = ktls_getsockopt;
	prot->disconnect = ktls_disconnect;
	prot->close = ktls_ulp_close;
	prot->stream_memory_free = ktls_memory_free;
}

static void fill_ops(struct proto_ops *ops)
{
	ops->sendmsg_locked = ktls_sendmsg_locked;
	ops->shutdown = ktls_shutdown;
	ops->poll = ktls_poll;
	ops->splice_read = ktls_splice_read;
	ops->read_sock = ktls_read_sock;
	ops->peek_len = ktls_peek_len;
	ops->set_rcvlowat = ktls_set_rcvlowat;
	if (ops->set_peek_off)
		ops->set_peek_off = ktls_set_peek_off;
}

/**
 * ktls_proto_fill() - put our callbacks into copies of TCP's tables
 * @base: tables being built
 *
 * Context: any; nobody else has the tables yet.
 */
void ktls_proto_fill(struct ktls_base *base)
{
	fill_prot(&base->ktls_prot);
	fill_ops(&base->ktls_ops);
	ktls_compat_fill(base);
}
