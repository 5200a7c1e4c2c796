// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <string.h>

#include <openssl/err.h>

#include "cert.h"
#include "check.h"
#include "handshake.h"

static const char *suite_name(const struct suite *suite, u16 version)
{
	return version == TLS13 ? suite->tls13 : suite->tls12;
}

static const char *ssl_error(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "no reason given";
}

static bool limit_to(SSL_CTX *ctx, const struct suite *suite, u16 version)
{
	const char *name = suite_name(suite, version);

	if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1)
		return false;
	if (version == TLS13)
		return SSL_CTX_set_ciphersuites(ctx, name) == 1;
	return SSL_CTX_set_cipher_list(ctx, name) == 1;
}

bool handshake_possible(const struct suite *suite, u16 version)
{
	SSL_CTX *ctx;
	bool ok;

	if (!suite_name(suite, version))
		return false;
	ctx = SSL_CTX_new(TLS_method());
	CHECK(ctx);
	ok = limit_to(ctx, suite, version);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

static SSL_CTX *new_ctx(const struct suite *suite, u16 version, bool server)
{
	SSL_CTX *ctx;

	ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	CHECK(ctx);
	if (!limit_to(ctx, suite, version))
		FAIL("libssl does not take %s: %s",
		     suite_name(suite, version), ssl_error());
	/* No tickets: they would use up sequence numbers after Finished. */
	CHECK(SSL_CTX_set_num_tickets(ctx, 0) == 1);
	if (server)
		CHECK(cert_use_new(ctx));
	return ctx;
}

static SSL *new_ssl(const struct suite *suite, u16 version, bool server,
		    int fd)
{
	SSL_CTX *ctx = new_ctx(suite, version, server);
	SSL *ssl = SSL_new(ctx);

	CHECK(ssl);
	SSL_CTX_free(ctx);
	CHECK(SSL_set_fd(ssl, fd) == 1);
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

/* One step of one side; true when its handshake is done. */
static bool shake(SSL *ssl)
{
	int ret = SSL_do_handshake(ssl);
	int err;

	if (ret == 1)
		return true;
	err = SSL_get_error(ssl, ret);
	if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE)
		FAIL("handshake: %s", ssl_error());
	return false;
}

static void shake_both(struct session *s)
{
	bool local = false, peer = false;

	tcp_set_nonblock(s->tcp.local, true);
	tcp_set_nonblock(s->tcp.peer, true);
	while (!local || !peer) {
		local = shake(s->local);
		peer = shake(s->peer);
		/* Loopback may deliver a moment later: no busy loop. */
		if (!local || !peer)
			tcp_poll(s->tcp.local, 0, 1);
	}
	tcp_set_nonblock(s->tcp.local, false);
	tcp_set_nonblock(s->tcp.peer, false);
}

void handshake_over(struct session *s, const struct tcp_pair *tcp,
		    const struct suite *suite, u16 version,
		    const struct handshake_opts *opts)
{
	bool server = opts->local_is_server;
	struct ssl_keys keys;

	memset(s, 0, sizeof(*s));
	s->suite = suite;
	s->version = version;
	s->tcp = *tcp;
	s->local = new_ssl(suite, version, server, s->tcp.local);
	s->peer = new_ssl(suite, version, !server, s->tcp.peer);
	/* Later on, libssl would not apply it to the keys in use. */
	CHECK(SSL_set_block_padding(s->peer, opts->padding) == 1);
	ssl_keys_watch(s->local, &keys);
	shake_both(s);
	ssl_keys_get(s->local, &keys);
	CHECK_EQ(keys.version, version);
	CHECK(keys.suite == suite);
	s->tx = server ? keys.server : keys.client;
	s->rx = server ? keys.client : keys.server;
}

void handshake(struct session *s, const struct suite *suite, u16 version,
	       const struct handshake_opts *opts)
{
	struct tcp_pair tcp;

	tcp_open(&tcp, &opts->tcp);
	handshake_over(s, &tcp, suite, version, opts);
}

void session_free(struct session *s)
{
	SSL_free(s->local);
	SSL_free(s->peer);
	tcp_close(&s->tcp);
}

void ssl_read_full(SSL *ssl, void *buf, size_t len)
{
	size_t done = 0, n;

	while (done < len) {
		if (!SSL_pending(ssl) &&
		    !tcp_poll(SSL_get_fd(ssl), POLLIN, TCP_WAIT_MS))
			FAIL("SSL_read: %zu of %zu bytes came", done, len);
		if (SSL_read_ex(ssl, (u8 *)buf + done, len - done, &n) != 1)
			FAIL("SSL_read after %zu bytes: error %d, %s", done,
			     SSL_get_error(ssl, 0), ssl_error());
		done += n;
	}
}

void ssl_write_full(SSL *ssl, const void *buf, size_t len)
{
	size_t n;

	if (SSL_write_ex(ssl, buf, len, &n) != 1 || n != len)
		FAIL("SSL_write of %zu bytes: %s", len, ssl_error());
}
