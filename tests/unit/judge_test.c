// SPDX-License-Identifier: GPL-2.0
/* Records made wrong on purpose: the judge of tests/peer must see it. */
#include <string.h>

#include "../peer/record.h"
#include "unit.h"

struct jcase {
	const struct suite *suite;
	u16 version;
};

struct judge {
	struct record_key sealer;
	struct record_key opener;
	u8 wire[RECORD_WIRE_MAX + 64];
	u8 plain[RECORD_WIRE_MAX];
	size_t len;
	bool explicit_nonce;
};

static const u8 text[RECORD_PLAIN_MAX + 1] = { 'h', 'e', 'l', 'l', 'o' };

static void judge_init(struct judge *j, const struct jcase *jc)
{
	struct tls_keys keys;

	keys_random(&keys);
	if (!record_key_init(&j->sealer, jc->suite, jc->version, &keys))
		SKIP("this libcrypto has no %s", jc->suite->evp);
	CHECK(record_key_init(&j->opener, jc->suite, jc->version, &keys));
	j->explicit_nonce = jc->version == TLS12 &&
			    jc->suite->mode != SUITE_CHACHA;
	j->len = record_seal(&j->sealer, RECORD_DATA, text, 100, 0, j->wire);
}

static void judge_free(struct judge *j)
{
	record_key_free(&j->sealer);
	record_key_free(&j->opener);
}

static void expect_error(struct judge *j, const char *want)
{
	struct record r;
	const char *error;

	error = record_open(&j->opener, j->wire, j->len, j->plain, &r);
	if (!error)
		FAIL("taken, want: %s", want);
	if (!strstr(error, want))
		FAIL("got: %s, want: %s", error, want);
}

static void expect_good(struct judge *j)
{
	struct record r;
	const char *error;

	error = record_open(&j->opener, j->wire, j->len, j->plain, &r);
	if (error)
		FAIL("a good record: %s", error);
}

/* The byte at this place, changed, is seen, and changed back is good again. */
static void expect_flip(struct judge *j, size_t at, const char *want)
{
	struct record_key before = j->opener;

	j->wire[at] ^= 0x40;
	expect_error(j, want);
	CHECK_EQ(j->opener.seq, before.seq);
	CHECK_EQ(j->opener.explicit_nonce, before.explicit_nonce);
	j->wire[at] ^= 0x40;
}

static void judge_sees_changed_bytes(void **state)
{
	const struct jcase *jc = *state;
	static struct judge j;
	size_t i;

	judge_init(&j, jc);
	expect_flip(&j, 0, jc->version == TLS13 ? "outer type" : "wrong tag");
	expect_flip(&j, 1, "version");
	expect_flip(&j, 2, "version");
	expect_flip(&j, 3, "length field");
	expect_flip(&j, 4, "length field");
	for (i = RECORD_HEADER; i < j.len; i++)
		expect_flip(&j, i, j.explicit_nonce && i < RECORD_HEADER + 8 ?
			    "explicit nonce" : "wrong tag");
	expect_good(&j);
	judge_free(&j);
}

static void judge_sees_order(void **state)
{
	const struct jcase *jc = *state;
	static struct judge j;

	judge_init(&j, jc);
	expect_good(&j);
	expect_error(&j, j.explicit_nonce ? "explicit nonce" :
		     "sealed as number");
	j.sealer.seq++;
	j.len = record_seal(&j.sealer, RECORD_DATA, text, 10, 0, j.wire);
	expect_error(&j, "sealed as number");
	judge_free(&j);
}

static void judge_sees_sizes(void **state)
{
	const struct jcase *jc = *state;
	static struct judge j;

	judge_init(&j, jc);
	expect_good(&j);
	j.len = record_seal(&j.sealer, RECORD_DATA, text, RECORD_PLAIN_MAX, 0,
			    j.wire);
	expect_good(&j);
	j.len = record_seal(&j.sealer, RECORD_DATA, text, RECORD_PLAIN_MAX + 1,
			    0, j.wire);
	expect_error(&j, "too long");
	j.len = RECORD_HEADER + SUITE_TAG_SIZE - 1;
	put_be(j.wire + 3, j.len - RECORD_HEADER, 2);
	expect_error(&j, "too short");
	judge_free(&j);
}

static void judge_strips_padding(void **state)
{
	const struct jcase *jc = *state;
	static struct judge j;
	struct record r;

	judge_init(&j, jc);
	expect_good(&j);
	j.len = record_seal(&j.sealer, RECORD_ALERT, text, 5, 300, j.wire);
	CHECK(!record_open(&j.opener, j.wire, j.len, j.plain, &r));
	CHECK_EQ(r.type, RECORD_ALERT);
	CHECK_EQ(r.len, 5);
	CHECK_EQ(r.padding, 300);
	CHECK_MEM(r.data, "hello", 5);
	j.len = record_seal(&j.sealer, 0, text, 0, 10, j.wire);
	expect_error(&j, "no inner type");
	judge_free(&j);
}

static void add_cases(struct unit_list *l)
{
	static struct jcase cases[32];
	struct jcase *jc = cases;
	const struct suite *s;
	u16 v;

	for (s = suites; s < suites + suite_count; s++) {
		for (v = TLS12; v <= TLS13; v++) {
			const char *vs = v == TLS13 ? "13" : "12";

			if (!suite_has_version(s, v))
				continue;
			CHECK(jc < cases + ARRAY_SIZE(cases));
			*jc = (struct jcase) { s, v };
			unit_add(l, judge_sees_changed_bytes, jc,
				 "judge_sees_changed_bytes[%s-%s]", vs,
				 s->name);
			unit_add(l, judge_sees_order, jc,
				 "judge_sees_order[%s-%s]", vs, s->name);
			unit_add(l, judge_sees_sizes, jc,
				 "judge_sees_sizes[%s-%s]", vs, s->name);
			if (v == TLS13)
				unit_add(l, judge_strips_padding, jc,
					 "judge_strips_padding[%s]", s->name);
			jc++;
		}
	}
}

int main(void)
{
	struct unit_list l = { 0 };

	add_cases(&l);
	return unit_run("judge", l.tests, l.count);
}
