// SPDX-License-Identifier: GPL-2.0
/*
 * A record's way from ciphertext to payload, type and time of arrival.
 */
#include "aead.h"
#include "buf.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "rx.h"
#include "stats.h"

#include <linux/ktls.h>
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

static int open_record(struct ktls_context *ctx, struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;
	struct ktls_epoch *epoch = &rx->key->epoch;
	u32 last = tcp_sk(ctx->sk)->copied_seq + rx->taken - 1;
	struct ktls_pos pos = ktls_buf_at(&rx->buf, ktls_rx_tail(rx));
	u8 prefix[KTLS_RECORD_PREFIX_MAX];
	int err;

	record->stamp = ktls_rx_stamp(ctx->sk, last);
	record->type = rx->type;
	record->skip = ktls_record_prefix(epoch);
	record->size = rx->want;
	record->len = rx->want - ktls_record_framing(epoch);
	ktls_pos_read(&pos, prefix, record->skip);
	ktls_epoch_read_explicit(epoch, prefix);

	err = ktls_aead_open(&rx->key->aead, epoch, record->type, pos, pos,
			     record->len);
	if (err)
		return err;
	ktls_epoch_advance(epoch);
	return ktls_record_inner(epoch) ? strip_padding(pos, record) : 0;
}

/* Look for a KeyUpdate in an opened record, which then is the last of its key */
static void watch_messages(struct ktls_context *ctx,
			   const struct ktls_rx_record *record)
{
	struct ktls_rx *rx = &ctx->rx;
	unsigned int left = record->len;
	struct ktls_pos pos;

	if (record->type != KTLS_TYPE_HANDSHAKE ||
	    rx->key->epoch.version != TLS_1_3_VERSION)
		return;

	pos = ktls_buf_at(&rx->buf, ktls_rx_tail(rx) + record->skip);
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

/**
 * ktls_rx_open() - open the record that stands behind the opened ones
 * @ctx: the context; TCP has not been told of the record's last byte
 * @record: to fill in
 *
 * A KeyUpdate in it ends the use of the key.
 *
 * Context: process, socket lock held, may sleep.
 * Return: 0; or, if the record is not authentic or has no content type,
 * -EBADMSG, or the driver's error: then what stands in the buffer is to be
 * wiped and the stream is over.
 */
int ktls_rx_open(struct ktls_context *ctx, struct ktls_rx_record *record)
{
	int err = open_record(ctx, record);

	if (!err)
		watch_messages(ctx, record);
	return err;
}
