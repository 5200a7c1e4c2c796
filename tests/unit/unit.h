/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test program includes: cmocka, and its main(). */
#ifndef KTLS_TESTS_UNIT_H
#define KTLS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../peer/check.h"

/*
 * Runs the tests as one group; returns what main() shall return. CHECK*(),
 * FAIL() and SKIP() of tests/peer end a test here like cmocka's own.
 */
int unit_run(const char *group, const struct CMUnitTest *tests, size_t count);

/* A list of tests made at run time. */
struct unit_list {
	struct CMUnitTest *tests;
	size_t count;
};

/* The test's function finds param in *state. */
__printf(4, 5)
void unit_add(struct unit_list *list, CMUnitTestFunction fn, const void *param,
	      const char *name_fmt, ...);

#endif
