// SPDX-License-Identifier: GPL-2.0
/*
 * To tell TCP what has been read, where it wants to be asked for it.
 */
#include "tcp_read.h"

#ifndef KTLS_HAVE_TCP_READ_DONE

/* An actor for tcp_read_sock() that has seen the bytes already */
static int skip_bytes(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	size_t n = min(len, desc->count);

	desc->count -= n;
	return n;
}

void ktls_tcp_read_done(struct sock *sk, size_t size)
{
	read_descriptor_t desc = { .count = size };

	tcp_read_sock(sk, &desc, skip_bytes);
}

#endif
