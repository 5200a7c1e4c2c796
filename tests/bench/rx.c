// SPDX-License-Identifier: GPL-2.0
/* Receiving: records one at a time, and a queue full of them. */
#include "../peer/check.h"
#include "../peer/tcp.h"
#include "bench.h"

static const char *const rxp_sizes[] = {
	"64", "256", "1024", "4096", "16384", NULL,
};

/* One record comes and is read. */
static unsigned int rxp_round(struct run *r)
{
	struct link *l = &r->link;
	size_t wire_len;

	wire_len = link_seal(l, r->plain, r->size, r->size, r->wire);
	measure_whole_begin(&r->m);
	tcp_write_full(l->peer.fd, r->wire, wire_len);
	measure_side_begin(&r->m);
	CHECK_EQ(end_recv(&l->local, r->got, r->size), r->size);
	measure_side_end(&r->m);
	measure_whole_end(&r->m);
	if (r->verify)
		CHECK_MEM(r->got, r->plain, r->size);
	return 1;
}

const struct test test_rxp = {
	.name = "rxp",
	.sizes = rxp_sizes,
	.side = LINK_RX,
	.round = rxp_round,
};

static const char *const mtu_rxp_sizes[] = { "1024", "16384", NULL };

const struct test test_mtu_rxp = {
	.name = "mtu-rxp",
	.sizes = mtu_rxp_sizes,
	.side = LINK_RX,
	.mtu = 1500,
	.round = rxp_round,
};

#define QUEUE (128 << 10)

/* The records' size, and that of the reader's buffer */
static const char *const rx_sizes[] = {
	"256-64", "256-256", "256-4096", "256-16384", "256-65536",
	"1024-256", "1024-1024", "1024-16384", "1024-65536",
	"4096-4096", "4096-16384", "4096-65536",
	"16384-4096", "16384-16384", "16384-65536", "16384-262144", NULL,
};

/* The queue is filled, then read until it is empty; an operation is a record */
static unsigned int rx_round(struct run *r)
{
	struct link *l = &r->link;
	size_t done = 0, wire_len;

	wire_len = link_seal(l, r->plain, QUEUE, r->size, r->wire);
	measure_whole_begin(&r->m);
	tcp_write_full(l->peer.fd, r->wire, wire_len);
	measure_side_begin(&r->m);
	while (done < QUEUE)
		done += end_recv(&l->local, r->got + done, r->buffer);
	measure_side_end(&r->m);
	measure_whole_end(&r->m);
	CHECK_EQ(done, QUEUE);
	if (r->verify)
		CHECK_MEM(r->got, r->plain, QUEUE);
	return QUEUE / r->size;
}

const struct test test_rx = {
	.name = "rx",
	.sizes = rx_sizes,
	.side = LINK_RX,
	.bytes = QUEUE,
	.round = rx_round,
};
