// SPDX-License-Identifier: GPL-2.0
/*
 * Ways out of the socket besides recvmsg: splice, and read_sock for readers in
 * the kernel.
 */
#include "buf.h"
#include "context.h"
#include "record.h"
#include "rx.h"

#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/skbuff.h>
#include <linux/splice.h>
#include <net/sock.h>

#define RECORD_PAGES DIV_ROUND_UP(KTLS_RECORD_PAYLOAD_MAX, PAGE_SIZE)

/* A page that the pipe did not take: nobody has seen its plaintext */
static void put_spd_page(struct splice_pipe_desc *spd, unsigned int i)
{
	clear_page(page_address(spd->pages[i]));
	put_page(spd->pages[i]);
}

/* Copy plaintext to pages that the pipe may keep. Returns bytes copied */
static unsigned int fill_pages(struct splice_pipe_desc *spd,
			       struct ktls_pos pos, unsigned int size)
{
	unsigned int done = 0;

	while (done < size && spd->nr_pages < RECORD_PAGES) {
		unsigned int n = min_t(unsigned int, size - done, PAGE_SIZE);
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			break;
		ktls_pos_read(&pos, page_address(page), n);
		spd->pages[spd->nr_pages] = page;
		spd->partial[spd->nr_pages++] = (struct partial_page){
			.len = n,
		};
		done += n;
	}
	return done;
}

static ssize_t splice_record(struct ktls_context *ctx,
			     struct pipe_inode_info *pipe, size_t len)
{
	const struct ktls_rx_record *record = &ctx->rx.record[0];
	struct page *pages[RECORD_PAGES];
	struct partial_page partial[RECORD_PAGES];
	struct splice_pipe_desc spd = {
		.pages = pages,
		.partial = partial,
		.nr_pages_max = RECORD_PAGES,
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = put_spd_page,
	};
	struct ktls_pos pos = ktls_buf_at(&ctx->rx.buf,
					   ctx->rx.given + record->skip);
	ssize_t spliced;

	if (!fill_pages(&spd, pos, min_t(size_t, len, record->len)))
		return -ENOMEM;
	/* The pipe may be too short for all of it: the rest stays in the record */
	spliced = splice_to_pipe(pipe, &spd);
	if (spliced > 0)
		ktls_rx_consume(ctx, spliced);
	return spliced;
}

/* Have a record of data for the reader: as ktls_rx_get(), others are -EINVAL */
static int get_data(struct ktls_context *ctx, struct ktls_recv *recv)
{
	int ret = ktls_rx_get(ctx, recv);

	if (ret > 0 && ctx->rx.record[0].type != KTLS_TYPE_DATA)
		return -EINVAL;
	return ret;
}

/**
 * ktls_rx_splice() - splice from a socket that has an RX key
 * @ctx: the context
 * @pipe: where to, locked by the caller
 * @len: bytes wanted
 * @nonblock: do not wait
 *
 * Context: process, socket lock held; released while waiting.
 * Return: bytes of one record of data, 0 at the end of the stream, or an error:
 * -EINVAL for another record (which stays), -EAGAIN, -ENOMEM, or as
 * ktls_rx_recvmsg().
 */
ssize_t ktls_rx_splice(struct ktls_context *ctx, struct pipe_inode_info *pipe,
		       size_t len, bool nonblock)
{
	struct ktls_recv recv = {
		.len = len,
		.target = 1,
		.timeo = sock_rcvtimeo(ctx->sk, nonblock),
	};
	ssize_t ret;

	if (!len)
		return 0;
	ret = get_data(ctx, &recv);
	if (ret > 0)
		ret = splice_record(ctx, pipe, len);
	if (ret > 0) {
		recv.started = true;
		recv.copied = ret;
	}
	ktls_rx_done(ctx, &recv);
	return ret;
}

/* Show the rest of a record to the actor. Returns the bytes it took */
static int act(struct ktls_context *ctx, read_descriptor_t *desc,
	       sk_read_actor_t actor)
{
	const struct ktls_rx_record *record = &ctx->rx.record[0];
	struct ktls_pos pos = ktls_buf_at(&ctx->rx.buf,
					   ctx->rx.given + record->skip);
	unsigned int len = record->len;
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
	void *data;
	int used;

	if (!skb)
		return -ENOMEM;
	data = skb_put(skb, len);
	ktls_pos_read(&pos, data, len);
	used = actor(desc, skb, 0, len);
	if (!skb_shared(skb) && !skb_cloned(skb))
		memzero_explicit(data, len);
	consume_skb(skb);
	return used;
}

/**
 * ktls_rx_read_sock() - give records to a reader in the kernel
 * @ctx: the context
 * @desc: what the reader wants
 * @actor: takes the bytes
 *
 * Context: process, socket lock held by the caller; never waits for data.
 * Return: bytes taken, or an error: -EOPNOTSUPP in softirq (opening a record may
 * sleep), -EINVAL for a record that is not data (it stays), or as
 * ktls_rx_recvmsg().
 */
int ktls_rx_read_sock(struct ktls_context *ctx, read_descriptor_t *desc,
		      sk_read_actor_t actor)
{
	struct ktls_recv recv = { .target = 1 };
	int ret = 0;

	if (!in_task() || !sock_owned_by_user_nocheck(ctx->sk))
		return -EOPNOTSUPP;

	while (desc->count) {
		ret = get_data(ctx, &recv);
		if (ret > 0)
			ret = act(ctx, desc, actor);
		if (ret <= 0)
			break;
		recv.copied += ret;
		ktls_rx_consume(ctx, ret);
	}
	ktls_rx_done(ctx, &recv);
	return recv.copied ?: ret;
}
