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
};

/**
 * struct test - what is done in a cell
 * @name: the first part of the cell's name
 * @sizes: the second part: a number, or two with a dash between them; NULL ends
 *         the list
 * @side: which end is measured
 * @nagle: leave Nagle's algorithm on
 * @round: does it once, with measure_*() around what counts; returns the number
 *         of operations that this was
 */
struct test {
	const char *name;
	const char *const *sizes;
	enum link_side side;
	bool nagle;
	unsigned int (*round)(struct run *r);
};

/* impl and suite are as in link.h; suite is NULL if impl is plain */
struct cell {
	const struct test *test;
	const char *size;
	const struct impl *impl;
	const struct bench_suite *suite;
};

extern const struct test test_tx;
extern const struct test test_txbulk;
extern const struct test test_rxp;
extern const struct test test_rx;

#endif
