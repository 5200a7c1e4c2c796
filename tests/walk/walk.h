/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A walk: a sequence of system calls on the two ends of one connection. It is
 * made from a seed or read from a file, done on real sockets, and each result is
 * compared with what the model (model.h) says.
 *
 * A walk stays a walk whatever is left out of it: what makes no sense where it
 * stands is passed over, in the same way each time.
 */
#ifndef KTLS_WALK_H
#define KTLS_WALK_H

#include <stdio.h>

#include "../peer/suite.h"

enum op_kind {
	OP_ATTACH,	/* TCP_ULP */
	OP_KEY,		/* the next key of a direction */
	OP_FOLLOW,	/* the peer's next key, if a KeyUpdate has been read */
	OP_MAXLEN,	/* TLS_TX_MAX_PAYLOAD_LEN */
	OP_SEND,	/* send() */
	OP_TYPE,	/* sendmsg() with a content type */
	OP_SENDFILE,
	OP_SPLICE,	/* from a pipe; never with more: when that goes, time says */
	OP_RECORD,	/* a record made by hand, from an end without key */
	OP_RECV,	/* recvmsg() */
	OP_UNSPLICE,	/* from the socket into a pipe */
	OP_SHUTDOWN,
	OP_CLOSE,
	OP_KINDS
};

enum op_field {
	F_LEN,
	F_TYPE,		/* content type */
	F_PAD,		/* of a record made by hand */
	F_CUT,		/* bytes of it that go at once, 0: all */
	FIELDS
};

/* What else there is to say of an operation; how it is written: text.c */
enum op_flag {
	FLAG_MORE = 1 << 0,
	FLAG_EOR = 1 << 1,
	FLAG_OOB = 1 << 2,
	FLAG_PEEK = 1 << 3,
	FLAG_WAITALL = 1 << 4,
	FLAG_TRUNC = 1 << 5,
	FLAG_BARE = 1 << 6,	/* no room for control messages */
	FLAG_PIECES = 1 << 7,	/* several iovecs */
	FLAG_TX = 1 << 8,
	FLAG_RX = 1 << 9,
	FLAG_UPDATE = 1 << 10,	/* a KeyUpdate */
	FLAG_BADLEN = 1 << 11,
	FLAG_BADCIPHER = 1 << 12,
	FLAG_BADTAG = 1 << 13,
	FLAG_BADHEAD = 1 << 14,
	FLAG_SIGNAL = 1 << 15,	/* may wait, until a signal comes */
};

struct op {
	enum op_kind kind;
	unsigned int end;
	u32 field[FIELDS];
	u32 flags;
};

#define OPS_MAX 1000

struct walk {
	u64 seed;		/* it was made from */
	u16 version;
	const struct suite *suite;
	u32 numbers;		/* records that each key is good for, 0: many */
	u32 sndbuf;		/* of both ends, 0: plenty */
	u32 rcvbuf;
	size_t count;
	struct op op[OPS_MAX];
};

/* text.c: one line for what is common, one for each operation. */
extern const char *const op_names[OP_KINDS];
bool op_has_field(enum op_kind kind, enum op_field field);
u32 op_flags(enum op_kind kind);
void op_write(FILE *f, const struct op *op);
void walk_write(FILE *f, const struct walk *walk);
/* Returns NULL or what is wrong; *line is where. */
const char *walk_read(FILE *f, struct walk *walk, unsigned int *line);

/* generate.c: the same walk for the same seed, on every machine. */
void walk_generate(struct walk *walk, u64 seed);

/* shrink.c: make it as small as it can be without changing what fails. */
void walk_shrink(struct walk *walk, bool foreign);

/* run.c */
struct walk_result {
	bool failed;
	size_t op;		/* the operation at fault */
	size_t done;		/* operations that were done */
	u64 bytes;		/* of payload read */
	const char *differs;	/* the last deliberate difference */
	bool ended;		/* the walk ended there */
	char why[400];
};

/* foreign: the other module, whose deliberate differences are allowed */
void walk_run(const struct walk *walk, bool foreign, struct walk_result *res);

#endif
