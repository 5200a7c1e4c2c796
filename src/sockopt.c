// SPDX-License-Identifier: GPL-2.0
/*
 * setsockopt and getsockopt at level SOL_TLS: what userspace says is checked
 * here, and nowhere else. A call that fails has changed nothing.
 */
#include "sockopt.h"
#include "context.h"
#include "key.h"
#include "proto.h"
#include "rx.h"
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

/* May @hdr be the header of a key? All keys of a socket are of one kind */
static int check_header(const struct ktls_context *ctx,
			const struct tls_crypto_info *hdr,
			const struct ktls_cipher **cipher)
{
	*cipher = ktls_cipher_find(hdr->cipher_type);
	if (!*cipher || !ktls_cipher_allows(*cipher, hdr->version))
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
				 sockptr_t optval, unsigned int optlen)
{
	const struct ktls_cipher *cipher;
	struct tls_crypto_info hdr;
	u8 info[KTLS_INFO_MAX];
	struct ktls_key *key;
	int err;

	if (copy_from_sockptr(&hdr, optval, sizeof(hdr)))
		return ERR_PTR(-EFAULT);
	err = check_header(ctx, &hdr, &cipher);
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

/* A sender asleep in TCP would go on in cleartext behind the first record */
static int tx_may_start(const struct ktls_context *ctx)
{
	if (ctx->sk->sk_write_pending || tcp_sk(ctx->sk)->repair)
		return -EBUSY;
	return 0;
}

/* Offsets into the stream of bytes have no meaning in a stream of records */
static int rx_may_start(const struct ktls_context *ctx)
{
	if (tcp_sk(ctx->sk)->repair)
		return -EBUSY;
	return READ_ONCE(ctx->sk->sk_peek_off) >= 0 ? -EOPNOTSUPP : 0;
}

static int try_key(struct ktls_context *ctx, bool rx,
		   const struct ktls_key *old, sockptr_t optval,
		   unsigned int optlen)
{
	struct ktls_key *key;
	int err = 0;

	if (sockptr_is_null(optval) || optlen < sizeof(struct tls_crypto_info))
		return -EINVAL;
	if (old && old->epoch.version != TLS_1_3_VERSION)
		return -EBUSY;
	if (!old)
		err = rx ? rx_may_start(ctx) : tx_may_start(ctx);
	if (err)
		return err;
	key = read_key(ctx, optval, optlen);
	if (IS_ERR(key))
		return PTR_ERR(key);

	WRITE_ONCE(ctx->cipher_id, key->epoch.cipher->id);
	WRITE_ONCE(ctx->version, key->epoch.version);
	if (!rx)
		return ktls_tx_set_key(ctx, key);
	ktls_rx_set_key(ctx, key);
	return 0;
}

static int set_key(struct ktls_context *ctx, bool rx, sockptr_t optval,
		   unsigned int optlen)
{
	const struct ktls_key *old = rx ? ctx->rx.key : ctx->tx.key;
	int err = try_key(ctx, rx, old, optval, optlen);

	if (err && old)
		ktls_stat_inc(ctx, rx ? KTLS_STAT_RX_REKEY_ERROR :
					    KTLS_STAT_TX_REKEY_ERROR);
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

/* An optval that is longer than we know must say nothing there */
static int check_tail(sockptr_t optval, unsigned int size, unsigned int optlen)
{
	u8 byte;

	if (optlen > PAGE_SIZE)
		return -EINVAL;
	for (; size < optlen; size++) {
		if (copy_from_sockptr_offset(&byte, optval, size, 1))
			return -EFAULT;
		if (byte)
			return -EINVAL;
	}
	return 0;
}

static int set_expect_no_pad(struct ktls_context *ctx, sockptr_t optval,
			     unsigned int optlen)
{
	u32 value;
	int err;

	if (ctx->version != TLS_1_3_VERSION || sockptr_is_null(optval) ||
	    optlen < sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	err = check_tail(optval, sizeof(value), optlen);
	if (err)
		return err;
	if (value > 1 || !ctx->rx.key)
		return -EINVAL;
	ctx->rx.expect_no_pad = value;
	return 0;
}

static int set_tls_option(struct ktls_context *ctx, int optname,
			  sockptr_t optval, unsigned int optlen)
{
	switch (optname) {
	case TLS_TX:
		return set_key(ctx, false, optval, optlen);
	case TLS_RX:
		return set_key(ctx, true, optval, optlen);
	case TLS_TX_ZEROCOPY_RO:
		return set_zerocopy_ro(ctx, optval, optlen);
	case TLS_RX_EXPECT_NO_PAD:
		return set_expect_no_pad(ctx, optval, optlen);
	case TLS_TX_MAX_PAYLOAD_LEN:
		return set_max_payload(ctx, optval, optlen);
	default:
		return -ENOPROTOOPT;
	}
}

/* TCP_REPAIR reads and writes TCP's queues past the record layer */
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

static int get_key(const struct ktls_key *key, char __user *optval,
		   int __user *optlen, int len)
{
	u8 info[KTLS_INFO_MAX];
	int err = -EINVAL;
	int whole;

	if (!optval || len < (int)sizeof(struct tls_crypto_info))
		return -EINVAL;
	if (!key)
		return -EBUSY;

	whole = ktls_cipher_info_size(key->epoch.cipher);
	if (len == whole || len == sizeof(struct tls_crypto_info)) {
		ktls_key_export(key, info);
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

static int get_expect_no_pad(struct ktls_context *ctx, char __user *optval,
			     int __user *optlen, int len)
{
	u32 value = ctx->rx.expect_no_pad;

	if (ctx->version != TLS_1_3_VERSION || len < (int)sizeof(value) ||
	    !ctx->rx.key)
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
		return get_key(ctx->tx.key, optval, optlen, len);
	case TLS_RX:
		return get_key(ctx->rx.key, optval, optlen, len);
	case TLS_TX_ZEROCOPY_RO:
		return get_zerocopy_ro(ctx, optval, optlen, len);
	case TLS_RX_EXPECT_NO_PAD:
		return get_expect_no_pad(ctx, optval, optlen, len);
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

	/* It hands out pages of TCP's queue */
	if (level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE &&
	    ktls_receives(sk))
		return -EOPNOTSUPP;
	if (level != SOL_TLS)
		return ctx->base->prot->getsockopt(sk, level, optname, optval,
						   optlen);
	lock_sock(sk);
	err = get_tls_option(ctx, optname, optval, optlen);
	release_sock(sk);
	return err;
}
