// SPDX-License-Identifier: GPL-2.0
/*
 * From the open record to TCP: seal, hand over, hand over the rest later.
 *
 * Whether there is room is asked before plaintext is taken (has_room()).
 * A record that has been sealed then goes to TCP whole, and without MSG_MORE but
 * for a splice's: while it does, the socket's send buffer has no limit. Only memory
 * that TCP cannot get leaves a rest, and while there is one nothing more is taken.
 */
#include "aead.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "stats.h"
#include "tx.h"
#include "compat/tcp_send.h"

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <net/tcp.h>

/* How soon TCP is asked again for the memory it did not have, and at last */
#define REST_DELAY msecs_to_jiffies(10)
#define REST_DELAY_MAX msecs_to_jiffies(1000)

/* How long a record that a splice left open waits: TCP keeps a segment as long */
#define OPEN_DELAY msecs_to_jiffies(200)

/*
 * TCP counts a byte and its share of the sk_buff, most often less than this. If
 * it is more (tiny segments) TCP is called more than once.
 */
#define ROOM_FACTOR 4
#define ROOM_SLACK SZ_64K

/* Records must reach TCP for memory to be freed: the work has a rescuer */
static struct workqueue_struct *ktls_tx_workqueue;

/**
 * ktls_tx_register() - get ready for sockets
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int ktls_tx_register(void)
{
	ktls_tx_workqueue = alloc_workqueue("ktls_tx", WQ_UNBOUND |
					    WQ_MEM_RECLAIM, 0);
	return ktls_tx_workqueue ? 0 : -ENOMEM;
}

/**
 * ktls_tx_unregister() - no sockets any more
 *
 * Context: process.
 */
void ktls_tx_unregister(void)
{
	destroy_workqueue(ktls_tx_workqueue);
}

/**
 * ktls_tx_seal() - seal the record at the end of the sealed ones
 * @ctx: the context
 * @type: content type
 * @from: where the plaintext is, as of ktls_aead_seal(); NULL if it stands where
 *	the record will be
 * @len: bytes of plaintext, for which there is room in the buffer with prefix (in
 *	one piece) and suffix around them
 *
 * Context: process, socket lock held, may sleep.
 * Return: 0, or -EBADMSG if the AEAD failed: sending is over for good, for the
 * stream has lost bytes and the nonce must not be used again.
 */
int ktls_tx_seal(struct ktls_context *ctx, u8 type, const struct ktls_pos *from,
		 unsigned int len)
{
	struct ktls_tx *tx = &ctx->tx;
	struct ktls_epoch *epoch = &tx->key->epoch;
	struct ktls_pos prefix = ktls_buf_at(&tx->buf, tx->sealed);
	struct ktls_pos payload = ktls_pos_skip(prefix,
						ktls_record_prefix(epoch));
	int err;

	ktls_record_write_prefix(epoch, ktls_pos_data(prefix), type, len);
	/* With TLS 1.2 the tag takes its place */
	*(u8 *)ktls_pos_data(ktls_pos_skip(payload, len)) = type;

	err = ktls_aead_seal(&tx->key->aead, epoch, type,
			     from ? *from : payload, payload, len);
	if (err) {
		tx->err = -EBADMSG;
		ktls_stat_inc(ctx, KTLS_STAT_TX_ERROR);
		return tx->err;
	}
	ktls_epoch_advance(epoch);
	tx->sealed += len + ktls_record_framing(epoch);
	ktls_stat_add(ctx, KTLS_STAT_TX_BYTES, len);
	ktls_stat_inc(ctx, KTLS_STAT_TX_RECORDS);
	return 0;
}

/**
 * ktls_tx_seal_open() - seal the open record, if there is one
 * @ctx: the context
 *
 * Context: process, socket lock held, may sleep.
 * Return: 0, or -EBADMSG as of ktls_tx_seal().
 */
int ktls_tx_seal_open(struct ktls_context *ctx)
{
	struct ktls_tx *tx = &ctx->tx;
	unsigned int len = tx->open;

	if (!len)
		return tx->err;
	tx->open = 0;
	return ktls_tx_seal(ctx, KTLS_TYPE_DATA, NULL, len);
}

/**
 * ktls_tx_unsent() - bytes that TCP does not know of yet
 * @ctx: the context
 *
 * Context: socket lock held.
 * Return: sealed bytes and the payload of the open record.
 */
unsigned int ktls_tx_unsent(const struct ktls_context *ctx)
{
	return ctx->tx.sealed + ctx->tx.open;
}

/* Can TCP still send? If not, nothing that we keep will ever be wanted */
static bool can_send(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	       !(sk->sk_shutdown & SEND_SHUTDOWN);
}

/*
 * One call of TCP, whose limit is @room bytes above what it has. An error that
 * waits in sk_err is the user's to read: TCP would take it to refuse us with.
 */
static int send_with_room(struct ktls_context *ctx, unsigned int room,
			  int flags, struct msghdr *control)
{
	struct ktls_tx *tx = &ctx->tx;
	struct sock *sk = ctx->sk;
	int limit = READ_ONCE(sk->sk_sndbuf);
	int lifted = sk->sk_wmem_queued + room;
	int err = sk->sk_err ? xchg(&sk->sk_err, 0) : 0;
	int sent;

	WRITE_ONCE(tx->pusher, current);
	WRITE_ONCE(sk->sk_sndbuf, lifted);
	sent = ktls_tcp_send(sk, tx->buf.seg, tx->buf.nsegs, tx->sealed,
			     flags | MSG_DONTWAIT | MSG_NOSIGNAL, control);
	/* TCP may have tuned the buffer meanwhile; that is then to stay */
	if (READ_ONCE(sk->sk_sndbuf) == lifted)
		WRITE_ONCE(sk->sk_sndbuf, limit);
	WRITE_ONCE(tx->pusher, NULL);
	if (unlikely(err))
		cmpxchg(&sk->sk_err, 0, err);
	return sent;
}

/*
 * The first call of TCP has room for everything. Under memory pressure TCP may
 * cut it down, or refuse to be charged for as long as it has room; so the next
 * ones have room for one byte, with which TCP always begins an sk_buff and
 * always pays for it. What is left then is what it had no memory for at all.
 */
static void hand_over(struct ktls_context *ctx, int flags,
		      struct msghdr *control)
{
	struct ktls_tx *tx = &ctx->tx;
	unsigned int room = ROOM_SLACK + ROOM_FACTOR * tx->sealed;

	while (tx->sealed && can_send(ctx->sk)) {
		int sent = send_with_room(ctx, room, flags, control);

		if (sent > 0) {
			ktls_buf_consume(ctx->sk, &tx->buf, sent);
			tx->sealed -= sent;
		} else if (room == 1) {
			break;
		}
		room = 1;
	}
}

/* TCP was short of memory: ask again until it has some, ever less often */
static void keep_rest(struct ktls_context *ctx)
{
	struct ktls_tx *tx = &ctx->tx;

	tx->delay = tx->rest ? min_t(unsigned int, 2 * tx->delay,
				     REST_DELAY_MAX) : REST_DELAY;
	WRITE_ONCE(tx->rest, true);
	ktls_stat_inc(ctx, KTLS_STAT_TX_RESTS);
	mod_delayed_work(ktls_tx_workqueue, &tx->work, tx->delay);
}

/* The connection is gone, and with it the use of what we kept for it */
static void drop_sealed(struct ktls_context *ctx)
{
	struct ktls_tx *tx = &ctx->tx;

	ktls_buf_consume(ctx->sk, &tx->buf, tx->sealed);
	tx->sealed = 0;
	WRITE_ONCE(tx->rest, false);
}

static int push(struct ktls_context *ctx, int flags, struct msghdr *control)
{
	struct ktls_tx *tx = &ctx->tx;

	if (!tx->sealed)
		return 0;
	hand_over(ctx, flags, control);
	if (!tx->sealed) {
		WRITE_ONCE(tx->rest, false);
		return 0;
	}
	if (!can_send(ctx->sk)) {
		drop_sealed(ctx);
		return -EPIPE;
	}
	keep_rest(ctx);
	return 0;
}

/**
 * ktls_tx_push() - hand all sealed records to TCP
 * @ctx: the context
 * @flags: for TCP: MSG_MORE, MSG_EOR
 * @control: message whose control buffer TCP shall see, or NULL
 *
 * To be called before the lock is released. What TCP has no memory for stays in
 * the buffer, and the work tries again. An open record stays too, unless the
 * socket's share of memory does not allow it: then it goes early.
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: 0 (also if there is a rest), -EPIPE if the connection is dead (the
 * reason is left in sk_err), or -EBADMSG as of ktls_tx_seal().
 */
int ktls_tx_push(struct ktls_context *ctx, int flags, struct msghdr *control)
{
	int err = push(ctx, flags, control);

	if (ktls_buf_account(ctx->sk, &ctx->tx.buf) || !ctx->tx.open)
		return err;
	return ktls_tx_seal_open(ctx) ?: ktls_tx_push(ctx, flags, control);
}

/**
 * ktls_tx_flush() - seal the open record and hand everything to TCP
 * @ctx: the context
 *
 * Context: process, socket lock held, may sleep.
 * Return: 0 if nothing is left, -EAGAIN if TCP had no memory for all of it,
 * -EBADMSG if a record was lost, -EPIPE if the connection is dead.
 */
int ktls_tx_flush(struct ktls_context *ctx)
{
	int sealing = ktls_tx_seal_open(ctx);
	int err = ktls_tx_push(ctx, 0, NULL);

	return sealing ?: err ?: ctx->tx.rest ? -EAGAIN : 0;
}

/**
 * ktls_tx_seal_later() - seal the open record in a while, if nobody does
 * @ctx: the context, with an open record
 *
 * For one that a splice leaves: the next call of ktls_tx_sendmsg() takes it back.
 * splice_to_socket() says that more follows when it has 16 pieces, even if these
 * are the last, and a page that cannot be read after all ends a splice, too: then
 * there is no such call.
 *
 * Context: process, socket lock held.
 */
void ktls_tx_seal_later(struct ktls_context *ctx)
{
	struct ktls_tx *tx = &ctx->tx;

	tx->seal_later = true;
	/* Behind the rest, whose work comes back to it */
	if (tx->rest)
		return;
	tx->delay = OPEN_DELAY;
	mod_delayed_work(ktls_tx_workqueue, &tx->work, tx->delay);
}

/* TCP may have memory for the rest now */
static void retry(struct ktls_context *ctx)
{
	ktls_tx_push(ctx, 0, NULL);
	if (ctx->tx.rest)
		return;
	ctx->sk->sk_write_space(ctx->sk);
	if (ctx->tx.seal_later)
		ktls_tx_seal_later(ctx);
}

/**
 * ktls_tx_work() - hand the rest to TCP, or what a splice left open
 * @work: ktls_tx.work
 *
 * Context: process; close() waits for it.
 */
void ktls_tx_work(struct work_struct *work)
{
	struct ktls_context *ctx = container_of(to_delayed_work(work),
						struct ktls_context, tx.work);

	lock_sock(ctx->sk);
	if (!ctx->tx.shut) {
		if (ctx->tx.rest)
			retry(ctx);
		else if (ctx->tx.seal_later)
			ktls_tx_flush(ctx);
	}
	release_sock(ctx->sk);
}
