/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a piece of code costs, in what rdtsc counts: instructions in QEMU
 * with -icount shift=0, time on a real machine.
 */
#ifndef KTLS_BENCH_MEASURE_H
#define KTLS_BENCH_MEASURE_H

#include "../peer/types.h"

/* What was spent, and how much of it in softirqs. */
struct spent {
	u64 ticks;
	u64 softirq;
	u64 softirqs;	/* their number */
	u64 windows;
};

struct measure {
	struct spent whole;
	struct spent side;
	struct spent at_whole;	/* when the window was opened */
	struct spent at_side;
};

/*
 * The tested call stands between ktls_bench_begin() and ktls_bench_end(), in
 * every test: the profiler, plugin/profile.c, sees them called.
 */
void ktls_bench_begin(void);
void ktls_bench_end(void);

void measure_whole_begin(struct measure *m);
void measure_whole_end(struct measure *m);
/* Within the former, any number of times. */
void measure_side_begin(struct measure *m);
void measure_side_end(struct measure *m);

/*
 * What was measured since the last of these two does not count, or does;
 * measure_done(): there is no more. They are for the profiler.
 */
void measure_drop(struct measure *m, const struct measure *before);
void measure_keep(void);
void measure_done(void);

/* How often TCP was told to send, and readers of plain sockets to read. */
struct calls {
	u64 pushes;
	u64 wakeups;
};

/* Only if measure_has_counts(), and not while anything else is measured. */
void measure_calls_begin(struct calls *calls);
void measure_calls_end(struct calls *calls);

/* Finds out what measuring costs by itself; once, before all others. */
void measure_calibrate(void);
/* ktls_count.ko is there. */
bool measure_has_counts(void);
/* Without what measuring has cost. */
double measure_whole(const struct measure *m);
double measure_side(const struct measure *m);
double measure_softirq(const struct measure *m);

#endif
