// SPDX-License-Identifier: GPL-2.0
/* One test of every kind of end, for tests/unit/check-harness. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/harness.h"

KTLS_TEST(passes)
{
	CHECK_EQ(1 + 1, 2);
	CHECK_ERRNO(close(-1), EBADF);
}

KTLS_TEST(wrong_value)
{
	CHECK_EQ(1 + 1, 3);
}

KTLS_TEST(wrong_errno)
{
	CHECK_ERRNO(close(-1), EINVAL);
}

KTLS_TEST(wrong_success)
{
	CHECK_ERRNO(getppid() > 0 ? 7 : -1, EINVAL);
}

KTLS_TEST(syscall_fails)
{
	CHECK_SYS(close(-1));
}

KTLS_TEST(wrong_bytes)
{
	CHECK_MEM("abcd", "abxd", 4);
}

KTLS_TEST(skips)
{
	SKIP("no %s", "reason");
}

KTLS_TEST(crashes)
{
	abort();
}

KTLS_TEST(exits)
{
	exit(3);
}

KTLS_TEST_TIMEOUT(hangs, 1)
{
	pause();
}

static void *fail_in_thread(void *arg)
{
	(void)arg;
	FAIL("in a thread");
}

KTLS_TEST(thread_fails)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, fail_in_thread, NULL), 0);
	pause();
}

/* The test itself ends well, but what its child saw counts. */
KTLS_TEST(child_fails)
{
	pid_t pid = fork();

	if (!pid)
		FAIL("in a child");
	waitpid(pid, NULL, 0);
}

KTLS_TEST(child_is_left)
{
	if (!fork())
		pause();
}

static const void *two(unsigned int i, char *name, size_t size)
{
	static const int values[] = { 1, 2 };

	if (i >= ARRAY_SIZE(values))
		return NULL;
	snprintf(name, size, "n%d", values[i]);
	return &values[i];
}

KTLS_TEST_EACH(each, two, const int *, n)
{
	CHECK_EQ(*n, 1);
}
