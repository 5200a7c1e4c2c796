// SPDX-License-Identifier: GPL-2.0
/*
 * setsockopt and getsockopt at level SOL_TLS: what userspace says is checked
 * here, and nowhere else. A call that fails has changed nothing.
 */
#include "sockopt.h"
#include "context.h"
#include "key.h"
#include "proto.h"
#include "stats.h"
#include "tx.h"

#include <linux/ktls.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/sock.h>
#include <net/tcp.h>

/* Least TLS_TX_MAX_PAYLOAD_LEN */
#define MAX_PAYLOAD_MIN 64

/* May @hdr be the header of a key for @ctx, which has @old in that direction? */
static int check_header(const struct ktls_context *ctx,
			const struct ktls_key *old,
			const struct tls_crypto_info *hdr,
			const struct ktls_cipher **cipher)
{
	*cipher = ktls_cipher_find(hdr->cipher_type);
	if (!*cipher || !ktls_cipher_allows(*cipher, hdr->version))
		return -EINVAL;
	if (old && (hdr->version != old->epoch.version ||
		    *cipher != old->epoch.cipher))
		return -EINVAL;
	if (ctx->version && (hdr->version != ctx->version ||
			     hdr->cipher_type != ctx->cipher_id))
		return -EINVAL;
	return 0;
}

/*
 * Read crypto_info. The header is read twice, for its meaning and as part of
 * the whole: what it says the second time does not count.
 */
static struct ktls_key *read_key(const struct ktls_context *ctx,
				 const struct ktls_key *old, sockptr_t optval,
				 unsigned int optlen)
{
	const struct ktls_cipher *cipher;
	struct tls_crypto_info hdr;
	u8 info[KTLS_INFO_MAX];
	struct ktls_key *key;
	int err;

	if (copy_from_sockptr(&hdr, optval, sizeof(hdr)))
		return ERR_PTR(-EFAULT);
	err = check_header(ctx, old, &hdr, &cipher);
	if (err)
		return ERR_PTR(err);
	if (optlen != ktls_cipher_info_size(cipher))
		return ERR_PTR(-EINVAL);

	if (copy_from_sockptr(info, optval, optlen))
		key = ERR_PTR(-EFAULT);
	else
		key = ktls_key_new(cipher, hdr.version, info);
	memzero_explicit(info, sizeof(info));
	return key;
}

/* The open record belongs to the old key, which nobody uses afterwards */
static int tx_rekey(struct ktls_context *ctx, struct ktls_key *key)
{
	struct ktls_key *old = ctx->tx.key;
	int err = ktls_tx_seal_open(ctx);

	if (err) {
		ktls_key_free(key);
		return err;
	}
	WRITE_ONCE(ctx->tx.key, key);
	ktls_key_free(old);
	ktls_stat_inc(sock_net(ctx->sk), KTLS_STAT_TX_REKEY_OK);
	/* If the connection is dead the next send says so */
	ktls_tx_push(ctx, 0, NULL);
	return 0;
}

static void tx_first_key(struct ktls_context *ctx, struct ktls_key *key)
{
	WRITE_ONCE(ctx->cipher_id, key->epoch.cipher->id);
	WRITE_ONCE(ctx->version, key->epoch.version);
	WRITE_ONCE(ctx->tx.key, key);
	ktls_stat_inc(sock_net(ctx->sk), KTLS_STAT_TX);
	ktls_stat_inc(sock_net(ctx->sk), KTLS_STAT_CURR_TX);
}

/* A sender asleep in TCP would go on in cleartext behind the first record */
static bool plain_send_in_progress(const struct sock *sk)
{
	return sk->sk_write_pending || tcp_sk(sk)->repair;
}

static int set_tx_key(struct ktls_context *ctx, sockptr_t optval,
		      unsigned int optlen)
{
	struct ktls_key *old = ctx->tx.key;
	struct ktls_key *key;

	if (sockptr_is_null(optval) || optlen < sizeof(struct tls_crypto_info))
		return -EINVAL;
	if (old ? old->epoch.version != TLS_1_3_VERSION :
		  plain_send_in_progress(ctx->sk))
		return -EBUSY;
	key = read_key(ctx, old, optval, optlen);
	if (IS_ERR(key))
		return PTR_ERR(key);
	if (old)
		return tx_rekey(ctx, key);
	tx_first_key(ctx, key);
	return 0;
}

static int set_tx(struct ktls_context *ctx, sockptr_t optval,
		  unsigned int optlen)
{
	bool rekey = ctx->tx.key;
	int err = set_tx_key(ctx, optval, optlen);

	if (err && rekey)
		ktls_stat_inc(sock_net(ctx->sk), KTLS_STAT_TX_REKEY_ERROR);
	return err;
}

static int set_zerocopy_ro(struct ktls_context *ctx, sockptr_t optval,
			   unsigned int optlen)
{
	u32 value;

	if (sockptr_is_null(optval) || optlen != sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	if (value > 1)
		return -EINVAL;
	ctx->tx.zerocopy_ro = value;
	return 0;
}

static int set_max_payload(struct ktls_context *ctx, sockptr_t optval,
			   unsigned int optlen)
{
	/* With TLS 1.3 the content type takes one byte more */
	bool inner = ctx->version == TLS_1_3_VERSION;
	u16 value;

	if (ctx->tx.open)
		return -EBUSY;
	if (sockptr_is_null(optval) || optlen != sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	if (value < MAX_PAYLOAD_MIN - inner || value > KTLS_RECORD_PAYLOAD_MAX)
		return -EINVAL;
	WRITE_ONCE(ctx->tx.max_payload, value);
	return 0;
}

static int set_tls_option(struct ktls_context *ctx, int optname,
			  sockptr_t optval, unsigned int optlen)
{
	switch (optname) {
	case TLS_TX:
		return set_tx(ctx, optval, optlen);
	case TLS_TX_ZEROCOPY_RO:
		return set_zerocopy_ro(ctx, optval, optlen);
	case TLS_TX_MAX_PAYLOAD_LEN:
		return set_max_payload(ctx, optval, optlen);
	default:
		return -ENOPROTOOPT;
	}
}

/* TCP_REPAIR writes into TCP's queues past the record layer */
static bool bypasses_records(const struct sock *sk, int level, int optname)
{
	return level == SOL_TCP && optname == TCP_REPAIR &&
	       READ_ONCE(ktls_context(sk)->version);
}

/**
 * ktls_setsockopt() - our proto.setsockopt
 * @sk: the socket
 * @level: SOL_TLS, or one of TCP's
 * @optname: which option
 * @optval: its value
 * @optlen: bytes of @optval
 *
 * Context: process; takes the socket lock.
 * Return: 0, or an error as the manual page lists them, with nothing changed.
 */
int ktls_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	struct ktls_context *ctx = ktls_context_unlocked(sk);
	int err;

	if (bypasses_records(sk, level, optname))
		return -EOPNOTSUPP;
	if (level != SOL_TLS)
		return ctx->base->prot->setsockopt(sk, level, optname, optval,
						   optlen);
	lock_sock(sk);
	err = set_tls_option(ctx, optname, optval, optlen);
	release_sock(sk);
	return err;
}

/* One value for userspace, whose buffer has @len bytes and gets @size of them */
static int give(char __user *optval, int __user *optlen, const void *value,
		int size)
{
	if (copy_to_user(optval, value, size) || put_user(size, optlen))
		return -EFAULT;
	return 0;
}

static int get_tx(struct ktls_context *ctx, char __user *optval,
		  int __user *optlen, int len)
{
	u8 info[KTLS_INFO_MAX];
	int err = -EINVAL;
	int whole;

	if (len < (int)sizeof(struct tls_crypto_info))
		return -EINVAL;
	if (!ctx->tx.key)
		return -EBUSY;

	whole = ktls_cipher_info_size(ctx->tx.key->epoch.cipher);
	if (len == whole || len == sizeof(struct tls_crypto_info)) {
		ktls_key_export(ctx->tx.key, info);
		err = give(optval, optlen, info, len);
		memzero_explicit(info, sizeof(info));
	}
	return err;
}

static int get_zerocopy_ro(struct ktls_context *ctx, char __user *optval,
			   int __user *optlen, int len)
{
	u32 value = ctx->tx.zerocopy_ro;

	if (len != sizeof(value))
		return -EINVAL;
	return give(optval, optlen, &value, sizeof(value));
}

static int get_max_payload(struct ktls_context *ctx, char __user *optval,
			   int __user *optlen, int len)
{
	u16 value = ctx->tx.max_payload;

	if (len < (int)sizeof(value))
		return -EINVAL;
	return give(optval, optlen, &value, sizeof(value));
}

static int get_tls_option(struct ktls_context *ctx, int optname,
			  char __user *optval, int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return -EFAULT;

	switch (optname) {
	case TLS_TX:
		return optval ? get_tx(ctx, optval, optlen, len) : -EINVAL;
	case TLS_TX_ZEROCOPY_RO:
		return get_zerocopy_ro(ctx, optval, optlen, len);
	case TLS_TX_MAX_PAYLOAD_LEN:
		return get_max_payload(ctx, optval, optlen, len);
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * ktls_getsockopt() - our proto.getsockopt
 * @sk: the socket
 * @level: SOL_TLS, or one of TCP's
 * @optname: which option
 * @optval: where to
 * @optlen: in: bytes of @optval, out: bytes written
 *
 * Context: process; takes the socket lock.
 * Return: 0, or an error as the manual page lists them.
 */
int ktls_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen)
{
	struct ktls_context *ctx = ktls_context_unlocked(sk);
	int err;

	if (level != SOL_TLS)
		return ctx->base->prot->getsockopt(sk, level, optname, optval,
						   optlen);
	lock_sock(sk);
	err = get_tls_option(ctx, optname, optval, optlen);
	release_sock(sk);
	return err;
}
