// SPDX-License-Identifier: GPL-2.0
/* 5.19 made proto.recvmsg take addr_len last of five; gone by 7.2 */
#include <net/sock.h>

static int ktls_probe_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			      int flags, int *addr_len)
{
	return 0;
}

struct proto ktls_probe = {
	.recvmsg = ktls_probe_recvmsg,
};
