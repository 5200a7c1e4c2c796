// SPDX-License-Identifier: GPL-2.0
/* One cell: prepared, warmed up, measured, printed. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../peer/check.h"
#include "bench.h"

#define VERIFIED_ROUNDS 4
/* In one cell, after some in vain */
#define ROUNDS_MIN 8
#define ROUNDS_MAX 256
#define WARM_ROUNDS_MAX 24
#define CELL_BYTES (2 << 20)

void cell_name(const struct cell *c, char *name)
{
	snprintf(name, NAME_MAX_LEN, "%s/%s/%s/%s", c->test->name, c->size,
		 c->impl->name, c->suite ? c->suite->name : "plain");
}

static unsigned int rounds_of(const struct run *r)
{
	size_t bytes = r->cell->test->bytes ? r->cell->test->bytes : r->size;
	unsigned int rounds = CELL_BYTES / bytes;

	if (rounds > ROUNDS_MAX)
		return ROUNDS_MAX;
	return rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds;
}

/* Touched here, so that no page is missing when it counts. */
static u8 *new_bytes(size_t len)
{
	u8 *p = malloc(len);
	size_t i;

	CHECK(p);
	for (i = 0; i < len; i++)
		p[i] = i + i / 251;
	return p;
}

static void set_link(int fd, struct ifreq *ifr, u32 command)
{
	struct ethtool_value value = { .cmd = command };

	ifr->ifr_data = (void *)&value;
	CHECK_SYS(ioctl(fd, SIOCETHTOOL, ifr));
}

/*
 * A network of its own, where loopback is like a card with this MTU that can
 * neither cut segments nor join them.
 */
static void use_mtu(unsigned int mtu)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd;

	CHECK_SYS(unshare(CLONE_NEWNET));
	fd = CHECK_SYS(socket(AF_INET, SOCK_DGRAM, 0));
	set_link(fd, &ifr, ETHTOOL_STSO);
	set_link(fd, &ifr, ETHTOOL_SGSO);
	set_link(fd, &ifr, ETHTOOL_SGRO);
	ifr.ifr_mtu = mtu;
	CHECK_SYS(ioctl(fd, SIOCSIFMTU, &ifr));
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	CHECK_SYS(ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

static void prepare(struct run *r, const struct cell *c)
{
	char *end;

	memset(r, 0, sizeof(*r));
	r->cell = c;
	r->size = strtoul(c->size, &end, 10);
	r->buffer = *end == '-' ? strtoul(end + 1, NULL, 10) : 0;
	r->plain = new_bytes(BENCH_MAX);
	r->wire = new_bytes(2 * BENCH_MAX);
	r->got = new_bytes(2 * BENCH_MAX);
	if (c->test->figures)
		return;
	if (c->test->mtu)
		use_mtu(c->test->mtu);
	link_open(&r->link, c->impl, c->suite, c->test->side);
	tcp_set_int(r->link.local.fd, IPPROTO_TCP, TCP_NODELAY, !c->test->nagle);
	tcp_set_int(r->link.peer.fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static void print_word(const char *key, const char *word)
{
	printf("\"%s\": \"%s\", ", key, word);
}

static void print_counts(const struct run *r, unsigned int ops)
{
	printf("\"ops\": %u, \"whole\": %.1f", ops,
	       measure_whole(&r->m) / ops);
	if (measure_has_counts())
		printf(", \"side\": %.1f, \"softirq\": %.1f",
		       measure_side(&r->m) / ops, measure_softirq(&r->m) / ops);
}

static void print_figures(const struct run *r)
{
	int i;

	for (i = 0; i < FIGURES_MAX && r->figure[i].name; i++)
		printf("%s\"%s\": %.1f", i ? ", " : "", r->figure[i].name,
		       r->figure[i].value);
}

static void print_head(const struct cell *c)
{
	char name[NAME_MAX_LEN];

	cell_name(c, name);
	printf("{");
	print_word("cell", name);
	print_word("test", c->test->name);
	print_word("size", c->size);
	print_word("impl", c->impl->name);
	print_word("suite", c->suite ? c->suite->name : "plain");
}

static void print_result(const struct run *r, unsigned int ops)
{
	print_head(r->cell);
	if (r->cell->test->figures)
		print_figures(r);
	else
		print_counts(r, ops);
	printf("}\n");
}

/* How often others were given the processor that this process wanted. */
static long preempted(void)
{
	struct rusage usage;

	CHECK_SYS(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_nivcsw;
}

/*
 * A round in which somebody else has run does not count, unless there are
 * hardly any others.
 */
static unsigned int measure_rounds(struct run *r, unsigned int rounds)
{
	unsigned int good = 0, ops = 0, spoiled = 0;
	struct measure before = { 0 };
	unsigned int n;
	long count;

	measure_drop(&r->m, &before);
	while (good < rounds) {
		before = r->m;
		count = preempted();
		n = r->cell->test->round(r);
		if (preempted() != count && spoiled++ < rounds) {
			measure_drop(&r->m, &before);
			continue;
		}
		measure_keep();
		ops += n;
		good++;
	}
	measure_done();
	return ops;
}

static unsigned int warm_and_measure(struct run *r, unsigned int rounds)
{
	unsigned int i;

	if (!rounds)
		rounds = rounds_of(r);
	for (i = 0; i < rounds && i < WARM_ROUNDS_MAX; i++) {
		r->verify = i < VERIFIED_ROUNDS;
		r->cell->test->round(r);
	}
	r->verify = false;
	return measure_rounds(r, rounds);
}

static void run_here(const struct cell *c, unsigned int rounds)
{
	unsigned int ops = 0;
	struct run r;

	prepare(&r, c);
	if (c->test->figures)
		c->test->figures(&r);
	else
		ops = warm_and_measure(&r, rounds);
	print_result(&r, ops);
	/* Or the serial port would be busy in the next cell. */
	tcdrain(STDOUT_FILENO);
}

bool cell_run(const struct cell *c, unsigned int rounds)
{
	int status;
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		run_here(c, rounds);
		_exit(0);
	}
	CHECK_SYS(waitpid(pid, &status, 0));
	if (!status)
		return true;
	print_head(c);
	printf("\"failed\": true}\n");
	return false;
}
