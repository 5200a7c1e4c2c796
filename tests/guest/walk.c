// SPDX-License-Identifier: GPL-2.0
/*
 * Random walks (../walk): some from fixed seeds, and those that once failed. "make
 * walk" does others.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/ulp.h"
#include "../walk/walk.h"
#include "harness.h"

#define KEPT "/tests/walks"
#define GROUPS 4

/* What has been done so far */
struct sum {
	size_t ops;
	u64 bytes;
};

static void one_walk(struct walk *walk, const char *name, struct sum *sum)
{
	struct walk_result res;

	walk_run(walk, strcmp(ktls_ulp(), KTLS_ULP_NAME), &res);
	if (res.failed)
		FAIL("%s, operation %zu (%s): %s", name, res.op + 1,
		     op_names[walk->op[res.op].kind], res.why);
	sum->ops += res.done;
	sum->bytes += res.bytes;
}

static struct walk *new_walk(void)
{
	struct walk *walk = malloc(sizeof(*walk));

	CHECK(walk);
	return walk;
}

/* The parameter is the first seed. */
static const void *each_group(unsigned int i, char *name, size_t size)
{
	static const u64 seeds[GROUPS] = { 0, 1000000, 2000000, 3000000 };

	if (i == GROUPS)
		return NULL;
	snprintf(name, size, "%llu", seeds[i]);
	return &seeds[i];
}

KTLS_TEST_EACH_TIMEOUT(walk_random, each_group, const u64 *, seed, 60)
{
	unsigned int i, count = rounds(25, 250);
	struct walk *walk = new_walk();
	struct sum sum = { 0 };
	char name[32];

	for (i = 0; i < count; i++) {
		walk_generate(walk, *seed + i);
		snprintf(name, sizeof(name), "seed %llu", walk->seed);
		one_walk(walk, name, &sum);
	}
	printf("note walk_random: seeds %llu to %llu, %zu calls, %llu bytes read\n",
	       *seed, *seed + count - 1, sum.ops, sum.bytes);
	fflush(stdout);
}

static int is_walk(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".walk");
}

/* The parameter is the file's name. */
static const void *each_kept(unsigned int i, char *name, size_t size)
{
	static struct dirent **files;
	static int count = -1;

	if (count < 0)
		count = scandir(KEPT, &files, is_walk, alphasort);
	if ((int)i >= count)
		return NULL;
	snprintf(name, size, "%.*s", (int)strlen(files[i]->d_name) - 5,
		 files[i]->d_name);
	return files[i]->d_name;
}

KTLS_TEST_EACH(walk_kept, each_kept, const char *, file)
{
	struct walk *walk = new_walk();
	struct sum sum = { 0 };
	unsigned int line;
	const char *why;
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), KEPT "/%s", file);
	f = fopen(path, "r");
	CHECK(f);
	why = walk_read(f, walk, &line);
	if (why)
		FAIL("line %u: %s", line - 1, why);
	fclose(f);
	one_walk(walk, file, &sum);
}
