/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that holds the keys and means harm, and a model of what its bytes must
 * come to.
 *
 * A plan is what the peer does, step by step; it is made from a seed or read
 * from a line of text, and can be written as one. Its steps give the bytes of the
 * wire. The model opens these bytes with libcrypto and says what a program must
 * be given, knowing nothing of the steps. Then a socket is sent the bytes, and a
 * reader of random habits compares.
 */
#ifndef KTLS_TESTS_HOSTILE_H
#define KTLS_TESTS_HOSTILE_H

#include "../peer/record.h"
#include "cases.h"
#include "dice.h"
#include "forge.h"

#define PLAN_STEPS 80
#define PLAN_TEXT 4000
#define PLAN_KEYS (PLAN_STEPS + 2)
/* All that one plan sends */
#define WIRE_SIZE (512 << 10)
#define WIRE_CHUNKS (2 * PLAN_STEPS)

/* A length that is small, or large, or close to a border */
size_t roll_len(struct dice *d);

enum step_kind {
	STEP_RECORD,	/* sealed: type, bytes of payload, padding */
	STEP_MESSAGE,	/* sealed: type, payload in hexadecimal digits */
	STEP_KEY,	/* go on with the next key */
	STEP_FLIP,	/* this bit of the chunk sent last */
	STEP_CUT,	/* so many bytes from its end */
	STEP_AGAIN,	/* a chunk once more, so many before the last */
	STEP_SWAP,	/* the last two chunks */
	STEP_NOISE,	/* random bytes */
	STEP_BYTES,	/* these, in hexadecimal digits */
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	u32 a, b, c;
	u8 bytes[12];
	u8 len;
};

enum plan_end { END_OPEN, END_FIN, END_RESET, ENDS };

struct plan {
	const struct tls_case *tc;
	u64 seed;	/* of keys, contents, segments and the reader */
	u64 seq;	/* number of each key's first record */
	u32 rcvbuf;	/* 0: the system's choice */
	bool first;	/* everything has arrived before anything is read */
	enum plan_end end;
	unsigned int count;
	struct step step[PLAN_STEPS];
};

void plan_make(struct plan *p, const struct tls_case *tc, u64 seed);
/* Into PLAN_TEXT bytes, one line without its end */
void plan_print(const struct plan *p, char *text);
/* Fails the test if it is not a plan. */
void plan_parse(struct plan *p, const char *text);

/* The bytes of a plan, in the pieces that its steps made. */
struct wire {
	struct tls_keys key[PLAN_KEYS];
	u8 bytes[WIRE_SIZE];
	size_t len;
	struct chunk {
		size_t start, len;
	} chunk[WIRE_CHUNKS];
	unsigned int chunks;
	u8 sealed[WIRE_SIZE];	/* what was sealed, as if that were all */
	size_t sealed_len;
};

/* If the plan has more bytes than can wait unread it is changed: none wait. */
void wire_make(struct wire *w, struct plan *p);

struct item {
	u8 type;
	u8 *data;
	size_t len;
	bool pauses;	/* it completes a KeyUpdate */
};

/* What these bytes must come to, whoever reads. */
struct model {
	struct item item[WIRE_CHUNKS];
	size_t items;
	int err;	/* that then lasts for ever, or 0 */
	bool in_header;	/* and shows without a key */
	bool partial;	/* the last record is not whole */
	size_t good;	/* bytes of records that were opened */
	u64 opened;	/* by the last key */
	/* Of /proc/net/ktls_stat */
	u64 records, bytes, updates, errors;
};

void model_make(struct model *m, const struct plan *p, const struct wire *w);

/* Sends the wire to a new socket and reads; fails the test at a difference. */
void hostile_run(const struct plan *p, const struct wire *w,
		 const struct model *m);

#endif
