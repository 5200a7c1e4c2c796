// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a stream of records from TCP's queue to opened records that are read
 * (src/rx_record.c, rx_open.c and buf.c), in steps that the input chooses, against
 * a model that sees all of the stream at once. TCP and the AEAD are those below;
 * rx.c, which waits and copies to the reader, is left out.
 *
 * The input: version and suite; how many sequence numbers are left; how many steps
 * there are; the steps, used over and over; the stream, where 0xe5, n, v stands
 * for n * 64 bytes v, or for one if n is 0.
 */
#include "../../src/context.h"
#include "../../src/key.h"
#include "../../src/rx.h"
#include "../../src/spare.h"
#include "../../src/stats.h"
#include "framer_model.h"
#include "input.h"

#define TCP_START 0xffff8000u	/* numbers wrap soon */
#define TELL_BYTES 5000

static struct ktls_context ctx;
static struct ktls_counters counters;
static struct ktls_key key;
static struct ktls_rx *const rx = &ctx.rx;
static struct sock sk;

static u8 wire[STREAM_MAX];
static struct model model;		/* stands at the next record */
static size_t arrived;			/* bytes that TCP has or had */
static struct event open[KTLS_RX_RECORDS];	/* what rx->record has to hold */
static struct event batch[KTLS_RX_RECORDS];	/* what one call has opened */
static unsigned int kept, batched;
static size_t bytes, opened;

/* TCP */

unsigned int ktls_rx_queued(const struct ktls_context *c)
{
	return TCP_START + arrived - sk.tcp.copied_seq - c->rx.taken;
}

int ktls_rx_copy(const struct ktls_context *c, unsigned int skip, void *to,
		 unsigned int size)
{
	CHECK(skip + size <= ktls_rx_queued(c));
	memcpy(to, wire + arrived - ktls_rx_queued(c) + skip, size);
	return 1;
}

void ktls_rx_tell(struct ktls_context *c)
{
	CHECK(c->rx.taken <= TCP_START + arrived - sk.tcp.copied_seq);
	sk.tcp.copied_seq += c->rx.taken;
	c->rx.taken = 0;
	c->rx.steps = 0;
}

void ktls_rx_tell_in_time(struct ktls_context *c)
{
	if (c->rx.taken >= TELL_BYTES)
		ktls_rx_tell(c);
}

void ktls_rx_forget_urgent(struct ktls_context *c)
{
}

/* A byte's time is its place in the stream, from 1. */
struct ktls_stamp ktls_rx_find_stamp(const struct ktls_context *c,
				     unsigned int size)
{
	CHECK(size <= ktls_rx_queued(c));
	CHECK(c->rx.taken + size);	/* TCP still has the last of them */
	return (struct ktls_stamp) {
		.software = arrived - ktls_rx_queued(c) + size,
	};
}

void ktls_spare_swap(struct page_frag *frag)
{
}

/* What was opened is good: the model goes on. */
static void pass_record(void)
{
	struct model behind = model;
	struct event e = model_next(&behind);

	if (e.err)
		return;
	CHECK(batched < KTLS_RX_RECORDS);
	batch[batched++] = e;
	model = behind;
}

/*
 * The AEAD: the record that is given to it is the next one, all of it. A bad one is
 * the last.
 */
int ktls_aead_open(struct ktls_aead *aead, const struct ktls_epoch *epoch,
		   u8 type, struct ktls_pos from, struct ktls_pos to,
		   unsigned int len)
{
	const u8 *next = wire + model.at + 5 + model.explicit;
	unsigned int left = len + model.tls13 + TAG;

	CHECK(!rx->err);
	CHECK(ktls_pos_equal(from, to));
	CHECK_EQ(epoch->seq, model.seq);
	CHECK_EQ(type, wire[model.at]);
	CHECK_EQ(left + model.explicit,
		 wire[model.at + 3] * 256 + wire[model.at + 4]);
	if (model.explicit)
		CHECK_EQ(epoch->explicit, get_unaligned_be64(next - 8));
	while (left) {
		unsigned int n = left, i;
		u8 *span = ktls_pos_next(&from, &n);

		CHECK(!memcmp(span, next, n));
		for (i = 0; i < n && left - i > TAG; i++)
			span[i] ^= MASK;
		left -= n;
		next += n;
	}
	pass_record();
	return next[-TAG] == BAD_TAG ? -EBADMSG : 0;
}

/* Will the next read get something? With TLS 1.2 empty records may wait. */
static bool is_readable(void)
{
	struct model ahead = model;
	int i;

	for (i = 0; i < 16 && !rx->paused; i++) {
		struct event e = model_next(&ahead);

		if (e.end > arrived)
			return false;
		if (model.tls13 || e.bad_header || e.len || e.type != 23)
			return true;
	}
	return !rx->paused;
}

/*
 * Nobody is woken for nothing, and nobody waits for what is there. Of the FIN
 * TCP tells all.
 */
static void check_ready(void)
{
	struct model ahead = model;

	if (sk.done)
		return;
	if (rx->records || is_readable())
		CHECK(rx->ready);
	else if (rx->ready && !rx->starved && !rx->err)
		CHECK(model_next(&ahead).end <= arrived);
}

/* The lock is released. */
static void settle(void)
{
	unsigned int size = 0, i;

	ktls_rx_settle(&ctx);
	for (i = 0; i < rx->records; i++)
		size += rx->record[i].size;
	CHECK_EQ(rx->opened, size);
	CHECK(rx->records || rx->record == &rx->first);
	if (rx->reserved)
		size += rx->want;
	CHECK_EQ(rx->buf.size, size);
	CHECK_EQ(rx->buf.charged, size);
	CHECK_EQ(rx->taken + rx->given + rx->ahead, 0);
	check_ready();
}

/* TCP gets bytes while nobody has the lock, and says so even if it drops them. */
static void arrive(size_t n)
{
	settle();
	arrived += n < model.len - arrived ? n : model.len - arrived;
	sk.tcp.rcv_nxt = TCP_START + arrived + sk.done;
	ktls_rx_arrived(&ctx);
	check_ready();
}

static void new_key(void)
{
	u8 info[KTLS_INFO_MAX] = { 0 };

	ktls_epoch_init(&key.epoch, key.epoch.cipher, key.epoch.version, info);
	model_rekey(&model);
	rx->seen = sk.tcp.rcv_nxt;
	rx->paused = false;
	rx->messages = (struct ktls_messages) { 0 };
	ktls_rx_frame(&ctx);
}

static void rekey(void)
{
	settle();
	if (rx->paused)
		new_key();
}

/*
 * What a read has to return if it can have memory. Behind a KeyUpdate a header
 * that breaks the stream is seen sooner or later.
 */
static int expected(const struct event *e, size_t at)
{
	if (rx->paused && rx->err && e->bad_header && e->end <= arrived)
		return e->err;
	if (rx->paused)
		return -EKEYEXPIRED;
	if (e->end > arrived)
		return sk.done && arrived > at ? -ECONNRESET : 0;
	return e->err ?: 1;
}

/* A record has been opened, with others behind it or without. */
static void check_record(const struct event *e, bool last)
{
	const struct ktls_rx_record *record = rx->record + kept;

	opened++;
	bytes += e->len;
	CHECK(last || (e->type == 23 && !e->update));
	if (!e->len && e->type == 23)
		return;
	CHECK(kept < rx->records);
	CHECK_EQ(record->type, e->type);
	CHECK_EQ(record->len, e->len);
	CHECK_EQ(record->stamp.software, sk.sk_tsflags ? e->end : 0);
	open[kept++] = *e;
}

/* All that one call has opened is there, behind what was. */
static void check_batch(void)
{
	unsigned int i;

	for (i = 0; i < batched; i++)
		check_record(batch + i, i == batched - 1);
	if (batched)
		CHECK_EQ(rx->paused, batch[batched - 1].update);
	CHECK_EQ(rx->records, kept);
}

/* Of the room is told only who has no opened record: see ktls_rx_next(). */
static int read_next(size_t room)
{
	struct model behind = model;
	struct event e = model_next(&behind);
	int want = expected(&e, model.at), ret;

	if (!ktls_rx_has_room(&ctx) || ktls_buf_crowded(&rx->buf))
		return 0;
	batched = 0;
	ret = ktls_rx_next(&ctx, rx->records ? 0 : room);
	CHECK_EQ(batched, ret > 0 ? ret : 0);
	check_batch();
	if (ret == -ENOMEM)
		CHECK(kernel_no_memory);
	else
		CHECK_EQ(ret > 0 ? 1 : ret, want);
	return ret;
}

static void check_bytes(const struct event *e, size_t size)
{
	struct ktls_pos pos;
	size_t i;
	u8 *data;

	if (!size)
		return;
	data = malloc(size);
	pos = ktls_buf_at(&rx->buf, rx->given + rx->record->skip);
	ktls_pos_read(&pos, data, size);
	for (i = 0; i < size; i++)
		data[i] ^= MASK;
	CHECK_MEM(data, wire + e->payload, size);
	free(data);
}

/* The reader gets bytes of the oldest record: ktls_rx_consume(). */
static void consume(size_t n)
{
	struct ktls_rx_record *record = rx->record;

	if (!rx->records)
		return;
	n = n < record->len ? n : record->len;
	check_bytes(&open[0], n);
	open[0].payload += n;
	record->skip += n;
	record->len -= n;
	if (record->len)
		return;
	rx->given += record->size;
	rx->opened -= record->size;
	rx->records--;
	kept--;
	memmove(record, record + 1, rx->records * sizeof(*record));
	memmove(open, open + 1, rx->records * sizeof(*open));
}

/* Three bits say what, five say how much. */
static void do_step(u8 step)
{
	unsigned int n = step >> 3;

	switch (step & 7) {
	case 0:
		arrive(n);
		break;
	case 1:
		arrive(n * n * 20);
		break;
	case 2:
		while (read_next(n * 200) > 0)
			;
		break;
	case 3:
		read_next(n * 200);
		break;
	case 4:
		consume(n * n * 20);
		break;
	case 5:
		settle();
		break;
	case 6:
		rekey();
		break;
	case 7:
		sk.space = n & 1 ? 0 : 65536;
		kernel_no_memory = n & 2;
		break;
	}
}

/* All of the stream comes, and all of it is read, to its end or where it breaks. */
static void finish(void)
{
	int ret;

	kernel_no_memory = false;
	sk.space = 65536;
	sk.done = true;
	arrive(STREAM_MAX);
	do {
		ret = read_next(PAGE_SIZE);
		consume(STREAM_MAX);
		if (ret == -EKEYEXPIRED)
			rekey();
	} while (ret > 0 || ret == -EKEYEXPIRED || rx->records);
	settle();
	CHECK_EQ(read_next(0), ret);
	CHECK_EQ(counters.value[KTLS_STAT_RX_RECORDS], opened);
	CHECK_EQ(counters.value[KTLS_STAT_RX_BYTES], bytes);
	ktls_buf_release(&sk, &rx->buf);
	if (sk.frag.page)
		put_page(sk.frag.page);
	CHECK_EQ(kernel_pages, 0);
}

static size_t expand(struct input *in)
{
	size_t len = 0;

	while (in->left && len < sizeof(wire)) {
		u8 byte = input_byte(in);
		size_t n = 1;

		if (byte == 0xe5) {
			n = input_byte(in) * 64 ?: 1;
			byte = input_byte(in);
		}
		if (n > sizeof(wire) - len)
			n = sizeof(wire) - len;
		memset(wire + len, byte, n);
		len += n;
	}
	return len;
}

static void start(u8 kind, u8 left)
{
	static const u16 ciphers[] = {
		TLS_CIPHER_AES_GCM_128, TLS_CIPHER_CHACHA20_POLY1305,
	};

	memset(&ctx, 0, sizeof(ctx));
	memset(&counters, 0, sizeof(counters));
	memset(&sk, 0, sizeof(sk));
	ctx.sk = &sk;
	ctx.counters = &counters;
	key.epoch.cipher = ktls_cipher_find(ciphers[kind & 1]);
	key.epoch.version = kind & 2 ? TLS_1_3_VERSION : TLS_1_2_VERSION;
	ktls_buf_init(&rx->buf, true);
	rx->key = &key;
	rx->record = &rx->first;
	sk.sk_state = TCP_ESTABLISHED;
	sk.sk_allocation = GFP_KERNEL;
	sk.space = 65536;
	sk.icsk.icsk_ack.rcv_mss = 536;
	sk.tcp.copied_seq = TCP_START;
	sk.tcp.rcv_nxt = TCP_START;
	sk.sk_tsflags = kind & 8;
	arrived = 0;
	kept = 0;
	opened = 0;
	bytes = 0;
	model.tls13 = kind & 2;
	model.explicit = kind & 3 ? 0 : 8;
	model.at = 0;
	new_key();
	if (kind & 4) {
		key.epoch.seq -= left;
		model.seq -= left;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	u8 steps[32], kind, left;
	size_t n, i = 0;

	kind = input_byte(&in);
	left = input_byte(&in);
	n = input_byte(&in) % sizeof(steps) + 1;
	input_take(&in, steps, n);
	model.len = expand(&in);
	model.wire = wire;
	start(kind, left);
	/* Steps that bring nothing may be among them, for ever. */
	while (arrived < model.len && i < 500)
		do_step(steps[i++ % n]);
	finish();
	return 0;
}
