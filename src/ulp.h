/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_ULP_H
#define KTLS_ULP_H

#include <linux/types.h>

struct sk_buff;
struct sock;
struct socket;

int ktls_ulp_register(void);
void ktls_ulp_unregister(void);
void ktls_ulp_close(struct sock *sk, long timeout);
int ktls_ulp_shutdown(struct sock *sk, int how);
void ktls_ulp_shutdown_failed(struct sock *sk, int how);
int ktls_ulp_get_info(struct sock *sk, struct sk_buff *skb, bool net_admin);
size_t ktls_ulp_get_info_size(const struct sock *sk, bool net_admin);

bool ktls_splice_eof(struct socket *sock);
int ktls_outq(struct sock *sk, int cmd);

#endif
