// SPDX-License-Identifier: GPL-2.0
/*
 * Walks as text:
 *
 *	# comment
 *	walk version=13 cipher=aes128gcm
 *	attach end=0
 *	send end=0 len=100 flags=more+pieces
 *
 * What is 0 is left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

#define BIT(n) (1U << (n))
#define SEND_FLAGS (FLAG_MORE | FLAG_EOR | FLAG_OOB | FLAG_PIECES)
#define RECV_FLAGS (FLAG_PEEK | FLAG_WAITALL | FLAG_TRUNC | FLAG_BARE |	\
		    FLAG_PIECES | FLAG_OOB | FLAG_SIGNAL)

const char *const op_names[OP_KINDS] = {
	[OP_ATTACH] = "attach",
	[OP_KEY] = "key",
	[OP_FOLLOW] = "follow",
	[OP_MAXLEN] = "maxlen",
	[OP_SEND] = "send",
	[OP_TYPE] = "type",
	[OP_SENDFILE] = "sendfile",
	[OP_SPLICE] = "splice",
	[OP_RECORD] = "record",
	[OP_RECV] = "recv",
	[OP_UNSPLICE] = "unsplice",
	[OP_SHUTDOWN] = "shutdown",
	[OP_CLOSE] = "close",
};

static const struct {
	u32 fields;
	u32 flags;
} knows[OP_KINDS] = {
	[OP_KEY] = { .flags = FLAG_TX | FLAG_RX | FLAG_BADLEN |
			      FLAG_BADCIPHER },
	[OP_MAXLEN] = { BIT(F_LEN), FLAG_BADLEN },
	[OP_SEND] = { BIT(F_LEN), SEND_FLAGS },
	[OP_TYPE] = { BIT(F_LEN) | BIT(F_TYPE), SEND_FLAGS | FLAG_UPDATE },
	[OP_SENDFILE] = { BIT(F_LEN), 0 },
	[OP_SPLICE] = { BIT(F_LEN), 0 },
	[OP_RECORD] = { BIT(F_LEN) | BIT(F_TYPE) | BIT(F_PAD) | BIT(F_CUT),
			FLAG_UPDATE | FLAG_BADTAG | FLAG_BADHEAD },
	[OP_RECV] = { BIT(F_LEN), RECV_FLAGS },
	[OP_UNSPLICE] = { BIT(F_LEN), 0 },
	[OP_SHUTDOWN] = { .flags = FLAG_TX | FLAG_RX },
};

static const char *const field_names[FIELDS] = {
	[F_LEN] = "len",
	[F_TYPE] = "type",
	[F_PAD] = "pad",
	[F_CUT] = "cut",
};

static const char *const flag_names[] = {
	"more", "eor", "oob", "peek", "waitall", "trunc", "bare", "pieces",
	"tx", "rx", "update", "badlen", "badcipher", "badtag", "badhead",
	"signal",
};

bool op_has_field(enum op_kind kind, enum op_field field)
{
	return knows[kind].fields & BIT(field);
}

u32 op_flags(enum op_kind kind)
{
	return knows[kind].flags;
}

static void write_flags(FILE *f, u32 flags)
{
	const char *before = " flags=";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(flags & BIT(i)))
			continue;
		fprintf(f, "%s%s", before, flag_names[i]);
		before = "+";
	}
}

void op_write(FILE *f, const struct op *op)
{
	int i;

	fprintf(f, "%s end=%u", op_names[op->kind], op->end);
	for (i = 0; i < FIELDS; i++)
		if (op->field[i])
			fprintf(f, " %s=%u", field_names[i], op->field[i]);
	write_flags(f, op->flags);
	fputc('\n', f);
}

static void write_number(FILE *f, const char *name, u32 value)
{
	if (value)
		fprintf(f, " %s=%u", name, value);
}

void walk_write(FILE *f, const struct walk *walk)
{
	size_t i;

	fprintf(f, "walk version=%s cipher=%s",
		walk->version == TLS13 ? "13" : "12", walk->suite->name);
	write_number(f, "numbers", walk->numbers);
	write_number(f, "sndbuf", walk->sndbuf);
	write_number(f, "rcvbuf", walk->rcvbuf);
	fputc('\n', f);
	for (i = 0; i < walk->count; i++)
		op_write(f, &walk->op[i]);
}

static const char *read_flags(char *text, u32 *flags)
{
	char *save, *name;
	size_t i;

	for (name = strtok_r(text, "+", &save); name;
	     name = strtok_r(NULL, "+", &save)) {
		for (i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (!strcmp(name, flag_names[i]))
				break;
		if (i == ARRAY_SIZE(flag_names))
			return "unknown flag";
		*flags |= BIT(i);
	}
	return NULL;
}

static const char *read_number(const char *text, u32 *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno || *end || end == text ? "not a number" : NULL;
}

static const char *read_op_value(struct op *op, const char *name, char *value)
{
	int i;

	if (!strcmp(name, "flags"))
		return read_flags(value, &op->flags);
	if (!strcmp(name, "end"))
		return read_number(value, &op->end);
	for (i = 0; i < FIELDS; i++)
		if (op_has_field(op->kind, i) && !strcmp(name, field_names[i]))
			return read_number(value, &op->field[i]);
	return "unknown field";
}

static const char *read_walk_value(struct walk *walk, const char *name,
				   char *value)
{
	if (!strcmp(name, "version")) {
		walk->version = strcmp(value, "12") ? TLS13 : TLS12;
		return NULL;
	}
	if (!strcmp(name, "cipher")) {
		walk->suite = suite_by_name(value);
		return NULL;
	}
	if (!strcmp(name, "numbers"))
		return read_number(value, &walk->numbers);
	if (!strcmp(name, "sndbuf"))
		return read_number(value, &walk->sndbuf);
	if (!strcmp(name, "rcvbuf"))
		return read_number(value, &walk->rcvbuf);
	return "unknown field";
}

/* The rest of a line: NAME=VALUE ... */
static const char *read_values(char **save, struct walk *walk, struct op *op)
{
	const char *why = NULL;
	char *name, *value;

	while (!why && (name = strtok_r(NULL, "\n ", save))) {
		value = strchr(name, '=');
		if (!value)
			return "no =";
		*value++ = '\0';
		why = op ? read_op_value(op, name, value) :
			   read_walk_value(walk, name, value);
	}
	return why;
}

static const char *read_op(char *name, char **save, struct walk *walk)
{
	struct op *op = &walk->op[walk->count];
	const char *why;
	int kind;

	for (kind = 0; kind < OP_KINDS; kind++)
		if (!strcmp(name, op_names[kind]))
			break;
	if (kind == OP_KINDS)
		return "unknown operation";
	if (walk->count == OPS_MAX)
		return "too many operations";
	*op = (struct op){ .kind = kind };
	why = read_values(save, NULL, op);
	if (!why && (op->end > 1 || op->flags & ~op_flags(kind)))
		why = "no such end, or a flag that the operation does not have";
	walk->count++;
	return why;
}

const char *walk_read(FILE *f, struct walk *walk, unsigned int *line)
{
	const char *why = NULL;
	char text[256];

	*walk = (struct walk){ 0 };
	for (*line = 1; !why && fgets(text, sizeof(text), f); ++*line) {
		char *save, *name = strtok_r(text, "\n ", &save);

		if (!name || *name == '#')
			continue;
		if (!strcmp(name, "walk"))
			why = read_values(&save, walk, NULL);
		else
			why = read_op(name, &save, walk);
	}
	if (!why && (!walk->suite || !walk->version))
		why = "no walk line with version and cipher";
	return why;
}
