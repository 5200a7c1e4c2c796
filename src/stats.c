// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of each network namespace, shown in /proc/net/ktls_stat.
 */
#include "stats.h"

#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#define PROC_NAME "ktls_stat"

struct ktls_net {
	struct ktls_counters __percpu *counters;
};

static const char * const names[] = {
	[KTLS_STAT_CURR_TX] = "KtlsCurrTx",
	[KTLS_STAT_TX] = "KtlsTx",
	[KTLS_STAT_TX_RECORDS] = "KtlsTxRecords",
	[KTLS_STAT_TX_BYTES] = "KtlsTxBytes",
	[KTLS_STAT_TX_REKEY_OK] = "KtlsTxRekeyOk",
	[KTLS_STAT_TX_REKEY_ERROR] = "KtlsTxRekeyError",
	[KTLS_STAT_TX_ERROR] = "KtlsTxError",
	[KTLS_STAT_TX_RESTS] = "KtlsTxRests",
	[KTLS_STAT_TX_WORN] = "KtlsTxWorn",
	[KTLS_STAT_CURR_RX] = "KtlsCurrRx",
	[KTLS_STAT_RX] = "KtlsRx",
	[KTLS_STAT_RX_RECORDS] = "KtlsRxRecords",
	[KTLS_STAT_RX_BYTES] = "KtlsRxBytes",
	[KTLS_STAT_RX_REKEY_OK] = "KtlsRxRekeyOk",
	[KTLS_STAT_RX_REKEY_ERROR] = "KtlsRxRekeyError",
	[KTLS_STAT_RX_KEY_UPDATE] = "KtlsRxKeyUpdate",
	[KTLS_STAT_RX_ERROR] = "KtlsRxError",
};

static unsigned int ktls_net_id;

/**
 * ktls_stats_of() - the counters of a network namespace
 * @net: the namespace
 *
 * Context: any.
 * Return: the counters, there for as long as @net has sockets.
 */
struct ktls_counters __percpu *ktls_stats_of(const struct net *net)
{
	const struct ktls_net *kn = net_generic(net, ktls_net_id);

	return kn->counters;
}

static unsigned long sum(const struct ktls_net *kn, unsigned int stat)
{
	unsigned long total = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		total += per_cpu_ptr(kn->counters, cpu)->value[stat];
	return total;
}

static int show(struct seq_file *seq, void *v)
{
	const struct ktls_net *kn = net_generic(seq->private, ktls_net_id);
	unsigned int i;

	for (i = 0; i < KTLS_NR_STATS; i++)
		seq_printf(seq, "%-32s\t%lu\n", names[i], sum(kn, i));
	return 0;
}

static int __net_init net_init(struct net *net)
{
	struct ktls_net *kn = net_generic(net, ktls_net_id);

	kn->counters = alloc_percpu(struct ktls_counters);
	if (!kn->counters)
		return -ENOMEM;
	if (!proc_create_net_single(PROC_NAME, 0444, net->proc_net, show, NULL)) {
		free_percpu(kn->counters);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit net_exit(struct net *net)
{
	struct ktls_net *kn = net_generic(net, ktls_net_id);

	remove_proc_entry(PROC_NAME, net->proc_net);
	free_percpu(kn->counters);
}

static struct pernet_operations ktls_net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &ktls_net_id,
	.size = sizeof(struct ktls_net),
};

/**
 * ktls_stats_register() - start counting, in every network namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int ktls_stats_register(void)
{
	return register_pernet_subsys(&ktls_net_ops);
}

/**
 * ktls_stats_unregister() - stop counting
 *
 * Context: process; no socket counts any more.
 */
void ktls_stats_unregister(void)
{
	unregister_pernet_subsys(&ktls_net_ops);
}
