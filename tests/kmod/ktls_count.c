// SPDX-License-Identifier: GPL-2.0
/*
 * Counts, for the benchmark. For test machines only.
 *
 * The time spent in softirqs: over loopback the other end's receive half runs in
 * the softirq of whoever sends, and does not belong to what sending costs. It is
 * the time of get_cycles(), of all processors together, so it is only of use
 * with one. Writing 1 or 0 to the parameter "softirqs" starts and stops it, so
 * that its own cost can be found out.
 *
 * How often TCP is told to send what it has, and readers that there is
 * something to read: while the parameter "calls" is 1.
 *
 * /dev/ktls_count can be mapped: one page, see struct ktls_count.
 */
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/tracepoint.h>

#include "ktls_count.h"

static struct ktls_count *counts;

static struct tracepoint *entry, *leave;
static cycles_t entered;

static void on_entry(void *data, unsigned int vec)
{
	entered = get_cycles();
}

static void on_exit(void *data, unsigned int vec)
{
	counts->cycles += get_cycles() - entered;
	counts->softirqs++;
}

static int start_softirqs(void)
{
	int ret;

	ret = tracepoint_probe_register(entry, on_entry, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(leave, on_exit, NULL);
	if (ret)
		tracepoint_probe_unregister(entry, on_entry, NULL);
	return ret;
}

static void stop_softirqs(void)
{
	tracepoint_probe_unregister(leave, on_exit, NULL);
	tracepoint_probe_unregister(entry, on_entry, NULL);
	tracepoint_synchronize_unregister();
}

static bool softirqs;

/* Does what a parameter that was just written says, if it is news. */
static int turn(bool *on, const char *val, const struct kernel_param *kp,
		int (*start)(void), void (*stop)(void))
{
	bool was = *on;
	int ret;

	ret = param_set_bool(val, kp);
	if (ret || *on == was)
		return ret;
	if (!*on) {
		stop();
		return 0;
	}
	/* Not before everything is there */
	ret = counts ? start() : -ENODEV;
	if (ret)
		*on = false;
	return ret;
}

static int set_softirqs(const char *val, const struct kernel_param *kp)
{
	return turn(&softirqs, val, kp, start_softirqs, stop_softirqs);
}

static const struct kernel_param_ops softirqs_ops = {
	.set = set_softirqs,
	.get = param_get_bool,
};

module_param_cb(softirqs, &softirqs_ops, &softirqs, 0644);
MODULE_PARM_DESC(softirqs, "count the time in softirqs");

static int on_push(struct kprobe *probe, struct pt_regs *regs)
{
	counts->pushes++;
	return 0;
}

static int on_wakeup(struct kprobe *probe, struct pt_regs *regs)
{
	counts->wakeups++;
	return 0;
}

static struct kprobe probes[] = {
	{ .symbol_name = "__tcp_push_pending_frames", .pre_handler = on_push },
	{ .symbol_name = "tcp_push_one", .pre_handler = on_push },
	{ .symbol_name = "sock_def_readable", .pre_handler = on_wakeup },
};

static void stop_calls(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		unregister_kprobe(&probes[i]);
}

static int start_calls(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		/* It remembers where it was registered before */
		probes[i].addr = NULL;
		probes[i].flags = 0;
		ret = register_kprobe(&probes[i]);
		if (ret)
			break;
	}
	if (!ret)
		return 0;
	while (i--)
		unregister_kprobe(&probes[i]);
	return ret;
}

static bool calls;

static int set_calls(const char *val, const struct kernel_param *kp)
{
	return turn(&calls, val, kp, start_calls, stop_calls);
}

static const struct kernel_param_ops calls_ops = {
	.set = set_calls,
	.get = param_get_bool,
};

module_param_cb(calls, &calls_ops, &calls, 0644);
MODULE_PARM_DESC(calls, "count pushes and wake-ups");

static int map(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_end - vma->vm_start != PAGE_SIZE || vma->vm_pgoff)
		return -EINVAL;
	return vm_insert_page(vma, vma->vm_start, virt_to_page(counts));
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.mmap = map,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktls_count",
	.fops = &fops,
};

static void find(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "softirq_entry"))
		entry = tp;
	else if (!strcmp(tp->name, "softirq_exit"))
		leave = tp;
}

static int __init ktls_count_init(void)
{
	int ret;

	for_each_kernel_tracepoint(find, NULL);
	if (!entry || !leave)
		return -ENOENT;
	counts = (void *)get_zeroed_page(GFP_KERNEL);
	if (!counts)
		return -ENOMEM;
	ret = misc_register(&device);
	if (ret)
		free_page((unsigned long)counts);
	return ret;
}

static void __exit ktls_count_exit(void)
{
	misc_deregister(&device);
	if (softirqs)
		stop_softirqs();
	if (calls)
		stop_calls();
	free_page((unsigned long)counts);
}

module_init(ktls_count_init);
module_exit(ktls_count_exit);
MODULE_DESCRIPTION("ktls benchmark: softirqs, pushes, wake-ups");
MODULE_LICENSE("GPL");
