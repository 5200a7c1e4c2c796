// SPDX-License-Identifier: GPL-2.0
/* Control: compiles on every kernel since 5.10, or no answer means anything */
/* export: tcp_register_ulp */
#include <crypto/aead.h>
#include <linux/module.h>
#include <net/tcp.h>

static int ktls_probe_init(struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP ? 0 : -EINVAL;
}

struct tcp_ulp_ops ktls_probe = {
	.name = "probe",
	.owner = THIS_MODULE,
	.init = ktls_probe_init,
};
