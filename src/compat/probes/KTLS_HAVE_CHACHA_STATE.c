// SPDX-License-Identifier: GPL-2.0
/* 6.16 gave the state of ChaCha a type, which had been an array of words */
#include <crypto/chacha.h>

void ktls_probe(struct chacha_state *state, const u32 *key, const u8 *iv);
void ktls_probe(struct chacha_state *state, const u32 *key, const u8 *iv)
{
	chacha_init(state, key, iv);
}
