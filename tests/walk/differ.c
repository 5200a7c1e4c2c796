// SPDX-License-Identifier: GPL-2.0
/*
 * The differences between ktls and the kernel's own tls that are deliberate, each
 * under the sentence of README.md ("Differences from the kernel's tls") that says
 * so. A walk on tls ends where one of them leaves the socket in another state.
 */
#include <errno.h>
#include <sys/socket.h>

#include "differ.h"

static bool is_send(const struct op *op)
{
	return op->kind == OP_SEND || op->kind == OP_TYPE ||
	       op->kind == OP_SENDFILE || op->kind == OP_SPLICE;
}

static bool is_read(const struct op *op)
{
	return op->kind == OP_RECV || op->kind == OP_UNSPLICE;
}

static bool result_of(const struct difference *d, enum op_kind kind)
{
	return d->what == WHAT_RESULT && d->op->kind == kind;
}

static bool sees_poll(const struct difference *d)
{
	return d->what == WHAT_POLL;
}

static bool sees_queues(const struct difference *d)
{
	return d->what == WHAT_QUEUES;
}

/* Kernels before 6.14 have no second key, before 6.19 no limit. */
static bool lacks_key(const struct difference *d)
{
	bool key = result_of(d, OP_KEY) || result_of(d, OP_FOLLOW);

	return key && d->got->err == EBUSY && !d->want->err;
}

static bool lacks_maxlen(const struct difference *d)
{
	return result_of(d, OP_MAXLEN) && d->got->err == ENOPROTOOPT;
}

static bool lacks_eor(const struct difference *d)
{
	return d->what == WHAT_MESSAGE &&
	       (d->got->flags ^ d->want->flags) == MSG_EOR;
}

static bool refuses_eor(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_send(d->op) &&
	       d->op->flags & FLAG_EOR && d->got->err == EOPNOTSUPP;
}

static bool lacks_update(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_read(d->op) &&
	       d->want->err == EKEYEXPIRED;
}

static bool drops_open(const struct difference *d)
{
	bool end = d->op->kind == OP_SHUTDOWN || d->op->kind == OP_CLOSE;

	return end && (d->what == WHAT_WIRE || d->what == WHAT_RESET);
}

static bool holds_back(const struct difference *d)
{
	return d->what == WHAT_WIRE && is_send(d->op) &&
	       d->op->flags & FLAG_MORE;
}

static bool sends_otherwise(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_send(d->op);
}

static bool peeks_otherwise(const struct difference *d)
{
	return result_of(d, OP_RECV) && d->op->flags & FLAG_PEEK;
}

static bool truncated(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_read(d->op) &&
	       d->want->err == ECONNRESET;
}

static bool bad_record(const struct difference *d)
{
	return d->model->end[d->op->end].err;
}

static const struct known known[] = {
	{ "SIOCINQ and SIOCOUTQ count", true, sees_queues },
	{ "a poll() that knows records", true, sees_poll },
	{ "MSG_EOR", true, lacks_eor },
	{ "One interface: MSG_EOR", false, refuses_eor },
	{ "One interface: key updates", false, lacks_key },
	{ "One interface: TLS_TX_MAX_PAYLOAD_LEN", false, lacks_maxlen },
	{ "One interface: EKEYEXPIRED", false, lacks_update },
	{ "A bad record ends reading, not sending", false, bad_record },
	{ "A cut is reported", false, truncated },
	{ "Nothing is dropped", false, drops_open },
	{ "Nothing is held back", false, holds_back },
	{ "MSG_PEEK", false, peeks_otherwise },
	{ "Errors are told once and in time", false, sends_otherwise },
	{ 0 },
};

const struct known *known_difference(const struct difference *d)
{
	const struct known *k;

	for (k = known; k->name; k++)
		if (k->is(d))
			return k;
	return NULL;
}
