/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_H
#define KTLS_COMPAT_H

/*
 * Included before the first line of every source file: what this kernel
 * offers, as src/compat/probes/ found out when the module was built.
 */
#include "ktls_probes.h"

/*
 * "Leave it as it is on the stack, I fill it in": 6.10, and stable releases;
 * 5.10.218 does not have it, 5.10.262 does. Macros need no probe.
 */
#include <linux/compiler_types.h>
#ifndef __uninitialized
#define __uninitialized
#endif

#endif /* KTLS_COMPAT_H */
