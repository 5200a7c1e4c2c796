/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_PROTO_H
#define KTLS_PROTO_H

#include <net/sock.h>

/**
 * struct ktls_base - the tables of one address family
 * @prot: TCP's own struct proto
 * @ops: TCP's own struct proto_ops
 * @ktls_prot: copy of @prot with our callbacks
 * @ktls_ops: copy of @ops with our callbacks
 *
 * Made once, never changed again, never freed while the module is loaded.
 */
struct ktls_base {
	struct proto *prot;
	const struct proto_ops *ops;
	struct proto ktls_prot;
	struct proto_ops ktls_ops;
};

/* base.c */
const struct ktls_base *ktls_base_find(const struct sock *sk);
void ktls_base_install(struct sock *sk, const struct ktls_base *base);
void ktls_base_restore(struct sock *sk, const struct ktls_base *base);

/* proto.c */
void ktls_proto_fill(struct ktls_base *base);

/* Callbacks whose shape depends on the kernel end here, see compat/proto.c */
void ktls_splice_eof(struct socket *sock);
int ktls_queue_length(struct sock *sk, int cmd);
int ktls_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags);
bool ktls_receives(const struct sock *sk);

#endif
