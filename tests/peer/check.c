// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void (*check_end_hook)(enum check_end how, const char *reason);

static void __noreturn end(enum check_end how, const char *reason)
{
	if (check_end_hook) {
		check_end_hook(how, reason);
		abort();
	}
	fprintf(stderr, "%s\n", reason);
	exit(1);
}

static const char *basename_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

void check_fail(const char *file, int line, const char *fmt, ...)
{
	char reason[512];
	va_list ap;
	int n;

	n = snprintf(reason, sizeof(reason), "%s:%d: ", basename_of(file),
		     line);
	va_start(ap, fmt);
	vsnprintf(reason + n, sizeof(reason) - n, fmt, ap);
	va_end(ap);
	end(CHECK_END_FAIL, reason);
}

void check_skip(const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	end(CHECK_END_SKIP, reason);
}

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "unknown errno";
}

void check_eq(const char *file, int line, const char *what, long long got,
	      long long want)
{
	if (got != want)
		check_fail(file, line, "%s: got %lld, want %lld", what, got,
			   want);
}

void check_errno(const char *file, int line, const char *what, long ret,
		 int want)
{
	int err = errno;

	if (ret != -1)
		check_fail(file, line, "%s: got %ld, want %s", what, ret,
			   errno_name(want));
	if (err != want)
		check_fail(file, line, "%s: got %s, want %s", what,
			   errno_name(err), errno_name(want));
}

void check_mem(const char *file, int line, const char *what, const void *got,
	       const void *want, size_t len)
{
	const u8 *g = got, *w = want;
	size_t i;

	for (i = 0; i < len; i++)
		if (g[i] != w[i])
			check_fail(file, line,
				   "%s: byte %zu of %zu is %02x, want %02x",
				   what, i, len, g[i], w[i]);
}
