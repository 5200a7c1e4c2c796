// SPDX-License-Identifier: GPL-2.0
/*
 * Large records of data, opened into the reader's memory instead of in place:
 * nothing is copied to him. Whatever stands against it (memory that is torn, a
 * record that is not what it seems) the record is opened in place instead, as
 * if nothing had been tried.
 *
 * The ciphertext is our own copy. TCP's pages may be others' memory, who could
 * change a byte between its authentication and its decryption; or the reader's
 * own, which are being written to. The reader may change his memory at any time,
 * too, so nothing is looked at there: what is behind the payload stays with us.
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
 * @piece: @pages, then what is behind @whole in our own copy
 * @pieces: how many
 */
struct direct {
	struct page *pages[PAGES];
	size_t offset;
	unsigned int len;
	unsigned int whole;
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

/* What is behind the whole blocks is opened where it stands, at @pos */
static bool map_rest(struct direct *d, struct ktls_pos pos, unsigned int size)
{
	while (size) {
		unsigned int n = min(size, pos.seg->bv_len - pos.skip);

		if (!add(d, pos.seg->bv_page, pos.seg->bv_offset + pos.skip, n))
			return false;
		size -= n;
		pos = (struct ktls_pos){ .seg = pos.seg + 1 };
	}
	return true;
}

/* The reader gets the last bytes of the payload, and we keep nothing of them */
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
		memzero_explicit(span, n);
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

static bool open_into(struct ktls_context *ctx, struct direct *d,
		      struct ktls_pos from)
{
	struct ktls_key *key = ctx->rx.key;
	struct ktls_pos rest = ktls_pos_skip(from, d->whole);
	struct ktls_pos to = { .seg = d->piece };
	unsigned int behind = d->len - d->whole + ktls_record_inner(&key->epoch);
	int err;

	if (!map_pages(d) || !map_rest(d, rest, behind))
		return false;
	err = ktls_aead_open(&key->aead, &key->epoch, KTLS_TYPE_DATA, from, to,
			     d->len);
	if (!err && is_data(&key->epoch, ktls_pos_skip(rest, d->len - d->whole))) {
		move_rest(d, rest);
		return true;
	}
	wipe(d);
	/* Our copy is none any more */
	ctx->rx.ahead = 0;
	if (!err)
		ctx->rx.indirect = true;
	return false;
}

static bool copy_and_open(struct ktls_context *ctx, struct direct *d)
{
	struct ktls_pos pos;

	if (ktls_rx_look_ahead(ctx, d->len))
		return false;
	pos = ktls_rx_read_prefix(ctx);
	return open_into(ctx, d, pos);
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
	bool opened;
	ssize_t n;

	if (room < DIRECT_MIN || ktls_rx_look(ctx) <= 0 || !is_worth(ctx, room))
		return 0;

	d.len = ctx->rx.want - ktls_record_framing(epoch);
	d.whole = round_down(d.len, epoch->cipher->step);
	d.pieces = 0;
	n = ktls_pin(iter, d.len, d.pages, PAGES, &d.offset);
	if (n <= 0)
		return 0;
	opened = n == d.len && d.offset % epoch->cipher->step == 0 &&
		 copy_and_open(ctx, &d);
	ktls_unpin(d.pages, DIV_ROUND_UP(d.offset + n, PAGE_SIZE));
	if (!opened)
		return 0;
	iov_iter_advance(iter, d.len);
	return d.len;
}
