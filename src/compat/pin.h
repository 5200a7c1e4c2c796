/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_PIN_H
#define KTLS_COMPAT_PIN_H

#include <linux/types.h>

struct iov_iter;
struct page;

unsigned int ktls_pin_offset(struct iov_iter iter);
bool ktls_pin(struct iov_iter *iter, unsigned int offset, unsigned int size,
	      struct page **pages);
void ktls_unpin(struct page **pages, unsigned int n);

#endif
