// SPDX-License-Identifier: GPL-2.0
/*
 * What the control buffer of a sendmsg() asks for.
 */
#include "context.h"
#include "key.h"
#include "record.h"
#include "tx.h"
#include "compat/tcp_send.h"

#include <linux/ktls.h>
#include <linux/socket.h>
#include <net/sock.h>

static int record_type(struct ktls_context *ctx, struct msghdr *msg,
		       struct cmsghdr *cmsg, struct ktls_send *send)
{
	u8 type;

	if (cmsg->cmsg_type != TLS_SET_RECORD_TYPE ||
	    cmsg->cmsg_len < CMSG_LEN(sizeof(type)) ||
	    msg->msg_flags & MSG_MORE)
		return -EINVAL;

	type = *(u8 *)CMSG_DATA(cmsg);
	/* The peer takes zeros at the end for padding, RFC 8446 section 5.4 */
	if (!type && ctx->tx.key->epoch.version == TLS_1_3_VERSION)
		return -EINVAL;
	send->type = type;
	return 0;
}

/*
 * Of what a plain socket accepts TCP acts upon timestamp requests alone, and
 * only some kernels can carry them with pages. The rest is refused rather than
 * ignored.
 */
static int foreign(struct msghdr *msg, struct cmsghdr *cmsg,
		   struct ktls_send *send)
{
	if (!KTLS_TCP_SEND_TAKES_CONTROL || cmsg->cmsg_level != SOL_SOCKET ||
	    (cmsg->cmsg_type != SO_TIMESTAMPING_OLD &&
	     cmsg->cmsg_type != SO_TIMESTAMPING_NEW))
		return -EOPNOTSUPP;
	/* The bytes may leave much later, by another call */
	if (msg->msg_flags & MSG_MORE)
		return -EINVAL;
	send->control = msg;
	return 0;
}

/* What a plain socket would refuse is refused here too */
static int validate_foreign(struct sock *sk, struct msghdr *msg)
{
	struct sockcm_cookie cookie;

	sockcm_init(&cookie, sk);
	return sock_cmsg_send(sk, msg, &cookie);
}

/**
 * ktls_tx_cmsg() - read a control buffer
 * @sk: the socket, which has a TX key
 * @msg: the message, which has one
 * @send: to fill in, preset to a data record
 *
 * Context: process, socket lock held.
 * Return: 0; -EINVAL for a malformed buffer, a SOL_TLS message that is not
 * TLS_SET_RECORD_TYPE, content type 0 with TLS 1.3, or a type or timestamp
 * request with MSG_MORE; -EOPNOTSUPP for one that TCP cannot carry; or what
 * sock_cmsg_send() says of one for the socket.
 */
int ktls_tx_cmsg(struct sock *sk, struct msghdr *msg, struct ktls_send *send)
{
	struct ktls_context *ctx = ktls_context(sk);
	struct cmsghdr *cmsg;
	int err;

	err = validate_foreign(sk, msg);
	if (err)
		return err;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level == SOL_TLS)
			err = record_type(ctx, msg, cmsg, send);
		else
			err = foreign(msg, cmsg, send);
		if (err)
			return err;
	}
	return 0;
}
