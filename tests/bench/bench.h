/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark's parts.
 *
 * A cell is one test in one size, with one implementation and one cipher suite:
 * tx/256/ktls/13-aes128gcm. Each runs in a process of its own.
 */
#ifndef KTLS_BENCH_H
#define KTLS_BENCH_H

#include "../peer/types.h"
#include "link.h"
#include "measure.h"

/* The most bytes that a round moves. */
#define BENCH_MAX (256 << 10)
#define NAME_MAX_LEN 96
#define FIGURES_MAX 4

struct cell;

/**
 * struct run - what a cell works with while it runs
 * @cell: what is run
 * @link: the connection
 * @m: what it has cost so far
 * @size: the first number of the cell's size
 * @buffer: the second, or 0
 * @plain: BENCH_MAX bytes to be sent
 * @wire: room for them as records of any size
 * @got: room for what is received
 * @verify: the data of this round has to be looked at
 * @figure: what a test without rounds has found out; up to the first without
 *          a name
 */
struct run {
	const struct cell *cell;
	struct link link;
	struct measure m;
	size_t size;
	size_t buffer;
	u8 *plain;
	u8 *wire;
	u8 *got;
	bool verify;
	struct {
		const char *name;
		double value;
	} figure[FIGURES_MAX];
};

/**
 * struct test - what is done in a cell
 * @name: the first part of the cell's name
 * @sizes: the second part: a number, or two with a dash between them; NULL ends
 *         the list
 * @side: which end is measured
 * @nagle: leave Nagle's algorithm on
 * @no_openssl: OpenSSL has nothing like it
 * @mtu: of the loopback device, which cuts segments itself then; 0: as it is
 * @bytes: moved in a round; 0: the first number
 * @round: does it once, with measure_*() around what counts; returns the number
 *         of operations that this was
 * @figures: instead of all that: sets run->figure, without a link
 */
struct test {
	const char *name;
	const char *const *sizes;
	enum link_side side;
	bool nagle;
	bool no_openssl;
	unsigned int mtu;
	size_t bytes;
	unsigned int (*round)(struct run *r);
	void (*figures)(struct run *r);
};

/* impl and suite are as in link.h; suite is NULL if impl is plain */
struct cell {
	const struct test *test;
	const char *size;
	const struct impl *impl;
	const struct bench_suite *suite;
};

extern const struct test test_tx, test_txbulk, test_txmore, test_sendfile;
extern const struct test test_rxp, test_rx;
extern const struct test test_mtu_tx, test_mtu_txbulk, test_mtu_rxp;
extern const struct test test_echo, test_echo2;
extern const struct test test_setup, test_memory, test_calls;

/* Into NAME_MAX_LEN bytes */
void cell_name(const struct cell *c, char *name);
/*
 * Runs it and prints its line, in a process of its own; false if it failed.
 * rounds 0: as many as are sensible.
 */
bool cell_run(const struct cell *c, unsigned int rounds);

/* All that comes without waiting, which is not always all that was sent. */
size_t drain_some(const struct link *l, u8 *wire, size_t room);

#endif
