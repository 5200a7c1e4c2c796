// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "framer_model.h"

/* Handshake messages so far, with TLS 1.3. */
static u8 messages[STREAM_MAX];

/* RFC 8446 section 4: how many KeyUpdates are complete. */
static unsigned int count_updates(size_t len)
{
	unsigned int updates = 0;
	size_t at = 0, end;

	for (; at + 4 <= len; at = end) {
		end = at + 4 + messages[at + 1] * 65536 +
		      messages[at + 2] * 256 + messages[at + 3];
		if (end > len)
			break;
		if (messages[at] == 24)
			updates++;
	}
	return updates;
}

static bool ends_update(struct model *m, const struct event *e)
{
	unsigned int before = count_updates(m->messages);
	size_t i;

	for (i = 0; i < e->len; i++)
		messages[m->messages++] = m->wire[e->payload + i] ^ MASK;
	return count_updates(m->messages) != before;
}

/* RFC 8446 section 5.4: the type is the last byte that is not zero. */
static int find_type(const struct model *m, struct event *e)
{
	do {
		e->type = m->wire[e->payload + e->len] ^ MASK;
		if (e->type)
			return 0;
	} while (e->len--);
	e->len = 0;
	return -EBADMSG;
}

static int check_header(const struct model *m, const u8 *header)
{
	size_t len = header[3] * 256 + header[4];
	size_t least = m->explicit + m->tls13 + TAG;

	if (len > 16384 + least)
		return -EMSGSIZE;
	if (len < least)
		return -EBADMSG;
	if (header[1] != 3 || header[2] != 3)
		return -EINVAL;
	return m->tls13 && header[0] != 23 ? -EBADMSG : 0;
}

static int open_record(struct model *m, struct event *e)
{
	/* RFC 8446 section 5.3; the last number stays unused. */
	if (m->seq == ~0ULL || m->wire[e->end - TAG] == BAD_TAG)
		return -EBADMSG;
	m->seq++;
	if (!m->tls13)
		return 0;
	if (find_type(m, e))
		return -EBADMSG;
	e->update = e->type == 22 && ends_update(m, e);
	return 0;
}

struct event model_next(struct model *m)
{
	const u8 *header = m->wire + m->at;
	struct event e = { .end = NEVER };

	if (m->len - m->at < 5)
		return e;
	e.err = check_header(m, header);
	e.bad_header = e.err;
	e.end = m->at + 5;
	if (e.err)
		return e;
	e.end += header[3] * 256 + header[4];
	if (e.end > m->len) {
		e.end = NEVER;
		return e;
	}
	e.type = header[0];
	e.payload = m->at + 5 + m->explicit;
	e.len = e.end - TAG - m->tls13 - e.payload;
	e.err = open_record(m, &e);
	m->at = e.end;
	return e;
}

void model_rekey(struct model *m)
{
	m->seq = 0;
	m->messages = 0;
}
