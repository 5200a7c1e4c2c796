/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_PROTO_H
#define KTLS_COMPAT_PROTO_H

struct ktls_base;

void ktls_compat_fill(struct ktls_base *base);

#endif
