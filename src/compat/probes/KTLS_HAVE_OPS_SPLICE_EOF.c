// SPDX-License-Identifier: GPL-2.0
/* 6.5 added proto_ops.splice_eof; maintained 6.1 has it too */
#include <linux/net.h>

static void ktls_probe_splice_eof(struct socket *sock)
{
}

struct proto_ops ktls_probe = {
	.splice_eof = ktls_probe_splice_eof,
};
