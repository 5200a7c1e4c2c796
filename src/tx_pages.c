// SPDX-License-Identifier: GPL-2.0
/*
 * Full records of data, sealed from the pages that the plaintext is in: those of
 * a file or of a pipe. All others are copied.
 *
 * Somebody may write to these pages meanwhile. Then a byte is sealed as it was or
 * as it has become, and the record is authentic all the same: see
 * ktls_aead_seal(). Nobody reads them when the call has returned.
 */
#include "aead.h"
#include "buf.h"
#include "cipher.h"
#include "context.h"
#include "key.h"
#include "record.h"
#include "tx.h"
#include "compat/tcp_send.h"

#include <linux/ktls.h>
#include <linux/mm.h>
#include <linux/uio.h>

/* Shorter ones are copied sooner */
#define PAGES_MIN 4096

/* Is the cipher one that may be given pages which change? */
static bool may_read(const struct ktls_cipher *cipher)
{
	return cipher->step && !cipher->ccm;
}

/*
 * Describe @len bytes of the iterator. All pieces are of whole blocks: AEADs take
 * a slow path for other ones that leaves plaintext in memory. Returns the piece
 * behind, for the content type, or NULL if these are not such pieces.
 */
static struct bio_vec *map(struct bio_vec *piece, const struct iov_iter *from,
			   unsigned int len, unsigned int step)
{
	struct ktls_pos pos = { .seg = from->bvec, .skip = from->iov_offset };
	const struct bio_vec *last = piece + KTLS_AEAD_PIECES - 1;

	while (len) {
		unsigned int n = min(len, ktls_pos_left(pos));

		if (piece == last || !n || n % step ||
		    PageHighMem(pos.seg->bv_page))
			return NULL;
		*piece++ = (struct bio_vec){
			.bv_page = pos.seg->bv_page, .bv_len = n,
			.bv_offset = pos.seg->bv_offset + pos.skip,
		};
		len -= n;
		pos = (struct ktls_pos){ .seg = pos.seg + 1 };
	}
	return piece;
}

/*
 * Room for the record. If it is of whole pages it has them for itself, where it may,
 * for most often it is in whole pages of a file: a walk that stops at the pages of
 * both stops half as often. Its prefix stays with the last record's end, so that
 * TCP has no more fragments of it.
 */
static int begin(struct ktls_context *ctx, unsigned int len)
{
	const struct ktls_epoch *epoch = &ctx->tx.key->epoch;
	unsigned int prefix = ktls_record_prefix(epoch);
	struct ktls_buf *buf = &ctx->tx.buf;
	gfp_t gfp = ctx->sk->sk_allocation;
	int err;

	if (len % PAGE_SIZE || !ktls_tcp_send_takes_gaps(ctx->sk))
		return ktls_tx_begin(ctx, len);

	err = ktls_buf_begin(ctx->sk, buf, prefix, prefix, false, gfp);
	if (err)
		return err;
	ktls_buf_end_page(ctx->sk);
	err = ktls_buf_reserve(ctx->sk, buf, len + ktls_record_suffix(epoch),
			       gfp);
	if (err)
		ktls_buf_trim(ctx->sk, buf, prefix);
	return err;
}

/**
 * ktls_tx_seal_pages() - seal a record from the pages where its plaintext is
 * @ctx: the context, without an open record
 * @from: where they are; advanced
 * @len: bytes of plaintext
 *
 * Context: process, socket lock held, may sleep.
 * Return: 1; 0 if nothing has happened, for these are not pages, or not worth it;
 * or an error as of ktls_buf_begin(), also with nothing changed, or ktls_tx_seal().
 */
int ktls_tx_seal_pages(struct ktls_context *ctx, struct iov_iter *from,
		       unsigned int len)
{
	const struct ktls_epoch *epoch = &ctx->tx.key->epoch;
	const struct ktls_buf *buf = &ctx->tx.buf;
	struct bio_vec piece[KTLS_AEAD_PIECES] __uninitialized;
	struct bio_vec *type;
	struct ktls_pos pos;
	int err;

	if (!iov_iter_is_bvec(from) || len < PAGES_MIN ||
	    !may_read(epoch->cipher))
		return 0;
	type = map(piece, from, len, epoch->cipher->step);
	if (!type)
		return 0;
	err = begin(ctx, len);
	if (err)
		return err;

	pos = ktls_buf_at(buf, buf->size - ktls_record_suffix(epoch));
	*type = (struct bio_vec){
		.bv_page = pos.seg->bv_page, .bv_len = 1,
		.bv_offset = pos.seg->bv_offset + pos.skip,
	};
	err = ktls_tx_seal(ctx, KTLS_TYPE_DATA,
			   &(struct ktls_pos){ .seg = piece }, len);
	if (err)
		return err;
	iov_iter_advance(from, len);
	return 1;
}
