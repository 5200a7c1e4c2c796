/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_STATS_H
#define KTLS_STATS_H

#include "context.h"

#include <linux/percpu.h>

struct net;

/**
 * enum ktls_stat - counters of one network namespace, in /proc/net/ktls_stat
 * @KTLS_STAT_CURR_TX: sockets that have a TX key now
 * @KTLS_STAT_TX: sockets that ever got one
 * @KTLS_STAT_TX_RECORDS: records sealed
 * @KTLS_STAT_TX_BYTES: bytes of plaintext in them
 * @KTLS_STAT_TX_REKEY_OK: TX keys replaced
 * @KTLS_STAT_TX_REKEY_ERROR: attempts to replace one that failed
 * @KTLS_STAT_TX_ERROR: records lost because sealing failed
 * @KTLS_STAT_TX_RESTS: times TCP had no memory for a sealed record
 * @KTLS_STAT_TX_WORN: keys that protected more records than they should
 * @KTLS_STAT_CURR_RX: sockets that have an RX key now
 * @KTLS_STAT_RX: sockets that ever got one
 * @KTLS_STAT_RX_RECORDS: records opened
 * @KTLS_STAT_RX_BYTES: bytes of payload in them
 * @KTLS_STAT_RX_REKEY_OK: RX keys replaced
 * @KTLS_STAT_RX_REKEY_ERROR: attempts to replace one that failed
 * @KTLS_STAT_RX_KEY_UPDATE: KeyUpdate messages received
 * @KTLS_STAT_RX_ERROR: records that could not be opened
 * @KTLS_NR_STATS: how many there are
 */
enum ktls_stat {
	KTLS_STAT_CURR_TX,
	KTLS_STAT_TX,
	KTLS_STAT_TX_RECORDS,
	KTLS_STAT_TX_BYTES,
	KTLS_STAT_TX_REKEY_OK,
	KTLS_STAT_TX_REKEY_ERROR,
	KTLS_STAT_TX_ERROR,
	KTLS_STAT_TX_RESTS,
	KTLS_STAT_TX_WORN,
	KTLS_STAT_CURR_RX,
	KTLS_STAT_RX,
	KTLS_STAT_RX_RECORDS,
	KTLS_STAT_RX_BYTES,
	KTLS_STAT_RX_REKEY_OK,
	KTLS_STAT_RX_REKEY_ERROR,
	KTLS_STAT_RX_KEY_UPDATE,
	KTLS_STAT_RX_ERROR,
	KTLS_NR_STATS,
};

struct ktls_counters {
	unsigned long value[KTLS_NR_STATS];
};

int ktls_stats_register(void);
void ktls_stats_unregister(void);
struct ktls_counters __percpu *ktls_stats_of(const struct net *net);

/**
 * ktls_stat_add() - count, in the socket's network namespace
 * @ctx: the context
 * @stat: which counter
 * @n: how much to add
 *
 * Context: any.
 */
static inline void ktls_stat_add(const struct ktls_context *ctx,
				 enum ktls_stat stat, unsigned long n)
{
	this_cpu_add(ctx->counters->value[stat], n);
}

static inline void ktls_stat_inc(const struct ktls_context *ctx,
				 enum ktls_stat stat)
{
	ktls_stat_add(ctx, stat, 1);
}

/* A sum over CPUs that wrap: what one adds another may take away */
static inline void ktls_stat_dec(const struct ktls_context *ctx,
				 enum ktls_stat stat)
{
	ktls_stat_add(ctx, stat, -1UL);
}

#endif
