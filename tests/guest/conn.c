// SPDX-License-Identifier: GPL-2.0
/* A connection with the ULP at one end and an inspector at the other. */
#include <stdlib.h>
#include <string.h>

#include "ktls.h"

void conn_connect(struct conn *c, const struct tls_case *tc,
		  const struct tcp_opts *opts)
{
	struct tcp_opts o = { 0 };
	struct tcp_pair pair;

	memset(c, 0, sizeof(*c));
	c->tc = tc;
	if (opts)
		o = *opts;
	o.family = tc->family;
	tcp_open(&pair, &o);
	c->fd = pair.local;
	c->peer = pair.peer;
	keys_random(&c->tx);
}

void conn_attach(struct conn *c)
{
	CHECK_SYS(ktls_attach(c->fd));
}

void conn_set_tx(struct conn *c, const struct tls_keys *keys)
{
	const struct suite *suite = c->tc->suite;
	int ret;

	if (keys)
		c->tx = *keys;
	ret = ktls_set_tx(c->fd, suite, c->tc->version, &c->tx);
	if (ret && errno == ENOENT && suite->optional)
		SKIP("this kernel has no %s", suite->evp);
	CHECK_SYS(ret);
	stream_init(&c->in, c->peer, suite, c->tc->version, &c->tx);
}

void conn_open_opts(struct conn *c, const struct tls_case *tc,
		    const struct tcp_opts *opts)
{
	conn_connect(c, tc, opts);
	conn_attach(c);
	conn_set_tx(c, NULL);
}

void conn_open(struct conn *c, const struct tls_case *tc)
{
	conn_open_opts(c, tc, NULL);
}

void conn_rekey(struct conn *c)
{
	struct tls_keys keys;

	keys_random(&keys);
	CHECK_SYS(ktls_set_tx(c->fd, c->tc->suite, c->tc->version, &keys));
	c->tx = keys;
	stream_rekey(&c->in, &keys);
}

void conn_close_local(struct conn *c)
{
	CHECK_SYS(close(c->fd));
	c->fd = -1;
}

void conn_close(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->peer >= 0)
		close(c->peer);
	stream_free(&c->in);
	c->fd = -1;
	c->peer = -1;
}

void conn_send(struct conn *c, const void *data, size_t len, int flags)
{
	CHECK_EQ(CHECK_SYS(send(c->fd, data, len, flags)), len);
}

void conn_send_type(struct conn *c, u8 type, const void *data, size_t len)
{
	CHECK_EQ(CHECK_SYS(ktls_send_type(c->fd, type, data, len, 0)), len);
}

void peer_expect(struct conn *c, u8 type, const void *data, size_t len)
{
	stream_expect(&c->in, type, data, len);
}

void peer_expect_data(struct conn *c, const void *data, size_t len)
{
	stream_expect_data(&c->in, data, len);
}

void peer_expect_sizes(struct conn *c, const void *data, const size_t *sizes,
		       size_t count)
{
	const u8 *p = data;
	size_t i;

	for (i = 0; i < count; i++) {
		stream_expect(&c->in, RECORD_DATA, p, sizes[i]);
		p += sizes[i];
	}
}

void peer_expect_eof(struct conn *c)
{
	stream_expect_eof(&c->in);
}

void peer_expect_reset(struct conn *c)
{
	tcp_expect_reset(c->peer);
}

void peer_expect_quiet(struct conn *c)
{
	tcp_expect_quiet(c->peer);
}

static void *expect_thread(void *arg)
{
	struct conn *c = arg;

	peer_expect_data(c, c->want, c->want_len);
	return NULL;
}

void peer_expect_start(struct conn *c, const void *data, size_t len)
{
	c->want = data;
	c->want_len = len;
	CHECK_EQ(pthread_create(&c->thread, NULL, expect_thread, c), 0);
}

void peer_expect_join(struct conn *c)
{
	CHECK_EQ(pthread_join(c->thread, NULL), 0);
}

void conn_check_tx(struct conn *c)
{
	const struct suite *suite = c->tc->suite;
	struct tls_keys now;
	u64 iv_step;

	CHECK_SYS(ktls_get_tx(c->fd, suite, &now));
	CHECK_MEM(now.key, c->tx.key, suite->key_size);
	CHECK_MEM(now.salt, c->tx.salt, suite->salt_size);
	CHECK_EQ(keys_seq(&now), c->in.key.seq);
	if (c->tc->version == TLS12 && suite->mode != SUITE_CHACHA) {
		iv_step = c->in.key.seq - keys_seq(&c->tx);
		CHECK_EQ(keys_iv(&now), keys_iv(&c->tx) + iv_step);
	} else {
		CHECK_MEM(now.iv, c->tx.iv, suite->iv_size);
	}
}

const u8 *test_data(size_t len)
{
	u32 x = 2463534242u;
	u8 *data;
	size_t i;

	data = malloc(len ? len : 1);
	CHECK(data);
	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = x >> 24;
	}
	return data;
}
