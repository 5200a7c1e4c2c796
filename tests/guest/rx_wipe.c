// SPDX-License-Identifier: GPL-2.0
/*
 * Where plaintext is left in the machine's memory: all of it is searched, free
 * pages too, for eight bytes that are repeated in a record. The test itself
 * keeps them with all bits inverted, and its peer sends only what is sealed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "../kmod/ktls_reader.h"
#include "fault.h"
#include "forge.h"
#include "late.h"

#define FULL 16384

/* Where records may be opened in place */
static u8 buf[FULL] __attribute((aligned(4096)));
static u8 inverted[8];

/* Pages of memory that have the secret; there are none before it arrives. */
static int count_pages(void)
{
	return kmod_get("ktls_scan", "pages");
}

static void wipe_open(struct forge *f, const struct tls_case *tc,
		      const struct tcp_opts *opts)
{
	u64 word;

	kmod_load("ktls_scan");
	CHECK_EQ(getrandom(inverted, sizeof(inverted), 0), sizeof(inverted));
	memcpy(&word, inverted, sizeof(word));
	kmod_set("ktls_scan", "pattern", word);
	forge_open_opts(f, tc, opts);
}

/*
 * Whoever handles the secret leaves it in vector registers, which the kernel
 * saves when it switches tasks. Not zeros: for those it would save nothing.
 */
static void wipe_registers(void)
{
#ifdef __x86_64__
	static const float junk = 1;

	if (__builtin_cpu_supports("avx"))
		asm volatile(".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
			     "vbroadcastss %0, %%ymm\\r\n\t"
			     ".endr"
			     : : "m" (junk)
			     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
			       "xmm12", "xmm13", "xmm14", "xmm15");
	/* What it saved before must go, too: let it save these */
	usleep(1);
#endif
}

/* A record of it in f->wire, and no other trace. */
static void make_secret(struct forge *f, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = inverted[i % sizeof(inverted)] ^ 0xff;
	forge_make(f, RECORD_DATA, buf, len);
	explicit_bzero(buf, sizeof(buf));
	wipe_registers();
	CHECK_EQ(count_pages(), 0);
}

/*
 * A record of it whose tag is wrong: a driver may well decrypt before it finds
 * out. All the ciphers add a key stream to the plaintext, so that the sealed
 * record of other bytes can be changed into that of the secret.
 */
static void make_bad_secret(struct forge *f, size_t len)
{
	size_t start, i;

	for (i = 0; i < len; i++)
		buf[i] = inverted[i % sizeof(inverted)];
	forge_make(f, RECORD_DATA, buf, len);
	start = f->len - SUITE_TAG_SIZE - (f->tc->version == TLS13) - len;
	for (i = 0; i < len; i++)
		f->wire[start + i] ^= 0xff;
}

/*
 * An opened record is in memory, otherwise the search would be worth nothing.
 * Returns in how many pages.
 */
static int open_secret(struct forge *f)
{
	int pages;

	CHECK_EQ(recv(f->fd, buf, 1, MSG_PEEK), 1);
	pages = count_pages();
	CHECK(pages > 0);
	return pages;
}

static void read_secret(struct forge *f, size_t len)
{
	size_t i;

	CHECK_EQ(recv(f->fd, buf, len, MSG_WAITALL), (ssize_t)len);
	for (i = 0; i < len; i++)
		CHECK_EQ(buf[i] ^ 0xff, inverted[i % sizeof(inverted)]);
	explicit_bzero(buf, sizeof(buf));
	wipe_registers();
}

KTLS_TEST_EACH(wiped_bad_record, each_cipher, const struct tls_case *, tc)
{
	struct forge f;

	wipe_open(&f, tc, NULL);
	make_bad_secret(&f, FULL);
	forge_write(&f);
	CHECK_ERRNO(recv(f.fd, buf, 1, 0), EBADMSG);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
	CHECK_EQ(count_pages(), 0);
}

/* Opened where the reader wants it, or it would have been. */
KTLS_TEST_EACH(wiped_bad_record_direct, each_cipher, const struct tls_case *,
	       tc)
{
	struct forge f;

	wipe_open(&f, tc, NULL);
	make_bad_secret(&f, FULL);
	forge_write(&f);
	CHECK_ERRNO(recv(f.fd, buf, FULL, 0), EBADMSG);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
}

/* The reader has it, nobody else does. */
KTLS_TEST_EACH(wiped_after_direct_read, each_version, const struct tls_case *,
	       tc)
{
	const size_t len = FULL - 100;
	struct forge f;

	wipe_open(&f, tc, NULL);
	make_secret(&f, len);
	forge_write(&f);
	read_secret(&f, len);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
}

/* Its tag is right, and it was decrypted; and yet the driver had an error. */
KTLS_TEST_EACH(wiped_late_error, each_late, const struct tls_case *, tc)
{
	struct forge f;

	late_reset();
	wipe_open(&f, tc, NULL);
	make_secret(&f, FULL);
	forge_write(&f);
	late_fail(0, EIO);
	CHECK_ERRNO(recv(f.fd, buf, FULL, 0), EBADMSG);
	CHECK_EQ(late_count("failed"), 1);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
	CHECK_EQ(count_pages(), 0);
}

/* The peer could not send all of it before a part was taken. */
KTLS_TEST_EACH(wiped_bad_record_in_parts, each_version,
	       const struct tls_case *, tc)
{
	const struct tcp_opts opts = { .local_rcvbuf = 4096 };
	struct forge f;

	wipe_open(&f, tc, &opts);
	make_bad_secret(&f, FULL);
	tcp_write_full(f.peer, f.wire, f.len);
	CHECK_ERRNO(recv(f.fd, buf, 1, 0), EBADMSG);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
}

/* Memory is had in single pages, of which the socket keeps one. */
KTLS_TEST_EACH(wiped_bad_record_in_pages, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;

	fault_load();
	fault_set("pass", 1 << 20);
	fault_set("alloc_page", getpid());
	wipe_open(&f, tc, NULL);
	/* Much of the last page, which is kept, is the record's */
	make_bad_secret(&f, FULL - 1000);
	forge_write(&f);
	CHECK_ERRNO(recv(f.fd, buf, 1, 0), EBADMSG);
	CHECK(fault_count() > 0);
	CHECK_EQ(count_pages(), 0);
	forge_close(&f);
}

KTLS_TEST_EACH(wiped_after_read, each_version, const struct tls_case *, tc)
{
	struct forge f;

	wipe_open(&f, tc, NULL);
	make_secret(&f, FULL);
	forge_write(&f);
	open_secret(&f);
	read_secret(&f, FULL);
	forge_close(&f);
	CHECK_EQ(count_pages(), 0);
}

/* A small record stands in a page that the socket keeps. */
KTLS_TEST_EACH(wiped_small_records, each_version, const struct tls_case *, tc)
{
	struct forge f;
	int i;

	wipe_open(&f, tc, NULL);
	for (i = 0; i < 3; i++) {
		make_secret(&f, 1000);
		forge_write(&f);
		open_secret(&f);
		read_secret(&f, 1000);
		forge_close(&f);
		CHECK_EQ(count_pages(), 0);
		forge_open(&f, tc);
	}
}

/* Opened, and never read. */
KTLS_TEST_EACH(wiped_at_close, each_version, const struct tls_case *, tc)
{
	struct forge f;

	wipe_open(&f, tc, NULL);
	make_secret(&f, FULL);
	forge_write(&f);
	open_secret(&f);
	forge_close(&f);
	CHECK_EQ(count_pages(), 0);
}

/* A pipe that has room for one page of four: that one is the reader's. */
KTLS_TEST_EACH(wiped_after_short_splice, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	int fds[2];
	int pages;

	wipe_open(&f, tc, NULL);
	CHECK_SYS(pipe(fds));
	CHECK_SYS(fcntl(fds[1], F_SETPIPE_SZ, 4096));
	make_secret(&f, FULL);
	forge_write(&f);
	pages = open_secret(&f);
	CHECK_EQ(splice(f.fd, NULL, fds[1], NULL, FULL, SPLICE_F_NONBLOCK),
		 4096);
	CHECK_EQ(count_pages(), pages + 1);
	read_secret(&f, FULL - 4096);
	forge_close(&f);
	CHECK_EQ(count_pages(), 1);
}

/* A reader in the kernel, who has looked and kept nothing. */
KTLS_TEST_EACH(wiped_after_read_sock, each_version, const struct tls_case *,
	       tc)
{
	struct ktls_reader_call call = { .size = FULL, .most = 3000 };
	struct forge f;
	int fd;

	kmod_load("ktls_reader");
	wipe_open(&f, tc, NULL);
	make_secret(&f, FULL);
	forge_write(&f);
	open_secret(&f);
	call.fd = f.fd;
	fd = CHECK_SYS(open("/dev/ktls_reader", O_RDWR | O_CLOEXEC));
	CHECK_SYS(ioctl(fd, KTLS_READER_CALL, &call));
	CHECK_EQ(call.ret, FULL);
	forge_close(&f);
	CHECK_EQ(count_pages(), 0);
}
