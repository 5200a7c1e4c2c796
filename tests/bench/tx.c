// SPDX-License-Identifier: GPL-2.0
/* Sending: one packet for each call, and streams of calls. */
#include <errno.h>
#include <sys/socket.h>

#include "../peer/check.h"
#include "bench.h"

static const char *const tx_sizes[] = {
	"64", "256", "1024", "4096", "16384", "65536", "262144", NULL,
};

/* One call, of which everything leaves at once, and the peer drops it. */
static unsigned int tx_round(struct run *r)
{
	struct link *l = &r->link;
	size_t wire_len = link_wire_len(l, r->size, RECORD_PLAIN_MAX);

	measure_whole_begin(&r->m);
	measure_side_begin(&r->m);
	end_send(&l->local, r->plain, r->size, 0);
	measure_side_end(&r->m);
	link_drain(l, r->wire, wire_len);
	measure_whole_end(&r->m);
	if (r->verify)
		link_verify(l, r->wire, wire_len, r->plain, r->size);
	return 1;
}

const struct test test_tx = {
	.name = "tx",
	.sizes = tx_sizes,
	.side = LINK_TX,
	.round = tx_round,
};

#define BULK (128 << 10)

/* What has come so far, without waiting for what Nagle's algorithm holds. */
static size_t drain_some(const struct link *l, u8 *wire, size_t room)
{
	size_t done = 0;
	ssize_t ret;

	while (done < room) {
		ret = recv(l->peer.fd, wire + done, room - done, MSG_DONTWAIT);
		if (ret < 0 && errno == EAGAIN)
			break;
		CHECK(ret > 0);
		done += ret;
	}
	return done;
}

/* Many calls, then whatever has come. */
static unsigned int txbulk_round(struct run *r)
{
	unsigned int i, calls = r->size < BULK ? BULK / r->size : 1;
	struct link *l = &r->link;

	measure_whole_begin(&r->m);
	for (i = 0; i < calls; i++) {
		measure_side_begin(&r->m);
		end_send(&l->local, r->plain + i * r->size, r->size, 0);
		measure_side_end(&r->m);
	}
	drain_some(l, r->wire, 2 * BENCH_MAX);
	measure_whole_end(&r->m);
	return calls;
}

const struct test test_txbulk = {
	.name = "txbulk",
	.sizes = tx_sizes,
	.side = LINK_TX,
	.nagle = true,
	.round = txbulk_round,
};
