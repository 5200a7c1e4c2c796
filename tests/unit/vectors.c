// SPDX-License-Identifier: GPL-2.0
/*
 * Prints src/selftest_vectors.h: for every suite and version one record and
 * its nonce, made by libcrypto and the tests' own record layer, not by the
 * module's code. The inputs are the ones that src/selftest.c counts up to.
 *
 *	make -C tests O=DIR vectors > src/selftest_vectors.h
 */
#include <stdio.h>
#include <string.h>

#include "../peer/record.h"

#define TEXT_LEN 45

static void count_up(u8 *p, size_t len, u8 from)
{
	while (len--)
		*p++ = from++;
}

static void print_bytes(const char *name, const u8 *p, size_t len)
{
	size_t i;

	printf("\t\t.%s = {", name);
	for (i = 0; i < len; i++)
		printf("%s0x%02x,", i % 8 ? " " : "\n\t\t\t", p[i]);
	printf("\n\t\t},\n");
}

/* RFC 5288 section 3; RFC 8446 section 5.3, RFC 7905 section 2 */
static void print_nonce(const struct suite *s, u16 version,
			const struct tls_keys *keys)
{
	u8 nonce[SUITE_NONCE_SIZE];
	size_t i;

	memcpy(nonce, keys->salt, s->salt_size);
	memcpy(nonce + s->salt_size, keys->iv, s->iv_size);
	if (version == TLS13 || s->mode == SUITE_CHACHA)
		for (i = 0; i < SUITE_SEQ_SIZE; i++)
			nonce[4 + i] ^= keys->seq[i];
	print_bytes("nonce", nonce, sizeof(nonce));
}

static bool print_vector(const struct suite *s, u16 version)
{
	struct tls_keys keys = { 0 };
	u8 wire[RECORD_WIRE_MAX];
	struct record_key k;
	u8 text[TEXT_LEN];
	size_t len;

	count_up(keys.key, s->key_size, 0x00);
	count_up(keys.iv, s->iv_size, 0x40);
	count_up(keys.salt, s->salt_size, 0x60);
	count_up(keys.seq, sizeof(keys.seq), 0x80);
	count_up(text, sizeof(text), 0xc0);
	if (!record_key_init(&k, s, version, &keys))
		return false;
	len = record_seal(&k, RECORD_HANDSHAKE, text, sizeof(text), 0, wire);
	printf("\t{\n\t\t.cipher = %u,\n\t\t.version = 0x%04x,\n",
	       s->cipher_type, version);
	print_nonce(s, version, &keys);
	printf("\t\t.len = %zu,\n", len);
	print_bytes("record", wire, len);
	printf("\t},\n");
	record_key_free(&k);
	return true;
}

int main(void)
{
	size_t i;
	u16 v;

	printf("/* SPDX-License-Identifier: GPL-2.0 */\n"
	       "/* Made by tests/unit/vectors.c: do not edit */\n"
	       "static const struct vector vectors[] __initconst = {\n");
	for (i = 0; i < suite_count; i++)
		for (v = TLS12; v <= TLS13; v++)
			if (suite_has_version(&suites[i], v) &&
			    !print_vector(&suites[i], v))
				return 1;
	printf("};\n");
	return 0;
}
