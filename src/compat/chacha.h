/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_CHACHA_H
#define KTLS_COMPAT_CHACHA_H

#include <crypto/chacha.h>

/* The state of ChaCha is a structure, or the array in it */
#ifdef KTLS_HAVE_CHACHA_STATE

#define ktls_chacha_words(state) (state)

#else

struct chacha_state {
	u32 x[16];
};

#define ktls_chacha_words(state) ((state)->x)

#endif

static inline void ktls_chacha_init(struct chacha_state *state, const u32 *key,
				    const u8 *iv)
{
	chacha_init(ktls_chacha_words(state), key, iv);
}

static inline void ktls_chacha_crypt(struct chacha_state *state, u8 *to,
				     const u8 *from, unsigned int size)
{
	chacha20_crypt(ktls_chacha_words(state), to, from, size);
}

#endif
