// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for records: a queue of bytes in pages.
 *
 * Records are built one behind the other in order-3 pages (single ones when
 * memory is short), so that one record is one or two pieces for the AEAD and
 * for TCP. Nothing is allocated per record.
 */
#include "buf.h"

#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <net/sock.h>

/* The step of the AEADs' walks, see ktls_buf_begin() */
#define WALK_STEP 16

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

/**
 * ktls_buf_begin() - choose where the next record starts
 * @sk: the socket
 * @buf: the buffer
 * @prefix: bytes of the record before its payload
 * @size: bytes the record is expected to have
 * @align: leave a gap in the buffer's memory if that makes the record cheaper
 *
 * The kernel's AEADs walk memory page by page (some of them piece by piece)
 * and take a slow path wherever such a step ends at an offset into the payload
 * that is not a multiple of 16. So with @align the payload of a record that
 * crosses a page starts at a multiple of 16. One that does not, or may not,
 * follows the last record directly, and TCP can send both as one fragment.
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: 0, or -ENOMEM with nothing changed.
 */
int ktls_buf_begin(struct sock *sk, struct ktls_buf *buf, unsigned int prefix,
		   unsigned int size, bool align)
{
	unsigned int least = align ? prefix + 2 * WALK_STEP : 1;
	struct page_frag *frag = sk_page_frag(sk);

	sock_owned_by_me(sk);
	if (!skb_page_frag_refill(least, frag, sk->sk_allocation))
		return -ENOMEM;

	if (align && frag->offset % PAGE_SIZE + size > PAGE_SIZE)
		frag->offset = ALIGN(frag->offset + prefix, WALK_STEP) - prefix;
	return 0;
}

/* Append up to @size bytes that are free in the current page. Returns how many */
static unsigned int take_from_frag(struct ktls_buf *buf, struct page_frag *frag,
				   unsigned int size)
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

static int append(struct sock *sk, struct ktls_buf *buf, unsigned int size)
{
	struct page_frag *frag = sk_page_frag(sk);

	while (size) {
		if (buf->nsegs == KTLS_BUF_SEGS)
			return -ENOBUFS;
		if ((!frag->page || frag->offset == frag->size) &&
		    !skb_page_frag_refill(1, frag, sk->sk_allocation))
			return -ENOMEM;
		size -= take_from_frag(buf, frag, size);
	}
	return 0;
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
	struct page_frag *frag = sk_page_frag(sk);

	sock_owned_by_me(sk);
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
 * ktls_buf_reserve() - append bytes of a record, to be written by the caller
 * @sk: the socket
 * @buf: the buffer
 * @size: bytes
 *
 * Context: process, socket lock held, may sleep for memory.
 * Return: 0, or with nothing changed -ENOMEM or -ENOBUFS (the buffer has no room
 * for more pieces).
 */
int ktls_buf_reserve(struct sock *sk, struct ktls_buf *buf, unsigned int size)
{
	unsigned int before = buf->size;
	int err;

	sock_owned_by_me(sk);
	err = append(sk, buf, size);
	if (err)
		ktls_buf_trim(sk, buf, buf->size - before);
	return err;
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
		piece_put(seg++);
	}
	if (left) {
		seg->bv_offset += left;
		seg->bv_len -= left;
	}

	buf->nsegs -= seg - buf->seg;
	memmove(buf->seg, seg, buf->nsegs * sizeof(*seg));
	buf->size -= size;
}

/**
 * ktls_buf_account() - charge the socket for what stays in the buffer
 * @sk: the socket
 * @buf: the buffer
 *
 * To be called before the lock is released. What comes and goes under the lock
 * is TCP's to charge: a socket may send whenever TCP would let it.
 *
 * Context: process, socket lock held.
 * Return: true; or false if there is more in the buffer than the socket's share
 * of memory allows, which then is not charged.
 */
bool ktls_buf_account(struct sock *sk, struct ktls_buf *buf)
{
	sock_owned_by_me(sk);
	if (buf->size > buf->charged) {
		if (!sk_wmem_schedule(sk, buf->size - buf->charged))
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
 * ktls_buf_crowded() - is there perhaps no room for one more record?
 * @buf: the buffer
 *
 * Context: socket lock held.
 * Return: true if what is in the buffer should go first.
 */
bool ktls_buf_crowded(const struct ktls_buf *buf)
{
	return buf->nsegs > KTLS_BUF_SEGS - KTLS_BUF_RECORD_SEGS;
}

/**
 * ktls_buf_at() - find a byte
 * @buf: the buffer
 * @offset: from the head, less than the buffer's size
 *
 * Context: socket lock held; the place is good until the buffer changes.
 * Return: where the byte is.
 */
struct ktls_pos ktls_buf_at(const struct ktls_buf *buf, unsigned int offset)
{
	const struct bio_vec *seg = buf->seg;

	while (offset >= seg->bv_len)
		offset -= (seg++)->bv_len;
	return (struct ktls_pos){ .seg = seg, .skip = offset };
}

/* The bytes at @pos up to the end of the piece, then @pos goes to the next one */
static void *next_span(struct ktls_pos *pos, unsigned int *size)
{
	const struct bio_vec *seg = pos->seg++;
	void *span = piece_data(seg) + pos->skip;

	*size = min(*size, seg->bv_len - pos->skip);
	pos->skip = 0;
	return span;
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
	while (size) {
		unsigned int n = size;
		void *span = next_span(&pos, &n);

		memcpy(span, data, n);
		data += n;
		size -= n;
	}
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
	unsigned int done = 0;

	while (done < size) {
		unsigned int n = size - done;
		void *span = next_span(&pos, &n);
		size_t copied = copy_from_iter(span, n, iter);

		done += copied;
		if (copied < n) {
			iov_iter_revert(iter, done);
			return -EFAULT;
		}
	}
	return 0;
}
