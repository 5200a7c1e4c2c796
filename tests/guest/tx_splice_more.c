// SPDX-License-Identifier: GPL-2.0
/* Splices that say that more follows, truly or not. */
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "spliced.h"

/* A record that a splice leaves open goes by itself when nothing came for so long. */
#define OPEN_MS 200

static s64 now_ms(void)
{
	struct timespec ts;

	CHECK_SYS(clock_gettime(CLOCK_MONOTONIC, &ts));
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Says that more follows. Returns whether it was so soon that it was in time. */
static bool splice_then_send(struct conn *c, struct pipe *p, const u8 *data,
			     size_t spliced, size_t sent, int flags)
{
	s64 start = now_ms();

	splice_piece(c, p, data, spliced, SPLICE_F_MORE);
	conn_send(c, data + spliced, sent, flags);
	return now_ms() - start < OPEN_MS;
}

KTLS_TEST(splice_more_joins_later_data)
{
	const u8 *data = test_data(3005);
	struct pipe p;
	struct conn c;
	bool soon;

	pipe_open(&p);
	conn_open(&c, &case13);
	soon = splice_then_send(&c, &p, data, 3000, 5, 0);
	if (!splice_more_merges()) {
		peer_expect(&c, RECORD_DATA, data, 3000);
		peer_expect(&c, RECORD_DATA, data + 3000, 5);
	} else if (soon) {
		peer_expect(&c, RECORD_DATA, data, 3005);
	} else {
		peer_expect_data(&c, data, 3005);
	}
}

/* What send() adds to it is its own, and stays for as long as it likes. */
KTLS_TEST(splice_more_then_send_more)
{
	const u8 *data = test_data(3010);
	struct pipe p;
	struct conn c;
	bool soon;

	if (!splice_more_merges())
		SKIP("this kernel does not say that a splice has ended");
	pipe_open(&p);
	conn_open(&c, &case13);
	soon = splice_then_send(&c, &p, data, 3000, 5, MSG_MORE);
	if (soon) {
		for (int ms = 0; ms <= OPEN_MS; ms += TCP_QUIET_MS)
			peer_expect_quiet(&c);
	}
	conn_send(&c, data + 3005, 5, 0);
	if (soon)
		peer_expect(&c, RECORD_DATA, data, 3010);
	else
		peer_expect_data(&c, data, 3010);
}

/* Nothing follows: it goes. */
KTLS_TEST(splice_more_without_more)
{
	const u8 *data = test_data(3000);
	struct pipe p;
	struct conn c;

	pipe_open(&p);
	conn_open(&c, &case13);
	splice_piece(&c, &p, data, 3000, SPLICE_F_MORE);
	peer_expect(&c, RECORD_DATA, data, 3000);
}

/* Since 6.5 splice() says that more follows whenever it has brought 16 pieces. */
KTLS_TEST(splice_says_more_in_vain)
{
	static u8 data[1600] __attribute((aligned(2048)));
	struct iovec iov[16];
	struct pipe p;
	struct conn c;

	memcpy(data, test_data(sizeof(data)), sizeof(data));
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ data + 100 * i, 100 };
	pipe_open(&p);
	vmsplice_all(&p, iov, ARRAY_SIZE(iov), 1600);
	conn_open(&c, &case13);
	CHECK_EQ(CHECK_SYS(splice(p.out, NULL, c.fd, NULL, 100000, 0)), 1600);
	peer_expect(&c, RECORD_DATA, data, 1600);
}

/* CVE-2024-0646: spliced pages were written to by what was sent after them. */
KTLS_TEST_EACH(splice_more_alternates_with_send, each_version,
	       const struct tls_case *, tc)
{
	size_t i, late = 0;
	struct source s;
	struct pipe p;
	struct conn c;
	s64 start;

	pipe_open(&p);
	source_open(&s, 60 * 150);
	conn_open(&c, tc);
	for (i = 0; i < s.len; i += 150) {
		loff_t at = i;

		CHECK_EQ(splice(s.fd, &at, p.in, NULL, 100, 0), 100);
		start = now_ms();
		CHECK_EQ(splice(p.out, NULL, c.fd, NULL, 100, SPLICE_F_MORE),
			 100);
		conn_send(&c, s.data + i + 100, 50,
			  i + 150 < s.len ? MSG_MORE : 0);
		late += now_ms() - start >= OPEN_MS;
	}
	peer_expect_data(&c, s.data, s.len);
	if (splice_more_merges())
		CHECK(c.in.records <= 1 + late);
	source_check(&s);
}
