// SPDX-License-Identifier: GPL-2.0
/*
 * Plans as a line of text, such as
 *
 *	13-aes128gcm-v4 seed=7 seq=0 rcvbuf=0 read=later end=fin
 *	record:23,100,0 message:22,1800000100 key flip:77
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define CASE_NAME 64

static const struct {
	const char *name;
	unsigned int numbers;
	bool bytes;	/* behind the numbers */
} kinds[STEP_KINDS] = {
	[STEP_RECORD] = { "record", 3, false },
	[STEP_MESSAGE] = { "message", 1, true },
	[STEP_KEY] = { "key", 0, false },
	[STEP_FLIP] = { "flip", 1, false },
	[STEP_CUT] = { "cut", 1, false },
	[STEP_AGAIN] = { "again", 1, false },
	[STEP_SWAP] = { "swap", 0, false },
	[STEP_NOISE] = { "noise", 1, false },
	[STEP_BYTES] = { "bytes", 0, true },
};

static const char *const ends[ENDS] = { "open", "fin", "reset" };

/* The set of each_case() has names for all of them */
static const struct tls_case *case_by_name(const char *want)
{
	const struct tls_case *tc;
	char name[CASE_NAME];
	unsigned int i;

	for (i = 0; (tc = each_case(i, name, sizeof(name))); i++)
		if (!strcmp(name, want))
			return tc;
	FAIL("no case %s", want);
}

static void name_case(const struct tls_case *want, char *name)
{
	const struct tls_case *tc;
	unsigned int i;

	for (i = 0; (tc = each_case(i, name, CASE_NAME)); i++)
		if (tc->version == want->version && tc->suite == want->suite &&
		    tc->family == want->family)
			return;
	FAIL("a case without a name");
}

static size_t print_step(const struct step *s, char *text, size_t room)
{
	u32 numbers[] = { s->a, s->b, s->c };
	unsigned int i;
	char sep = ':';
	size_t n;

	n = snprintf(text, room, " %s", kinds[s->kind].name);
	for (i = 0; i < kinds[s->kind].numbers; i++, sep = ',')
		n += snprintf(text + n, room - n, "%c%u", sep, numbers[i]);
	if (!kinds[s->kind].bytes)
		return n;
	n += snprintf(text + n, room - n, "%c", sep);
	for (i = 0; i < s->len; i++)
		n += snprintf(text + n, room - n, "%02x", s->bytes[i]);
	return n;
}

void plan_print(const struct plan *p, char *text)
{
	char name[CASE_NAME];
	unsigned int i;
	size_t n;

	name_case(p->tc, name);
	n = snprintf(text, PLAN_TEXT,
		     "%s seed=%llu seq=%llu rcvbuf=%u read=%s end=%s",
		     name, p->seed, p->seq, p->rcvbuf,
		     p->first ? "later" : "meanwhile", ends[p->end]);
	for (i = 0; i < p->count && n < PLAN_TEXT - 100; i++)
		n += print_step(&p->step[i], text + n, PLAN_TEXT - n);
}

static u8 parse_bytes(u8 *bytes, size_t room, const char *at)
{
	unsigned int byte;
	u8 len = 0;

	for (; sscanf(at, "%2x", &byte) == 1; at += 2) {
		CHECK(len < room);
		bytes[len++] = byte;
	}
	if (*at)
		FAIL("not hexadecimal: %s", at);
	return len;
}

static void parse_step(struct plan *p, const char *word)
{
	size_t len = strcspn(word, ":");
	struct step *s = &p->step[p->count++];
	u32 *number[] = { &s->a, &s->b, &s->c };
	unsigned int i;
	char *end;

	CHECK(p->count <= PLAN_STEPS);
	for (s->kind = 0; s->kind < STEP_KINDS; s->kind++)
		if (strlen(kinds[s->kind].name) == len &&
		    !memcmp(kinds[s->kind].name, word, len))
			break;
	if (s->kind == STEP_KINDS)
		FAIL("no step of a plan: %s", word);
	word += len;
	for (i = 0; i < kinds[s->kind].numbers; i++, word = end) {
		CHECK(*word);
		*number[i] = strtoul(word + 1, &end, 10);
	}
	if (kinds[s->kind].bytes && *word)
		s->len = parse_bytes(s->bytes, sizeof(s->bytes), word + 1);
}

static bool parse_setting(struct plan *p, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value++)
		return false;
	if (!strncmp(word, "seed=", 5))
		p->seed = strtoull(value, NULL, 10);
	else if (!strncmp(word, "seq=", 4))
		p->seq = strtoull(value, NULL, 10);
	else if (!strncmp(word, "rcvbuf=", 7))
		p->rcvbuf = strtoul(value, NULL, 10);
	else if (!strncmp(word, "read=", 5))
		p->first = !strcmp(value, "later");
	else if (!strncmp(word, "end=", 4))
		while (p->end < ENDS && strcmp(value, ends[p->end]))
			p->end++;
	else
		FAIL("no setting of a plan: %s", word);
	CHECK(p->end < ENDS);
	return true;
}

void plan_parse(struct plan *p, const char *text)
{
	char copy[PLAN_TEXT], *word, *state;

	memset(p, 0, sizeof(*p));
	CHECK_EQ(snprintf(copy, sizeof(copy), "%s", text), strlen(text));
	word = strtok_r(copy, " ", &state);
	CHECK(word);
	p->tc = case_by_name(word);
	while ((word = strtok_r(NULL, " ", &state)))
		if (!parse_setting(p, word))
			parse_step(p, word);
}
