/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must come of each call on two connected sockets, written from the manual
 * page: TLS endpoints with the record layer of ../peer, joined by two streams of
 * bytes. The streams are the very bytes on the wire, so an end without a key reads
 * and writes them as they are: that is how records are made and looked at by hand.
 *
 * Two things the model cannot know and is told: how many bytes have arrived
 * (TCP_INFO), and how much a socket takes that TCP's buffers may have filled.
 */
#ifndef KTLS_WALK_MODEL_H
#define KTLS_WALK_MODEL_H

#include "../peer/record.h"
#include "walk.h"

#define WIRE_MAX (4 << 20)
#define CALL_MAX 70000		/* bytes in one call */
#define PEEK_RECORDS 16
/* Records that one call opens at most before it looks whether it may go on */
#define TURN_RECORDS 128

/* A record that was opened and not been read yet */
struct opened {
	u8 type;
	u32 at;		/* in plain */
	u32 len;
};

/* What one end has sent */
struct stream_out {
	u8 *wire;
	size_t made;	/* bytes there are; behind len: a record by hand, cut */
	size_t len;	/* given to TCP */
	size_t arrived;	/* of these at the other end */
	bool joined;	/* type 23 was said of bytes that went into the open record */
	u64 position;	/* payload so far: what the next bytes are made from */
};

struct endpoint {
	bool open;		/* not close()d */
	bool attached;
	bool fin;		/* has sent one */
	bool fin_in;		/* has got one */
	bool rd_shut;
	bool dead;		/* has got a reset */
	int sk_err;

	bool tx;		/* has a key */
	struct record_key out;	/* by hand, if it has none */
	unsigned int tx_keys;	/* keys before this one */
	u8 *record;		/* the open record */
	size_t record_len;
	u32 maxlen;

	bool rx;
	struct record_key in;
	unsigned int rx_keys;
	size_t at;		/* next byte of the wire */
	struct opened rec[PEEK_RECORDS];
	unsigned int records;
	unsigned int turn;	/* records that this call has opened */
	int err;		/* the stream is broken here */
	bool paused;		/* behind a KeyUpdate */
	u8 *plain;
	size_t plain_len;
	u8 *messages;		/* handshake messages under this key */
	size_t messages_len;
};

struct model {
	const struct walk *walk;
	struct stream_out out[2];	/* of the end with that number */
	struct endpoint end[2];
	u8 *data;		/* what the call is to send */
	size_t data_len;
	const struct outcome *got;	/* of the call at hand */
};

/* What came of a call, or what must. */
struct outcome {
	long ret;
	int err;
	int type;		/* of the control message, -1: none */
	int flags;		/* MSG_EOR, MSG_CTRUNC */
	u8 *data;		/* what was read */
	bool busy;		/* TCP had bytes that were not acknowledged */
};

/* What can be seen of a socket without changing it */
struct look {
	short events;
	int inq;
	int outq;
	int tx_err;		/* of getsockopt() */
	u64 tx_seq;
	u64 tx_iv;
	int rx_err;
	u64 rx_seq;
};

void model_init(struct model *m, const struct walk *walk);
void model_free(struct model *m);

/* Makes sense here? It may be changed to what does. Says what to send. */
bool model_prepare(struct model *m, struct op *op);
/* Keys for a key operation that model_prepare() has let pass. */
void model_keys(const struct model *m, const struct op *op,
		struct tls_keys *keys);
/* What must come of it, perhaps with a look at what did; it is done then. */
void model_do(struct model *m, const struct op *op, const struct outcome *got,
	      struct outcome *want);
void model_look(const struct model *m, unsigned int end, struct look *want);

/* Everything sent by that end is at the other, or never will be. */
bool model_settled(const struct model *m, unsigned int end);
bool model_refuses(const struct endpoint *e);
/* TCP's state is CLOSE: both have said that they end, or there was a reset. */
bool model_closed(const struct endpoint *e);

/* model_tx.c, model_rx.c, model_end.c */
void model_seal_open(struct model *m, unsigned int end);
void model_send(struct model *m, const struct op *op, struct outcome *want);
void model_key(struct model *m, const struct op *op, struct outcome *want);
void model_new_key(struct model *m, unsigned int dir, unsigned int number,
		   struct record_key *key);
void model_maxlen(struct model *m, const struct op *op, struct outcome *want);
void model_record(struct model *m, const struct op *op);
void model_recv(struct model *m, const struct op *op, struct outcome *want);
void model_unsplice(struct model *m, const struct op *op,
		    struct outcome *want);
bool model_readable(const struct model *m, unsigned int end);
int model_inq(const struct model *m, unsigned int end);
void model_shutdown(struct model *m, const struct op *op,
		    struct outcome *want);
void model_close(struct model *m, unsigned int end);
void model_reset(struct model *m, unsigned int end);

static inline void model_fails(struct outcome *want, int err)
{
	want->ret = err ? -1 : 0;
	want->err = err;
}

#endif
