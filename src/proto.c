// SPDX-License-Identifier: GPL-2.0
/*
 * Our copies of TCP's struct proto and proto_ops, one of each per address
 * family, and the callbacks in them.
 *
 * Which table a socket has never depends on its keys: each callback looks at
 * the context under the socket lock and does what TCP does for as long as
 * there is no key. Whatever is TCP's is called through the saved tables, for
 * many of its functions are not exported.
 */
#include "proto.h"
#include "context.h"
#include "sockopt.h"
#include "tx.h"
#include "ulp.h"
#include "compat/proto.h"

#include <asm/ioctls.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/sockios.h>
#include <net/tcp.h>

enum { FAMILY_V4, FAMILY_V6, NR_FAMILIES };

static const int families[NR_FAMILIES] = { AF_INET, AF_INET6 };

/* Published by smp_store_release(), read with smp_load_acquire() */
static struct ktls_base *bases[NR_FAMILIES];
static struct ktls_base base_storage[NR_FAMILIES];
static DEFINE_MUTEX(base_mutex);

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
 * The bytes it left in an open record have no successor: they go now.
 *
 * Context: process; takes the socket lock.
 * Return: true if the socket has a TX key, so that TCP need not be told.
 */
bool ktls_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct ktls_context *ctx;
	bool ours;

	lock_sock(sk);
	ctx = ktls_context(sk);
	ours = ctx->tx.key;
	/* An error stays in the context or in sk_err, where the next call meets it */
	if (ours)
		ktls_tx_flush(ctx);
	release_sock(sk);
	return ours;
}

/**
 * ktls_outq() - what SIOCOUTQ and SIOCOUTQNSD say
 * @sk: the socket
 * @cmd: which of the two
 *
 * TCP's figure, the sealed bytes that TCP does not have yet, and the payload
 * of the open record: 0 exactly when everything ever sent is acknowledged (or
 * has left, for SIOCOUTQNSD).
 *
 * Context: process; takes the socket lock.
 * Return: bytes.
 */
int ktls_outq(struct sock *sk, int cmd)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int bytes;

	lock_sock(sk);
	bytes = tp->write_seq - (cmd == SIOCOUTQ ? tp->snd_una : tp->snd_nxt) +
		ktls_tx_unsent(ktls_context(sk));
	release_sock(sk);
	return bytes;
}

/*
 * May TCP take more (while we push), or the user send more? Asked without the
 * lock by poll and by whoever frees memory.
 */
static bool ktls_memory_free(const struct sock *sk, int wake)
{
	const struct ktls_context *ctx = ktls_context_unlocked(sk);
	bool (*base)(const struct sock *sk, int wake);

	if (unlikely(!ctx) || READ_ONCE(ctx->tx.pushing))
		return true;
	if (READ_ONCE(ctx->tx.rest))
		return false;
	base = ctx->base->prot->stream_memory_free;
	return !base || base(sk, wake);
}

/* A socket with a record layer cannot become another connection */
static int ktls_disconnect(struct sock *sk, int flags)
{
	return -EOPNOTSUPP;
}

static int ktls_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	const struct ktls_base *base = ktls_context_unlocked(sk)->base;
	int err = ktls_ulp_shutdown(sk, how);

	if (err)
		return err;
	err = base->ops->shutdown(sock, how);
	if (err)
		ktls_ulp_shutdown_failed(sk, how);
	return err;
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
}

/* What a socket of that family looks like before anybody has touched it */
static int build(int family, struct ktls_base *base)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_TCP,
			       &sock);
	if (err)
		return err;
	base->prot = sock->sk->sk_prot;
	base->ops = sock->ops;
	sock_release(sock);

	base->ktls_prot = *base->prot;
	base->ktls_ops = *base->ops;
	fill_prot(&base->ktls_prot);
	fill_ops(&base->ktls_ops);
	ktls_compat_fill(base);
	return 0;
}

static const struct ktls_base *base_get(unsigned int i)
{
	/* Pairs with the smp_store_release() below */
	struct ktls_base *base = smp_load_acquire(&bases[i]);
	int err = 0;

	if (base)
		return base;

	mutex_lock(&base_mutex);
	if (!bases[i])
		err = build(families[i], &base_storage[i]);
	if (!err) {
		/* Pairs with the smp_load_acquire() above: a complete table */
		smp_store_release(&bases[i], &base_storage[i]);
	}
	mutex_unlock(&base_mutex);
	return err ? ERR_PTR(err) : &base_storage[i];
}

/**
 * ktls_base_find() - the tables for a socket
 * @sk: the socket
 *
 * Built when first needed, for IPv6 may be loaded after us. A v6 socket that
 * became a v4 one (IPV6_ADDRFORM) has v4's family and tables.
 *
 * Context: process, may sleep.
 * Return: the tables; or an ERR_PTR: -EBUSY if the socket's are not TCP's own,
 * because somebody (a sockmap, MPTCP, SMC) has put others there, or -ENOMEM.
 */
const struct ktls_base *ktls_base_find(const struct sock *sk)
{
	const struct ktls_base *base;

	base = base_get(sk->sk_family == AF_INET6 ? FAMILY_V6 : FAMILY_V4);
	if (IS_ERR(base))
		return base;
	if (READ_ONCE(sk->sk_prot) != base->prot ||
	    READ_ONCE(sk->sk_socket->ops) != base->ops)
		return ERR_PTR(-EBUSY);
	return base;
}

/**
 * ktls_base_install() - put our tables into a socket
 * @sk: the socket, whose context is complete and published
 * @base: its tables
 *
 * Context: process, socket lock held. Other threads read both pointers without
 * it, and may still be in a function of the old tables afterwards.
 */
void ktls_base_install(struct sock *sk, const struct ktls_base *base)
{
	sock_owned_by_me(sk);
	write_lock_bh(&sk->sk_callback_lock);
	/*
	 * The context before the callbacks that look for it. Pairs with the
	 * smp_rmb() in ktls_context_unlocked()
	 */
	smp_wmb();
	WRITE_ONCE(sk->sk_prot, (struct proto *)&base->ktls_prot);
	WRITE_ONCE(sk->sk_socket->ops, &base->ktls_ops);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * ktls_base_restore() - give a socket TCP's own tables back
 * @sk: the socket
 * @base: its tables
 *
 * Context: process, socket lock held.
 */
void ktls_base_restore(struct sock *sk, const struct ktls_base *base)
{
	sock_owned_by_me(sk);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, base->prot);
	if (sk->sk_socket)
		WRITE_ONCE(sk->sk_socket->ops, base->ops);
	write_unlock_bh(&sk->sk_callback_lock);
}
