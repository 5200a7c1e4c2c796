// SPDX-License-Identifier: GPL-2.0
/* TLS 1.3: new keys on a socket that sends. */
#include <linux/ktls.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

/* New keys for the socket only; the peer's decryptor still has the old ones. */
static void rekey_socket(struct conn *c, struct tls_keys *keys)
{
	keys_random(keys);
	CHECK_SYS(ktls_set_tx(c->fd, c->tc->suite, c->tc->version, keys));
}

static void rekey_peer(struct conn *c, const struct tls_keys *keys)
{
	c->tx = *keys;
	stream_rekey(&c->in, keys);
}

KTLS_TEST_EACH(rekey_every_cipher, each_13, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "old key", 7, 0);
	peer_expect(&c, RECORD_DATA, "old key", 7);
	conn_rekey(&c);
	conn_check_tx(&c);
	conn_send(&c, "new key", 7, 0);
	peer_expect(&c, RECORD_DATA, "new key", 7);
	conn_check_tx(&c);
}

/* Bytes that were sent before the rekey are sealed and go with the old key. */
KTLS_TEST(rekey_seals_open_record_with_old_key)
{
	struct tls_keys keys;
	struct conn c;

	conn_open(&c, &case13);
	conn_send(&c, "before", 6, MSG_MORE);
	rekey_socket(&c, &keys);
	peer_expect(&c, RECORD_DATA, "before", 6);
	rekey_peer(&c, &keys);
	conn_check_tx(&c);
	conn_send(&c, "after", 5, 0);
	peer_expect(&c, RECORD_DATA, "after", 5);
	peer_expect_quiet(&c);
}

/* The sequence number is the one given, whatever the old one was. */
KTLS_TEST(rekey_restarts_sequence)
{
	struct tls_keys keys;
	struct conn c;
	int i;

	conn_open(&c, &case13);
	for (i = 0; i < 5; i++) {
		conn_send(&c, "x", 1, 0);
		peer_expect(&c, RECORD_DATA, "x", 1);
	}
	for (i = 0; i < 3; i++) {
		keys_random(&keys);
		keys_set_seq(&keys, i * 1000000007ULL);
		CHECK_SYS(ktls_set_tx(c.fd, c.tc->suite, TLS13, &keys));
		rekey_peer(&c, &keys);
		conn_check_tx(&c);
		conn_send(&c, "y", 1, 0);
		peer_expect(&c, RECORD_DATA, "y", 1);
		conn_check_tx(&c);
	}
}

/* A rekey does not wait for room, and loses nothing of what fills it. */
KTLS_TEST(rekey_with_full_send_buffer)
{
	const u8 *data = test_data(1 << 20);
	struct tls_keys keys;
	struct conn c;
	size_t taken;

	conn_open_opts(&c, &case13, &small_buffers);
	taken = fill_up(c.fd, data, 1 << 20, 3000, MSG_MORE);
	rekey_socket(&c, &keys);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	peer_expect_data(&c, data, taken);
	rekey_peer(&c, &keys);
	conn_send(&c, "after", 5, 0);
	peer_expect(&c, RECORD_DATA, "after", 5);
}

KTLS_TEST(rekey_many_times)
{
	const u8 *data = test_data(300 * 97);
	unsigned long before;
	struct conn c;
	size_t i;

	own_netns();
	before = stat_value("KtlsTxRekeyOk");
	conn_open(&c, &case13);
	for (i = 0; i < 300; i++) {
		conn_send(&c, data, i * 97, 0);
		if (i)
			peer_expect_data(&c, data, i * 97);
		conn_rekey(&c);
	}
	CHECK_EQ(stat_value("KtlsTxRekeyOk") - before, 300);
	CHECK_EQ(stat_value("KtlsCurrTx"), 1);
}

/* What fails how is sockopt.c's matter; here: it is counted, and no success. */
KTLS_TEST(rekey_failures_are_counted)
{
	const struct suite *other = suite_by_name("aes256gcm");
	struct tls_keys keys;
	struct conn c;

	own_netns();
	conn_open(&c, &case13);
	keys_random(&keys);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, TLS12, &keys), EINVAL);
	CHECK_EQ(stat_value("KtlsTxRekeyError"), 1);
	CHECK_ERRNO(ktls_set_tx(c.fd, other, TLS13, &keys), EINVAL);
	CHECK_EQ(stat_value("KtlsTxRekeyError"), 2);
	CHECK_ERRNO(setsockopt(c.fd, SOL_TLS, TLS_TX, bad_address(), 40),
		    EFAULT);
	CHECK_EQ(stat_value("KtlsTxRekeyError"), 3);
	conn_check_tx(&c);
	conn_close(&c);

	conn_open(&c, &case12);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, TLS12, &keys), EBUSY);
	CHECK_EQ(stat_value("KtlsTxRekeyError"), 4);
	CHECK_EQ(stat_value("KtlsTxRekeyOk"), 0);
	conn_check_tx(&c);
	conn_close(&c);

	/* a first key that fails is not a rekey */
	conn_connect(&c, &case13, NULL);
	conn_attach(&c);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, 0, &keys), EINVAL);
	CHECK_EQ(stat_value("KtlsTxRekeyError"), 4);
}

/* The peer's view of a stream whose keys change at moments it does not know. */
struct reader {
	struct conn *c;
	struct record_key *keys;	/* in the order they were set */
	unsigned int nkeys;
	unsigned int now;
	unsigned int used;		/* keys that sealed something */
	struct record record;
	u8 wire[RECORD_WIRE_MAX];
	u8 plain[RECORD_WIRE_MAX];
};

static void reader_init(struct reader *r, struct conn *c,
			const struct tls_keys *later, unsigned int count)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->c = c;
	r->nkeys = count + 1;
	r->keys = calloc(r->nkeys, sizeof(*r->keys));
	CHECK(r->keys);
	for (i = 0; i < r->nkeys; i++)
		CHECK(record_key_init(&r->keys[i], c->tc->suite, TLS13,
				      i ? &later[i - 1] : &c->tx));
}

/* The key of a record is that of the last one, or a later one from its start. */
static const struct record *reader_next(struct reader *r)
{
	const char *error = NULL;
	unsigned int k;
	size_t len;

	if (!tcp_read(r->c->peer, r->wire, 1, TCP_WAIT_MS))
		return NULL;
	tcp_read_full(r->c->peer, r->wire + 1, RECORD_HEADER - 1);
	len = record_wire_len(r->wire, RECORD_HEADER);
	CHECK(len <= sizeof(r->wire));
	tcp_read_full(r->c->peer, r->wire + RECORD_HEADER,
		      len - RECORD_HEADER);
	for (k = r->now; k < r->nkeys; k++) {
		error = record_open(&r->keys[k], r->wire, len, r->plain,
				    &r->record);
		if (error)
			continue;
		r->used += k != r->now;
		r->now = k;
		return &r->record;
	}
	FAIL("no key from number %u on opens a record: %s", r->now, error);
}

/* Data bytes arrive in order, whatever keys seal them. */
static void reader_expect_data(struct reader *r, const u8 *data, size_t len)
{
	const struct record *rec;
	size_t done;

	for (done = 0; done < len; done += rec->len) {
		rec = reader_next(r);
		if (!rec)
			FAIL("EOF after %zu of %zu bytes", done, len);
		CHECK_EQ(rec->type, RECORD_DATA);
		CHECK(rec->len <= len - done);
		CHECK_MEM(rec->data, data + done, rec->len);
	}
}

/* Who waits for room goes on with the key that is there then. */
KTLS_TEST(rekey_under_waiting_sender)
{
	const size_t len = 1 << 20;
	struct send_call s;
	struct tls_keys keys;
	struct reader r;
	struct conn c;

	conn_open_opts(&c, &case13, &small_buffers);
	s = (struct send_call){ .fd = c.fd, .data = test_data(len),
				.len = len };
	call_start(&s);
	call_wait_asleep(&s);
	rekey_socket(&c, &keys);
	reader_init(&r, &c, &keys, 1);
	reader_expect_data(&r, s.data, len);
	CHECK_EQ(call_join(&s), len);
	CHECK_EQ(r.now, 1);
}

#define RACE_KEYS 200

/* A sender, and somebody who replaces its keys. */
struct race {
	struct conn *c;
	struct tls_keys keys[RACE_KEYS];
	const u8 *data;
	size_t len;
	size_t sent;
	bool done;		/* all keys are set */
};

static size_t sent_so_far(struct race *race)
{
	return __atomic_load_n(&race->sent, __ATOMIC_ACQUIRE);
}

/* Now and then another key as soon as something was sent, or several at once. */
static void *rekey_all(void *arg)
{
	struct race *race = arg;
	struct conn *c = race->c;
	unsigned int i;
	size_t seen;

	for (i = 0; i < RACE_KEYS; i++) {
		seen = sent_so_far(race);
		while (i % 4 && sent_so_far(race) == seen && seen < race->len)
			sched_yield();
		CHECK_SYS(ktls_set_tx(c->fd, c->tc->suite, TLS13,
				      &race->keys[i]));
	}
	__atomic_store_n(&race->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Sends of all sizes until the last key is set. */
static void *send_until_done(void *arg)
{
	struct race *race = arg;
	unsigned int seed = 5;
	size_t n, sent = 0;

	while (!__atomic_load_n(&race->done, __ATOMIC_ACQUIRE)) {
		n = 1 + rand_r(&seed) % 20000;
		if (n > race->len - sent)
			n = race->len - sent;
		conn_send(race->c, race->data + sent, n,
			  rand_r(&seed) & 1 ? MSG_MORE : 0);
		sent += n;
		__atomic_store_n(&race->sent, sent, __ATOMIC_RELEASE);
	}
	CHECK_SYS(shutdown(race->c->fd, SHUT_WR));
	return NULL;
}

/* Any number of keys while another thread sends: all is in order. */
KTLS_TEST(rekey_races_with_sender)
{
	static struct race race;
	const struct record *rec;
	pthread_t threads[2];
	struct reader r;
	struct conn c;
	size_t done;
	int i;

	conn_open_opts(&c, &case13, &small_buffers);
	for (i = 0; i < RACE_KEYS; i++)
		keys_random(&race.keys[i]);
	race.c = &c;
	race.len = 4 << 20;
	race.data = test_data(race.len);
	reader_init(&r, &c, race.keys, RACE_KEYS);
	CHECK_EQ(pthread_create(&threads[0], NULL, send_until_done, &race), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, rekey_all, &race), 0);
	for (done = 0; (rec = reader_next(&r)); done += rec->len)
		CHECK_MEM(rec->data, race.data + done, rec->len);
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(done, race.sent);
	/* otherwise there was no race */
	CHECK(r.used > RACE_KEYS / 10);
}
