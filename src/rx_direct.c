// SPDX-License-Identifier: GPL-2.0
/*
 * Large records of data, copied as they are to the reader and opened there in
 * place. Whatever stands against it (memory that is torn, a record that is not
 * what it seems) the record is opened in the buffer instead, as if nothing had
 * been tried.
 *
 * TCP's pages are read once: they may be others' memory, who could change a byte
 * between its authentication and its decryption, or the reader's own. The reader
 * may change his memory at any time, too, which spoils what he reads and nothing
 * else: what we look at, behind the payload, stays with us.
 */
#include "aead.h"
#include "buf.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "rx.h"
#include "compat/pin.h"

#include <linux/ktls.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uio.h>

/* Shorter ones are copied sooner than pages are pinned ... */
#define DIRECT_MIN 4096

/* ... as are so many bytes for which there would have to be one more page */
#define OVER_MAX 512

#define PAGES (DIV_ROUND_UP(KTLS_RECORD_PAYLOAD_MAX, PAGE_SIZE) + 1)

/**
 * struct direct - where one record goes
 * @page: the reader's
 * @pages: how many
 * @offset: of the payload in the first of them
 * @len: bytes of payload
 * @whole: those in whole blocks, which go to these pages. AEADs take a slow path
 *	for other ones that leaves plaintext in memory
 * @rest: bytes of the record behind them, which go to the end of the buffer
 */
struct direct {
	struct page *page[PAGES];
	unsigned int pages;
	unsigned int offset;
	unsigned int len;
	unsigned int whole;
	unsigned int rest;
};

/* Describe the record, the rest of which stands at @rest, in one piece */
static void map(const struct direct *d, struct ktls_pos rest,
		struct bio_vec *piece)
{
	unsigned int left = d->whole, at = d->offset, i;

	for (i = 0; left; i++) {
		unsigned int n = min_t(unsigned int, left, PAGE_SIZE - at);

		*piece++ = (struct bio_vec){
			.bv_page = d->page[i], .bv_offset = at, .bv_len = n,
		};
		left -= n;
		at = 0;
	}
	*piece = (struct bio_vec){
		.bv_page = rest.seg->bv_page,
		.bv_offset = rest.seg->bv_offset + rest.skip,
		.bv_len = d->rest,
	};
}

/* What is in the reader's pages is not authentic, or not his to have so */
static void wipe(const struct direct *d, struct ktls_pos pos)
{
	unsigned int left = d->whole;

	while (left) {
		unsigned int n = left;
		void *span = ktls_pos_next(&pos, &n);

		memzero_explicit(span, n);
		left -= n;
	}
}

static bool is_data(const struct ktls_epoch *epoch, struct ktls_pos type)
{
	return !ktls_record_inner(epoch) ||
	       *(u8 *)ktls_pos_data(type) == KTLS_TYPE_DATA;
}

/* The record stands in the reader's pages and, from @rest on, in the buffer */
static bool open_there(struct ktls_context *ctx, const struct direct *d,
		       struct ktls_pos rest)
{
	struct bio_vec piece[PAGES + 1] __uninitialized;
	struct ktls_pos payload = { .seg = piece };
	struct ktls_key *key = ctx->rx.key;
	int err;

	map(d, rest, piece);
	ktls_rx_read_explicit(ctx);
	err = ktls_aead_open(&key->aead, &key->epoch, KTLS_TYPE_DATA, payload,
			     payload, d->len);
	rest.skip += d->len - d->whole;
	if (!err && is_data(&key->epoch, rest))
		return true;
	wipe(d, payload);
	if (!err)
		ctx->rx.indirect = true;
	return false;
}

/* Copy the record to where it is opened then */
static bool copy_and_open(struct ktls_context *ctx, const struct direct *d,
			  struct iov_iter *iter, struct ktls_pos rest)
{
	unsigned int prefix = ktls_record_prefix(&ctx->rx.key->epoch);
	unsigned int over = d->len - d->whole;

	return !ktls_rx_copy_to_iter(ctx, prefix, iter, d->whole) &&
	       ktls_rx_copy(ctx, prefix + d->whole, ktls_pos_data(rest),
			    d->rest) > 0 &&
	       open_there(ctx, d, rest) &&
	       ktls_pos_copy_to_iter(rest, over, iter) == over;
}

/* The rest is less than a page, which ktls_buf_begin() does not tear */
static bool hold_rest(struct ktls_context *ctx, const struct direct *d,
		      struct iov_iter *iter)
{
	struct ktls_buf *buf = &ctx->rx.buf;
	unsigned int start = buf->size;
	bool opened;

	if (ktls_buf_begin(ctx->sk, buf, 0, d->rest, true,
			   ctx->sk->sk_allocation))
		return false;
	opened = copy_and_open(ctx, d, iter, ktls_buf_at(buf, start));
	ktls_buf_trim(ctx->sk, buf, d->rest);
	return opened;
}

static bool hold_pages(struct ktls_context *ctx, struct direct *d,
		       struct iov_iter *iter)
{
	size_t before = iov_iter_count(iter);
	bool opened;

	if (!ktls_pin(iter, d->offset, d->whole, d->page))
		return false;
	opened = hold_rest(ctx, d, iter);
	ktls_unpin(d->page, d->pages);
	if (!opened)
		iov_iter_revert(iter, before - iov_iter_count(iter));
	return opened;
}

/* Returns false if the AEAD's blocks would cross ends of pages */
static bool plan(struct direct *d, const struct ktls_context *ctx,
		 const struct iov_iter *iter)
{
	const struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	unsigned int step = epoch->cipher->step, over;

	d->offset = ktls_pin_offset(*iter);
	d->len = ctx->rx.want - ktls_record_framing(epoch);
	d->whole = round_down(d->len, step);
	over = offset_in_page(d->offset + d->whole);
	if (over <= OVER_MAX)
		d->whole -= over;
	d->pages = DIV_ROUND_UP(d->offset + d->whole, PAGE_SIZE);
	d->rest = d->len - d->whole + ktls_record_suffix(epoch);
	return d->offset % step == 0;
}

/* May the record be one of data, and of a length that makes it worth while? */
static bool is_worth(const struct ktls_context *ctx, size_t room)
{
	const struct ktls_key *key = ctx->rx.key;
	unsigned int framing = ktls_record_framing(&key->epoch);

	return ctx->rx.type == KTLS_TYPE_DATA &&
	       ctx->rx.want >= DIRECT_MIN + framing &&
	       ctx->rx.want - framing <= room && key->epoch.cipher->step &&
	       ktls_aead_is_immediate(&key->aead) &&
	       !ctx->rx.have && !ctx->rx.indirect;
}

/**
 * ktls_rx_open_into() - open the next record into the reader's memory
 * @ctx: the context; there are no opened records
 * @iter: the reader's memory, advanced
 * @room: bytes that it has, or may be used
 *
 * The record remains the next one until ktls_rx_pass().
 *
 * Context: process, socket lock held, may sleep for memory and for the AEAD.
 * Return: bytes of data, or 0 if nothing has happened.
 */
unsigned int ktls_rx_open_into(struct ktls_context *ctx, struct iov_iter *iter,
			       size_t room)
{
	struct direct d __uninitialized;

	if (room < DIRECT_MIN || ktls_rx_look(ctx) <= 0 || !is_worth(ctx, room) ||
	    !plan(&d, ctx, iter) || !hold_pages(ctx, &d, iter))
		return 0;
	return d.len;
}
