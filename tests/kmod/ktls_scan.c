// SPDX-License-Identifier: GPL-2.0
/*
 * Looks for bytes in all memory, free pages included. For test machines only.
 *
 * What is looked for is eight bytes, repeated for at least 128 bytes. Nobody who
 * asks may have them in memory as they are: /sys/module/ktls_scan/parameters/
 * pattern is written with all bits inverted. Reading pages then gives the number
 * of pages where they are.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/* One word in so many bytes is looked at: a run of twice that is met */
#define STRIDE 64

static ulong pattern;
module_param(pattern, ulong, 0200);
MODULE_PARM_DESC(pattern, "eight bytes to look for, inverted");

/* Does the word hold the bytes, whichever of them is the first? */
static bool matches(u64 word, u64 inverted)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8)
		if (ror64(~word, i) == inverted)
			return true;
	return false;
}

/* The words around it are the same: not a matter of chance */
static bool is_run(const u64 *word, u64 inverted)
{
	return word[0] && word[0] == word[1] && word[0] == word[2] &&
	       word[0] == word[3] && matches(word[0], inverted);
}

static bool has_pattern(const void *start, u64 inverted)
{
	const void *at;
	u64 word;

	/* Some pages are not mapped while they serve as somebody's code */
	if (copy_from_kernel_nofault(&word, start, sizeof(word)))
		return false;
	for (at = start; at < start + PAGE_SIZE; at += STRIDE)
		if (is_run(at, inverted))
			return true;
	return false;
}

/* In memory that is in use or was */
static bool is_there(unsigned long pfn, u64 inverted)
{
	struct page *page;

	if (!pfn_valid(pfn))
		return false;
	page = pfn_to_page(pfn);
	return !PageReserved(page) && !PageOffline(page) &&
	       has_pattern(page_address(page), inverted);
}

static unsigned int count_pages(u64 inverted)
{
	unsigned int pages = 0;
	unsigned long pfn;
	int nid;

	for_each_online_node(nid) {
		for (pfn = node_start_pfn(nid); pfn < node_end_pfn(nid); pfn++) {
			pages += is_there(pfn, inverted);
			if (pfn % 4096 == 0)
				cond_resched();
		}
	}
	return pages;
}

static int get_pages(char *text, const struct kernel_param *param)
{
	return sprintf(text, "%u\n", count_pages(READ_ONCE(pattern)));
}

static const struct kernel_param_ops pages_ops = {
	.get = get_pages,
};

module_param_cb(pages, &pages_ops, NULL, 0444);
MODULE_PARM_DESC(pages, "pages that have the bytes");

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Looks for bytes in all memory for tests of ktls");
