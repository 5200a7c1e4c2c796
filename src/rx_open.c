// SPDX-License-Identifier: GPL-2.0
/*
 * Records' way from ciphertext to payload, type and time of arrival.
 */
#include "aead.h"
#include "buf.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "rx.h"
#include "stats.h"

#include <linux/ktls.h>
#include <linux/slab.h>
#include <linux/tcp.h>

/*
 * RFC 8446 section 5.4: behind the payload of an opened record, at @pos, stand
 * its type and then only zeros.
 */
static int strip_padding(struct ktls_pos pos, struct ktls_rx_record *record)
{
	unsigned int size = record->len + 1;
	unsigned int done = 0;

	record->type = 0;
	while (done < size) {
		unsigned int n = size - done, i;
		const u8 *span = ktls_pos_next(&pos, &n);

		for (i = n; i && !span[i - 1]; i--)
			;
		if (i) {
			record->type = span[i - 1];
			record->len = done + i - 1;
		}
		done += n;
	}
	return record->type ? 0 : -EBADMSG;
}

/* Most records have no padding: their last byte is the type */
static int read_type(struct ktls_pos pos, struct ktls_rx_record *record)
{
	struct ktls_pos last = ktls_pos_skip(pos, record->len);

	record->type = *(const u8 *)ktls_pos_data(last);
	return record->type ? 0 : strip_padding(pos, record);
}

static int open_record(struct ktls_context *ctx, struct ktls_pos pos,
		       struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_epoch *epoch = &rx->key->epoch;
	int err;

	record->stamp = ktls_rx_stamp(ctx, rx->want - rx->have);
	record->type = rx->type;
	record->skip = ktls_record_prefix(epoch);
	record->size = rx->want;
	record->len = rx->want - ktls_record_framing(epoch);
	ktls_epoch_read_explicit(epoch, ktls_pos_data(pos));

	pos = ktls_pos_skip(pos, record->skip);
	err = ktls_aead_open(&rx->key->aead, epoch, record->type, pos, pos,
			     record->len);
	if (err)
		return err;
	ktls_epoch_advance(epoch);
	return ktls_record_inner(epoch) ? read_type(pos, record) : 0;
}

/* Look for a KeyUpdate in an opened record, which then is the last of its key */
static void watch_messages(struct ktls_context *ctx, struct ktls_pos pos,
			   const struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int left = record->len;

	if (record->type != KTLS_TYPE_HANDSHAKE ||
	    rx->key->epoch.version != TLS_1_3_VERSION)
		return;

	pos = ktls_pos_skip(pos, record->skip);
	while (left) {
		unsigned int n = left;
		const u8 *span = ktls_pos_next(&pos, &n);

		if (ktls_messages_feed(&rx->messages, span, n))
			rx->paused = true;
		left -= n;
	}
	if (rx->paused)
		ktls_stat_inc(ctx, KTLS_STAT_RX_KEY_UPDATE);
}

static void count(const struct ktls_context *ctx, unsigned int len)
{
	ktls_stat_inc(ctx, KTLS_STAT_RX_RECORDS);
	ktls_stat_add(ctx, KTLS_STAT_RX_BYTES, len);
}

/*
 * Keep an opened record for the reader. An empty one of data is nothing to keep:
 * within a batch it goes with the one before it. A call ends with a record that is
 * not data, so what is behind it is left alone.
 */
static void keep(struct ktls_context *ctx, const struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;

	if (record->type != KTLS_TYPE_DATA)
		rx->ahead = 0;
	if (record->len || record->type != KTLS_TYPE_DATA) {
		rx->opened += record->size;
		rx->records++;
	} else if (!rx->records) {
		rx->given += record->size;
	} else if (rx->ahead) {
		rx->opened += record->size;
		rx->record[rx->records - 1].size += record->size;
	} else {
		ktls_rx_tidy(ctx);
	}
}

/* Open the next record, which stands in the buffer behind the opened ones */
static int open_next(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_rx_record *record = &rx->record[rx->records];
	struct ktls_pos pos = ktls_buf_at(&rx->buf, ktls_rx_tail(rx));
	int err = open_record(ctx, pos, record);

	rx->taken += rx->want - rx->have;
	rx->ahead -= rx->want;
	rx->want = 0;
	rx->have = 0;
	rx->reserved = false;
	if (err) {
		ktls_rx_tidy(ctx);
		ktls_stat_inc(ctx, KTLS_STAT_RX_ERROR);
		rx->err = -EBADMSG;
		return rx->err;
	}
	count(ctx, record->len);
	watch_messages(ctx, pos, record);
	keep(ctx, record);
	return 0;
}

/**
 * ktls_rx_has_room() - make room for one more opened record
 * @ctx: the context
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: true if there is.
 */
bool ktls_rx_has_room(struct ktls_context *ctx)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_rx_record *record;

	if (!rx->records)
		return true;
	if (rx->record != &rx->first)
		return rx->records < KTLS_RX_RECORDS;

	record = kmalloc_array(KTLS_RX_RECORDS, sizeof(*record),
			       ctx->sk->sk_allocation);
	if (!record)
		return false;
	*record = rx->first;
	rx->record = record;
	return true;
}

/**
 * ktls_rx_next() - open the next record, and perhaps some behind it
 * @ctx: the context, which has room for one more opened record
 * @room: bytes that the reader has room for, if it is told; then there are no
 *	opened records
 *
 * Context: process, socket lock held, may sleep for memory and for the AEAD.
 * Return: how many were opened (empty ones of data are not kept); 0 if none is
 * there; -EKEYEXPIRED behind a KeyUpdate; -ENOMEM, and it can be tried again; or
 * what has broken the stream, for ever (-ECONNRESET: it ended within a record).
 */
int ktls_rx_next(struct ktls_context *ctx, size_t room)
{
	int ret = ktls_rx_look(ctx);
	int n = 0;

	if (ret > 0)
		ret = ktls_rx_copy_whole(ctx, room) ?: 1;
	if (ret <= 0)
		return ret;
	do {
		ret = open_next(ctx);
		n += !ret;
	} while (!ret && ktls_rx_has_copy(ctx) && n < KTLS_RX_RECORDS &&
		 ktls_rx_has_room(ctx));
	ktls_rx_tell_in_time(ctx);
	return n ?: ret;
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

/**
 * ktls_rx_free_records() - give up the memory for several opened records
 * @rx: the receiving direction, which has none
 *
 * Context: any.
 */
void ktls_rx_free_records(struct ktls_rx *rx)
{
	if (rx->record == &rx->first)
		return;
	kfree(rx->record);
	rx->record = &rx->first;
}

/**
 * ktls_rx_settle() - before the lock is released
 * @ctx: the context
 *
 * Context: socket lock held.
 */
void ktls_rx_settle(struct ktls_context *ctx)
{
	ktls_rx_tidy(ctx);
	ktls_rx_tell(ctx);
	ktls_rx_frame(ctx);
	ktls_buf_account(ctx->sk, &ctx->rx.buf);
	if (!ctx->rx.records)
		ktls_rx_free_records(&ctx->rx);
}
