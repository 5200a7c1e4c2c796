// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "ulp.h"

const char *ktls_ulp(void)
{
	const char *name = getenv("KTLS_ULP");

	return name && *name ? name : KTLS_ULP_NAME;
}

int ktls_attach(int fd)
{
	const char *name = ktls_ulp();

	return setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, strlen(name) + 1);
}

int ktls_set_key(int fd, int dir, const struct suite *suite, u16 version,
		 const struct tls_keys *keys)
{
	union crypto_info ci;
	size_t len;

	len = suite_crypto_info(suite, version, keys, &ci);
	return setsockopt(fd, SOL_TLS, dir, &ci, len);
}

int ktls_set_tx(int fd, const struct suite *suite, u16 version,
		const struct tls_keys *keys)
{
	return ktls_set_key(fd, TLS_TX, suite, version, keys);
}

int ktls_get_key(int fd, int dir, const struct suite *suite,
		 struct tls_keys *keys)
{
	socklen_t len = suite_crypto_info_size(suite);
	union crypto_info ci = { 0 };

	if (getsockopt(fd, SOL_TLS, dir, &ci, &len))
		return -1;
	CHECK_EQ(len, suite_crypto_info_size(suite));
	CHECK_EQ(ci.info.cipher_type, suite->cipher_type);
	suite_parse_info(suite, &ci, keys);
	return 0;
}

int ktls_get_tx(int fd, const struct suite *suite, struct tls_keys *keys)
{
	return ktls_get_key(fd, TLS_TX, suite, keys);
}

ssize_t ktls_send_type(int fd, u8 type, const void *data, size_t len,
		       int flags)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	char control[CMSG_SPACE(sizeof(type))] = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(type));
	*CMSG_DATA(cmsg) = type;
	return sendmsg(fd, &msg, flags);
}

int ktls_set_max_payload(int fd, u16 len)
{
	return setsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, &len,
			  sizeof(len));
}
