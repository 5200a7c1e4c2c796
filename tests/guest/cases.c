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

static const void *nth(unsigned int n, bool first_suite, bool v4_only,
		       char *name, size_t size)
{
	const struct tls_case *tc;

	fill();
	for (tc = all; tc < all + all_count; tc++) {
		if (first_suite && tc->suite != &suites[0])
			continue;
		if (v4_only && tc->family != AF_INET)
			continue;
		if (n--)
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
	return nth(i, false, false, name, size);
}

const void *each_cipher(unsigned int i, char *name, size_t size)
{
	return nth(i, false, true, name, size);
}

const void *each_family(unsigned int i, char *name, size_t size)
{
	return nth(i, true, false, name, size);
}

const void *each_version(unsigned int i, char *name, size_t size)
{
	return nth(i, true, true, name, size);
}
