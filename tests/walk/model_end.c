// SPDX-License-Identifier: GPL-2.0
/* The model: how a connection ends, and what can be seen from outside. */
#include <errno.h>
#include <poll.h>

#include "model.h"

bool model_closed(const struct endpoint *e)
{
	return e->dead || (e->fin && e->fin_in);
}

/* Who has closed the socket, or shut down both ways, answers data with a reset. */
bool model_refuses(const struct endpoint *e)
{
	return !e->open || (e->fin && e->rd_shut);
}

bool model_settled(const struct model *m, unsigned int end)
{
	const struct stream_out *out = &m->out[end];
	const struct endpoint *from = &m->end[end];
	const struct endpoint *to = &m->end[!end];

	if (!to->open || from->dead || to->dead)
		return true;
	return out->arrived == out->len && to->fin_in == from->fin;
}

void model_reset(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];

	if (!e->open || model_closed(e))
		return;
	e->sk_err = e->fin_in ? EPIPE : ECONNRESET;
	e->dead = true;
}

/* What was kept of a record by hand never leaves. */
static void end_sending(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];

	if (!e->fin && !e->dead)
		model_seal_open(m, end);
	e->record_len = 0;
	m->out[end].made = m->out[end].len;
	e->fin = true;
}

void model_shutdown(struct model *m, const struct op *op, struct outcome *want)
{
	struct endpoint *e = &m->end[op->end];

	if (model_closed(e)) {
		if (op->flags & FLAG_TX)
			e->record_len = 0;
		model_fails(want, ENOTCONN);
		return;
	}
	/* Who is gone answers even the last record. */
	if (op->flags & FLAG_TX && e->record_len &&
	    model_refuses(&m->end[!op->end])) {
		model_seal_open(m, op->end);
		model_fails(want, ENOTCONN);
		return;
	}
	if (op->flags & FLAG_TX)
		end_sending(m, op->end);
	if (op->flags & FLAG_RX || !(op->flags & FLAG_TX))
		e->rd_shut = true;
}

/* What was not read makes a reset of it, behind all that was sent. */
void model_close(struct model *m, unsigned int end)
{
	struct endpoint *e = &m->end[end];
	bool unread = e->records || m->out[!end].arrived != e->at;
	bool closed = model_closed(e), fin = e->fin;

	if (!closed)
		end_sending(m, end);
	e->open = false;
	if (!unread || closed)
		return;
	e->fin = fin;
	model_reset(m, !end);
}

static short events(const struct model *m, unsigned int end)
{
	const struct endpoint *e = &m->end[end];
	bool rd_end = e->fin_in || e->rd_shut || e->dead;
	short events = 0;

	if (model_readable(m, end))
		events |= POLLIN;
	if (rd_end)
		events |= POLLRDHUP;
	if (model_closed(e) || (rd_end && e->fin))
		events |= POLLHUP;
	if (e->sk_err)
		events |= POLLERR;
	/* A socket that takes nothing any more says so at once. */
	return events | POLLOUT;
}

static void look_tx(const struct model *m, unsigned int end, struct look *want)
{
	const struct endpoint *e = &m->end[end];

	want->tx_err = !e->attached ? EOPNOTSUPP : e->tx ? 0 : EBUSY;
	if (!e->tx)
		return;
	/* What becomes of a record that can go nowhere is nobody's business. */
	if (model_closed(e))
		return;
	want->tx_seq = e->out.seq;
	want->tx_iv = m->walk->version == TLS12 &&
		      m->walk->suite->mode != SUITE_CHACHA ?
		      e->out.explicit_nonce : keys_iv(&e->out.keys);
}

void model_look(const struct model *m, unsigned int end, struct look *want)
{
	const struct endpoint *e = &m->end[end];

	*want = (struct look){
		.events = events(m, end),
		.inq = model_inq(m, end),
		.outq = e->record_len,
		.rx_err = !e->attached ? EOPNOTSUPP : e->rx ? 0 : EBUSY,
	};
	look_tx(m, end, want);
	if (e->rx)
		want->rx_seq = e->in.seq;
}
