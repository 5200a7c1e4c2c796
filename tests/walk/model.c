// SPDX-License-Identifier: GPL-2.0
/* The model: what there is at the beginning, what a call may be, which one it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/check.h"
#include "model.h"

/* Bytes without a pattern that anybody can tell from their place */
static u32 mix(u64 v)
{
	v *= 0x9e3779b97f4a7c15;
	v ^= v >> 29;
	v *= 0xbf58476d1ce4e5b9;
	return v >> 32;
}

static void *get_memory(size_t size)
{
	void *p = malloc(size);

	CHECK(p);
	return p;
}

/* The key of a direction that has had @number before */
static void make_keys(const struct model *m, unsigned int dir,
		      unsigned int number, struct tls_keys *keys)
{
	u8 *byte = (u8 *)keys;
	size_t i;

	for (i = 0; i < sizeof(*keys); i++)
		byte[i] = mix((dir << 20 | number << 8) + i + 1);
	keys->seq[0] &= 0x7f;
	if (m->walk->numbers)
		keys_set_seq(keys, ~0ULL - m->walk->numbers);
}

void model_new_key(struct model *m, unsigned int dir, unsigned int number,
		   struct record_key *key)
{
	struct tls_keys keys;

	make_keys(m, dir, number, &keys);
	if (key->ctx)
		record_key_free(key);
	CHECK(record_key_init(key, m->walk->suite, m->walk->version, &keys));
}

static void init_end(struct model *m, unsigned int i)
{
	struct endpoint *e = &m->end[i];

	e->open = true;
	e->maxlen = RECORD_PLAIN_MAX;
	e->record = get_memory(RECORD_PLAIN_MAX);
	e->plain = get_memory(WIRE_MAX);
	e->messages = get_memory(WIRE_MAX);
	m->out[i].wire = get_memory(WIRE_MAX);
	model_new_key(m, i, 0, &e->out);
}

void model_init(struct model *m, const struct walk *walk)
{
	*m = (struct model){ .walk = walk };
	m->data = get_memory(CALL_MAX);
	init_end(m, 0);
	init_end(m, 1);
}

void model_free(struct model *m)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct endpoint *e = &m->end[i];

		record_key_free(&e->out);
		if (e->in.ctx)
			record_key_free(&e->in);
		free(e->record);
		free(e->plain);
		free(e->messages);
		free(m->out[i].wire);
	}
	free(m->data);
}

/* Bytes to send: no two places of a stream look alike. */
static void fill(struct model *m, const struct op *op)
{
	u64 from = m->out[op->end].position + ((u64)op->end << 40);
	bool update = op->flags & FLAG_UPDATE;
	u32 len = op->field[F_LEN];
	u8 *p = m->data;
	u32 i;

	m->data_len = len;
	for (i = 0; i < len; i++)
		p[i] = mix(from + i);
	/* RFC 8446 section 4: a message that is all of the record */
	if (op->field[F_TYPE] == RECORD_HANDSHAKE && len >= 4) {
		p[0] = update ? 24 : 4;
		put_be(p + 1, len - 4, 3);
	}
}

/* Bytes that the op may put on the wire, at most */
static size_t worst(const struct model *m, const struct op *op)
{
	u32 maxlen = m->end[op->end].maxlen;

	return op->field[F_LEN] + op->field[F_PAD] + 2 * RECORD_WIRE_MAX +
	       (op->field[F_LEN] / maxlen + 2) * 64;
}

static bool may_record(const struct model *m, struct op *op)
{
	const struct endpoint *e = &m->end[op->end];

	if (m->walk->version == TLS12)
		op->field[F_PAD] = 0;
	return !e->tx && !e->fin && !e->dead &&
	       op->field[F_LEN] + op->field[F_PAD] <= RECORD_PLAIN_MAX &&
	       ~0ULL - e->out.seq > 1;
}

static bool may_send(const struct model *m, struct op *op)
{
	const struct stream_out *out = &m->out[op->end];
	bool by_pages = op->kind == OP_SENDFILE || op->kind == OP_SPLICE;

	if (m->end[op->end].tx)
		return !by_pages || (!m->walk->sndbuf && op->field[F_LEN] &&
				     out->arrived == out->len);
	/* Without key they are bytes, of which TCP may keep those with MSG_MORE */
	op->flags &= FLAG_PIECES;
	return op->kind == OP_SEND && out->made == out->len;
}

static bool may_recv(const struct model *m, struct op *op)
{
	if (m->end[op->end].rx)
		return true;
	op->flags &= ~(FLAG_TRUNC | FLAG_OOB);
	return op->kind == OP_RECV;
}

/* What is under way when a socket is closed may or may not arrive. */
static bool may_close(const struct model *m)
{
	return m->out[0].arrived == m->out[0].len &&
	       m->out[1].arrived == m->out[1].len;
}

static bool fits(const struct model *m, struct op *op)
{
	const struct endpoint *e = &m->end[op->end];

	if (!e->open || op->field[F_LEN] > CALL_MAX ||
	    m->out[op->end].made + worst(m, op) > WIRE_MAX)
		return false;
	switch (op->kind) {
	case OP_FOLLOW:
		return e->paused;
	case OP_SEND:
	case OP_TYPE:
	case OP_SENDFILE:
	case OP_SPLICE:
		return may_send(m, op);
	case OP_RECORD:
		return may_record(m, op);
	case OP_RECV:
	case OP_UNSPLICE:
		return may_recv(m, op);
	case OP_CLOSE:
		return may_close(m);
	default:
		return true;
	}
}

bool model_prepare(struct model *m, struct op *op)
{
	if (!fits(m, op))
		return false;
	fill(m, op);
	if (op->kind == OP_RECORD)
		model_record(m, op);
	return true;
}

void model_keys(const struct model *m, const struct op *op,
		struct tls_keys *keys)
{
	bool rx = op->kind == OP_FOLLOW || op->flags & FLAG_RX;
	const struct endpoint *e = &m->end[op->end];

	if (rx) {
		make_keys(m, !op->end, e->rx_keys + e->rx, keys);
	} else if (e->tx) {
		make_keys(m, op->end, e->tx_keys + 1, keys);
	} else {
		/* It goes on where records by hand have ended. */
		*keys = e->out.keys;
		keys_set_seq(keys, e->out.seq);
		if (m->walk->version == TLS12 &&
		    m->walk->suite->mode != SUITE_CHACHA)
			put_be(keys->iv, e->out.explicit_nonce, 8);
	}
}

static void attach(struct model *m, const struct op *op, struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];

	if (e->attached)
		model_fails(want, EEXIST);
	else if (e->fin || e->fin_in || e->dead)
		model_fails(want, ENOTCONN);
	else
		e->attached = true;
}

/* What comes of it that bytes were sent */
static void answer(struct model *m, const struct op *op, size_t before)
{
	if (m->out[op->end].len == before)
		return;
	if (!model_refuses(&m->end[!op->end]))
		return;
	model_reset(m, op->end);
	model_reset(m, !op->end);
}

void model_do(struct model *m, const struct op *op, const struct outcome *got,
	      struct outcome *want)
{
	size_t before = m->out[op->end].len;

	m->got = got;
	want->ret = 0;
	want->err = 0;
	want->type = -1;
	want->flags = 0;
	switch (op->kind) {
	case OP_ATTACH:
		attach(m, op, want);
		break;
	case OP_KEY:
	case OP_FOLLOW:
		model_key(m, op, want);
		break;
	case OP_MAXLEN:
		model_maxlen(m, op, want);
		break;
	case OP_RECV:
		model_recv(m, op, want);
		break;
	case OP_UNSPLICE:
		model_unsplice(m, op, want);
		break;
	case OP_SHUTDOWN:
		model_shutdown(m, op, want);
		break;
	case OP_CLOSE:
		model_close(m, op->end);
		break;
	default:
		model_send(m, op, want);
	}
	answer(m, op, before);
}
