/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the receiving side has to make of a stream of records: a model that has
 * all of the stream at once and looks at it from its beginning.
 */
#ifndef KTLS_TESTS_FUZZ_FRAMER_MODEL_H
#define KTLS_TESTS_FUZZ_FRAMER_MODEL_H

#include "../peer/types.h"

/* In place of an AEAD: bytes are inverted, and a tag that begins so is wrong. */
#define MASK 0xff
#define BAD_TAG 0xbd
#define TAG 16

#define STREAM_MAX 65536

/* How many bytes have to come before a record is whole that never will be */
#define NEVER (~(size_t)0)

struct model {
	const u8 *wire;
	size_t len;
	bool tls13;
	unsigned int explicit;	/* bytes of the nonce in the record */
	u64 seq;		/* of the next record */
	size_t at;		/* where that begins */
	size_t messages;	/* bytes of handshake messages with this key */
};

/* What the next record is. */
struct event {
	size_t end;		/* bytes that must have come for it to be seen */
	int err;		/* the stream is broken */
	bool bad_header;	/* ... and that can be seen before it is whole */
	u8 type;
	size_t payload;		/* where that begins in the stream */
	size_t len;
	bool update;		/* a KeyUpdate ends in it */
};

/* Goes on to the record behind it. */
struct event model_next(struct model *m);
void model_rekey(struct model *m);

#endif
