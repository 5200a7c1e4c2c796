// SPDX-License-Identifier: GPL-2.0
/* No memory for a record that has arrived: nothing is lost, nobody hangs. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "forge.h"
#include "reader.h"
#include "tools.h"

#define FULL 16384

static u8 buf[10 * FULL];

/* ktls gets so many single pages, and nothing else, wherever it asks. */
static void fail_pages(int singles)
{
	fault_set("pass", singles);
	fault_set("softirq_page", getpid());
	fault_set("alloc_page", getpid());
}

static void pages_return(void)
{
	fault_set("softirq_page", 0);
	fault_set("alloc_page", 0);
}

static void nomem_open(struct forge *f, const struct tls_case *tc,
		       const struct tcp_opts *opts)
{
	fault_load();
	forge_open_opts(f, tc, opts);
}

/* Every way of reading says it, at once, and again. */
static void expect_nomem(struct forge *f)
{
	int fds[2];

	expect_pollin(f);
	expect_error(f, ENOMEM);
	CHECK_ERRNO(recv(f->fd, buf, FULL, 0), ENOMEM);
	CHECK_ERRNO(recv(f->fd, buf, FULL, MSG_PEEK), ENOMEM);
	CHECK_ERRNO(recv(f->fd, buf, FULL, MSG_WAITALL), ENOMEM);
	CHECK_SYS(pipe(fds));
	CHECK_ERRNO(splice(f->fd, NULL, fds[1], NULL, FULL, 0), ENOMEM);
	close(fds[0]);
	close(fds[1]);
	expect_pollin(f);
	CHECK_EQ(tcp_get_int(f->fd, SOL_SOCKET, SO_ERROR), 0);
}

/* Memory ends before the first byte of the record, or within it. */
KTLS_TEST_EACH(nomem_then_read, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(3 * FULL);
	struct forge f;
	int singles;

	nomem_open(&f, tc, NULL);
	for (singles = 0; singles < 4; singles++) {
		forge_data(&f, data, FULL);
		forge_data(&f, data + FULL, 100);
		fail_pages(singles);
		/* Not what could be opened into the reader's memory */
		CHECK_ERRNO(recv(f.fd, buf, FULL - 1, 0), ENOMEM);
		fail_pages(0);
		expect_nomem(&f);
		CHECK(fault_count() > 5);
		expect_opened(&f, 2 * singles);
		pages_return();
		expect_got(&f, sizeof(buf), 0, RECORD_DATA, data, FULL + 100,
			   true);
		expect_nothing(&f);
	}
	forge_close(&f);
}

/* There is memory for one record, and another one comes behind it. */
KTLS_TEST_EACH(nomem_behind_opened, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(2 * FULL);
	struct forge f;

	nomem_open(&f, tc, NULL);
	forge_data(&f, data, FULL);
	forge_data(&f, data + FULL, FULL);
	CHECK_EQ(recv(f.fd, buf, 1, 0), 1);
	fail_pages(0);
	expect_got(&f, sizeof(buf), MSG_PEEK, RECORD_DATA, data + 1, FULL - 1,
		   false);
	CHECK(fault_count() > 0);
	pages_return();
	expect_got(&f, sizeof(buf), MSG_PEEK, RECORD_DATA, data + 1,
		   2 * FULL - 1, false);
	expect_got(&f, sizeof(buf), 0, RECORD_DATA, data + 1, 2 * FULL - 1,
		   true);
	forge_close(&f);
}

/* In single pages: the same bytes, and as many as fit at a time. */
KTLS_TEST_EACH(nomem_single_pages, each_cipher, const struct tls_case *, tc)
{
	const u8 *data = test_data(10 * FULL);
	struct forge f;
	ssize_t n;

	nomem_open(&f, tc, NULL);
	fail_pages(1 << 20);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVBUF, 1 << 20);
	forge_start(&f, data, 10 * FULL, FULL);
	expect_data(&f, data, FULL);
	n = CHECK_SYS(recv(f.fd, buf, sizeof(buf), MSG_PEEK));
	CHECK_MEM(buf, data + FULL, n);
	expect_data(&f, data + FULL, 9 * FULL);
	forge_join(&f);
	CHECK(fault_count() > 0);
	forge_close(&f);
}

/* The pages of a splice. */
KTLS_TEST_EACH(nomem_splice, each_version, const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct forge f;
	int fds[2];

	nomem_open(&f, tc, NULL);
	CHECK_SYS(pipe(fds));
	forge_data(&f, data, FULL);
	expect_peek(&f, RECORD_DATA, data, FULL);
	fail_pages(0);
	CHECK_ERRNO(splice(f.fd, NULL, fds[1], NULL, FULL, 0), ENOMEM);
	fail_pages(2);
	CHECK_EQ(splice(f.fd, NULL, fds[1], NULL, FULL, 0), 8192);
	pages_return();
	CHECK_EQ(read(fds[0], buf, FULL), 8192);
	CHECK_MEM(buf, data, 8192);
	expect_record(&f, RECORD_DATA, data + 8192, FULL - 8192);
	forge_close(&f);
}

/*
 * The peer may not send the rest of a record before softirq has taken the first
 * part, and softirq has no memory for it: the reader must be woken to do it.
 */
static void no_softirq_memory(const struct tls_case *tc, bool edge)
{
	const struct tcp_opts opts = { .local_rcvbuf = 4096 };
	const size_t len = 5 * FULL;
	struct forge f;
	size_t done = 0;
	ssize_t n;
	int epfd;

	nomem_open(&f, tc, &opts);
	epfd = edge_new(f.fd);
	fault_set("softirq_page", getpid());
	fault_set("pass", 0);
	forge_start(&f, test_data(len), len, FULL);
	while (done < len) {
		if (!(edge ? edge_fired(epfd, TCP_WAIT_MS) :
			     tcp_poll(f.fd, POLLIN, TCP_WAIT_MS)))
			FAIL("no end of the wait after %zu bytes", done);
		do {
			n = recv(f.fd, buf + done, len - done, MSG_DONTWAIT);
			done += n > 0 ? n : 0;
		} while (n > 0 && done < len);
		CHECK(n > 0 || errno == EAGAIN);
	}
	CHECK(fault_count() > 0);
	CHECK_MEM(buf, test_data(len), len);
	forge_join(&f);
	forge_close(&f);
}

KTLS_TEST_EACH(nomem_in_softirq, each_version, const struct tls_case *, tc)
{
	no_softirq_memory(tc, false);
}

KTLS_TEST_EACH(nomem_in_softirq_edges, each_version, const struct tls_case *,
	       tc)
{
	no_softirq_memory(tc, true);
}

/* The reader that was woken has none either, until later. */
KTLS_TEST_EACH(nomem_in_softirq_and_reader, each_version,
	       const struct tls_case *, tc)
{
	const struct tcp_opts opts = { .local_rcvbuf = 4096 };
	struct forge f;

	nomem_open(&f, tc, &opts);
	fail_pages(0);
	forge_start(&f, test_data(FULL), FULL, FULL);
	expect_pollin(&f);
	expect_nomem(&f);
	CHECK(fault_count() > 5);
	pages_return();
	expect_data(&f, test_data(FULL), FULL);
	forge_join(&f);
	expect_nothing(&f);
	forge_close(&f);
}

/*
 * TCP drops what it may not be charged for, and takes it again only if nothing
 * is queued: half a record in its queue would keep the other half out for ever.
 */
KTLS_TEST_EACH(tcp_refuses_rest_of_record, each_version,
	       const struct tls_case *, tc)
{
	const u8 *data = test_data(FULL);
	struct forge f;

	nomem_open(&f, tc, &(struct tcp_opts){});
	fault_set("softirq_rmem", getpid());
	forge_make(&f, RECORD_DATA, data, FULL);
	forge_piece(&f, 0, FULL / 2);
	forge_piece(&f, FULL / 2, f.len);
	CHECK(fault_count() > 0);
	expect_record(&f, RECORD_DATA, data, FULL);
	expect_nothing(&f);
	fault_set("softirq_rmem", 0);
	forge_close(&f);
}
