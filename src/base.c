// SPDX-License-Identifier: GPL-2.0
/*
 * Our copies of TCP's struct proto and proto_ops, one of each per address
 * family: made when first needed, put into sockets and taken out again.
 */
#include "proto.h"

#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <net/sock.h>

enum { FAMILY_V4, FAMILY_V6, NR_FAMILIES };

static const int families[NR_FAMILIES] = { AF_INET, AF_INET6 };

/* Published by smp_store_release(), read with smp_load_acquire() */
static struct ktls_base *bases[NR_FAMILIES];
static struct ktls_base base_storage[NR_FAMILIES];
static DEFINE_MUTEX(base_mutex);

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
	ktls_proto_fill(base);
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
