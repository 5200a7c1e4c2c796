/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_TX_H
#define KTLS_TX_H

#include <linux/types.h>

struct iov_iter;
struct ktls_context;
struct ktls_key;
struct ktls_pos;
struct msghdr;
struct sock;
struct work_struct;

/**
 * struct ktls_send - what one call wants besides its bytes
 * @type: content type; anything but data makes it a control message
 * @control: message whose control buffer TCP shall see with the last of these
 *	bytes (it asks for timestamps), or NULL
 */
struct ktls_send {
	u8 type;
	struct msghdr *control;
};

int ktls_tx_register(void);
void ktls_tx_unregister(void);
void ktls_tx_init(struct ktls_context *ctx);
void ktls_tx_destroy(struct ktls_context *ctx);
int ktls_tx_set_key(struct ktls_context *ctx, struct ktls_key *key);
int ktls_tx_sendmsg(struct ktls_context *ctx, struct msghdr *msg, size_t size);
int ktls_tx_cmsg(struct sock *sk, struct msghdr *msg, struct ktls_send *send);
int ktls_tx_limit(struct ktls_context *ctx, u8 type, unsigned int records);
int ktls_tx_begin(struct ktls_context *ctx, unsigned int len);

int ktls_tx_seal(struct ktls_context *ctx, u8 type, const struct ktls_pos *from,
		 unsigned int len);
int ktls_tx_seal_open(struct ktls_context *ctx);
int ktls_tx_seal_pages(struct ktls_context *ctx, struct iov_iter *from,
		       unsigned int len);
int ktls_tx_push(struct ktls_context *ctx, int flags, struct msghdr *control);
int ktls_tx_flush(struct ktls_context *ctx);
unsigned int ktls_tx_unsent(const struct ktls_context *ctx);
void ktls_tx_seal_later(struct ktls_context *ctx);
void ktls_tx_work(struct work_struct *work);

#endif
