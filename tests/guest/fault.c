// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../peer/check.h"
#include "fault.h"

/* The test before may have left it. */
void kmod_load(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/tests/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP("there is no %s", path);
	if (syscall(SYS_finit_module, fd, "", 0) < 0) {
		if (errno == EOPNOTSUPP)
			SKIP("this kernel does not let %s in", name);
		CHECK_EQ(errno, EEXIST);
	}
	close(fd);
}

static FILE *open_parameter(const char *name, const char *parameter,
			    const char *mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", name,
		 parameter);
	f = fopen(path, mode);
	CHECK(f);
	return f;
}

void kmod_set(const char *name, const char *parameter, u64 value)
{
	FILE *f = open_parameter(name, parameter, "w");

	CHECK(fprintf(f, "%llu", (unsigned long long)value) > 0);
	CHECK_EQ(fclose(f), 0);
}

u64 kmod_get(const char *name, const char *parameter)
{
	FILE *f = open_parameter(name, parameter, "r");
	unsigned long long value;

	CHECK_EQ(fscanf(f, "%llu", &value), 1);
	CHECK_EQ(fclose(f), 0);
	return value;
}

void fault_set(const char *parameter, int value)
{
	kmod_set("ktls_fault", parameter, value);
}

/* The test before may have left it with whatever it had set. */
void fault_load(void)
{
	kmod_load("ktls_fault");
	fault_set("alloc_skb", 0);
	fault_set("encrypt", 0);
	fault_set("alloc_page", 0);
	fault_set("softirq_page", 0);
	fault_set("softirq_rmem", 0);
	fault_set("kworkers", 0);
	fault_set("pass", 0);
	fault_set("failed", 0);
}

int fault_count(void)
{
	return kmod_get("ktls_fault", "failed");
}
