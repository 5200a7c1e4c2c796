/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that look like chance and follow from a seed. */
#ifndef KTLS_TESTS_DICE_H
#define KTLS_TESTS_DICE_H

#include "../peer/types.h"

struct dice {
	u64 state;
};

/* Neighbours have nothing in common. */
u64 mix(u64 x);
/* what: several of them from one seed have nothing to do with each other */
struct dice dice_of(u64 seed, u64 what);
u32 roll_any(struct dice *d);
/* Less than n */
u32 roll(struct dice *d, u32 n);
/* In one of n cases */
bool chance(struct dice *d, u32 n);
void roll_bytes(struct dice *d, void *to, size_t len);

#endif
