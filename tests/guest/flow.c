// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../peer/check.h"
#include "../peer/record.h"
#include "../peer/ulp.h"
#include "flow.h"

const struct tcp_opts small_buffers = { .sndbuf = 65536, .rcvbuf = 65536 };

size_t fill(int fd, const u8 *data, size_t len, size_t chunk, int flags)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		if (chunk > len - done)
			chunk = len - done;
		n = send(fd, data + done, chunk, flags | MSG_DONTWAIT);
		if (n < 0) {
			CHECK_ERRNO(n, EAGAIN);
			return done;
		}
		CHECK(n > 0 && (size_t)n <= chunk);
		done += n;
	}
	FAIL("the socket took all %zu bytes", len);
}

size_t fill_up(int fd, const u8 *data, size_t len, size_t chunk, int flags)
{
	size_t done = fill(fd, data, len, chunk, flags);

	tcp_set_int(fd, SOL_SOCKET, SO_SNDBUF, 1);
	return done;
}

static void *call_run(void *arg)
{
	struct send_call *s = arg;

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
	if (s->type)
		s->ret = ktls_send_type(s->fd, s->type, s->data, s->len, 0);
	else
		s->ret = send(s->fd, s->data, s->len, 0);
	s->err = errno;
	return NULL;
}

void call_start(struct send_call *s)
{
	CHECK_EQ(pthread_create(&s->thread, NULL, call_run, s), 0);
}

static bool asleep(pid_t tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		FAIL("the thread has ended instead of waiting");
	CHECK_EQ(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
	fclose(f);
	return state == 'S';
}

void wait_asleep(const pid_t *thread)
{
	pid_t tid;
	int ms;

	for (ms = 0; ms < TCP_WAIT_MS; ms++) {
		tid = __atomic_load_n(thread, __ATOMIC_ACQUIRE);
		if (tid && asleep(tid))
			return;
		poll(NULL, 0, 1);
	}
	FAIL("the thread does not go to sleep");
}

void call_wait_asleep(struct send_call *s)
{
	wait_asleep(&s->tid);
}

static void interrupted(int sig)
{
	(void)sig;
}

void call_interrupt(struct send_call *s)
{
	struct sigaction sa = { .sa_handler = interrupted };

	CHECK_SYS(sigaction(SIGUSR1, &sa, NULL));
	CHECK_EQ(pthread_kill(s->thread, SIGUSR1), 0);
}

ssize_t call_join(struct send_call *s)
{
	CHECK_EQ(pthread_join(s->thread, NULL), 0);
	return s->ret;
}

/* A tail loss probe may send bytes that Nagle holds back. */
static void no_tail_loss_probe(void)
{
	int fd = CHECK_SYS(open("/proc/sys/net/ipv4/tcp_early_retrans",
				O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, "0", 1), 1);
	close(fd);
}

void acks_hold(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &drop };

	no_tail_loss_probe();
	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			     sizeof(prog)));
}

void acks_release(int fd)
{
	tcp_set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

static void get_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	CHECK_SYS(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len));
	CHECK(len > offsetof(struct tcp_info, tcpi_data_segs_out));
}

u32 tcp_notsent(int fd)
{
	struct tcp_info info;

	get_info(fd, &info);
	return info.tcpi_notsent_bytes;
}

bool tcp_stands_still(int fd)
{
	struct tcp_info info;

	get_info(fd, &info);
	return info.tcpi_notsent_bytes && !info.tcpi_unacked;
}

u32 tcp_data_segs(int fd)
{
	struct tcp_info info;

	get_info(fd, &info);
	return info.tcpi_data_segs_out;
}
