// SPDX-License-Identifier: GPL-2.0
/* Both directions in the kernel, at both ends: ktls against itself. */
#include <stdlib.h>
#include <string.h>

#include "forge.h"

#define CONTROL_TYPE 100	/* and above: not data, not TLS's own */
#define CONTROL_TYPES 4
#define EPOCHS 8
#define MEGABYTE (1024 * 1024)
#define DATA_SIZE 65536		/* after which the bytes repeat */

/* A message of the stream that both ends know how to make. */
struct message {
	u8 type;
	size_t len;
	size_t left;
};

struct side {
	const struct tls_case *tc;
	pthread_t thread;
	const struct tls_keys *keys;	/* EPOCHS of them */
	const u8 *data;			/* DATA_SIZE of them, twice */
	int fd;
	unsigned int seed;
	size_t total;
	size_t at;			/* in the stream */
	unsigned int epochs;		/* how many keys are used */
	unsigned int epoch;
};

static const u8 update_msg[] = { 24, 0, 0, 1, 0 };

/*
 * KeyUpdates stand at even distances; all else is up to the dice. No message is
 * longer than DATA_SIZE.
 */
static struct message next_message(struct side *s)
{
	size_t bits = rand_r(&s->seed) % 16;
	struct message m = { .type = RECORD_DATA };

	m.len = 1 + rand_r(&s->seed) % (2u << bits);
	if (rand_r(&s->seed) % 4 == 0) {
		m.type = CONTROL_TYPE + rand_r(&s->seed) % CONTROL_TYPES;
		if (m.len > RECORD_PLAIN_MAX)
			m.len = RECORD_PLAIN_MAX;
	}
	if (s->at > s->total / s->epochs * (s->epoch + 1)) {
		m.type = RECORD_HANDSHAKE;
		m.len = sizeof(update_msg);
	}
	m.left = m.len;
	return m;
}

static const u8 *bytes_of(const struct side *s, const struct message *m)
{
	if (m->type == RECORD_HANDSHAKE)
		return update_msg;
	return s->data + s->at % DATA_SIZE;
}

static void set_key(struct side *s, int dir)
{
	const struct suite *suite = s->tc->suite;
	int ret = ktls_set_key(s->fd, dir, suite, s->tc->version,
			       &s->keys[s->epoch]);

	if (ret && errno == ENOENT && suite->optional)
		SKIP("this kernel has no %s", suite->evp);
	CHECK_SYS(ret);
}

static void *send_side(void *arg)
{
	struct side *s = arg;
	struct message m;

	while (s->at < s->total) {
		m = next_message(s);
		CHECK_EQ(CHECK_SYS(ktls_send_type(s->fd, m.type,
						  bytes_of(s, &m), m.len, 0)),
			 m.len);
		s->at += m.type == RECORD_HANDSHAKE ? 0 : m.len;
		if (m.type != RECORD_HANDSHAKE)
			continue;
		s->epoch++;
		set_key(s, TLS_TX);
	}
	CHECK_SYS(shutdown(s->fd, SHUT_WR));
	return NULL;
}

/* What one call gave: bytes of one message, or data of several in a row. */
static void compare(struct side *s, struct message *m, const u8 *buf,
		    struct got got)
{
	size_t n;

	for (; got.n; got.n -= n, buf += n) {
		if (!m->left)
			*m = next_message(s);
		CHECK_EQ(got.type, m->type);
		n = (size_t)got.n < m->left ? (size_t)got.n : m->left;
		CHECK_MEM(buf, bytes_of(s, m), n);
		m->left -= n;
		if (m->type != RECORD_DATA)
			CHECK_EQ(got.n, m->len);
		if (m->type != RECORD_HANDSHAKE)
			s->at += n;
	}
	if (m->type != RECORD_HANDSHAKE || m->left)
		return;
	s->epoch++;
	set_key(s, TLS_RX);
}

static void *receive_side(void *arg)
{
	struct side *s = arg;
	struct message m = { 0 };
	unsigned int dice = s->seed + 1;
	struct got got;
	u8 *buf = malloc(40000);
	size_t size;

	CHECK(buf);
	for (;;) {
		/* Whole records, for others are not given in parts here */
		size = RECORD_PLAIN_MAX + rand_r(&dice) % 23000;
		got = got_msg(s->fd, buf, size, 0);
		if (got.n < 0)
			FAIL("recvmsg at %zu: %s", s->at, errno_name(got.err));
		if (!got.n)
			break;
		compare(s, &m, buf, got);
	}
	CHECK(s->at >= s->total);
	CHECK_EQ(m.left, 0);
	free(buf);
	return NULL;
}

/* One direction: who sends and who receives know the same */
static void set_sides(struct side *tx, struct side *rx, int from, int to)
{
	struct tls_keys *keys = calloc(EPOCHS, sizeof(*keys));
	int i;

	CHECK(keys);
	for (i = 0; i < EPOCHS; i++)
		keys_random(&keys[i]);
	tx->keys = keys;
	tx->fd = from;
	tx->seed = from;
	*rx = *tx;
	rx->fd = to;
	set_key(tx, TLS_TX);
	set_key(rx, TLS_RX);
}

static void duplex(const struct tls_case *tc, size_t total,
		   unsigned int epochs)
{
	struct side s[4] = { { .tc = tc, .total = total, .epochs = epochs } };
	u8 *data = malloc(2 * DATA_SIZE);
	struct conn c;
	int i;

	CHECK(data);
	memcpy(data, test_data(DATA_SIZE), DATA_SIZE);
	memcpy(data + DATA_SIZE, data, DATA_SIZE);
	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_SYS(ktls_attach(c.peer));
	s[0].data = data;
	s[2] = s[0];
	set_sides(&s[0], &s[1], c.fd, c.peer);
	set_sides(&s[2], &s[3], c.peer, c.fd);
	for (i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&s[i].thread, NULL, i & 1 ?
					receive_side : send_side, &s[i]), 0);
	for (i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(s[i].thread, NULL), 0);
	CHECK_EQ(s[1].epoch, epochs - 1);
	CHECK_EQ(s[3].epoch, epochs - 1);
	conn_close(&c);
}

KTLS_TEST_EACH_TIMEOUT(duplex_every_cipher, each_case, const struct tls_case *,
		       tc, 60)
{
	duplex(tc, MEGABYTE, 1);
}

KTLS_TEST_EACH_TIMEOUT(duplex_megabytes, each_family, const struct tls_case *,
		       tc, 90)
{
	duplex(tc, 8 * MEGABYTE, 1);
}

static const void *each_cipher13(unsigned int i, char *name, size_t size)
{
	const struct tls_case *tc;
	unsigned int j;

	for (j = 0; (tc = each_cipher(j, name, size)); j++)
		if (tc->version == TLS13 && !i--)
			return tc;
	return NULL;
}

/* New keys in both directions while both are in use. */
KTLS_TEST_EACH_TIMEOUT(duplex_rekey, each_cipher13, const struct tls_case *,
		       tc, 60)
{
	duplex(tc, MEGABYTE, EPOCHS);
}
