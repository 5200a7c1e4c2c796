// SPDX-License-Identifier: GPL-2.0
/*
 * A window that closes in the middle of a record's header: what there is of it
 * must leave TCP's queue, whose memory is full of it, or nothing ever moves.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "reader.h"

/* Of the bytes of a tiny record many are its header. */
#define RECORDS 8000
#define SIZES 7		/* of 1 to 7 bytes, so that the window cuts anywhere */
#define BYTES (RECORDS / SIZES * SIZES * (SIZES + 1) / 2)
#define WIRE_MAX (RECORDS * 40)

/* What TCP takes twice of: a few KB to more than a segment of loopback. */
static const int rcvbufs[] = { 3000, 10000, 40000 };

/* Records one behind the other; returns their length. */
static size_t tiny_records(struct forge *f, u8 *wire)
{
	const u8 *data = test_data(BYTES);
	size_t done = 0, len = 0, n;

	for (n = 1; done < BYTES; n = n % SIZES + 1) {
		forge_make(f, RECORD_DATA, data + done, n);
		CHECK(len + f->len <= WIRE_MAX);
		memcpy(wire + len, f->wire, f->len);
		len += f->len;
		done += n;
	}
	return len;
}

/* The peer always has more to send than the window allows. */
static void tiny_start(struct forge *f, struct writer *w,
		       const struct tls_case *tc, int rcvbuf)
{
	struct tcp_opts opts = {
		.family = tc->family,
		.local_rcvbuf = rcvbuf,
		.accepted = true,
	};
	u8 *wire = malloc(WIRE_MAX);

	CHECK(wire);
	forge_open_opts(f, tc, &opts);
	*w = (struct writer){
		.fd = f->peer, .bytes = wire, .max = WIRE_MAX,
	};
	w->len = tiny_records(f, wire);
	writer_start(w);
}

static void tiny_end(struct forge *f, struct writer *w, const u8 *back)
{
	CHECK_MEM(back, test_data(BYTES), BYTES);
	writer_join(w);
	expect_nothing(f);
	forge_close(f);
}

KTLS_TEST_EACH_TIMEOUT(window_closes_in_header, each_version,
		       const struct tls_case *, tc, 60)
{
	for (size_t i = 0; i < ARRAY_SIZE(rcvbufs); i++) {
		struct timeval limit = { .tv_sec = TCP_WAIT_MS / 1000 };
		struct writer w;
		struct forge f;
		u8 back[BYTES];
		size_t done;
		ssize_t n;

		tiny_start(&f, &w, tc, rcvbufs[i]);
		CHECK_SYS(setsockopt(f.fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
				     sizeof(limit)));
		for (done = 0; done < BYTES; done += n) {
			n = recv(f.fd, back + done, BYTES - done, 0);
			if (n <= 0)
				FAIL("SO_RCVBUF %d: no more after %zu bytes",
				     rcvbufs[i], done);
		}
		tiny_end(&f, &w, back);
	}
}

/* Nobody reads before poll() says so: TCP must be told in softirq. */
KTLS_TEST_EACH_TIMEOUT(window_closes_in_header_poll_only, each_version,
		       const struct tls_case *, tc, 60)
{
	for (size_t i = 0; i < ARRAY_SIZE(rcvbufs); i++) {
		struct writer w;
		struct forge f;
		u8 back[BYTES];
		size_t done = 0;
		ssize_t n;

		tiny_start(&f, &w, tc, rcvbufs[i]);
		while (done < BYTES) {
			if (!tcp_poll(f.fd, POLLIN, TCP_WAIT_MS))
				FAIL("SO_RCVBUF %d: no more after %zu bytes",
				     rcvbufs[i], done);
			n = recv(f.fd, back + done, BYTES - done,
				 MSG_DONTWAIT);
			done += n > 0 ? n : 0;
		}
		tiny_end(&f, &w, back);
	}
}
