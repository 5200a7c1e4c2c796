// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peer/check.h"
#include "flow.h"
#include "reader.h"

static void *reader_run(void *arg)
{
	struct recv_call *r = arg;
	struct pollfd pfd = { .fd = r->fd, .events = r->events };

	__atomic_store_n(&r->tid, gettid(), __ATOMIC_RELEASE);
	if (r->events)
		r->ret = poll(&pfd, 1, -1);
	else
		r->ret = recv(r->fd, r->buf, r->len, r->flags);
	r->err = errno;
	return NULL;
}

void reader_start(struct recv_call *r)
{
	if (!r->buf)
		r->buf = malloc(r->len + 1);
	CHECK(r->buf);
	r->tid = 0;
	CHECK_EQ(pthread_create(&r->thread, NULL, reader_run, r), 0);
}

void reader_start_asleep(struct recv_call *r)
{
	reader_start(r);
	wait_asleep(&r->tid);
}

void reader_expect_asleep(struct recv_call *r)
{
	poll(NULL, 0, TCP_QUIET_MS);
	wait_asleep(&r->tid);
}

static void interrupted(int sig)
{
	(void)sig;
}

void reader_interrupt(struct recv_call *r)
{
	struct sigaction sa = { .sa_handler = interrupted };

	CHECK_SYS(sigaction(SIGUSR1, &sa, NULL));
	CHECK_EQ(pthread_kill(r->thread, SIGUSR1), 0);
}

ssize_t reader_join(struct recv_call *r)
{
	CHECK_EQ(pthread_join(r->thread, NULL), 0);
	return r->ret;
}

static int epoll_new(int fd, u32 events)
{
	struct epoll_event ev = { .events = events };
	int epfd = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));

	CHECK_SYS(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev));
	return epfd;
}

int edge_new(int fd)
{
	return epoll_new(fd, EPOLLIN | EPOLLET);
}

bool edge_fired(int epfd, int timeout_ms)
{
	struct epoll_event ev;

	return CHECK_SYS(epoll_wait(epfd, &ev, 1, timeout_ms)) == 1 &&
	       ev.events & EPOLLIN;
}

static bool level_readable(int fd)
{
	int epfd = epoll_new(fd, EPOLLIN);
	bool yes = edge_fired(epfd, 0);

	close(epfd);
	return yes;
}

static bool select_readable(int fd)
{
	struct timeval tv = { 0 };
	fd_set set;

	CHECK(fd < FD_SETSIZE);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	CHECK_SYS(select(fd + 1, &set, NULL, NULL, &tv));
	return FD_ISSET(fd, &set);
}

bool readable(int fd)
{
	bool yes = tcp_poll(fd, POLLIN, 0);
	ssize_t n;
	u8 byte;

	CHECK_EQ(select_readable(fd), yes);
	CHECK_EQ(level_readable(fd), yes);
	n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n < 0 && errno == EAGAIN)
		CHECK(!yes);
	else
		CHECK(yes);
	return yes;
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	size_t done = 0, n;

	while (done < w->len) {
		n = 1 + rand_r(&w->seed) % w->max;
		if (n > w->len - done)
			n = w->len - done;
		tcp_write_full(w->fd, w->bytes + done, n);
		done += n;
	}
	return NULL;
}

void writer_start(struct writer *w)
{
	tcp_set_int(w->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_EQ(pthread_create(&w->thread, NULL, writer_run, w), 0);
}

void writer_join(struct writer *w)
{
	CHECK_EQ(pthread_join(w->thread, NULL), 0);
}
