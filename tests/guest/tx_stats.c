// SPDX-License-Identifier: GPL-2.0
/* /proc/net/ktls_stat: every figure is exact. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktls.h"
#include "tools.h"

static const char * const names[] = {
	"KtlsCurrTx", "KtlsTx", "KtlsTxRecords", "KtlsTxBytes",
	"KtlsTxRekeyOk", "KtlsTxRekeyError", "KtlsTxError", "KtlsTxRests",
	"KtlsTxWorn",
	"KtlsCurrRx", "KtlsRx", "KtlsRxRecords", "KtlsRxBytes",
	"KtlsRxRekeyOk", "KtlsRxRekeyError", "KtlsRxKeyUpdate", "KtlsRxError",
};

/* The first ones, which sending moves, wherever sequence numbers begin */
#define NR_TX_STATS 8

/* In the order of names[] */
#define EXPECT_STATS(...)						\
	do {								\
		const u64 want_[NR_TX_STATS] = { __VA_ARGS__ };			\
									\
		expect_stats(names, want_, NR_TX_STATS);		\
	} while (0)

KTLS_TEST_EACH(stats_start, each_family, const struct tls_case *, tc)
{
	struct conn c, d;

	own_netns();
	EXPECT_STATS(0);
	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_ERRNO(setsockopt(c.fd, SOL_TLS, TLS_TX, "bad!", 4), EINVAL);
	EXPECT_STATS(0);
	conn_set_tx(&c, NULL);
	EXPECT_STATS(1, 1);
	conn_open(&d, tc);
	EXPECT_STATS(2, 2);
	conn_close(&c);
	EXPECT_STATS(1, 2);
	conn_close(&d);
	EXPECT_STATS(0, 2);
}

KTLS_TEST_EACH(stats_records, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(40000);
	struct conn c;

	own_netns();
	conn_open(&c, tc);
	conn_send(&c, data, 40000, 0);
	EXPECT_STATS(1, 1, 3, 40000);
	conn_send(&c, data, 100, MSG_MORE);
	EXPECT_STATS(1, 1, 3, 40000);
	conn_send_type(&c, RECORD_ALERT, data, 2);
	EXPECT_STATS(1, 1, 5, 40102);
	conn_send_type(&c, RECORD_ALERT, "", 0);
	conn_send(&c, "", 0, 0);
	CHECK_ERRNO(send(c.fd, bad_address(), 5, 0), EFAULT);
	EXPECT_STATS(1, 1, 5, 40102);
	conn_send(&c, data, 7, MSG_MORE);
	conn_close_local(&c);
	EXPECT_STATS(0, 1, 6, 40109);
	peer_expect_data(&c, data, 40000);
}

KTLS_TEST(stats_rekey)
{
	struct conn c;

	own_netns();
	conn_open(&c, &case13);
	conn_rekey(&c);
	conn_rekey(&c);
	EXPECT_STATS(1, 1, 0, 0, 2);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(setsockopt(c.fd, SOL_TLS, TLS_TX, "bad!", 4), EINVAL);
	EXPECT_STATS(1, 1, 0, 0, 2, 1);
	CHECK_SYS(ktls_set_tx(c.fd, c.tc->suite, TLS13, &c.tx));
	EXPECT_STATS(1, 1, 1, 4, 3, 1);
	conn_close(&c);
	EXPECT_STATS(0, 1, 1, 4, 3, 1);
}

KTLS_TEST(stats_rekey_12)
{
	struct conn c;

	own_netns();
	conn_open(&c, &case12);
	CHECK_ERRNO(ktls_set_tx(c.fd, c.tc->suite, TLS12, &c.tx), EBUSY);
	EXPECT_STATS(1, 1, 0, 0, 0, 1);
}

/* A name space counts its own sockets. */
KTLS_TEST(stats_per_netns)
{
	u64 before = stat_value("KtlsTx");
	int home = CHECK_SYS(open("/proc/thread-self/ns/net", O_RDONLY));
	struct conn c;

	own_netns();
	conn_open(&c, &case13);
	EXPECT_STATS(1, 1);
	CHECK_SYS(setns(home, CLONE_NEWNET));
	CHECK_EQ(stat_value("KtlsTx"), before);
	/* The socket stays with the one it was made in. */
	conn_send(&c, "x", 1, 0);
	CHECK_EQ(stat_value("KtlsTx"), before);
}

/* "%-32s\t%lu\n", one line for each, as /proc/net/tls_stat */
KTLS_TEST(stats_format)
{
	FILE *f = fopen("/proc/net/ktls_stat", "r");
	char line[128], want[128];
	size_t i;

	CHECK(f);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK(fgets(line, sizeof(line), f));
		snprintf(want, sizeof(want), "%-32s\t%llu\n", names[i],
			 strtoull(line + 33, NULL, 10));
		CHECK(!strcmp(line, want));
	}
	CHECK(!fgets(line, sizeof(line), f));
	fclose(f);
}
