/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_LINUX_UNALIGNED_H
#define KTLS_COMPAT_LINUX_UNALIGNED_H

/* <linux/unaligned.h> was <asm/unaligned.h> until 6.12 */
#if __has_include_next(<linux/unaligned.h>)
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
