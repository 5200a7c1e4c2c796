// SPDX-License-Identifier: GPL-2.0
/*
 * How many records a key may protect: as many as there are sequence numbers, and
 * where an operator insists, as many as are safe.
 */
#include "key.h"
#include "record.h"
#include "stats.h"
#include "tx.h"

#include <linux/ktls.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

static bool enforce_key_limit;
module_param(enforce_key_limit, bool, 0644);
MODULE_PARM_DESC(enforce_key_limit,
		 "refuse data behind the last record that a key should protect");

/* Say once of each key that it should have been replaced. */
static void worn(struct ktls_context *ctx, const struct ktls_cipher *cipher)
{
	if (ctx->tx.worn)
		return;
	ctx->tx.worn = true;
	ktls_stat_inc(ctx, KTLS_STAT_TX_WORN);
	pr_warn_ratelimited("ktls: a key of %s has protected %u records and should be replaced\n",
			    cipher->name, cipher->records);
}

/**
 * ktls_tx_limit() - may the key protect so many records more?
 * @ctx: the context; the sequence number has reached KTLS_RECORDS_SAFE
 * @type: content type of what is to be sent
 * @records: how many records that takes, an open one included
 *
 * What is not data goes on behind the safe limit (RFC 8446 section 5.5, RFC 9325
 * section 4.4): a KeyUpdate and a close_notify must be able to leave.
 *
 * Context: process, socket lock held.
 * Return: 0; -EBADMSG if there are no numbers left; -EKEYEXPIRED if there are,
 * and an operator does not want them to be used for data.
 */
int ktls_tx_limit(struct ktls_context *ctx, u8 type, unsigned int records)
{
	const struct ktls_epoch *epoch = &ctx->tx.key->epoch;

	if (!ktls_epoch_has(epoch, records))
		return -EBADMSG;
	if (!epoch->cipher->records || epoch->seq < epoch->cipher->records)
		return 0;
	worn(ctx, epoch->cipher);
	return type == KTLS_TYPE_DATA && READ_ONCE(enforce_key_limit) ?
	       -EKEYEXPIRED : 0;
}
