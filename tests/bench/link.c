// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "../peer/check.h"
#include "../peer/ulp.h"
#include "link.h"

/* No window is ever closed, no call ever waits for room. */
#define SOCKET_BUFFER (4 << 20)
#define RAMP_ROUNDS 48
#define RAMP_SIZE (64 << 10)

const struct impl impls[] = {
	{ .name = "none" },
	{ .name = "tls", .rival = true, .ulp = "tls" },
	{ .name = "tls-nopad", .rival = true, .ulp = "tls", .nopad = true },
	{ .name = "openssl", .rival = true, .openssl = true },
	{ .name = "openssl-ra", .rival = true, .openssl = true,
	  .read_ahead = true },
	{ .name = "ktls", .ulp = "ktls" },
};

const size_t impl_count = ARRAY_SIZE(impls);

const struct bench_suite bench_suites[] = {
	{ "13-aes128gcm", TLS13, "aes128gcm" },
	{ "13-aes256gcm", TLS13, "aes256gcm" },
	{ "13-chacha20", TLS13, "chacha20" },
	{ "12-aes128gcm", TLS12, "aes128gcm" },
	{ "12-aes256gcm", TLS12, "aes256gcm" },
	{ "12-chacha20", TLS12, "chacha20" },
};

const size_t bench_suite_count = ARRAY_SIZE(bench_suites);

bool impl_is_plain(const struct impl *impl)
{
	return !impl->ulp && !impl->openssl;
}

static bool ulp_exists(const char *name)
{
	struct tcp_opts opts = { 0 };
	struct tcp_pair tcp;
	int ret;

	tcp_open(&tcp, &opts);
	ret = setsockopt(tcp.local, IPPROTO_TCP, TCP_ULP, name, strlen(name));
	tcp_close(&tcp);
	return !ret;
}

bool link_possible(const struct impl *impl, const struct bench_suite *suite,
		   enum link_side side)
{
	if (side == LINK_TX && (impl->nopad || impl->read_ahead))
		return false;
	if (impl->nopad && suite->version != TLS13)
		return false;
	return !impl->ulp || ulp_exists(impl->ulp);
}

static void exchange(int from, int to)
{
	static u8 buf[RAMP_SIZE];

	tcp_write_full(from, buf, sizeof(buf));
	tcp_read_full(to, buf, sizeof(buf));
}

/* Until both windows are as wide as they will ever be. */
static void ramp_up(const struct tcp_pair *tcp)
{
	int i;

	for (i = 0; i < RAMP_ROUNDS; i++) {
		exchange(tcp->local, tcp->peer);
		exchange(tcp->peer, tcp->local);
	}
}

static struct tls_keys new_keys(u8 seed)
{
	struct tls_keys keys;
	u8 *p = (u8 *)&keys;
	size_t i;

	for (i = 0; i < sizeof(keys); i++)
		p[i] = seed + 7 * i;
	memset(keys.seq, 0, sizeof(keys.seq));
	return keys;
}

/* Of a direction; made once, for that is no part of a set-up. */
static const struct tls_keys *fixed_keys(bool from_peer)
{
	static struct tls_keys keys[2];
	static bool made;

	if (!made) {
		keys[0] = new_keys(1);
		keys[1] = new_keys(2);
		made = true;
	}
	return &keys[from_peer];
}

static void use_ulp(int fd, const struct impl *impl,
		    const struct bench_suite *suite,
		    const struct tls_keys *tx, const struct tls_keys *rx)
{
	const struct suite *s = suite_by_name(suite->suite);
	int one = 1;

	CHECK_SYS(setsockopt(fd, IPPROTO_TCP, TCP_ULP, impl->ulp,
			     strlen(impl->ulp)));
	if (tx)
		CHECK_SYS(ktls_set_key(fd, TLS_TX, s, suite->version, tx));
	if (rx)
		CHECK_SYS(ktls_set_key(fd, TLS_RX, s, suite->version, rx));
	if (rx && impl->nopad)
		CHECK_SYS(setsockopt(fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, &one,
				     sizeof(one)));
}

void link_protect(int fd, const struct impl *impl,
		  const struct bench_suite *suite, bool peer)
{
	if (!impl_is_plain(impl))
		use_ulp(fd, impl, suite, fixed_keys(peer), fixed_keys(!peer));
}

static void use_openssl(struct link *l, const struct tcp_pair *tcp,
			const struct bench_suite *suite, struct tls_keys *tx,
			struct tls_keys *rx)
{
	struct handshake_opts opts = { 0 };
	struct session s;

	handshake_over(&s, tcp, suite_by_name(suite->suite), suite->version,
		       &opts);
	*tx = s.tx.keys;
	*rx = s.rx.keys;
	l->local.ssl = s.local;
	l->peer.ssl = s.peer;
	if (l->impl->read_ahead) {
		SSL_set_read_ahead(s.local, 1);
		SSL_set_read_ahead(s.peer, 1);
	}
}

static size_t overhead(const struct bench_suite *suite)
{
	if (suite->version == TLS13)
		return RECORD_HEADER + 1 + SUITE_TAG_SIZE;
	if (suite_by_name(suite->suite)->mode == SUITE_CHACHA)
		return RECORD_HEADER + SUITE_TAG_SIZE;
	return RECORD_HEADER + 8 + SUITE_TAG_SIZE;
}

static void secure(struct link *l, const struct tcp_pair *tcp,
		   const struct bench_suite *suite, enum link_side side)
{
	const struct suite *s = suite_by_name(suite->suite);
	struct tls_keys tx = *fixed_keys(false);
	struct tls_keys rx = *fixed_keys(true);

	if (l->impl->openssl) {
		use_openssl(l, tcp, suite, &tx, &rx);
	} else {
		use_ulp(tcp->local, l->impl, suite,
			side == LINK_RX ? NULL : &tx,
			side == LINK_TX ? NULL : &rx);
		if (side == LINK_BOTH)
			use_ulp(tcp->peer, l->impl, suite, &rx, &tx);
	}
	CHECK(record_key_init(&l->out, s, suite->version, &tx));
	CHECK(record_key_init(&l->in, s, suite->version, &rx));
	l->out.any_explicit = true;
	l->per_record = overhead(suite);
}

void link_open(struct link *l, const struct impl *impl,
	       const struct bench_suite *suite, enum link_side side)
{
	struct tcp_opts opts = {
		.sndbuf = SOCKET_BUFFER,
		.rcvbuf = SOCKET_BUFFER,
		.local_rcvbuf = SOCKET_BUFFER,
	};
	struct tcp_pair tcp;

	memset(l, 0, sizeof(*l));
	l->impl = impl;
	tcp_open(&tcp, &opts);
	tcp_set_int(tcp.peer, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
	ramp_up(&tcp);
	l->local.fd = tcp.local;
	l->peer.fd = tcp.peer;
	if (!impl_is_plain(impl))
		secure(l, &tcp, suite, side);
}

size_t link_wire_len(const struct link *l, size_t len, size_t record)
{
	return len + (len + record - 1) / record * l->per_record;
}

void end_send(const struct end *e, const void *buf, size_t len, int flags)
{
	size_t n;

	if (!e->ssl)
		CHECK_EQ(send(e->fd, buf, len, flags), len);
	else
		CHECK(SSL_write_ex(e->ssl, buf, len, &n) == 1 && n == len);
}

size_t end_recv(const struct end *e, void *buf, size_t len)
{
	ssize_t ret;
	size_t n;

	if (e->ssl) {
		CHECK(SSL_read_ex(e->ssl, buf, len, &n) == 1);
		return n;
	}
	ret = CHECK_SYS(recv(e->fd, buf, len, 0));
	CHECK(ret > 0);
	return ret;
}

void end_recv_full(const struct end *e, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len)
		done += end_recv(e, (u8 *)buf + done, len - done);
}

size_t link_seal(struct link *l, const void *plain, size_t len, size_t record,
		 u8 *wire)
{
	size_t done, n, wire_len = 0;

	if (!l->per_record) {
		memcpy(wire, plain, len);
		return len;
	}
	for (done = 0; done < len; done += n) {
		n = len - done < record ? len - done : record;
		wire_len += record_seal(&l->in, RECORD_DATA,
					(const u8 *)plain + done, n, 0,
					wire + wire_len);
	}
	return wire_len;
}

void link_verify(struct link *l, const u8 *wire, size_t wire_len,
		 const void *plain, size_t len)
{
	static u8 opened[RECORD_WIRE_MAX];
	size_t at = 0, done = 0, n;
	struct record rec;
	const char *error;

	if (!l->per_record) {
		CHECK_EQ(wire_len, len);
		CHECK_MEM(wire, plain, len);
		return;
	}
	for (; at < wire_len; at += n, done += rec.len) {
		n = record_wire_len(wire + at, wire_len - at);
		CHECK(n && n <= wire_len - at);
		error = record_open(&l->out, wire + at, n, opened, &rec);
		if (error)
			FAIL("record at byte %zu: %s", at, error);
		CHECK_EQ(rec.type, RECORD_DATA);
		CHECK(rec.len <= len - done);
		CHECK_MEM(rec.data, (const u8 *)plain + done, rec.len);
	}
	CHECK_EQ(done, len);
}

void link_drain(const struct link *l, void *wire, size_t len)
{
	size_t done = 0;

	while (done < len)
		done += CHECK_SYS(recv(l->peer.fd, (u8 *)wire + done,
				       len - done, 0));
}
