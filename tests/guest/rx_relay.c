// SPDX-License-Identifier: GPL-2.0
/*
 * Records that reach the reader over loopback in pages of somebody who still
 * writes to them: who relays a record need not know its key.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "forge.h"

#define LEN 16384
#define ROOM 65536
#define ROUNDS 20

struct relay {
	struct forge f;
	int file;
	u8 *map;		/* the file, ROOM bytes */
	u8 data[LEN];
	u8 *flipped;		/* a byte of the record */
	int stop;
};

static struct relay relay;

static void relay_open(struct relay *r, const struct tls_case *tc)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		r->data[i] = i * 7 + i / 256;
	r->file = CHECK_SYS(memfd_create("relay", MFD_CLOEXEC));
	CHECK_SYS(ftruncate(r->file, ROOM));
	r->map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, r->file,
		      0);
	CHECK(r->map != MAP_FAILED);
	forge_open(&r->f, tc);
	forge_make(&r->f, RECORD_DATA, r->data, LEN);
	memcpy(r->map, r->f.wire, r->f.len);
}

static void relay_send(struct relay *r)
{
	size_t len = r->f.len;

	CHECK_EQ(sendfile(r->f.peer, r->file, &(off_t){ 0 }, len), (ssize_t)len);
}

static void relay_close(struct relay *r)
{
	forge_close(&r->f);
	CHECK_SYS(munmap(r->map, ROOM));
	close(r->file);
}

/* Either all of it is as it was sealed, or the reader is told. */
static void expect_whole(const struct relay *r, ssize_t n, const u8 *got)
{
	if (n < 0)
		CHECK_EQ(errno, EBADMSG);
	else
		CHECK(n == LEN && !memcmp(got, r->data, LEN));
}

/* The plaintext goes where the ciphertext comes from, a little further on. */
KTLS_TEST_EACH(relay_in_pages_of_reader, each_cipher, const struct tls_case *,
	       tc)
{
	struct relay *r = &relay;
	u8 *to;

	relay_open(r, tc);
	to = r->map + 256;
	relay_send(r);
	expect_whole(r, recv(r->f.fd, to, LEN, MSG_WAITALL), to);
	relay_close(r);
}

static void *flip(void *arg)
{
	struct relay *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		__atomic_xor_fetch(r->flipped, 1, __ATOMIC_RELAXED);
		__atomic_xor_fetch(r->flipped, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void flip_while_read(struct relay *r, const struct tls_case *tc,
			    size_t at)
{
	pthread_t thread;
	u8 *got;
	ssize_t n;

	relay_open(r, tc);
	r->flipped = r->map + at;
	got = r->map + ROOM / 2;
	__atomic_store_n(&r->stop, 0, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_create(&thread, NULL, flip, r), 0);
	relay_send(r);
	n = recv(r->f.fd, got, LEN, MSG_WAITALL);
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	expect_whole(r, n, got);
	relay_close(r);
}

KTLS_TEST_EACH(relay_changes_its_pages, each_cipher, const struct tls_case *,
	       tc)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		flip_while_read(&relay, tc, 100 + i * (LEN - 200) / ROUNDS);
}
