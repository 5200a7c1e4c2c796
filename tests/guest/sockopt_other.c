// SPDX-License-Identifier: GPL-2.0
/* SOL_TLS options beside the key, and options of other levels. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

/* The key, its number and the stream are as they were. */
static void check_works(struct conn *c)
{
	conn_check_tx(c);
	conn_send(c, "works", 5, 0);
	peer_expect(c, RECORD_DATA, "works", 5);
	conn_check_tx(c);
}

static int set_u32(int fd, int name, u32 value, socklen_t len)
{
	u32 values[2] = { value, 0 };

	return setsockopt(fd, SOL_TLS, name, values, len);
}

static void check_zerocopy_ro(int fd)
{
	u32 value = 7;
	socklen_t len;

	CHECK_SYS(set_u32(fd, TLS_TX_ZEROCOPY_RO, 1, 4));
	CHECK_ERRNO(set_u32(fd, TLS_TX_ZEROCOPY_RO, 2, 4), EINVAL);
	CHECK_ERRNO(set_u32(fd, TLS_TX_ZEROCOPY_RO, ~0, 4), EINVAL);
	for (len = 0; len <= 8; len++) {
		socklen_t n = len;

		if (len == 4)
			continue;
		CHECK_ERRNO(set_u32(fd, TLS_TX_ZEROCOPY_RO, 0, len), EINVAL);
		CHECK_ERRNO(getsockopt(fd, SOL_TLS, TLS_TX_ZEROCOPY_RO, &value,
				       &n), EINVAL);
	}
	CHECK_ERRNO(setsockopt(fd, SOL_TLS, TLS_TX_ZEROCOPY_RO, NULL, 4),
		    EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_TLS, TLS_TX_ZEROCOPY_RO, bad_address(),
			       4), EFAULT);
	CHECK_EQ(tcp_get_int(fd, SOL_TLS, TLS_TX_ZEROCOPY_RO), 1);
	CHECK_SYS(set_u32(fd, TLS_TX_ZEROCOPY_RO, 0, 4));
	CHECK_EQ(tcp_get_int(fd, SOL_TLS, TLS_TX_ZEROCOPY_RO), 0);
}

KTLS_TEST_EACH(sockopt_zerocopy_ro, each_family, const struct tls_case *, tc)
{
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_EQ(tcp_get_int(c.fd, SOL_TLS, TLS_TX_ZEROCOPY_RO), 0);
	check_zerocopy_ro(c.fd);
	CHECK_SYS(set_u32(c.fd, TLS_TX_ZEROCOPY_RO, 1, 4));
	conn_set_tx(&c, NULL);
	CHECK_EQ(tcp_get_int(c.fd, SOL_TLS, TLS_TX_ZEROCOPY_RO), 1);
	check_zerocopy_ro(c.fd);
	check_works(&c);
}

static int get_max_payload(int fd)
{
	socklen_t len = 8;
	u16 value[4];

	CHECK_SYS(getsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, value, &len));
	CHECK_EQ(len, 2);
	return value[0];
}

static int set_max_payload_len(int fd, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, value, len);
}

/* The default is set; least is the smallest value allowed now. */
static void check_max_payload(int fd, int least)
{
	u16 value[4] = { 100 };
	socklen_t len;

	CHECK_EQ(get_max_payload(fd), 16384);
	for (len = 0; len <= 8; len++)
		if (len != 2)
			CHECK_ERRNO(set_max_payload_len(fd, value, len),
				    EINVAL);
	for (len = 0; len < 2; len++) {
		socklen_t n = len;

		CHECK_ERRNO(getsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN,
				       value, &n), EINVAL);
	}
	CHECK_ERRNO(set_max_payload_len(fd, NULL, 2), EINVAL);
	CHECK_ERRNO(set_max_payload_len(fd, bad_address(), 2), EFAULT);
	CHECK_ERRNO(ktls_set_max_payload(fd, 0), EINVAL);
	CHECK_ERRNO(ktls_set_max_payload(fd, least - 1), EINVAL);
	CHECK_ERRNO(ktls_set_max_payload(fd, 16385), EINVAL);
	CHECK_ERRNO(ktls_set_max_payload(fd, 65535), EINVAL);
	CHECK_EQ(get_max_payload(fd), 16384);
	CHECK_SYS(ktls_set_max_payload(fd, least));
	CHECK_EQ(get_max_payload(fd), least);
	CHECK_SYS(ktls_set_max_payload(fd, 16384));
}

KTLS_TEST_EACH(sockopt_max_payload, each_family, const struct tls_case *, tc)
{
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	check_max_payload(c.fd, 64);
	conn_set_tx(&c, NULL);
	check_max_payload(c.fd, tc->version == TLS13 ? 63 : 64);
	check_works(&c);
}

KTLS_TEST_EACH(sockopt_max_payload_open_record, each_version,
	       const struct tls_case *, tc)
{
	u16 value = 100;
	struct conn c;

	conn_open(&c, tc);
	conn_send(&c, "open", 4, MSG_MORE);
	CHECK_ERRNO(set_max_payload_len(c.fd, &value, 2), EBUSY);
	CHECK_ERRNO(set_max_payload_len(c.fd, &value, 1), EBUSY);
	CHECK_ERRNO(set_max_payload_len(c.fd, NULL, 2), EBUSY);
	CHECK_EQ(get_max_payload(c.fd), 16384);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
	CHECK_SYS(set_max_payload_len(c.fd, &value, 2));
}

/* TCP_REPAIR would write into TCP's queues past the record layer. */
KTLS_TEST_EACH(sockopt_tcp_repair, each_family, const struct tls_case *, tc)
{
	struct tls_keys now;
	struct conn c;
	int on = 1;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_REPAIR, 1);
	CHECK_ERRNO(ktls_set_tx(c.fd, tc->suite, tc->version, &c.tx), EBUSY);
	CHECK_ERRNO(ktls_get_tx(c.fd, tc->suite, &now), EBUSY);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_REPAIR, -1);
	conn_set_tx(&c, NULL);
	CHECK_ERRNO(setsockopt(c.fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)),
		    EOPNOTSUPP);
	check_works(&c);
}

/* TCP's own options go on working, in both directions. */
KTLS_TEST_EACH(sockopt_tcp_options, each_family, const struct tls_case *, tc)
{
	struct conn c;
	int one = 1;

	conn_open(&c, tc);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_EQ(tcp_get_int(c.fd, IPPROTO_TCP, TCP_NODELAY), 1);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
	CHECK_EQ(tcp_get_int(c.fd, IPPROTO_TCP, TCP_KEEPCNT), 5);
	tcp_set_int(c.fd, IPPROTO_IP, IP_TTL, 77);
	CHECK_EQ(tcp_get_int(c.fd, IPPROTO_IP, IP_TTL), 77);
	CHECK_ERRNO(setsockopt(c.fd, IPPROTO_TCP, 9999, &one, sizeof(one)),
		    ENOPROTOOPT);
	check_works(&c);
}

/* A sender asleep in plain TCP would go on behind the first record. */
KTLS_TEST_EACH(sockopt_set_under_plain_send, each_family,
	       const struct tls_case *, tc)
{
	const struct tcp_opts opts = { .sndbuf = 16384, .rcvbuf = 4096 };
	const size_t len = 400000;
	u8 *back = malloc(len);
	struct tls_keys now;
	struct send_call s = { .len = len };
	struct conn c;

	conn_connect(&c, tc, &opts);
	conn_attach(&c);
	s.fd = c.fd;
	s.data = test_data(len);
	call_start(&s);
	call_wait_asleep(&s);
	CHECK_ERRNO(ktls_set_tx(c.fd, tc->suite, tc->version, &c.tx), EBUSY);
	CHECK_ERRNO(ktls_get_tx(c.fd, tc->suite, &now), EBUSY);
	tcp_read_full(c.peer, back, len);
	CHECK_MEM(back, s.data, len);
	CHECK_EQ(call_join(&s), len);
	conn_set_tx(&c, NULL);
	check_works(&c);
}
