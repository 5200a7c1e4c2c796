// SPDX-License-Identifier: GPL-2.0
/* The model: receiving. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "model.h"

#define TAG SUITE_TAG_SIZE
/* Empty records that TLS 1.2 does not show to who polls */
#define EMPTY_RUN 16

static size_t explicit_len(const struct model *m)
{
	return m->walk->version == TLS12 &&
	       m->walk->suite->mode != SUITE_CHACHA ? 8 : 0;
}

/* What is not payload in the body of a record */
static size_t overhead(const struct model *m)
{
	return explicit_len(m) + TAG + (m->walk->version == TLS13);
}

static int check_header(const struct model *m, const u8 *header)
{
	size_t len = get_be(header + 3, 2), least = overhead(m);

	if (len > RECORD_PLAIN_MAX + least)
		return -EMSGSIZE;
	if (len < least)
		return -EBADMSG;
	if (header[1] != 3 || header[2] != 3)
		return -EINVAL;
	return m->walk->version == TLS13 && header[0] != RECORD_DATA ?
	       -EBADMSG : 0;
}

/* Bytes that have arrived and nobody has opened or read */
static size_t queued(const struct model *m, unsigned int end)
{
	return m->out[!end].arrived - m->end[end].at;
}

/* Size of the record at @wire, if @avail bytes are all of it or more */
static size_t whole(const u8 *wire, size_t avail)
{
	size_t len = record_wire_len(wire, avail);

	return len && len <= avail ? len : 0;
}

/* RFC 8446 section 4: how many KeyUpdates are complete. */
static unsigned int count_updates(const struct endpoint *e)
{
	const u8 *p = e->messages;
	unsigned int updates = 0;
	size_t at = 0, end;

	for (; at + 4 <= e->messages_len; at = end) {
		end = at + 4 + get_be(p + at + 1, 3);
		if (end > e->messages_len)
			break;
		if (p[at] == 24)
			updates++;
	}
	return updates;
}

static bool ends_update(const struct model *m, struct endpoint *e,
			const struct record *r)
{
	unsigned int before;

	if (r->type != RECORD_HANDSHAKE || m->walk->version != TLS13)
		return false;
	before = count_updates(e);
	memcpy(e->messages + e->messages_len, r->data, r->len);
	e->messages_len += r->len;
	return count_updates(e) != before;
}

static int broken(struct endpoint *e, int err)
{
	e->err = err;
	return -err;
}

static void keep(struct endpoint *e, const struct record *r)
{
	if (!r->len && r->type == RECORD_DATA)
		return;
	e->rec[e->records++] = (struct opened){
		.type = r->type, .at = e->plain_len, .len = r->len,
	};
	e->plain_len += r->len;
}

/* Opens the record that has come whole. Returns 1 or a negative errno */
static int open_record(struct model *m, unsigned int end, size_t len)
{
	const u8 *wire = m->out[!end].wire + m->end[end].at;
	struct endpoint *e = &m->end[end];
	struct record r;

	/* RFC 8446 section 5.3: it does not wrap */
	if (e->in.seq == ~0ULL)
		return broken(e, EBADMSG);
	e->in.any_explicit = true;
	e->at += len;
	if (record_open(&e->in, wire, len, e->plain + e->plain_len, &r))
		return broken(e, EBADMSG);
	e->paused = ends_update(m, e, &r);
	keep(e, &r);
	return 1;
}

/* As ktls_rx_next(): 1, 0 if there is none, or a negative errno */
static int open_next(struct model *m, unsigned int end)
{
	const u8 *wire = m->out[!end].wire + m->end[end].at;
	struct endpoint *e = &m->end[end];
	size_t avail = queued(m, end), len;
	int err;

	if (e->err)
		return -e->err;
	if (e->paused)
		return -EKEYEXPIRED;
	err = avail >= RECORD_HEADER ? check_header(m, wire) : 0;
	if (err)
		return broken(e, -err);
	len = whole(wire, avail);
	if (len)
		return open_record(m, end, len);
	if (avail && !e->sk_err && (e->fin_in || model_closed(e)))
		return broken(e, ECONNRESET);
	return 0;
}

/* Nothing more is there: why? 0: the end of the stream. */
static int why_nothing(struct endpoint *e, bool may_wait)
{
	int err = e->sk_err;

	if (err) {
		e->sk_err = 0;
		return -err;
	}
	if (e->fin_in || e->rd_shut || e->dead)
		return 0;
	return may_wait ? -EINTR : -EAGAIN;
}

/* Does nothing but a signal end the call before there is more? */
static bool waits(const struct op *op, long given)
{
	return op->flags & FLAG_SIGNAL &&
	       (!given || op->flags & FLAG_WAITALL);
}

/*
 * Has the call opened so many records that it ends if it may? Some are opened at
 * once: nobody knows how many more than a turn it will be, or when signals come.
 */
static bool turn_is_over(const struct model *m, const struct op *op,
			 long given)
{
	const struct outcome *got = m->got;
	unsigned int opened = m->end[op->end].turn;
	bool ended = given ? got->ret <= given :
			     got->err == (waits(op, given) ? EINTR : EAGAIN);

	if (opened < TURN_RECORDS)
		return false;
	return ended || (!waits(op, given) && opened >= TURN_RECORDS + PEEK_RECORDS);
}

/* Has the record @index opened. Returns 1, or what the call that has nothing says */
static int get(struct model *m, const struct op *op, unsigned int index,
	       long given)
{
	struct endpoint *e = &m->end[op->end];
	int ret = 1;

	for (; ret > 0 && index >= e->records; e->turn++) {
		if (e->records == PEEK_RECORDS)
			return 0;
		if (turn_is_over(m, op, given))
			return given ? 0 : waits(op, given) ? -EINTR : -EAGAIN;
		ret = open_next(m, op->end);
		/* With some bytes the connection's error waits for the next call. */
		if (!ret)
			return given ? 0 :
			       why_nothing(e, op->flags & FLAG_SIGNAL);
	}
	return ret;
}

/* Bytes of the oldest record are gone. Returns true if it has ended. */
static bool consume(struct endpoint *e, u32 n)
{
	e->rec[0].at += n;
	e->rec[0].len -= n;
	if (e->rec[0].len)
		return false;
	memmove(e->rec, e->rec + 1, --e->records * sizeof(e->rec[0]));
	return true;
}

/* Gives what fits of one record. Returns false if the call ends before or there */
static bool give(struct model *m, const struct op *op, unsigned int *index,
		 struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];
	const struct opened *rec = &e->rec[*index];
	u32 n = op->field[F_LEN] - want->ret;
	u8 type = rec->type;

	if (want->type >= 0 && type != want->type)
		return false;
	if (op->flags & FLAG_BARE && type != RECORD_DATA) {
		model_fails(want, EIO);
		return false;
	}
	want->type = type;
	if (n > rec->len)
		n = rec->len;
	memcpy(want->data + want->ret, e->plain + rec->at, n);
	want->ret += n;
	if (op->flags & FLAG_PEEK)
		++*index;
	else if (consume(e, n))
		want->flags |= MSG_EOR;
	return type == RECORD_DATA && want->ret < op->field[F_LEN];
}

static void recv_keyed(struct model *m, const struct op *op,
		       struct outcome *want)
{
	unsigned int index = 0;
	int ret;

	m->end[op->end].turn = 0;
	if (op->flags & FLAG_OOB) {
		model_fails(want, EINVAL);
		return;
	}
	if (!op->field[F_LEN])
		return;
	do {
		ret = get(m, op, index, want->ret);
	} while (ret > 0 && give(m, op, &index, want));
	if (ret < 0 && !want->ret)
		model_fails(want, -ret);
	if (op->flags & FLAG_BARE && want->type >= 0) {
		want->flags |= MSG_CTRUNC;
		want->type = -1;
	}
}

/* TCP's own: an end of the stream counts more than the connection's error. */
static int plain_nothing(struct endpoint *e, bool may_wait)
{
	return e->fin_in ? 0 : why_nothing(e, may_wait);
}

static void recv_plain(struct model *m, const struct op *op,
		       struct outcome *want)
{
	const struct stream_out *in = &m->out[!op->end];
	struct endpoint *e = &m->end[op->end];
	size_t n = queued(m, op->end);
	int err = 0;

	if (!n)
		err = plain_nothing(e, op->flags & FLAG_SIGNAL);
	if (n > op->field[F_LEN])
		n = op->field[F_LEN];
	if (err) {
		model_fails(want, -err);
		return;
	}
	memcpy(want->data, in->wire + e->at, n);
	if (!(op->flags & FLAG_PEEK))
		e->at += n;
	want->ret = n;
}

void model_recv(struct model *m, const struct op *op, struct outcome *want)
{
	if (m->end[op->end].rx)
		recv_keyed(m, op, want);
	else
		recv_plain(m, op, want);
}

/* One record of data at most */
void model_unsplice(struct model *m, const struct op *op, struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];
	u32 n = op->field[F_LEN];
	int ret;

	if (!n)
		return;
	e->turn = 0;
	ret = get(m, op, 0, 0);
	if (ret > 0 && e->rec[0].type != RECORD_DATA)
		ret = -EINVAL;
	if (ret <= 0) {
		model_fails(want, -ret);
		return;
	}
	if (n > e->rec[0].len)
		n = e->rec[0].len;
	memcpy(want->data, e->plain + e->rec[0].at, n);
	want->ret = n;
	consume(e, n);
}

/* With TLS 1.2 the header tells that a record of data is empty. */
static bool something_whole(const struct model *m, unsigned int end)
{
	const u8 *wire = m->out[!end].wire + m->end[end].at;
	size_t avail = queued(m, end), len;
	int i;

	for (i = 0; i < EMPTY_RUN; i++, wire += len, avail -= len) {
		if (avail < RECORD_HEADER)
			return false;
		if (check_header(m, wire))
			return true;
		len = whole(wire, avail);
		if (!len)
			return false;
		if (m->walk->version == TLS13 || wire[0] != RECORD_DATA ||
		    len != RECORD_HEADER + overhead(m))
			return true;
	}
	return true;
}

/* Will a read of one byte not block? */
bool model_readable(const struct model *m, unsigned int end)
{
	const struct endpoint *e = &m->end[end];

	if (e->fin_in || e->rd_shut || e->dead)
		return true;
	if (!e->rx)
		return queued(m, end);
	if (e->records || e->err)
		return true;
	return !e->paused && something_whole(m, end);
}

int model_inq(const struct model *m, unsigned int end)
{
	const u8 *wire = m->out[!end].wire + m->end[end].at;
	const struct endpoint *e = &m->end[end];
	size_t avail = queued(m, end), len;
	unsigned int i;
	int bytes = 0;

	if (!e->rx)
		return avail;
	for (i = 0; i < e->records; i++)
		bytes += e->rec[i].len;
	if (e->err || e->paused || avail < RECORD_HEADER ||
	    check_header(m, wire))
		return bytes;
	len = whole(wire, avail);
	if (len)
		bytes += len - RECORD_HEADER - overhead(m);
	return bytes;
}
