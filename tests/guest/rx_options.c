// SPDX-License-Identifier: GPL-2.0
/*
 * What TCP's own options and ioctls do on a socket that opens records: what
 * they do on any other, or nothing but say so.
 */
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "forge.h"
#include "reader.h"

static int inq(int fd)
{
	int n = -1;

	CHECK_SYS(ioctl(fd, SIOCINQ, &n));
	return n;
}

/* Payload that the next read can give, not what is on the wire. */
KTLS_TEST_EACH(inq_counts_payload, each_cipher, const struct tls_case *, tc)
{
	struct forge f;
	u8 buf[300];

	forge_open(&f, tc);
	CHECK_EQ(inq(f.fd), 0);
	forge_make(&f, RECORD_DATA, test_data(300), 300);
	forge_piece(&f, 0, f.len - 1);
	CHECK_EQ(inq(f.fd), 0);
	forge_piece(&f, f.len - 1, f.len);
	CHECK_EQ(inq(f.fd), 300);
	CHECK_EQ(recv(f.fd, buf, 100, MSG_PEEK), 100);
	CHECK_EQ(inq(f.fd), 300);
	CHECK_EQ(recv(f.fd, buf, 100, 0), 100);
	CHECK_EQ(inq(f.fd), 200);
	forge_data(&f, "fifty", 5);
	CHECK_EQ(inq(f.fd), 205);
	CHECK_EQ(recv(f.fd, buf, 300, 0), 205);
	CHECK_EQ(inq(f.fd), 0);
	forge_close(&f);
}

/* Of several whole records only the next is counted, and all opened ones. */
KTLS_TEST_EACH(inq_of_several_records, each_version, const struct tls_case *,
	       tc)
{
	struct forge f;
	u8 buf[100];

	forge_open(&f, tc);
	forge_data(&f, "four", 4);
	forge_data(&f, "five5", 5);
	forge_data(&f, "sixsix", 6);
	CHECK_EQ(inq(f.fd), 4);
	CHECK_EQ(recv(f.fd, buf, 9, MSG_PEEK), 9);
	CHECK_EQ(inq(f.fd), 15);
	CHECK_EQ(recv(f.fd, buf, 5, 0), 5);
	CHECK_EQ(inq(f.fd), 10);
	CHECK_EQ(recv(f.fd, buf, 100, 0), 10);
	CHECK_EQ(inq(f.fd), 0);
	forge_close(&f);
}

KTLS_TEST(inq_is_plain_without_key)
{
	struct forge f;

	forge_attach(&f, &case13, NULL);
	forge_raw(&f, "plain", 5);
	CHECK_EQ(inq(f.fd), 5);
	forge_close(&f);
}

/* A broken stream has nothing to give. */
KTLS_TEST_EACH(inq_of_broken_stream, each_version, const struct tls_case *, tc)
{
	struct forge f;

	forge_open(&f, tc);
	forge_bad(&f, RECORD_DATA, "bad", 3);
	forge_data(&f, "good", 4);
	expect_error(&f, EBADMSG);
	CHECK_EQ(inq(f.fd), 0);
	forge_close(&f);
}

/* Peeking at an offset is neither done wrongly nor promised. */
KTLS_TEST(peek_off_is_refused)
{
	struct forge f;
	int off = 3;

	forge_attach(&f, &case13, NULL);
	if (!setsockopt(f.fd, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)))
		CHECK_ERRNO(forge_set_key(&f), EOPNOTSUPP);
	else
		CHECK_EQ(errno, EOPNOTSUPP);
	forge_close(&f);

	forge_open(&f, &case13);
	CHECK_ERRNO(setsockopt(f.fd, SOL_SOCKET, SO_PEEK_OFF, &off,
			       sizeof(off)), EOPNOTSUPP);
	forge_data(&f, "hello", 5);
	expect_peek(&f, RECORD_DATA, "hello", 5);
	forge_close(&f);
}

/* It would map pages of the ciphertext. */
KTLS_TEST(zerocopy_receive_is_refused)
{
	struct tcp_zerocopy_receive zc = { .length = 4096 };
	socklen_t len = sizeof(zc);
	struct forge f;
	void *map;

	forge_open(&f, &case13);
	forge_data(&f, "hello", 5);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, f.fd, 0);
	if (map != MAP_FAILED)
		zc.address = (u64)(unsigned long)map;
	CHECK_ERRNO(getsockopt(f.fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &zc,
			       &len), EOPNOTSUPP);
	expect_record(&f, RECORD_DATA, "hello", 5);
	forge_close(&f);
}

/* A reader that would rather spin than sleep gets the same bytes. */
/* A kernel for real time may be built without. */
static void set_busy_poll(int fd, int usecs)
{
	int ret = setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &usecs,
			     sizeof(usecs));

	if (ret && errno == ENOPROTOOPT)
		SKIP("this kernel has no SO_BUSY_POLL");
	CHECK_SYS(ret);
}

KTLS_TEST_EACH(busy_poll_does_no_harm, each_version, const struct tls_case *,
	       tc)
{
	const u8 *data = test_data(200000);
	struct forge f;

	forge_open(&f, tc);
	set_busy_poll(f.fd, 1000);
	forge_data(&f, "hello", 5);
	CHECK(readable(f.fd));
	expect_record(&f, RECORD_DATA, "hello", 5);
	CHECK(!readable(f.fd));
	forge_start(&f, data, 200000, 3000);
	expect_data(&f, data, 200000);
	forge_join(&f);
	forge_close(&f);
}

/* Bytes that are opened and those that are not count together. */
KTLS_TEST_EACH(lowat_counts_opened_bytes, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 100 };
	struct forge f;
	u8 buf[100];

	forge_open(&f, tc);
	forge_data(&f, test_data(160), 160);
	CHECK_EQ(recv(f.fd, buf, 100, 0), 100);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVLOWAT, 100);
	r.fd = f.fd;
	reader_start_asleep(&r);
	forge_data(&f, test_data(60), 60);
	CHECK_EQ(reader_join(&r), 100);
	CHECK_MEM(r.buf, test_data(160) + 100, 60);
	CHECK_MEM((u8 *)r.buf + 60, test_data(60), 40);
	forge_close(&f);
}

/* poll knows nothing of the mark, as little as it does of the read's size. */
KTLS_TEST_EACH(lowat_does_not_hide_records, each_version,
	       const struct tls_case *, tc)
{
	struct forge f;
	int epfd;

	forge_open(&f, tc);
	epfd = edge_new(f.fd);
	tcp_set_int(f.fd, SOL_SOCKET, SO_RCVLOWAT, 1000);
	forge_data(&f, "hello", 5);
	CHECK(readable(f.fd));
	CHECK(edge_fired(epfd, 0));
	expect_got(&f, 5, MSG_DONTWAIT, RECORD_DATA, "hello", 5, true);
	forge_close(&f);
}
