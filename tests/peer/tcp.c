// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "tcp.h"

union addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t loopback(union addr *a, int family, u16 port)
{
	memset(a, 0, sizeof(*a));
	a->sa.sa_family = family;
	if (family == AF_INET6) {
		a->v6.sin6_addr = in6addr_loopback;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->v4.sin_port = htons(port);
	return sizeof(a->v4);
}

void tcp_set_int(int fd, int level, int name, int value)
{
	CHECK_SYS(setsockopt(fd, level, name, &value, sizeof(value)));
}

int tcp_get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	CHECK_SYS(getsockopt(fd, level, name, &value, &len));
	return value;
}

void tcp_set_nonblock(int fd, bool on)
{
	int flags = CHECK_SYS(fcntl(fd, F_GETFL));

	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	CHECK_SYS(fcntl(fd, F_SETFL, flags));
}

static int new_socket(int family)
{
	return CHECK_SYS(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static u16 bound_port(int fd, int family)
{
	socklen_t len = sizeof(union addr);
	union addr a;

	CHECK_SYS(getsockname(fd, &a.sa, &len));
	return ntohs(family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

int tcp_listen(int family, u16 *port)
{
	int fd = new_socket(family);
	union addr a;
	socklen_t len;

	len = loopback(&a, family, 0);
	CHECK_SYS(bind(fd, &a.sa, len));
	CHECK_SYS(listen(fd, 8));
	*port = bound_port(fd, family);
	return fd;
}

static void connect_to(int fd, int family, u16 port)
{
	socklen_t len;
	union addr a;

	len = loopback(&a, family, port);
	CHECK_SYS(connect(fd, &a.sa, len));
}

int tcp_connect(int family, u16 port)
{
	int fd = new_socket(family);

	connect_to(fd, family, port);
	return fd;
}

/* Buffer sizes shape the window and must be known before the handshake. */
static void set_end(int fd, const struct tcp_opts *o, bool local)
{
	if (local && o->sndbuf)
		tcp_set_int(fd, SOL_SOCKET, SO_SNDBUF, o->sndbuf);
	if (local && o->local_rcvbuf)
		tcp_set_int(fd, SOL_SOCKET, SO_RCVBUF, o->local_rcvbuf);
	if (!local && o->rcvbuf)
		tcp_set_int(fd, SOL_SOCKET, SO_RCVBUF, o->rcvbuf);
	if (o->mss)
		tcp_set_int(fd, IPPROTO_TCP, TCP_MAXSEG, o->mss);
}

void tcp_open(struct tcp_pair *p, const struct tcp_opts *opts)
{
	int family = opts->family ? opts->family : AF_INET;
	int listener, connecting, accepted;
	u16 port;

	listener = tcp_listen(family, &port);
	set_end(listener, opts, opts->accepted);
	connecting = new_socket(family);
	set_end(connecting, opts, !opts->accepted);
	connect_to(connecting, family, port);
	accepted = CHECK_SYS(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	close(listener);
	p->local = opts->accepted ? accepted : connecting;
	p->peer = opts->accepted ? connecting : accepted;
	if (opts->nonblock)
		tcp_set_nonblock(p->local, true);
}

void tcp_close(struct tcp_pair *p)
{
	if (p->local >= 0)
		close(p->local);
	if (p->peer >= 0)
		close(p->peer);
	p->local = -1;
	p->peer = -1;
}

bool tcp_poll(int fd, short events, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&pfd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	CHECK_SYS(n);
	return pfd.revents & events;
}

ssize_t tcp_read(int fd, void *buf, size_t len, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t done = 0;
	ssize_t n;

	while (done < len && poll(&pfd, 1, timeout_ms) > 0) {
		n = recv(fd, (u8 *)buf + done, len - done, MSG_DONTWAIT);
		if (!n)
			break;
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return done ? (ssize_t)done : -1;
		done += n;
	}
	return done;
}

void tcp_read_full(int fd, void *buf, size_t len)
{
	ssize_t n = CHECK_SYS(tcp_read(fd, buf, len, TCP_WAIT_MS));

	if ((size_t)n != len)
		FAIL("only %zd of %zu bytes came", n, len);
}

void tcp_write_full(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		if (!tcp_poll(fd, POLLOUT, TCP_WAIT_MS))
			FAIL("cannot write, %zu of %zu done", done, len);
		done += CHECK_SYS(send(fd, (const u8 *)buf + done, len - done,
				       MSG_NOSIGNAL));
	}
}

void tcp_expect_eof(int fd)
{
	ssize_t n;
	u8 byte;

	if (!tcp_poll(fd, POLLIN, TCP_WAIT_MS))
		FAIL("no EOF");
	n = CHECK_SYS(recv(fd, &byte, 1, MSG_DONTWAIT));
	if (n)
		FAIL("byte %02x instead of EOF", byte);
}

void tcp_expect_reset(int fd)
{
	u8 byte;

	if (!tcp_poll(fd, POLLIN | POLLERR | POLLHUP, TCP_WAIT_MS))
		FAIL("no reset");
	CHECK_ERRNO(recv(fd, &byte, 1, MSG_DONTWAIT), ECONNRESET);
}

void tcp_expect_quiet(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;
	u8 byte;

	if (!poll(&pfd, 1, TCP_QUIET_MS))
		return;
	n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n > 0)
		FAIL("data came, first byte %02x", byte);
	FAIL(n ? "an error came: %s" : "EOF came: %s", errno_name(errno));
}

void tcp_reset(int fd)
{
	struct linger l = { .l_onoff = 1 };

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	CHECK_SYS(close(fd));
}
