// SPDX-License-Identifier: GPL-2.0
/* The control buffer of sendmsg(): what is malformed, refused, honoured. */
#include <time.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

#include "ktls.h"
#include "tools.h"

#ifndef SCM_TXTIME
#define SCM_TXTIME 61
#endif

/* One control message; len counts its data. */
struct one {
	int level;
	int type;
	size_t len;
	u32 value;
};

#define CONTROL_SIZE 256

/* Adds to a zeroed buffer of CONTROL_SIZE bytes. */
static void add(struct msghdr *msg, const struct one *o)
{
	struct cmsghdr *cmsg;

	cmsg = (void *)((char *)msg->msg_control + msg->msg_controllen);
	cmsg->cmsg_level = o->level;
	cmsg->cmsg_type = o->type;
	cmsg->cmsg_len = CMSG_LEN(o->len);
	/* A record type is one byte, the first one; all else is an int. */
	if (o->level == SOL_TLS)
		*CMSG_DATA(cmsg) = o->value;
	else
		memcpy(CMSG_DATA(cmsg), &o->value, sizeof(o->value));
	msg->msg_controllen += CMSG_SPACE(o->len);
}

static ssize_t send_with(struct conn *c, const char *text, int flags,
			 const struct one *list, size_t count)
{
	struct iovec iov = { (void *)text, strlen(text) };
	u64 control[CONTROL_SIZE / 8] = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
	};
	size_t i;

	for (i = 0; i < count; i++)
		add(&msg, &list[i]);
	return sendmsg(c->fd, &msg, flags);
}

static void expect_refused(struct conn *c, const struct one *list, size_t count,
			   int err)
{
	CHECK_ERRNO(send_with(c, "bad", 0, list, count), err);
	CHECK_ERRNO(send_with(c, "", 0, list, count), err);
	CHECK_ERRNO(send_with(c, "bad", MSG_DONTWAIT, list, count), err);
}

/* Each is refused alone, beside a record type, and changes nothing. */
static void check_refused(const struct tls_case *tc, const struct one *list,
			  size_t count, int err)
{
	struct one two[2] = {
		{ SOL_TLS, TLS_SET_RECORD_TYPE, 1, RECORD_ALERT },
	};
	struct conn c;
	size_t i;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	for (i = 0; i < count; i++) {
		expect_refused(&c, &list[i], 1, err);
		two[1] = list[i];
		expect_refused(&c, two, 2, err);
	}
	CHECK_EQ(outq(c.fd), 4);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
	conn_check_tx(&c);
}

KTLS_TEST_EACH(cmsg_bad_tls, each_version, const struct tls_case *, tc)
{
	static const struct one bad[] = {
		{ SOL_TLS, 0, 1, 22 },
		{ SOL_TLS, TLS_GET_RECORD_TYPE, 1, 22 },
		{ SOL_TLS, 3, 1, 22 },
		{ SOL_TLS, 99, 1, 22 },
		{ SOL_TLS, TLS_SET_RECORD_TYPE, 0, 22 },
	};

	check_refused(tc, bad, ARRAY_SIZE(bad), EINVAL);
}

KTLS_TEST_EACH(cmsg_longer_record_type, each_version, const struct tls_case *,
	       tc)
{
	static const struct one type = {
		SOL_TLS, TLS_SET_RECORD_TYPE, 4, RECORD_ALERT,
	};
	struct conn c;

	conn_open(&c, tc);
	CHECK_EQ(send_with(&c, "alert", 0, &type, 1), 5);
	peer_expect(&c, RECORD_ALERT, "alert", 5);
}

static ssize_t send_malformed(struct conn *c, size_t cmsg_len, size_t size)
{
	u64 control[CONTROL_SIZE / 8] = { 0 };
	struct cmsghdr *cmsg = (void *)control;
	struct iovec iov = { "bad", 3 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = size,
	};

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = cmsg_len;
	*CMSG_DATA(cmsg) = RECORD_ALERT;
	return sendmsg(c->fd, &msg, 0);
}

KTLS_TEST_EACH(cmsg_malformed, each_version, const struct tls_case *, tc)
{
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(send_malformed(&c, 0, CMSG_SPACE(1)), EINVAL);
	CHECK_ERRNO(send_malformed(&c, CMSG_LEN(0) - 1, CMSG_SPACE(1)), EINVAL);
	CHECK_ERRNO(send_malformed(&c, CMSG_SPACE(1) + 1, CMSG_SPACE(1)),
		    EINVAL);
	CHECK_ERRNO(send_malformed(&c, -1, CMSG_SPACE(1)), EINVAL);
	CHECK_ERRNO(send_malformed(&c, CMSG_LEN(1), CMSG_LEN(0)), EINVAL);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

/* What a plain socket calls invalid */
KTLS_TEST_EACH(cmsg_foreign_invalid, each_family, const struct tls_case *, tc)
{
	static const struct one bad[] = {
		{ SOL_SOCKET, 9999, 4, 0 },
		{ SOL_SOCKET, 0, 4, 0 },
		{ SOL_SOCKET, SO_TIMESTAMPING, 1, SOF_TIMESTAMPING_TX_ACK },
		{ SOL_SOCKET, SO_TIMESTAMPING, 4,
		  SOF_TIMESTAMPING_RX_SOFTWARE },
		{ SOL_SOCKET, SO_TIMESTAMPING, 4, 1u << 31 },
		{ SOL_SOCKET, SO_MARK, 1, 0 },
		{ SOL_SOCKET, SCM_TXTIME, 8, 0 },
	};

	check_refused(tc, bad, ARRAY_SIZE(bad), EINVAL);
}

/* What TCP would pass over in silence */
KTLS_TEST_EACH(cmsg_foreign_refused, each_family, const struct tls_case *, tc)
{
	static const struct one foreign[] = {
		{ SOL_SOCKET, SCM_RIGHTS, 4, 0 },
		{ SOL_SOCKET, SO_MARK, 4, 0 },
		{ IPPROTO_IP, IP_TTL, 4, 64 },
		{ IPPROTO_IP, 9999, 4, 64 },
		{ IPPROTO_IPV6, IPV6_HOPLIMIT, 4, 64 },
		{ IPPROTO_UDP, 103, 2, 100 },
		{ IPPROTO_TCP, 1, 4, 1 },
		{ 0xffff, 1, 4, 1 },
		{ -1, -1, 0, 0 },
	};

	check_refused(tc, foreign, ARRAY_SIZE(foreign), EOPNOTSUPP);
}

/* Before the key they are TCP's affair. */
KTLS_TEST_EACH(cmsg_plain_before_key, each_family, const struct tls_case *, tc)
{
	static const struct one ignored = { IPPROTO_IP, IP_TTL, 4, 64 };
	static const struct one bad = { SOL_SOCKET, 9999, 4, 0 };
	struct conn c;
	char buf[5];

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_EQ(send_with(&c, "plain", 0, &ignored, 1), 5);
	tcp_read_full(c.peer, buf, 5);
	CHECK_ERRNO(send_with(&c, "plain", 0, &bad, 1), EINVAL);
}

static const struct one on_ack = {
	SOL_SOCKET, SO_TIMESTAMPING, 4, SOF_TIMESTAMPING_TX_ACK,
};

/* TCP sees a control buffer only where pages come to it by sendmsg(). */
static bool can_carry(void)
{
	return kernel_has("skb_splice_from_iter");
}

static void open_with_timestamps(struct conn *c, const struct tls_case *tc)
{
	conn_open(c, tc);
	tcp_set_int(c->fd, SOL_SOCKET, SO_TIMESTAMPING,
		    SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		    SOF_TIMESTAMPING_OPT_TSONLY);
}

/* The next timestamp is that of the acknowledgement of byte number id. */
static void expect_timestamp(struct conn *c, u32 id)
{
	struct sock_extended_err err = { 0 };
	char control[512];
	struct msghdr msg = { .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;

	CHECK(tcp_poll(c->fd, POLLERR, TCP_WAIT_MS));
	CHECK_SYS(recvmsg(c->fd, &msg, MSG_ERRQUEUE));
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level != SOL_SOCKET)
			memcpy(&err, CMSG_DATA(cmsg), sizeof(err));
	CHECK_EQ(err.ee_origin, SO_EE_ORIGIN_TIMESTAMPING);
	CHECK_EQ(err.ee_info, SCM_TSTAMP_ACK);
	CHECK_EQ(err.ee_data, id);
}

/* Of the last byte that a call has put on the wire */
KTLS_TEST_EACH(cmsg_timestamp, each_family, const struct tls_case *, tc)
{
	const struct one control[2] = {
		{ SOL_TLS, TLS_SET_RECORD_TYPE, 1, RECORD_ALERT }, on_ack,
	};
	struct conn c;
	size_t wire;

	open_with_timestamps(&c, tc);
	if (!can_carry()) {
		CHECK_ERRNO(send_with(&c, "x", 0, &on_ack, 1), EOPNOTSUPP);
		SKIP("this kernel's TCP cannot carry a timestamp with pages");
	}
	CHECK_EQ(send_with(&c, "hello", 0, &on_ack, 1), 5);
	peer_expect(&c, RECORD_DATA, "hello", 5);
	wire = c.in.record.wire_len;
	expect_timestamp(&c, wire - 1);
	CHECK_EQ(send_with(&c, "alert", 0, control, 2), 5);
	peer_expect(&c, RECORD_ALERT, "alert", 5);
	wire += c.in.record.wire_len;
	expect_timestamp(&c, wire - 1);
	/* It was for that call alone. */
	conn_send(&c, "none", 4, 0);
	peer_expect(&c, RECORD_DATA, "none", 4);
	expect_outq(c.fd, 0);
	CHECK_ERRNO(recv(c.fd, &wire, 1, MSG_ERRQUEUE), EAGAIN);
}

KTLS_TEST_EACH(cmsg_timestamp_with_more, each_version, const struct tls_case *,
	       tc)
{
	struct conn c;

	if (!can_carry()) {
		check_refused(tc, &on_ack, 1, EOPNOTSUPP);
		return;
	}
	open_with_timestamps(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(send_with(&c, "bad", MSG_MORE, &on_ack, 1), EINVAL);
	peer_expect_quiet(&c);
	CHECK_EQ(send_with(&c, "ed", 0, &on_ack, 1), 2);
	peer_expect(&c, RECORD_DATA, "opened", 6);
	expect_timestamp(&c, c.in.record.wire_len - 1);
}
