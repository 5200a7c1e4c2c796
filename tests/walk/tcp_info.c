// SPDX-License-Identifier: GPL-2.0
/* What <netinet/tcp.h> does not know, but the kernel's header does. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "../peer/check.h"
#include "do.h"

u64 bytes_received(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK_SYS(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info.tcpi_bytes_received;
}

void acknowledge(int fd)
{
	int one = 1;

	CHECK_SYS(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one,
			     sizeof(one)));
}
