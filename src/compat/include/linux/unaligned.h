/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_LINUX_UNALIGNED_H
#define KTLS_COMPAT_LINUX_UNALIGNED_H

#ifdef KTLS_HAVE_LINUX_UNALIGNED_H
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
