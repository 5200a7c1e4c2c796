// SPDX-License-Identifier: GPL-2.0
/* Drivers that answer late: with an error, or to many sockets in any order. */
#include <string.h>

#include "fault.h"
#include "forge.h"
#include "late.h"
#include "tools.h"

#define FULL 16384
#define SOCKETS 24

static bool is_late(void)
{
	return !access("/sys/module/ktls_late", F_OK);
}

/* The module that has AES done asynchronously and counts it, or NULL. */
static const char *async_module(void)
{
	if (is_late())
		return "ktls_late";
	return access("/sys/module/ktls_prefer", F_OK) ? NULL : "ktls_prefer";
}

static const void *each_aes(unsigned int i, char *name, size_t size)
{
	const struct tls_case *tc;
	unsigned int all;

	for (all = 0; (tc = each_cipher(all, name, size)); all++)
		if (!strncmp(tc->suite->name, "aes", 3) && !i--)
			break;
	return tc;
}

static const void *each_async(unsigned int i, char *name, size_t size)
{
	return async_module() ? each_aes(i, name, size) : NULL;
}

const void *each_late(unsigned int i, char *name, size_t size)
{
	return is_late() ? each_aes(i, name, size) : NULL;
}

const void *each_late_version(unsigned int i, char *name, size_t size)
{
	return is_late() ? each_version(i, name, size) : NULL;
}

/* What all the other tests are worth while AES is asynchronous. */
KTLS_TEST_EACH(async_every_record, each_async, const struct tls_case *, tc)
{
	const char *module = async_module();
	const u8 *data = test_data(FULL);
	struct forge f;
	u64 before;
	int i;

	forge_open(&f, tc);
	conn_set_tx(&f.c, NULL);
	before = kmod_get(module, "completions");
	for (i = 0; i < 8; i++) {
		forge_data(&f, data, FULL);
		expect_data(&f, data, FULL);
		conn_send(&f.c, data, FULL, 0);
		peer_expect(&f.c, RECORD_DATA, data, FULL);
	}
	CHECK_EQ(kmod_get(module, "completions"), before + 2 * i);
}

void late_fail(int pass, int error)
{
	kmod_set("ktls_late", "failed", 0);
	kmod_set("ktls_late", "pass", pass);
	kmod_set("ktls_late", "error", error);
	kmod_set("ktls_late", "victim", error ? getpid() : 0);
}

u64 late_count(const char *parameter)
{
	return kmod_get("ktls_late", parameter);
}

void late_hold(bool on)
{
	kmod_set("ktls_late", "hold", on);
}

void late_reset(void)
{
	late_fail(0, 0);
	late_hold(false);
}

void late_wait_held(unsigned int requests)
{
	int ms;

	for (ms = 0; ms < TCP_WAIT_MS; ms++) {
		if (late_count("pending") == requests)
			return;
		usleep(1000);
	}
	FAIL("%llu requests are held, not %u",
	     (unsigned long long)late_count("pending"), requests);
}

void late_open_sender(struct conn *c, const struct tls_case *tc)
{
	late_reset();
	own_netns();
	conn_open(c, tc);
	conn_send(c, "good", 4, 0);
	peer_expect(c, RECORD_DATA, "good", 4);
}

/* What drivers say, and what would mean something else to a program. */
static const int errors[] = { EIO, ENOMEM, EBADMSG, EAGAIN, EINTR, ETIMEDOUT };

/* Sending is over for good, though the driver would work again. */
static void expect_sender_broken(struct conn *c, u64 records)
{
	CHECK_EQ(late_count("failed"), 1);
	late_fail(0, 0);
	CHECK_ERRNO(send(c->fd, "x", 1, 0), EBADMSG);
	CHECK_ERRNO(ktls_send_type(c->fd, RECORD_ALERT, "x", 1, 0), EBADMSG);
	CHECK_EQ(stat_value("KtlsTxError"), 1);
	CHECK_EQ(stat_value("KtlsTxRecords"), records);
	expect_outq(c->fd, 0);
	conn_close_local(c);
	peer_expect_reset(c);
}

KTLS_TEST_EACH(late_seal_error, each_late, const struct tls_case *, tc)
{
	struct conn c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		late_open_sender(&c, tc);
		late_fail(0, errors[i]);
		CHECK_ERRNO(send(c.fd, "lost", 4, 0), EBADMSG);
		expect_sender_broken(&c, 1);
		conn_close(&c);
	}
}

/* What was sealed before it goes, and nothing of what comes behind. */
KTLS_TEST_EACH(late_seal_error_keeps_order, each_late,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(4 * FULL);
	struct conn c;

	late_open_sender(&c, tc);
	late_fail(2, EIO);
	CHECK_ERRNO(send(c.fd, data, 4 * FULL, 0), EBADMSG);
	peer_expect_data(&c, data, 2 * FULL);
	expect_sender_broken(&c, 3);
}

KTLS_TEST_EACH(late_seal_error_at_close, each_late, const struct tls_case *,
	       tc)
{
	struct conn c;

	late_open_sender(&c, tc);
	conn_send(&c, "lost", 4, MSG_MORE);
	late_fail(0, EIO);
	conn_close_local(&c);
	CHECK_EQ(late_count("failed"), 1);
	peer_expect_reset(&c);
}

/* It opens, but the driver says that it does not: nothing is given. */
KTLS_TEST_EACH(late_open_error, each_late, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct forge f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		late_reset();
		own_netns();
		forge_open(&f, tc);
		conn_set_tx(&f.c, NULL);
		forge_data(&f, "good", 4);
		forge_data(&f, data, FULL);
		late_fail(1, errors[i]);
		expect_data(&f, "good", 4);
		expect_stuck(&f, EBADMSG);
		CHECK_EQ(late_count("failed"), 1);
		CHECK_EQ(stat_value("KtlsRxError"), 1);
		late_fail(0, 0);
		expect_stuck(&f, EBADMSG);
		/* The alert */
		conn_send_type(&f.c, RECORD_ALERT, "\2\120", 2);
		peer_expect(&f.c, RECORD_ALERT, "\2\120", 2);
		forge_close(&f);
	}
}

/* Records that did open are given first. */
KTLS_TEST_EACH(late_open_error_behind_good, each_late,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(3 * FULL);
	static u8 buf[3 * FULL];
	struct forge f;
	int i;

	late_reset();
	forge_open(&f, tc);
	for (i = 0; i < 3; i++)
		forge_data(&f, data + i * FULL, FULL);
	memset(buf, 0xee, sizeof(buf));
	late_fail(2, EIO);
	CHECK_EQ(recv(f.fd, buf, sizeof(buf), 0), 2 * FULL);
	CHECK_MEM(buf, data, 2 * FULL);
	for (i = 2 * FULL; i < 3 * FULL; i++)
		CHECK_EQ(buf[i], 0xee);
	expect_stuck(&f, EBADMSG);
	forge_close(&f);
}

/* One socket of many, which seals and opens all the time. */
struct one {
	pthread_t thread;
	const struct tls_case *tc;
	unsigned int rounds;
};

static void *use_socket(void *arg)
{
	const u8 *data = test_data(FULL);
	struct one *one = arg;
	struct forge f;
	unsigned int i;
	size_t len;

	forge_open(&f, one->tc);
	conn_set_tx(&f.c, NULL);
	for (i = 0; i < one->rounds; i++) {
		len = 1 + i * 997 % FULL;
		forge_data(&f, data, len);
		conn_send(&f.c, data, len, 0);
		expect_data(&f, data, len);
		peer_expect(&f.c, RECORD_DATA, data, len);
	}
	expect_opened(&f, i);
	conn_check_tx(&f.c);
	forge_close(&f);
	return NULL;
}

/* Each gets its own answers, whoever has asked before. */
KTLS_TEST_EACH_TIMEOUT(late_many_sockets, each_late_version,
		       const struct tls_case *, tc, 60)
{
	u64 overtaken = late_count("overtaken");
	u64 notices = late_count("notices");
	struct one one[SOCKETS];
	char name[64];
	int i;

	late_reset();
	for (i = 0; i < SOCKETS; i++) {
		/* Half of them have the version alone in common */
		one[i].tc = i % 2 ? tc : each_late(i / 2 % 6, name,
						   sizeof(name));
		one[i].rounds = rounds(20, 1000);
		CHECK_EQ(pthread_create(&one[i].thread, NULL, use_socket,
					&one[i]), 0);
	}
	for (i = 0; i < SOCKETS; i++)
		CHECK_EQ(pthread_join(one[i].thread, NULL), 0);
	CHECK(late_count("overtaken") > overtaken);
	CHECK(late_count("notices") > notices);
}
