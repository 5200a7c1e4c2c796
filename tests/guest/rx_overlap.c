// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that overlap, repeat and overtake each other. A raw socket sends
 * them in the name of the peer, whose own TCP is made deaf, since it would
 * complain of acknowledgments for what it has not sent.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"
#include "reader.h"
#include "tools.h"

#define SEGMENT_MAX 1400

struct injector {
	struct forge f;
	int raw;
	u32 seq;		/* of the first byte of wire */
	u32 ack;
	struct sockaddr_in from, to;
	u8 *wire;
	size_t len;
};

/* Written without options: TCP would expect a time stamp in each segment. */
static void no_timestamps(void)
{
	int fd = CHECK_SYS(open("/proc/sys/net/ipv4/tcp_timestamps",
				O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, "0", 1), 1);
	close(fd);
}

static u32 queue_seq(int fd, int queue)
{
	tcp_set_int(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	return tcp_get_int(fd, IPPROTO_TCP, TCP_QUEUE_SEQ);
}

static void deafen(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &drop };

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			     sizeof(prog)));
}

static void injector_open(struct injector *j, const struct tls_case *tc)
{
	enum { RECV_QUEUE = 1, SEND_QUEUE = 2 };
	socklen_t len = sizeof(j->from);

	own_netns();
	no_timestamps();
	memset(j, 0, sizeof(*j));
	forge_open(&j->f, tc);
	deafen(j->f.peer);
	tcp_set_int(j->f.peer, IPPROTO_TCP, TCP_REPAIR, 1);
	j->seq = queue_seq(j->f.peer, SEND_QUEUE);
	j->ack = queue_seq(j->f.peer, RECV_QUEUE);
	CHECK_SYS(getsockname(j->f.peer, (struct sockaddr *)&j->from, &len));
	CHECK_SYS(getpeername(j->f.peer, (struct sockaddr *)&j->to, &len));
	j->raw = CHECK_SYS(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
}

/* Records of random sizes that carry test_data(total). */
static void injector_seal(struct injector *j, size_t total)
{
	const u8 *data = test_data(total);
	unsigned int seed = 9;
	size_t done, n;

	j->wire = malloc(3 * total + 100);
	CHECK(j->wire);
	for (done = 0; done < total; done += n) {
		n = 1 + rand_r(&seed) % 3000;
		if (n > total - done)
			n = total - done;
		forge_make(&j->f, RECORD_DATA, data + done, n);
		memcpy(j->wire + j->len, j->f.wire, j->f.len);
		j->len += j->f.len;
	}
}

static u32 sum(const void *data, size_t len)
{
	const u8 *p = data;
	u32 total = 0;
	size_t i;

	for (i = 0; i < len; i++)
		total += i & 1 ? p[i] : p[i] << 8;
	return total;
}

static u16 checksum(const struct injector *j, const void *segment, size_t len)
{
	u32 total = sum(&j->from.sin_addr, 4) + sum(&j->to.sin_addr, 4) +
		    IPPROTO_TCP + len + sum(segment, len);

	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons(~total);
}

/* One segment with these bytes of wire, in the peer's name. */
static void inject(struct injector *j, size_t from, size_t len)
{
	u8 segment[sizeof(struct tcphdr) + SEGMENT_MAX];
	struct tcphdr *th = (struct tcphdr *)segment;
	struct sockaddr_in to = j->to;
	size_t size = sizeof(*th) + len;

	CHECK(len <= SEGMENT_MAX && from + len <= j->len);
	memset(th, 0, sizeof(*th));
	th->source = j->from.sin_port;
	th->dest = j->to.sin_port;
	th->seq = htonl(j->seq + from);
	th->ack_seq = htonl(j->ack);
	th->doff = sizeof(*th) / 4;
	th->ack = 1;
	th->psh = 1;
	th->window = htons(60000);
	memcpy(th + 1, j->wire + from, len);
	th->check = checksum(j, segment, size);
	to.sin_port = 0;
	CHECK_EQ(sendto(j->raw, segment, size, 0, (struct sockaddr *)&to,
			sizeof(to)), size);
}

/* Reads what is whole by now. */
static size_t take(struct injector *j, u8 *buf, size_t size)
{
	ssize_t n = recv(j->f.fd, buf, size, MSG_DONTWAIT);

	if (n < 0)
		CHECK_ERRNO(n, EAGAIN);
	return n < 0 ? 0 : n;
}

/* Steps of random length, each with something from before and beyond it. */
static void overlap(struct injector *j, size_t total, bool overtake)
{
	unsigned int dice = 4;
	u8 *back = malloc(total + 1);
	size_t at, n, from, got = 0;

	CHECK(back);
	for (at = 0; at < j->len; at += n) {
		n = 1 + rand_r(&dice) % 500;
		if (n > j->len - at)
			n = j->len - at;
		from = rand_r(&dice) % 400;
		from = at - (at < from ? at : from);
		if (overtake && j->len - at > 1500)
			inject(j, at + rand_r(&dice) % 900,
			       1 + rand_r(&dice) % 600);
		inject(j, from, at + n - from);
		if (rand_r(&dice) & 1)
			inject(j, from, (at + n - from) / 2 + 1);
		if (rand_r(&dice) % 3 == 0)
			got += take(j, back + got, total + 1 - got);
	}
	while (got < total) {
		CHECK(tcp_poll(j->f.fd, POLLIN, TCP_WAIT_MS));
		got += take(j, back + got, total + 1 - got);
	}
	CHECK_EQ(got, total);
	CHECK_MEM(back, test_data(total), total);
	expect_nothing(&j->f);
}

KTLS_TEST_EACH(overlapping_segments, each_version, const struct tls_case *, tc)
{
	static struct injector j;

	injector_open(&j, tc);
	injector_seal(&j, 40000);
	overlap(&j, 40000, false);
}

KTLS_TEST_EACH(overlapping_segments_out_of_order, each_version,
	       const struct tls_case *, tc)
{
	static struct injector j;

	injector_open(&j, tc);
	injector_seal(&j, 40000);
	overlap(&j, 40000, true);
}

/* A record whose first half comes again, in one piece with the second. */
KTLS_TEST_EACH(overlap_within_record, each_version, const struct tls_case *,
	       tc)
{
	static struct injector j;

	injector_open(&j, tc);
	injector_seal(&j, 1);
	inject(&j, 0, 5);
	CHECK(!readable(j.f.fd));
	inject(&j, 3, 9);
	inject(&j, 0, 12);
	CHECK(!readable(j.f.fd));
	inject(&j, 14, j.len - 14);
	CHECK(!readable(j.f.fd));
	inject(&j, 1, 14);
	CHECK(tcp_poll(j.f.fd, POLLIN, TCP_WAIT_MS));
	expect_record(&j.f, RECORD_DATA, test_data(1), 1);
}
