/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_SOCKOPT_H
#define KTLS_SOCKOPT_H

#include <linux/sockptr.h>

struct sock;

int ktls_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int ktls_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen);

#endif
