// SPDX-License-Identifier: GPL-2.0
/* After a real handshake: OpenSSL reads what the kernel has sent. */
#include <stdlib.h>

#include "../peer/handshake.h"
#include "ktls.h"

#define TOTAL (1024 * 1024)
#define MESSAGE_MIN 64
#define MESSAGE_MAX (256 * 1024)

struct sender {
	pthread_t thread;
	const u8 *data;
	size_t len;
	unsigned int seed;
	int fd;
};

static void start(struct session *s, const struct tls_case *tc, bool server)
{
	struct handshake_opts opts = {
		.local_is_server = server,
		.tcp = { .family = tc->family },
	};

	handshake(s, tc->suite, tc->version, &opts);
}

static void set_tx(struct session *s)
{
	int ret = ktls_set_tx(s->tcp.local, s->suite, s->version, &s->tx.keys);

	if (ret && errno == ENOENT && s->suite->optional)
		SKIP("this kernel has no %s", s->suite->evp);
	CHECK_SYS(ret);
}

static void hand_over(struct session *s)
{
	CHECK_SYS(ktls_attach(s->tcp.local));
	set_tx(s);
}

/* Sizes from MESSAGE_MIN to MESSAGE_MAX, small ones as likely as large. */
static size_t next_size(unsigned int *seed, size_t left)
{
	size_t n;

	n = (size_t)MESSAGE_MIN << rand_r(seed) % 13;
	n += rand_r(seed) % n;
	return n < left ? n : left;
}

static void *send_all(void *arg)
{
	struct sender *tx = arg;
	size_t done, n;

	for (done = 0; done < tx->len; done += n) {
		n = next_size(&tx->seed, tx->len - done);
		CHECK_EQ(CHECK_SYS(send(tx->fd, tx->data + done, n, 0)), n);
	}
	return NULL;
}

/* A thread sends, because OpenSSL has to read meanwhile. */
static void transfer(struct session *s, unsigned int seed, size_t total)
{
	struct sender tx = {
		.data = test_data(total),
		.len = total,
		.seed = seed,
		.fd = s->tcp.local,
	};
	u8 *back = malloc(total);

	CHECK(back);
	CHECK_EQ(pthread_create(&tx.thread, NULL, send_all, &tx), 0);
	ssl_read_full(s->peer, back, total);
	CHECK_EQ(pthread_join(tx.thread, NULL), 0);
	CHECK_MEM(back, tx.data, total);
	free(back);
}

/* OpenSSL takes our alert for the clean end that it is. */
static void close_notify(struct session *s)
{
	size_t n;
	u8 byte;

	CHECK_EQ(ktls_send_type(s->tcp.local, RECORD_ALERT, "\x01\x00", 2, 0),
		 2);
	CHECK(SSL_read_ex(s->peer, &byte, 1, &n) != 1);
	CHECK_EQ(SSL_get_error(s->peer, 0), SSL_ERROR_ZERO_RETURN);
}

static void run(const struct tls_case *tc, bool server, unsigned int seed)
{
	struct session s;

	start(&s, tc, server);
	hand_over(&s);
	transfer(&s, seed, TOTAL);
	close_notify(&s);
	session_free(&s);
}

KTLS_TEST_EACH_TIMEOUT(handshake_client, each_libssl,
		       const struct tls_case *, tc, 60)
{
	run(tc, false, 1);
}

KTLS_TEST_EACH_TIMEOUT(handshake_server, each_libssl_v4,
		       const struct tls_case *, tc, 60)
{
	run(tc, true, 2);
}

/* What the peer sends is still plain TCP to us: our SSL object reads it. */
KTLS_TEST_EACH(handshake_rx_untouched, each_family, const struct tls_case *,
	       tc)
{
	struct session s;
	u8 back[1000];

	start(&s, tc, true);
	hand_over(&s);
	ssl_write_full(s.peer, test_data(sizeof(back)), sizeof(back));
	ssl_read_full(s.local, back, sizeof(back));
	CHECK_MEM(back, test_data(sizeof(back)), sizeof(back));
	transfer(&s, 3, 10000);
	session_free(&s);
}

static void send_key_update(struct session *s)
{
	CHECK_EQ(ktls_send_type(s->tcp.local, RECORD_HANDSHAKE, key_update_msg,
				sizeof(key_update_msg), 0),
		 sizeof(key_update_msg));
	direction_update(&s->tx, s->suite);
	set_tx(s);
}

KTLS_TEST_EACH_TIMEOUT(handshake_key_update, each_libssl13_v4,
		       const struct tls_case *, tc, 60)
{
	struct session s;
	int i;

	start(&s, tc, true);
	hand_over(&s);
	for (i = 0; i < 3; i++) {
		transfer(&s, 4 + i, 100000);
		send_key_update(&s);
	}
	transfer(&s, 7, 100000);
	close_notify(&s);
	session_free(&s);
}
