// SPDX-License-Identifier: GPL-2.0
/*
 * From TCP's receive queue to the next whole record.
 *
 * A record stays in TCP's queue until all of it is there. Then it is copied
 * into a buffer of ours and opened in place, or opened into the reader's memory
 * from where it is.
 */
#include "context.h"
#include "key.h"
#include "record.h"
#include "rx.h"

#include <linux/ktls.h>
#include <linux/tcp.h>
#include <net/tcp.h>

/* Empty records that a poller is spared */
#define EMPTY_RUN 16

/* The stream cannot be understood from here on */
static int broken(struct ktls_context *ctx, int err)
{
	ctx->rx.err = err;
	return err;
}

static int parse_header(struct ktls_context *ctx, const u8 *header)
{
	struct ktls_rx *rx = &ctx->rx;
	int err = ktls_record_parse(&rx->key->epoch, header, &rx->want);

	if (err)
		return broken(ctx, err);
	rx->want_seq = tcp_sk(ctx->sk)->copied_seq + rx->taken;
	rx->type = header[0];
	return 0;
}

/* Read a header of which perhaps some bytes have been taken */
static noinline int fetch_header(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	u8 header[KTLS_RECORD_HEADER];
	int err;

	memcpy(header, rx->head, rx->have);
	err = ktls_rx_copy(ctx, 0, header + rx->have, sizeof(header) - rx->have);
	return err < 0 ? broken(ctx, err) : parse_header(ctx, header);
}

/* Find out how long the next record is, as soon as its header is there */
static int read_header(struct ktls_context *ctx)
{
	u32 seq = tcp_sk(ctx->sk)->copied_seq + ctx->rx.taken;
	struct ktls_rx *rx = &ctx->rx;

	/* Somebody who was in TCP's recvmsg when the key came has read bytes */
	if (rx->want && !rx->have && rx->want_seq != seq)
		rx->want = 0;
	if (rx->want || rx->have + ktls_rx_queued(ctx) < KTLS_RECORD_HEADER)
		return 0;
	return fetch_header(ctx);
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

	return rx->want && rx->have + ktls_rx_queued(ctx) >= rx->want;
}

/* Copy bytes out of TCP's queue into the buffer, which has room for them */
static int copy_to_buf(struct ktls_context *ctx, unsigned int at,
		       unsigned int size)
{
	struct ktls_pos pos = ktls_buf_at(&ctx->rx.buf, at);
	unsigned int done = 0;

	while (done < size) {
		unsigned int n = size - done;
		void *span = ktls_pos_next(&pos, &n);
		int steps = ktls_rx_copy(ctx, done, span, n);

		if (steps < 0)
			return broken(ctx, steps);
		ctx->rx.steps += steps;
		done += n;
	}
	return 0;
}

/* Take bytes of the next record out of TCP's queue, into the reserved memory */
static int take(struct ktls_context *ctx, unsigned int size)
{
	struct ktls_rx *rx = &ctx->rx;
	int err = copy_to_buf(ctx, ktls_rx_tail(rx) + rx->have, size);

	if (err)
		return err;
	rx->taken += size;
	rx->have += size;
	return 0;
}

/* The same with the first bytes of a header */
static int take_head(struct ktls_context *ctx, unsigned int size)
{
	struct ktls_rx *rx = &ctx->rx;
	int steps = ktls_rx_copy(ctx, 0, rx->head + rx->have, size);

	if (steps < 0)
		return broken(ctx, steps);
	rx->taken += size;
	rx->have += size;
	return 0;
}

/**
 * ktls_rx_tidy() - leave nothing in the buffer but opened records and reserved
 *	memory
 * @ctx: the context
 *
 * Context: process, socket lock held.
 */
void ktls_rx_tidy(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int size = ktls_rx_tail(rx) + (rx->reserved ? rx->want : 0);

	/* What goes at the tail can be had again at once */
	if (size == rx->given) {
		rx->given = 0;
		size = 0;
	}
	rx->ahead = 0;
	if (rx->buf.size > size)
		ktls_buf_trim(ctx->sk, &rx->buf, rx->buf.size - size);
	if (rx->given)
		ktls_buf_consume(ctx->sk, &rx->buf, rx->given);
	rx->given = 0;
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
 * How much to copy out of TCP's queue in one go: small records come together, as
 * many as fit into a page and are likely to be read. If all are alike none is torn
 */
static unsigned int window(const struct ktls_context *ctx, size_t room)
{
	const unsigned int want = ctx->rx.want;
	unsigned int n;

	if (want >= PAGE_SIZE)
		return want;
	n = min_t(unsigned int, ktls_rx_queued(ctx), clamp_t(size_t, room, want, PAGE_SIZE));
	return n - n % want;
}

/*
 * Have a copy of the next record in the buffer, and perhaps of some behind it,
 * which TCP still counts as its own.
 */
static int look_ahead(struct ktls_context *ctx, size_t room)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int prefix = ktls_record_prefix(&rx->key->epoch);
	unsigned int size = window(ctx, room);
	int err;

	if (rx->ahead >= rx->want)
		return 0;
	if (!rx->records)
		rx->given = 0;
	if (ktls_rx_tail(rx) || !ktls_buf_suits(&rx->buf, prefix, size)) {
		ktls_rx_tidy(ctx);
		err = ktls_buf_begin(ctx->sk, &rx->buf, prefix, size, true,
				     ctx->sk->sk_allocation);
		if (err)
			return err;
	}
	err = copy_to_buf(ctx, ktls_rx_tail(rx), size);
	if (!err)
		rx->ahead = size;
	return err;
}

/**
 * ktls_rx_copy_whole() - have a copy of all of the next record in the buffer
 * @ctx: the context; all of the record is there
 * @room: bytes that the reader has room for, if it is told: then some records
 *	behind it may be copied, too
 *
 * What has been copied, as of rx.ahead, is still TCP's.
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: 0; -ENOMEM with nothing changed, or -EBADMSG.
 */
int ktls_rx_copy_whole(struct ktls_context *ctx, size_t room)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	if (!rx->have)
		return look_ahead(ctx, room);
	err = reserve(ctx, ctx->sk->sk_allocation) ?:
	      take(ctx, rx->want - rx->have);
	if (!err)
		rx->ahead = rx->want;
	return err;
}

/**
 * ktls_rx_has_copy() - is there a copy of all of the next record already?
 * @ctx: the context; the header of that record has not been read
 *
 * Context: process, socket lock held.
 * Return: true if there is, and it can be opened.
 */
bool ktls_rx_has_copy(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_pos pos;

	if (rx->ahead < KTLS_RECORD_HEADER)
		return false;
	/* Copies of several records stand in one piece */
	pos = ktls_buf_at(&rx->buf, ktls_rx_tail(rx));
	return !parse_header(ctx, ktls_pos_data(pos)) &&
	       rx->ahead >= rx->want && ktls_epoch_has(&rx->key->epoch, 1);
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
		return take_head(ctx, ktls_rx_queued(ctx));
	err = reserve(ctx, gfp);
	rx->starved = err;
	return err ?: take(ctx, ktls_rx_queued(ctx));
}

/*
 * The next record is not whole. Where the peer may not send more, take what there
 * is, or it will never be: however few bytes there are, they may hold much of TCP's
 * memory. With a poller alone this happens in softirq.
 */
static int take_part(struct ktls_context *ctx, gfp_t gfp)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	rx->starved = false;
	if (!ktls_rx_queued(ctx) || !is_closed(ctx))
		return 0;
	err = take_all(ctx, gfp);
	rx->refused = err;
	ktls_rx_tell(ctx);
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
		if (ktls_rx_queued(ctx) < skip + sizeof(header))
			break;
		if (ktls_rx_copy(ctx, skip, header, sizeof(header)) < 0 ||
		    ktls_record_parse(epoch, header, &size))
			return true;
		if (ktls_rx_queued(ctx) < skip + size)
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

/* Do the bytes in TCP's queue give a reader something to do? */
static bool frame_queue(struct ktls_context *ctx)
{
	if (!read_header(ctx) && !ktls_rx_whole(ctx))
		take_part(ctx, GFP_ATOMIC | __GFP_NOWARN);
	return ctx->rx.err || ctx->rx.starved || something_whole(ctx);
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
	bool more = rx->err;

	ktls_rx_forget_urgent(ctx);
	rx->starved = false;
	if (!more && ktls_rx_queued(ctx))
		more = frame_queue(ctx);
	more = more || at_eof(ctx);
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
	ktls_rx_forget_urgent(ctx);
	if (!ctx->rx.fresh)
		ktls_rx_frame(ctx);
}

/* The peer's FIN has come within a record, or its RST has and was told of */
static bool is_truncated(const struct ktls_context *ctx)
{
	const struct sock *sk = ctx->sk;

	return !sk->sk_err && (ctx->rx.have || ktls_rx_queued(ctx)) &&
	       (sock_flag(sk, SOCK_DONE) || sk->sk_state == TCP_CLOSE);
}

/**
 * ktls_rx_look() - is there a record to be opened?
 * @ctx: the context
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: 1 if there is, or what ktls_rx_next() will return.
 */
int ktls_rx_look(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	if (rx->err)
		return rx->err;
	if (rx->paused)
		return -EKEYEXPIRED;
	if (read_header(ctx))
		return rx->err;
	if (rx->starved && !ktls_rx_whole(ctx)) {
		ktls_rx_tidy(ctx);
		err = take_part(ctx, ctx->sk->sk_allocation);
		if (err)
			return err;
	}
	if (!ktls_rx_whole(ctx))
		return is_truncated(ctx) ? broken(ctx, -ECONNRESET) : 0;
	/* RFC 8446 section 5.3: sequence numbers do not wrap */
	if (!ktls_epoch_has(&rx->key->epoch, 1))
		return broken(ctx, -EBADMSG);
	return 1;
}

/**
 * ktls_rx_read_explicit() - have the next record's explicit nonce, if it has one
 * @ctx: the context; all of the record is in TCP's queue
 *
 * Context: socket lock held.
 */
void ktls_rx_read_explicit(struct ktls_context *ctx)
{
	struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	u8 prefix[KTLS_RECORD_PREFIX_MAX];

	if (!ktls_epoch_explicit(epoch))
		return;
	ktls_rx_copy(ctx, 0, prefix, sizeof(prefix));
	ktls_epoch_read_explicit(epoch, prefix);
}
