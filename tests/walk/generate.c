// SPDX-License-Identifier: GPL-2.0
/*
 * Random walks. Each has a taste of its own (which operations, how large) so that
 * some go deep where most never come.
 */
#include "../peer/record.h"
#include "walk.h"

#define OPS_LEAST 10
#define OPS_MOST 160

struct taste {
	struct walk *walk;
	u64 state;
	unsigned int weight[OP_KINDS];
	unsigned int sizes;	/* how many kinds of sizes it knows */
	bool by_hand;		/* end 1 has no ULP */
};

/* xorshift64*: the same everywhere */
static u32 next(struct taste *t)
{
	t->state ^= t->state >> 12;
	t->state ^= t->state << 25;
	t->state ^= t->state >> 27;
	return t->state * 0x2545f4914f6cdd1d >> 32;
}

static u32 below(struct taste *t, u32 n)
{
	return next(t) % n;
}

static bool one_in(struct taste *t, u32 n)
{
	return !below(t, n);
}

static u32 pick_len(struct taste *t)
{
	switch (below(t, t->sizes)) {
	case 0:
		return 1 + below(t, 20);
	case 1:
		return below(t, 300);
	case 2:
		return below(t, 3000);
	case 3:
		return below(t, 3);
	case 4:
		return 4090 + below(t, 12);
	case 5:
		return RECORD_PLAIN_MAX - 3 + below(t, 6);
	default:
		return one_in(t, 6) ? 65530 + below(t, 12) : below(t, 40000);
	}
}

/* Each flag that the operation knows, now and then */
static u32 pick_flags(struct taste *t, u32 flags, u32 how_rare)
{
	u32 bit, picked = 0;

	for (bit = 1; bit <= flags && bit; bit <<= 1)
		if (flags & bit && one_in(t, how_rare))
			picked |= bit;
	return picked;
}

static struct op *add(struct taste *t, enum op_kind kind, unsigned int end)
{
	struct op *op = &t->walk->op[t->walk->count];

	if (t->walk->count < OPS_MAX - 1)
		t->walk->count++;
	*op = (struct op){ .kind = kind, .end = end };
	return op;
}

static u8 pick_type(struct taste *t)
{
	static const u8 types[] = { 21, 22, 22, 23, 24, 20, 0, 255 };

	return types[below(t, ARRAY_SIZE(types))];
}

/* A KeyUpdate, the key behind it, and perhaps the other end that follows */
static void add_update(struct taste *t, unsigned int end)
{
	bool by_hand = t->by_hand && end;
	struct op *op;

	op = add(t, by_hand ? OP_RECORD : OP_TYPE, end);
	op->field[F_TYPE] = RECORD_HANDSHAKE;
	op->field[F_LEN] = 5;
	op->flags = FLAG_UPDATE;
	if (!by_hand)
		add(t, OP_KEY, end)->flags = FLAG_TX;
}

static void add_recv(struct taste *t, unsigned int end)
{
	struct op *op = add(t, OP_RECV, end);

	op->field[F_LEN] = one_in(t, 2) ? 66000 : pick_len(t);
	op->flags = pick_flags(t, FLAG_PEEK | FLAG_WAITALL | FLAG_PIECES, 5) |
		    pick_flags(t, FLAG_BARE | FLAG_TRUNC | FLAG_SIGNAL, 20) |
		    pick_flags(t, FLAG_OOB, 100);
}

static void add_record(struct taste *t)
{
	struct op *op = add(t, OP_RECORD, 1);

	op->field[F_TYPE] = one_in(t, 4) ? pick_type(t) : RECORD_DATA;
	op->field[F_LEN] = one_in(t, 8) ? 0 : pick_len(t) % RECORD_PLAIN_MAX;
	if (one_in(t, 6))
		op->field[F_PAD] = below(t, 300);
	if (one_in(t, 4))
		op->field[F_CUT] = 1 + below(t, op->field[F_LEN] + 20);
	if (one_in(t, 60))
		op->flags = one_in(t, 2) ? FLAG_BADTAG : FLAG_BADHEAD;
}

static void add_key(struct taste *t, unsigned int end)
{
	struct op *op = add(t, OP_KEY, end);

	op->flags = FLAG_TX;
	if (one_in(t, 4))
		op->flags = (one_in(t, 2) ? FLAG_TX : FLAG_RX) |
			    (one_in(t, 2) ? FLAG_BADLEN : FLAG_BADCIPHER);
	else if (one_in(t, 20))
		op->flags = FLAG_RX;
	else if (!one_in(t, 5))
		t->walk->count--;
}

static void add_maxlen(struct taste *t, unsigned int end)
{
	static const u16 lens[] = { 16384, 63, 64, 62, 16385, 100, 1000 };
	struct op *op = add(t, OP_MAXLEN, end);

	op->field[F_LEN] = one_in(t, 2) ? lens[below(t, ARRAY_SIZE(lens))] :
			   64 + below(t, RECORD_PLAIN_MAX - 64);
	op->flags = one_in(t, 20) ? FLAG_BADLEN : 0;
}

static void add_send(struct taste *t, enum op_kind kind, unsigned int end)
{
	struct op *op = add(t, kind, end);

	op->field[F_LEN] = pick_len(t);
	op->flags = pick_flags(t, op_flags(kind) & FLAG_MORE, 3) |
		    pick_flags(t, op_flags(kind) & (FLAG_EOR | FLAG_PIECES), 6) |
		    pick_flags(t, op_flags(kind) & FLAG_OOB, 100);
	if (kind == OP_TYPE) {
		op->field[F_TYPE] = pick_type(t);
		op->flags &= one_in(t, 30) ? ~0 : ~(FLAG_MORE | FLAG_UPDATE);
	}
}

static void add_any(struct taste *t, enum op_kind kind, unsigned int end)
{
	switch (kind) {
	case OP_KEY:
		add_key(t, end);
		break;
	case OP_MAXLEN:
		add_maxlen(t, end);
		break;
	case OP_SEND:
	case OP_TYPE:
	case OP_SENDFILE:
	case OP_SPLICE:
		if (t->by_hand && end)
			add_record(t);
		else if (kind == OP_TYPE && one_in(t, 4))
			add_update(t, end);
		else
			add_send(t, kind, end);
		break;
	case OP_RECORD:
		add_record(t);
		break;
	case OP_RECV:
		add_recv(t, end);
		break;
	default:
		add(t, kind, end)->field[F_LEN] =
			op_has_field(kind, F_LEN) ? pick_len(t) : 0;
	}
}

/* Ends come late, but now and then early. */
static void add_end(struct taste *t, unsigned int end)
{
	struct op *op = add(t, one_in(t, 3) ? OP_CLOSE : OP_SHUTDOWN, end);

	if (op->kind == OP_SHUTDOWN)
		op->flags = one_in(t, 4) ? FLAG_RX :
			    one_in(t, 3) ? FLAG_RX | FLAG_TX : FLAG_TX;
}

static void pick_taste(struct taste *t)
{
	static const unsigned int usual[OP_KINDS] = {
		[OP_ATTACH] = 1, [OP_KEY] = 2, [OP_FOLLOW] = 8,
		[OP_MAXLEN] = 2, [OP_SEND] = 20, [OP_TYPE] = 8,
		[OP_SENDFILE] = 3, [OP_SPLICE] = 3, [OP_RECORD] = 1,
		[OP_RECV] = 40, [OP_UNSPLICE] = 5,
	};
	int i;

	for (i = 0; i < OP_KINDS; i++)
		t->weight[i] = usual[i] * (one_in(t, 4) ? below(t, 5) : 2);
	t->weight[OP_SEND] += 4;
	t->weight[OP_RECV] += 8;
	t->sizes = 1 + below(t, 7);
	t->by_hand = one_in(t, 3);
}

static enum op_kind pick_kind(struct taste *t)
{
	u32 sum = 0, at;
	int i;

	for (i = 0; i < OP_KINDS; i++)
		sum += t->weight[i];
	at = below(t, sum);
	for (i = 0; at >= t->weight[i]; i++)
		at -= t->weight[i];
	return i;
}

/* Most walks begin with keys on both sides, in any order. */
static void begin(struct taste *t)
{
	static const u32 keys[] = { FLAG_TX, FLAG_RX };
	unsigned int end, first, i;

	for (end = 0; end < 2; end++) {
		if (t->by_hand && end)
			continue;
		if (one_in(t, 20))
			add_any(t, OP_SEND, end);
		add(t, OP_ATTACH, end);
		first = below(t, 2);
		for (i = 0; i < 2; i++)
			if (!one_in(t, 40))
				add(t, OP_KEY, end)->flags = keys[first ^ i];
	}
}

/* All that is still to be read, what is wrong with it, and the end */
static void finish(struct taste *t)
{
	unsigned int i;

	if (one_in(t, 2))
		add_end(t, below(t, 2));
	for (i = 0; i < 12; i++) {
		add(t, OP_RECV, i % 2)->field[F_LEN] = 66000;
		add(t, OP_FOLLOW, i % 2);
	}
	add_end(t, below(t, 2));
	add_end(t, below(t, 2));
	for (i = 0; i < 4; i++)
		add(t, OP_RECV, i % 2)->field[F_LEN] = 66000;
}

static const struct suite *pick_suite(struct taste *t)
{
	static const char *const names[] = {
		"aes128gcm", "aes128gcm", "aes256gcm", "aes128ccm", "chacha20",
	};

	return suite_by_name(names[below(t, ARRAY_SIZE(names))]);
}

void walk_generate(struct walk *walk, u64 seed)
{
	struct taste t = { .walk = walk, .state = (seed + 1) << 20 | 0xa5 };
	unsigned int i, ops;
	bool narrow;

	for (i = 0; i < 8; i++)
		next(&t);
	*walk = (struct walk){ .seed = seed };
	walk->version = one_in(&t, 3) ? TLS12 : TLS13;
	walk->suite = pick_suite(&t);
	walk->numbers = one_in(&t, 12) ? 2 + below(&t, 30) : 0;
	/* TCP's timers make these slow. */
	narrow = one_in(&t, 12);
	if (narrow) {
		walk->sndbuf = 8192 << below(&t, 4);
		walk->rcvbuf = 8192 << below(&t, 4);
	}
	pick_taste(&t);
	begin(&t);
	ops = OPS_LEAST + below(&t, narrow ? 30 : OPS_MOST - OPS_LEAST);
	for (i = 0; i < ops; i++)
		if (one_in(&t, 150))
			add_end(&t, below(&t, 2));
		else
			add_any(&t, pick_kind(&t), below(&t, 2));
	finish(&t);
}
