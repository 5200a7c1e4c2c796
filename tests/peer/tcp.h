/* SPDX-License-Identifier: GPL-2.0 */
/* Connected TCP sockets over loopback, and reading them without hanging. */
#ifndef KTLS_TESTS_TCP_H
#define KTLS_TESTS_TCP_H

#include "types.h"

/* For what must happen: long, because emulated machines are slow. */
#define TCP_WAIT_MS 10000
/* For what must not happen. */
#define TCP_QUIET_MS 150

struct tcp_opts {
	int family;	/* AF_INET if 0 */
	int sndbuf;	/* of the local end; 0: the system's choice */
	int rcvbuf;	/* of the peer's end, set before it connects */
	int local_rcvbuf;	/* of the local end, set before it connects */
	int mss;	/* TCP_MAXSEG, both ends */
	bool nonblock;	/* the local end */
	bool accepted;	/* the local end is the accepted one */
};

struct tcp_pair {
	int local;
	int peer;
};

void tcp_open(struct tcp_pair *p, const struct tcp_opts *opts);
/* Closes the ends that are not -1 and makes them so. */
void tcp_close(struct tcp_pair *p);
/* A socket that listens on a free loopback port, and its address's port. */
int tcp_listen(int family, u16 *port);
int tcp_connect(int family, u16 port);

void tcp_set_int(int fd, int level, int name, int value);
int tcp_get_int(int fd, int level, int name);
void tcp_set_nonblock(int fd, bool on);

/* True if revents has one of events within the time. */
bool tcp_poll(int fd, short events, int timeout_ms);

/*
 * Reads up to len bytes: as many as come before EOF or before nothing comes
 * for timeout_ms. -1 with errno if reading fails before anything came.
 */
ssize_t tcp_read(int fd, void *buf, size_t len, int timeout_ms);
/* Exactly len bytes, or the test fails. */
void tcp_read_full(int fd, void *buf, size_t len);
void tcp_write_full(int fd, const void *buf, size_t len);
/* The next read gives EOF. */
void tcp_expect_eof(int fd);
/* The next read gives ECONNRESET. */
void tcp_expect_reset(int fd);
/* Nothing to read for TCP_QUIET_MS. */
void tcp_expect_quiet(int fd);
/* Resets the connection: close() with a linger time of 0. */
void tcp_reset(int fd);

#endif
