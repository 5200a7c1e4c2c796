/* SPDX-License-Identifier: GPL-2.0 */
/* The modules of tests/kmod, which do in the kernel what only a test wants. */
#ifndef KTLS_TESTS_FAULT_H
#define KTLS_TESTS_FAULT_H

#include "../peer/types.h"

/* Loads /tests/NAME.ko; skips the test if the kernel cannot have it. */
void kmod_load(const char *name);
/* Its parameters. */
void kmod_set(const char *name, const char *parameter, u64 value);
u64 kmod_get(const char *name, const char *parameter);

/* ktls_fault, with nothing that fails yet; see kmod/ktls_fault.c. */
void fault_load(void);
void fault_set(const char *parameter, int value);
/* Calls that have failed since fault_load(). */
int fault_count(void);

#endif
