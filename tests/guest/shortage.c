// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "flow.h"
#include "shortage.h"
#include "tools.h"

/*
 * Each CPU may hold back up to 1 MiB from the count that is compared with the
 * limit; a test machine has few of them.
 */
#define BALLAST (8 << 20)
#define TCP_MEM "/proc/sys/net/ipv4/tcp_mem"

static char before[64];
static int tcp_mem = -1;
static int watched[2];
static pid_t watcher;

/* Also after a test that failed, whose limit is about to be taken back */
static void read_limit(void)
{
	ssize_t n;
	int i;

	for (i = 0; i < TCP_WAIT_MS / 10; i++) {
		n = CHECK_SYS(pread(tcp_mem, before, sizeof(before) - 1, 0));
		before[n] = '\0';
		if (strcmp(before, "1\t1\t1\n"))
			return;
		usleep(10000);
	}
	FAIL("somebody else has limited TCP's memory");
}

static void write_limit(const char *value)
{
	CHECK_EQ(pwrite(tcp_mem, value, strlen(value), 0), strlen(value));
}

/* Outlives a test that fails: not of its process group, which is killed. */
static void watch(void)
{
	char byte;

	CHECK_SYS(pipe2(watched, O_CLOEXEC));
	watcher = CHECK_SYS(fork());
	if (watcher)
		return;
	setsid();
	close(watched[1]);
	if (!read(watched[0], &byte, 1))
		write_limit(before);
	_exit(0);
}

/* Queued bytes that nobody reads */
static void use_memory(void)
{
	const struct tcp_opts opts = { .rcvbuf = 4096 };
	const u8 *data = test_data(BALLAST);
	int size = BALLAST;
	struct tcp_pair p;

	tcp_open(&p, &opts);
	CHECK_SYS(setsockopt(p.local, SOL_SOCKET, SO_SNDBUFFORCE, &size,
			     sizeof(size)));
	CHECK(send(p.local, data, BALLAST, MSG_DONTWAIT) >= BALLAST / 2);
}

void shortage_prepare(void)
{
	tcp_mem = CHECK_SYS(open(TCP_MEM, O_RDWR | O_CLOEXEC));
	read_limit();
	watch();
	own_netns();
	use_memory();
}

void shortage_open(struct conn *c, const struct tls_case *tc)
{
	/* A limit of the user's own is one that TCP does not shrink. */
	const struct tcp_opts opts = { .sndbuf = 200000 };

	shortage_prepare();
	conn_open_opts(c, tc, &opts);
	acks_hold(c->fd);
}

void shortage_begin(void)
{
	write_limit("1 1 1");
}

void shortage_end(struct conn *c)
{
	write_limit(before);
	CHECK_EQ(write(watched[1], "x", 1), 1);
	CHECK_EQ(waitpid(watcher, NULL, 0), watcher);
	if (c)
		acks_release(c->fd);
}
