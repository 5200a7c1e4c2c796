// SPDX-License-Identifier: GPL-2.0
/* What receiving sockets keep: little while idle, nothing when they are gone. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

#define RECORD 16384

/* A line "NAME ... KEY VALUE ..." of a file in /proc. */
static long value_of(const char *path, const char *name, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[400], *at;
	long value = -1;

	CHECK(f);
	while (value < 0 && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)))
			continue;
		at = strstr(line, key);
		CHECK(at);
		value = strtol(at + strlen(key), NULL, 10);
	}
	fclose(f);
	CHECK(value >= 0);
	return value;
}

static long free_kib(void)
{
	return value_of("/proc/meminfo", "MemFree:", "MemFree:");
}

static long tcp_pages(void)
{
	return value_of("/proc/net/sockstat", "TCP:", " mem ");
}

/* A record to the kernel and one from it, both read to the end. */
static void use(struct forge *f, const u8 *data)
{
	forge_data(f, data, RECORD);
	expect_data(f, data, RECORD);
	conn_send(&f->c, data, RECORD, 0);
	peer_expect(&f->c, RECORD_DATA, data, RECORD);
}

/* The pages of a record are not kept for the next one that may never come. */
KTLS_TEST_TIMEOUT(idle_sockets_keep_little, 60)
{
	unsigned int sockets = rounds(100, 400), i;
	struct forge *f = calloc(sockets, sizeof(*f));
	const u8 *data = test_data(RECORD);
	long before, growth;

	CHECK(f);
	for (i = 0; i < sockets; i++) {
		forge_open(&f[i], &case13);
		conn_set_tx(&f[i].c, NULL);
		/* The test's own memory is there before it is measured */
		memset(f[i].wire, 1, sizeof(f[i].wire));
		memset(f[i].c.in.wire, 1, sizeof(f[i].c.in.wire));
		memset(f[i].c.in.plain, 1, sizeof(f[i].c.in.plain));
	}
	use(&f[0], data);
	before = free_kib();
	for (i = 1; i < sockets; i++)
		use(&f[i], data);
	growth = before - free_kib();
	if (growth > 12 * (long)sockets)
		FAIL("%u idle sockets keep %ld KiB more than new ones",
		     sockets, growth);
}

/* What nobody has read goes with the socket. */
KTLS_TEST_EACH_TIMEOUT(unread_records_leave_nothing, each_version,
		       const struct tls_case *, tc, 60)
{
	const unsigned int warm_up = 100, sockets = rounds(150, 1000);
	const long limit = 8 * (long)sockets;
	const u8 *data = test_data(RECORD);
	static struct forge f;
	long before = 0, kib, pages = 0;
	unsigned int i;
	u8 buf[100];

	for (i = 0; i < warm_up + sockets; i++) {
		if (i == warm_up) {
			before = free_kib();
			pages = tcp_pages();
		}
		forge_open(&f, tc);
		forge_data(&f, data, RECORD);
		forge_data(&f, data, RECORD);
		CHECK_EQ(recv(f.fd, buf, 100, i & 1 ? MSG_PEEK : 0), 100);
		tcp_reset(f.peer);
		f.c.peer = -1;
		forge_close(&f);
	}
	/* Contexts and keys go after a grace period */
	for (i = 0; i < TCP_WAIT_MS / 100 &&
	     (before - free_kib() > limit || tcp_pages() > pages + 16); i++)
		poll(NULL, 0, 100);
	kib = before - free_kib();
	if (kib > limit)
		FAIL("%u sockets have left %ld KiB", sockets, kib);
	CHECK(tcp_pages() <= pages + 16);
}

/* Rekeys and failing ones: each key is freed. */
KTLS_TEST_TIMEOUT(rekeys_leave_nothing, 60)
{
	struct forge f;
	long before = 0, kib;
	int i;

	forge_open(&f, &case13);
	for (i = 0; i < 3000; i++) {
		if (i == 500)
			before = free_kib();
		keys_random(&f.keys);
		CHECK_SYS(forge_set_key(&f));
		CHECK_ERRNO(ktls_set_key(f.fd, TLS_RX, f.tc->suite, TLS12,
					 &f.keys), EINVAL);
	}
	poll(NULL, 0, 500);
	kib = before - free_kib();
	if (kib > 4000)
		FAIL("2500 keys have left %ld KiB", kib);
	forge_close(&f);
}

/* Sockets that receive are counted as long as they live, wherever they go. */
KTLS_TEST(current_receivers_are_counted)
{
	struct forge a, b;

	own_netns();
	forge_open(&a, &case13);
	CHECK_EQ(stat_value("KtlsCurrRx"), 1);
	forge_open(&b, &case12);
	CHECK_EQ(stat_value("KtlsCurrRx"), 2);
	CHECK_EQ(stat_value("KtlsRx"), 2);
	forge_bad(&a, RECORD_DATA, "bad", 3);
	expect_error(&a, EBADMSG);
	CHECK_EQ(stat_value("KtlsCurrRx"), 2);
	forge_close(&a);
	CHECK_EQ(stat_value("KtlsCurrRx"), 1);
	tcp_reset(b.peer);
	b.c.peer = -1;
	CHECK_EQ(stat_value("KtlsCurrRx"), 1);
	forge_close(&b);
	CHECK_EQ(stat_value("KtlsCurrRx"), 0);
	CHECK_EQ(stat_value("KtlsRx"), 2);
}
