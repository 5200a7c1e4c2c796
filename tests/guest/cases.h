/* SPDX-License-Identifier: GPL-2.0 */
/* The sets of parameters for KTLS_TEST_EACH(..., const struct tls_case *, tc). */
#ifndef KTLS_TESTS_CASES_H
#define KTLS_TESTS_CASES_H

#include "../peer/suite.h"
#include "harness.h"

/* Named VERSION-CIPHER-FAMILY: 13-aes128gcm-v4 */
struct tls_case {
	u16 version;
	const struct suite *suite;
	int family;
};

/* Every cipher x version x family: for what touches the wire format. */
test_params_fn each_case;
/* Every cipher x version, over IPv4. */
test_params_fn each_cipher;
/* Of these the ones with TLS 1.3. */
test_params_fn each_13;
/* AES-128-GCM in both versions over IPv4 and IPv6: for socket behaviour. */
test_params_fn each_family;
/* AES-128-GCM in both versions over IPv4: for all the rest. */
test_params_fn each_version;

/* For handshakes: what libssl has, and of that what can KeyUpdate. */
test_params_fn each_libssl;
test_params_fn each_libssl_v4;
test_params_fn each_libssl13_v4;

/* For tests without parameters: TLS 1.3 or 1.2, AES-128-GCM, IPv4. */
extern const struct tls_case case13, case12;

#endif
