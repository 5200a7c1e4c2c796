// SPDX-License-Identifier: GPL-2.0
/* The model: sending. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "model.h"

static u64 numbers_left(const struct endpoint *e)
{
	return ~0ULL - e->out.seq;
}

static void seal(struct model *m, unsigned int end, u8 type, const u8 *data,
		 size_t len)
{
	struct stream_out *out = &m->out[end];

	out->len += record_seal(&m->end[end].out, type, data, len, 0,
				out->wire + out->len);
	out->made = out->len;
}

void model_seal_open(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];

	if (e->record_len)
		seal(m, end, RECORD_DATA, e->record, e->record_len);
	e->record_len = 0;
}

/* Bytes that a record takes, of those that are left */
static size_t step(const struct endpoint *e, size_t left)
{
	size_t room = e->maxlen - e->record_len;

	return left < room ? left : room;
}

/* Data goes in steps of a record, as far as TCP takes it: no further than @limit */
static void send_data(struct model *m, const struct op *op, size_t limit,
		      bool more, struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];
	size_t done = 0, n;
	int err = 0;

	for (; !err && done < m->data_len; done += n) {
		n = 0;
		if (!numbers_left(e)) {
			err = EBADMSG;
		} else if (done >= limit) {
			err = EAGAIN;
		} else {
			n = step(e, m->data_len - done);
			memcpy(e->record + e->record_len, m->data + done, n);
			e->record_len += n;
			if (e->record_len == e->maxlen)
				model_seal_open(m, op->end);
		}
	}
	if (done && !more)
		model_seal_open(m, op->end);
	m->out[op->end].position += done;
	if (done)
		want->ret = done;
	else
		model_fails(want, err);
}

/* A message of another type goes whole, behind the open record, or not at all. */
static void send_control(struct model *m, const struct op *op, size_t limit,
			 struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];
	size_t at, n, records = (m->data_len + e->maxlen - 1) / e->maxlen;

	if (m->data_len > KTLS_CONTROL_MAX) {
		model_fails(want, EMSGSIZE);
		return;
	}
	if (numbers_left(e) < records + !!e->record_len) {
		model_fails(want, EBADMSG);
		return;
	}
	if (limit < m->data_len) {
		model_fails(want, EAGAIN);
		return;
	}
	model_seal_open(m, op->end);
	for (at = 0; at < m->data_len; at += n) {
		n = step(e, m->data_len - at);
		seal(m, op->end, op->field[F_TYPE], m->data + at, n);
	}
	m->out[op->end].position += m->data_len;
	want->ret = m->data_len;
}

/* What is wrong with the call, whatever the socket's state */
static int check_call(const struct model *m, const struct op *op)
{
	if (op->flags & FLAG_OOB)
		return -EOPNOTSUPP;
	if (op->flags & FLAG_MORE && op->flags & FLAG_EOR)
		return -EINVAL;
	if (op->kind != OP_TYPE)
		return 0;
	if (op->flags & FLAG_MORE)
		return -EINVAL;
	return !op->field[F_TYPE] && m->walk->version == TLS13 ? -EINVAL : 0;
}

/* The connection's error is told once. */
static int check_state(struct endpoint *e)
{
	int err = e->sk_err;

	e->sk_err = 0;
	return err ? -err : e->dead || e->fin ? -EPIPE : 0;
}

static void send_keyed(struct model *m, const struct op *op, size_t limit,
		       struct outcome *want)
{
	const struct endpoint *e = &m->end[op->end];
	bool more = op->flags & FLAG_MORE;
	int err = check_call(m, op);

	if (!err)
		err = check_state(&m->end[op->end]);
	if (err) {
		model_fails(want, -err);
	} else if (op->kind == OP_TYPE && op->field[F_TYPE] != RECORD_DATA) {
		send_control(m, op, limit, want);
	} else {
		m->out[op->end].joined |= op->kind == OP_TYPE && e->record_len;
		send_data(m, op, limit, more, want);
	}
}

/* Bytes as they are: a record made by hand is in the wire already. */
static void send_plain(struct model *m, const struct op *op, size_t limit,
		       struct outcome *want)
{
	struct stream_out *out = &m->out[op->end];
	int err = check_state(&m->end[op->end]);
	size_t n = m->data_len < limit ? m->data_len : limit;

	if (!err && !n && m->data_len)
		err = -EAGAIN;
	if (err) {
		model_fails(want, -err);
		return;
	}
	if (op->kind != OP_RECORD) {
		memcpy(out->wire + out->len, m->data, n);
		out->made += n;
		out->position += n;
	}
	out->len += n;
	want->ret = n;
}

/*
 * A call that may not wait takes less only where TCP has bytes that are not
 * acknowledged, and then as much as it says.
 */
void model_send(struct model *m, const struct op *op, struct outcome *want)
{
	const struct outcome *got = m->got;
	const struct stream_out *out = &m->out[op->end];
	bool full = got->busy || out->arrived != out->len || m->walk->sndbuf;
	size_t limit = m->data_len;

	if (full && got->ret < 0)
		limit = got->err == EAGAIN ? 0 : limit;
	else if (full)
		limit = got->ret;
	if (m->end[op->end].tx)
		send_keyed(m, op, limit, want);
	else
		send_plain(m, op, limit, want);
}

static void spoil(u8 *wire, size_t len, u32 flags, u32 choice)
{
	static const u8 heads[][5] = {
		{ 23, 3, 1, 0, 100 }, { 23, 3, 3, 0, 3 }, { 23, 3, 3, 0xff, 0 },
		{ 22, 3, 3, 0, 60 },
	};

	if (flags & FLAG_BADTAG)
		wire[len - 1] ^= 1;
	if (flags & FLAG_BADHEAD)
		memcpy(wire, heads[choice % ARRAY_SIZE(heads)], 5);
}

/*
 * Makes a record behind those that there are, and says which bytes go now: what
 * was cut off the one before, and this one or a part of it.
 */
void model_record(struct model *m, const struct op *op)
{
	struct stream_out *out = &m->out[op->end];
	struct endpoint *e = &m->end[op->end];
	u8 *wire = out->wire + out->made;
	size_t len;

	len = record_seal(&e->out, op->field[F_TYPE], m->data, m->data_len,
			  op->field[F_PAD], wire);
	spoil(wire, len, op->flags, op->field[F_LEN]);
	out->position += m->data_len;
	m->data_len = out->made - out->len + len;
	out->made += len;
	if (op->field[F_CUT] && op->field[F_CUT] < len)
		m->data_len -= len - op->field[F_CUT];
	memcpy(m->data, out->wire + out->len, m->data_len);
	if (op->flags & FLAG_UPDATE && m->walk->version == TLS13)
		model_new_key(m, op->end, ++e->tx_keys, &e->out);
}

static int check_key(const struct model *m, const struct op *op, bool has)
{
	if (!m->end[op->end].attached)
		return -ENOPROTOOPT;
	if (has && m->walk->version == TLS12)
		return -EBUSY;
	return op->flags & (FLAG_BADLEN | FLAG_BADCIPHER) ? -EINVAL : 0;
}

static void set_rx(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];

	e->rx_keys += e->rx;
	model_new_key(m, !end, e->rx_keys, &e->in);
	e->rx = true;
	e->paused = false;
	e->messages_len = 0;
}

static void set_tx(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];

	if (e->tx) {
		if (e->dead || e->fin)
			e->record_len = 0;
		model_seal_open(m, end);
		model_new_key(m, end, ++e->tx_keys, &e->out);
	}
	e->tx = true;
}

void model_key(struct model *m, const struct op *op, struct outcome *want)
{
	bool rx = op->kind == OP_FOLLOW || op->flags & FLAG_RX;
	const struct endpoint *e = &m->end[op->end];

	model_fails(want, -check_key(m, op, rx ? e->rx : e->tx));
	if (want->err)
		return;
	if (rx)
		set_rx(m, op->end);
	else
		set_tx(m, op->end);
}

void model_maxlen(struct model *m, const struct op *op, struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];
	bool inner = (e->tx || e->rx) && m->walk->version == TLS13;
	u32 len = op->field[F_LEN];

	if (!e->attached)
		model_fails(want, ENOPROTOOPT);
	else if (e->record_len)
		model_fails(want, EBUSY);
	else if (op->flags & FLAG_BADLEN || len < 64U - inner ||
		 len > RECORD_PLAIN_MAX)
		model_fails(want, EINVAL);
	else
		e->maxlen = len;
}
