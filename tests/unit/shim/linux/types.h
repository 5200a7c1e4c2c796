/* SPDX-License-Identifier: GPL-2.0 */
/* What the module's pure files expect of the kernel's header of this name. */
#ifndef KTLS_TESTS_SHIM_TYPES_H
#define KTLS_TESTS_SHIM_TYPES_H

#include_next <linux/types.h>

#include "../../../peer/types.h"

#define U64_MAX (~0ULL)

#endif
