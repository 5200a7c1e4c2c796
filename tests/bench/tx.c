// SPDX-License-Identifier: GPL-2.0
/* Sending: one packet for each call, and streams of calls. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "../peer/check.h"
#include "bench.h"

static const char *const tx_sizes[] = {
	"64", "256", "1024", "4096", "16384", "65536", "262144", NULL,
};

/*
 * Once the timer of a delayed acknowledgement has run TCP acknowledges each read
 * at once. That depends on when a cell began: have it delay them again.
 */
static void delay_acks(const struct link *l)
{
	tcp_set_int(l->peer.fd, IPPROTO_TCP, TCP_QUICKACK, 0);
}

/* One call, of which everything leaves at once, and the peer drops it. */
static unsigned int tx_round(struct run *r)
{
	struct link *l = &r->link;
	size_t wire_len = link_wire_len(l, r->size, RECORD_PLAIN_MAX);

	delay_acks(l);
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

size_t drain_some(const struct link *l, u8 *wire, size_t room)
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

/* The pieces' size */
static const char *const txmore_sizes[] = { "64", "256", "1024", NULL };

/* A record in pieces; an operation is a piece. */
static unsigned int txmore_round(struct run *r)
{
	struct link *l = &r->link;
	size_t done, wire_len = link_wire_len(l, RECORD_PLAIN_MAX,
					      RECORD_PLAIN_MAX);
	int more;

	measure_whole_begin(&r->m);
	for (done = 0; done < RECORD_PLAIN_MAX; done += r->size) {
		more = done + r->size < RECORD_PLAIN_MAX ? MSG_MORE : 0;
		measure_side_begin(&r->m);
		end_send(&l->local, r->plain + done, r->size, more);
		measure_side_end(&r->m);
	}
	link_drain(l, r->wire, wire_len);
	measure_whole_end(&r->m);
	if (r->verify)
		link_verify(l, r->wire, wire_len, r->plain, RECORD_PLAIN_MAX);
	return RECORD_PLAIN_MAX / r->size;
}

const struct test test_txmore = {
	.name = "txmore",
	.sizes = txmore_sizes,
	.side = LINK_TX,
	.no_openssl = true,
	.bytes = RECORD_PLAIN_MAX,
	.round = txmore_round,
};

static const char *const mtu_tx_sizes[] = { "1024", "16384", NULL };

const struct test test_mtu_tx = {
	.name = "mtu-tx",
	.sizes = mtu_tx_sizes,
	.side = LINK_TX,
	.mtu = 1500,
	.round = tx_round,
};

const struct test test_mtu_txbulk = {
	.name = "mtu-txbulk",
	.sizes = mtu_tx_sizes,
	.side = LINK_TX,
	.nagle = true,
	.mtu = 1500,
	.bytes = BULK,
	.round = txbulk_round,
};

const struct test test_txbulk = {
	.name = "txbulk",
	.sizes = tx_sizes,
	.side = LINK_TX,
	.nagle = true,
	.bytes = BULK,
	.round = txbulk_round,
};
