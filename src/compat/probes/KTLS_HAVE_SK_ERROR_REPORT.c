// SPDX-License-Identifier: GPL-2.0
/* 5.15 added and exported sk_error_report() */
/* export: sk_error_report */
#include <net/sock.h>

void ktls_probe(struct sock *sk);
void ktls_probe(struct sock *sk)
{
	sk_error_report(sk);
}
