// SPDX-License-Identifier: GPL-2.0
/* Is what a reader was given what the model says? */
#include <string.h>

#include "hostile_run.h"

/* Records that a call surely goes through before it lets others have a turn */
#define TURN 100

/* Empty records of data are passed over */
static size_t next_index(const struct place *pl)
{
	const struct model *m = pl->m;
	size_t i = pl->item;

	while (i < m->items && m->item[i].type == RECORD_DATA && !m->item[i].len)
		i++;
	return i;
}

const struct item *place_next(const struct place *pl)
{
	size_t i = next_index(pl);

	return pl->paused || i == pl->m->items ? NULL : &pl->m->item[i];
}

/* What comes instead of an item: a negative errno, or 0, the end of the stream */
static int next_error(const struct place *pl)
{
	if (pl->paused)
		return -EKEYEXPIRED;
	if (pl->m->err)
		return -pl->m->err;
	if (pl->p->end == END_OPEN)
		return -EAGAIN;
	if (pl->p->end == END_RESET && !pl->reset)
		return -ECONNRESET;
	return pl->m->partial ? -ECONNRESET : 0;
}

bool place_has_more(const struct place *pl)
{
	return place_next(pl) || next_error(pl) != -EAGAIN;
}

size_t place_run(const struct place *pl, size_t len, size_t *records)
{
	const struct item *first = place_next(pl), *item;
	size_t n = first ? first->len - pl->at : 0;

	*records = 1;
	if (!first || first->type != RECORD_DATA)
		return n < len ? n : len;
	for (item = first + 1; n < len && item < pl->m->item + pl->m->items &&
	     item->type == RECORD_DATA; item++, ++*records)
		n += item->len;
	return n < len ? n : len;
}

/* Returns true if that was the end of a record. */
static bool take(struct place *pl, const u8 **bytes, size_t *n)
{
	const struct item *item = place_next(pl);
	size_t here;

	if (!item)
		FAIL("%zu bytes too many", *n);
	here = item->len - pl->at < *n ? item->len - pl->at : *n;
	CHECK_MEM(*bytes, item->data + pl->at, here);
	*bytes += here;
	*n -= here;
	pl->at += here;
	if (pl->at < item->len)
		return false;
	pl->item = item - pl->m->item + 1;
	pl->at = 0;
	pl->paused = item->pauses;
	return true;
}

bool place_got(struct place *pl, const u8 *bytes, size_t n, size_t len,
	       int type)
{
	const struct item *item = place_next(pl);
	size_t records, run = place_run(pl, len, &records);
	bool whole = false;

	if (!item)
		FAIL("%zu bytes of type %d instead of %s", n, type,
		     errno_name(-next_error(pl)));
	if (item->type != (type < 0 ? RECORD_DATA : type) || n > run)
		FAIL("%zu bytes of type %d instead of %zu of type %u", n, type,
		     run, item->type);
	if (n < run && (item->type != RECORD_DATA || !n ||
			(pl->arrived && type >= 0 && records < TURN)))
		FAIL("%zu bytes instead of %zu that are there", n, run);
	do
		whole |= take(pl, &bytes, &n);
	while (n);
	return whole;
}

void place_peeked(struct place pl, const u8 *bytes, size_t n, size_t len,
		  int type)
{
	/* It sees only some records */
	if (type == RECORD_DATA)
		pl.arrived = false;
	place_got(&pl, bytes, n, len, type);
}

void place_failed(struct place *pl, int err)
{
	const struct item *item = place_next(pl);
	size_t next = next_index(pl);
	int want;

	if (err == EAGAIN && (!pl->arrived || next - pl->item >= TURN))
		return;
	if (item)
		FAIL("%s instead of %zu bytes of type %u", errno_name(err),
		     item->len - pl->at, item->type);
	want = -next_error(pl);
	/* A header needs no key to be seen as bad */
	if (pl->paused && next == pl->m->items && pl->m->in_header &&
	    err == pl->m->err)
		want = err;
	if (err != want)
		FAIL("%s instead of %s", err ? errno_name(err) : "the end",
		     want ? errno_name(want) : "the end");
	if (want == ECONNRESET && pl->p->end == END_RESET && !pl->reset &&
	    !pl->m->err)
		pl->reset = true;
	else
		pl->over = want != EKEYEXPIRED;
}
