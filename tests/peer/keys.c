// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "check.h"
#include "keys.h"

#define KEY_BLOCK_MAX (2 * (SUITE_KEY_MAX + SUITE_NONCE_SIZE))

static void derive(const char *kdf_name, const OSSL_PARAM *params, u8 *out,
		   size_t out_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);

	CHECK(ctx);
	CHECK(EVP_KDF_derive(ctx, out, out_len, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static OSSL_PARAM octets(const char *name, const void *p, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)p, len);
}

static OSSL_PARAM utf8(const char *name, const char *s)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)s, 0);
}

static void key_block(const struct suite *suite, const u8 *master,
		      const u8 *client_random, const u8 *server_random,
		      u8 *out, size_t len)
{
	OSSL_PARAM params[] = {
		utf8(OSSL_KDF_PARAM_DIGEST, suite->hash),
		octets(OSSL_KDF_PARAM_SECRET, master, TLS12_MASTER_SIZE),
		octets(OSSL_KDF_PARAM_SEED, "key expansion", 13),
		octets(OSSL_KDF_PARAM_SEED, server_random, TLS_RANDOM_SIZE),
		octets(OSSL_KDF_PARAM_SEED, client_random, TLS_RANDOM_SIZE),
		OSSL_PARAM_construct_end(),
	};

	derive("TLS1-PRF", params, out, len);
}

/* The implicit part: 4 bytes of salt (RFC 5288), or 12 of iv (RFC 7905). */
static size_t fixed_iv_size(const struct suite *suite)
{
	return suite->mode == SUITE_CHACHA ? 12 : 4;
}

static void set_fixed_iv(const struct suite *suite, const u8 *iv,
			 struct tls_keys *keys)
{
	memcpy(suite->mode == SUITE_CHACHA ? keys->iv : keys->salt, iv,
	       fixed_iv_size(suite));
	keys_set_seq(keys, 1);
	if (suite->mode != SUITE_CHACHA)
		put_be(keys->iv, 1, 8);
}

void keys_from_master(const struct suite *suite, const u8 *master,
		      const u8 *client_random, const u8 *server_random,
		      struct tls_keys *client, struct tls_keys *server)
{
	size_t key = suite->key_size, iv = fixed_iv_size(suite);
	u8 block[KEY_BLOCK_MAX];

	key_block(suite, master, client_random, server_random, block,
		  2 * (key + iv));
	memset(client, 0, sizeof(*client));
	memset(server, 0, sizeof(*server));
	memcpy(client->key, block, key);
	memcpy(server->key, block + key, key);
	set_fixed_iv(suite, block + 2 * key, client);
	set_fixed_iv(suite, block + 2 * key + iv, server);
}

void hkdf_expand_label(const char *hash, const u8 *secret, size_t secret_len,
		       const char *label, u8 *out, size_t out_len)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	size_t label_len = strlen(label);
	u8 info[64];
	OSSL_PARAM params[] = {
		utf8(OSSL_KDF_PARAM_DIGEST, hash),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		octets(OSSL_KDF_PARAM_KEY, secret, secret_len),
		octets(OSSL_KDF_PARAM_INFO, info, 2 + 1 + 6 + label_len + 1),
		OSSL_PARAM_construct_end(),
	};

	put_be(info, out_len, 2);
	info[2] = 6 + label_len;
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, label_len);
	info[9 + label_len] = 0;
	derive("HKDF", params, out, out_len);
}

void keys_from_secret(const struct suite *suite, const u8 *secret,
		      size_t secret_len, struct tls_keys *keys)
{
	u8 iv[SUITE_NONCE_SIZE];

	memset(keys, 0, sizeof(*keys));
	hkdf_expand_label(suite->hash, secret, secret_len, "key", keys->key,
			  suite->key_size);
	hkdf_expand_label(suite->hash, secret, secret_len, "iv", iv,
			  sizeof(iv));
	memcpy(keys->salt, iv, suite->salt_size);
	memcpy(keys->iv, iv + suite->salt_size, suite->iv_size);
}
