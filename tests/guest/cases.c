// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/socket.h>

#include "cases.h"

#define CASES_MAX 64

const struct tls_case case13 = { TLS13, &suites[0], AF_INET };
const struct tls_case case12 = { TLS12, &suites[0], AF_INET };

static struct tls_case all[CASES_MAX];
static unsigned int all_count;

static void add(u16 version, int family)
{
	size_t i;

	for (i = 0; i < suite_count; i++) {
		if (!suite_has_version(&suites[i], version))
			continue;
		CHECK(all_count < CASES_MAX);
		all[all_count++] = (struct tls_case) {
			version, &suites[i], family,
		};
	}
}

static void fill(void)
{
	if (all_count)
		return;
	add(TLS12, AF_INET);
	add(TLS12, AF_INET6);
	add(TLS13, AF_INET);
	add(TLS13, AF_INET6);
}

typedef bool (filter_fn)(const struct tls_case *tc);

static bool any(const struct tls_case *tc)
{
	return tc;
}

static bool v4(const struct tls_case *tc)
{
	return tc->family == AF_INET;
}

static bool tls13_v4(const struct tls_case *tc)
{
	return v4(tc) && tc->version == TLS13;
}

static bool first_suite(const struct tls_case *tc)
{
	return tc->suite == &suites[0];
}

static bool first_suite_v4(const struct tls_case *tc)
{
	return first_suite(tc) && v4(tc);
}

static bool libssl(const struct tls_case *tc)
{
	return tc->version == TLS13 ? tc->suite->tls13 : tc->suite->tls12;
}

static bool libssl_v4(const struct tls_case *tc)
{
	return libssl(tc) && v4(tc);
}

static bool libssl13_v4(const struct tls_case *tc)
{
	return libssl(tc) && tls13_v4(tc);
}

static const void *nth(unsigned int n, filter_fn *filter, char *name,
		       size_t size)
{
	const struct tls_case *tc;

	fill();
	for (tc = all; tc < all + all_count; tc++) {
		if (!filter(tc) || n--)
			continue;
		snprintf(name, size, "%s-%s-%s",
			 tc->version == TLS13 ? "13" : "12", tc->suite->name,
			 tc->family == AF_INET ? "v4" : "v6");
		return tc;
	}
	return NULL;
}

const void *each_case(unsigned int i, char *name, size_t size)
{
	return nth(i, any, name, size);
}

const void *each_cipher(unsigned int i, char *name, size_t size)
{
	return nth(i, v4, name, size);
}

const void *each_13(unsigned int i, char *name, size_t size)
{
	return nth(i, tls13_v4, name, size);
}

const void *each_family(unsigned int i, char *name, size_t size)
{
	return nth(i, first_suite, name, size);
}

const void *each_version(unsigned int i, char *name, size_t size)
{
	return nth(i, first_suite_v4, name, size);
}

const void *each_libssl(unsigned int i, char *name, size_t size)
{
	return nth(i, libssl, name, size);
}

const void *each_libssl_v4(unsigned int i, char *name, size_t size)
{
	return nth(i, libssl_v4, name, size);
}

const void *each_libssl13_v4(unsigned int i, char *name, size_t size)
{
	return nth(i, libssl13_v4, name, size);
}
