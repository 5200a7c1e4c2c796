/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_SPARE_H
#define KTLS_SPARE_H

struct page_frag;

void ktls_spare_swap(struct page_frag *frag);
void ktls_spare_unregister(void);

#endif
