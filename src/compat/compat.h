/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_COMPAT_H
#define KTLS_COMPAT_H

/*
 * Included before the first line of every source file: what this kernel
 * offers, as src/compat/probes/ found out when the module was built.
 */
#include "ktls_probes.h"

#endif /* KTLS_COMPAT_H */
