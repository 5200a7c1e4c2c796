// SPDX-License-Identifier: GPL-2.0
/* What ktls sends, with every cipher: judged by our own decryptor. */
#include "ktls.h"

KTLS_TEST_EACH(tx_every_cipher, each_case, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 1000, 16383, 16384 };
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	conn_check_tx(&c);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const u8 *data = test_data(sizes[i]);

		conn_send(&c, data, sizes[i], 0);
		peer_expect(&c, RECORD_DATA, data, sizes[i]);
		conn_check_tx(&c);
	}
	conn_send_type(&c, RECORD_ALERT, "\x01\x00", 2);
	peer_expect(&c, RECORD_ALERT, "\x01\x00", 2);
	conn_close_local(&c);
	peer_expect_eof(&c);
	conn_close(&c);
}

KTLS_TEST_EACH(tx_large, each_cipher, const struct tls_case *, tc)
{
	const size_t len = 1000000;
	const u8 *data = test_data(len);
	struct conn c;

	conn_open(&c, tc);
	peer_expect_start(&c, data, len);
	conn_send(&c, data, len, 0);
	peer_expect_join(&c);
	CHECK_EQ(c.in.records, (len + 16383) / 16384);
	conn_close(&c);
}
