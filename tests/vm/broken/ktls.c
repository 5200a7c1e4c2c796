// SPDX-License-Identifier: GPL-2.0
/*
 * Does what ktls must never do, when its name is written to the parameter
 * "act", to see that tests/vm/judge notices. Stands in for ktls, hence its
 * name.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

static struct kmem_cache *cache;

static int act(const char *what, const struct kernel_param *param)
{
	if (sysfs_streq(what, "warn")) {
		WARN(1, "as ordered\n");
	} else if (sysfs_streq(what, "oops")) {
		/* Nobody else's page, and not one the compiler can see. */
		*(volatile int *)((unsigned long)param & 0xf) = 1;
	} else if (sysfs_streq(what, "panic")) {
		panic("as ordered\n");
	} else if (sysfs_streq(what, "slab")) {
		if (!kmem_cache_alloc(cache, GFP_KERNEL))
			return -ENOMEM;
	} else if (sysfs_streq(what, "pin")) {
		__module_get(THIS_MODULE);
	} else {
		return -EINVAL;
	}
	return 0;
}

static const struct kernel_param_ops act_ops = { .set = act };

module_param_cb(act, &act_ops, NULL, 0200);

static int __init broken_init(void)
{
	cache = kmem_cache_create("ktls_broken", 200, 0, 0, NULL);
	return cache ? 0 : -ENOMEM;
}

static void __exit broken_exit(void)
{
	kmem_cache_destroy(cache);
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_DESCRIPTION("stand-in for ktls that misbehaves on demand");
MODULE_LICENSE("GPL");
