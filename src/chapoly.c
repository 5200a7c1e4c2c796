// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 (RFC 8439 section 2.8) by the kernel's library. The crypto
 * API calls the same functions, but what its template does around them costs
 * more than they do for a small record.
 */
#include "chapoly.h"
#include "record.h"
#include "compat/chacha.h"

#include <crypto/algapi.h>
#include <crypto/poly1305.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unaligned.h>

/* What the library's widest code computes in one go */
#define STEP (8 * CHACHA_BLOCK_SIZE)

/**
 * struct run - the cipher on its way through a record
 * @poly: has seen the bytes that are authenticated; wiped when it says the tag
 * @chacha: counts the blocks
 * @buf: bytes that are in pieces where they stand, or that go with the first
 *	block of the key stream, which makes the key of Poly1305
 */
struct run {
	struct poly1305_desc_ctx poly;
	struct chacha_state chacha;
	u8 buf[STEP];
};

/**
 * ktls_chapoly_key() - read a key
 * @key: KTLS_CHAPOLY_KEY_WORDS words to write
 * @secret: its CHACHA_KEY_SIZE bytes
 *
 * Context: any.
 */
void ktls_chapoly_key(u32 *key, const u8 *secret)
{
	unsigned int i;

	for (i = 0; i < KTLS_CHAPOLY_KEY_WORDS; i++)
		key[i] = get_unaligned_le32(secret + 4 * i);
}

/*
 * Begin with the first block, and in the same step with as much of the record
 * as fits behind it: the library is slow with a single block. Returns how much,
 * which the caller takes from there to where it belongs.
 */
static unsigned int begin(struct run *run, const struct ktls_chapoly *job,
			  struct ktls_pos *from)
{
	unsigned int n = min_t(unsigned int, job->len, STEP - CHACHA_BLOCK_SIZE);
	u8 aad[POLY1305_BLOCK_SIZE] = {};
	u8 iv[CHACHA_IV_SIZE] = {};

	memcpy(iv + sizeof(iv) - KTLS_NONCE_SIZE, job->nonce, KTLS_NONCE_SIZE);
	ktls_chacha_init(&run->chacha, job->key, iv);
	memset(run->buf, 0, CHACHA_BLOCK_SIZE);
	ktls_pos_read(from, run->buf + CHACHA_BLOCK_SIZE, n);
	ktls_chacha_crypt(&run->chacha, run->buf, run->buf,
			  CHACHA_BLOCK_SIZE + n);

	poly1305_init(&run->poly, run->buf);
	memcpy(aad, job->aad, job->aad_len);
	poly1305_update(&run->poly, aad, sizeof(aad));
	return n;
}

/* Whole blocks where they stand, and those that are torn in the buffer */
static void go_on(struct run *run, struct ktls_pos from, struct ktls_pos to,
		  unsigned int left)
{
	while (left) {
		unsigned int n = min3(ktls_pos_left(from), ktls_pos_left(to),
				      left);

		if (n < left)
			n = round_down(n, CHACHA_BLOCK_SIZE);
		if (n) {
			const u8 *source = ktls_pos_next(&from, &n);

			ktls_chacha_crypt(&run->chacha, ktls_pos_next(&to, &n),
					  source, n);
		} else {
			n = min_t(unsigned int, left, STEP);
			ktls_pos_read(&from, run->buf, n);
			ktls_chacha_crypt(&run->chacha, run->buf, run->buf, n);
			ktls_pos_put(&to, run->buf, n);
		}
		left -= n;
	}
}

/* The tag of the ciphertext at @pos, which goes on behind it */
static void authenticate(struct run *run, const struct ktls_chapoly *job,
			 struct ktls_pos *pos, u8 *tag)
{
	unsigned int pad = -job->len % POLY1305_BLOCK_SIZE;
	u8 end[2 * POLY1305_BLOCK_SIZE] = {};
	unsigned int left = job->len;

	while (left) {
		unsigned int n = left;
		const u8 *ciphertext = ktls_pos_next(pos, &n);

		poly1305_update(&run->poly, ciphertext, n);
		left -= n;
	}
	put_unaligned_le64(job->aad_len, end + pad);
	put_unaligned_le64(job->len, end + pad + sizeof(u64));
	poly1305_update(&run->poly, end, pad + POLY1305_BLOCK_SIZE);
	poly1305_final(&run->poly, tag);
}

/* The keys, and what @size bytes of plaintext have left in the buffer */
static void wipe(struct run *run, unsigned int size)
{
	memzero_explicit(&run->chacha, sizeof(run->chacha) + CHACHA_BLOCK_SIZE +
			 min_t(unsigned int, size, STEP - CHACHA_BLOCK_SIZE));
}

/**
 * ktls_chapoly_seal() - encrypt and authenticate one record
 * @job: the record
 * @from: where the plaintext is
 * @to: where the ciphertext goes: @from itself, or memory apart from it; behind
 *	it is room for the tag
 *
 * Context: process.
 */
void ktls_chapoly_seal(const struct ktls_chapoly *job, struct ktls_pos from,
		       struct ktls_pos to)
{
	u8 tag[POLY1305_DIGEST_SIZE];
	struct run run __uninitialized;
	struct ktls_pos pos = to;
	unsigned int n;

	n = begin(&run, job, &from);
	ktls_pos_put(&to, run.buf + CHACHA_BLOCK_SIZE, n);
	go_on(&run, from, to, job->len - n);
	authenticate(&run, job, &pos, tag);
	ktls_pos_put(&pos, tag, sizeof(tag));

	/* What is in the buffer has become ciphertext */
	wipe(&run, 0);
}

/**
 * ktls_chapoly_open() - authenticate and decrypt one record
 * @job: the record
 * @from: where the ciphertext is; behind it is the tag
 * @to: where the plaintext goes: @from itself, or memory apart from it
 *
 * Nothing is written unless the record is authentic.
 *
 * Context: process.
 * Return: 0, or -EBADMSG if the record is not authentic.
 */
int ktls_chapoly_open(const struct ktls_chapoly *job, struct ktls_pos from,
		      struct ktls_pos to)
{
	u8 tag[POLY1305_DIGEST_SIZE], sent[POLY1305_DIGEST_SIZE];
	struct run run __uninitialized;
	struct ktls_pos pos = from;
	unsigned int n;
	int err = -EBADMSG;

	n = begin(&run, job, &from);
	authenticate(&run, job, &pos, tag);
	ktls_pos_read(&pos, sent, sizeof(sent));
	if (!crypto_memneq(tag, sent, sizeof(tag))) {
		ktls_pos_put(&to, run.buf + CHACHA_BLOCK_SIZE, n);
		go_on(&run, from, to, job->len - n);
		err = 0;
	}
	wipe(&run, job->len);
	return err;
}
