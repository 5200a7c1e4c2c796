// SPDX-License-Identifier: GPL-2.0
/*
 * Makes functions of the kernel fail for one process, so that the tests reach
 * what hardly ever happens. For test machines only.
 *
 * The parameters in /sys/module/ktls_fault/parameters name the process. Once it
 * is dead nothing fails any more, whatever they say.
 */
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "regs.h"

/* SK_MEM_RECV of <net/sock.h>, which has names that the parameters have too */
#define MEM_RECV 1

static int alloc_skb;
module_param(alloc_skb, int, 0644);
MODULE_PARM_DESC(alloc_skb, "process whose TCP gets no sk_buff to send");

static int encrypt;
module_param(encrypt, int, 0644);
MODULE_PARM_DESC(encrypt, "process that cannot encrypt");

static int alloc_page;
module_param(alloc_page, int, 0644);
MODULE_PARM_DESC(alloc_page, "process that gets no page in ktls");

static int softirq_page;
module_param(softirq_page, int, 0644);
MODULE_PARM_DESC(softirq_page, "while it lives, ktls gets no page in softirq");

static int softirq_rmem;
module_param(softirq_rmem, int, 0644);
MODULE_PARM_DESC(softirq_rmem,
		 "while it lives, TCP may not charge what arrives in softirq");

static bool kworkers;
module_param(kworkers, bool, 0644);
MODULE_PARM_DESC(kworkers, "kernel workers fail as well");

static int pass;
module_param(pass, int, 0644);
MODULE_PARM_DESC(pass, "calls that are spared before the first that fails");

static int failed;
module_param(failed, int, 0644);
MODULE_PARM_DESC(failed, "calls that have failed");

/* What a call that is to fail does instead: the result is in place already */
static noinline notrace void just_return(void)
{
}

static bool is_alive(int tgid)
{
	bool alive;

	rcu_read_lock();
	alive = pid_task(find_pid_ns(tgid, &init_pid_ns), PIDTYPE_TGID);
	rcu_read_unlock();
	return alive;
}

static bool is_meant(int tgid)
{
	if (!tgid || !in_task())
		return false;
	if (current->tgid == tgid)
		return true;
	return READ_ONCE(kworkers) && current->flags & PF_WQ_WORKER &&
	       is_alive(tgid);
}

/* The callers hold a socket lock, and a test has one socket: no two at a time */
static int fail_now(struct pt_regs *regs, long result)
{
	failed++;
	regs_set_return_value(regs, result);
	instruction_pointer_set(regs, (unsigned long)just_return);
	return 1;
}

static int fail(int tgid, struct pt_regs *regs, long result)
{
	if (!is_meant(tgid))
		return 0;
	if (pass > 0) {
		pass--;
		return 0;
	}
	return fail_now(regs, result);
}

static int fail_alloc(struct kprobe *probe, struct pt_regs *regs)
{
	return fail(READ_ONCE(alloc_skb), regs, 0);
}

/* Where the function whose first instruction comes next will return to */
static unsigned long caller(const struct pt_regs *regs)
{
#if defined(CONFIG_S390)
	return regs->gprs[14];
#elif defined(CONFIG_ARM64)
	return regs->regs[30];
#else
	return *(unsigned long *)regs->sp;
#endif
}

static bool is_called_by_ktls(const struct pt_regs *regs)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, caller(regs));
	return strstr(name, "[ktls]");
}

static bool is_page_meant(void)
{
	int tgid = READ_ONCE(softirq_page);

	if (in_serving_softirq())
		return tgid && is_alive(tgid);
	return is_meant(READ_ONCE(alloc_page));
}

/* Several pages in one piece are never had, of single ones as many as pass */
static int fail_page(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int order = argument(regs, 1);

	if (!is_page_meant() || !is_called_by_ktls(regs))
		return 0;
	if (!order && pass > 0) {
		pass--;
		return 0;
	}
	return fail_now(regs, 0);
}

/*
 * The page that is the task's own: ktls gets a single one, for itself, or none.
 * It is in a piece with others most often, and has room.
 */
static int fail_refill(struct kprobe *probe, struct pt_regs *regs)
{
	struct page_frag *frag = (void *)argument(regs, 1);

	if (!is_page_meant() || !is_called_by_ktls(regs))
		return 0;
	if (pass <= 0)
		return fail_now(regs, false);
	pass--;
	if (frag->page)
		put_page(frag->page);
	frag->page = alloc_page(GFP_ATOMIC);
	frag->offset = 0;
	frag->size = PAGE_SIZE;
	return fail_now(regs, !!frag->page);
}

static int fail_charge(struct kprobe *probe, struct pt_regs *regs)
{
	int tgid = READ_ONCE(softirq_rmem);

	if (!tgid || !in_serving_softirq() || !is_alive(tgid) ||
	    argument(regs, 2) != MEM_RECV)
		return 0;
	return fail_now(regs, 0);
}

static int fail_encrypt(struct kprobe *probe, struct pt_regs *regs)
{
	/* What one cipher asks of another is no call of its own */
	if (!is_meant(READ_ONCE(encrypt)) || !is_called_by_ktls(regs))
		return 0;
	return fail(READ_ONCE(encrypt), regs, -ENOMEM);
}

static struct kprobe probes[] = {
	{ .symbol_name = "tcp_stream_alloc_skb", .pre_handler = fail_alloc },
	{ .symbol_name = "crypto_aead_encrypt", .pre_handler = fail_encrypt },
	{ .symbol_name = "alloc_pages_noprof", .pre_handler = fail_page },
	{ .symbol_name = "skb_page_frag_refill", .pre_handler = fail_refill },
	{ .symbol_name = "__sk_mem_schedule", .pre_handler = fail_charge },
};

/* What the functions were called in older kernels */
static const char * const old_names[][2] = {
	/* before 5.17 */
	{ "tcp_stream_alloc_skb", "sk_stream_alloc_skb" },
	/* before 6.10 and, as there was only an inline function, 5.15 */
	{ "alloc_pages_noprof", "alloc_pages" },
	{ "alloc_pages", "alloc_pages_current" },
};

static int add_probe(struct kprobe *probe)
{
	int err = register_kprobe(probe);
	unsigned int i;

	for (i = 0; err == -ENOENT && i < ARRAY_SIZE(old_names); i++) {
		if (strcmp(probe->symbol_name, old_names[i][0]))
			continue;
		probe->symbol_name = old_names[i][1];
		probe->addr = NULL;
		err = register_kprobe(probe);
	}
	if (err)
		pr_info("ktls_fault: no probe in %s: %d\n", probe->symbol_name,
			err);
	return err;
}

static int __init fault_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!add_probe(&probes[i]))
			continue;
		while (i--)
			unregister_kprobe(&probes[i]);
		return -EOPNOTSUPP;
	}
	return 0;
}

static void __exit fault_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		unregister_kprobe(&probes[i]);
	/* Somebody may be about to execute just_return() */
	synchronize_rcu_tasks();
}

module_init(fault_init);
module_exit(fault_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes functions fail for tests of ktls");
