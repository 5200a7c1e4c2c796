// SPDX-License-Identifier: GPL-2.0
/*
 * The differences between ktls and the kernel's own tls that are deliberate, each
 * under the sentence of README.md ("Differences from the kernel's tls") that says
 * so. A walk on tls ends where one of them leaves the socket in another state.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "differ.h"

static const struct endpoint *end_of(const struct difference *d)
{
	return &d->model->end[d->end];
}

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

static bool result_of_send(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_send(d->op);
}

static bool result_of_read(const struct difference *d)
{
	return d->what == WHAT_RESULT && is_read(d->op);
}

/* What poll() says of these events */
static bool polls(const struct difference *d, short events)
{
	return d->what == WHAT_POLL &&
	       (d->got_look->events ^ d->want_look->events) & events;
}

static bool lasting_error(const struct difference *d)
{
	return polls(d, POLLERR) && d->got_look->events & POLLERR;
}

static bool sees_queues(const struct difference *d)
{
	return d->what == WHAT_QUEUES;
}

static bool polls_bytes(const struct difference *d)
{
	return polls(d, POLLIN) && !polls(d, ~POLLIN);
}

static bool lacks_eor(const struct difference *d)
{
	return d->what == WHAT_MESSAGE && d->got->type == d->want->type &&
	       (d->got->flags ^ d->want->flags) == MSG_EOR;
}

/* Before 6.7 */
static bool refuses_eor(const struct difference *d)
{
	return result_of_send(d) && d->op->flags & FLAG_EOR &&
	       d->got->err == EOPNOTSUPP;
}

/* Before 6.14 */
static bool lacks_rekey(const struct difference *d)
{
	return (result_of(d, OP_KEY) || result_of(d, OP_FOLLOW)) &&
	       d->got->err == EBUSY;
}

/* Before 6.19 */
static bool lacks_maxlen(const struct difference *d)
{
	return result_of(d, OP_MAXLEN) && d->got->err == ENOPROTOOPT;
}

/* It looks at the first byte of each record, or before 6.14 at none. */
static bool finds_other_update(const struct difference *d)
{
	return result_of_read(d) && (d->got->err == EKEYEXPIRED) !=
				    (d->want->err == EKEYEXPIRED);
}

static bool reports_no_cut(const struct difference *d)
{
	return result_of_read(d) && d->want->err == ECONNRESET &&
	       !d->got->ret;
}

/* It sets the socket's error, for a header as soon as that has come. */
static bool bad_record(const struct difference *d)
{
	const struct endpoint *e = end_of(d);

	return e->err || (e->rx && lasting_error(d));
}

static bool sees_empty(const struct difference *d)
{
	bool typed = d->what == WHAT_MESSAGE && d->got->type == RECORD_DATA &&
		     d->want->type != RECORD_DATA;

	return (result_of_read(d) || typed) && !d->got->ret;
}

static bool reads_flood(const struct difference *d)
{
	return result_of_read(d) && end_of(d)->turn >= TURN_RECORDS &&
	       d->got->ret > d->want->ret;
}

static bool gives_no_type_0(const struct difference *d)
{
	const struct endpoint *e = end_of(d);

	return result_of_read(d) && d->got->err == EBADMSG &&
	       (!d->want->type || (e->records && !e->rec[0].type));
}

static bool peeks_further(const struct difference *d)
{
	return result_of(d, OP_RECV) && d->op->flags & FLAG_PEEK &&
	       end_of(d)->records == PEEK_RECORDS &&
	       d->got->ret > d->want->ret;
}

static bool reads_oob(const struct difference *d)
{
	return result_of(d, OP_RECV) && d->op->flags & FLAG_OOB;
}

static bool closes_cleanly(const struct difference *d)
{
	bool no_error = polls(d, POLLERR) && !lasting_error(d);

	return d->op->kind == OP_CLOSE && (d->what == WHAT_RESET || no_error);
}

static bool drops_open(const struct difference *d)
{
	if (result_of(d, OP_SHUTDOWN))
		return d->want->err == ENOTCONN && !d->got->ret;
	return d->what == WHAT_WIRE &&
	       (d->op->kind == OP_SHUTDOWN || d->op->kind == OP_CLOSE);
}

static bool seals_open_with_new_key(const struct difference *d)
{
	return d->what == WHAT_WIRE && d->op->kind == OP_KEY;
}

static bool splits_control(const struct difference *d)
{
	return result_of(d, OP_TYPE) &&
	       (d->want->err == EMSGSIZE ||
		(d->want->err == EAGAIN && d->got->ret > 0));
}

/* If both have as many bytes on the wire, their records are not as long. */
static bool ends_open_for_data(const struct difference *d)
{
	if (result_of(d, OP_UNSPLICE))
		return d->model->out[!d->end].joined;
	return d->what == WHAT_WIRE && d->op->kind == OP_TYPE &&
	       d->op->field[F_TYPE] == RECORD_DATA;
}

static bool sends_type_0(const struct difference *d)
{
	return result_of(d, OP_TYPE) && !d->op->field[F_TYPE] &&
	       d->model->walk->version == TLS13 && d->want->err == EINVAL;
}

static bool uses_last_number(const struct difference *d)
{
	return d->model->walk->numbers && is_send(d->op) &&
	       (end_of(d)->out.seq == ~0ULL || d->want->err == EBADMSG);
}

static bool tells_error_otherwise(const struct difference *d)
{
	int err = d->want->err;

	if (result_of_send(d))
		return err == EPIPE || err == ECONNRESET;
	return is_send(d->op) && lasting_error(d) &&
	       (end_of(d)->fin || end_of(d)->dead);
}

static const struct known known[] = {
	{ "SIOCINQ, SIOCOUTQ", true, sees_queues },
	{ "One interface: a poll() that knows records", true, polls_bytes },
	{ "One interface, and MSG_EOR", true, lacks_eor },
	{ "One interface: MSG_EOR", false, refuses_eor },
	{ "One interface: key updates", false, lacks_rekey },
	{ "One interface: TLS_TX_MAX_PAYLOAD_LEN", false, lacks_maxlen },
	{ "A KeyUpdate is found wherever it stands", false,
	  finds_other_update },
	{ "A cut is reported", false, reports_no_cut },
	{ "Content type 0", false, gives_no_type_0 },
	{ "Errors are told once and in time", false, tells_error_otherwise },
	{ "Errors are told in time: content type 0", false, sends_type_0 },
	{ "Errors are told in time: the last number", false,
	  uses_last_number },
	{ "A bad record ends reading, not sending", false, bad_record },
	{ "Empty records of data are never seen", false, sees_empty },
	{ "A flood does not hold a reader", false, reads_flood },
	{ "MSG_PEEK shows 16 records at most", false, peeks_further },
	{ "MSG_OOB", false, reads_oob },
	{ "close() resets", false, closes_cleanly },
	{ "Nothing is dropped", false, drops_open },
	{ "A key change is clean", false, seals_open_with_new_key },
	{ "Control messages are whole or not at all", false, splits_control },
	{ "Control messages of type 23 are data", false, ends_open_for_data },
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
