// SPDX-License-Identifier: GPL-2.0
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "ktls.h"

int diag_open(void)
{
	return CHECK_SYS(socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
}

static void read_tls(struct diag *d, struct rtattr *a)
{
	int len = RTA_PAYLOAD(a);
	struct rtattr *n;

	d->has_tls = true;
	for (n = RTA_DATA(a); RTA_OK(n, len); n = RTA_NEXT(n, len)) {
		if (n->rta_type >= DIAG_TLS_ATTRS)
			FAIL("attribute %u in the TLS nest", n->rta_type);
		CHECK_EQ(RTA_PAYLOAD(n), sizeof(u16));
		d->has[n->rta_type] = true;
		memcpy(&d->tls[n->rta_type], RTA_DATA(n), sizeof(u16));
	}
	CHECK_EQ(len, 0);
}

static void read_ulp(struct diag *d, struct rtattr *a)
{
	int len = RTA_PAYLOAD(a);
	struct rtattr *n;

	for (n = RTA_DATA(a); RTA_OK(n, len); n = RTA_NEXT(n, len)) {
		if (n->rta_type == INET_ULP_INFO_NAME)
			snprintf(d->ulp, sizeof(d->ulp), "%s",
				 (char *)RTA_DATA(n));
		if ((n->rta_type & NLA_TYPE_MASK) == INET_ULP_INFO_TLS)
			read_tls(d, n);
	}
}

static void read_socket(struct diag *d, struct nlmsghdr *h)
{
	struct inet_diag_msg *m = NLMSG_DATA(h);
	int len = h->nlmsg_len - NLMSG_LENGTH(sizeof(*m));
	struct rtattr *a;

	d->found = true;
	for (a = (struct rtattr *)(m + 1); RTA_OK(a, len); a = RTA_NEXT(a, len))
		if ((a->rta_type & NLA_TYPE_MASK) == INET_DIAG_ULP_INFO)
			read_ulp(d, a);
}

/* Of any socket: what is being made or freed shows nothing else either. */
static void check_sane(const struct diag *d)
{
	const u16 *tls = d->tls;

	/* The nest is empty once close() has begun. */
	if (!d->has[DIAG_TXCONF] || strcmp(d->ulp, ktls_ulp()))
		return;
	if (d->has[DIAG_VERSION])
		CHECK(tls[DIAG_VERSION] == TLS12 || tls[DIAG_VERSION] == TLS13);
	CHECK(tls[DIAG_TXCONF] == DIAG_CONF_BASE ||
	      tls[DIAG_TXCONF] == DIAG_CONF_SW);
	CHECK(tls[DIAG_RXCONF] == DIAG_CONF_BASE ||
	      tls[DIAG_RXCONF] == DIAG_CONF_SW);
	if (d->has[DIAG_TX_MAX_PAYLOAD_LEN])
		CHECK(tls[DIAG_TX_MAX_PAYLOAD_LEN] >= 63 &&
		      tls[DIAG_TX_MAX_PAYLOAD_LEN] <= 16384);
}

/* False at the end of the dump */
static bool read_messages(struct diag *d, void *buf, int len, u64 cookie)
{
	struct inet_diag_msg *m;
	struct nlmsghdr *h;
	struct diag one;

	for (h = buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return false;
		CHECK(h->nlmsg_type != NLMSG_ERROR);
		m = NLMSG_DATA(h);
		memset(&one, 0, sizeof(one));
		read_socket(&one, h);
		check_sane(&one);
		if (m->id.idiag_cookie[0] == (u32)cookie &&
		    m->id.idiag_cookie[1] == (u32)(cookie >> 32))
			*d = one;
	}
	return true;
}

void diag_get(int nl, int fd, struct diag *d)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} req = {
		.h = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.r = {
			.sdiag_family = tcp_get_int(fd, SOL_SOCKET, SO_DOMAIN),
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.idiag_states = -1,
		},
	};
	socklen_t size = sizeof(u64);
	u64 buf[4096], cookie;
	ssize_t n;

	memset(d, 0, sizeof(*d));
	CHECK_SYS(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size));
	CHECK_EQ(send(nl, &req, sizeof(req), 0), sizeof(req));
	do {
		n = CHECK_SYS(recv(nl, buf, sizeof(buf), 0));
	} while (read_messages(d, buf, n, cookie));
}
