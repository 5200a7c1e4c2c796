// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile peers: plans from seeds, each in a process of its own. One that fails
 * is made as short as it will go, and told in the result.
 *
 * KTLS_SEED=N	the first seed, instead of 1 (with KTLS_LONG: a random one)
 * KTLS_PLAN=...	hostile_plans runs this one alone
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "hostile.h"
#include "hostile_kept.h"
#include "tools.h"

/* After which a plan hangs, and one that is being made shorter does, seconds */
#define HANG 60
#define HANG_SHORTER 10
/* All that is spent on making plans shorter */
#define SHORTEN_SECONDS 60

#define REASON 300

/* What one run of a plan has come to, written by its process. */
struct outcome {
	enum { PASSED, FAILED, SKIPPED } how;
	char reason[REASON];
	size_t records, bytes;
};

static struct outcome *outcome;

static void end_run(enum check_end how, const char *reason)
{
	/* The first of several threads */
	if (outcome->how == PASSED) {
		outcome->how = how == CHECK_END_SKIP ? SKIPPED : FAILED;
		snprintf(outcome->reason, REASON, "%s", reason);
	}
	_exit(0);
}

static void run_here(struct plan p)
{
	static struct model m;
	static struct wire w;

	check_end_hook = end_run;
	wire_make(&w, &p);
	model_make(&m, &p, &w);
	outcome->records = m.records;
	outcome->bytes = w.len;
	hostile_run(&p, &w, &m);
	_exit(0);
}

static void run_plan(const struct plan *p, unsigned int seconds)
{
	int status;
	pid_t pid;

	if (!outcome)
		outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(outcome != MAP_FAILED);
	memset(outcome, 0, sizeof(*outcome));
	fflush(stdout);
	pid = CHECK_SYS(fork());
	if (!pid) {
		alarm(seconds);
		run_here(*p);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status))
		return;
	outcome->how = FAILED;
	if (WTERMSIG(status) == SIGALRM)
		snprintf(outcome->reason, REASON, "hangs");
	else
		snprintf(outcome->reason, REASON, "killed by signal %d",
			 WTERMSIG(status));
}

static bool still_fails(const struct plan *p)
{
	run_plan(p, HANG_SHORTER);
	return outcome->how == FAILED;
}

/* Without count steps from here on, if it still fails then. */
static bool try_without(struct plan *p, unsigned int at, unsigned int count)
{
	static struct plan shorter;

	shorter = *p;
	memmove(shorter.step + at, shorter.step + at + count,
		(p->count - at - count) * sizeof(*p->step));
	shorter.count -= count;
	if (!still_fails(&shorter))
		return false;
	*p = shorter;
	return true;
}

static bool try_number(struct plan *p, u32 *number, u32 value)
{
	u32 old = *number;

	if (old <= value)
		return false;
	*number = value;
	if (still_fails(p))
		return true;
	*number = old;
	return false;
}

static void shorten(struct plan *p)
{
	time_t end = time(NULL) + SHORTEN_SECONDS;
	unsigned int size, at, i;

	for (size = p->count; size; size /= 2)
		for (at = 0; at + size <= p->count && time(NULL) < end; )
			if (!try_without(p, at, size))
				at += size;
	for (i = 0; i < p->count && time(NULL) < end; i++) {
		if (p->step[i].kind != STEP_RECORD)
			continue;
		try_number(p, &p->step[i].c, 0);
		(void)(try_number(p, &p->step[i].b, 0) ||
		       try_number(p, &p->step[i].b, 1) ||
		       try_number(p, &p->step[i].b, 100));
	}
}

static void check_plan(const struct plan *p)
{
	char text[PLAN_TEXT], reason[REASON];
	struct plan shorter = *p;

	run_plan(p, HANG);
	if (outcome->how == SKIPPED)
		SKIP("%s", outcome->reason);
	if (outcome->how == PASSED)
		return;
	memcpy(reason, outcome->reason, REASON);
	plan_print(p, text);
	printf("# fails: %s\n", text);
	shorten(&shorter);
	plan_print(&shorter, text);
	printf("# shorter: %s\n", text);
	FAIL("%s: KTLS_PLAN='%s'", reason, text);
}

/* The kernel's log from here on. */
static int log_open(void)
{
	int fd = CHECK_SYS(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));

	CHECK_SYS(lseek(fd, 0, SEEK_END));
	return fd;
}

/* Whatever came over the net, ktls has not said a word. */
static void log_expect_quiet(int fd)
{
	char line[1024];
	ssize_t n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, "ktls: "))
			FAIL("the log says: %s", line);
	}
	CHECK_EQ(errno, EAGAIN);
	close(fd);
}

KTLS_TEST_EACH_TIMEOUT(hostile_peer, each_cipher, const struct tls_case *, tc,
		       200)
{
	unsigned int count = rounds(8, 400), i;
	size_t records = 0, bytes = 0;
	u64 seed = from_environment("KTLS_SEED",
				    getenv("KTLS_LONG") ? random_seed() : 1);
	struct plan p;
	int log;

	own_netns();
	log = log_open();
	for (i = 0; i < count; i++) {
		plan_make(&p, tc, seed + i);
		check_plan(&p);
		records += outcome->records;
		bytes += outcome->bytes;
	}
	log_expect_quiet(log);
	printf("note hostile_peer: %u plans from seed %llu: %zu bytes, %zu records given\n",
	       count, seed, bytes, records);
}

/* What once failed, or the plan at hand. */
KTLS_TEST_TIMEOUT(hostile_plans, 200)
{
	const char *text = getenv("KTLS_PLAN");
	struct plan p;
	size_t i;

	own_netns();
	for (i = 0; text || hostile_kept[i]; i++) {
		plan_parse(&p, text ? text : hostile_kept[i]);
		check_plan(&p);
		if (text)
			return;
	}
}
