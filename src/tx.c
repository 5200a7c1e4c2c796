// SPDX-License-Identifier: GPL-2.0
/*
 * sendmsg: plaintext into records.
 *
 * The socket lock is all that serialises senders. Waiting for room releases
 * it, and then anybody may send, seal the open record or replace the key: no
 * state of the transmission is kept across a wait but the count of bytes.
 */
#include "buf.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "stats.h"
#include "tx.h"
#include "compat/tcp_send.h"

#include <linux/ktls.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <net/tcp.h>

#define SEND_FLAGS (MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR |	\
		    MSG_CMSG_COMPAT | KTLS_MSG_INTERNAL)

/* More than the sk_buffs for what goes to TCP at once cost besides */
#define SKB_ROOM SZ_8K

/**
 * ktls_tx_init() - set up the sending direction
 * @ctx: a new context
 *
 * Context: any.
 */
void ktls_tx_init(struct ktls_context *ctx)
{
	ktls_buf_init(&ctx->tx.buf, false);
	ctx->tx.max_payload = KTLS_RECORD_PAYLOAD_MAX;
	INIT_DELAYED_WORK(&ctx->tx.work, ktls_tx_work);
}

/**
 * ktls_tx_destroy() - give up what the sending direction holds
 * @ctx: the context; the work finds tx.shut set if it still runs
 *
 * Context: process, socket lock held.
 */
void ktls_tx_destroy(struct ktls_context *ctx)
{
	if (!ctx->tx.key)
		return;
	ktls_stat_dec(ctx, KTLS_STAT_CURR_TX);
	ktls_buf_release(ctx->sk, &ctx->tx.buf);
	ktls_key_free(ctx->tx.key);
	ctx->tx.key = NULL;
}

/**
 * ktls_tx_set_key() - the first key, or the one behind a KeyUpdate
 * @ctx: the context
 * @key: owned by the context from now on, or freed if it could not be set
 *
 * An open record belongs to the old key, which nobody uses afterwards.
 *
 * Context: process, socket lock held, may sleep.
 * Return: 0, or -EBADMSG if a record was lost.
 */
int ktls_tx_set_key(struct ktls_context *ctx, struct ktls_key *key)
{
	struct ktls_key *old = ctx->tx.key;
	int err = old ? ktls_tx_seal_open(ctx) : 0;

	if (err) {
		ktls_key_free(key);
		return err;
	}
	WRITE_ONCE(ctx->tx.key, key);
	ctx->tx.worn = false;
	if (old) {
		ktls_key_free(old);
		ktls_stat_inc(ctx, KTLS_STAT_TX_REKEY_OK);
		/* If the connection is dead the next send says so */
		ktls_tx_push(ctx, 0, NULL);
	} else {
		ktls_stat_inc(ctx, KTLS_STAT_TX);
		ktls_stat_inc(ctx, KTLS_STAT_CURR_TX);
	}
	return 0;
}

/* May this socket send at all? */
static int tx_check(const struct ktls_context *ctx)
{
	const struct ktls_tx *tx = &ctx->tx;
	const struct sock *sk = ctx->sk;

	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN || tx->shut)
		return -EPIPE;
	return tx->err;
}

/*
 * May plaintext be taken? The answer TCP would give if it had the sealed records
 * already, so that one call can seal many of them and hand them over together. It
 * looks at TCP_NOTSENT_LOWAT when it begins an sk_buff, which takes that many
 * segments, or one where a segment is longer than an sk_buff should be.
 */
static inline bool has_room(const struct ktls_context *ctx)
{
	const struct ktls_tx *tx = &ctx->tx;
	const struct sock *sk = ctx->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 notsent = tp->write_seq - tp->snd_nxt + tx->sealed;

	if (tx->rest || ktls_buf_crowded(&tx->buf) ||
	    sk->sk_wmem_queued + tx->sealed >= READ_ONCE(sk->sk_sndbuf))
		return false;
	return notsent < tcp_notsent_lowat(tp) ||
	       notsent < max_t(u32, tp->gso_segs, 1) * tp->mss_cache;
}

/* May the key protect so many records more, an open one included? */
static int may_seal(struct ktls_context *ctx, u8 type, unsigned int records)
{
	if (likely(ctx->tx.key->epoch.seq < KTLS_RECORDS_SAFE))
		return 0;
	return ktls_tx_limit(ctx, type, records);
}

/*
 * Wait until there may be room. Everything sealed goes to TCP before, for
 * the lock is released and the wait may be long. If the call may not wait these
 * are its last bytes.
 */
static int tx_wait(struct ktls_context *ctx, const struct ktls_send *send,
		   bool nomem, long *timeo)
{
	struct sock *sk = ctx->sk;
	int err = ktls_tx_push(ctx, 0, *timeo ? NULL : send->control);

	if (err || (!nomem && has_room(ctx)))
		return err;
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	return sk_stream_wait_memory(sk, timeo) ?: tx_check(ctx);
}

/* A gap is free, too, where TCP begins an sk_buff anyway */
static bool may_leave_gap(const struct ktls_context *ctx)
{
	return ktls_tcp_send_takes_gaps(ctx->sk) ||
	       (!ctx->tx.buf.size && !tcp_send_head(ctx->sk));
}

/**
 * ktls_tx_begin() - have room for a record behind what is in the buffer
 * @ctx: the context
 * @len: bytes of plaintext
 *
 * Context: process, socket lock held, may sleep.
 * Return: as ktls_buf_begin().
 */
int ktls_tx_begin(struct ktls_context *ctx, unsigned int len)
{
	const struct ktls_epoch *epoch = &ctx->tx.key->epoch;

	return ktls_buf_begin(ctx->sk, &ctx->tx.buf, ktls_record_prefix(epoch),
			      len + ktls_record_framing(epoch),
			      may_leave_gap(ctx), ctx->sk->sk_allocation);
}

/* Copy the last @len bytes of the last record, whose suffix is behind them */
static int copy(struct ktls_context *ctx, unsigned int len,
		struct iov_iter *from)
{
	const struct ktls_buf *buf = &ctx->tx.buf;
	unsigned int suffix = ktls_record_suffix(&ctx->tx.key->epoch);

	return ktls_pos_copy_from_iter(ktls_buf_at(buf, buf->size - suffix - len),
				       len, from);
}

/*
 * Take bytes into the open record: as many as it has room for, or none. If they
 * are all of it, it may be sealed at once. Returns 0, -ENOMEM, -ENOBUFS or
 * -EFAULT with nothing changed, or -EBADMSG if the record is lost.
 */
static int fill(struct ktls_context *ctx, struct iov_iter *from)
{
	struct ktls_tx *tx = &ctx->tx;
	unsigned int len = min_t(size_t, iov_iter_count(from),
				 tx->max_payload - tx->open);
	unsigned int framing = 0;
	int err;

	if (len == tx->max_payload) {
		err = ktls_tx_seal_pages(ctx, from, len);
		if (err)
			return min(err, 0);
	}
	if (tx->open) {
		err = ktls_buf_reserve(ctx->sk, &tx->buf, len,
				       ctx->sk->sk_allocation);
	} else {
		framing = ktls_record_framing(&tx->key->epoch);
		err = ktls_tx_begin(ctx, len);
	}
	if (err)
		return err;
	err = copy(ctx, len, from);
	if (err)
		ktls_buf_trim(ctx->sk, &tx->buf, framing + len);
	else
		tx->open += len;
	return err;
}

/* Take and seal bytes for as long as nothing stands against it */
static int take(struct ktls_context *ctx, struct iov_iter *from)
{
	struct ktls_tx *tx = &ctx->tx;
	int err = 0;

	while (!err && iov_iter_count(from)) {
		err = may_seal(ctx, KTLS_TYPE_DATA, 1);
		if (err)
			break;
		if (!has_room(ctx))
			return -EAGAIN;

		err = fill(ctx, from);
		if (!err && (tx->open == tx->max_payload ||
			     ktls_buf_crowded(&tx->buf)))
			err = ktls_tx_seal_open(ctx);
	}
	return err;
}

static int send_data(struct ktls_context *ctx, struct msghdr *msg, size_t size,
		     const struct ktls_send *send, long timeo)
{
	int err;

	for (;;) {
		err = take(ctx, &msg->msg_iter);
		if (err != -EAGAIN && err != -ENOMEM)
			break;
		err = tx_wait(ctx, send, err == -ENOMEM, &timeo);
		if (err)
			break;
	}
	if (!(msg->msg_flags & MSG_MORE) && msg_data_left(msg) < size)
		err = ktls_tx_seal_open(ctx) ?: err;
	return err;
}

/* Number of records that a control message takes, with the open one before it */
static unsigned int control_records(const struct ktls_context *ctx, size_t size)
{
	return DIV_ROUND_UP(size, ctx->tx.max_payload) + !!ctx->tx.open;
}

/* Wait until a whole control message may be taken at once */
static int control_room(struct ktls_context *ctx, const struct ktls_send *send,
			size_t size, long *timeo)
{
	int err;

	for (;;) {
		err = may_seal(ctx, send->type, control_records(ctx, size));
		if (err)
			return err;
		if (!size || (!ctx->tx.sealed && has_room(ctx)))
			return 0;
		err = tx_wait(ctx, send, false, timeo);
		if (err)
			return err;
	}
}

/* Copy a message to where its records will be, behind what is in the buffer */
static int control_copy(struct ktls_context *ctx, struct iov_iter *from)
{
	size_t left, size = iov_iter_count(from);
	struct ktls_buf *buf = &ctx->tx.buf;
	unsigned int start = buf->size;
	int err = 0;

	while (!err && (left = iov_iter_count(from))) {
		unsigned int len = min_t(size_t, left, ctx->tx.max_payload);

		err = ktls_tx_begin(ctx, len) ?: copy(ctx, len, from);
	}
	if (err) {
		iov_iter_revert(from, size - left);
		ktls_buf_trim(ctx->sk, buf, buf->size - start);
	}
	return err;
}

static int control_seal(struct ktls_context *ctx, u8 type, size_t size)
{
	int err = ktls_tx_seal_open(ctx);

	while (!err && size) {
		unsigned int len = min_t(size_t, size, ctx->tx.max_payload);

		err = ktls_tx_seal(ctx, type, NULL, len);
		size -= len;
	}
	return err;
}

/*
 * A control message goes whole or not at all, however many records it needs:
 * all its memory and all its bytes are there before the first one is sealed.
 * The open record goes before it, but stays as it is if the message fails. Not
 * inlined: it is rare, and would take registers from what is not.
 */
static noinline int
send_control(struct ktls_context *ctx, struct msghdr *msg,
	     const struct ktls_send *send, long timeo)
{
	size_t size = msg_data_left(msg);
	int err;

	if (size > KTLS_CONTROL_MAX)
		return -EMSGSIZE;

	do {
		err = control_room(ctx, send, size, &timeo);
		if (err)
			return err;
		err = control_copy(ctx, &msg->msg_iter);
		if (err == -ENOBUFS)
			err = ktls_tx_seal_open(ctx) ?:
			      ktls_tx_push(ctx, 0, NULL);
		else if (err == -ENOMEM)
			err = tx_wait(ctx, send, true, &timeo);
		else
			break;
	} while (!err);

	return err ?: control_seal(ctx, send->type, size);
}

static int send_error(struct sock *sk, int flags, int err)
{
	/* As TCP: an edge-triggered poller hears of memory by no acknowledgement */
	if (err == -EAGAIN && !sk->sk_wmem_queued)
		sk->sk_write_space(sk);
	return sk_stream_error(sk, flags, err);
}

static int check_flags(const struct msghdr *msg)
{
	if (msg->msg_flags & ~SEND_FLAGS)
		return -EOPNOTSUPP;
	if (msg->msg_flags & MSG_MORE && msg->msg_flags & MSG_EOR)
		return -EINVAL;
	return 0;
}

/*
 * Of the message's flags what TCP shall know, too. A splice says MSG_MORE when its
 * next piece follows at once, and takes it back if none does; but nobody does if
 * that finds no room, and what TCP keeps back would make none. So there must be
 * room for it, too.
 */
static int tcp_flags(const struct ktls_context *ctx, const struct msghdr *msg)
{
	const struct sock *sk = ctx->sk;
	int flags = msg->msg_flags;

	if (!ktls_msg_is_splice(msg) || iov_iter_count(&msg->msg_iter) ||
	    sk->sk_wmem_queued + ctx->tx.sealed + SKB_ROOM >=
	    READ_ONCE(sk->sk_sndbuf))
		flags &= ~MSG_MORE;
	return flags & (MSG_EOR | MSG_MORE);
}

/* Whoever says that more follows is believed, but a splice only for a while */
static void believe_more(struct ktls_context *ctx, const struct msghdr *msg)
{
	if (ktls_msg_is_splice(msg) && msg->msg_flags & MSG_MORE && ctx->tx.open)
		ktls_tx_seal_later(ctx);
	else
		ctx->tx.seal_later = false;
}

/**
 * ktls_tx_sendmsg() - send on a socket that has a TX key
 * @ctx: the context
 * @msg: the message; spliced pages are not used any more when this returns
 * @size: bytes, as in @msg->msg_iter
 *
 * Context: process, socket lock held; released while waiting for room.
 * Return: bytes taken, each of which is or will be sealed and delivered; or an
 * error, with nothing taken: -EOPNOTSUPP (flags, control message), -EINVAL
 * (control message, MSG_MORE with MSG_EOR), -EMSGSIZE (control message over
 * KTLS_CONTROL_MAX), -EFAULT, -EAGAIN, -EINTR or -ERESTARTSYS, -EPIPE and
 * other errors of the connection, -EBADMSG (sequence numbers exhausted, or a
 * record was lost).
 */
int ktls_tx_sendmsg(struct ktls_context *ctx, struct msghdr *msg, size_t size)
{
	struct ktls_send send = { .type = KTLS_TYPE_DATA };
	int flags = msg->msg_flags;
	struct sock *sk = ctx->sk;
	int err, pushed;
	size_t taken;
	long timeo;

	err = check_flags(msg);
	if (!err && msg->msg_controllen)
		err = ktls_tx_cmsg(sk, msg, &send);
	if (err)
		return err;
	err = tx_check(ctx);
	if (err)
		return send_error(sk, flags, err);

	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	if (send.type != KTLS_TYPE_DATA)
		err = send_control(ctx, msg, &send, timeo);
	else
		err = send_data(ctx, msg, size, &send, timeo);

	pushed = ktls_tx_push(ctx, ctx->tx.sealed ? tcp_flags(ctx, msg) : 0,
			      send.control);
	taken = size - msg_data_left(msg);
	if (taken)
		believe_more(ctx, msg);
	/* Bytes of a record that was lost, or of a dead connection, do not count */
	if (taken && !pushed && !ctx->tx.err)
		return taken;
	err = err ?: pushed;
	return err ? send_error(sk, flags, err) : 0;
}
