/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AEADs that answer late, see kmod/ktls_late.c and --crypto of tests/vm/run.
 * What needs them is a test of these sets, which are empty without them.
 */
#ifndef KTLS_TESTS_LATE_H
#define KTLS_TESTS_LATE_H

#include "cases.h"
#include "ktls.h"

/* AES in all its modes and versions; AES-128-GCM in both versions. */
test_params_fn each_late;
test_params_fn each_late_version;

/* Nothing fails and nothing is held, whatever the test before has left. */
void late_reset(void);
/* This process's requests fail when they are completed, after so many others. */
void late_fail(int pass, int error);
u64 late_count(const char *parameter);
/* In a name space of its own, and one record has gone already. */
void late_open_sender(struct conn *c, const struct tls_case *tc);
/* Nothing is completed any more, or again. */
void late_hold(bool on);
/* Until so many are held. */
void late_wait_held(unsigned int requests);

#endif
