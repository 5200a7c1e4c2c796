/* SPDX-License-Identifier: GPL-2.0 */
/* Between the parts that run a plan; see hostile.h. */
#ifndef KTLS_TESTS_HOSTILE_RUN_H
#define KTLS_TESTS_HOSTILE_RUN_H

#include "hostile.h"

struct sender {
	struct forge *f;
	const struct plan *p;
	const struct wire *w;
	pthread_t thread;
	bool started;
	int stop;
	int done;
};

/* Sends; true if all of it has arrived when this returns. */
bool sender_start(struct sender *s);
/* There is no reader any more. */
void sender_stop(struct sender *s);
/* Nothing more will be sent, and all of it has arrived. */
bool sender_is_done(struct sender *s);
/* Some more bytes for a stream that is over, as far as there is room. */
void sender_more(struct sender *s);

/*
 * Where a reader stands in what the model says, and what it may be told next.
 */
struct place {
	const struct plan *p;
	const struct model *m;
	bool arrived;	/* all of the wire has, and the end, too */
	size_t item;
	size_t at;	/* bytes of it that were given */
	bool paused;	/* the next thing is a new key */
	bool reset;	/* the reset has been told */
	bool over;	/* nothing will change any more */
};

/* The item that comes next, NULL if none does. */
const struct item *place_next(const struct place *pl);
/* Will a call that waits come back? */
bool place_has_more(const struct place *pl);
/* Bytes that one call of so many could give, and the records they are in. */
size_t place_run(const struct place *pl, size_t len, size_t *records);
/*
 * A call that had room for len bytes gave these, of this type (-1: it did not
 * say, as splice() does not). Returns true if the end of a record was among them.
 */
bool place_got(struct place *pl, const u8 *bytes, size_t n, size_t len,
	       int type);
/* The same with MSG_PEEK: nothing changes. */
void place_peeked(struct place pl, const u8 *bytes, size_t n, size_t len,
		  int type);
/* A call gave nothing but this; 0 is the end of the stream. */
void place_failed(struct place *pl, int err);

#endif
