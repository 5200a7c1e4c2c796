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
#include "stats.h"

#include <linux/ktls.h>
#include <linux/sizes.h>
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

/**
 * ktls_rx_tail() - where in the buffer the next record is, or will be
 * @rx: the receiving direction
 *
 * Context: socket lock held.
 * Return: bytes of the buffer before it.
 */
unsigned int ktls_rx_tail(const struct ktls_rx *rx)
{
	unsigned int i, at = rx->given;

	for (i = 0; i < rx->records; i++)
		at += rx->record[i].size;
	return at;
}

/* Bytes of the next record's header that have not been taken */
static int copy_header(struct ktls_context *ctx, u8 *to, unsigned int size)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_pos pos;

	if (rx->ahead < size)
		return ktls_rx_copy(ctx, 0, to, size);
	pos = ktls_buf_at(&rx->buf, ktls_rx_tail(rx));
	ktls_pos_read(&pos, to, size);
	return 1;
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
	if (rx->want || rx->have + ktls_rx_queued(ctx) < sizeof(header))
		return 0;

	memcpy(header, rx->head, rx->have);
	err = copy_header(ctx, header + rx->have, sizeof(header) - rx->have);
	if (err > 0)
		err = ktls_record_parse(&rx->key->epoch, header, &rx->want);
	if (err)
		return broken(ctx, err);
	rx->want_seq = seq;
	rx->type = header[0];
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

/* Nothing but opened records and reserved memory may stay in the buffer */
static void tidy(struct ktls_context *ctx)
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
 * many as fit into a page and are likely to be read.
 */
static unsigned int window(const struct ktls_context *ctx, size_t room)
{
	const unsigned int want = ctx->rx.want;

	if (want >= PAGE_SIZE)
		return want;
	return min_t(unsigned int, ktls_rx_queued(ctx), clamp_t(size_t, room, want, PAGE_SIZE));
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
		tidy(ctx);
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

/* The next record stands in the buffer, and TCP is to be told so */
static int take_whole(struct ktls_context *ctx, size_t room)
{
	struct ktls_rx *rx = &ctx->rx;
	int err;

	if (rx->have) {
		err = reserve(ctx, ctx->sk->sk_allocation);
		return err ?: take(ctx, rx->want - rx->have);
	}
	err = look_ahead(ctx, room);
	if (err)
		return err;
	rx->ahead -= rx->want;
	rx->taken += rx->want;
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
		return take_head(ctx, ktls_rx_queued(ctx));
	err = reserve(ctx, gfp);
	rx->starved = err;
	return err ?: take(ctx, ktls_rx_queued(ctx));
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
	if (ktls_rx_whole(ctx) || !ktls_rx_queued(ctx) || !is_closed(ctx))
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

	ktls_rx_forget_urgent(ctx);
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
	ktls_rx_forget_urgent(ctx);
	if (!ctx->rx.fresh)
		ktls_rx_frame(ctx);
}

static void count(const struct ktls_context *ctx, unsigned int len)
{
	ktls_stat_inc(ctx, KTLS_STAT_RX_RECORDS);
	ktls_stat_add(ctx, KTLS_STAT_RX_BYTES, len);
}

/* Keep an opened record for the reader. An empty one of data is nothing to keep */
static void keep(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	const struct ktls_rx_record *record = &rx->record[rx->records];

	count(ctx, record->len);
	if (record->len || record->type != KTLS_TYPE_DATA)
		rx->records++;
	else if (rx->records)
		tidy(ctx);
	else
		rx->given += record->size;
}

static int open_next(struct ktls_context *ctx, size_t room)
{
	struct ktls_rx *rx = &ctx->rx;
	int err = take_whole(ctx, room);

	if (err)
		return err;
	err = ktls_rx_open(ctx, &rx->record[rx->records]);
	rx->want = 0;
	rx->have = 0;
	rx->reserved = false;
	if (err) {
		tidy(ctx);
		ktls_stat_inc(ctx, KTLS_STAT_RX_ERROR);
		err = broken(ctx, -EBADMSG);
	} else {
		keep(ctx);
	}
	ktls_rx_tell_in_time(ctx);
	return err;
}

/**
 * ktls_rx_pass() - the next record has been opened elsewhere and given
 * @ctx: the context; nothing of the record was taken before
 * @len: bytes of data in it
 *
 * Context: process, socket lock held.
 */
void ktls_rx_pass(struct ktls_context *ctx, unsigned int len)
{
	struct ktls_rx *rx = &ctx->rx;

	count(ctx, len);
	ktls_epoch_advance(&rx->key->epoch);
	rx->consumed++;
	rx->taken += rx->want;
	rx->ahead = 0;
	rx->want = 0;
	ktls_rx_tell_in_time(ctx);
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
	if (rx->starved) {
		tidy(ctx);
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

/**
 * ktls_rx_next() - open the next record
 * @ctx: the context, which has room for one more opened record
 * @room: bytes that the reader has room for, if it is told
 *
 * Context: process, socket lock held, may sleep for memory and for the AEAD.
 * Return: 1 if one was opened (an empty one of data is not kept); 0 if none is
 * there; -EKEYEXPIRED behind a KeyUpdate; -ENOMEM, and it can be tried again; or
 * what has broken the stream, for ever (-ECONNRESET: it ended within a record).
 */
int ktls_rx_next(struct ktls_context *ctx, size_t room)
{
	int ret = ktls_rx_look(ctx);

	return ret <= 0 ? ret : open_next(ctx, room) ?: 1;
}

/**
 * ktls_rx_settle() - before the lock is released
 * @ctx: the context
 *
 * Context: socket lock held.
 */
void ktls_rx_settle(struct ktls_context *ctx)
{
	tidy(ctx);
	ktls_rx_tell(ctx);
	ktls_rx_frame(ctx);
	ktls_buf_account(ctx->sk, &ctx->rx.buf);
}
