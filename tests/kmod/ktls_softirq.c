// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the time spent in softirqs, for the benchmark: over loopback the other
 * end's receive half runs in the softirq of whoever sends, and does not belong
 * to what sending costs. For test machines only.
 *
 * /dev/ktls_softirq can be mapped: one page, see struct ktls_softirq. The time
 * is that of get_cycles(), of all processors together, so it is only of use
 * with one. Writing 0 or 1 to the parameter "on" stops and starts the counting:
 * that is how its own cost is found out.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/tracepoint.h>

#include "ktls_softirq.h"

static struct ktls_softirq *counts;
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

static int start(void)
{
	int ret;

	if (!counts)
		return -ENODEV;
	ret = tracepoint_probe_register(entry, on_entry, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(leave, on_exit, NULL);
	if (ret)
		tracepoint_probe_unregister(entry, on_entry, NULL);
	return ret;
}

static void stop(void)
{
	tracepoint_probe_unregister(leave, on_exit, NULL);
	tracepoint_probe_unregister(entry, on_entry, NULL);
	tracepoint_synchronize_unregister();
}

static bool on;

static int set_on(const char *val, const struct kernel_param *kp)
{
	bool was = on;
	int ret;

	ret = param_set_bool(val, kp);
	if (ret || on == was)
		return ret;
	if (!on) {
		stop();
		return 0;
	}
	ret = start();
	if (ret)
		on = false;
	return ret;
}

static const struct kernel_param_ops on_ops = {
	.set = set_on,
	.get = param_get_bool,
};

module_param_cb(on, &on_ops, &on, 0644);
MODULE_PARM_DESC(on, "count");

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
	.name = "ktls_softirq",
	.fops = &fops,
};

static void find(struct tracepoint *tp, void *unused)
{
	if (!strcmp(tp->name, "softirq_entry"))
		entry = tp;
	else if (!strcmp(tp->name, "softirq_exit"))
		leave = tp;
}

static int __init ktls_softirq_init(void)
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

static void __exit ktls_softirq_exit(void)
{
	misc_deregister(&device);
	if (on)
		stop();
	free_page((unsigned long)counts);
}

module_init(ktls_softirq_init);
module_exit(ktls_softirq_exit);
MODULE_DESCRIPTION("ktls benchmark: time in softirqs");
MODULE_LICENSE("GPL");
