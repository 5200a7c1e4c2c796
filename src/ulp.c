// SPDX-License-Identifier: GPL-2.0
/*
 * The upper layer protocol: attach, shutdown, close, and what ss shows.
 */
#include "ulp.h"
#include "context.h"
#include "proto.h"
#include "rx.h"
#include "stats.h"
#include "tx.h"
#include "compat/ulp.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/inet_diag.h>
#include <linux/ktls.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/tcp.h>

/*
 * Attributes below INET_ULP_INFO_TLS; in <linux/tls.h> they are an enum, which
 * cannot be completed where it is old.
 */
enum {
	INFO_VERSION = 1,
	INFO_CIPHER = 2,
	INFO_TXCONF = 3,
	INFO_RXCONF = 4,
	INFO_TX_MAX_PAYLOAD_LEN = 7,
};

enum { CONF_BASE = 1, CONF_SW = 2 };

/*
 * TCP drops the socket's reference to the module inside its close(), from which
 * control returns to our code. Unloading waits until nobody is in there.
 */
static atomic_t closing = ATOMIC_INIT(0);

static int ulp_init(struct sock *sk)
{
	const struct ktls_base *base;
	struct ktls_context *ctx;

	sock_owned_by_me(sk);
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	base = ktls_base_find(sk);
	if (IS_ERR(base))
		return PTR_ERR(base);

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	ctx->sk = sk;
	ctx->base = base;
	ktls_tx_init(ctx);
	ctx->counters = ktls_stats_of(sock_net(sk));
	ktls_rx_init(ctx);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, ctx);
	ktls_base_install(sk, base);
	return 0;
}

/* A stream with a hole must not end as if it were whole: end it with a reset */
static void reset_at_close(struct sock *sk)
{
	sock_set_flag(sk, SOCK_LINGER);
	sk->sk_lingertime = 0;
}

static void detach(struct ktls_context *ctx)
{
	struct sock *sk = ctx->sk;

	ktls_base_restore(sk, ctx->base);
	RCU_INIT_POINTER(inet_csk(sk)->icsk_ulp_data, NULL);
	ktls_tx_destroy(ctx);
	ktls_rx_destroy(ctx);
}

/**
 * ktls_ulp_close() - our proto.close
 * @sk: the socket; no other call is in it
 * @timeout: of SO_LINGER, TCP's alone
 *
 * Everything taken goes to TCP before TCP's own close. If TCP has no memory for
 * it the connection is reset.
 *
 * Context: process; takes the socket lock.
 */
void ktls_ulp_close(struct sock *sk, long timeout)
{
	struct ktls_context *ctx = ktls_context(sk);
	const struct ktls_base *base = ctx->base;

	atomic_inc(&closing);
	lock_sock(sk);
	ctx->tx.shut = true;
	/* As TCP does with bytes that nobody has read, ours being out of its sight */
	if ((ctx->tx.key && ktls_tx_flush(ctx)) ||
	    ctx->rx.buf.size || ctx->rx.have)
		reset_at_close(sk);
	detach(ctx);
	release_sock(sk);

	/* The work needs the lock, and finds tx.shut set once it has it */
	if (ctx->tx.delay)
		cancel_delayed_work_sync(&ctx->tx.work);
	kfree_rcu(ctx, rcu);
	base->prot->close(sk, timeout);
	atomic_dec(&closing);
}

static int put_info(const struct ktls_context *ctx, struct sk_buff *skb)
{
	u16 version = READ_ONCE(ctx->version);
	u16 tx_conf = READ_ONCE(ctx->tx.key) ? CONF_SW : CONF_BASE;
	u16 rx_conf = READ_ONCE(ctx->rx.key) ? CONF_SW : CONF_BASE;
	u16 max = READ_ONCE(ctx->tx.max_payload);
	int err = 0;

	if (version)
		err = nla_put_u16(skb, INFO_VERSION, version) ?:
		      nla_put_u16(skb, INFO_CIPHER, READ_ONCE(ctx->cipher_id));
	return err ?: nla_put_u16(skb, INFO_TXCONF, tx_conf) ?:
		      nla_put_u16(skb, INFO_RXCONF, rx_conf) ?:
		      nla_put_u16(skb, INFO_TX_MAX_PAYLOAD_LEN, max);
}

/**
 * ktls_ulp_get_info() - what ss shows, our tcp_ulp_ops.get_info
 * @sk: the socket, perhaps being closed
 * @skb: where to
 * @net_admin: the asker is privileged; nothing here is secret
 *
 * Context: RCU read lock is taken here.
 * Return: 0, or -EMSGSIZE if @skb is full.
 */
int ktls_ulp_get_info(struct sock *sk, struct sk_buff *skb, bool net_admin)
{
	struct nlattr *nest = nla_nest_start_noflag(skb, INET_ULP_INFO_TLS);
	struct ktls_context *ctx;
	int err = 0;

	if (!nest)
		return -EMSGSIZE;

	rcu_read_lock();
	ctx = rcu_dereference(inet_csk(sk)->icsk_ulp_data);
	if (ctx)
		err = put_info(ctx, skb);
	rcu_read_unlock();

	if (err) {
		nla_nest_cancel(skb, nest);
		return err;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ktls_ulp_get_info_size() - room for ktls_ulp_get_info()
 * @sk: the socket
 * @net_admin: as there
 *
 * Context: any.
 * Return: bytes.
 */
size_t ktls_ulp_get_info_size(const struct sock *sk, bool net_admin)
{
	return nla_total_size(0) + 5 * nla_total_size(sizeof(u16));
}

/*
 * No .clone: such a socket can neither listen nor be inherited by accept().
 * No .update: a sockmap, which would call it, and ktls never share a socket.
 */
static struct tcp_ulp_ops ktls_ulp_ops __read_mostly = {
	.name = KTLS_ULP_NAME,
	.owner = THIS_MODULE,
	.init = ulp_init,
	.get_info = ktls_compat_get_info,
	.get_info_size = ktls_compat_get_info_size,
};

/**
 * ktls_ulp_register() - make the ULP known to TCP
 *
 * Context: process.
 * Return: 0, or -EEXIST if the name is taken.
 */
int ktls_ulp_register(void)
{
	return tcp_register_ulp(&ktls_ulp_ops);
}

/**
 * ktls_ulp_unregister() - take the ULP away again
 *
 * Context: process, may sleep; no socket has the ULP.
 */
void ktls_ulp_unregister(void)
{
	tcp_unregister_ulp(&ktls_ulp_ops);
	while (atomic_read(&closing))
		msleep(20);
	/* Those who have just left the count are still in our code */
	synchronize_rcu_tasks();
}
