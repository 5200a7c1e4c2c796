// SPDX-License-Identifier: GPL-2.0
/* What a connection costs apart from its data: time, memory, interruptions. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../peer/check.h"
#include "../peer/tcp.h"
#include "bench.h"

static const char *const setup_sizes[] = { "1", NULL };

/* The ULP, both keys, close(). Plain TCP: close() alone, to be subtracted. */
static unsigned int setup_round(struct run *r)
{
	struct tcp_opts opts = { 0 };
	struct tcp_pair tcp;

	tcp_open(&tcp, &opts);
	measure_whole_begin(&r->m);
	measure_side_begin(&r->m);
	link_protect(tcp.local, r->cell->impl, r->cell->suite, false);
	close(tcp.local);
	measure_side_end(&r->m);
	measure_whole_end(&r->m);
	tcp.local = -1;
	tcp_close(&tcp);
	return 1;
}

const struct test test_setup = {
	.name = "setup",
	.sizes = setup_sizes,
	.side = LINK_BOTH,
	.no_openssl = true,
	.bytes = 32 << 10,
	.round = setup_round,
};

/* How many connections */
static const char *const memory_sizes[] = { "1000", NULL };

/* The sum of the numbers that follow the word in a file. */
static long sum_after(const char *path, const char *word)
{
	FILE *f = fopen(path, "r");
	char line[256];
	long sum = 0;
	char *at;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, word);
		if (at)
			sum += strtol(at + strlen(word), NULL, 10);
	}
	fclose(f);
	return sum;
}

/* Bytes of memory that nobody has, wherever the kernel keeps them. */
static double free_memory(void)
{
	/* Grace periods and workers, which give memory back */
	sleep(2);
	return sum_after("/proc/meminfo", "MemFree:") * 1024.0 +
	       sum_after("/proc/zoneinfo", " count:") * 4096.0;
}

static void trade(const struct link *l, const u8 *plain, u8 *wire)
{
	end_send(&l->local, plain, 1024, 0);
	end_recv_full(&l->peer, wire, 1024);
	end_send(&l->peer, plain, 1024, 0);
	end_recv_full(&l->local, wire, 1024);
}

static void memory_figures(struct run *r)
{
	struct link *links = calloc(r->size, sizeof(*links));
	const struct cell *c = r->cell;
	struct tcp_opts opts = { 0 };
	struct tcp_pair tcp;
	double before, keyed;
	size_t i;

	CHECK(links);
	for (i = 0; i < r->size; i++) {
		tcp_open(&tcp, &opts);
		links[i].local.fd = tcp.local;
		links[i].peer.fd = tcp.peer;
		trade(&links[i], r->plain, r->got);
	}
	before = free_memory();
	for (i = 0; i < r->size; i++) {
		link_protect(links[i].local.fd, c->impl, c->suite, false);
		link_protect(links[i].peer.fd, c->impl, c->suite, true);
	}
	keyed = free_memory();
	for (i = 0; i < r->size; i++)
		trade(&links[i], r->plain, r->got);
	r->figure[0].name = "bytes";
	r->figure[0].value = (before - keyed) / (2 * r->size);
	r->figure[1].name = "bytes_used";
	r->figure[1].value = (before - free_memory()) / (2 * r->size);
}

const struct test test_memory = {
	.name = "memory",
	.sizes = memory_sizes,
	.side = LINK_BOTH,
	.no_openssl = true,
	.figures = memory_figures,
};

/* Bytes in a call */
static const char *const calls_sizes[] = {
	"1024", "16384", "65536", "262144", NULL,
};

#define CALLS_BYTES (4 << 20)

/* A stream, Nagle's algorithm on: pushes and wake-ups in a MiB. */
static void calls_figures(struct run *r)
{
	struct link *l = &r->link;
	struct calls calls;
	size_t done;

	link_open(l, r->cell->impl, r->cell->suite, LINK_TX);
	measure_calls_begin(&calls);
	for (done = 0; done < CALLS_BYTES; done += r->size) {
		end_send(&l->local, r->plain, r->size, 0);
		if (done % BENCH_MAX == 0)
			drain_some(l, r->wire, 2 * BENCH_MAX);
	}
	measure_calls_end(&calls);
	r->figure[0].name = "pushes";
	r->figure[0].value = (double)calls.pushes / (CALLS_BYTES >> 20);
	r->figure[1].name = "wakeups";
	r->figure[1].value = (double)calls.wakeups / (CALLS_BYTES >> 20);
}

const struct test test_calls = {
	.name = "calls",
	.sizes = calls_sizes,
	.side = LINK_TX,
	.figures = calls_figures,
};
