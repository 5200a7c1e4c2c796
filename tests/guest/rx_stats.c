// SPDX-License-Identifier: GPL-2.0
/* /proc/net/ktls_stat, the part of receivers: every figure is exact. */
#include "forge.h"
#include "tools.h"

static const char * const names[] = {
	"KtlsCurrRx", "KtlsRx", "KtlsRxRecords", "KtlsRxBytes",
	"KtlsRxRekeyOk", "KtlsRxRekeyError", "KtlsRxKeyUpdate", "KtlsRxError",
};

/* In the order of names[] */
#define EXPECT_STATS(...)						\
	do {								\
		const u64 want_[8] = { __VA_ARGS__ };			\
									\
		expect_stats(names, want_, ARRAY_SIZE(want_));		\
	} while (0)

KTLS_TEST_EACH(rx_stats_sockets, each_family, const struct tls_case *, tc)
{
	struct forge f, g;

	own_netns();
	forge_attach(&f, tc, NULL);
	CHECK_ERRNO(setsockopt(f.fd, SOL_TLS, TLS_RX, "bad!", 4), EINVAL);
	EXPECT_STATS(0);
	forge_set_rx(&f);
	EXPECT_STATS(1, 1);
	forge_open(&g, tc);
	EXPECT_STATS(2, 2);
	forge_close(&f);
	EXPECT_STATS(1, 2);
	forge_close(&g);
	EXPECT_STATS(0, 2);
}

/* Payload of all types, empty records too; peeking counts nothing twice. */
KTLS_TEST_EACH(rx_stats_records, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(20000);
	struct forge f;

	own_netns();
	forge_open(&f, tc);
	forge_data(&f, data, 16384);
	forge_data(&f, data + 16384, 3616);
	forge_data(&f, "", 0);
	forge_send(&f, 100, "control", 7);
	forge_send(&f, 100, "", 0);
	expect_peek(&f, RECORD_DATA, data, 20000);
	expect_data(&f, data, 20000);
	expect_record(&f, 100, "control", 7);
	expect_record(&f, 100, "", 0);
	EXPECT_STATS(1, 1, 5, 20007);
}

KTLS_TEST(rx_stats_padding)
{
	struct forge f;

	own_netns();
	forge_open(&f, &case13);
	forge_padded(&f, RECORD_DATA, "abc", 3, 1000);
	forge_padded(&f, RECORD_DATA, "", 0, 1000);
	expect_record(&f, RECORD_DATA, "abc", 3);
	expect_error(&f, EAGAIN);
	EXPECT_STATS(1, 1, 2, 3);
}
