/* SPDX-License-Identifier: GPL-2.0 */
/* What a page of /dev/ktls_count holds. */
#ifndef KTLS_COUNT_H
#define KTLS_COUNT_H

#include <linux/types.h>

struct ktls_count {
	__u64 cycles;	/* from the entry of softirqs to their exit */
	__u64 softirqs;
	__u64 pushes;	/* of TCP's send queue */
	__u64 wakeups;	/* of readers of plain sockets */
};

#endif
