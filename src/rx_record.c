// SPDX-License-Identifier: GPL-2.0
/*
 * From TCP's receive queue to the next whole record.
 *
 * A record stays in TCP's queue until all of it is there. Then it is copied
 * into a buffer of ours and opened in place; TCP's sk_buffs are only read. How
 * far we have read is told to TCP once for many records, before the socket lock
 * is released. Nothing is remembered of the queue but a distance from
 * copied_seq, since TCP may merge and prune sk_buffs whenever it has the lock.
 */
#include "context.h"
#include "key.h"
#include "record.h"
#include "rx.h"
#include "stats.h"

#include <linux/ktls.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <net/tcp.h>

/* TCP is told at the latest after so many bytes, to open the peer's window */
#define TELL_BYTES SZ_128K

/*
 * ... or so many sk_buffs that had to be passed over: a peer that sends single
 * bytes makes the walk long, but not its square
 */
#define TELL_STEPS 64

/* Empty records that a poller is spared */
#define EMPTY_RUN 16

/* Bytes in TCP's queue that we have not copied. The FIN counts as one there */
static unsigned int queued(const struct ktls_context *ctx)
{
	const struct tcp_sock *tp = tcp_sk(ctx->sk);
	unsigned int n = tp->rcv_nxt - tp->copied_seq;

	if (n && sock_flag(ctx->sk, SOCK_DONE))
		n--;
	return n - ctx->rx.taken;
}

/* An actor for tcp_read_sock() that has seen the bytes already */
static int skip_bytes(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	size_t n = min(len, desc->count);

	desc->count -= n;
	return n;
}

/*
 * An urgent byte is a byte of the stream. Its mark would stop TCP there, and the
 * next one would make it drop that byte.
 */
static void forget_urgent(struct ktls_context *ctx)
{
	struct tcp_sock *tp = tcp_sk(ctx->sk);

	if (tp->urg_data)
		WRITE_ONCE(tp->urg_data, 0);
}

/* Tell TCP how far we have read: it frees memory and opens the window */
static void tell_tcp(struct ktls_context *ctx)
{
	read_descriptor_t desc = { .count = ctx->rx.taken };

	ctx->rx.steps = 0;
	if (!desc.count)
		return;
	forget_urgent(ctx);
	tcp_read_sock(ctx->sk, &desc, skip_bytes);
	ctx->rx.taken = desc.count;
}

/* Copy bytes of one sk_buff that stand at or behind @seq; returns how many */
static int copy_skb(const struct sk_buff *skb, u32 seq, void *to,
		    unsigned int size)
{
	u32 offset = seq - TCP_SKB_CB(skb)->seq;
	unsigned int n;

	if (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN)
		offset--;
	if (offset >= skb->len)
		return 0;
	n = min(size, skb->len - offset);
	return skb_copy_bits(skb, offset, to, n) ?: n;
}

/*
 * Copy bytes out of TCP's queue, which has them, from @skip uncopied ones on.
 * Returns how many sk_buffs were looked at.
 */
static int copy_queue(const struct ktls_context *ctx, unsigned int skip,
		      void *to, unsigned int size)
{
	struct sock *sk = ctx->sk;
	u32 seq = tcp_sk(sk)->copied_seq + ctx->rx.taken + skip;
	struct sk_buff *skb;
	int steps = 0;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		int n = copy_skb(skb, seq, to, size);

		if (n < 0)
			return -EBADMSG;
		seq += n;
		to += n;
		size -= n;
		steps++;
		if (!size)
			return steps;
	}
	return -EBADMSG;
}

/* The stream cannot be understood from here on */
static int broken(struct ktls_context *ctx, int err)
{
	ctx->rx.err = err;
	return err;
}

/* Find out how long the next record is, as soon as its header is there */
static int read_header(struct ktls_context *ctx)
{
	u32 seq = tcp_sk(ctx->sk)->copied_seq + ctx->rx.taken;
	struct ktls_rx *rx = &ctx->rx;
	u8 header[KTLS_RECORD_HEADER];
	int err;

	/* Somebody who was in TCP's recvmsg when the key came has read bytes */
	if (rx->want && !rx->have && rx->want_seq != seq)
		rx->want = 0;
	if (rx->want || rx->have + queued(ctx) < sizeof(header))
		return 0;

	memcpy(header, rx->head, rx->have);
	err = copy_queue(ctx, 0, header + rx->have, sizeof(header) - rx->have);
	if (err > 0)
		err = ktls_record_parse(&rx->key->epoch, header, &rx->want);
	if (err)
		return broken(ctx, err);
	rx->want_seq = seq;
	return 0;
}

/**
 * ktls_rx_whole() - is all of the next record there?
 * @ctx: the context
 *
 * Context: socket lock held (its spinlock half will do).
 * Return: true if it is.
 */
bool ktls_rx_whole(const struct ktls_context *ctx)
{
	const struct ktls_rx *rx = &ctx->rx;

	return rx->want && rx->have + queued(ctx) >= rx->want;
}

/* Take bytes of the next record out of TCP's queue */
static int take_span(struct ktls_context *ctx, void *to, unsigned int size)
{
	struct ktls_rx *rx = &ctx->rx;
	int steps = copy_queue(ctx, 0, to, size);

	if (steps < 0)
		return broken(ctx, steps);
	rx->steps += steps;
	rx->taken += size;
	rx->have += size;
	return 0;
}

/* The same, behind those that are in the reserved memory */
static int take(struct ktls_context *ctx, unsigned int size)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int at = rx->buf.size - rx->want + rx->have;
	struct ktls_pos pos = ktls_buf_at(&rx->buf, at);

	while (size) {
		unsigned int n = size;
		void *span = ktls_pos_next(&pos, &n);
		int err = take_span(ctx, span, n);

		if (err)
			return err;
		size -= n;
	}
	return 0;
}

/* Room for all of the next record, unless there is already */
static int reserve(struct ktls_context *ctx, gfp_t gfp)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int prefix = ktls_record_prefix(&rx->key->epoch);
	unsigned int start = rx->buf.size;
	int err;

	if (rx->reserved)
		return 0;
	err = ktls_buf_begin(ctx->sk, &rx->buf, prefix, rx->want, true, gfp);
	if (err)
		return err;
	rx->reserved = true;
	ktls_pos_write(ktls_buf_at(&rx->buf, start), rx->head, rx->have);
	return 0;
}

/*
 * The peer may not send more, or it is in vain: TCP has no room, or none that is
 * worth a segment, or was refused memory. It always has some for an empty queue.
 */
static bool is_closed(const struct ktls_context *ctx)
{
	const struct sock *sk = ctx->sk;
	int least = inet_csk(sk)->icsk_ack.rcv_mss;

	return ctx->rx.refused || tcp_space(sk) <= least ||
	       (int)tcp_receive_window(tcp_sk(sk)) <= least;
}

/* Take all there is, which is less than the next record, perhaps than a header */
static int take_all(struct ktls_context *ctx, gfp_t gfp)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	if (!rx->want)
		return take_span(ctx, rx->head + rx->have, queued(ctx));
	err = reserve(ctx, gfp);
	rx->starved = err;
	return err ?: take(ctx, queued(ctx));
}

/*
 * Where the peer may not send more, take what there is, or the record will never
 * be whole: however few bytes there are, they may hold much of TCP's memory. With
 * a poller alone this happens in softirq.
 */
static int take_part(struct ktls_context *ctx, gfp_t gfp)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	rx->starved = false;
	if (ktls_rx_whole(ctx) || !queued(ctx) || !is_closed(ctx))
		return 0;
	err = take_all(ctx, gfp);
	rx->refused = err;
	tell_tcp(ctx);
	ktls_buf_account(ctx->sk, &rx->buf);
	return err;
}

/*
 * Is there a whole record that gives the reader something? With TLS 1.2 the
 * header tells that a record of data is empty. A long run of those is let
 * through, and any if the peer may not send more: somebody must take them out of
 * TCP's queue.
 */
static bool something_whole(const struct ktls_context *ctx)
{
	const struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	unsigned int empty = ktls_record_framing(epoch);
	unsigned int skip = 0, size, i;
	u8 header[KTLS_RECORD_HEADER];

	if (epoch->version == TLS_1_3_VERSION || ctx->rx.have)
		return ktls_rx_whole(ctx);

	for (i = 0; i < EMPTY_RUN; i++) {
		if (queued(ctx) < skip + sizeof(header))
			break;
		if (copy_queue(ctx, skip, header, sizeof(header)) < 0 ||
		    ktls_record_parse(epoch, header, &size))
			return true;
		if (queued(ctx) < skip + size)
			break;
		if (size != empty || header[0] != KTLS_TYPE_DATA)
			return true;
		skip += size;
	}
	return i == EMPTY_RUN || (i && is_closed(ctx));
}

static bool at_eof(const struct ktls_context *ctx)
{
	return sock_flag(ctx->sk, SOCK_DONE) && !ktls_rx_whole(ctx);
}

/**
 * ktls_rx_frame() - look at what has arrived
 * @ctx: the context
 *
 * Context: socket lock held (its spinlock half will do).
 */
void ktls_rx_frame(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	bool more;

	forget_urgent(ctx);
	if (!rx->err && !read_header(ctx))
		take_part(ctx, GFP_ATOMIC | __GFP_NOWARN);

	more = rx->err || rx->starved || something_whole(ctx) || at_eof(ctx);
	WRITE_ONCE(rx->fresh, more || rx->paused);
	WRITE_ONCE(rx->ready, rx->records || rx->err || (more && !rx->paused));
}

/**
 * ktls_rx_arrived() - TCP says that something has arrived
 * @ctx: the context
 *
 * Only a reader takes away what is there already. If there are no more bytes
 * than before TCP has just dropped some.
 *
 * Context: socket lock held (its spinlock half will do).
 */
void ktls_rx_arrived(struct ktls_context *ctx)
{
	u32 seen = tcp_sk(ctx->sk)->rcv_nxt;

	ctx->rx.refused = ctx->rx.seen == seen;
	ctx->rx.seen = seen;
	forget_urgent(ctx);
	if (!ctx->rx.fresh)
		ktls_rx_frame(ctx);
}

/* Keep an opened record for the reader. An empty one of data is nothing to keep */
static void keep(struct ktls_context *ctx, const struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;

	ktls_stat_inc(ctx, KTLS_STAT_RX_RECORDS);
	ktls_stat_add(ctx, KTLS_STAT_RX_BYTES, record->len);
	if (record->len || record->type != KTLS_TYPE_DATA)
		rx->record[rx->records++] = *record;
	else
		ktls_buf_trim(ctx->sk, &rx->buf, record->size);
}

static int open_next(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_rx_record record;
	int err;

	err = reserve(ctx, ctx->sk->sk_allocation);
	if (err)
		return err;
	err = take(ctx, rx->want - rx->have) ?: ktls_rx_open(ctx, &record);
	if (err) {
		ktls_buf_trim(ctx->sk, &rx->buf, rx->want);
		ktls_stat_inc(ctx, KTLS_STAT_RX_ERROR);
		err = broken(ctx, -EBADMSG);
	} else {
		keep(ctx, &record);
	}
	rx->want = 0;
	rx->have = 0;
	rx->reserved = false;
	if (rx->taken >= TELL_BYTES || rx->steps >= TELL_STEPS)
		tell_tcp(ctx);
	return err;
}

/* The peer's FIN has come within a record, or its RST has and was told of */
static bool is_truncated(const struct ktls_context *ctx)
{
	const struct sock *sk = ctx->sk;

	return !sk->sk_err && (ctx->rx.have || queued(ctx)) &&
	       (sock_flag(sk, SOCK_DONE) || sk->sk_state == TCP_CLOSE);
}

/**
 * ktls_rx_next() - open the next record
 * @ctx: the context, which has room for one more opened record
 *
 * Context: process, socket lock held, may sleep for memory and for the AEAD.
 * Return: 1 if one was opened (an empty one of data is not kept); 0 if none is
 * there; -EKEYEXPIRED behind a KeyUpdate; -ENOMEM, and it can be tried again; or
 * what has broken the stream, for ever (-ECONNRESET: it ended within a record).
 */
int ktls_rx_next(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	if (rx->err)
		return rx->err;
	if (rx->paused)
		return -EKEYEXPIRED;
	if (read_header(ctx))
		return rx->err;
	if (rx->starved) {
		err = take_part(ctx, ctx->sk->sk_allocation);
		if (err)
			return err;
	}
	if (!ktls_rx_whole(ctx))
		return is_truncated(ctx) ? broken(ctx, -ECONNRESET) : 0;
	/* RFC 8446 section 5.3: sequence numbers do not wrap */
	if (!ktls_epoch_has(&rx->key->epoch, 1))
		return broken(ctx, -EBADMSG);
	return open_next(ctx) ?: 1;
}

/**
 * ktls_rx_settle() - before the lock is released
 * @ctx: the context
 *
 * Context: socket lock held.
 */
void ktls_rx_settle(struct ktls_context *ctx)
{
	tell_tcp(ctx);
	ktls_rx_frame(ctx);
	ktls_buf_account(ctx->sk, &ctx->rx.buf);
	if (!queued(ctx))
		ktls_buf_idle(&ctx->rx.buf);
}
