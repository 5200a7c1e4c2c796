// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <openssl/rand.h>

#include "check.h"
#include "suite.h"

const struct suite suites[] = {
	{
		.name = "aes128gcm",
		.cipher_type = TLS_CIPHER_AES_GCM_128,
		.mode = SUITE_GCM,
		.key_size = 16,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "AES-128-GCM",
		.hash = "SHA256",
		.tls12 = "ECDHE-ECDSA-AES128-GCM-SHA256",
		.tls13 = "TLS_AES_128_GCM_SHA256",
		.in13 = true,
	}, {
		.name = "aes256gcm",
		.cipher_type = TLS_CIPHER_AES_GCM_256,
		.mode = SUITE_GCM,
		.key_size = 32,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "AES-256-GCM",
		.hash = "SHA384",
		.tls12 = "ECDHE-ECDSA-AES256-GCM-SHA384",
		.tls13 = "TLS_AES_256_GCM_SHA384",
		.in13 = true,
	}, {
		.name = "aes128ccm",
		.cipher_type = TLS_CIPHER_AES_CCM_128,
		.mode = SUITE_CCM,
		.key_size = 16,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "AES-128-CCM",
		.hash = "SHA256",
		.tls12 = "ECDHE-ECDSA-AES128-CCM",
		.tls13 = "TLS_AES_128_CCM_SHA256",
		.in13 = true,
	}, {
		.name = "chacha20",
		.cipher_type = TLS_CIPHER_CHACHA20_POLY1305,
		.mode = SUITE_CHACHA,
		.key_size = 32,
		.iv_size = 12,
		.salt_size = 0,
		.evp = "ChaCha20-Poly1305",
		.hash = "SHA256",
		.tls12 = "ECDHE-ECDSA-CHACHA20-POLY1305",
		.tls13 = "TLS_CHACHA20_POLY1305_SHA256",
		.in13 = true,
	}, {
		.name = "sm4gcm",
		.cipher_type = TLS_CIPHER_SM4_GCM,
		.mode = SUITE_GCM,
		.key_size = 16,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "SM4-GCM",
		.hash = "SM3",
		.in13 = true,
		.optional = true,
	}, {
		.name = "sm4ccm",
		.cipher_type = TLS_CIPHER_SM4_CCM,
		.mode = SUITE_CCM,
		.key_size = 16,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "SM4-CCM",
		.hash = "SM3",
		.in13 = true,
		.optional = true,
	}, {
		.name = "aria128gcm",
		.cipher_type = TLS_CIPHER_ARIA_GCM_128,
		.mode = SUITE_GCM,
		.key_size = 16,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "ARIA-128-GCM",
		.hash = "SHA256",
		.tls12 = "ECDHE-ECDSA-ARIA128-GCM-SHA256",
		.optional = true,
	}, {
		.name = "aria256gcm",
		.cipher_type = TLS_CIPHER_ARIA_GCM_256,
		.mode = SUITE_GCM,
		.key_size = 32,
		.iv_size = 8,
		.salt_size = 4,
		.evp = "ARIA-256-GCM",
		.hash = "SHA384",
		.tls12 = "ECDHE-ECDSA-ARIA256-GCM-SHA384",
		.optional = true,
	},
};

const size_t suite_count = ARRAY_SIZE(suites);

const struct suite *suite_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < suite_count; i++)
		if (!strcmp(suites[i].name, name))
			return &suites[i];
	FAIL("no suite named %s", name);
}

bool suite_has_version(const struct suite *s, u16 version)
{
	return version == TLS12 || (version == TLS13 && s->in13);
}

u64 get_be(const u8 *p, size_t len)
{
	u64 v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

void put_be(u8 *p, u64 v, size_t len)
{
	while (len--) {
		p[len] = v;
		v >>= 8;
	}
}

size_t suite_crypto_info_size(const struct suite *s)
{
	return sizeof(struct tls_crypto_info) + s->iv_size + s->key_size +
	       s->salt_size + SUITE_SEQ_SIZE;
}

size_t suite_crypto_info(const struct suite *s, u16 version,
			 const struct tls_keys *keys, union crypto_info *ci)
{
	u8 *p = ci->bytes + sizeof(ci->info);

	memset(ci, 0, sizeof(*ci));
	ci->info.version = version;
	ci->info.cipher_type = s->cipher_type;
	memcpy(p, keys->iv, s->iv_size);
	p += s->iv_size;
	memcpy(p, keys->key, s->key_size);
	p += s->key_size;
	memcpy(p, keys->salt, s->salt_size);
	p += s->salt_size;
	memcpy(p, keys->seq, SUITE_SEQ_SIZE);
	return p + SUITE_SEQ_SIZE - ci->bytes;
}

void suite_parse_info(const struct suite *s, const union crypto_info *ci,
		      struct tls_keys *keys)
{
	const u8 *p = ci->bytes + sizeof(ci->info);

	memset(keys, 0, sizeof(*keys));
	memcpy(keys->iv, p, s->iv_size);
	p += s->iv_size;
	memcpy(keys->key, p, s->key_size);
	p += s->key_size;
	memcpy(keys->salt, p, s->salt_size);
	p += s->salt_size;
	memcpy(keys->seq, p, SUITE_SEQ_SIZE);
}

void keys_random(struct tls_keys *keys)
{
	CHECK(RAND_bytes((u8 *)keys, sizeof(*keys)) == 1);
	/* Far from the end: reaching it is a test of its own. */
	keys->seq[0] &= 0x7f;
}

u64 keys_seq(const struct tls_keys *keys)
{
	return get_be(keys->seq, sizeof(keys->seq));
}

void keys_set_seq(struct tls_keys *keys, u64 seq)
{
	put_be(keys->seq, seq, sizeof(keys->seq));
}

u64 keys_iv(const struct tls_keys *keys)
{
	return get_be(keys->iv, 8);
}
