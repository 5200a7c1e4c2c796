/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_TESTS_SHIM_UNALIGNED_H
#define KTLS_TESTS_SHIM_UNALIGNED_H

#include <linux/types.h>

static inline u16 get_unaligned_be16(const void *from)
{
	const u8 *p = from;

	return p[0] << 8 | p[1];
}

static inline u64 get_unaligned_be64(const void *from)
{
	const u8 *p = from;
	u64 v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static inline void put_unaligned_be64(u64 v, void *to)
{
	u8 *p = to;
	int i;

	for (i = 0; i < 8; i++)
		p[i] = v >> (56 - 8 * i);
}

static inline void put_unaligned_be16(u16 v, void *to)
{
	u8 *p = to;

	p[0] = v >> 8;
	p[1] = v;
}

#endif
