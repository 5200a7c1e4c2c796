// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the reader's memory, to be written to. Only where they can be pinned:
 * a reference alone does not keep fork() from giving the reader other pages.
 */
#include "pin.h"

#include <linux/mm.h>
#include <linux/uio.h>

#ifdef KTLS_HAVE_IOV_ITER_EXTRACT_PAGES

/**
 * ktls_pin_offset() - where in its page the reader's memory begins
 * @iter: the memory
 *
 * Context: any.
 * Return: bytes before it; perhaps too many if less than a page of it is in one
 * run.
 */
unsigned int ktls_pin_offset(struct iov_iter iter)
{
	/* All addresses or-ed with all lengths: here of one run of a page */
	iov_iter_truncate(&iter, PAGE_SIZE);
	return offset_in_page(iov_iter_alignment(&iter));
}

/**
 * ktls_pin() - keep pages of the reader where they are
 * @iter: the reader's memory; not advanced
 * @offset: ktls_pin_offset() of it
 * @size: bytes wanted
 * @pages: set to the pages that have them
 *
 * Context: process, may fault.
 * Return: true; or false if they cannot be had or have no address in the kernel,
 * and there is nothing to unpin.
 */
bool ktls_pin(struct iov_iter *iter, unsigned int offset, unsigned int size,
	      struct page **pages)
{
	unsigned int max = DIV_ROUND_UP(offset + size, PAGE_SIZE);
	size_t start;
	ssize_t n;

	if (IS_ENABLED(CONFIG_HIGHMEM) || !user_backed_iter(iter))
		return false;
	n = iov_iter_extract_pages(iter, &pages, size, max, 0, &start);
	if (n <= 0)
		return false;
	iov_iter_revert(iter, n);
	if (n == size && start == offset)
		return true;
	ktls_unpin(pages, DIV_ROUND_UP(start + n, PAGE_SIZE));
	return false;
}

/**
 * ktls_unpin() - let pages go that have been written to
 * @pages: from ktls_pin()
 * @n: how many
 *
 * Context: process, may sleep.
 */
void ktls_unpin(struct page **pages, unsigned int n)
{
	unpin_user_pages_dirty_lock(pages, n, true);
}

#else

unsigned int ktls_pin_offset(struct iov_iter iter)
{
	return 0;
}

bool ktls_pin(struct iov_iter *iter, unsigned int offset, unsigned int size,
	      struct page **pages)
{
	return false;
}

void ktls_unpin(struct page **pages, unsigned int n)
{
}

#endif
