// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU (TCG) that counts how often each piece of code of a guest
 * runs inside two windows. A program in the guest opens and closes them by
 * calling functions of its own; one window, the side, is within the other, the
 * whole.
 *
 *	-plugin profile.so,symbols=FILE,out=FILE,FUNCTION=ADDR,...
 *
 * FUNCTION is one of those in the table below, see ../measure.h; ADDR is its
 * address (hexadecimal), FILE a copy of the guest's /proc/kallsyms, which must be
 * complete when ktls_bench_begin() is first called. Until then the guest runs at
 * full speed. What was counted since the last measure_drop() or measure_keep()
 * counts if the next one is measure_keep(); measure_done() adds what counts to
 * the output:
 *
 *	done
 *	ADDR INSNS STEP SIDE SIDE-SOFTIRQ REST REST-SOFTIRQ
 *
 * The code at ADDR, INSNS instructions, ran SIDE times in the side window, REST
 * times in the whole window outside of that, and so often in softirqs that ran
 * meanwhile. STEP is the number of bytes that each repetition moves if the code
 * is a repeated string instruction (which is counted once for each repetition),
 * otherwise 0.
 *
 * One virtual processor only. Code is counted when it is entered: what an
 * exception cuts off is counted too.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu.h"

#define EXPORT __attribute__((visibility("default")))
#define BUCKETS 65536

/* Where code runs: a window, to which SOFTIRQ may be added */
enum where { SIDE, REST = 2, PLACES = 4, OUTSIDE = PLACES };
#define SOFTIRQ 1

/* A translated piece of code. The same address may have several, cut short. */
struct block {
	struct block *next;
	struct block *next_new;
	bool new;		/* it is in the list of those that have run */
	u64 addr;
	u64 runs[PLACES];	/* since the last drop or keep */
	u64 kept[PLACES];
	unsigned int insns;
	unsigned int step;
	/* where a call of the softirq at its end returns to, or 0 */
	u64 softirq_return;
};

EXPORT int qemu_plugin_version;

static struct block *blocks[BUCKETS];
static struct block *new_blocks;	/* some of their runs are not zero */
static enum where window = OUTSIDE;
static u64 softirq_return;	/* where the running softirq will end */
static bool in_whole;

static const char *symbols, *out;
static u64 softirq_entries[16];
static unsigned int n_softirq_entries;
static bool data_is_copied;
static qemu_plugin_id_t plugin;

/*
 * QEMU up to 8.2 knows version 1 only, later ones do not know it any more.
 * Scoreboards came with version 2.
 */
__attribute__((constructor)) static void choose_version(void)
{
	bool two = dlsym(RTLD_DEFAULT, "qemu_plugin_scoreboard_new");

	qemu_plugin_version = two ? 2 : 1;
}

/* Not strtoull(): one built with a new libc would not load with an old one. */
static u64 parse_hex(const char *s)
{
	u64 n = 0;

	for (; *s; s++) {
		if (*s >= '0' && *s <= '9')
			n = n << 4 | (*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			n = n << 4 | (*s - 'a' + 10);
		else
			break;
	}
	return n;
}

/* The functions that run softirqs; which of them is called first varies. */
static bool runs_softirqs(const char *name)
{
	return !strncmp(name, "do_softirq", 10) ||
	       !strncmp(name, "__do_softirq", 12) ||
	       !strncmp(name, "handle_softirqs", 15);
}

static void read_symbols(void)
{
	char *name, *type, line[1024];
	FILE *f = fopen(symbols, "r");

	while (f && fgets(line, sizeof(line), f)) {
		type = strchr(line, ' ');
		if (!type || !strchr("tT", type[1]) || type[2] != ' ')
			continue;
		name = type + 3;
		if (runs_softirqs(name) && n_softirq_entries < 16)
			softirq_entries[n_softirq_entries++] = parse_hex(line);
	}
	if (f)
		fclose(f);
	if (!n_softirq_entries) {
		fprintf(stderr, "profile: no symbols in %s\n", symbols);
		exit(1);
	}
}

/* Up to @size bytes of the instruction; returns how many. */
static size_t insn_bytes(const struct qemu_plugin_insn *insn, u8 *bytes,
			 size_t size)
{
	size_t n = qemu_plugin_insn_size(insn);

	if (n > size)
		n = size;
	if (data_is_copied)
		qemu_plugin_insn_data(insn, bytes, n);
	else
		memcpy(bytes, qemu_plugin_insn_data(insn), n);
	return n;
}

/* rep movs and rep stos: bytes that one repetition moves. Others: 0. */
static unsigned int string_step(const struct qemu_plugin_insn *insn)
{
	unsigned int step = 4;
	bool rep = false;
	u8 b[4];
	size_t i, n = insn_bytes(insn, b, sizeof(b));

	for (i = 0; i < n; i++) {
		if (b[i] == 0xf3 || b[i] == 0xf2)
			rep = true;
		else if (b[i] == 0x66)
			step = 2;
		else if (b[i] == 0x48)
			step = 8;
		else if (b[i] == 0xa5 || b[i] == 0xab)
			return rep ? step : 0;
		else
			return rep && (b[i] == 0xa4 || b[i] == 0xaa);
	}
	return 0;
}

/* If @insn calls a function that runs softirqs: where it returns to. */
static u64 calls_softirq(const struct qemu_plugin_insn *insn)
{
	u64 next = qemu_plugin_insn_vaddr(insn) + 5;
	unsigned int i;
	int offset;
	u8 b[5];

	if (insn_bytes(insn, b, sizeof(b)) != 5 || b[0] != 0xe8)
		return 0;
	memcpy(&offset, b + 1, sizeof(offset));
	for (i = 0; i < n_softirq_entries; i++)
		if (next + offset == softirq_entries[i])
			return next;
	return 0;
}

static struct block *get_block(u64 addr, unsigned int insns,
			       unsigned int step)
{
	struct block *b, **bucket = &blocks[(addr ^ addr >> 16) % BUCKETS];

	for (b = *bucket; b; b = b->next)
		if (b->addr == addr && b->insns == insns && b->step == step)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = addr;
	b->insns = insns;
	b->step = step;
	b->next = *bucket;
	*bucket = b;
	return b;
}

static void count(struct block *b)
{
	if (!b->new) {
		b->new = true;
		b->next_new = new_blocks;
		new_blocks = b;
	}
	b->runs[window + (softirq_return ? SOFTIRQ : 0)]++;
}

static void on_run(unsigned int vcpu, void *data)
{
	struct block *b = data;

	(void)vcpu;
	if (b->addr == softirq_return)
		softirq_return = 0;
	if (window != OUTSIDE)
		count(b);
	if (!softirq_return)
		softirq_return = b->softirq_return;
}

static void on_side_begin(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	window = SIDE;
}

static void on_side_end(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	window = in_whole ? REST : OUTSIDE;
}

static void on_whole_begin(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	in_whole = true;
	window = REST;
}

static void on_whole_end(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	in_whole = false;
	window = OUTSIDE;
}

static void forget_new(bool keep)
{
	struct block *b;
	int i;

	for (b = new_blocks; b; b = b->next_new) {
		for (i = 0; keep && i < PLACES; i++)
			b->kept[i] += b->runs[i];
		memset(b->runs, 0, sizeof(b->runs));
		b->new = false;
	}
	new_blocks = NULL;
}

static void on_drop(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	forget_new(false);
}

static void on_keep(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	forget_new(true);
}

static void print(FILE *f, struct block *b)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < PLACES; i++)
		sum += b->kept[i];
	if (!sum)
		return;
	fprintf(f, "%016llx %u %u", b->addr, b->insns, b->step);
	for (i = 0; i < PLACES; i++)
		fprintf(f, " %llu", b->kept[i]);
	fputc('\n', f);
	memset(b->kept, 0, sizeof(b->kept));
}

static void on_done(unsigned int vcpu, void *data)
{
	FILE *f = fopen(out, "a");
	struct block *b;
	int i;

	(void)vcpu;
	(void)data;
	if (!f) {
		perror(out);
		exit(1);
	}
	fputs("done\n", f);
	for (i = 0; i < BUCKETS; i++)
		for (b = blocks[i]; b; b = b->next)
			print(f, b);
	fclose(f);
}

/*
 * The functions that the program calls. In those with @after the window
 * changes behind them: none is counted.
 */
static struct {
	const char *name;
	qemu_plugin_exec_cb_t cb;
	bool after;
	u64 addr;
} markers[] = {
	{ .name = "ktls_bench_begin", .cb = on_side_begin, .after = true },
	{ .name = "ktls_bench_end", .cb = on_side_end },
	{ .name = "measure_whole_begin", .cb = on_whole_begin, .after = true },
	{ .name = "measure_whole_end", .cb = on_whole_end },
	{ .name = "measure_drop", .cb = on_drop },
	{ .name = "measure_keep", .cb = on_keep },
	{ .name = "measure_done", .cb = on_done },
};

static void call(struct qemu_plugin_tb *tb, qemu_plugin_exec_cb_t cb,
		 void *data)
{
	qemu_plugin_register_vcpu_tb_exec_cb(tb, cb, QEMU_PLUGIN_CB_NO_REGS,
					     data);
}

static void mark(struct qemu_plugin_tb *tb, bool after)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(markers); i++)
		if (markers[i].after == after &&
		    markers[i].addr == qemu_plugin_tb_vaddr(tb))
			call(tb, markers[i].cb, NULL);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b;

	(void)id;
	b = get_block(qemu_plugin_tb_vaddr(tb), n,
		      string_step(qemu_plugin_tb_get_insn(tb, 0)));
	b->softirq_return = calls_softirq(qemu_plugin_tb_get_insn(tb, n - 1));
	mark(tb, false);
	call(tb, on_run, b);
	mark(tb, true);
}

static void start(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
}

static void on_first_begin(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	if (n_softirq_entries)
		return;
	read_symbols();
	qemu_plugin_reset(plugin, start);
}

static void on_first_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (qemu_plugin_tb_vaddr(tb) == markers[0].addr)
		call(tb, on_first_begin, NULL);
}

static void parse(char *arg)
{
	char *value = strchr(arg, '=');
	size_t i;

	if (!value)
		return;
	*value++ = 0;
	if (!strcmp(arg, "symbols"))
		symbols = strdup(value);
	else if (!strcmp(arg, "out"))
		out = strdup(value);
	for (i = 0; i < ARRAY_SIZE(markers); i++)
		if (!strcmp(arg, markers[i].name))
			markers[i].addr = parse_hex(value);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			       int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		parse(argv[i]);
	if (!markers[0].addr || !symbols || !out) {
		fprintf(stderr, "profile: an argument is missing\n");
		return -1;
	}
	plugin = id;
	data_is_copied = info->version.cur >= 3;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_first_translation);
	return 0;
}
