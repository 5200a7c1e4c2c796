// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../peer/ulp.h"
#include "walk.h"

static const char help[] =
"Usage: ktls-walk [--seed N] [--count N] [--seconds N] [--all | --print]\n"
"       ktls-walk --replay FILE...\n"
"Does random walks (tests/README.md), one for each seed from N on (default 1, one\n"
"walk), and compares every result with a model. The first that fails is made as\n"
"small as it can be and printed, to be kept in a file.\n"
"  --seconds N  go on for so long\n"
"  --all        do not end at the first failure, and print them as they are\n"
"  --print      only print the walks\n"
"  --replay     do the walks in these files\n"
"Environment: KTLS_ULP=tls for the kernel's own module, whose known differences\n"
"(tests/walk/differ.c) end a walk and are told.\n";

struct sum {
	unsigned long walks;
	unsigned long ops;
	unsigned long differing;	/* walks that ended at a known one */
	u64 bytes;
};

static bool is_foreign(void)
{
	return strcmp(ktls_ulp(), KTLS_ULP_NAME);
}

static void report(struct walk *walk, const struct walk_result *res,
		   const char *name, bool shrink)
{
	struct walk_result again;

	printf("fail %s: operation %zu: %s\n", name, res->op + 1, res->why);
	op_write(stdout, &walk->op[res->op]);
	fflush(stdout);
	if (!shrink)
		return;
	walk_shrink(walk, is_foreign());
	walk_run(walk, is_foreign(), &again);
	printf("# %s: %s\n", name, again.failed ? again.why :
	       "fails only now and then");
	walk_write(stdout, walk);
	printf("# end\n");
}

/* Returns false if it failed. */
static bool one_walk(struct walk *walk, const char *name, bool shrink,
		     struct sum *sum)
{
	struct walk_result res;

	walk_run(walk, is_foreign(), &res);
	sum->walks++;
	sum->ops += res.done;
	sum->bytes += res.bytes;
	if (res.failed)
		report(walk, &res, name, shrink);
	else if (res.ended)
		printf("differs %s: operation %zu (%s): %s\n", name, res.op + 1,
		       op_names[walk->op[res.op].kind], res.differs);
	sum->differing += res.ended;
	return !res.failed;
}

static bool replay(struct walk *walk, const char *path, struct sum *sum)
{
	FILE *f = fopen(path, "r");
	const char *why;
	unsigned int line;

	if (!f) {
		printf("fail %s: %s\n", path, strerror(errno));
		return false;
	}
	why = walk_read(f, walk, &line);
	fclose(f);
	if (why) {
		printf("fail %s: line %u: %s\n", path, line - 1, why);
		return false;
	}
	return one_walk(walk, path, false, sum);
}

struct modes {
	bool print;
	bool all;
	bool replay;
};

static bool by_seeds(struct walk *walk, u64 seed, unsigned long count,
		     long seconds, const struct modes *modes, struct sum *sum)
{
	time_t end = time(NULL) + seconds;
	char name[32];
	bool ok = true;

	for (; (ok || modes->all) && (count || (seconds && time(NULL) < end)); seed++) {
		count -= !!count;
		walk_generate(walk, seed);
		snprintf(name, sizeof(name), "seed %llu", seed);
		if (modes->print)
			walk_write(stdout, walk);
		else
			ok &= one_walk(walk, name, !modes->all, sum);
	}
	return ok;
}

static bool replay_all(struct walk *walk, char **paths, struct sum *sum)
{
	bool ok = true;

	for (; *paths; paths++)
		ok &= replay(walk, *paths, sum);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 't' },
		{ "all", no_argument, NULL, 'a' },
		{ "print", no_argument, NULL, 'p' },
		{ "replay", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct modes modes = { 0 };
	bool ok;
	unsigned long count = 0;
	struct sum sum = { 0 };
	struct walk *walk;
	long seconds = 0;
	u64 seed = 1;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			count = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = atol(optarg);
			break;
		case 'p':
			modes.print = true;
			break;
		case 'a':
			modes.all = true;
			break;
		case 'r':
			modes.replay = true;
			break;
		default:
			fputs(help, stdout);
			return c == 'h' ? 0 : 2;
		}
	}
	if (!count && !seconds)
		count = 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	walk = malloc(sizeof(*walk));
	if (!walk)
		return 2;
	ok = modes.replay ? replay_all(walk, argv + optind, &sum) :
		     by_seeds(walk, seed, count, seconds, &modes, &sum);
	printf("%lu walks, %lu operations, %llu bytes read, %lu ended at a known difference\n",
	       sum.walks, sum.ops, sum.bytes, sum.differing);
	free(walk);
	return !ok;
}
