// SPDX-License-Identifier: GPL-2.0
/*
 * ktls-bench: what kernel TLS costs, cell by cell. Each cell's result is a line
 * of JSON. Run without arguments it runs all of them.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../peer/check.h"
#include "bench.h"

#define WARM_ROUNDS 24
#define VERIFIED_ROUNDS 4
#define NAME_MAX_LEN 96
/* In one cell, and for how long at least */
#define CELL_BYTES (2 << 20)
#define ROUNDS_MIN 16
#define ROUNDS_MAX 256

static const struct test *const tests[] = {
	&test_tx, &test_txbulk, &test_rxp, &test_rx,
};

static struct {
	unsigned int rounds;	/* 0: as many as are sensible */
	bool list;
	const char *test;	/* what the cells' names must be, in part */
	const char *impl;
	const char *suite;
	char **patterns;
} want;

static void cell_name(const struct cell *c, char *name)
{
	snprintf(name, NAME_MAX_LEN, "%s/%s/%s/%s", c->test->name, c->size,
		 c->impl->name, c->suite ? c->suite->name : "plain");
}

static unsigned int rounds_of(const struct run *r)
{
	unsigned int rounds = CELL_BYTES / r->size;

	if (want.rounds)
		return want.rounds;
	if (r->buffer || r->cell->test->nagle)
		return ROUNDS_MIN;
	if (rounds > ROUNDS_MAX)
		return ROUNDS_MAX;
	return rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds;
}

/* Touched here, so that no page is missing when it counts. */
static u8 *new_bytes(size_t len)
{
	u8 *p = malloc(len);
	size_t i;

	CHECK(p);
	for (i = 0; i < len; i++)
		p[i] = i + i / 251;
	return p;
}

static void prepare(struct run *r, const struct cell *c)
{
	char *end;

	memset(r, 0, sizeof(*r));
	r->cell = c;
	r->size = strtoul(c->size, &end, 10);
	r->buffer = *end == '-' ? strtoul(end + 1, NULL, 10) : 0;
	r->plain = new_bytes(BENCH_MAX);
	r->wire = new_bytes(2 * BENCH_MAX);
	r->got = new_bytes(2 * BENCH_MAX);
	link_open(&r->link, c->impl, c->suite, c->test->side);
	tcp_set_int(r->link.local.fd, IPPROTO_TCP, TCP_NODELAY, !c->test->nagle);
	tcp_set_int(r->link.peer.fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static void print_word(const char *key, const char *word)
{
	printf("\"%s\": \"%s\", ", key, word);
}

static void print_result(const struct run *r, unsigned int ops)
{
	const struct cell *c = r->cell;
	char name[NAME_MAX_LEN];

	cell_name(c, name);
	printf("{");
	print_word("cell", name);
	print_word("test", c->test->name);
	print_word("size", c->size);
	print_word("impl", c->impl->name);
	print_word("suite", c->suite ? c->suite->name : "plain");
	printf("\"ops\": %u, \"whole\": %.1f", ops, measure_whole(&r->m) / ops);
	if (measure_has_softirqs())
		printf(", \"side\": %.1f, \"softirq\": %.1f",
		       measure_side(&r->m) / ops, measure_softirq(&r->m) / ops);
	printf("}\n");
}

/* How often others were given the processor that this process wanted. */
static long preempted(void)
{
	struct rusage usage;

	CHECK_SYS(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_nivcsw;
}

/*
 * A round in which somebody else has run does not count, unless there are
 * hardly any others.
 */
static unsigned int measure_rounds(struct run *r)
{
	unsigned int good = 0, ops = 0, rounds = rounds_of(r), spoiled = 0;
	struct measure before = { 0 };
	unsigned int n;
	long count;

	measure_drop(&r->m, &before);
	while (good < rounds) {
		before = r->m;
		count = preempted();
		n = r->cell->test->round(r);
		if (preempted() != count && spoiled++ < rounds) {
			measure_drop(&r->m, &before);
			continue;
		}
		measure_keep();
		ops += n;
		good++;
	}
	measure_done();
	return ops;
}

/* In a process of its own. */
static void run_cell(const struct cell *c)
{
	struct run r;
	int i;

	prepare(&r, c);
	for (i = 0; i < WARM_ROUNDS; i++) {
		r.verify = i < VERIFIED_ROUNDS;
		c->test->round(&r);
	}
	r.verify = false;
	print_result(&r, measure_rounds(&r));
	/* Or the serial port would be busy in the next cell. */
	tcdrain(STDOUT_FILENO);
}

static bool fork_cell(const struct cell *c)
{
	char name[NAME_MAX_LEN];
	int status;
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		run_cell(c);
		_exit(0);
	}
	CHECK_SYS(waitpid(pid, &status, 0));
	if (!status)
		return true;
	cell_name(c, name);
	printf("failed: %s\n", name);
	return false;
}

static bool wanted(const struct cell *c)
{
	char name[NAME_MAX_LEN], case_name[NAME_MAX_LEN];
	char **p;

	cell_name(c, name);
	snprintf(case_name, sizeof(case_name), "%s/%s", c->test->name, c->size);
	if ((want.test && fnmatch(want.test, case_name, 0)) ||
	    (want.impl && strcmp(want.impl, c->impl->name)) ||
	    (want.suite && c->suite && strcmp(want.suite, c->suite->name)))
		return false;
	for (p = want.patterns; *p; p++)
		if (!fnmatch(*p, name, 0))
			return true;
	return !want.patterns[0];
}

static bool each_cell(const struct test *t, const char *size,
		      bool (*fn)(const struct cell *c))
{
	struct cell c = { .test = t, .size = size };
	bool ok = true;
	size_t i, j;

	for (i = 0; i < bench_suite_count; i++) {
		for (j = 0; j < impl_count; j++) {
			c.impl = &impls[j];
			c.suite = impl_is_plain(c.impl) ? NULL : &bench_suites[i];
			/* It has no suites: once will do. */
			if (!c.suite && i)
				continue;
			if (wanted(&c) &&
			    link_possible(c.impl, c.suite, t->side))
				ok = fn(&c) && ok;
		}
	}
	return ok;
}

static bool print_cell(const struct cell *c)
{
	char name[NAME_MAX_LEN];

	cell_name(c, name);
	puts(name);
	return true;
}

static void usage(void)
{
	puts("Usage: ktls-bench [OPTION]... [PATTERN]...\n"
	     "Runs the cells TEST/SIZE/IMPL/SUITE whose names match a PATTERN\n"
	     "of the shell (default: all), a line of JSON for each.\n"
	     "  --case TEST/SIZE  --impl IMPL  --suite SUITE\n"
	     "                  only these\n"
	     "  --iterations N  rounds of each cell\n"
	     "  --list          only print the names");
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "case", required_argument, NULL, 'c' },
		{ "impl", required_argument, NULL, 'i' },
		{ "suite", required_argument, NULL, 's' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			want.test = optarg;
			break;
		case 'i':
			want.impl = optarg;
			break;
		case 's':
			want.suite = optarg;
			break;
		case 'n':
			want.rounds = atoi(optarg);
			break;
		case 'l':
			want.list = true;
			break;
		case 'h':
			usage();
			exit(0);
		default:
			exit(2);
		}
	}
	want.patterns = argv + optind;
}

int main(int argc, char **argv)
{
	const char *const *size;
	bool ok = true;
	size_t i;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!want.list)
		measure_calibrate();
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		for (size = tests[i]->sizes; *size; size++)
			ok = each_cell(tests[i], *size, want.list ?
				       print_cell : fork_cell) && ok;
	return !ok;
}
