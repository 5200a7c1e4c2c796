/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_TCP_READ_H
#define KTLS_COMPAT_TCP_READ_H

#include <linux/types.h>
#include <net/tcp.h>

#ifdef KTLS_HAVE_TCP_READ_DONE

/**
 * ktls_tcp_read_done() - bytes of TCP's queue have been read
 * @sk: the socket, without an urgent mark
 * @size: bytes, all of which are there
 *
 * Context: socket lock held (its spinlock half will do).
 */
static inline void ktls_tcp_read_done(struct sock *sk, size_t size)
{
	tcp_read_done(sk, size);
}

#else

void ktls_tcp_read_done(struct sock *sk, size_t size);

#endif

#endif
