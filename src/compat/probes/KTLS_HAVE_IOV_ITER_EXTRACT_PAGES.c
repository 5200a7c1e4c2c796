// SPDX-License-Identifier: GPL-2.0
/* 6.3 added iov_iter_extract_pages, which pins */
/* export: iov_iter_extract_pages */
#include <linux/uio.h>

ssize_t ktls_probe(struct iov_iter *iter, struct page **pages, size_t *offset);
ssize_t ktls_probe(struct iov_iter *iter, struct page **pages, size_t *offset)
{
	return iov_iter_extract_pages(iter, &pages, 1, 1, 0, offset);
}
