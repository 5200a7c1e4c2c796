/* SPDX-License-Identifier: GPL-2.0 */
/* A fuzzer's bytes, taken one after the other; zeros behind the last one. */
#ifndef KTLS_TESTS_FUZZ_INPUT_H
#define KTLS_TESTS_FUZZ_INPUT_H

#include <stdlib.h>
#include <string.h>

#include "../peer/check.h"
#include "../peer/types.h"

struct input {
	const u8 *at;
	size_t left;
};

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static inline void input_take(struct input *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memset(to, 0, n);
	memcpy(to, in->at, have);
	in->at += have;
	in->left -= have;
}

static inline u8 input_byte(struct input *in)
{
	u8 byte;

	input_take(in, &byte, 1);
	return byte;
}

static inline u16 input_u16(struct input *in)
{
	u8 bytes[2];

	input_take(in, bytes, 2);
	return bytes[0] << 8 | bytes[1];
}

/* Memory of exactly so many bytes: the sanitizer sees the first one too many. */
static inline u8 *input_exactly(struct input *in, size_t n)
{
	u8 *bytes = malloc(n);

	CHECK(bytes);
	input_take(in, bytes, n);
	return bytes;
}

#endif
