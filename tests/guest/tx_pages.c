// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: those that plaintext is sealed from, which may change meanwhile, and
 * those of records, which are used again.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "fault.h"
#include "ktls.h"
#include "tools.h"

#define FULL RECORD_PLAIN_MAX

/* A file, and its pages in our memory. */
struct shared {
	int fd;
	u8 *map;
	size_t len;
	int stop;
};

static void shared_open(struct shared *s, size_t len)
{
	s->fd = CHECK_SYS(memfd_create("shared", MFD_CLOEXEC));
	s->len = len;
	s->stop = 0;
	CHECK_SYS(ftruncate(s->fd, len));
	s->map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	CHECK(s->map != MAP_FAILED);
}

static void shared_send(struct conn *c, struct shared *s, off_t at, size_t len)
{
	CHECK_EQ(CHECK_SYS(sendfile(c->fd, s->fd, &at, len)), len);
}

/* All bytes are 0 or all ones, and every one changes all the time. */
static void *change(void *arg)
{
	struct shared *s = arg;
	u8 byte = 0;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		byte = ~byte;
		memset(s->map, byte, s->len);
	}
	return NULL;
}

/* The peer finds each record authentic, or the test has failed. */
static void expect_either(struct conn *c, size_t len)
{
	size_t i;

	while (len) {
		const struct record *r = stream_next(&c->in);

		CHECK(r && r->type == RECORD_DATA && r->len <= len);
		for (i = 0; i < r->len; i++)
			CHECK(!r->data[i] || r->data[i] == 0xff);
		len -= r->len;
	}
}

KTLS_TEST_EACH(pages_change_meanwhile, each_cipher, const struct tls_case *, tc)
{
	unsigned int i, n = rounds(5, 500);
	struct shared s;
	pthread_t thread;
	struct conn c;

	shared_open(&s, 3 * FULL);
	conn_open(&c, tc);
	CHECK_EQ(pthread_create(&thread, NULL, change, &s), 0);
	for (i = 0; i < n; i++) {
		shared_send(&c, &s, 0, s.len);
		expect_either(&c, s.len);
	}
	__atomic_store_n(&s.stop, 1, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	conn_check_tx(&c);
}

/* Records and pages begin and end in all ways at and beside each other. */
KTLS_TEST_EACH(pages_and_records, each_cipher, const struct tls_case *, tc)
{
	static const u16 sizes[] = { FULL, 8192, 5000, 4112, 4096, 4095 };
	static const u16 starts[] = { 0, 4096, 64, 4032, 16, 101 };
	const u8 *data = test_data(3 * FULL);
	struct shared s;
	struct conn c;
	size_t i, j;

	shared_open(&s, 3 * FULL);
	memcpy(s.map, data, s.len);
	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_SYS(ktls_set_max_payload(c.fd, sizes[i]));
		for (j = 0; j < ARRAY_SIZE(starts); j++) {
			/* What is open takes the first of them. */
			size_t before = j < 4 ? j % 2 : starts[j];

			conn_send(&c, data + starts[j] - before, before,
				  MSG_MORE);
			shared_send(&c, &s, starts[j], s.len - starts[j]);
			peer_expect_data(&c, data + starts[j] - before,
					 s.len - starts[j] + before);
		}
	}
	CHECK_MEM(s.map, data, s.len);
	conn_check_tx(&c);
}

/* A pipe with pieces of this size, each at the start of a page of its own. */
static void splice_pieces(struct conn *c, const u8 *data, size_t size)
{
	struct iovec iov[FULL / 1024];
	size_t i, n = FULL / size;
	u8 *mem = aligned_alloc(4096, 4096 * n);
	int fds[2];

	CHECK(mem);
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	for (i = 0; i < n; i++) {
		iov[i] = (struct iovec){ mem + 4096 * i, size };
		memcpy(iov[i].iov_base, data + size * i, size);
	}
	CHECK_EQ(CHECK_SYS(vmsplice(fds[1], iov, n, 0)), n * size);
	CHECK_EQ(CHECK_SYS(splice(fds[0], NULL, c->fd, NULL, n * size, 0)),
		 n * size);
	close(fds[0]);
	close(fds[1]);
	free(mem);
}

KTLS_TEST_EACH(pages_of_pieces, each_version, const struct tls_case *, tc)
{
	static const size_t sizes[] = { 1024, 1488, 1500, 2048, 4080, 4096 };
	const u8 *data = test_data(FULL);
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = FULL / sizes[i] * sizes[i];

		CHECK_SYS(ktls_set_max_payload(c.fd, len));
		splice_pieces(&c, data, sizes[i]);
		peer_expect_data(&c, data, len);
	}
}

KTLS_TEST_EACH(pages_seal_failure, each_version, const struct tls_case *, tc)
{
	struct shared s;
	struct conn c;
	off_t at = 0;

	fault_load();
	own_netns();
	shared_open(&s, 2 * FULL);
	conn_open(&c, tc);
	/* One page, for kernels that send them one by one */
	CHECK_SYS(ktls_set_max_payload(c.fd, 4096));
	fault_set("encrypt", getpid());
	CHECK_ERRNO(sendfile(c.fd, s.fd, &at, s.len), EBADMSG);
	CHECK_EQ(at, 0);
	CHECK_ERRNO(send(c.fd, "x", 1, 0), EBADMSG);
	CHECK_EQ(stat_value("KtlsTxError"), 1);
	peer_expect_quiet(&c);
}

/* All that one send() of FULL bytes has put on the wire. */
static size_t get_wire(struct conn *c, u8 *wire, int flags)
{
	size_t len = FULL + RECORD_HEADER + SUITE_TAG_SIZE + 1;

	CHECK_EQ(CHECK_SYS(recv(c->peer, wire, len, MSG_WAITALL | flags)), len);
	return len;
}

/* Who reads by splice() has our very pages, for as long as he likes. */
KTLS_TEST(pages_held_stay_as_they_are)
{
	static u8 before[RECORD_WIRE_MAX], wire[RECORD_WIRE_MAX];
	const u8 *data = test_data(FULL);
	size_t len, done = 0;
	struct conn c;
	int fds[2], i;

	conn_open(&c, &case13);
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	conn_send(&c, data, FULL, 0);
	len = get_wire(&c, before, MSG_PEEK);
	while (done < len)
		done += CHECK_SYS(splice(c.peer, NULL, fds[1], NULL, len - done,
					 0));
	for (i = 0; i < 100; i++) {
		/* More than fit into one page of eight */
		conn_send(&c, data, FULL, 0);
		conn_send(&c, data, FULL, 0);
		conn_send(&c, data, FULL, 0);
		get_wire(&c, wire, 0);
		get_wire(&c, wire, 0);
		get_wire(&c, wire, 0);
	}
	CHECK_EQ(CHECK_SYS(read(fds[0], wire, len)), len);
	CHECK_MEM(wire, before, len);
}
