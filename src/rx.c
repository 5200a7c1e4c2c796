// SPDX-License-Identifier: GPL-2.0
/*
 * recvmsg: opened records to the reader.
 *
 * The socket lock is all that serialises readers. A wait releases it, and then
 * anybody may read, peek or replace the key: nothing is kept across a wait but
 * the count of bytes and the type of the records they came from.
 */
#include "rx.h"
#include "buf.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "stats.h"

#include <linux/ktls.h>
#include <linux/sched/signal.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/sock.h>

/* Records that one call opens before others get a turn */
#define TURN 128

/**
 * ktls_rx_init() - set up the receiving direction
 * @ctx: a new context
 *
 * Context: any.
 */
void ktls_rx_init(struct ktls_context *ctx)
{
	ktls_buf_init(&ctx->rx.buf, true);
	ctx->rx.record = &ctx->rx.first;
}

/*
 * Our sk_data_ready, in softirq or process context with the socket lock (or its
 * spinlock half) held: wakes nobody before a whole record is there.
 */
static void rx_data_ready(struct sock *sk)
{
	struct ktls_context *ctx = ktls_context(sk);

	ktls_rx_arrived(ctx);
	if (ctx->rx.ready || ctx->rx.fresh)
		ctx->rx.data_ready(sk);
}

/**
 * ktls_rx_destroy() - give up what the receiving direction holds
 * @ctx: the context
 *
 * Context: process, socket lock held.
 */
void ktls_rx_destroy(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;

	if (!rx->key)
		return;
	ktls_stat_dec(ctx, KTLS_STAT_CURR_RX);
	if (ctx->sk->sk_data_ready == rx_data_ready)
		WRITE_ONCE(ctx->sk->sk_data_ready, rx->data_ready);
	ktls_buf_release(ctx->sk, &rx->buf);
	ktls_rx_free_records(rx);
	ktls_key_free(rx->key);
	rx->key = NULL;
}

/**
 * ktls_rx_set_key() - the first key, or the one behind a KeyUpdate
 * @ctx: the context
 * @key: owned by the context from now on
 *
 * Data may have arrived before: whoever waits for it is woken.
 *
 * Context: process, socket lock held.
 */
void ktls_rx_set_key(struct ktls_context *ctx, struct ktls_key *key)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_key *old = rx->key;
	struct sock *sk = ctx->sk;

	WRITE_ONCE(rx->key, key);
	if (old) {
		ktls_key_free(old);
		ktls_stat_inc(ctx, KTLS_STAT_RX_REKEY_OK);
	} else {
		rx->data_ready = sk->sk_data_ready;
		WRITE_ONCE(sk->sk_data_ready, rx_data_ready);
		ktls_rx_set_lowat(ctx, sk->sk_rcvlowat);
		ktls_stat_inc(ctx, KTLS_STAT_RX);
		ktls_stat_inc(ctx, KTLS_STAT_CURR_RX);
	}
	rx->seen = tcp_sk(sk)->rcv_nxt;
	rx->paused = false;
	rx->messages = (struct ktls_messages){};
	ktls_rx_frame(ctx);
	if (rx->ready)
		rx->data_ready(sk);
}

/**
 * ktls_rx_set_lowat() - SO_RCVLOWAT, which counts payload here
 * @ctx: the context
 * @lowat: bytes
 *
 * TCP tells nothing below its own mark, which counts bytes in its queue.
 *
 * Context: process, socket lock held.
 */
void ktls_rx_set_lowat(struct ktls_context *ctx, int lowat)
{
	ctx->rx.lowat = lowat;
	WRITE_ONCE(ctx->sk->sk_rcvlowat, 1);
}

/**
 * ktls_rx_unread() - what SIOCINQ says
 * @ctx: the context
 *
 * Context: socket lock held.
 * Return: bytes of payload that have been opened and not read, and those of the
 * next record if all of it is there (with TLS 1.3 its padding included, which
 * nobody can tell before it is opened).
 */
unsigned int ktls_rx_unread(const struct ktls_context *ctx)
{
	const struct ktls_rx *rx = &ctx->rx;
	const struct ktls_epoch *epoch = &rx->key->epoch;
	unsigned int i, bytes = 0;

	for (i = 0; i < rx->records; i++)
		bytes += rx->record[i].len;
	if (!rx->err && !rx->paused && ktls_rx_whole(ctx))
		bytes += rx->want - ktls_record_framing(epoch);
	return bytes;
}

/* Has the call got what it wants, or all there will ever be? */
static bool is_over(const struct ktls_context *ctx,
		    const struct ktls_recv *recv)
{
	const struct sock *sk = ctx->sk;

	return recv->copied >= recv->target || (recv->copied && sk->sk_err) ||
	       (!sk->sk_err && (sk->sk_shutdown & RCV_SHUTDOWN ||
				sock_flag(sk, SOCK_DONE)));
}

/* Is there a record for the call, or anything else it should look at? */
static bool has_news(const struct ktls_context *ctx,
		     const struct ktls_recv *recv)
{
	const struct sock *sk = ctx->sk;

	return READ_ONCE(ctx->rx.fresh) || sk->sk_err ||
	       READ_ONCE(ctx->rx.records) > recv->index ||
	       sk->sk_shutdown & RCV_SHUTDOWN;
}

/* Wait until there is something for the call */
static int rx_wait(struct ktls_context *ctx, struct ktls_recv *recv)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = ctx->sk;

	ktls_rx_settle(ctx);
	if (sk->sk_err)
		return sock_error(sk);
	if (has_news(ctx, recv))
		return 0;
	if (!recv->timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(recv->timeo);

	add_wait_queue(sk_sleep(sk), &wait);
	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	sk_wait_event(sk, &recv->timeo, has_news(ctx, recv), &wait);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	recv->since = jiffies;
	return 0;
}

/*
 * A peer that sends nothing but tiny or empty records keeps its reader busy, but
 * not deaf: others get the CPU and the lock, signals and timeouts count, and a
 * call that has got something returns.
 */
static int take_turn(struct ktls_context *ctx, struct ktls_recv *recv)
{
	if (signal_pending(current))
		return sock_intr_errno(recv->timeo);
	recv->rounds = 1;
	recv->gave_up = recv->copied >= recv->target ||
			jiffies - recv->since >= recv->timeo;
	if (recv->gave_up)
		return -EAGAIN;
	ktls_rx_settle(ctx);
	release_sock(ctx->sk);
	cond_resched();
	lock_sock(ctx->sk);
	return 0;
}

/*
 * Has another reader taken bytes while the lock was released? Then the records
 * that a peek has seen are not the first ones any more. It starts again, or ends
 * if it has got something. Returns true if it ends.
 */
static bool has_lost_place(struct ktls_context *ctx, struct ktls_recv *recv)
{
	if (!recv->peek || recv->consumed == ctx->rx.consumed)
		return false;
	recv->consumed = ctx->rx.consumed;
	recv->index = 0;
	return recv->copied;
}

/* The call may go on for long: from here on its time goes by */
static void begin_round(const struct ktls_context *ctx, struct ktls_recv *recv)
{
	if (recv->rounds)
		return;
	recv->since = jiffies;
	recv->consumed = ctx->rx.consumed;
}

/* Others get a turn before more is opened */
static int end_round(struct ktls_context *ctx, struct ktls_recv *recv)
{
	return recv->rounds < TURN ? 0 : take_turn(ctx, recv);
}

/* Bytes of the next records that the call will surely take */
static size_t to_look_ahead(const struct ktls_recv *recv)
{
	return recv->msg && !recv->peek ? recv->len - recv->copied : 0;
}

/* Returns 1 if something may be there now, or as ktls_rx_get() */
static int open_or_wait(struct ktls_context *ctx, struct ktls_recv *recv)
{
	int ret;

	if (!ktls_rx_has_room(ctx) || ktls_buf_crowded(&ctx->rx.buf))
		return 0;
	ret = ktls_rx_next(ctx, to_look_ahead(recv));
	if (ret < 0 || (!ret && is_over(ctx, recv)))
		return ret;
	recv->rounds += ret ?: 1;
	return ret ?: rx_wait(ctx, recv) ?: 1;
}

/**
 * ktls_rx_get() - have a record for the reader, open it or wait for it
 * @ctx: the context
 * @recv: the call; its time goes by
 *
 * Context: process, socket lock held; released while waiting.
 * Return: 1 if the record numbered recv->index is there, until the lock is
 * released; 0 at the end of the stream, or if the call has got enough; or an
 * error as of ktls_rx_recvmsg().
 */
int ktls_rx_get(struct ktls_context *ctx, struct ktls_recv *recv)
{
	int ret;

	begin_round(ctx, recv);
	while (recv->index >= ctx->rx.records) {
		ret = end_round(ctx, recv) ?: open_or_wait(ctx, recv);
		if (ret <= 0)
			return ret;
		if (has_lost_place(ctx, recv))
			return 0;
	}
	return 1;
}

/**
 * ktls_rx_done() - before a call returns and the lock is released
 * @ctx: the context
 * @recv: the call
 *
 * A call that gave up, or gave less than it was asked for because another kind
 * of record or an error comes next, leaves more behind. Edge-triggered pollers
 * may take a short read for the end of what there is: they get a new edge.
 *
 * Context: process, socket lock held.
 */
void ktls_rx_done(struct ktls_context *ctx, const struct ktls_recv *recv)
{
	bool is_short = recv->started && recv->copied < recv->len;

	ktls_rx_settle(ctx);
	if ((recv->gave_up || (is_short && !recv->peek)) && ctx->rx.ready)
		ctx->rx.data_ready(ctx->sk);
}

/*
 * Say what the call gives. A reader without room for it gets data, for which it
 * need not know, and no other record.
 */
static int announce(struct ktls_recv *recv, u8 type)
{
	int err = put_cmsg(recv->msg, SOL_TLS, TLS_GET_RECORD_TYPE,
			   sizeof(type), &type);

	if (err)
		return err;
	if (recv->msg->msg_flags & MSG_CTRUNC && type != KTLS_TYPE_DATA)
		return -EIO;
	recv->type = type;
	recv->started = true;
	return 0;
}

/**
 * ktls_rx_consume() - the reader has got bytes of the oldest opened records
 * @ctx: the context
 * @n: how many; with 0 an empty record is taken, and no other
 *
 * Context: socket lock held.
 * Return: true if the end of a record was among them.
 */
bool ktls_rx_consume(struct ktls_context *ctx, unsigned int n)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_rx_record *record = rx->record;
	unsigned int ended = 0;

	rx->consumed++;
	while (n >= record->len) {
		n -= record->len;
		rx->given += record->size;
		rx->opened -= record->size;
		record++;
		ended++;
		if (!n)
			break;
	}
	if (n) {
		record->skip += n;
		record->len -= n;
	}
	rx->records -= ended;
	if (ended && rx->records)
		memmove(rx->record, record, rx->records * sizeof(*record));
	return ended;
}

/* Copy what fits of a record, which stands in the buffer at @start */
static int copy_record(struct ktls_context *ctx, struct ktls_recv *recv,
		       const struct ktls_rx_record *record, unsigned int start)
{
	unsigned int n = min_t(size_t, record->len, recv->len - recv->copied);
	unsigned int copied = 0;
	struct ktls_pos pos;

	if (n) {
		pos = ktls_buf_at(&ctx->rx.buf, start + record->skip);
		copied = ktls_pos_copy_to_iter(pos, n, &recv->msg->msg_iter);
	}
	recv->copied += copied;
	recv->stamp = record->stamp;
	return copied == n ? 0 : -EFAULT;
}

/*
 * Copy the record at hand, and those of data behind it, as far as they fit. Returns
 * -EFAULT if that was not all
 */
static int copy_records(struct ktls_context *ctx, struct ktls_recv *recv)
{
	struct ktls_rx *rx = &ctx->rx;
	const struct ktls_rx_record *record = rx->record;
	const struct ktls_rx_record *end = record + rx->records;
	unsigned int i, start = rx->given;
	size_t before = recv->copied;
	int err;

	for (i = 0; i < recv->index; i++)
		start += (record++)->size;
	do {
		err = copy_record(ctx, recv, record, start);
		start += (record++)->size;
	} while (!err && recv->type == KTLS_TYPE_DATA && record < end &&
		 record->type == KTLS_TYPE_DATA && recv->copied < recv->len);

	if (recv->peek)
		recv->index = record - rx->record;
	else if (ktls_rx_consume(ctx, recv->copied - before))
		recv->msg->msg_flags |= MSG_EOR;
	return err;
}

/*
 * Open the next record into the reader's memory, if it is such a record. Returns
 * 1 if the reader has got it, 0 if it has to go the other way, or an error of
 * announce(): then it remains the next one.
 */
static int give_direct(struct ktls_context *ctx, struct ktls_recv *recv)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int n;
	int err;

	if (recv->peek || rx->records ||
	    (recv->started && recv->type != KTLS_TYPE_DATA))
		return 0;
	begin_round(ctx, recv);
	n = ktls_rx_open_into(ctx, &recv->msg->msg_iter,
			      recv->len - recv->copied);
	if (!n)
		return 0;
	err = recv->started ? 0 : announce(recv, KTLS_TYPE_DATA);
	if (err)
		return err;
	recv->stamp = ktls_rx_stamp(ctx, rx->want);
	recv->copied += n;
	recv->msg->msg_flags |= MSG_EOR;
	ktls_rx_pass(ctx, n);
	return 1;
}

static int receive(struct ktls_context *ctx, struct ktls_recv *recv)
{
	int ret;

	do {
		u8 type;

		ret = give_direct(ctx, recv);
		if (ret > 0) {
			recv->rounds++;
			ret = end_round(ctx, recv);
			continue;
		}
		if (ret)
			return ret;
		ret = ktls_rx_get(ctx, recv);
		if (ret <= 0)
			return ret;
		type = ctx->rx.record[recv->index].type;
		if (recv->started && type != recv->type)
			return 0;
		ret = recv->started ? 0 : announce(recv, type);
		if (ret)
			return ret;
		ret = copy_records(ctx, recv);
	} while (!ret && recv->type == KTLS_TYPE_DATA &&
		 recv->copied < recv->len);
	return ret;
}

/**
 * ktls_rx_recvmsg() - receive on a socket that has an RX key
 * @ctx: the context
 * @msg: where to
 * @len: bytes wanted
 * @flags: MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT; of others only MSG_OOB makes a
 *	difference
 *
 * Context: process, socket lock held; released while waiting.
 * Return: bytes given, of one or more records of data or of one other record; 0
 * for an empty record that is not data (the control message says so) or at the
 * end of the stream; or an error: -EIO (a record that is not data, and no room
 * to say so: it stays), -EKEYEXPIRED, -EFAULT, -EAGAIN, -EINTR or -ERESTARTSYS,
 * -ENOMEM, those of sk_err, -EINVAL for MSG_OOB; or, for ever, -EBADMSG,
 * -EMSGSIZE, -EINVAL (the peer's fault) or -ECONNRESET (the stream ended within
 * a record).
 */
int ktls_rx_recvmsg(struct ktls_context *ctx, struct msghdr *msg, size_t len,
		    int flags)
{
	size_t lowat = flags & MSG_WAITALL ? len : ctx->rx.lowat;
	struct ktls_recv recv = {
		.msg = msg,
		.len = len,
		.peek = flags & MSG_PEEK,
		.target = min(lowat, len),
		.timeo = sock_rcvtimeo(ctx->sk, flags & MSG_DONTWAIT),
	};
	int err;

	if (flags & MSG_OOB)
		return -EINVAL;
	if (!len)
		return 0;
	err = receive(ctx, &recv);
	ktls_rx_put_stamp(ctx->sk, msg, &recv.stamp);
	ktls_rx_done(ctx, &recv);
	return recv.copied ?: err;
}
