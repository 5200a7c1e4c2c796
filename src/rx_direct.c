// SPDX-License-Identifier: GPL-2.0
/*
 * Large records of data, opened from TCP's sk_buffs into the reader's memory:
 * nothing is copied. Whatever stands against it (memory that is torn, a record
 * that is not what it seems) the record is opened in the buffer instead, as if
 * nothing had been tried.
 *
 * The reader may change his memory at any time, so nothing that was written
 * there is looked at: what is behind the payload goes to memory of ours. Pages
 * of TCP are only read.
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
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/tcp.h>

/* Shorter ones are copied sooner than pages are pinned */
#define DIRECT_MIN 4096

#define PAGES (DIV_ROUND_UP(KTLS_RECORD_PAYLOAD_MAX, PAGE_SIZE) + 1)

/* Memory of ours: room for what is torn, and behind it for one block */
#define BLOCK_MAX 64
#define TAIL (KTLS_AEAD_PIECES * BLOCK_MAX)
#define SCRATCH (TAIL + BLOCK_MAX)

/* A list of pieces being made */
struct pieces {
	struct bio_vec seg[KTLS_AEAD_PIECES];
	unsigned int n;
};

/**
 * struct direct - one record
 * @block: AEADs walk memory in steps that end with pages. One that is not a
 *	multiple of this takes a slow path that leaves plaintext in memory
 * @from: where TCP has it, from its payload on
 * @to: where the payload goes
 * @pages: the reader's
 * @npages: how many
 * @offset: of the payload in the first of them
 * @done: bytes in @from
 * @size: bytes that are to be in @from
 * @scratch: memory of ours
 * @used: bytes of it
 */
struct direct {
	unsigned int block;
	struct pieces from;
	struct pieces to;
	struct page *pages[PAGES];
	unsigned int npages;
	size_t offset;
	unsigned int done;
	unsigned int size;
	struct page_frag scratch;
	unsigned int used;
};

static bool add(struct pieces *to, struct page *page, unsigned int offset,
		unsigned int size)
{
	struct bio_vec *last = to->seg + to->n - 1;

	if (to->n && last->bv_page == page &&
	    last->bv_offset + last->bv_len == offset) {
		last->bv_len += size;
		return true;
	}
	if (to->n == KTLS_AEAD_PIECES)
		return false;
	to->seg[to->n++] = (struct bio_vec){
		.bv_page = page, .bv_offset = offset, .bv_len = size,
	};
	return true;
}

static u8 *scratch_at(const struct direct *d, unsigned int offset)
{
	return page_address(d->scratch.page) + d->scratch.offset + offset;
}

static bool add_piece(struct direct *d, struct page *page, unsigned int offset,
		      unsigned int size)
{
	return add(&d->from, page, offset, size);
}

/* A part of a block that is torn: it gets together in memory of ours */
static bool add_torn(struct direct *d, struct page *page, unsigned int offset,
		     unsigned int size)
{
	if (d->used + size > TAIL)
		return false;
	memcpy(scratch_at(d, d->used), page_address(page) + offset, size);
	d->used += size;
	return add(&d->from, d->scratch.page,
		   d->scratch.offset + d->used - size, size);
}

/* Bytes of TCP's: whole blocks where they are, unless the end of a page tears them */
static bool add_frag(struct direct *d, struct page *page, unsigned int offset,
		     unsigned int size)
{
	if (!page || PageHighMem(page))
		return false;
	size = min(size, d->size - d->done);
	while (size) {
		unsigned int in_page = offset % PAGE_SIZE;
		unsigned int in_block = d->done & (d->block - 1);
		unsigned int n = min_t(unsigned int, size, PAGE_SIZE - in_page);
		bool is_last = d->done + n == d->size;
		bool torn = in_block || (n < d->block && !is_last);

		if (torn)
			n = min(n, d->block - in_block);
		else if (!is_last)
			n = round_down(n, d->block);
		if (!(torn ? add_torn : add_piece)(d, page + offset / PAGE_SIZE,
						   in_page, n))
			return false;
		d->done += n;
		offset += n;
		size -= n;
	}
	return true;
}

/* Bytes of an sk_buff from @offset on */
static bool add_skb(struct direct *d, const struct sk_buff *skb,
		    unsigned int offset)
{
	unsigned int head = skb_headlen(skb);
	unsigned int i;

	if (skb_has_frag_list(skb))
		return false;
	if (offset < head) {
		void *data = skb->data + offset;

		if (!add_frag(d, virt_to_page(data), offset_in_page(data),
			      head - offset))
			return false;
		offset = head;
	}
	offset -= head;
	for (i = 0; i < skb_shinfo(skb)->nr_frags && d->done < d->size; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		unsigned int size = skb_frag_size(frag);

		if (offset < size && !add_frag(d, skb_frag_page(frag),
					       skb_frag_off(frag) + offset,
					       size - offset))
			return false;
		offset -= min(offset, size);
	}
	return true;
}

/* The record's bytes in TCP's queue, from the one with number @seq on */
static bool map_from(struct direct *d, const struct sock *sk, u32 seq)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 offset = seq + d->done - TCP_SKB_CB(skb)->seq;

		if (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN)
			offset--;
		if (offset < skb->len && !add_skb(d, skb, offset))
			return false;
		if (d->done == d->size)
			return true;
	}
	return false;
}

/*
 * The reader's pages, for whole blocks; what is behind these, content type
 * included, goes to memory of ours.
 */
static bool map_to(struct direct *d, unsigned int len, unsigned int inner)
{
	unsigned int left = round_down(len, d->block);
	unsigned int i, at = d->offset;

	for (i = 0; left; i++) {
		unsigned int n = min_t(unsigned int, left, PAGE_SIZE - at);

		if (PageHighMem(d->pages[i]) ||
		    !add(&d->to, d->pages[i], at, n))
			return false;
		left -= n;
		at = 0;
	}
	left = (len & (d->block - 1)) + inner;
	return !left || add(&d->to, d->scratch.page,
			    d->scratch.offset + TAIL, left);
}

/* Have memory of the task's own page. It comes back at once: nobody else uses it */
static bool get_scratch(struct direct *d, struct sock *sk)
{
	struct page_frag *frag = sk_page_frag(sk);

	if (!skb_page_frag_refill(BLOCK_MAX + SCRATCH, frag, sk->sk_allocation))
		return false;
	d->scratch = *frag;
	d->scratch.offset = ALIGN(frag->offset, BLOCK_MAX);
	get_page(frag->page);
	frag->offset = d->scratch.offset + SCRATCH;
	return true;
}

static void put_scratch(struct direct *d, struct sock *sk)
{
	memzero_explicit(scratch_at(d, TAIL), BLOCK_MAX);
	sk_page_frag(sk)->offset = d->scratch.offset;
	put_page(d->scratch.page);
}

/* Bytes behind the last whole block of the payload */
static void copy_rest(struct direct *d, unsigned int len)
{
	unsigned int at = d->offset + round_down(len, d->block);
	struct page *page = d->pages[at / PAGE_SIZE];

	memcpy(page_address(page) + at % PAGE_SIZE, scratch_at(d, TAIL),
	       len & (d->block - 1));
}

/* What is in the reader's pages is not authentic */
static void wipe(struct direct *d, unsigned int len)
{
	unsigned int i, at = d->offset;

	for (i = 0; len; i++) {
		unsigned int n = min_t(unsigned int, len, PAGE_SIZE - at);

		memzero_explicit(page_address(d->pages[i]) + at, n);
		len -= n;
		at = 0;
	}
}

static bool is_data(const struct direct *d, const struct ktls_epoch *epoch,
		    unsigned int len)
{
	return !ktls_record_inner(epoch) ||
	       *scratch_at(d, TAIL + (len & (d->block - 1))) == KTLS_TYPE_DATA;
}

static bool open_into(struct ktls_context *ctx, struct direct *d,
		      unsigned int len)
{
	struct ktls_key *key = ctx->rx.key;
	struct ktls_pos from = { .seg = d->from.seg };
	struct ktls_pos to = { .seg = d->to.seg };
	int err;

	err = ktls_aead_open(&key->aead, &key->epoch, KTLS_TYPE_DATA, from, to,
			     len);
	if (!err && !is_data(d, &key->epoch, len))
		ctx->rx.indirect = true;
	if (err || ctx->rx.indirect) {
		wipe(d, len);
		return false;
	}
	if (len & (d->block - 1))
		copy_rest(d, len);
	return true;
}

static bool pin_and_open(struct ktls_context *ctx, struct direct *d,
			 struct iov_iter *iter, unsigned int len)
{
	unsigned int inner = ktls_record_inner(&ctx->rx.key->epoch);
	bool opened;
	ssize_t n;

	n = ktls_pin(iter, len, d->pages, PAGES, &d->offset);
	if (n <= 0)
		return false;
	opened = n == len && !(d->offset & (d->block - 1)) &&
		 map_to(d, len, inner) && open_into(ctx, d, len);
	ktls_unpin(d->pages, DIV_ROUND_UP(d->offset + n, PAGE_SIZE));
	return opened;
}

static bool map_and_open(struct ktls_context *ctx, struct iov_iter *iter,
			 unsigned int len)
{
	const struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	u32 seq = tcp_sk(ctx->sk)->copied_seq + ctx->rx.taken;
	struct direct d;
	bool opened;

	d.block = epoch->cipher->step;
	d.from.n = 0;
	d.to.n = 0;
	d.done = 0;
	d.size = len + ktls_record_suffix(epoch);
	d.used = 0;
	if (!get_scratch(&d, ctx->sk))
		return false;
	opened = map_from(&d, ctx->sk, seq + ktls_record_prefix(epoch)) &&
		 pin_and_open(ctx, &d, iter, len);
	put_scratch(&d, ctx->sk);
	return opened;
}

/* May the record be one of data, and of a length that makes it worth while? */
static bool is_worth(struct ktls_context *ctx, size_t room)
{
	const struct ktls_epoch *epoch = &ctx->rx.key->epoch;
	unsigned int framing = ktls_record_framing(epoch);

	return ctx->rx.type == KTLS_TYPE_DATA &&
	       ctx->rx.want >= DIRECT_MIN + framing &&
	       ctx->rx.want - framing <= room && epoch->cipher->step &&
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
	unsigned int len;

	if (room < DIRECT_MIN || ktls_rx_look(ctx) <= 0 || !is_worth(ctx, room))
		return 0;
	ktls_rx_read_explicit(ctx);
	len = ctx->rx.want - ktls_record_framing(&ctx->rx.key->epoch);
	if (!map_and_open(ctx, iter, len))
		return 0;
	iov_iter_advance(iter, len);
	return len;
}
