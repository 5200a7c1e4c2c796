/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_PIN_H
#define KTLS_COMPAT_PIN_H

#include <linux/types.h>

struct iov_iter;
struct page;

ssize_t ktls_pin(struct iov_iter *iter, size_t size, struct page **pages,
		 unsigned int max, size_t *offset);
void ktls_unpin(struct page **pages, unsigned int n);

#endif
