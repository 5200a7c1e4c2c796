// SPDX-License-Identifier: GPL-2.0
/* Files: sendfile(), and what programs with OpenSSL do instead. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "../peer/check.h"
#include "../peer/tcp.h"
#include "bench.h"

/* The file's size, and TCP_NOTSENT_LOWAT */
static const char *const sendfile_sizes[] = { "262144", "262144-16384", NULL };

static int new_file(const struct run *r)
{
	int fd = CHECK_SYS(memfd_create("bench", 0));

	CHECK_EQ(write(fd, r->plain, r->size), r->size);
	tcp_set_nonblock(r->link.local.fd, true);
	if (r->buffer)
		tcp_set_int(r->link.local.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
			    r->buffer);
	return fd;
}

/* As much of the file as goes at once; returns how much. */
static size_t send_some(struct run *r, int file, off_t at)
{
	ssize_t n;

	if (!r->link.local.ssl) {
		n = sendfile(r->link.local.fd, file, &at, r->size - at);
		CHECK(n > 0 || (n < 0 && errno == EAGAIN));
		return n > 0 ? n : 0;
	}
	n = CHECK_SYS(pread(file, r->got, RECORD_PLAIN_MAX, at));
	end_send(&r->link.local, r->got, n, 0);
	return n;
}

/* Everything that has come, so that there is room again. */
static size_t drain(struct run *r, size_t *wire_len)
{
	size_t n = drain_some(&r->link, r->wire + *wire_len,
			      2 * BENCH_MAX - *wire_len);

	*wire_len += n;
	return n;
}

/* Attempts to send though there is nothing that could be drained */
#define IN_VAIN_MAX 1000

static unsigned int sendfile_round(struct run *r)
{
	static int file = -1;
	size_t done = 0, n, wire_len = 0;
	int in_vain = 0;

	if (file < 0)
		file = new_file(r);
	measure_whole_begin(&r->m);
	while (done < r->size) {
		measure_side_begin(&r->m);
		n = send_some(r, file, done);
		measure_side_end(&r->m);
		done += n;
		if (r->link.local.ssl && done < r->size)
			continue;
		n += drain(r, &wire_len);
		if (!n && ++in_vain > IN_VAIN_MAX)
			FAIL("stuck after %zu bytes", done);
	}
	measure_whole_end(&r->m);
	if (r->verify)
		link_verify(&r->link, r->wire, wire_len, r->plain, r->size);
	return 1;
}

const struct test test_sendfile = {
	.name = "sendfile",
	.sizes = sendfile_sizes,
	.side = LINK_TX,
	.round = sendfile_round,
};
