// SPDX-License-Identifier: GPL-2.0
/* Control messages: whole or not at all, and in their place. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define FULL 16384
#define CONTROL_MAX 65536

static int send_type(struct conn *c, u8 type, const void *data, size_t len,
		     int flags)
{
	return ktls_send_type(c->fd, type, data, len, flags);
}

/* The records of one message, as TLS_TX_MAX_PAYLOAD_LEN cuts it */
static void expect_split(struct conn *c, u8 type, const u8 *data, size_t len,
			 size_t max)
{
	size_t n;

	for (; len; len -= n, data += n) {
		n = len < max ? len : max;
		peer_expect(c, type, data, n);
	}
}

KTLS_TEST_EACH(control_types, each_case, const struct tls_case *, tc)
{
	static const u8 types[] = { 1, 20, 21, 22, 24, 26, 127, 128, 255, 0 };
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (!types[i] && tc->version == TLS13)
			continue;
		conn_send_type(&c, types[i], "control", 7);
		peer_expect(&c, types[i], "control", 7);
	}
	conn_check_tx(&c);
}

/* The peer would take it for padding. */
KTLS_TEST(control_type_0_in_13)
{
	struct conn c;

	conn_open(&c, &case13);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(send_type(&c, 0, "x", 1, 0), EINVAL);
	CHECK_ERRNO(send_type(&c, 0, "", 0, 0), EINVAL);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST_EACH(control_type_23_is_data, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "op", 2, MSG_MORE);
	conn_send_type(&c, RECORD_DATA, "en", 2);
	peer_expect(&c, RECORD_DATA, "open", 4);
	conn_send(&c, "op", 2, MSG_MORE);
	conn_send_type(&c, RECORD_DATA, "", 0);
	peer_expect_quiet(&c);
	conn_send(&c, "en", 2, 0);
	peer_expect(&c, RECORD_DATA, "open", 4);
}

KTLS_TEST_EACH(control_more_refused, each_version, const struct tls_case *, tc)
{
	static const u8 types[] = { RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA };
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		CHECK_ERRNO(send_type(&c, types[i], "x", 1, MSG_MORE), EINVAL);
		CHECK_ERRNO(send_type(&c, types[i], "", 0, MSG_MORE), EINVAL);
		CHECK_ERRNO(send_type(&c, types[i], "x", 1, MSG_OOB),
			    EOPNOTSUPP);
	}
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST_EACH(control_flushes_open_record, each_family,
	       const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	conn_send_type(&c, RECORD_HANDSHAKE, "control", 7);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect(&c, RECORD_HANDSHAKE, "control", 7);
	CHECK_EQ(send_type(&c, RECORD_ALERT, "eor", 3, MSG_EOR), 3);
	peer_expect(&c, RECORD_ALERT, "eor", 3);
	conn_send(&c, "data", 4, 0);
	peer_expect(&c, RECORD_DATA, "data", 4);
}

/* Flushes, and is no record itself */
KTLS_TEST_EACH(control_empty, each_version, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send_type(&c, RECORD_ALERT, "", 0);
	peer_expect_quiet(&c);
	conn_send(&c, "open", 4, MSG_MORE);
	conn_send_type(&c, RECORD_ALERT, "", 0);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_quiet(&c);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(control_splits, each_version, const struct tls_case *, tc)
{
	static const size_t max[] = { 64, 100, 4096, FULL };
	static const size_t len[] = { 64, 65, 1000, FULL, FULL + 1, 40000 };
	const u8 *data = test_data(40000);
	struct conn c;
	size_t i, j;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		CHECK_SYS(ktls_set_max_payload(c.fd, max[i]));
		for (j = 0; j < ARRAY_SIZE(len); j++) {
			conn_send(&c, "open", 4, MSG_MORE);
			conn_send_type(&c, RECORD_HANDSHAKE, data, len[j]);
			peer_expect(&c, RECORD_DATA, "open", 4);
			expect_split(&c, RECORD_HANDSHAKE, data, len[j],
				     max[i]);
		}
	}
	conn_check_tx(&c);
}

KTLS_TEST_EACH(control_too_long, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(10 * CONTROL_MAX);
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(send_type(&c, 22, data, CONTROL_MAX + 1, 0), EMSGSIZE);
	CHECK_ERRNO(send_type(&c, 22, data, 10 * CONTROL_MAX, 0), EMSGSIZE);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
	conn_send_type(&c, 22, data, CONTROL_MAX);
	expect_split(&c, 22, data, CONTROL_MAX, FULL);
	CHECK_SYS(ktls_set_max_payload(c.fd, 64));
	conn_send(&c, "open", 4, MSG_MORE);
	conn_send_type(&c, 22, data, CONTROL_MAX);
	peer_expect(&c, RECORD_DATA, "open", 4);
	expect_split(&c, 22, data, CONTROL_MAX, 64);
}

struct bad_place {
	size_t len;	/* of the message */
	size_t good;	/* bytes of it that can be read */
};

KTLS_TEST_EACH(control_efault, each_version, const struct tls_case *, tc)
{
	static const struct bad_place places[] = {
		{ 1, 0 }, { 2, 1 }, { 100, 99 }, { 200, 100 }, { 200, 150 },
		{ 1000, 999 }, { 60000, 59999 },
	};
	const u8 *data = test_data(60000);
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		conn_send(&c, "open", 4, MSG_MORE);
		CHECK_ERRNO(send_type(&c, 22,
				      edge_copy(data, places[i].good),
				      places[i].len, 0), EFAULT);
		CHECK_EQ(outq_nsd(c.fd), 4);
		peer_expect_quiet(&c);
		conn_send(&c, "ed", 2, 0);
		peer_expect(&c, RECORD_DATA, "opened", 6);
	}
	conn_check_tx(&c);
}

/*
 * An open record in front of a socket without room: the limit comes down
 * below what TCP has already.
 */
static size_t fill_behind_open(struct conn *c, const u8 *data, size_t len)
{
	size_t n = fill_up(c->fd, data, len, FULL, 0);

	tcp_set_int(c->fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
	conn_send(c, "open", 4, MSG_MORE | MSG_DONTWAIT);
	tcp_set_int(c->fd, SOL_SOCKET, SO_SNDBUF, 1);
	CHECK(!has_room(c->fd));
	return n;
}

KTLS_TEST_EACH(control_full_keeps_open_record, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	struct conn c;
	size_t n;

	conn_open_opts(&c, tc, &small_buffers);
	n = fill_behind_open(&c, data, len);
	CHECK_ERRNO(send_type(&c, 22, "no", 2, MSG_DONTWAIT), EAGAIN);
	CHECK_ERRNO(send(c.fd, "no", 2, MSG_DONTWAIT), EAGAIN);
	peer_expect_data(&c, data, n);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

/* It takes no room itself. */
KTLS_TEST_EACH(control_empty_when_full, each_version, const struct tls_case *,
	       tc)
{
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	struct conn c;
	size_t n;

	conn_open_opts(&c, tc, &small_buffers);
	n = fill_behind_open(&c, data, len);
	CHECK_EQ(send_type(&c, 22, "", 0, MSG_DONTWAIT), 0);
	peer_expect_data(&c, data, n);
	peer_expect(&c, RECORD_DATA, "open", 4);
	peer_expect_quiet(&c);
}

/* What waits for room goes behind the open record, and has its own type. */
KTLS_TEST_EACH(control_waits_behind_open_record, each_version,
	       const struct tls_case *, tc)
{
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	struct send_call s = { .type = RECORD_HANDSHAKE };
	struct conn c;
	size_t n;

	conn_open_opts(&c, tc, &small_buffers);
	n = fill_behind_open(&c, data, len);
	s.fd = c.fd;
	s.data = data;
	s.len = 20000;
	call_start(&s);
	call_wait_asleep(&s);
	peer_expect_data(&c, data, n);
	peer_expect(&c, RECORD_DATA, "open", 4);
	expect_split(&c, RECORD_HANDSHAKE, data, 20000, FULL);
	CHECK_EQ(call_join(&s), 20000);
}

KTLS_TEST(control_wait_interrupted)
{
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	struct send_call s = { .type = RECORD_HANDSHAKE, .len = 20000 };
	struct conn c;
	size_t n;

	conn_open_opts(&c, &case13, &small_buffers);
	n = fill_behind_open(&c, data, len);
	s.fd = c.fd;
	s.data = data;
	call_start(&s);
	call_wait_asleep(&s);
	call_interrupt(&s);
	CHECK_EQ(call_join(&s), -1);
	CHECK_EQ(s.err, EINTR);
	peer_expect_data(&c, data, n);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST(control_wait_times_out)
{
	struct timeval tv = { .tv_usec = 50000 };
	const size_t len = 2 << 20;
	const u8 *data = test_data(len);
	struct conn c;
	size_t n;

	conn_open_opts(&c, &case13, &small_buffers);
	CHECK_SYS(setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	n = fill_behind_open(&c, data, len);
	CHECK_ERRNO(send_type(&c, 22, data, 20000, 0), EAGAIN);
	peer_expect_data(&c, data, n);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

#define MESSAGE 1000
#define MESSAGES 400

/*
 * Ten records each, into a socket that has room for all, some or none of
 * them: one that is refused leaves no trace.
 */
KTLS_TEST_EACH(control_whole_or_eagain, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(MESSAGE * MESSAGES);
	size_t sent = 0, seen = 0, refused = 0;
	struct conn c;

	conn_open_opts(&c, tc, &small_buffers);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	while (seen < MESSAGES) {
		const u8 *next = data + sent * MESSAGE;

		if (sent < MESSAGES &&
		    send_type(&c, 22, next, MESSAGE, MSG_DONTWAIT) > 0) {
			sent++;
			continue;
		}
		if (sent < MESSAGES)
			CHECK_EQ(errno, EAGAIN);
		refused += sent < MESSAGES;
		expect_split(&c, 22, data + seen++ * MESSAGE, MESSAGE, 100);
		CHECK(seen <= sent);
	}
	peer_expect_quiet(&c);
	conn_check_tx(&c);
	CHECK(refused > 1);
}

static void *send_messages(void *arg)
{
	struct conn *c = arg;
	u8 message[MESSAGE];
	int i;

	for (i = 0; i < 100; i++) {
		memset(message, i, sizeof(message));
		conn_send_type(c, RECORD_HANDSHAKE, message, MESSAGE);
		conn_send(c, message, 10, i % 2 ? MSG_MORE : 0);
	}
	return NULL;
}

/* All ten records of a message, and then perhaps something else */
static size_t expect_message(struct conn *c)
{
	const struct record *r = stream_next(&c->in);
	u8 want[100];
	int i;

	CHECK(r);
	if (r->type == RECORD_DATA)
		return r->len;
	memset(want, r->data[0], sizeof(want));
	CHECK_EQ(r->len, sizeof(want));
	CHECK_MEM(r->data, want, sizeof(want));
	for (i = 1; i < MESSAGE / 100; i++)
		peer_expect(c, RECORD_HANDSHAKE, want, sizeof(want));
	return MESSAGE;
}

KTLS_TEST_EACH(control_not_interleaved, each_version, const struct tls_case *,
	       tc)
{
	size_t left = 2 * 100 * (MESSAGE + 10);
	pthread_t threads[2];
	struct conn c;
	int i;

	conn_open_opts(&c, tc, &small_buffers);
	CHECK_SYS(ktls_set_max_payload(c.fd, 100));
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, send_messages, &c),
			 0);
	/* What the last send of each thread left open goes by this. */
	while (left > 200)
		left -= expect_message(&c);
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	conn_send_type(&c, RECORD_ALERT, "", 0);
	while (left)
		left -= expect_message(&c);
	conn_check_tx(&c);
}
