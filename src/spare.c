// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of records that TCP, a tap or a receiver on loopback still held when
 * they were full. When all have let go they take the next records: a new page
 * has to be found and, with init_on_alloc, zeroed.
 *
 * A few for each processor, and for no longer than a second.
 */
#include "spare.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

/* More than a socket has under way at once, most often */
#define SPARES 16

/* Slots change by xchg() alone: a sender may be preempted, or moved */
struct spares {
	struct page *slot[SPARES];
};

static DEFINE_PER_CPU(struct spares, ktls_spares);

static void let_go(struct work_struct *work)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		for (i = 0; i < SPARES; i++) {
			struct page **slot = per_cpu(ktls_spares, cpu).slot + i;
			struct page *page = xchg(slot, NULL);

			if (page)
				put_page(page);
		}
	}
}

static DECLARE_DELAYED_WORK(ktls_spare_work, let_go);

/* Keep @full; returns a page that nobody else holds, or NULL */
static struct page *swap_page(struct page *full)
{
	struct page **slot = raw_cpu_ptr(&ktls_spares)->slot;
	unsigned int i;

	for (i = 0; i < SPARES; i++) {
		struct page *page = READ_ONCE(slot[i]);

		if (page && page_ref_count(page) != 1)
			continue;
		page = xchg(slot + i, full);
		if (!page || page_ref_count(page) == 1)
			return page;
		full = page;
	}
	put_page(full);
	return NULL;
}

/**
 * ktls_spare_swap() - change a page that is full for one that is not
 * @frag: memory for records; somebody else holds bytes in its page. There is no
 *	page in it afterwards if there is none to be had without effort
 *
 * What is in the new page may be anything that has been sent.
 *
 * Context: process.
 */
void ktls_spare_swap(struct page_frag *frag)
{
	struct page *full = frag->page;

	/* Small ones and reserves are for want of better ones */
	if (frag->size < SZ_32K || page_is_pfmemalloc(full))
		return;
	frag->page = swap_page(full);
	frag->offset = 0;
	schedule_delayed_work(&ktls_spare_work, HZ);
}

/**
 * ktls_spare_unregister() - no buffers any more
 *
 * Context: process.
 */
void ktls_spare_unregister(void)
{
	cancel_delayed_work_sync(&ktls_spare_work);
	let_go(NULL);
}
