// SPDX-License-Identifier: GPL-2.0
/* Every cipher, version and family receives. */
#include "forge.h"

KTLS_TEST_EACH(rx_small, each_case, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "hello", 5);
	expect_record(&f, RECORD_DATA, "hello", 5);
	forge_send(&f, RECORD_ALERT, "\x01\x00", 2);
	expect_record(&f, RECORD_ALERT, "\x01\x00", 2);
	expect_nothing(&f);
	expect_opened(&f, 2);
	forge_close(&f);
}

KTLS_TEST_EACH(rx_large, each_case, const struct tls_case *, tc)
{
	const u8 *data = test_data(1000000);
	struct forge f;

	forge_open(&f, tc);
	forge_start(&f, data, 1000000, RECORD_PLAIN_MAX);
	expect_data(&f, data, 1000000);
	forge_join(&f);
	expect_nothing(&f);
	expect_opened(&f, 62);
	forge_close(&f);
}

/* A tag that is wrong in one bit, with every cipher. */
KTLS_TEST_EACH(rx_bad_tag, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_bad(&f, RECORD_DATA, "bad", 3);
	forge_data(&f, "good", 4);
	expect_record(&f, RECORD_DATA, "good", 4);
	expect_stuck(&f, EBADMSG);
	forge_close(&f);
}
