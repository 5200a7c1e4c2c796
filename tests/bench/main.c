// SPDX-License-Identifier: GPL-2.0
/*
 * ktls-bench: what kernel TLS costs, cell by cell. Each cell's result is a line
 * of JSON. Run without arguments it runs all of them.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/check.h"
#include "bench.h"

static const struct test *const tests[] = {
	&test_tx, &test_txbulk, &test_txmore, &test_sendfile,
	&test_rxp, &test_rx,
	&test_mtu_tx, &test_mtu_txbulk, &test_mtu_rxp,
	&test_echo, &test_echo2,
	&test_setup, &test_memory, &test_calls,
};

static struct {
	unsigned int rounds;	/* 0: as many as are sensible */
	bool list;
	const char *test;	/* what the cells' names must be, in part */
	const char *impl;
	const char *suite;
	char **patterns;
} want;

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

static bool possible(const struct cell *c)
{
	if (c->impl->openssl && c->test->no_openssl)
		return false;
	if (c->test->figures && !measure_has_counts())
		return false;
	return link_possible(c->impl, c->suite, c->test->side);
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
			if (wanted(&c) && possible(&c))
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

static bool run_cell(const struct cell *c)
{
	/* That a rival fails is a result. */
	return cell_run(c, want.rounds) || c->impl->rival;
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
				       print_cell : run_cell) && ok;
	return !ok;
}
