/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_TCP_SEND_H
#define KTLS_COMPAT_TCP_SEND_H

#include <linux/socket.h>

struct bio_vec;
struct sock;

/*
 * Flags that the kernel itself gives to sendmsg(). Where splice comes by
 * sendpage there are none, and those of userspace's invention are refused.
 */
#ifdef KTLS_HAVE_PROTO_SENDPAGE
#define KTLS_MSG_INTERNAL 0
#else
#define KTLS_MSG_INTERNAL MSG_SPLICE_PAGES
#endif

int ktls_tcp_send(struct sock *sk, const struct bio_vec *seg,
		  unsigned int nsegs, size_t size, int flags,
		  struct msghdr *control);
bool ktls_tcp_send_takes_control(void);
bool ktls_tcp_send_takes_gaps(void);

#endif
