// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes that a plan puts on the wire, and what they must come to. The latter
 * looks at nothing but bytes and keys: it is a second receiver, written from
 * ktls(7), with libcrypto and all of the stream at once.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

static struct record_key sealing_key(const struct plan *p,
				     const struct tls_keys *keys)
{
	struct record_key k;

	if (!record_key_init(&k, p->tc->suite, p->tc->version, keys))
		SKIP("this libcrypto has no %s", p->tc->suite->evp);
	return k;
}

static void make_keys(struct wire *w, const struct plan *p)
{
	struct dice d;
	size_t i;

	d = dice_of(p->seed, 1);
	for (i = 0; i < ARRAY_SIZE(w->key); i++) {
		roll_bytes(&d, &w->key[i], sizeof(w->key[i]));
		keys_set_seq(&w->key[i], p->seq);
	}
}

/* A new chunk of so many bytes, which are to be filled in; NULL if full */
static u8 *append(struct wire *w, size_t len)
{
	if (w->chunks == WIRE_CHUNKS || len > WIRE_SIZE - w->len)
		return NULL;
	w->chunk[w->chunks++] = (struct chunk){ w->len, len };
	w->len += len;
	return w->bytes + w->len - len;
}

static void append_sealed(struct wire *w, struct record_key *k, const u8 *data,
			  const struct step *s, size_t len)
{
	static u8 sealed[FORGE_WIRE_MAX];
	size_t n;
	u8 *to;

	if (len + s->c > RECORD_PLAIN_MAX + 2000)
		return;
	n = record_seal(k, s->a, data, len, s->c, sealed);
	to = n > WIRE_SIZE - w->sealed_len ? NULL : append(w, n);
	if (!to)
		return;
	memcpy(to, sealed, n);
	memcpy(w->sealed + w->sealed_len, sealed, n);
	w->sealed_len += n;
}

static void append_again(struct wire *w, unsigned int back)
{
	struct chunk c;
	u8 *to;

	if (!w->chunks)
		return;
	c = w->chunk[w->chunks - 1 - back % w->chunks];
	to = append(w, c.len);
	if (to)
		memcpy(to, w->bytes + c.start, c.len);
}

static void swap_last(struct wire *w)
{
	struct chunk *a = &w->chunk[w->chunks - 2], *b = a + 1;
	size_t start = a->start, alen = a->len, blen = b->len;
	u8 *copy = malloc(alen + 1);

	CHECK(copy);
	memcpy(copy, w->bytes + start, alen);
	memmove(w->bytes + start, w->bytes + start + alen, blen);
	memcpy(w->bytes + start + blen, copy, alen);
	*a = (struct chunk){ start, blen };
	*b = (struct chunk){ start + blen, alen };
	free(copy);
}

/* Of the last chunk */
static void spoil_last(struct wire *w, const struct step *s)
{
	struct chunk *last;
	u32 n = s->a;

	if (!w->chunks)
		return;
	last = &w->chunk[w->chunks - 1];
	if (!last->len)
		return;
	if (s->kind == STEP_FLIP) {
		n %= 8 * last->len;
		w->bytes[last->start + n / 8] ^= 1 << n % 8;
		return;
	}
	if (n > last->len)
		n = last->len;
	last->len -= n;
	w->len -= n;
}

static void make_step(struct wire *w, struct record_key *k, struct dice *d,
		      const struct step *s)
{
	static u8 data[FORGE_WIRE_MAX];
	u8 *to;

	switch (s->kind) {
	case STEP_RECORD:
		if (s->b >= sizeof(data))
			return;
		roll_bytes(d, data, s->b);
		append_sealed(w, k, data, s, s->b);
		return;
	case STEP_MESSAGE:
		append_sealed(w, k, s->bytes, s, s->len);
		return;
	case STEP_AGAIN:
		append_again(w, s->a);
		return;
	case STEP_SWAP:
		if (w->chunks >= 2)
			swap_last(w);
		return;
	case STEP_NOISE:
		to = append(w, s->a);
		if (to)
			roll_bytes(d, to, s->a);
		return;
	case STEP_BYTES:
		to = append(w, s->len);
		if (to)
			memcpy(to, s->bytes, s->len);
		return;
	default:
		spoil_last(w, s);
	}
}

/* What TCP takes although nobody reads, however it is cut */
#define UNREAD_MAX 30000

/* A reset destroys what has not arrived */
static void settle(struct plan *p, const struct wire *w)
{
	if (!p->first || w->len <= UNREAD_MAX)
		return;
	p->first = false;
	if (p->end == END_RESET)
		p->end = END_FIN;
}

void wire_make(struct wire *w, struct plan *p)
{
	const struct tls_keys *keys = w->key;
	struct record_key k;
	unsigned int i;
	struct dice d;

	make_keys(w, p);
	w->len = 0;
	w->chunks = 0;
	w->sealed_len = 0;
	d = dice_of(p->seed, 2);
	k = sealing_key(p, keys);
	for (i = 0; i < p->count; i++) {
		if (p->step[i].kind != STEP_KEY) {
			make_step(w, &k, &d, &p->step[i]);
			continue;
		}
		record_key_free(&k);
		k = sealing_key(p, ++keys);
	}
	record_key_free(&k);
	settle(p, w);
}

/* The stream of handshake messages since the key began. */
struct messages {
	u8 bytes[WIRE_SIZE];
	size_t len;
	size_t seen;	/* KeyUpdates */
};

/* True if there is one more complete KeyUpdate than before. */
static bool has_key_update(struct messages *ms, const struct item *item)
{
	size_t at = 0, found = 0, size;
	bool more;

	memcpy(ms->bytes + ms->len, item->data, item->len);
	ms->len += item->len;
	for (; ms->len - at >= 4; at += size) {
		size = 4 + get_be(ms->bytes + at + 1, 3);
		if (size > ms->len - at)
			break;
		found += ms->bytes[at] == 24;
	}
	more = found > ms->seen;
	ms->seen = found;
	return more;
}

/* What is wrong with a header, by the manual's words: 0, or a negative errno */
static int judge_header(const struct plan *p, const u8 *header)
{
	size_t len = get_be(header + 3, 2), least = SUITE_TAG_SIZE;

	if (p->tc->version == TLS13)
		least++;
	else if (p->tc->suite->mode != SUITE_CHACHA)
		least += 8;
	if (len > RECORD_PLAIN_MAX + least)
		return -EMSGSIZE;
	if (len < least)
		return -EBADMSG;
	if (header[1] != 3 || header[2] != 3)
		return -EINVAL;
	return p->tc->version == TLS13 && header[0] != RECORD_DATA ? -EBADMSG : 0;
}

static void add_item(struct model *m, const struct plan *p,
		     struct messages *ms, const struct record *rec)
{
	struct item *item = &m->item[m->items++];

	CHECK(m->items <= ARRAY_SIZE(m->item));
	item->type = rec->type;
	item->len = rec->len;
	item->data = malloc(rec->len + 1);
	CHECK(item->data);
	memcpy(item->data, rec->data, rec->len);
	m->good += rec->wire_len;
	m->records++;
	m->opened++;
	m->bytes += rec->len;
	item->pauses = rec->type == RECORD_HANDSHAKE &&
		       p->tc->version == TLS13 && has_key_update(ms, item);
	m->updates += item->pauses;
}

/* One record: false if there is no further one. */
static bool model_record(struct model *m, const struct plan *p,
			 struct record_key *k, struct messages *ms,
			 const u8 *wire, size_t left)
{
	static u8 plain[FORGE_WIRE_MAX];
	struct record rec;
	size_t size;

	m->partial = left;
	if (left < RECORD_HEADER)
		return false;
	m->err = -judge_header(p, wire);
	m->in_header = m->err;
	size = record_wire_len(wire, left);
	if (m->err || size > left)
		return false;
	m->partial = false;
	/* Whatever explicit nonce the peer likes */
	k->any_explicit = true;
	if (k->seq == -1ULL) {
		m->err = EBADMSG;
	} else if (record_open(k, wire, size, plain, &rec)) {
		m->err = EBADMSG;
		m->errors = 1;
	} else {
		add_item(m, p, ms, &rec);
	}
	return !m->err;
}

void model_make(struct model *m, const struct plan *p, const struct wire *w)
{
	static struct messages ms;
	const struct tls_keys *keys = w->key;
	struct record_key k;

	memset(m, 0, sizeof(*m));
	memset(&ms, 0, sizeof(ms));
	k = sealing_key(p, keys);
	while (model_record(m, p, &k, &ms, w->bytes + m->good,
			    w->len - m->good)) {
		if (!m->item[m->items - 1].pauses)
			continue;
		record_key_free(&k);
		k = sealing_key(p, ++keys);
		m->opened = 0;
		memset(&ms, 0, sizeof(ms));
	}
	record_key_free(&k);
	/* Or what opens records here is too kind */
	CHECK(m->good <= w->sealed_len);
	CHECK_MEM(w->bytes, w->sealed, m->good);
}
