// SPDX-License-Identifier: GPL-2.0
/* There and back, both ends with the implementation that is measured. */
#include <string.h>
#include <unistd.h>

#include "../peer/check.h"
#include "bench.h"

static const char *const echo_sizes[] = { "64", "1024", NULL };

static void check_back(struct run *r)
{
	if (!r->verify)
		return;
	CHECK_MEM(r->got, r->plain, r->size);
	memset(r->got, 0, r->size);
}

/* One thread does all. */
static unsigned int echo_round(struct run *r)
{
	struct link *l = &r->link;

	measure_whole_begin(&r->m);
	measure_side_begin(&r->m);
	end_send(&l->local, r->plain, r->size, 0);
	end_recv_full(&l->peer, r->got, r->size);
	end_send(&l->peer, r->got, r->size, 0);
	end_recv_full(&l->local, r->got, r->size);
	measure_side_end(&r->m);
	measure_whole_end(&r->m);
	check_back(r);
	return 1;
}

const struct test test_echo = {
	.name = "echo",
	.sizes = echo_sizes,
	.side = LINK_BOTH,
	.round = echo_round,
};

/* Until its parent is gone. */
static void echo_forever(struct run *r)
{
	struct end *e = &r->link.peer;
	size_t n;

	close(r->link.local.fd);
	for (;;) {
		if (e->ssl) {
			if (SSL_read_ex(e->ssl, r->got, r->size, &n) != 1)
				_exit(0);
		} else {
			n = read(e->fd, r->got, r->size);
			if ((ssize_t)n <= 0)
				_exit(0);
		}
		end_send(e, r->got, n, 0);
	}
}

/* Another process answers: sleeping and waking up are part of it. */
static unsigned int echo2_round(struct run *r)
{
	struct link *l = &r->link;
	static pid_t child;

	if (!child) {
		child = CHECK_SYS(fork());
		if (!child)
			echo_forever(r);
		close(l->peer.fd);
	}
	measure_whole_begin(&r->m);
	measure_side_begin(&r->m);
	end_send(&l->local, r->plain, r->size, 0);
	end_recv_full(&l->local, r->got, r->size);
	measure_side_end(&r->m);
	measure_whole_end(&r->m);
	check_back(r);
	return 1;
}

const struct test test_echo2 = {
	.name = "echo2",
	.sizes = echo_sizes,
	.side = LINK_BOTH,
	.round = echo2_round,
};
