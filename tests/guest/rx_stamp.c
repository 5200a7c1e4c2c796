// SPDX-License-Identifier: GPL-2.0
/*
 * When data arrived: SO_TIMESTAMP and its kin, as on a plain socket.
 */
#include <linux/net_tstamp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "forge.h"
#include "reader.h"

#define NSEC 1000000000ll

struct stamp {
	unsigned int count;	/* control messages other than TLS's */
	int type;
	long long time;		/* ns since the epoch */
	int flags;		/* msg_flags */
};

static long long now(void)
{
	struct timespec ts;

	CHECK_SYS(clock_gettime(CLOCK_REALTIME, &ts));
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static long long stamp_time(const struct cmsghdr *cmsg)
{
	struct timespec ts;
	struct timeval tv;

	if (cmsg->cmsg_type == SCM_TIMESTAMP) {
		memcpy(&tv, CMSG_DATA(cmsg), sizeof(tv));
		return tv.tv_sec * NSEC + tv.tv_usec * 1000;
	}
	/* SCM_TIMESTAMPING has three, the first of which is the software's. */
	memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

/* One recvmsg() of len bytes, with room bytes for control messages. */
static struct stamp stamp_of(int fd, size_t len, size_t room, int flags)
{
	char control[512] __attribute((aligned(8))), buf[100];
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = room,
	};
	struct stamp stamp = {};
	struct cmsghdr *cmsg;

	CHECK_EQ(CHECK_SYS(recvmsg(fd, &msg, flags)), len);
	stamp.flags = msg.msg_flags;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		stamp.count++;
		stamp.type = cmsg->cmsg_type;
		stamp.time = stamp_time(cmsg);
	}
	return stamp;
}

/*
 * The kernel begins to stamp some time after the first socket has asked for
 * it. A plain socket that has the option, and keeps it, shows when.
 */
static struct tcp_pair stamps_begin(void)
{
	struct tcp_pair plain;
	unsigned int count;

	tcp_open(&plain, &(struct tcp_opts){});
	tcp_set_int(plain.local, SOL_SOCKET, SO_TIMESTAMP, 1);
	do {
		tcp_write_full(plain.peer, "x", 1);
		CHECK(tcp_poll(plain.local, POLLIN, TCP_WAIT_MS));
		count = stamp_of(plain.local, 1, 512, 0).count;
	} while (!count);
	return plain;
}

static struct tcp_pair open_with(struct forge *f, const struct tls_case *tc,
				 int option, int value)
{
	struct tcp_pair plain = stamps_begin();

	forge_open(f, tc);
	tcp_set_int(f->fd, SOL_SOCKET, option, value);
	return plain;
}

static const struct stamp_option {
	int name;
	int value;
} options[] = {
	{ SO_TIMESTAMP, 1 },
	{ SO_TIMESTAMPNS, 1 },
	{ SO_TIMESTAMPING,
	  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE },
};

/* One for each call, and it lies between sending and reading. */
KTLS_TEST_EACH(stamp_tells_when_record_came, each_version,
	       const struct tls_case *, tc)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct tcp_pair plain;
		long long before;
		struct stamp s;
		struct forge f;

		plain = open_with(&f, tc, options[i].name, options[i].value);
		/* SO_TIMESTAMP tells microseconds. */
		before = now() / 1000 * 1000;
		forge_data(&f, "hello", 5);
		s = stamp_of(f.fd, 5, 512, 0);
		CHECK_EQ(s.count, 1);
		CHECK_EQ(s.type, options[i].name);
		CHECK(!(s.flags & MSG_CTRUNC));
		CHECK(s.time >= before && s.time <= now());
		forge_close(&f);
		tcp_close(&plain);
	}
}

/* Of a record in segments, and of several records, the last byte counts. */
KTLS_TEST_EACH(stamp_is_of_last_byte, each_version, const struct tls_case *,
	       tc)
{
	struct tcp_pair plain;
	long long between;
	struct forge f;

	plain = open_with(&f, tc, SO_TIMESTAMPNS, 1);
	forge_make(&f, RECORD_DATA, "hello", 5);
	forge_piece(&f, 0, f.len - 1);
	between = now();
	forge_piece(&f, f.len - 1, f.len);
	CHECK(stamp_of(f.fd, 5, 512, 0).time >= between);

	forge_data(&f, "one", 3);
	between = now();
	forge_data(&f, "two", 3);
	CHECK(stamp_of(f.fd, 6, 512, 0).time >= between);
	forge_close(&f);
	tcp_close(&plain);
}

/* A look at later records does not make an earlier one younger. */
KTLS_TEST_EACH(stamp_stays_with_its_record, each_version,
	       const struct tls_case *, tc)
{
	struct tcp_pair plain;
	long long between;
	struct forge f;

	plain = open_with(&f, tc, SO_TIMESTAMPNS, 1);
	forge_data(&f, "one", 3);
	/* Opened before TCP merges the segments. */
	CHECK(stamp_of(f.fd, 3, 512, MSG_PEEK).time <= now());
	between = now();
	forge_data(&f, "two", 3);
	CHECK(stamp_of(f.fd, 6, 512, MSG_PEEK).time >= between);
	CHECK(stamp_of(f.fd, 1, 512, 0).time <= between);
	CHECK(stamp_of(f.fd, 2, 512, 0).time <= between);
	CHECK(stamp_of(f.fd, 3, 512, 0).time >= between);
	forge_close(&f);
	tcp_close(&plain);
}

/* The kernel stamps all there is, but only who asks is told. */
KTLS_TEST_EACH(stamp_only_if_asked, each_version, const struct tls_case *, tc)
{
	struct tcp_pair plain;
	struct forge f;

	plain = open_with(&f, tc, SO_TIMESTAMP, 0);
	forge_data(&f, "hello", 5);
	CHECK_EQ(stamp_of(f.fd, 5, 512, 0).count, 0);
	forge_close(&f);
	tcp_close(&plain);
}

/* Room for the record's type alone: the reader learns that something is cut. */
KTLS_TEST_EACH(stamp_without_room, each_version, const struct tls_case *, tc)
{
	struct tcp_pair plain;
	struct stamp s;
	struct forge f;

	plain = open_with(&f, tc, SO_TIMESTAMP, 1);
	forge_data(&f, "hello", 5);
	s = stamp_of(f.fd, 5, CMSG_SPACE(1), 0);
	CHECK_EQ(s.count, 0);
	CHECK(s.flags & MSG_CTRUNC);
	forge_close(&f);
	tcp_close(&plain);
}
