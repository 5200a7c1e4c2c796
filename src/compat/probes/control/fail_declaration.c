// SPDX-License-Identifier: GPL-2.0
/* Control: a function that no header declares must be a "no" */
#include <net/tcp.h>

int ktls_probe(struct sock *sk);
int ktls_probe(struct sock *sk)
{
	return ktls_declared_nowhere(sk);
}
