// SPDX-License-Identifier: GPL-2.0
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "ktls.h"
#include "tools.h"

#define PAGE 4096

void *bad_address(void)
{
	void *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	CHECK(p != MAP_FAILED);
	return p;
}

u8 *edge_copy(const void *data, size_t len)
{
	size_t size = (len + PAGE - 1) / PAGE * PAGE;
	u8 *p;

	p = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	CHECK_SYS(mprotect(p + size, PAGE, PROT_NONE));
	p += size - len;
	memcpy(p, data, len);
	return p;
}

void own_netns(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	CHECK_SYS(unshare(CLONE_NEWNET));
	fd = CHECK_SYS(socket(AF_INET, SOCK_DGRAM, 0));
	CHECK_SYS(ioctl(fd, SIOCSIFFLAGS, &ifr));
	CHECK_SYS(close(fd));
}

u64 stat_value(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/ktls_stat", "r");
	unsigned long long value;
	char line[64];

	CHECK(f);
	while (fscanf(f, "%63s %llu", line, &value) == 2) {
		if (strcmp(line, name))
			continue;
		fclose(f);
		return value;
	}
	FAIL("no counter %s", name);
}

void expect_stats(const char *const *names, const u64 *want, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (stat_value(names[i]) != want[i])
			FAIL("%s is %llu, not %llu", names[i],
			     (unsigned long long)stat_value(names[i]),
			     (unsigned long long)want[i]);
}

bool kernel_has(const char *symbol)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[600], name[512];
	bool found = false;

	CHECK(f);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*s %511s", name) == 1 &&
			!strcmp(name, symbol);
	fclose(f);
	return found;
}

int outq(int fd)
{
	int n = -1;

	CHECK_SYS(ioctl(fd, SIOCOUTQ, &n));
	return n;
}

int outq_nsd(int fd)
{
	int n = -1;

	CHECK_SYS(ioctl(fd, SIOCOUTQNSD, &n));
	return n;
}

void expect_outq(int fd, int want)
{
	int i;

	for (i = 0; i < TCP_WAIT_MS / 10 && outq(fd) != want; i++)
		usleep(10000);
	CHECK_EQ(outq(fd), want);
}

ssize_t send_iov(int fd, const struct iovec *iov, size_t count, int flags)
{
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov,
		.msg_iovlen = count,
	};

	return sendmsg(fd, &msg, flags);
}

bool has_room(int fd)
{
	return tcp_poll(fd, POLLOUT, 0);
}
