/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection over loopback of which one end, or both, speak TLS in the way
 * that is measured. What speaks to a single such end is a plain socket that
 * sends records which are made beforehand, or drops what it receives.
 */
#ifndef KTLS_BENCH_LINK_H
#define KTLS_BENCH_LINK_H

#include "../peer/handshake.h"
#include "../peer/record.h"

/* One way to speak TLS, or, with no ulp and no openssl, not to. */
struct impl {
	const char *name;
	const char *ulp;
	bool openssl;
	bool rival;
	bool nopad;		/* TLS_RX_EXPECT_NO_PAD, read-ahead: */
	bool read_ahead;	/* make a difference for receiving only */
};

struct bench_suite {
	const char *name;
	u16 version;
	const char *suite;
};

extern const struct impl impls[];
extern const size_t impl_count;
extern const struct bench_suite bench_suites[];
extern const size_t bench_suite_count;

/* The end that is measured: it sends, it receives, both ends do both. */
enum link_side {
	LINK_TX,
	LINK_RX,
	LINK_BOTH,
};

struct end {
	int fd;
	SSL *ssl;	/* NULL: the kernel does it */
};

struct link {
	const struct impl *impl;
	struct end local;	/* the one that is measured */
	struct end peer;
	struct record_key out;	/* opens what local has sent */
	struct record_key in;	/* seals what local will receive */
	size_t per_record;	/* bytes that a record adds; 0: no records */
};

/* The implementation exists here, and differs from the others for this side. */
bool link_possible(const struct impl *impl, const struct bench_suite *suite,
		   enum link_side side);
/* Suites do not matter to it. */
bool impl_is_plain(const struct impl *impl);

void link_open(struct link *l, const struct impl *impl,
	       const struct bench_suite *suite, enum link_side side);

/* Both keys of a kernel's implementation, for a connection from elsewhere. */
void link_protect(int fd, const struct impl *impl,
		  const struct bench_suite *suite, bool peer);

/* How many bytes len bytes of payload are on the wire. */
size_t link_wire_len(const struct link *l, size_t len, size_t record);

/* All len bytes. */
void end_send(const struct end *e, const void *buf, size_t len, int flags);
/* As many as one call gives: at least 1. */
size_t end_recv(const struct end *e, void *buf, size_t len);
void end_recv_full(const struct end *e, void *buf, size_t len);

/*
 * len bytes of payload in records of at most the given size each to wire;
 * returns their length there. Without TLS it is a copy.
 */
size_t link_seal(struct link *l, const void *plain, size_t len, size_t record,
		 u8 *wire);
/* The records at wire are exactly this payload. */
void link_verify(struct link *l, const u8 *wire, size_t wire_len,
		 const void *plain, size_t len);
/* The peer reads exactly len bytes from the wire. */
void link_drain(const struct link *l, void *wire, size_t len);

#endif
