// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static void end_test(enum check_end how, const char *reason)
{
	/* tests/unit/run takes the reason from here: cmocka has no place. */
	print_message("# why: %s\n", reason);
	if (how == CHECK_END_SKIP)
		skip();
	else
		fail();
}

int unit_run(const char *group, const struct CMUnitTest *tests, size_t count)
{
	check_end_hook = end_test;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

void unit_add(struct unit_list *list, CMUnitTestFunction fn, const void *param,
	      const char *name_fmt, ...)
{
	struct CMUnitTest *t;
	char *name;
	va_list ap;

	t = reallocarray(list->tests, list->count + 1, sizeof(*t));
	CHECK(t);
	list->tests = t;
	va_start(ap, name_fmt);
	CHECK(vasprintf(&name, name_fmt, ap) >= 0);
	va_end(ap);
	t[list->count++] = (struct CMUnitTest) {
		.name = name,
		.test_func = fn,
		.initial_state = (void *)param,
	};
}
