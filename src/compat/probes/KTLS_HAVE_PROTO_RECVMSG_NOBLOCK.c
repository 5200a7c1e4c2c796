// SPDX-License-Identifier: GPL-2.0
/* 5.19 took the noblock argument out of proto.recvmsg */
#include <net/sock.h>

static int ktls_probe_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			      int noblock, int flags, int *addr_len)
{
	return 0;
}

struct proto ktls_probe = {
	.recvmsg = ktls_probe_recvmsg,
};
