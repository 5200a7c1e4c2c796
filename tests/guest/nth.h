/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One call of the kernel that may fail does: the n-th in a system call that
 * allocates memory or reaches the caller's. What happens in softirqs and in
 * other threads is spared.
 */
#ifndef KTLS_TESTS_NTH_H
#define KTLS_TESTS_NTH_H

#include "../peer/types.h"

/* Skips the test if the kernel cannot do that. */
void nth_prepare(void);
/* From here on, in this thread. */
void nth_arm(unsigned int n);
/* No longer; has it come to the n-th? Leaves errno alone. */
bool nth_disarm(void);
/* Says how many there were. */
void nth_report(const char *what, unsigned int points);

#endif
