// SPDX-License-Identifier: GPL-2.0
#include "dice.h"

/* splitmix64, public domain */
#define STEP 0x9e3779b97f4a7c15

u64 mix(u64 x)
{
	x += STEP;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

struct dice dice_of(u64 seed, u64 what)
{
	return (struct dice){ mix(seed ^ mix(what)) };
}

u32 roll_any(struct dice *d)
{
	u32 n = mix(d->state) >> 32;

	d->state += STEP;
	return n;
}

u32 roll(struct dice *d, u32 n)
{
	return roll_any(d) % n;
}

bool chance(struct dice *d, u32 n)
{
	return !roll(d, n);
}

void roll_bytes(struct dice *d, void *to, size_t len)
{
	u8 *p = to;

	while (len--)
		*p++ = roll_any(d);
}
