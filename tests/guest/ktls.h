/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TLS socket of the kernel and the plain socket at its other end, which
 * sees what really goes over the wire. See tests/README.md for an example.
 * Helpers fail the test if anything is off; the bare system calls, for tests
 * that look at errors, are in ../peer/ulp.h.
 */
#ifndef KTLS_TESTS_KTLS_H
#define KTLS_TESTS_KTLS_H

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peer/stream.h"
#include "../peer/tcp.h"
#include "../peer/ulp.h"
#include "cases.h"
#include "harness.h"

struct conn {
	const struct tls_case *tc;
	int fd;			/* the end with the ULP */
	int peer;		/* the other end, plain TCP */
	struct tls_keys tx;	/* keys of fd's direction */
	struct stream in;	/* what arrives at peer, decrypted by us */
	pthread_t thread;	/* of conn_expect_start() */
	const void *want;
	size_t want_len;
};

/* TCP connected, ULP attached, random TX keys set. opts may be NULL. */
void conn_open(struct conn *c, const struct tls_case *tc);
void conn_open_opts(struct conn *c, const struct tls_case *tc,
		    const struct tcp_opts *opts);
/* The steps of conn_open(), for tests that want something in between. */
void conn_connect(struct conn *c, const struct tls_case *tc,
		  const struct tcp_opts *opts);
void conn_attach(struct conn *c);
/* First keys: c->tx if keys is NULL, which conn_connect() made random. */
void conn_set_tx(struct conn *c, const struct tls_keys *keys);
/* TX rekey to new random keys; the decryptor follows from its next record. */
void conn_rekey(struct conn *c);
/* Closes what is still open (not -1). */
void conn_close(struct conn *c);
/* Closes only the ULP's end. */
void conn_close_local(struct conn *c);

/* send() takes all of it. */
void conn_send(struct conn *c, const void *data, size_t len, int flags);
/* A KeyUpdate, a close_notify and the like: taken whole. */
void conn_send_type(struct conn *c, u8 type, const void *data, size_t len);

/* The next record at the peer is this one, with nothing else in it. */
void peer_expect(struct conn *c, u8 type, const void *data, size_t len);
/* The next data records carry this, however it is cut. */
void peer_expect_data(struct conn *c, const void *data, size_t len);
/* Data records of exactly these sizes; data is as long as all of them. */
void peer_expect_sizes(struct conn *c, const void *data, const size_t *sizes,
		       size_t count);
/* FIN at a record boundary. */
void peer_expect_eof(struct conn *c);
void peer_expect_reset(struct conn *c);
/* Nothing on the wire for a while. */
void peer_expect_quiet(struct conn *c);

/* peer_expect_data() in a thread, for sends larger than the buffers. */
void peer_expect_start(struct conn *c, const void *data, size_t len);
void peer_expect_join(struct conn *c);

/*
 * getsockopt(TLS_TX) shows the keys set, and the sequence number and iv that
 * follow the last record that the peer has read.
 */
void conn_check_tx(struct conn *c);

/* len bytes without a pattern, the same in every run; never freed. */
const u8 *test_data(size_t len);

#endif
