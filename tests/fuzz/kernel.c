// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's memory, for the target framer. Each page is an allocation of its
 * own, for the sanitizer to see where it ends, and has to be all zeros when
 * nobody uses it any more: what was received is wiped.
 */
#include "kernel.h"

/* As of skb_page_frag_refill(): 32 KiB if they can be had. */
#define FRAG_ORDER 3

bool kernel_no_memory;
unsigned int kernel_pages;

static void check_wiped(const struct page *page)
{
	CHECK(!page->data[0]);
	CHECK(!memcmp(page->data, page->data + 1, page->size - 1));
}

unsigned int get_order(size_t size)
{
	unsigned int order = 0;

	while (PAGE_SIZE << order < size)
		order++;
	return order;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (kernel_no_memory)
		return NULL;
	page = malloc(sizeof(*page));
	CHECK(page);
	page->refs = 1;
	page->size = PAGE_SIZE << order;
	page->data = calloc(1, page->size);
	CHECK(page->data);
	kernel_pages++;
	return page;
}

void get_page(struct page *page)
{
	page->refs++;
}

void put_page(struct page *page)
{
	CHECK(page->refs);
	if (--page->refs)
		return;
	check_wiped(page);
	free(page->data);
	free(page);
	kernel_pages--;
}

bool skb_page_frag_refill(unsigned int size, struct page_frag *frag, gfp_t gfp)
{
	if (frag->page && frag->page->refs == 1) {
		check_wiped(frag->page);
		frag->offset = 0;
		return true;
	}
	if (frag->page && frag->offset + size <= frag->size)
		return true;
	if (frag->page)
		put_page(frag->page);
	frag->offset = 0;
	frag->size = PAGE_SIZE << FRAG_ORDER;
	frag->page = alloc_pages(gfp, FRAG_ORDER);
	return frag->page;
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kernel_no_memory ? NULL : calloc(n, size);
}
