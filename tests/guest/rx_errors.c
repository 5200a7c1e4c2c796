// SPDX-License-Identifier: GPL-2.0
/* What breaks a stream for good: headers, tags, ends. Sending goes on. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "forge.h"
#include "tools.h"

static u8 buf[100000];

static size_t overhead(const struct tls_case *tc)
{
	if (tc->version == TLS13)
		return SUITE_TAG_SIZE + 1;
	return SUITE_TAG_SIZE + (tc->suite->mode == SUITE_CHACHA ? 0 : 8);
}

/* Nothing gets out in any other way, and no error is left in the socket. */
static void check_broken(struct forge *f, int err)
{
	int fds[2];

	expect_pollin(f);
	expect_stuck(f, err);
	CHECK_SYS(pipe(fds));
	CHECK_ERRNO(splice(f->fd, NULL, fds[1], NULL, 100, 0), err);
	CHECK_EQ(tcp_get_int(f->fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK(!tcp_poll(f->fd, POLLERR, 0));
	expect_stuck(f, err);
	close(fds[0]);
	close(fds[1]);
}

/* Sending works: the alert that says why can leave. */
static void check_sends(struct forge *f)
{
	conn_set_tx(&f->c, NULL);
	conn_send_type(&f->c, RECORD_ALERT, "\x02\x14", 2);
	peer_expect(&f->c, RECORD_ALERT, "\x02\x14", 2);
	conn_send(&f->c, "data", 4, 0);
	peer_expect(&f->c, RECORD_DATA, "data", 4);
}

struct bad_header {
	u8 type;
	u16 version;
	int len;		/* beyond the longest, or below the shortest */
	int err;
	bool only13;
};

static const struct bad_header headers[] = {
	{ 23, TLS12, 1, EMSGSIZE, false },
	{ 23, TLS12, 65535, EMSGSIZE, false },
	{ 21, TLS12, 1, EMSGSIZE, false },
	{ 23, 0x0301, 1, EMSGSIZE, false },
	{ 23, TLS12, -1, EBADMSG, false },
	{ 23, 0x0301, -1, EBADMSG, false },
	{ 23, 0x0301, 0, EINVAL, false },
	{ 23, 0x0302, 0, EINVAL, false },
	{ 23, 0x0304, 0, EINVAL, false },
	{ 23, 0x0203, 0, EINVAL, false },
	{ 23, 0, 0, EINVAL, false },
	{ 21, TLS12, 0, EBADMSG, true },
	{ 22, TLS12, 0, EBADMSG, true },
	{ 0, TLS12, 0, EBADMSG, true },
	{ 255, TLS12, 0, EBADMSG, true },
};

static void send_bad_header(struct forge *f, const struct bad_header *h)
{
	int len = 1000;

	if (h->len == 1)
		len = RECORD_PLAIN_MAX + overhead(f->tc) + 1;
	else if (h->len > 1)
		len = h->len;
	else if (h->len < 0)
		len = overhead(f->tc) - 1 - (f->tc->version == TLS13);
	forge_header(f, h->type, h->version, len);
}

/* Known from the header alone; the same for ever, also when more comes. */
KTLS_TEST_EACH(rx_bad_header, each_cipher, const struct tls_case *, tc)
{
	struct forge f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		if (headers[i].only13 && tc->version != TLS13)
			continue;
		forge_open(&f, tc);
		forge_data(&f, "good", 4);
		send_bad_header(&f, &headers[i]);
		expect_record(&f, RECORD_DATA, "good", 4);
		check_broken(&f, headers[i].err);
		forge_raw(&f, test_data(2000), 2000);
		forge_data(&f, "good", 4);
		check_broken(&f, headers[i].err);
		check_sends(&f);
		forge_fin(&f);
		check_broken(&f, headers[i].err);
		forge_close(&f);
	}
}

/* Four of the five bytes say nothing yet. */
KTLS_TEST_EACH(rx_bad_header_incomplete, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_raw(&f, "\x17\x01\x01\xff", 4);
	expect_nothing(&f);
	forge_raw(&f, "\xff", 1);
	check_broken(&f, EMSGSIZE);
}

/* The longest record and the shortest that are allowed. */
KTLS_TEST_EACH(rx_longest_and_shortest, each_cipher, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(RECORD_PLAIN_MAX);
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, data, RECORD_PLAIN_MAX);
	CHECK_EQ(f.len, RECORD_HEADER + RECORD_PLAIN_MAX + overhead(tc));
	forge_send(&f, 100, "", 0);
	CHECK_EQ(f.len, RECORD_HEADER + overhead(tc));
	expect_record(&f, RECORD_DATA, data, RECORD_PLAIN_MAX);
	expect_record(&f, 100, "", 0);
}

/* TLS 1.3: a tag around nothing, without even a type; it may be right. */
KTLS_TEST(rx_13_no_inner_type)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_header(&f, RECORD_DATA, TLS12, SUITE_TAG_SIZE);
	forge_raw(&f, test_data(SUITE_TAG_SIZE), SUITE_TAG_SIZE);
	check_broken(&f, EBADMSG);
	check_sends(&f);
}

/* Every byte of a record matters, its header's and its nonce's too. */
KTLS_TEST_EACH(rx_bit_flips, each_cipher, const struct tls_case *, tc)
{
	size_t at, len;
	struct forge f;

	for (at = 0; ; at++) {
		forge_open(&f, tc);
		len = forge_make(&f, RECORD_DATA, "payload", 7);
		if (at >= len)
			break;
		/* Another length would only make us wait for more. */
		if (at == 3 || at == 4)
			continue;
		f.wire[at] ^= 1 << at % 8;
		forge_write(&f);
		expect_stuck(&f, at == 1 || at == 2 ? EINVAL : EBADMSG);
		forge_close(&f);
	}
}

/* Opened once, whatever is tried afterwards. */
KTLS_TEST_EACH(rx_bad_record_costs_once, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	own_netns();
	forge_open(&f, tc);
	forge_data(&f, "good", 4);
	forge_bad(&f, RECORD_DATA, "evil", 4);
	forge_data(&f, "good", 4);
	expect_got(&f, 4, 0, RECORD_DATA, "good", 4, true);
	CHECK_EQ(stat_value("KtlsRxError"), 0);
	check_broken(&f, EBADMSG);
	CHECK_EQ(stat_value("KtlsRxError"), 1);
	CHECK_EQ(stat_value("KtlsRxRecords"), 1);
	CHECK_EQ(stat_value("KtlsRxBytes"), 4);
	check_sends(&f);
	check_broken(&f, EBADMSG);
	CHECK_EQ(stat_value("KtlsRxError"), 1);
}

/* The call that met it gives what was in front of it. */
KTLS_TEST_EACH(rx_bad_record_after_good, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	forge_bad(&f, 100, "bad", 3);
	expect_got(&f, 100, MSG_WAITALL, RECORD_DATA, "onetwo", 6, true);
	check_broken(&f, EBADMSG);
}

/* None of its bytes stays in the reader's memory, and nothing behind it changes. */
KTLS_TEST_EACH(rx_bad_record_not_shown, each_cipher, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(5000);
	struct forge f;
	size_t i;

	forge_open(&f, tc);
	forge_bad(&f, RECORD_DATA, data, 5000);
	memset(buf, 0x5a, 6000);
	CHECK_ERRNO(recv(f.fd, buf, 6000, 0), EBADMSG);
	CHECK_ERRNO(recv(f.fd, buf, 6000, MSG_PEEK), EBADMSG);
	for (i = 0; i < 5000; i++)
		CHECK(buf[i] == 0x5a || !buf[i]);
	for (; i < 6000; i++)
		CHECK_EQ(buf[i], 0x5a);
}

/* A record sent twice, and one left out. */
KTLS_TEST_EACH(rx_replay, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_data(&f, "once", 4);
	forge_write(&f);
	expect_record(&f, RECORD_DATA, "once", 4);
	check_broken(&f, EBADMSG);
	forge_close(&f);
	forge_open(&f, tc);
	forge_make(&f, RECORD_DATA, "missing", 7);
	forge_data(&f, "next", 4);
	check_broken(&f, EBADMSG);
}

/* No new key makes it good again. */
KTLS_TEST(rx_bad_record_outlives_rekey)
{
	struct forge f;

	forge_open(&f, &case13);
	forge_bad(&f, RECORD_DATA, "bad", 3);
	expect_error(&f, EBADMSG);
	forge_rekey(&f);
	forge_set_rx(&f);
	forge_data(&f, "good", 4);
	check_broken(&f, EBADMSG);
}

/* A record that has the last of all numbers is refused, RFC 8446, 5.3. */
KTLS_TEST_EACH(rx_sequence_ends, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	forge_open_seq(&f, tc, ~1ULL);
	forge_data(&f, "last", 4);
	forge_data(&f, "none", 4);
	expect_record(&f, RECORD_DATA, "last", 4);
	check_broken(&f, EBADMSG);
	check_sends(&f);
	forge_close(&f);
	forge_open_seq(&f, tc, ~0ULL);
	forge_data(&f, "none", 4);
	check_broken(&f, EBADMSG);
}

KTLS_TEST_EACH(rx_sequence_carries, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	forge_open_seq(&f, tc, 0xffffffffULL);
	forge_data(&f, "one", 3);
	forge_data(&f, "two", 3);
	expect_record(&f, RECORD_DATA, "onetwo", 6);
	expect_opened(&f, 2);
}
