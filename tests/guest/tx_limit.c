// SPDX-License-Identifier: GPL-2.0
/* Keys that have protected as many records as they should. */
#include <string.h>

#include "fault.h"
#include "ktls.h"
#include "tools.h"

#define GCM_LIMIT 23726566	/* RFC 8446 section 5.5 */
#define CCM_LIMIT 8388608

static void open_at(struct conn *c, const struct tls_case *tc, u64 seq)
{
	struct tls_keys keys;

	own_netns();
	keys_random(&keys);
	keys_set_seq(&keys, seq);
	conn_connect(c, tc, NULL);
	conn_attach(c);
	conn_set_tx(c, &keys);
}

/* Also what the next test finds, so nothing may end the test meanwhile. */
static void enforce(bool yes)
{
	kmod_set("ktls", "enforce_key_limit", yes);
}

static void send_and_expect(struct conn *c, const char *text)
{
	conn_send(c, text, strlen(text), 0);
	peer_expect(c, RECORD_DATA, text, strlen(text));
}

static u64 limit_of(const struct tls_case *tc)
{
	const char *name = tc->suite->evp;

	if (strstr(name, "ChaCha"))
		return 0;
	return strstr(name, "CCM") ? CCM_LIMIT : GCM_LIMIT;
}

/* Said once for each key, and nothing else happens. */
KTLS_TEST_EACH(key_limit_is_counted, each_cipher, const struct tls_case *, tc)
{
	u64 limit = limit_of(tc);
	struct conn c;

	open_at(&c, tc, (limit ?: GCM_LIMIT) - 1);
	send_and_expect(&c, "before");
	CHECK_EQ(stat_value("KtlsTxWorn"), 0);
	send_and_expect(&c, "behind");
	CHECK_EQ(stat_value("KtlsTxWorn"), !!limit);
	send_and_expect(&c, "still");
	CHECK_EQ(stat_value("KtlsTxWorn"), !!limit);
	conn_check_tx(&c);
	conn_close(&c);
}

/* Data is refused where it would begin a record; other types are not. */
KTLS_TEST_EACH(key_limit_is_enforced, each_version, const struct tls_case *, tc)
{
	ssize_t begun, refused, alert;
	struct conn c;
	int err;

	open_at(&c, tc, GCM_LIMIT - 1);
	conn_send(&c, "op", 2, MSG_MORE);
	enforce(true);
	begun = send(c.fd, "en", 2, 0);
	refused = send(c.fd, "x", 1, 0);
	err = errno;
	alert = ktls_send_type(c.fd, RECORD_ALERT, "\1\0", 2, 0);
	enforce(false);
	CHECK_EQ(begun, 2);
	CHECK_EQ(refused, -1);
	CHECK_EQ(err, EKEYEXPIRED);
	CHECK_EQ(alert, 2);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect(&c, RECORD_ALERT, "\1\0", 2);
	CHECK_EQ(stat_value("KtlsTxWorn"), 1);
	conn_check_tx(&c);
	conn_close(&c);
}

static void rekey_at(struct conn *c, u64 seq)
{
	struct tls_keys keys;

	keys_random(&keys);
	keys_set_seq(&keys, seq);
	CHECK_SYS(ktls_set_tx(c->fd, c->tc->suite, c->tc->version, &keys));
	stream_rekey(&c->in, &keys);
}

/* What can be taken is, and a new key takes the rest. */
KTLS_TEST(key_limit_ends_with_the_key)
{
	const size_t full = 16384;
	const u8 *data = test_data(3 * full);
	ssize_t taken, refused;
	struct conn c;
	int err;

	open_at(&c, &case13, GCM_LIMIT - 2);
	enforce(true);
	taken = send(c.fd, data, 3 * full, 0);
	refused = send(c.fd, data, full, 0);
	err = errno;
	enforce(false);
	CHECK_EQ(taken, 2 * full);
	CHECK_EQ(refused, -1);
	CHECK_EQ(err, EKEYEXPIRED);
	peer_expect_data(&c, data, 2 * full);
	rekey_at(&c, 0);
	enforce(true);
	taken = send(c.fd, data + 2 * full, full, 0);
	enforce(false);
	CHECK_EQ(taken, full);
	peer_expect(&c, RECORD_DATA, data + 2 * full, full);
	conn_close(&c);
}

/* Each key is counted by itself. */
KTLS_TEST(key_limit_of_each_key)
{
	struct conn c;

	open_at(&c, &case13, GCM_LIMIT);
	send_and_expect(&c, "first");
	CHECK_EQ(stat_value("KtlsTxWorn"), 1);
	rekey_at(&c, 0);
	send_and_expect(&c, "second");
	CHECK_EQ(stat_value("KtlsTxWorn"), 1);
	rekey_at(&c, GCM_LIMIT);
	send_and_expect(&c, "third");
	CHECK_EQ(stat_value("KtlsTxWorn"), 2);
	conn_close(&c);
}
