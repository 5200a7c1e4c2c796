// SPDX-License-Identifier: GPL-2.0
/* 6.12 moved <asm/unaligned.h> to <linux/unaligned.h> */
#include <linux/unaligned.h>

u16 ktls_probe(const void *p);
u16 ktls_probe(const void *p)
{
	return get_unaligned_be16(p);
}
