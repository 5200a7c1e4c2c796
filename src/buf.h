/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_BUF_H
#define KTLS_BUF_H

#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/types.h>

struct iov_iter;
struct sock;

/*
 * Pieces a buffer may have: room for the largest control message when memory
 * comes in single pages, behind an open record.
 */
#define KTLS_BUF_SEGS 40

/* Pieces for which there is room in the buffer itself */
#define KTLS_BUF_FEW 2

/* Pieces that one record may need: 16 KiB and its framing in single pages */
#define KTLS_BUF_RECORD_SEGS 8

/**
 * struct ktls_buf - a queue of bytes in pages of ours
 * @seg: where the bytes are; each piece holds one reference to its page. Either
 *	@few or, until the buffer is empty, an array of KTLS_BUF_SEGS
 * @few: enough for most calls, and for idle sockets
 * @nsegs: pieces in use
 * @size: bytes in all pieces
 * @charged: bytes that the socket is charged for
 * @private: nobody else may see the bytes: they are wiped when they leave
 *
 * Bytes are appended at the tail and leave at the head. The caller serialises
 * with the socket lock. They come from the page (most often eight of them) that
 * TCP takes its own from, which belongs to the task: an idle socket holds none.
 * Bytes that somebody else (TCP, a tap, a receiver on loopback) may see are
 * written again only when nobody has a reference to their page.
 */
struct ktls_buf {
	struct bio_vec *seg;
	struct bio_vec few[KTLS_BUF_FEW];
	unsigned int nsegs;
	unsigned int size;
	unsigned int charged;
	bool private;
};

/**
 * struct ktls_pos - a place in a buffer
 * @seg: the piece
 * @skip: bytes before the place in that piece
 */
struct ktls_pos {
	const struct bio_vec *seg;
	size_t skip;
};

void ktls_buf_init(struct ktls_buf *buf, bool private);
int ktls_buf_begin(struct sock *sk, struct ktls_buf *buf, unsigned int prefix,
		   unsigned int size, bool align, gfp_t gfp);
int ktls_buf_reserve(struct sock *sk, struct ktls_buf *buf, unsigned int size,
		     gfp_t gfp);
void ktls_buf_end_page(struct sock *sk);
void ktls_buf_trim(struct sock *sk, struct ktls_buf *buf, unsigned int size);
bool ktls_buf_suits(const struct ktls_buf *buf, unsigned int prefix,
		    unsigned int size);
void ktls_buf_consume(struct sock *sk, struct ktls_buf *buf, unsigned int size);
bool ktls_buf_account_change(struct sock *sk, struct ktls_buf *buf);
void ktls_buf_release(struct sock *sk, struct ktls_buf *buf);

/**
 * ktls_buf_account() - charge the socket for what stays in the buffer, and give
 * back what an empty one does not need
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
static inline bool ktls_buf_account(struct sock *sk, struct ktls_buf *buf)
{
	return (buf->size == buf->charged && buf->seg == buf->few) ||
	       ktls_buf_account_change(sk, buf);
}

/**
 * ktls_buf_crowded() - is there perhaps no room for one more record?
 * @buf: the buffer
 *
 * Context: socket lock held.
 * Return: true if what is in the buffer should go first.
 */
static inline bool ktls_buf_crowded(const struct ktls_buf *buf)
{
	return buf->nsegs > KTLS_BUF_SEGS - KTLS_BUF_RECORD_SEGS;
}

static inline bool ktls_pos_equal(struct ktls_pos a, struct ktls_pos b)
{
	return a.seg == b.seg && a.skip == b.skip;
}

void ktls_pos_put(struct ktls_pos *pos, const void *data, unsigned int size);
void ktls_pos_write(struct ktls_pos pos, const void *data, unsigned int size);
int ktls_pos_copy_from_iter(struct ktls_pos pos, unsigned int size,
			    struct iov_iter *iter);
void ktls_pos_read(struct ktls_pos *pos, void *data, unsigned int size);
unsigned int ktls_pos_copy_to_iter(struct ktls_pos pos, unsigned int size,
				   struct iov_iter *iter);

/**
 * ktls_pos_skip() - find a byte behind another one
 * @pos: a place
 * @size: bytes from there; the buffer has more
 *
 * Context: socket lock held; the place is good until the buffer changes.
 * Return: where the byte is.
 */
static inline struct ktls_pos ktls_pos_skip(struct ktls_pos pos,
					    unsigned int size)
{
	pos.skip += size;
	while (pos.skip >= pos.seg->bv_len)
		pos.skip -= (pos.seg++)->bv_len;
	return pos;
}

/**
 * ktls_buf_at() - find a byte
 * @buf: the buffer
 * @offset: from the head, less than the buffer's size
 *
 * Context: socket lock held; the place is good until the buffer changes.
 * Return: where the byte is.
 */
static inline struct ktls_pos ktls_buf_at(const struct ktls_buf *buf,
					  unsigned int offset)
{
	return ktls_pos_skip((struct ktls_pos){ .seg = buf->seg }, offset);
}

/**
 * ktls_pos_data() - the bytes at a place
 * @pos: the place
 *
 * Context: any.
 * Return: the bytes, as far as the piece goes.
 */
static inline void *ktls_pos_data(struct ktls_pos pos)
{
	return page_address(pos.seg->bv_page) + pos.seg->bv_offset + pos.skip;
}

/**
 * ktls_pos_left() - how far does the piece go?
 * @pos: the place
 *
 * Context: any.
 * Return: bytes from there on that stand in one piece.
 */
static inline unsigned int ktls_pos_left(struct ktls_pos pos)
{
	return pos.seg->bv_len - pos.skip;
}

/**
 * ktls_pos_next() - step through the bytes of a buffer
 * @pos: a place; goes on behind the bytes returned
 * @size: bytes wanted; cut to those that stand in one piece
 *
 * Context: socket lock held.
 * Return: the bytes at @pos.
 */
static inline void *ktls_pos_next(struct ktls_pos *pos, unsigned int *size)
{
	const struct bio_vec *seg = pos->seg;
	void *span = ktls_pos_data(*pos);

	*size = min(*size, ktls_pos_left(*pos));
	pos->skip += *size;
	if (pos->skip == seg->bv_len) {
		pos->seg++;
		pos->skip = 0;
	}
	return span;
}

#endif
