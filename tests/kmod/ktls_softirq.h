/* SPDX-License-Identifier: GPL-2.0 */
/* What a page of /dev/ktls_softirq holds. */
#ifndef KTLS_SOFTIRQ_H
#define KTLS_SOFTIRQ_H

#include <linux/types.h>

struct ktls_softirq {
	__u64 cycles;	/* from the entry of softirqs to their exit */
	__u64 softirqs;
};

#endif
