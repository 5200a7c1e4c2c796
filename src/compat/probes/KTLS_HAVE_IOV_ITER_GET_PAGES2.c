// SPDX-License-Identifier: GPL-2.0
/* 6.0 replaced iov_iter_get_pages by one that advances */
/* export: iov_iter_get_pages2 */
#include <linux/uio.h>

ssize_t ktls_probe(struct iov_iter *iter, struct page **pages, size_t *offset);
ssize_t ktls_probe(struct iov_iter *iter, struct page **pages, size_t *offset)
{
	return iov_iter_get_pages2(iter, pages, 1, 1, offset);
}
