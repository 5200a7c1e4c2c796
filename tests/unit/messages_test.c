// SPDX-License-Identifier: GPL-2.0
/*
 * The module's finder of KeyUpdates (messages.c): streams of handshake messages
 * cut in all ways, and what it must say of each piece.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/messages.h"
#include "../peer/keys.h"
#include "unit.h"

#define TICKET 4
#define KEY_UPDATE 24
#define HEADER 4

static u8 stream[1 << 17];
static size_t len;
static bool ends[sizeof(stream) + 1];	/* a KeyUpdate ends in front of it */

static void stream_new(void)
{
	memset(stream, 0, sizeof(stream));
	memset(ends, 0, sizeof(ends));
	len = 0;
}

/* The body looks like the headers of KeyUpdates, at every offset. */
static void add_message(u8 type, size_t body)
{
	CHECK(len + HEADER + body <= sizeof(stream));
	stream[len] = type;
	put_be(stream + len + 1, body, 3);
	memset(stream + len + HEADER, KEY_UPDATE, body);
	len += HEADER + body;
	ends[len] = type == KEY_UPDATE;
}

static bool ends_within(size_t from, size_t to)
{
	while (from < to)
		if (ends[++from])
			return true;
	return false;
}

/* Feeds the bytes in front of to; returns to. */
static size_t feed(struct ktls_messages *m, size_t from, size_t to)
{
	bool found = ktls_messages_feed(m, stream + from, to - from);

	if (found != ends_within(from, to))
		FAIL("bytes %zu to %zu of %zu: %d", from, to, len, found);
	return to;
}

static void check_whole(void)
{
	struct ktls_messages m = { 0 };

	feed(&m, 0, len);
	CHECK_EQ(m.have, 0);
	CHECK_EQ(m.left, 0);
}

/* In two pieces, cut everywhere, and with nothing in between. */
static void check_cuts(void)
{
	size_t cut;

	for (cut = 0; cut <= len; cut++) {
		struct ktls_messages m = { 0 };

		feed(&m, 0, cut);
		feed(&m, cut, cut);
		feed(&m, cut, len);
	}
}

/* In pieces of the same size. */
static void check_pieces(size_t size)
{
	struct ktls_messages m = { 0 };
	size_t at;

	for (at = 0; at < len;)
		at = feed(&m, at, at + size < len ? at + size : len);
}

static void check_all(void)
{
	size_t size;

	check_whole();
	check_cuts();
	for (size = 1; size < 20; size++)
		check_pieces(size);
}

static void alone(void **state)
{
	(void)state;
	stream_new();
	add_message(KEY_UPDATE, 1);
	CHECK(ends[len]);
	check_all();
}

/* Only that type, whatever else has been defined or not. */
static void other_types(void **state)
{
	int type;

	(void)state;
	for (type = 0; type < 256; type++) {
		stream_new();
		add_message(type, 1);
		check_all();
	}
}

static void behind_ticket(void **state)
{
	(void)state;
	stream_new();
	add_message(TICKET, 217);
	add_message(KEY_UPDATE, 1);
	check_all();
}

static void in_front_of_ticket(void **state)
{
	(void)state;
	stream_new();
	add_message(KEY_UPDATE, 1);
	add_message(TICKET, 217);
	check_all();
}

/* RFC 8446 gives a KeyUpdate one byte; the peer may send anything. */
static void long_update(void **state)
{
	(void)state;
	stream_new();
	add_message(KEY_UPDATE, 1000);
	add_message(KEY_UPDATE, 2);
	check_all();
}

/* A message without a body ends with its header. */
static void empty_messages(void **state)
{
	(void)state;
	stream_new();
	add_message(TICKET, 0);
	add_message(TICKET, 0);
	add_message(KEY_UPDATE, 0);
	add_message(TICKET, 0);
	add_message(KEY_UPDATE, 1);
	add_message(KEY_UPDATE, 0);
	check_all();
}

/* Found wherever it stands among many in one call. */
static void many_at_once(void **state)
{
	int place, i;

	(void)state;
	for (place = 0; place <= 50; place++) {
		stream_new();
		for (i = 0; i < 50; i++)
			add_message(i == place ? KEY_UPDATE : TICKET, i % 7);
		check_whole();
		check_pieces(5);
	}
}

/* Each of the three bytes of a length counts. */
static void lengths(void **state)
{
	static const size_t bodies[] = {
		1, 2, 3, 4, 255, 256, 257, 65535, 65536, 65537, 66049,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bodies); i++) {
		stream_new();
		add_message(TICKET, bodies[i]);
		add_message(KEY_UPDATE, 1);
		check_whole();
		check_pieces(1);
		check_pieces(16384);
	}
}

/* The longest message there is hides everything for 16 MiB, and no more. */
static void longest(void **state)
{
	static const u8 header[] = { TICKET, 0xff, 0xff, 0xff };
	static const u8 update[] = { KEY_UPDATE, 0, 0, 1, 0 };
	struct ktls_messages m = { 0 };
	size_t left = 0xffffff;

	(void)state;
	memset(stream, KEY_UPDATE, sizeof(stream));
	CHECK(!ktls_messages_feed(&m, header, sizeof(header)));
	while (left) {
		size_t n = left < sizeof(stream) ? left : sizeof(stream);

		CHECK(!ktls_messages_feed(&m, stream, n));
		left -= n;
	}
	CHECK(!ktls_messages_feed(&m, update, 4));
	CHECK(ktls_messages_feed(&m, update + 4, 1));
}

/* Anything, cut anywhere; the same in every run. */
static void random_streams(void **state)
{
	int i, n;

	(void)state;
	srandom(1);
	for (i = 0; i < 300; i++) {
		struct ktls_messages m = { 0 };
		size_t at, to;

		stream_new();
		for (n = random() % 40; n >= 0; n--)
			add_message(random() % 3 ? TICKET : KEY_UPDATE,
				    random() % 4 ? random() % 4 :
						   random() % 300);
		for (at = 0; at < len; at = feed(&m, at, to)) {
			to = at + random() % 30;
			to = to < len ? to : len;
		}
	}
}

int main(void)
{
	struct unit_list l = { 0 };

	unit_add(&l, alone, NULL, "key_update_alone");
	unit_add(&l, other_types, NULL, "key_update_other_types");
	unit_add(&l, behind_ticket, NULL, "key_update_behind_ticket");
	unit_add(&l, in_front_of_ticket, NULL,
		 "key_update_in_front_of_ticket");
	unit_add(&l, long_update, NULL, "key_update_with_long_body");
	unit_add(&l, empty_messages, NULL, "key_update_among_empty_messages");
	unit_add(&l, many_at_once, NULL, "key_update_among_many");
	unit_add(&l, lengths, NULL, "key_update_behind_any_length");
	unit_add(&l, longest, NULL, "key_update_behind_longest");
	unit_add(&l, random_streams, NULL, "key_update_in_random_streams");
	return unit_run("messages", l.tests, l.count);
}
