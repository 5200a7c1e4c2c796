/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_ULP_H
#define KTLS_ULP_H

#include <linux/types.h>

struct sk_buff;
struct sock;

int ktls_ulp_register(void);
void ktls_ulp_unregister(void);
void ktls_ulp_close(struct sock *sk, long timeout);
int ktls_ulp_get_info(struct sock *sk, struct sk_buff *skb, bool net_admin);
size_t ktls_ulp_get_info_size(const struct sock *sk, bool net_admin);

#endif
