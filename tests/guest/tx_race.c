// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once on one socket, and what holds the module and the counters.
 * A race is lost when the kernel complains or something is left at unload.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>

#include "flow.h"
#include "ktls.h"
#include "tools.h"

#define ROUNDS 150

/* One connection a round, and threads that each do one thing to it. */
struct arena {
	pthread_barrier_t start;
	pthread_barrier_t end;
	struct conn c;
	const u8 *data;
	int file;
	bool attached;		/* before the round begins */
};

static void op_attach(struct arena *a)
{
	ktls_attach(a->c.fd);
}

static void op_key(struct arena *a)
{
	ktls_set_tx(a->c.fd, a->c.tc->suite, TLS13, &a->c.tx);
	ktls_set_tx(a->c.fd, a->c.tc->suite, TLS13, &a->c.tx);
}

static void op_send(struct arena *a)
{
	send(a->c.fd, a->data, 100, MSG_MORE);
	send(a->c.fd, a->data, 40000, MSG_DONTWAIT);
	ktls_send_type(a->c.fd, RECORD_ALERT, "xx", 2, MSG_DONTWAIT);
	sendfile(a->c.fd, a->file, &(off_t){ 100 }, 50000);
}

static void op_ask(struct arena *a)
{
	struct pollfd pfd = { .fd = a->c.fd, .events = POLLOUT };
	union crypto_info info;
	socklen_t len = 40;
	char name[16];

	poll(&pfd, 1, 0);
	getsockopt(a->c.fd, SOL_TLS, TLS_TX, &info, &len);
	len = sizeof(name);
	getsockopt(a->c.fd, IPPROTO_TCP, 31 /* TCP_ULP */, name, &len);
	recv(a->c.fd, name, sizeof(name), MSG_DONTWAIT);
}

static void op_shutdown(struct arena *a)
{
	shutdown(a->c.fd, SHUT_WR);
}

static void op_close(struct arena *a)
{
	close(a->c.fd);
}

typedef void (race_op)(struct arena *a);

static race_op *const ops[] = {
	op_attach, op_key, op_send, op_send, op_ask, op_shutdown, op_close,
};

#define OPS ARRAY_SIZE(ops)

struct racer {
	pthread_t thread;
	struct arena *a;
	race_op *op;
	unsigned int seed;
};

/* Starts together with the others, give or take some microseconds. */
static void *race(void *arg)
{
	struct racer *r = arg;
	unsigned int spin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&r->a->start);
		for (spin = rand_r(&r->seed) % 20000; spin; spin--)
			__asm__ volatile("");
		r->op(r->a);
		pthread_barrier_wait(&r->a->end);
	}
	return NULL;
}

static void drain(int fd)
{
	static u8 buf[65536];
	ssize_t n;

	do {
		CHECK(tcp_poll(fd, POLLIN, TCP_WAIT_MS));
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0);
	close(fd);
}

static void run_rounds(struct arena *a)
{
	const struct tcp_opts none = { 0 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		conn_connect(&a->c, &case13, &none);
		if (a->attached)
			conn_attach(&a->c);
		pthread_barrier_wait(&a->start);
		pthread_barrier_wait(&a->end);
		drain(a->c.peer);
	}
}

static void race_all(bool attached)
{
	struct arena a = { .attached = attached, .data = test_data(50000) };
	struct racer r[OPS];
	size_t i;

	a.file = CHECK_SYS(memfd_create("source", MFD_CLOEXEC));
	CHECK_EQ(pwrite(a.file, a.data, 50000, 0), 50000);
	pthread_barrier_init(&a.start, NULL, OPS + 1);
	pthread_barrier_init(&a.end, NULL, OPS + 1);
	for (i = 0; i < OPS; i++) {
		r[i] = (struct racer){ .a = &a, .op = ops[i], .seed = i };
		CHECK_EQ(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
	}
	run_rounds(&a);
	for (i = 0; i < OPS; i++)
		CHECK_EQ(pthread_join(r[i].thread, NULL), 0);
}

KTLS_TEST_TIMEOUT(race_everything_with_attach, 60)
{
	race_all(false);
}

KTLS_TEST_TIMEOUT(race_everything_with_first_key, 60)
{
	race_all(true);
}

static void *shut_all(void *arg)
{
	struct conn *c = arg;

	sched_yield();
	CHECK_SYS(shutdown(c->fd, SHUT_WR));
	return NULL;
}

/* Bytes that a send counted arrive, though shutdown() raced with it. */
KTLS_TEST(race_send_with_shutdown)
{
	const size_t len = 30000;
	const u8 *data = test_data(len);
	pthread_t thread;
	struct conn c;
	ssize_t n;
	int i;

	for (i = 0; i < 60; i++) {
		conn_open(&c, &case13);
		CHECK_EQ(pthread_create(&thread, NULL, shut_all, &c), 0);
		n = send(c.fd, data, i * 500, i & 1 ? MSG_MORE : 0);
		if (n < 0)
			CHECK_ERRNO(n, EPIPE);
		peer_expect_data(&c, data, n > 0 ? n : 0);
		peer_expect_eof(&c);
		CHECK_EQ(pthread_join(thread, NULL), 0);
		conn_close(&c);
	}
}

static long unload(void)
{
	return syscall(SYS_delete_module, "ktls", O_NONBLOCK);
}

static int module_users(void)
{
	FILE *f = fopen("/proc/modules", "r");
	char line[256], name[64];
	int users;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %*u %d", name, &users) != 2 ||
		    strcmp(name, "ktls"))
			continue;
		fclose(f);
		return users;
	}
	FAIL("ktls is not in /proc/modules");
}

/* More than sockets of tests before, of which some may be ending all the time. */
#define HOLDERS 64

static void expect_users(int least, int most)
{
	int users = module_users();

	CHECK(users >= least);
	CHECK(users <= most);
}

/* Sockets end some time after close(). */
static void wait_for_users(int most)
{
	int i;

	for (i = 0; module_users() > most && i < TCP_WAIT_MS; i++)
		poll(NULL, 0, 1);
	CHECK(module_users() <= most);
}

/* Each socket that was attached, with a key or not, until it is gone. */
KTLS_TEST(module_is_held_by_sockets)
{
	int i, before = module_users();
	struct conn c[HOLDERS];

	CHECK(before < HOLDERS / 2);
	for (i = 0; i < HOLDERS; i++)
		conn_connect(&c[i], &case13, NULL);
	expect_users(0, before);
	for (i = 0; i < HOLDERS; i++) {
		conn_attach(&c[i]);
		if (i % 2)
			conn_set_tx(&c[i], NULL);
	}
	expect_users(HOLDERS, before + HOLDERS);
	CHECK_ERRNO(unload(), EAGAIN);
	for (i = 0; i < HOLDERS; i++) {
		tcp_reset(c[i].peer);
		close(c[i].fd);
	}
	wait_for_users(before);
}

/* The peer has not yet acknowledged what a closed socket has to send. */
KTLS_TEST(module_is_held_by_orphans)
{
	const u8 *data = test_data(1 << 20);
	int i, before = module_users();
	struct conn c[HOLDERS];
	size_t taken[HOLDERS];

	CHECK(before < HOLDERS / 2);
	for (i = 0; i < HOLDERS; i++) {
		conn_open_opts(&c[i], &case13, &small_buffers);
		taken[i] = fill(c[i].fd, data, 1 << 20, 16384, 0);
		conn_close_local(&c[i]);
	}
	expect_users(HOLDERS, before + HOLDERS);
	CHECK_ERRNO(unload(), EAGAIN);
	for (i = 0; i < HOLDERS; i++) {
		peer_expect_data(&c[i], data, taken[i]);
		peer_expect_eof(&c[i]);
		close(c[i].peer);
	}
	wait_for_users(before);
}

static void *send_from_other_netns(void *arg)
{
	struct conn *c = arg;

	own_netns();
	conn_set_tx(c, NULL);
	conn_send(c, "hello", 5, 0);
	CHECK_EQ(stat_value("KtlsTx"), 0);
	CHECK_EQ(stat_value("KtlsCurrTx"), 0);
	CHECK_EQ(stat_value("KtlsTxRecords"), 0);
	return NULL;
}

/* A socket counts where it was made, not where its user is. */
KTLS_TEST(netns_of_socket_counts)
{
	pthread_t thread;
	struct conn c;

	own_netns();
	conn_connect(&c, &case13, NULL);
	conn_attach(&c);
	CHECK_EQ(pthread_create(&thread, NULL, send_from_other_netns, &c), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(stat_value("KtlsTx"), 1);
	CHECK_EQ(stat_value("KtlsCurrTx"), 1);
	CHECK_EQ(stat_value("KtlsTxRecords"), 1);
	CHECK_EQ(stat_value("KtlsTxBytes"), 5);
	conn_close_local(&c);
	CHECK_EQ(stat_value("KtlsTx"), 1);
	CHECK_EQ(stat_value("KtlsCurrTx"), 0);
	peer_expect(&c, RECORD_DATA, "hello", 5);
	peer_expect_eof(&c);
}

static void *leave_with_open_record(void *arg)
{
	struct conn *c = arg;

	own_netns();
	conn_open(c, &case13);
	conn_send(c, "open", 4, MSG_MORE);
	return NULL;
}

/* Looks at the counters where only the socket still is. */
static void *enter_and_count(void *arg)
{
	struct conn *c = arg;
	int ns = CHECK_SYS(ioctl(c->fd, SIOCGSKNS));

	CHECK_SYS(setns(ns, CLONE_NEWNET));
	close(ns);
	CHECK_EQ(stat_value("KtlsCurrTx"), 1);
	CHECK_EQ(stat_value("KtlsTxRecords"), 1);
	CHECK_EQ(stat_value("KtlsTxBytes"), 8);
	return NULL;
}

static void run_thread(void *(*run)(void *arg), struct conn *c)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, run, c), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* The last process of a name space goes, the socket stays and works. */
KTLS_TEST(netns_lives_as_long_as_socket)
{
	struct conn c;

	run_thread(leave_with_open_record, &c);
	conn_send(&c, " end", 4, 0);
	peer_expect(&c, RECORD_DATA, "open end", 8);
	run_thread(enter_and_count, &c);
	conn_close_local(&c);
	peer_expect_eof(&c);
}
