// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <string.h>

#include "check.h"
#include "stream.h"
#include "tcp.h"

static void set_key(struct stream *s, const struct suite *suite, u16 version,
		    const struct tls_keys *keys)
{
	if (!record_key_init(&s->key, suite, version, keys))
		SKIP("this libcrypto has no %s", suite->evp);
}

void stream_init(struct stream *s, int fd, const struct suite *suite,
		 u16 version, const struct tls_keys *keys)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	set_key(s, suite, version, keys);
}

void stream_rekey(struct stream *s, const struct tls_keys *keys)
{
	const struct suite *suite = s->key.suite;
	u16 version = s->key.version;

	record_key_free(&s->key);
	set_key(s, suite, version, keys);
}

void stream_free(struct stream *s)
{
	record_key_free(&s->key);
}

/* False at EOF before the first byte. */
static bool read_exactly(struct stream *s, size_t from, size_t to)
{
	ssize_t n = CHECK_SYS(tcp_read(s->fd, s->wire + from, to - from,
				       TCP_WAIT_MS));

	if (n == (ssize_t)(to - from))
		return true;
	if (n || from)
		FAIL("record %llu is cut short: %zu of %zu bytes",
		     s->records, from + n, to);
	if (!tcp_poll(s->fd, POLLIN, 0))
		FAIL("record %llu does not come",
		     s->records);
	return false;
}

const struct record *stream_next(struct stream *s)
{
	const char *error;
	size_t len;

	if (!read_exactly(s, 0, RECORD_HEADER))
		return NULL;
	len = record_wire_len(s->wire, RECORD_HEADER);
	if (len > sizeof(s->wire))
		FAIL("record %llu: header %02x %02x%02x, length %zu",
		     s->records, s->wire[0], s->wire[1],
		     s->wire[2], len - RECORD_HEADER);
	read_exactly(s, RECORD_HEADER, len);
	error = record_open(&s->key, s->wire, len, s->plain, &s->record);
	if (error)
		FAIL("record %llu of the stream: %s",
		     s->records, error);
	s->records++;
	s->bytes += s->record.len;
	return &s->record;
}

static const struct record *next_or_fail(struct stream *s)
{
	const struct record *r = stream_next(s);

	if (!r)
		FAIL("EOF instead of record %llu",
		     s->records);
	return r;
}

static void check_type(const struct stream *s, u8 want)
{
	if (s->record.type != want)
		FAIL("record %llu has type %u, not %u",
		     s->records - 1, s->record.type, want);
}

void stream_expect(struct stream *s, u8 type, const void *data, size_t len)
{
	const struct record *r = next_or_fail(s);

	check_type(s, type);
	if (r->len != len)
		FAIL("record %llu has %zu bytes, not %zu",
		     s->records - 1, r->len, len);
	CHECK_MEM(r->data, data, len);
}

void stream_expect_data(struct stream *s, const void *data, size_t len)
{
	const struct record *r;
	size_t done;

	for (done = 0; done < len; done += r->len) {
		r = next_or_fail(s);
		check_type(s, RECORD_DATA);
		if (!r->len || r->len > len - done)
			FAIL("a record of %zu bytes, %zu of %zu to come",
			     r->len, len - done, len);
		CHECK_MEM(r->data, (const u8 *)data + done, r->len);
	}
}

void stream_expect_eof(struct stream *s)
{
	const struct record *r = stream_next(s);

	if (r)
		FAIL("a record of type %u with %zu bytes instead of EOF",
		     r->type, r->len);
}
