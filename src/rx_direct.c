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

/* Shorter ones are copied sooner than pages are pinned */
#define DIRECT_MIN 4096

#define PAGES (DIV_ROUND_UP(KTLS_RECORD_PAYLOAD_MAX, PAGE_SIZE) + 1)

/**
 * struct direct - where one record goes
 * @pages: the reader's
 * @offset: of the payload in the first of them
 * @len: bytes of payload
 * @whole: those in whole blocks, which go to @pages. AEADs take a slow path for
 *	other ones that leaves plaintext in memory
 * @rest: bytes of the record behind them, which go to the end of the buffer
 * @piece: both
 * @pieces: how many
 */
struct direct {
	struct page *pages[PAGES];
	size_t offset;
	unsigned int len;
	unsigned int whole;
	unsigned int rest;
	struct bio_vec piece[KTLS_AEAD_PIECES];
	unsigned int pieces;
};

static bool add(struct direct *d, struct page *page, unsigned int offset,
		unsigned int size)
{
	if (d->pieces == KTLS_AEAD_PIECES || PageHighMem(page))
		return false;
	d->piece[d->pieces++] = (struct bio_vec){
		.bv_page = page, .bv_offset = offset, .bv_len = size,
	};
	return true;
}

static bool map_pages(struct direct *d)
{
	unsigned int left = d->whole, at = d->offset, i;

	for (i = 0; left; i++) {
		unsigned int n = min_t(unsigned int, left, PAGE_SIZE - at);

		if (!add(d, d->pages[i], at, n))
			return false;
		left -= n;
		at = 0;
	}
	return true;
}

static bool map_rest(struct direct *d, struct ktls_pos pos)
{
	unsigned int size = d->rest;

	while (size) {
		unsigned int n = min(size, pos.seg->bv_len - pos.skip);

		if (!add(d, pos.seg->bv_page, pos.seg->bv_offset + pos.skip, n))
			return false;
		size -= n;
		pos = (struct ktls_pos){ .seg = pos.seg + 1 };
	}
	return true;
}

/* The reader gets the last bytes of the payload */
static void move_rest(const struct direct *d, struct ktls_pos pos)
{
	unsigned int left = d->len - d->whole;

	while (left) {
		unsigned int at = d->offset + d->len - left;
		unsigned int n = left;
		void *span = ktls_pos_next(&pos, &n);

		/* Blocks do not cross pages of the reader */
		memcpy(page_address(d->pages[at / PAGE_SIZE]) + at % PAGE_SIZE,
		       span, n);
		left -= n;
	}
}

/* What is in the reader's pages is not authentic, or not his to have so */
static void wipe(const struct direct *d)
{
	unsigned int left = d->whole, at = d->offset, i;

	for (i = 0; left; i++) {
		unsigned int n = min_t(unsigned int, left, PAGE_SIZE - at);

		memzero_explicit(page_address(d->pages[i]) + at, n);
		left -= n;
		at = 0;
	}
}

static bool is_data(const struct ktls_epoch *epoch, struct ktls_pos type)
{
	unsigned int one = 1;

	return !ktls_record_inner(epoch) ||
	       *(u8 *)ktls_pos_next(&type, &one) == KTLS_TYPE_DATA;
}

/* The record stands in the reader's pages and, from @rest on, in the buffer */
static bool open_there(struct ktls_context *ctx, const struct direct *d,
		       struct ktls_pos rest)
{
	struct ktls_key *key = ctx->rx.key;
	struct ktls_pos payload = { .seg = d->piece };
	int err;

	ktls_rx_read_explicit(ctx);
	err = ktls_aead_open(&key->aead, &key->epoch, KTLS_TYPE_DATA, payload,
			     payload, d->len);
	if (!err && is_data(&key->epoch, ktls_pos_skip(rest, d->len - d->whole))) {
		move_rest(d, rest);
		return true;
	}
	wipe(d);
	if (!err)
		ctx->rx.indirect = true;
	return false;
}

static bool copy_rest(struct ktls_context *ctx, const struct direct *d,
		      struct ktls_pos pos)
{
	unsigned int skip = ktls_record_prefix(&ctx->rx.key->epoch) + d->whole;
	unsigned int left = d->rest;

	while (left) {
		unsigned int n = left;
		void *span = ktls_pos_next(&pos, &n);

		if (ktls_rx_copy(ctx, skip, span, n) < 0)
			return false;
		skip += n;
		left -= n;
	}
	return true;
}

/* Copy the record to where it is opened then */
static bool copy_and_open(struct ktls_context *ctx, struct direct *d,
			  struct iov_iter *iter)
{
	unsigned int prefix = ktls_record_prefix(&ctx->rx.key->epoch);
	unsigned int start = ctx->rx.buf.size;
	struct ktls_pos rest;
	bool opened;

	if (ktls_rx_copy_to_iter(ctx, prefix, iter, d->whole) ||
	    ktls_buf_begin(ctx->sk, &ctx->rx.buf, 0, d->rest, true,
			   ctx->sk->sk_allocation))
		return false;
	rest = ktls_buf_at(&ctx->rx.buf, start);
	opened = copy_rest(ctx, d, rest) && map_pages(d) && map_rest(d, rest) &&
		 open_there(ctx, d, rest);
	ktls_buf_trim(ctx->sk, &ctx->rx.buf, d->rest);
	return opened;
}

static bool pin_and_open(struct ktls_context *ctx, struct direct *d,
			 struct iov_iter *iter)
{
	unsigned int step = ctx->rx.key->epoch.cipher->step;
	size_t before = iov_iter_count(iter);
	bool opened;
	ssize_t n;

	n = ktls_pin(iter, d->len, d->pages, PAGES, &d->offset);
	if (n <= 0)
		return false;
	opened = n == d->len && d->offset % step == 0 &&
		 copy_and_open(ctx, d, iter);
	ktls_unpin(d->pages, DIV_ROUND_UP(d->offset + n, PAGE_SIZE));
	iov_iter_revert(iter, before - iov_iter_count(iter));
	return opened;
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
	const struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	struct direct d __uninitialized;

	if (room < DIRECT_MIN || ktls_rx_look(ctx) <= 0 || !is_worth(ctx, room))
		return 0;

	d.len = ctx->rx.want - ktls_record_framing(epoch);
	d.whole = round_down(d.len, epoch->cipher->step);
	d.rest = d.len - d.whole + ktls_record_suffix(epoch);
	d.pieces = 0;
	if (!pin_and_open(ctx, &d, iter))
		return 0;
	iov_iter_advance(iter, d.len);
	return d.len;
}
