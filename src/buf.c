// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for records: a queue of bytes in pages.
 *
 * Records stand one behind the other in pages of a high order (single ones when
 * memory is short), so that one record is one or two pieces for the AEAD and for
 * TCP. Nothing is allocated per record.
 */
#include "buf.h"
#include "spare.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <net/sock.h>

/* The longest step of the AEADs' walks, ChaCha20's: see ktls_buf_begin() */
#define WALK_STEP 64

static bool piece_ends_at_frag(const struct bio_vec *seg,
			       const struct page_frag *frag)
{
	return seg->bv_page == frag->page &&
	       seg->bv_offset + seg->bv_len == frag->offset;
}

static void *piece_data(const struct bio_vec *seg)
{
	return page_address(seg->bv_page) + seg->bv_offset;
}

/* Drop the page of a piece that has become empty */
static void piece_put(struct bio_vec *seg)
{
	put_page(seg->bv_page);
	seg->bv_page = NULL;
}

/* Plaintext, perhaps: nobody shall find it in memory that is given back */
static void piece_wipe(const struct ktls_buf *buf, const struct bio_vec *seg,
		       unsigned int size)
{
	if (buf->private)
		memzero_explicit(piece_data(seg), size);
}

/* Append up to @size bytes that are free in the current page. Returns how many */
static __always_inline unsigned int
take_from_frag(struct ktls_buf *buf, struct page_frag *frag, unsigned int size)
{
	struct bio_vec *last = buf->seg + buf->nsegs - 1;
	unsigned int n = min(size, frag->size - frag->offset);

	if (buf->nsegs && piece_ends_at_frag(last, frag)) {
		last->bv_len += n;
	} else {
		last = buf->seg + buf->nsegs++;
		last->bv_page = frag->page;
		last->bv_offset = frag->offset;
		last->bv_len = n;
		get_page(frag->page);
	}
	frag->offset += n;
	buf->size += n;
	return n;
}

/* Have room for more pieces than there are in the buffer itself */
static noinline int have_array(struct ktls_buf *buf, gfp_t gfp)
{
	struct bio_vec *seg;

	if (buf->seg != buf->few)
		return buf->nsegs < KTLS_BUF_SEGS ? 0 : -ENOBUFS;

	seg = kmalloc_array(KTLS_BUF_SEGS, sizeof(*seg), gfp);
	if (!seg)
		return -ENOMEM;
	memcpy(seg, buf->few, sizeof(buf->few));
	buf->seg = seg;
	return 0;
}

static void give_room_back(struct ktls_buf *buf)
{
	if (buf->nsegs || buf->seg == buf->few)
		return;
	kfree(buf->seg);
	buf->seg = buf->few;
}

/* Pages in one piece if they can be had without effort, otherwise a single one */
static bool own_alloc(struct page_frag *frag, unsigned int size, gfp_t gfp)
{
	unsigned int order = get_order(size);

	frag->page = NULL;
	frag->offset = 0;
	if (order)
		frag->page = alloc_pages(gfp | __GFP_COMP | __GFP_NOWARN |
					 __GFP_NORETRY, order);
	frag->size = PAGE_SIZE << order;
	if (frag->page)
		return true;
	frag->size = PAGE_SIZE;
	frag->page = alloc_page(gfp);
	return frag->page;
}

/* May the task's page not be used? In softirq the task may be anywhere */
static bool needs_own(const struct ktls_buf *buf, gfp_t gfp)
{
	return buf->private && !gfpflags_allow_blocking(gfp);
}

/* Has the task's page no room, and will not have it at once? */
static bool is_spent(const struct page_frag *frag, unsigned int least)
{
	return frag->page && frag->offset + least > frag->size &&
	       page_ref_count(frag->page) > 1;
}

/*
 * Have memory for the next bytes, @least of them in one piece if possible: pages
 * of our own are as small as they may be
 */
static bool refill(const struct ktls_buf *buf, struct page_frag *frag,
		   unsigned int least, gfp_t gfp)
{
	if (!needs_own(buf, gfp)) {
		if (is_spent(frag, least))
			ktls_spare_swap(frag);
		return skb_page_frag_refill(least, frag, gfp);
	}
	if (frag->page)
		put_page(frag->page);
	return own_alloc(frag, least, gfp);
}

static void trim(struct ktls_buf *buf, struct page_frag *frag,
		 unsigned int size)
{
	buf->size -= size;
	while (size) {
		struct bio_vec *last = buf->seg + buf->nsegs - 1;
		unsigned int n = min(size, last->bv_len);

		if (piece_ends_at_frag(last, frag))
			frag->offset -= n;
		last->bv_len -= n;
		size -= n;
		memzero_explicit(piece_data(last) + last->bv_len, n);
		if (!last->bv_len) {
			piece_put(last);
			buf->nsegs--;
		}
	}
}

/**
 * ktls_buf_init() - set up a buffer
 * @buf: the buffer, all zeros
 * @private: as of struct ktls_buf
 *
 * Context: any.
 */
void ktls_buf_init(struct ktls_buf *buf, bool private)
{
	buf->seg = buf->few;
	buf->private = private;
}

/**
 * ktls_buf_trim() - drop bytes at the tail
 * @sk: the socket
 * @buf: the buffer
 * @size: bytes; they may be plaintext and are wiped
 *
 * Context: process, socket lock held.
 */
void ktls_buf_trim(struct sock *sk, struct ktls_buf *buf, unsigned int size)
{
	sock_owned_by_me(sk);
	trim(buf, sk_page_frag(sk), size);
}

/* Append all of it, or nothing. Inlined for the sake of small records */
static __always_inline int append(struct ktls_buf *buf, struct page_frag *frag,
				  unsigned int size, gfp_t gfp)
{
	unsigned int left = size;

	while (left) {
		int err = buf->nsegs < KTLS_BUF_FEW ? 0 : have_array(buf, gfp);

		if (!err && (!frag->page || frag->offset == frag->size) &&
		    !refill(buf, frag, left, gfp))
			err = -ENOMEM;
		if (err) {
			trim(buf, frag, size - left);
			return err;
		}
		left -= take_from_frag(buf, frag, left);
	}
	return 0;
}

/**
 * ktls_buf_reserve() - append bytes of a record, to be written by the caller
 * @sk: the socket
 * @buf: the buffer, not @private
 * @size: bytes
 * @gfp: how memory may be had
 *
 * Context: process, socket lock held; may sleep if @gfp says so.
 * Return: 0, or with nothing changed -ENOMEM or -ENOBUFS (the buffer has no room
 * for more pieces).
 */
int ktls_buf_reserve(struct sock *sk, struct ktls_buf *buf, unsigned int size,
		     gfp_t gfp)
{
	sock_owned_by_me(sk);
	return append(buf, sk_page_frag(sk), size, gfp);
}

/**
 * ktls_buf_end_page() - have the next bytes begin a page
 * @sk: the socket
 *
 * Context: process, socket lock held.
 */
void ktls_buf_end_page(struct sock *sk)
{
	struct page_frag *frag = sk_page_frag(sk);

	sock_owned_by_me(sk);
	frag->offset = PAGE_ALIGN(frag->offset);
}

/*
 * Leave a gap that makes the record cheaper. Bytes that fit into a page stand in
 * one, if they are not to be sent: there may be several records among them.
 */
static void leave_gap(const struct ktls_buf *buf, struct page_frag *frag,
		      unsigned int prefix, unsigned int size)
{
	if (frag->offset % PAGE_SIZE + size <= PAGE_SIZE)
		return;
	if (buf->private && size <= PAGE_SIZE)
		frag->offset = PAGE_ALIGN(frag->offset);
	else
		frag->offset = ALIGN(frag->offset + prefix, WALK_STEP) - prefix;
}

static int begin(struct ktls_buf *buf, struct page_frag *frag,
		 unsigned int prefix, unsigned int size, bool align, gfp_t gfp)
{
	unsigned int least = align ? prefix + 2 * WALK_STEP : prefix;

	if (buf->private)
		least = size <= PAGE_SIZE ? min_t(unsigned int, 2 * size,
						  PAGE_SIZE) : size + WALK_STEP;
	if (!refill(buf, frag, least, gfp))
		return -ENOMEM;
	if (align)
		leave_gap(buf, frag, prefix, size);
	return append(buf, frag, size, gfp);
}

/* The same, with pages of the buffer's own */
static int begin_own(struct ktls_buf *buf, unsigned int prefix,
		     unsigned int size, bool align, gfp_t gfp)
{
	struct page_frag frag = {};
	int err = begin(buf, &frag, prefix, size, align, gfp);

	if (frag.page)
		put_page(frag.page);
	return err;
}

/**
 * ktls_buf_begin() - append the first bytes of a record
 * @sk: the socket
 * @buf: the buffer
 * @prefix: bytes of the record before its payload
 * @size: bytes, to be written by the caller
 * @align: leave a gap in the buffer's memory if that makes the record cheaper
 * @gfp: how memory may be had
 *
 * The kernel's AEADs walk memory page by page (some of them piece by piece)
 * and take a slow path wherever such a step ends at an offset into the payload
 * that is not a multiple of 16, with ChaCha20 of 64. That path copies the bytes
 * around there into memory that is given back as it is: plaintext would be left
 * behind. So with @align the payload of a record that crosses a page starts at
 * such a multiple. One that does not, or may not, follows the last record
 * directly, and TCP can send both as one fragment. The prefix stands in one piece.
 *
 * Context: socket lock held (its spinlock half will do); may sleep if @gfp says
 * so.
 * Return: as ktls_buf_reserve().
 */
int ktls_buf_begin(struct sock *sk, struct ktls_buf *buf, unsigned int prefix,
		   unsigned int size, bool align, gfp_t gfp)
{
	sock_owned_by_me(sk);
	if (needs_own(buf, gfp))
		return begin_own(buf, prefix, size, align, gfp);
	return begin(buf, sk_page_frag(sk), prefix, size, align, gfp);
}

/**
 * ktls_buf_suits() - may a record be put where others have been?
 * @buf: the buffer
 * @prefix: bytes of the record before its payload
 * @size: bytes, perhaps of several records if they fit into a page
 *
 * Context: socket lock held.
 * Return: true if the head of the buffer is such memory as ktls_buf_begin() gives.
 */
bool ktls_buf_suits(const struct ktls_buf *buf, unsigned int prefix,
		    unsigned int size)
{
	const struct bio_vec *first = buf->seg;

	if (!buf->nsegs || first->bv_len < size)
		return false;
	if (first->bv_offset % PAGE_SIZE + size <= PAGE_SIZE)
		return true;
	return size > PAGE_SIZE && (first->bv_offset + prefix) % WALK_STEP == 0;
}

/**
 * ktls_buf_consume() - drop bytes at the head
 * @sk: the socket
 * @buf: the buffer
 * @size: bytes; somebody else has references to their pages now
 *
 * Context: socket lock held.
 */
void ktls_buf_consume(struct sock *sk, struct ktls_buf *buf, unsigned int size)
{
	struct bio_vec *seg = buf->seg;
	unsigned int left = size;

	sock_owned_by_me(sk);
	while (left && left >= seg->bv_len) {
		left -= seg->bv_len;
		piece_wipe(buf, seg, seg->bv_len);
		piece_put(seg++);
	}
	if (left) {
		piece_wipe(buf, seg, left);
		seg->bv_offset += left;
		seg->bv_len -= left;
	}

	buf->size -= size;
	buf->nsegs -= seg - buf->seg;
	if (buf->nsegs && seg != buf->seg)
		memmove(buf->seg, seg, buf->nsegs * sizeof(*seg));
}

/* Bytes from the peer must not make TCP shrink the send buffer */
static bool may_charge(struct sock *sk, const struct ktls_buf *buf, int size)
{
	if (!buf->private)
		return sk_wmem_schedule(sk, size);
	return size <= sk->sk_forward_alloc ||
	       __sk_mem_schedule(sk, size, SK_MEM_RECV);
}

/**
 * ktls_buf_account_change() - ktls_buf_account(), if there is something to do
 * @sk: the socket
 * @buf: the buffer
 *
 * Context: process, socket lock held.
 * Return: as ktls_buf_account().
 */
bool ktls_buf_account_change(struct sock *sk, struct ktls_buf *buf)
{
	sock_owned_by_me(sk);
	give_room_back(buf);
	if (buf->size > buf->charged) {
		if (!may_charge(sk, buf, buf->size - buf->charged))
			return false;
		sk_mem_charge(sk, buf->size - buf->charged);
	} else if (buf->size < buf->charged) {
		sk_mem_uncharge(sk, buf->charged - buf->size);
	}
	buf->charged = buf->size;
	return true;
}

/**
 * ktls_buf_release() - wipe and drop everything
 * @sk: the socket
 * @buf: the buffer; nobody else holds its bytes
 *
 * Context: socket lock held.
 */
void ktls_buf_release(struct sock *sk, struct ktls_buf *buf)
{
	ktls_buf_trim(sk, buf, buf->size);
	ktls_buf_account(sk, buf);
}

/**
 * ktls_pos_put() - write bytes into a buffer
 * @pos: where, reserved before; goes on behind them
 * @data: what
 * @size: bytes
 *
 * Context: socket lock held.
 */
void ktls_pos_put(struct ktls_pos *pos, const void *data, unsigned int size)
{
	while (size) {
		unsigned int n = size;
		void *span = ktls_pos_next(pos, &n);

		memcpy(span, data, n);
		data += n;
		size -= n;
	}
}

/**
 * ktls_pos_write() - write bytes into a buffer
 * @pos: where, reserved before
 * @data: what
 * @size: bytes
 *
 * Context: socket lock held.
 */
void ktls_pos_write(struct ktls_pos pos, const void *data, unsigned int size)
{
	ktls_pos_put(&pos, data, size);
}

/**
 * ktls_pos_copy_from_iter() - copy the caller's plaintext into a buffer
 * @pos: where, reserved before
 * @size: bytes
 * @iter: advanced by @size, or not at all
 *
 * Context: process, socket lock held, may fault.
 * Return: 0, or -EFAULT; then @iter is as it was, and what was copied remains
 * in reserved memory that the caller trims.
 */
int ktls_pos_copy_from_iter(struct ktls_pos pos, unsigned int size,
			    struct iov_iter *iter)
{
	unsigned int left = size;

	while (left) {
		unsigned int n = min(left, ktls_pos_left(pos));
		/* No object of the kernel's, whose size wanted to be looked up */
		size_t copied = _copy_from_iter(ktls_pos_data(pos), n, iter);

		left -= copied;
		if (copied < n) {
			iov_iter_revert(iter, size - left);
			return -EFAULT;
		}
		pos = (struct ktls_pos){ .seg = pos.seg + 1 };
	}
	return 0;
}

/**
 * ktls_pos_read() - read bytes from a buffer
 * @pos: where; goes on behind them
 * @data: where to
 * @size: bytes
 *
 * Context: socket lock held.
 */
void ktls_pos_read(struct ktls_pos *pos, void *data, unsigned int size)
{
	while (size) {
		unsigned int n = size;
		const void *span = ktls_pos_next(pos, &n);

		memcpy(data, span, n);
		data += n;
		size -= n;
	}
}

/**
 * ktls_pos_copy_to_iter() - copy plaintext to the reader
 * @pos: where from
 * @size: bytes
 * @iter: where to, advanced by what was copied
 *
 * Context: process, socket lock held, may fault.
 * Return: bytes copied, fewer than @size if the reader's memory is bad.
 */
unsigned int ktls_pos_copy_to_iter(struct ktls_pos pos, unsigned int size,
				   struct iov_iter *iter)
{
	unsigned int done = 0;

	while (done < size) {
		unsigned int n = size - done;
		const void *span = ktls_pos_next(&pos, &n);
		/* As in ktls_pos_copy_from_iter() */
		unsigned int copied = _copy_to_iter(span, n, iter);

		done += copied;
		if (copied < n)
			break;
	}
	return done;
}
