/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Named tests, each run in a child of its own with a limit on its time.
 *
 *	KTLS_TEST(close_flushes)
 *	{
 *		...
 *		CHECK_EQ(send(fd, "x", 1, 0), 1);
 *	}
 *
 * Returning is passing. CHECK*() and FAIL() end the test as failed and SKIP()
 * ends it as skipped, from any thread and from any child of the test.
 *
 *	KTLS_TEST_EACH(send_basic, each_case, const struct tls_case *, tc)
 *	{
 *		...
 *	}
 *
 * runs once for every parameter of the set each_case, as tests named
 * send_basic[PARAMETER].
 */
#ifndef KTLS_TESTS_HARNESS_H
#define KTLS_TESTS_HARNESS_H

#include <errno.h>

#include "../peer/check.h"

#define TEST_TIMEOUT 20 /* seconds */

/*
 * How often to do something: few times, or many if KTLS_LONG is in the
 * environment. Few are enough to find what the test is for.
 */
unsigned int rounds(unsigned int few, unsigned int many);
/* A number in the environment, such as 10 or 0xa */
u64 from_environment(const char *name, u64 otherwise);
/* For who does not say which one: it must be told in the result. */
u64 random_seed(void);

/*
 * A set of parameters: returns the one numbered i and writes its name, or
 * returns NULL if there are no more. The parameter must stay valid.
 */
typedef const void *(test_params_fn)(unsigned int i, char *name, size_t size);

struct test {
	const char *name;
	void (*run)(const void *param);
	test_params_fn *params;
	unsigned int timeout;
};

/* The linker makes these two from the section's name. */
extern const struct test *const __start_ktls_tests[];
extern const struct test *const __stop_ktls_tests[];

#define TEST_REGISTER(id, set, seconds)					\
	static void test_run_##id(const void *param);			\
	static const struct test test_##id = {				\
		.name = #id,						\
		.run = test_run_##id,					\
		.params = set,						\
		.timeout = seconds,					\
	};								\
	static const struct test *const test_ptr_##id			\
		__used __section("ktls_tests") = &test_##id

#define KTLS_TEST_TIMEOUT(id, seconds)					\
	TEST_REGISTER(id, NULL, seconds);				\
	static void test_body_##id(void);				\
	static void test_run_##id(const void *param)			\
	{								\
		(void)param;						\
		test_body_##id();					\
	}								\
	static void test_body_##id(void)

#define KTLS_TEST_EACH_TIMEOUT(id, set, type, var, seconds)		\
	TEST_REGISTER(id, set, seconds);				\
	static void test_body_##id(type);				\
	static void test_run_##id(const void *param)			\
	{								\
		test_body_##id(param);					\
	}								\
	static void test_body_##id(type var)

#define KTLS_TEST(id) KTLS_TEST_TIMEOUT(id, TEST_TIMEOUT)
#define KTLS_TEST_EACH(id, set, type, var)				\
	KTLS_TEST_EACH_TIMEOUT(id, set, type, var, TEST_TIMEOUT)

#endif
