// SPDX-License-Identifier: GPL-2.0
/* What a hostile peer does: invented, written down, read back. */
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

size_t roll_len(struct dice *d)
{
	static const u32 edges[] = { 0, 1, 15, 16, 17, 4095, 4096, 4097,
				     RECORD_PLAIN_MAX - 1, RECORD_PLAIN_MAX };

	switch (roll(d, 12)) {
	case 0:
		return edges[roll(d, ARRAY_SIZE(edges))];
	case 1:
		return roll(d, RECORD_PLAIN_MAX);
	case 2:
		return roll(d, 5000);
	default:
		return roll(d, 200);
	}
}

static struct step *add(struct plan *p, enum step_kind kind)
{
	static struct step spare;
	struct step *s = &spare;

	if (p->count < PLAN_STEPS)
		s = &p->step[p->count++];
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	return s;
}

static void add_record(struct plan *p, u32 type, u32 len, u32 padding)
{
	struct step *s = add(p, STEP_RECORD);

	s->a = type;
	s->b = len;
	s->c = p->tc->version == TLS13 ? padding : 0;
}

static void add_message(struct plan *p, u32 type, const u8 *bytes, u8 len)
{
	struct step *s = add(p, STEP_MESSAGE);

	s->a = type;
	s->len = len;
	memcpy(s->bytes, bytes, len);
}

static u32 some_type(struct dice *d)
{
	static const u8 known[] = { 20, 21, 22, 23, 24, 0, 255 };

	if (chance(d, 4))
		return roll(d, 256);
	return known[roll(d, sizeof(known))];
}

/* Up to a full record, and sometimes beyond */
static u32 some_padding(struct dice *d, u32 len)
{
	u32 room = len < RECORD_PLAIN_MAX ? RECORD_PLAIN_MAX - len : 0;

	if (!chance(d, 4))
		return 0;
	if (chance(d, 3))
		return room + chance(d, 10);
	return room ? roll(d, chance(d, 2) ? room : room / 40 + 1) : 0;
}

static void plan_record(struct plan *p, struct dice *d)
{
	u32 type = chance(d, 3) ? some_type(d) : RECORD_DATA;
	u32 len = roll_len(d);

	if (chance(d, 60))
		len = RECORD_PLAIN_MAX + 1 + roll(d, 300);
	add_record(p, type, len, some_padding(d, len));
}

/* Many of a kind: empty, single bytes, nothing but padding */
static void plan_flood(struct plan *p, struct dice *d)
{
	u32 type = chance(d, 4) ? some_type(d) : RECORD_DATA;
	u32 n = 1 + roll(d, 30), len = roll(d, 2);
	u32 padding = chance(d, 2) ? roll(d, 300) : 0;

	while (n--)
		add_record(p, type, len, padding);
}

/* What a KeyUpdate looks like, and what it should not */
static void plan_key_update(struct plan *p, struct dice *d)
{
	static const struct {
		u8 bytes[11], len;
	} forms[] = {
		{ { 24, 0, 0, 1, 0 }, 5 }, { { 24, 0, 0, 1, 1 }, 5 },
		{ { 24, 0, 0, 1, 77 }, 5 }, { { 24, 0, 0, 0 }, 4 },
		{ { 24, 0, 0, 3, 1, 1, 1 }, 7 }, { { 24, 255, 255, 255, 0 }, 5 },
		{ { 4, 0, 0, 2, 9, 9, 24, 0, 0, 1, 0 }, 11 },
		{ { 24, 0, 0, 1, 0, 24, 0, 0, 1, 0 }, 10 },
		{ { 24, 0, 0, 1, 0, 24, 0, 0 }, 8 }, { { 24, 0, 0, 1 }, 4 },
	};
	u32 form = roll(d, chance(d, 2) ? 2 : ARRAY_SIZE(forms));
	u8 len = forms[form].len, cut = len;
	bool odd;

	if (chance(d, 3))
		cut = roll(d, len);
	add_message(p, RECORD_HANDSHAKE, forms[form].bytes, cut);
	if (cut < len && chance(d, 2))
		add_record(p, some_type(d), roll(d, 9), 0);
	if (cut < len)
		add_message(p, RECORD_HANDSHAKE, forms[form].bytes + cut,
			    len - cut);
	/* TLS 1.2 has no such thing */
	odd = p->tc->version != TLS13;
	if (chance(d, 8) == odd)
		add(p, STEP_KEY);
}

static void plan_header(struct plan *p, struct dice *d)
{
	struct step *s = add(p, STEP_BYTES);

	s->len = 1 + roll(d, sizeof(s->bytes));
	roll_bytes(d, s->bytes, sizeof(s->bytes));
	s->bytes[0] = chance(d, 4) ? some_type(d) : RECORD_DATA;
	s->bytes[1] = chance(d, 8) ? roll(d, 5) : 3;
	s->bytes[2] = chance(d, 8) ? roll(d, 5) : 3;
	if (chance(d, 2))
		put_be(s->bytes + 3, RECORD_PLAIN_MAX + roll(d, 40), 2);
	else if (chance(d, 2))
		put_be(s->bytes + 3, roll(d, 40), 2);
}

/* What can hardly end well */
static void plan_harm(struct plan *p, struct dice *d)
{
	switch (roll(d, 8)) {
	case 0:
		add(p, STEP_CUT)->a = 1 + roll(d, 1 + roll_len(d));
		return;
	case 1:
		add(p, STEP_AGAIN)->a = roll(d, 3);
		return;
	case 2:
		add(p, STEP_SWAP);
		return;
	case 3:
		add(p, STEP_NOISE)->a = 1 + roll_len(d);
		return;
	case 4:
		plan_header(p, d);
		return;
	case 5:
		add_record(p, 0, 0, roll_len(d));
		return;
	default:
		add(p, STEP_FLIP)->a = roll_any(d);
	}
}

static void plan_step(struct plan *p, struct dice *d, u32 harm)
{
	if (chance(d, harm))
		plan_harm(p, d);
	else if (chance(d, 12))
		plan_flood(p, d);
	else if (chance(d, 10))
		plan_key_update(p, d);
	else
		plan_record(p, d);
}

void plan_make(struct plan *p, const struct tls_case *tc, u64 seed)
{
	static const u32 rcvbufs[] = { 2048, 4096, 16384, 100000 };
	struct dice d;
	u32 n, harm;

	memset(p, 0, sizeof(*p));
	d = dice_of(seed, 1000 + (tc->version << 16) + tc->suite->cipher_type);
	p->tc = tc;
	p->seed = seed;
	p->seq = chance(&d, 2) ? 0 : roll_any(&d);
	if (chance(&d, 8))
		p->seq = -1ULL - roll(&d, 12);
	p->first = !chance(&d, 3);
	if (!p->first && chance(&d, 2))
		p->rcvbuf = rcvbufs[roll(&d, ARRAY_SIZE(rcvbufs))];
	p->end = roll(&d, p->first ? ENDS : END_RESET);
	n = 1 + roll(&d, 25);
	harm = 4 + roll(&d, 30);
	while (n--)
		plan_step(p, &d, harm);
}
