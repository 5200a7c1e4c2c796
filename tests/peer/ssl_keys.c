// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "keys.h"
#include "ssl_keys.h"

const u8 key_update_msg[5] = { 24, 0, 0, 1, 0 };

static void parse_secret(const char *hex, struct direction *d)
{
	size_t i, len = strlen(hex) / 2;
	unsigned int byte;

	CHECK(len <= SECRET_MAX);
	for (i = 0; i < len; i++) {
		CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
		d->secret[i] = byte;
	}
	d->secret_len = len;
}

/* Lines of the key log: LABEL, client random, secret; the two in hex. */
static void keylog(const SSL *ssl, const char *line)
{
	struct ssl_keys *keys = SSL_get_app_data(ssl);
	const char *secret = strrchr(line, ' ');

	if (!keys || !secret)
		return;
	if (!strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24))
		parse_secret(secret + 1, &keys->client);
	else if (!strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24))
		parse_secret(secret + 1, &keys->server);
}

void ssl_keys_watch(SSL *ssl, struct ssl_keys *keys)
{
	memset(keys, 0, sizeof(*keys));
	SSL_set_app_data(ssl, keys);
	SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(ssl), keylog);
}

static const struct suite *suite_of(const SSL *ssl, u16 version)
{
	const char *agreed = SSL_get_cipher_name(ssl);
	const char *name;
	size_t i;

	for (i = 0; i < suite_count; i++) {
		name = version == TLS13 ? suites[i].tls13 : suites[i].tls12;
		if (name && !strcmp(name, agreed))
			return &suites[i];
	}
	FAIL("%s is not a suite of the kernel", agreed);
}

static void keys12(SSL *ssl, struct ssl_keys *keys)
{
	u8 client_random[TLS_RANDOM_SIZE], server_random[TLS_RANDOM_SIZE];
	const SSL_SESSION *session = SSL_get_session(ssl);
	u8 master[TLS12_MASTER_SIZE];

	CHECK_EQ(SSL_SESSION_get_master_key(session, master, sizeof(master)),
		 sizeof(master));
	CHECK_EQ(SSL_get_client_random(ssl, client_random,
				       sizeof(client_random)),
		 sizeof(client_random));
	CHECK_EQ(SSL_get_server_random(ssl, server_random,
				       sizeof(server_random)),
		 sizeof(server_random));
	keys_from_master(keys->suite, master, client_random, server_random,
			 &keys->client.keys, &keys->server.keys);
}

static void keys13(struct ssl_keys *keys)
{
	struct direction *c = &keys->client, *s = &keys->server;

	CHECK(c->secret_len && s->secret_len);
	keys_from_secret(keys->suite, c->secret, c->secret_len, &c->keys);
	keys_from_secret(keys->suite, s->secret, s->secret_len, &s->keys);
}

void ssl_keys_get(SSL *ssl, struct ssl_keys *keys)
{
	SSL_set_app_data(ssl, NULL);
	keys->version = SSL_version(ssl);
	keys->suite = suite_of(ssl, keys->version);
	if (keys->version == TLS13)
		keys13(keys);
	else
		keys12(ssl, keys);
}

void direction_update(struct direction *d, const struct suite *suite)
{
	u8 next[SECRET_MAX];

	hkdf_expand_label(suite->hash, d->secret, d->secret_len,
			  "traffic upd", next, d->secret_len);
	memcpy(d->secret, next, d->secret_len);
	keys_from_secret(suite, d->secret, d->secret_len, &d->keys);
}
