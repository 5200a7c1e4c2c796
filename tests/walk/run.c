// SPDX-License-Identifier: GPL-2.0
/* Walks: does each operation, lets TCP settle, and compares with the model. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../peer/check.h"
#include "../peer/tcp.h"
#include "differ.h"
#include "do.h"

/* A window that is closed: how long nothing comes, ms */
#define STILL_MS 20
/* What the other module leaves out does not come; what TCP keeps does, ms */
#define FOREIGN_WAIT_MS 2000
/* Bytes that nobody has read and that may close it, with buffers of their own size */
#define UNREAD (32 << 10)

struct run {
	struct model model;
	struct sockets sockets;
	struct walk_result *res;
	struct outcome got;
	struct outcome want;
	bool foreign;
	bool over;
};

static s64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

__printf(2, 3)
static void fail(struct run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->over)
		return;
	r->over = true;
	r->res->failed = true;
	va_start(ap, fmt);
	vsnprintf(r->res->why, sizeof(r->res->why), fmt, ap);
	va_end(ap);
}

/* How long to wait for what must come, ms */
static int patience(const struct run *r)
{
	return r->foreign ? FOREIGN_WAIT_MS : TCP_WAIT_MS;
}

/*
 * Something is not as the model says. Where it is the other module that does so on
 * purpose the walk goes on, or ends without having failed.
 */
__printf(4, 5)
static void differs(struct run *r, const struct op *op, struct difference *d,
		    const char *fmt, ...)
{
	const struct known *known = NULL;
	char why[300];
	va_list ap;

	if (r->over)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	d->model = &r->model;
	d->op = op;
	d->got = &r->got;
	d->want = &r->want;
	if (r->foreign)
		known = known_difference(d);
	if (!known) {
		fail(r, "%s", why);
		return;
	}
	r->res->differs = known->name;
	r->res->ended = !known->harmless;
	r->over = r->res->ended;
}

static void compare(struct run *r, const struct op *op)
{
	const struct outcome *got = &r->got, *want = &r->want;
	struct difference d = { .end = op->end };
	long i, n = want->ret;

	if (got->ret != want->ret || got->err != want->err) {
		d.what = WHAT_RESULT;
		differs(r, op, &d, "returned %ld (%s), not %ld (%s)", got->ret,
			errno_name(got->err), want->ret, errno_name(want->err));
		return;
	}
	d.what = WHAT_MESSAGE;
	if (got->type != want->type)
		differs(r, op, &d, "content type %d, not %d", got->type,
			want->type);
	if (got->flags != want->flags)
		differs(r, op, &d, "msg_flags %#x, not %#x", got->flags,
			want->flags);
	if (op->kind != OP_RECV && op->kind != OP_UNSPLICE)
		return;
	r->res->bytes += n > 0 ? n : 0;
	d.what = WHAT_DATA;
	for (i = 0; i < n; i++)
		if (got->data[i] != want->data[i])
			break;
	if (i < n)
		differs(r, op, &d, "byte %ld of %ld is %02x, not %02x", i, n,
			got->data[i], want->data[i]);
}

/* What TCP has brought from that end to the other. */
static void observe(struct run *r, unsigned int from)
{
	struct stream_out *out = &r->model.out[from];
	struct endpoint *to = &r->model.end[!from];
	bool fin = r->model.end[from].fin;
	u64 raw;

	if (!to->open)
		return;
	raw = bytes_received(r->sockets.fd[!from]);
	out->arrived = raw < out->len ? raw : out->len;
	to->fin_in = fin && raw > out->len;
}

/* Has more come than there is to come? */
static bool surplus(const struct run *r, unsigned int from)
{
	const struct endpoint *sender = &r->model.end[from];
	const struct endpoint *to = &r->model.end[!from];

	if (!to->open)
		return false;
	return bytes_received(r->sockets.fd[!from]) >
	       r->model.out[from].len + sender->fin;
}

/* Next place in the stream from where on the reader may get something else */
static size_t boundary(const struct model *m, unsigned int from, size_t behind,
		       size_t last)
{
	size_t at = m->end[!from].at, len;

	while (at <= behind && at < last) {
		len = record_wire_len(m->out[from].wire + at, last - at);
		if (!len)
			return last;
		at += len;
	}
	return at < last ? at : last;
}

/*
 * The model's answer. While bytes are on their way it is not known how many of
 * them had come when the call looked: any number will do that explains it.
 */
static void ask_model(struct run *r, const struct op *op)
{
	struct stream_out *in = &r->model.out[!op->end];
	struct endpoint *e = &r->model.end[op->end];
	bool reads = op->kind == OP_RECV || op->kind == OP_UNSPLICE;
	size_t first = in->arrived, last;
	bool fin = e->fin_in, fin_last;
	struct model before;

	if (!reads || model_settled(&r->model, !op->end)) {
		model_do(&r->model, op, &r->got, &r->want);
		return;
	}
	observe(r, !op->end);
	last = in->arrived;
	fin_last = e->fin_in;
	before = r->model;
	for (;;) {
		in->arrived = first;
		e->fin_in = first == last ? fin_last : fin;
		model_do(&r->model, op, &r->got, &r->want);
		if (first == last || (r->got.ret == r->want.ret &&
				      r->got.err == r->want.err))
			return;
		first = boundary(&before, !op->end, first, last);
		r->model = before;
	}
}

/* Has the reader let so much lie that TCP cannot send? */
static bool may_stay(const struct run *r, unsigned int from)
{
	const struct model *m = &r->model;
	u32 limit = m->walk->rcvbuf ? m->walk->rcvbuf / 8 : UNREAD;

	return m->out[from].arrived - m->end[!from].at >= limit;
}

static void check_surplus(struct run *r, const struct op *op,
			  unsigned int from)
{
	struct difference d = { .what = WHAT_WIRE, .end = from };
	const struct stream_out *out = &r->model.out[from];

	if (surplus(r, from))
		differs(r, op, &d,
			"%llu bytes have come on the wire from end %u, not %zu",
			bytes_received(r->sockets.fd[!from]), from, out->len);
}

/* Everything that was sent arrives, unless the reader stands in its way. */
static void settle_stream(struct run *r, const struct op *op,
			  unsigned int from)
{
	struct difference d = { .what = WHAT_WIRE, .end = from };
	struct stream_out *out = &r->model.out[from];
	s64 start = now_ms(), moved = start;
	size_t before = out->arrived;

	for (observe(r, from); !model_settled(&r->model, from);
	     observe(r, from)) {
		s64 now = now_ms();

		if (before != out->arrived)
			moved = now;
		before = out->arrived;
		if (now - moved > STILL_MS && may_stay(r, from))
			break;
		if (now - start > patience(r)) {
			differs(r, op, &d, "%zu of %zu bytes have come on the wire from end %u%s",
				out->arrived, out->len, from,
				out->arrived == out->len ? ", and no FIN" : "");
			return;
		}
		acknowledge(r->sockets.fd[!from]);
		poll(NULL, 0, now > start ? 1 : 0);
	}
	check_surplus(r, op, from);
}

/* A reset that must come. */
static void settle_reset(struct run *r, const struct op *op, unsigned int end)
{
	struct difference d = { .what = WHAT_RESET, .end = end };

	if (!r->model.end[end].open || !r->model.end[end].dead)
		return;
	if (!tcp_poll(r->sockets.fd[end], POLLHUP, patience(r)))
		differs(r, op, &d, "no reset has come to end %u", end);
}

/* Is there something on its way that may be acknowledged soon? */
static bool is_quiet(const struct run *r, unsigned int end)
{
	const struct endpoint *e = &r->model.end[end];

	return e->open && r->model.end[!end].open && !model_closed(e) &&
	       model_settled(&r->model, end);
}

static void settle_acks(struct run *r, unsigned int end)
{
	/* The other module does not count the open record. */
	int left = r->foreign ? 0 : r->model.end[end].record_len;
	s64 start = now_ms();

	if (!is_quiet(r, end))
		return;
	while (bytes_unacked(r->sockets.fd[end]) != left &&
	       now_ms() - start < patience(r)) {
		acknowledge(r->sockets.fd[!end]);
		poll(NULL, 0, now_ms() > start);
	}
}

static void look(struct run *r, const struct op *op, unsigned int end)
{
	struct look got, want;
	struct difference d = {
		.end = end, .got_look = &got, .want_look = &want,
	};
	short unknown = 0;

	if (!r->model.end[end].open || r->over)
		return;
	do_look(&r->sockets, &r->model, end, &got);
	model_look(&r->model, end, &want);
	if (!is_quiet(r, end) && !model_closed(&r->model.end[end])) {
		got.outq = want.outq;
		unknown |= POLLOUT;
	}
	if (model_closed(&r->model.end[end])) {
		got.outq = want.outq;
		got.tx_seq = want.tx_seq;
		got.tx_iv = want.tx_iv;
	}
	if (!model_settled(&r->model, !end)) {
		got.inq = want.inq;
		unknown |= POLLIN | POLLRDHUP | POLLHUP;
	}
	got.events &= ~unknown;
	want.events &= ~unknown;
	d.what = WHAT_POLL;
	if (got.events != want.events)
		differs(r, op, &d, "poll() of end %u says %#x, not %#x", end,
			got.events, want.events);
	d.what = WHAT_QUEUES;
	if (got.inq != want.inq)
		differs(r, op, &d, "SIOCINQ of end %u is %d, not %d", end,
			got.inq, want.inq);
	if (got.outq != want.outq)
		differs(r, op, &d, "SIOCOUTQ of end %u is %d, not %d", end,
			got.outq, want.outq);
	d.what = WHAT_KEYS;
	if (got.tx_err != want.tx_err || got.tx_seq != want.tx_seq ||
	    got.tx_iv != want.tx_iv)
		differs(r, op, &d, "TLS_TX of end %u: %s, number %llx, iv %llx, not %s, %llx, %llx",
			end, errno_name(got.tx_err), got.tx_seq, got.tx_iv,
			errno_name(want.tx_err), want.tx_seq, want.tx_iv);
	if (got.rx_err != want.rx_err || got.rx_seq != want.rx_seq)
		differs(r, op, &d, "TLS_RX of end %u: %s, number %llx, not %s, %llx",
			end, errno_name(got.rx_err), got.rx_seq,
			errno_name(want.rx_err), want.rx_seq);
}

static void step(struct run *r, struct op op)
{
	unsigned int i;

	if (!model_prepare(&r->model, &op))
		return;
	r->res->done++;
	do_op(&r->sockets, &r->model, &op, &r->got);
	ask_model(r, &op);
	compare(r, &op);
	for (i = 0; i < 2 && !r->over; i++)
		settle_reset(r, &op, i);
	for (i = 0; i < 2 && !r->over; i++)
		settle_stream(r, &op, i);
	for (i = 0; i < 2 && !r->over; i++) {
		settle_acks(r, i);
		look(r, &op, i);
	}
}

void walk_run(const struct walk *walk, bool foreign, struct walk_result *res)
{
	struct run r = { .res = res, .foreign = foreign };
	size_t i;

	*res = (struct walk_result){ 0 };
	r.got.data = malloc(CALL_MAX);
	r.want.data = malloc(CALL_MAX);
	CHECK(r.got.data && r.want.data);
	model_init(&r.model, walk);
	sockets_open(&r.sockets, walk);
	for (i = 0; i < walk->count && !r.over; i++) {
		res->op = i;
		step(&r, walk->op[i]);
	}
	sockets_close(&r.sockets);
	model_free(&r.model);
	free(r.got.data);
	free(r.want.data);
}
