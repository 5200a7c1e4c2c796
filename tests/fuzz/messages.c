// SPDX-License-Identifier: GPL-2.0
/*
 * The finder of KeyUpdates (src/messages.c): a stream of handshake messages, in
 * one piece and cut as the input says, against a model that sees all of it at
 * once and marks where KeyUpdates end.
 *
 * The input: how often its stream is repeated, for messages longer than an
 * input; how many cuts there are; their distances, used over and over; the
 * stream.
 */
#include "../../src/messages.h"
#include "input.h"

#define STREAM_MAX 65536

static u8 stream[STREAM_MAX];
static bool ends[STREAM_MAX + 1];	/* a KeyUpdate ends in front of it */
static size_t len;

static void repeat(const struct input *in, unsigned int times)
{
	for (len = 0; times && len + in->left <= STREAM_MAX; times--) {
		memcpy(stream + len, in->at, in->left);
		len += in->left;
	}
}

/* RFC 8446 section 4: type, three bytes of length, body. */
static void mark_ends(void)
{
	size_t at = 0;

	memset(ends, 0, len + 1);
	while (len - at >= 4) {
		bool update = stream[at] == 24;
		size_t body = stream[at + 1] * 65536 + stream[at + 2] * 256 +
			      stream[at + 3];

		if (body > len - at - 4)
			return;
		at += 4 + body;
		ends[at] = update;
	}
}

static bool ends_within(size_t from, size_t to)
{
	return memchr(ends + from + 1, true, to - from);
}

/* A copy, for the sanitizer to see the first byte too many. */
static bool feed(struct ktls_messages *m, size_t from, size_t to)
{
	u8 *piece = malloc(to - from);
	bool found;

	CHECK(piece);
	memcpy(piece, stream + from, to - from);
	found = ktls_messages_feed(m, piece, to - from);
	free(piece);
	if (found != ends_within(from, to))
		FAIL("bytes %zu to %zu of %zu: %d", from, to, len, found);
	return found;
}

/* Small numbers are distances; others make messages of many KiB go fast. */
static size_t distance(u8 cut)
{
	return cut < 128 ? cut : (cut - 127) * 129;
}

static void feed_pieces(struct ktls_messages *m, const u8 *cuts, size_t n)
{
	size_t at = 0, i, to;

	for (i = 0; at < len; at = to) {
		to = at + distance(cuts[i++ % n]);
		/* Two pieces in a row may be empty, not all of them. */
		if (i % n == 0)
			to++;
		if (to > len)
			to = len;
		feed(m, at, to);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct ktls_messages whole = { 0 }, pieces = { 0 };
	struct input in = { data, size };
	u8 cuts[256];
	size_t n;
	u8 times;

	times = input_byte(&in);
	n = input_byte(&in) % 16 + 1;
	input_take(&in, cuts, n);
	repeat(&in, times + 1);
	mark_ends();

	feed(&whole, 0, len);
	feed_pieces(&pieces, cuts, n);
	CHECK_EQ(pieces.have, whole.have);
	CHECK_EQ(pieces.left, whole.left);
	CHECK_MEM(pieces.header, whole.header, whole.have);
	return 0;
}
