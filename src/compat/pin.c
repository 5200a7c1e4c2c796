// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the reader's memory, to be written to.
 */
#include "pin.h"

#include <linux/mm.h>
#include <linux/uio.h>

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
#if defined(KTLS_HAVE_IOV_ITER_EXTRACT_PAGES)
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
#elif defined(KTLS_HAVE_IOV_ITER_GET_PAGES2)
ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset)
{
	ssize_t n;

	if (!user_backed_iter(iter))
		return -EFAULT;
	n = iov_iter_get_pages2(iter, pages, size, max, offset);
	if (n > 0)
		iov_iter_revert(iter, n);
	return n;
}
#elif defined(KTLS_HAVE_IOV_ITER_GET_PAGES)
ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset)
{
	if (!iter_is_iovec(iter))
		return -EFAULT;
	return iov_iter_get_pages(iter, pages, size, max, offset);
}
#else
ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset)
{
	return -EOPNOTSUPP;
}
#endif

/**
 * ktls_unpin() - let pages go that have been written to
 * @pages: from ktls_pin()
 * @n: how many
 *
 * Context: process, may sleep.
 */
void ktls_unpin(struct page **pages, unsigned int n)
{
	unsigned int i;

	if (IS_ENABLED(KTLS_HAVE_IOV_ITER_EXTRACT_PAGES)) {
		unpin_user_pages_dirty_lock(pages, n, true);
		return;
	}
	for (i = 0; i < n; i++) {
		if (!PageDirty(pages[i]))
			set_page_dirty_lock(pages[i]);
		put_page(pages[i]);
	}
}
