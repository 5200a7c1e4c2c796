/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_SELFTEST_H
#define KTLS_SELFTEST_H

int ktls_selftest(void);

#endif
