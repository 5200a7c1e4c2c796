/* SPDX-License-Identifier: GPL-2.0 */
/* What a probe at the first instruction of a function finds in the registers. */
#ifndef KTLS_TESTS_REGS_H
#define KTLS_TESTS_REGS_H

#include <linux/ptrace.h>

/* The kernel's own helper needs what s390 does not export */
static inline unsigned long argument(struct pt_regs *regs, unsigned int n)
{
#ifdef CONFIG_S390
	return regs->gprs[2 + n];
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

#endif
