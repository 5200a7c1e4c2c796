// SPDX-License-Identifier: GPL-2.0
/* Large records, which may be opened in the reader's own pages. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forge.h"

#define PAGE 4096
#define LEN 16384
#define ROOM (LEN + 2 * PAGE)
#define CANARY 0xa5

static u8 *map_room(void)
{
	u8 *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(room != MAP_FAILED);
	return room;
}

/* Exactly these bytes are written. */
static void read_at(struct forge *f, u8 *room, size_t at, const u8 *data,
		    size_t len)
{
	size_t i;

	memset(room, CANARY, ROOM);
	forge_data(f, data, len);
	CHECK_EQ(recv(f->fd, room + at, len, 0), (ssize_t)len);
	CHECK_MEM(room + at, data, len);
	for (i = 0; i < ROOM; i++)
		if (i < at || i >= at + len)
			CHECK_EQ(room[i], CANARY);
}

KTLS_TEST_EACH(rx_large_at_any_offset, each_cipher, const struct tls_case *,
	       tc)
{
	static const size_t at[] = {
		0, 1, 8, 16, 64, 448, 512, 528, 576, 2048, 3584, 4032, 4080,
	};
	static const size_t len[] = { 4096, 5000, 8191, LEN };
	const u8 *data = test_data(LEN);
	u8 *room = map_room();
	struct forge f;
	size_t i, j;

	forge_open(&f, tc);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		for (j = 0; j < ARRAY_SIZE(len); j++)
			read_at(&f, room, at[i], data, len[j]);
	forge_close(&f);
	CHECK_SYS(munmap(room, ROOM));
}

/* In pieces of any size, the first at the end of a page or not. */
KTLS_TEST_EACH(rx_large_in_pieces, each_version, const struct tls_case *, tc)
{
	static const size_t cut[] = { 1, 16, 100, 4064, 4096, 8192, 16368 };
	const u8 *data = test_data(LEN);
	u8 *room = map_room(), *other = map_room();
	struct forge f;
	size_t i, at;

	forge_open(&f, tc);
	for (i = 0; i < 2 * ARRAY_SIZE(cut); i++) {
		size_t n = cut[i / 2];
		struct iovec iov[] = {
			{ .iov_base = room + (i % 2) * 32, .iov_len = n },
			{ .iov_base = other + 16, .iov_len = LEN - n },
		};

		forge_data(&f, data, LEN);
		CHECK_EQ(got_iov(f.fd, iov, 2, 0, 0).n, LEN);
		at = iov[0].iov_len;
		CHECK_MEM(iov[0].iov_base, data, at);
		CHECK_MEM(iov[1].iov_base, data + at, LEN - at);
	}
	forge_close(&f);
	CHECK_SYS(munmap(room, ROOM));
	CHECK_SYS(munmap(other, ROOM));
}

/* The last bytes cannot be written: they stay, and the others are given. */
KTLS_TEST_EACH(rx_large_end_unmapped, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(LEN);
	u8 *room = map_room();
	struct forge f;
	ssize_t n;

	forge_open(&f, tc);
	CHECK_SYS(munmap(room + LEN, ROOM - LEN));
	forge_data(&f, data, LEN);
	n = recv(f.fd, room + 96, LEN, 0);
	/* Some processors copy a few bytes less in front of a fault */
	CHECK(n > LEN - 256 && n <= LEN - 96);
	CHECK_MEM(room + 96, data, n);
	expect_data(&f, data + n, LEN - n);
	forge_close(&f);
	CHECK_SYS(munmap(room, LEN));
}

struct forks {
	struct forge f;
	const u8 *data;
	u8 *room;
	int done;
};

/* Writes beside what is being read: in a page that fork() shares it makes a copy */
static void *write_beside(void *arg)
{
	struct forks *s = arg;

	while (!__atomic_load_n(&s->done, __ATOMIC_ACQUIRE))
		__atomic_add_fetch(s->room, 1, __ATOMIC_RELAXED);
	return NULL;
}

#define FORKED (2 << 20)

static void *read_all(void *arg)
{
	struct forks *s = arg;
	u8 *to = s->room + 64;
	size_t at;

	for (at = 0; at < FORKED; at += LEN) {
		CHECK_EQ(recv(s->f.fd, to, LEN, MSG_WAITALL), LEN);
		CHECK_MEM(to, s->data + at, LEN);
	}
	__atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* A reader has what he reads, however often his process is copied meanwhile. */
KTLS_TEST_TIMEOUT(race_fork_while_read, 120)
{
	pthread_t writer, reader;
	static struct forks s;
	pid_t pid;

	s = (struct forks){ .data = test_data(FORKED), .room = map_room() };
	forge_open(&s.f, &case13);
	forge_start(&s.f, s.data, FORKED, LEN);
	CHECK_EQ(pthread_create(&writer, NULL, write_beside, &s), 0);
	CHECK_EQ(pthread_create(&reader, NULL, read_all, &s), 0);
	while (!__atomic_load_n(&s.done, __ATOMIC_ACQUIRE)) {
		pid = CHECK_SYS(fork());
		if (!pid)
			_exit(0);
		CHECK_EQ(CHECK_SYS(waitpid(pid, NULL, 0)), pid);
	}
	CHECK_EQ(pthread_join(reader, NULL), 0);
	CHECK_EQ(pthread_join(writer, NULL), 0);
	forge_join(&s.f);
	forge_close(&s.f);
	CHECK_SYS(munmap(s.room, ROOM));
}
