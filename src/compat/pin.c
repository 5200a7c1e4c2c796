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
 * ktls_pin() - keep pages of the reader where they are
 * @iter: the reader's memory; not advanced
 * @size: bytes wanted
 * @pages: set to the pages that have the first of them
 * @max: how many pages at most
 * @offset: set to where the bytes begin in the first page
 *
 * Context: process, may fault.
 * Return: bytes that stand in these pages, or an error. Unless it is at least 1
 * there is nothing to unpin.
 */
ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset)
{
	ssize_t n;

	if (!user_backed_iter(iter))
		return -EFAULT;
	n = iov_iter_extract_pages(iter, &pages, size, max, 0, offset);
	if (n > 0)
		iov_iter_revert(iter, n);
	return n;
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

ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset)
{
	return -EOPNOTSUPP;
}

void ktls_unpin(struct page **pages, unsigned int n)
{
}

#endif
