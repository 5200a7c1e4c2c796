/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TLS socket of the kernel that receives, and a plain socket at its other
 * end that sends it records made by hand, good or bad.
 *
 *	struct forge f;
 *
 *	forge_open(&f, tc);			connect, attach, set RX keys
 *	forge_data(&f, "hello", 5);		a good record, arrived
 *	forge_make(&f, RECORD_DATA, "x", 1);	a record in f.wire, f.len bytes,
 *	f.wire[f.len - 1] ^= 1;			made bad
 *	forge_write(&f);			and sent
 *	expect_data(&f, "hello", 5);
 *	expect_error(&f, EBADMSG);
 *	forge_close(&f);
 *
 * What forge_*() writes has arrived at the receiving socket when it returns.
 */
#ifndef KTLS_TESTS_FORGE_H
#define KTLS_TESTS_FORGE_H

#include "../peer/record.h"
#include "ktls.h"

#define FORGE_WIRE_MAX (RECORD_HEADER + 65535 + 64)

struct forge {
	const struct tls_case *tc;
	struct conn c;		/* c.fd receives; its TX half may be used too */
	int fd;			/* c.fd */
	int peer;		/* c.peer */
	struct tls_keys keys;	/* of the receiving direction */
	struct record_key out;	/* what the forge seals with */
	u64 sent;		/* bytes that have been written */
	pthread_t thread;	/* of forge_start() */
	const u8 *later;
	size_t later_len;
	size_t later_chunk;
	size_t len;		/* of the record in wire */
	u8 wire[FORGE_WIRE_MAX];
};

/* TCP connected, ULP attached, random RX keys set. opts may be NULL. */
void forge_open(struct forge *f, const struct tls_case *tc);
void forge_open_opts(struct forge *f, const struct tls_case *tc,
		     const struct tcp_opts *opts);
/* The steps of forge_open(): everything but the key; the key. */
void forge_attach(struct forge *f, const struct tls_case *tc,
		  const struct tcp_opts *opts);
void forge_set_rx(struct forge *f);
/* forge_open() with these keys, for the sake of their sequence number. */
void forge_open_seq(struct forge *f, const struct tls_case *tc, u64 seq);
/* New keys for the forge, and what tells the kernel of them. */
void forge_rekey(struct forge *f);
int forge_set_key(struct forge *f);
void forge_close(struct forge *f);

/* Seals a record into f->wire and returns its length on the wire, f->len. */
size_t forge_make(struct forge *f, u8 type, const void *data, size_t len);
size_t forge_make_padded(struct forge *f, u8 type, const void *data,
			 size_t len, size_t padding);
/* Sends f->wire, or a piece of it. */
void forge_write(struct forge *f);
void forge_piece(struct forge *f, size_t from, size_t to);
/* Sends f->wire in segments of one byte. */
void forge_dribble(struct forge *f);
/* Sends anything. */
void forge_raw(struct forge *f, const void *bytes, size_t len);
/* Sends a header alone. */
void forge_header(struct forge *f, u8 type, u16 version, u16 len);

/* Makes and sends good records. */
void forge_send(struct forge *f, u8 type, const void *data, size_t len);
void forge_data(struct forge *f, const void *data, size_t len);
void forge_padded(struct forge *f, u8 type, const void *data, size_t len,
		  size_t padding);
/* A record with its tag broken. */
void forge_bad(struct forge *f, u8 type, const void *data, size_t len);
/* FIN; returns when it has arrived. */
void forge_fin(struct forge *f);

/* Data records of chunk bytes, sent by a thread that waits for room. */
void forge_start(struct forge *f, const void *data, size_t len, size_t chunk);
void forge_join(struct forge *f);

/* What one recvmsg() gave. */
struct got {
	ssize_t n;		/* what it returned */
	int err;		/* errno, 0 if there was no error */
	int type;		/* TLS_GET_RECORD_TYPE, -1 without one */
	int flags;		/* msg_flags without MSG_CMSG_CLOEXEC */
};

/* recvmsg() with room for the record's type. */
struct got got_msg(int fd, void *buf, size_t len, int flags);
/* The same into pieces, and with room bytes for control messages. */
struct got got_iov(int fd, struct iovec *iov, size_t count, size_t room,
		   int flags);
/* recvmsg() without room for control messages. */
struct got got_plain(int fd, void *buf, size_t len, int flags);

/*
 * One recvmsg() into a buffer of size bytes gives exactly this: bytes, type,
 * and if it is the end of a record.
 */
void expect_got(struct forge *f, size_t size, int flags, u8 type,
		const void *data, size_t len, bool eor);
/* One recvmsg() gives this record and would have had room for more. */
void expect_record(struct forge *f, u8 type, const void *data, size_t len);
/* The same, from MSG_PEEK. */
void expect_peek(struct forge *f, u8 type, const void *data, size_t len);
/* Data, in as many calls as it takes. */
void expect_data(struct forge *f, const void *data, size_t len);
/* The next call fails like this, without waiting. */
void expect_error(struct forge *f, int err);
/* Every call in every form fails like this. */
void expect_stuck(struct forge *f, int err);
/* The end of the stream. */
void expect_eof(struct forge *f);
/* The next read would block, and poll() knows. */
void expect_nothing(struct forge *f);
/* poll() says that the next read will not block. */
void expect_pollin(struct forge *f);

/* getsockopt(TLS_RX): the key, and how many records have been opened. */
void expect_opened(struct forge *f, u64 records);

#endif
