// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../kmod/ktls_count.h"
#include "../peer/check.h"
#include "../peer/tcp.h"
#include "measure.h"

#define PARAM "/sys/module/ktls_count/parameters/"
#define ROUNDS 256

static struct ktls_count none;
static const struct ktls_count *counts = &none;

/* What an empty window shows, and a whole one with an empty side in it. */
static double empty_side, empty_whole, side_in_whole;
/* What it costs to watch one softirq; half of it before the clock is read. */
static double watching;

__attribute((noinline)) void ktls_bench_begin(void)
{
	asm volatile("" ::: "memory");
}

__attribute((noinline)) void ktls_bench_end(void)
{
	asm volatile("" ::: "memory");
}

static inline u64 ticks(void)
{
	u64 now;

	_mm_lfence();
	now = __rdtsc();
	_mm_lfence();
	return now;
}

/* The kernel changes them while nobody looks. */
static inline u64 read_once(const __u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void open_window(struct spent *at)
{
	at->softirq = read_once(&counts->cycles);
	at->softirqs = read_once(&counts->softirqs);
	at->ticks = ticks();
}

static inline void close_window(struct spent *sum, const struct spent *at)
{
	u64 now = ticks();

	sum->ticks += now - at->ticks;
	sum->softirq += read_once(&counts->cycles) - at->softirq;
	sum->softirqs += read_once(&counts->softirqs) - at->softirqs;
	sum->windows++;
}

void measure_whole_begin(struct measure *m)
{
	open_window(&m->at_whole);
}

void measure_whole_end(struct measure *m)
{
	close_window(&m->whole, &m->at_whole);
}

void measure_side_begin(struct measure *m)
{
	open_window(&m->at_side);
	ktls_bench_begin();
}

void measure_side_end(struct measure *m)
{
	ktls_bench_end();
	close_window(&m->side, &m->at_side);
}

void measure_drop(struct measure *m, const struct measure *before)
{
	*m = *before;
}

void measure_keep(void)
{
	asm volatile("" ::: "memory");
}

void measure_done(void)
{
	asm volatile("" ::: "memory");
}

static void find_empty(void)
{
	struct measure m = { 0 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		measure_whole_begin(&m);
		measure_whole_end(&m);
	}
	empty_whole = (double)m.whole.ticks / ROUNDS;
	memset(&m, 0, sizeof(m));
	for (i = 0; i < ROUNDS; i++) {
		measure_whole_begin(&m);
		measure_side_begin(&m);
		measure_side_end(&m);
		measure_whole_end(&m);
	}
	empty_side = (double)m.side.ticks / ROUNDS;
	side_in_whole = (double)m.whole.ticks / ROUNDS - empty_whole;
}

/* Writes to a parameter of ktls_count.ko. */
static void turn(const char *param, bool on)
{
	char path[sizeof(PARAM) + 16];
	int fd;

	snprintf(path, sizeof(path), PARAM "%s", param);
	fd = CHECK_SYS(open(path, O_WRONLY));
	CHECK_EQ(write(fd, on ? "1" : "0", 1), 1);
	close(fd);
}

/*
 * A byte through a plain connection, with a softirq or more: the cheapest of many
 * such operations, during which nobody else has run.
 */
static void ping(struct spent *least, const struct tcp_pair *tcp)
{
	char c = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct measure m = { 0 };

		measure_whole_begin(&m);
		CHECK_EQ(send(tcp->local, &c, 1, 0), 1);
		CHECK_EQ(recv(tcp->peer, &c, 1, 0), 1);
		measure_whole_end(&m);
		if (!i || m.whole.ticks < least->ticks)
			*least = m.whole;
	}
}

static void find_watching(void)
{
	struct tcp_opts opts = { 0 };
	struct spent off, on;
	struct tcp_pair tcp;

	tcp_open(&tcp, &opts);
	tcp_set_int(tcp.local, IPPROTO_TCP, TCP_NODELAY, 1);
	ping(&off, &tcp);
	ping(&off, &tcp);
	turn("softirqs", true);
	ping(&on, &tcp);
	ping(&on, &tcp);
	CHECK(on.softirqs);
	watching = (double)(s64)(on.ticks - off.ticks) / on.softirqs;
	tcp_close(&tcp);
}

void measure_calibrate(void)
{
	int fd = open("/dev/ktls_count", O_RDONLY);
	void *page;

	find_empty();
	if (fd < 0)
		return;
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(page != MAP_FAILED);
	close(fd);
	counts = page;
	find_watching();
}

bool measure_has_counts(void)
{
	return counts != &none;
}

void measure_calls_begin(struct calls *calls)
{
	turn("calls", true);
	calls->pushes = read_once(&counts->pushes);
	calls->wakeups = read_once(&counts->wakeups);
}

void measure_calls_end(struct calls *calls)
{
	calls->pushes = read_once(&counts->pushes) - calls->pushes;
	calls->wakeups = read_once(&counts->wakeups) - calls->wakeups;
	turn("calls", false);
}

double measure_whole(const struct measure *m)
{
	return m->whole.ticks - m->whole.windows * empty_whole -
	       m->side.windows * side_in_whole - m->whole.softirqs * watching;
}

/* Half of what watching costs is in the time of the softirq already. */
double measure_softirq(const struct measure *m)
{
	return m->side.softirq - m->side.softirqs * watching / 2;
}

double measure_side(const struct measure *m)
{
	return m->side.ticks - m->side.windows * empty_side -
	       m->side.softirqs * watching - measure_softirq(m);
}
