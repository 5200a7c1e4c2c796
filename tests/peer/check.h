/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks that end the running test with file, line and the values seen.
 *
 * The library in tests/peer is used by programs with different ideas of what
 * "end the test" means (a forked child in the guest, a longjmp in cmocka), so
 * the ending is a hook. Without one, the reason goes to stderr and the process
 * exits with 1.
 */
#ifndef KTLS_TESTS_CHECK_H
#define KTLS_TESTS_CHECK_H

#include <errno.h>

#include "types.h"

enum check_end {
	CHECK_END_FAIL,
	CHECK_END_SKIP,
};

/* Must not return: if it does, the process is aborted. */
extern void (*check_end_hook)(enum check_end how, const char *reason);

__noreturn __printf(3, 4)
void check_fail(const char *file, int line, const char *fmt, ...);
__noreturn __printf(1, 2)
void check_skip(const char *fmt, ...);
void check_eq(const char *file, int line, const char *what, long long got,
	      long long want);
void check_errno(const char *file, int line, const char *what, long ret,
		 int want);
void check_mem(const char *file, int line, const char *what, const void *got,
	       const void *want, size_t len);

/* The name of an errno value, such as "EBUSY". */
const char *errno_name(int err);

#define FAIL(...) check_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) check_skip(__VA_ARGS__)

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			FAIL("not true: %s", #cond);			\
	} while (0)

/* Integers of any size; a signed value is printed as such. */
#define CHECK_EQ(got, want)						\
	check_eq(__FILE__, __LINE__, #got " == " #want,			\
		 (long long)(got), (long long)(want))

/* A system call (or a helper that behaves like one) succeeds; its value. */
#define CHECK_SYS(call)							\
	({								\
		long check_ret_ = (call);				\
									\
		if (check_ret_ < 0)					\
			FAIL("%s: %s", #call, errno_name(errno));	\
		check_ret_;						\
	})

/* A system call fails with -1 and exactly this errno. */
#define CHECK_ERRNO(call, want)						\
	do {								\
		long check_ret_ = (call);				\
									\
		check_errno(__FILE__, __LINE__, #call, check_ret_, want); \
	} while (0)

#define CHECK_MEM(got, want, len)					\
	check_mem(__FILE__, __LINE__, #got, got, want, len)

#endif
