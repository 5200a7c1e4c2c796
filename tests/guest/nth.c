// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "nth.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"

static void write_file(const char *path, const char *text)
{
	int fd = CHECK_SYS(open(path, O_WRONLY | O_CLOEXEC));

	CHECK_EQ(CHECK_SYS(write(fd, text, strlen(text))), strlen(text));
	close(fd);
}

/* Allocations that may sleep and single pages fail, too, and nobody logs it. */
void nth_prepare(void)
{
	static const char *const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[100];
	size_t i;

	if (access(FAIL_NTH, W_OK))
		SKIP("this kernel lets nothing fail");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s",
			 settings[i][0]);
		write_file(path, settings[i][1]);
	}
}

/* To open it would itself be something that can fail. */
static int fail_nth(void)
{
	static __thread int fd = -1;

	if (fd < 0)
		fd = CHECK_SYS(open(FAIL_NTH, O_RDWR | O_CLOEXEC));
	return fd;
}

void nth_arm(unsigned int n)
{
	char text[16];
	int fd = fail_nth();
	int len;

	len = snprintf(text, sizeof(text), "%u", n);
	CHECK_EQ(pwrite(fd, text, len, 0), len);
}

bool nth_disarm(void)
{
	int err = errno, fd = fail_nth();
	char left[16] = "";
	bool hit;

	/* Reading may be what fails: then the call did not come so far */
	hit = pread(fd, left, sizeof(left) - 1, 0) > 0 && !atoi(left);
	/* So may writing, but then there is nothing left to fail */
	if (pwrite(fd, "0", 1, 0) < 0)
		CHECK_EQ(pwrite(fd, "0", 1, 0), 1);
	errno = err;
	return hit;
}

void nth_report(const char *what, unsigned int points)
{
	printf("note %s: %u points of failure\n", what, points);
	fflush(stdout);
}
