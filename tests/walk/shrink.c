// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a failing walk smaller: leaves out operations, many at a time and then
 * fewer, and makes what is left of them simpler, as long as it fails.
 */
#include <string.h>
#include <time.h>

#include "../peer/check.h"
#include "walk.h"

/* One that fails by waiting takes long: seconds for all of it. */
#define PATIENCE 120

struct shrinking {
	struct walk *walk;
	struct walk trial;
	bool foreign;
	time_t end;
};

static bool still_fails(struct shrinking *s)
{
	struct walk_result res;

	if (time(NULL) > s->end)
		return false;
	walk_run(&s->trial, s->foreign, &res);
	if (!res.failed)
		return false;
	*s->walk = s->trial;
	/* Nobody comes to what is behind. */
	s->walk->count = res.op + 1;
	return true;
}

static bool without(struct shrinking *s, size_t at, size_t count)
{
	struct walk *t = &s->trial;

	*t = *s->walk;
	if (at + count > t->count)
		count = t->count - at;
	t->count -= count;
	memmove(&t->op[at], &t->op[at + count],
		(t->count - at) * sizeof(t->op[0]));
	return still_fails(s);
}

static void drop_ops(struct shrinking *s)
{
	size_t at, size;

	for (size = s->walk->count / 2; size; size /= 2) {
		at = 0;
		while (at < s->walk->count)
			if (!without(s, at, size))
				at += size;
	}
}

static bool with_field(struct shrinking *s, size_t at, int field, u32 value)
{
	if (value >= s->walk->op[at].field[field])
		return false;
	s->trial = *s->walk;
	s->trial.op[at].field[field] = value;
	return still_fails(s);
}

/* Types are names, not sizes. */
static void lessen(struct shrinking *s, size_t at, int field)
{
	u32 value, least = 0;

	if (field == F_TYPE || with_field(s, at, field, 0) ||
	    with_field(s, at, field, 1))
		return;
	while (at < s->walk->count &&
	       least < (value = s->walk->op[at].field[field])) {
		u32 middle = least + (value - least) / 2;

		if (!with_field(s, at, field, middle))
			least = middle + 1;
	}
}

static void drop_flags(struct shrinking *s, size_t at)
{
	u32 bit;

	for (bit = 1; bit && at < s->walk->count; bit <<= 1) {
		if (!(s->walk->op[at].flags & bit))
			continue;
		s->trial = *s->walk;
		s->trial.op[at].flags &= ~bit;
		still_fails(s);
	}
}

static void simplify(struct shrinking *s)
{
	size_t at;
	int field;

	for (at = 0; at < s->walk->count; at++) {
		drop_flags(s, at);
		for (field = 0; field < FIELDS; field++)
			if (at < s->walk->count)
				lessen(s, at, field);
	}
}

static void plain_walk(struct shrinking *s)
{
	s->trial = *s->walk;
	s->trial.numbers = 0;
	still_fails(s);
	s->trial = *s->walk;
	s->trial.sndbuf = 0;
	s->trial.rcvbuf = 0;
	still_fails(s);
	s->trial = *s->walk;
	s->trial.suite = suite_by_name("aes128gcm");
	still_fails(s);
}

void walk_shrink(struct walk *walk, bool foreign)
{
	struct shrinking s = {
		.walk = walk, .foreign = foreign, .end = time(NULL) + PATIENCE,
	};
	size_t before;

	s.trial = *walk;
	if (!still_fails(&s))
		return;
	plain_walk(&s);
	do {
		before = walk->count;
		drop_ops(&s);
		simplify(&s);
	} while (walk->count < before);
}
