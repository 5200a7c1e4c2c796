// SPDX-License-Identifier: GPL-2.0
/* 6.5 made the last argument of proto.ioctl a kernel pointer */
#include <net/sock.h>

static int ktls_probe_ioctl(struct sock *sk, int cmd, int *karg)
{
	return 0;
}

struct proto ktls_probe = {
	.ioctl = ktls_probe_ioctl,
};
