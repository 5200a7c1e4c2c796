/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_RX_H
#define KTLS_RX_H

#include <linux/fs.h>
#include <linux/net.h>
#include <linux/types.h>
#include <net/sock.h>

#include "context.h"

struct iov_iter;
struct ktls_key;
struct msghdr;
struct pipe_inode_info;

/**
 * struct ktls_recv - one call that reads
 * @msg: where to
 * @len: bytes wanted
 * @peek: the bytes stay
 * @target: bytes below which to wait for more
 * @timeo: how long still, jiffies
 * @consumed: ktls_rx.consumed when it was last looked at
 * @since: when the call began, or last slept, jiffies
 * @rounds: records opened and sleeps so far
 * @copied: bytes given
 * @index: the record at hand, 0 unless peeking
 * @type: of the records given
 * @stamp: of the last of them
 * @gave_up: others had to have a turn
 * @started: a record has been given, perhaps an empty one
 */
struct ktls_recv {
	struct msghdr *msg;
	size_t len;
	bool peek;
	size_t target;
	long timeo;
	u32 consumed;
	unsigned long since;
	unsigned int rounds;
	size_t copied;
	unsigned int index;
	u8 type;
	struct ktls_stamp stamp;
	bool gave_up;
	bool started;
};

/* rx.c */
void ktls_rx_init(struct ktls_context *ctx);
void ktls_rx_destroy(struct ktls_context *ctx);
void ktls_rx_set_key(struct ktls_context *ctx, struct ktls_key *key);
int ktls_rx_recvmsg(struct ktls_context *ctx, struct msghdr *msg, size_t len,
		    int flags);
unsigned int ktls_rx_unread(const struct ktls_context *ctx);
int ktls_rx_get(struct ktls_context *ctx, struct ktls_recv *recv);
void ktls_rx_done(struct ktls_context *ctx, const struct ktls_recv *recv);
void ktls_rx_set_lowat(struct ktls_context *ctx, int lowat);
bool ktls_rx_consume(struct ktls_context *ctx, unsigned int n);

/* rx_splice.c */
ssize_t ktls_rx_splice(struct ktls_context *ctx, struct pipe_inode_info *pipe,
		       size_t len, bool nonblock);
int ktls_rx_read_sock(struct ktls_context *ctx, read_descriptor_t *desc,
		      sk_read_actor_t actor);

/* rx_stamp.c */
struct ktls_stamp ktls_rx_find_stamp(const struct ktls_context *ctx,
				     unsigned int size);
void ktls_rx_put_stamp(struct sock *sk, struct msghdr *msg,
		       const struct ktls_stamp *stamp);

/**
 * ktls_rx_stamp() - when did the last of the next bytes arrive?
 * @ctx: the context
 * @size: how many bytes, counted from the first that has not been taken
 *
 * Context: socket lock held.
 * Return: the time, unknown if the socket does not want it.
 */
static inline struct ktls_stamp ktls_rx_stamp(const struct ktls_context *ctx,
					      unsigned int size)
{
	const struct sock *sk = ctx->sk;

	if (likely(!sock_flag(sk, SOCK_RCVTSTAMP) && !READ_ONCE(sk->sk_tsflags)))
		return (struct ktls_stamp){};
	return ktls_rx_find_stamp(ctx, size);
}

/* rx_open.c */
bool ktls_rx_has_room(struct ktls_context *ctx);
int ktls_rx_next(struct ktls_context *ctx, size_t room);
void ktls_rx_pass(struct ktls_context *ctx, unsigned int len);
void ktls_rx_free_records(struct ktls_rx *rx);
void ktls_rx_settle(struct ktls_context *ctx);

/* rx_direct.c */
unsigned int ktls_rx_open_into(struct ktls_context *ctx, struct iov_iter *iter,
			       size_t room);

/* rx_queue.c */
unsigned int ktls_rx_queued(const struct ktls_context *ctx);
void ktls_rx_forget_urgent(struct ktls_context *ctx);
void ktls_rx_tell(struct ktls_context *ctx);
void ktls_rx_tell_in_time(struct ktls_context *ctx);
int ktls_rx_copy(const struct ktls_context *ctx, unsigned int skip, void *to,
		 unsigned int size);
int ktls_rx_copy_to_iter(const struct ktls_context *ctx, unsigned int skip,
			 struct iov_iter *iter, unsigned int size);

/* rx_record.c */
int ktls_rx_look(struct ktls_context *ctx);
void ktls_rx_read_explicit(struct ktls_context *ctx);
int ktls_rx_copy_whole(struct ktls_context *ctx, size_t room);
bool ktls_rx_has_copy(struct ktls_context *ctx);
void ktls_rx_tidy(struct ktls_context *ctx);
void ktls_rx_arrived(struct ktls_context *ctx);
void ktls_rx_frame(struct ktls_context *ctx);
bool ktls_rx_whole(const struct ktls_context *ctx);

/**
 * ktls_rx_tail() - where in the buffer the next record is, or will be
 * @rx: the receiving direction
 *
 * Context: socket lock held.
 * Return: bytes of the buffer before it.
 */
static inline unsigned int ktls_rx_tail(const struct ktls_rx *rx)
{
	return rx->given + rx->opened;
}

#endif
