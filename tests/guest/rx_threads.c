// SPDX-License-Identifier: GPL-2.0
/* Several threads and signals around one receiving socket, for some seconds. */
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "forge.h"
#include "reader.h"

#define MESSAGE 64	/* bytes that readers take at a time */
#define MESSAGES 20000
#define STREAM (MESSAGE * MESSAGES)

/* Each message begins with its number. */
static u8 *numbered(void)
{
	u8 *data = malloc(STREAM);
	u32 i;

	CHECK(data);
	memcpy(data, test_data(STREAM), STREAM);
	for (i = 0; i < MESSAGES; i++)
		memcpy(data + i * MESSAGE, &i, sizeof(i));
	return data;
}

struct pair {
	struct forge f;
	pthread_t threads[3];
	const u8 *data;
	u8 seen[MESSAGES];
	u32 count;
	int stop;
};

static void see(struct pair *p, const u8 *buf)
{
	u32 i;

	memcpy(&i, buf, sizeof(i));
	CHECK(i < MESSAGES);
	CHECK_MEM(buf, p->data + i * MESSAGE, MESSAGE);
	CHECK_EQ(__atomic_exchange_n(&p->seen[i], 1, __ATOMIC_RELAXED), 0);
	__atomic_add_fetch(&p->count, 1, __ATOMIC_RELAXED);
}

static void *read_messages(void *arg)
{
	struct pair *p = arg;
	u8 buf[MESSAGE];
	ssize_t n;

	while ((n = CHECK_SYS(recv(p->f.fd, buf, MESSAGE, 0)))) {
		CHECK_EQ(n, MESSAGE);
		see(p, buf);
	}
	return NULL;
}

/* Sleeps in poll(), and may find that others were faster. */
static void *poll_and_read(void *arg)
{
	struct pair *p = arg;
	u8 buf[MESSAGE];
	ssize_t n;

	for (;;) {
		CHECK(tcp_poll(p->f.fd, POLLIN, TCP_WAIT_MS));
		n = recv(p->f.fd, buf, MESSAGE, MSG_DONTWAIT);
		if (n < 0) {
			CHECK_ERRNO(n, EAGAIN);
			continue;
		}
		if (!n)
			return NULL;
		CHECK_EQ(n, MESSAGE);
		see(p, buf);
	}
}

/* All of the messages arrive, each once, whoever reads it. */
static void share(const struct tls_case *tc, void *(*second)(void *),
		  size_t record)
{
	static struct pair p;
	int i;

	p.data = numbered();
	forge_open(&p.f, tc);
	CHECK_EQ(pthread_create(&p.threads[0], NULL, read_messages, &p), 0);
	CHECK_EQ(pthread_create(&p.threads[1], NULL, second, &p), 0);
	forge_start(&p.f, p.data, STREAM, record);
	forge_join(&p.f);
	CHECK_SYS(shutdown(p.f.peer, SHUT_WR));
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(p.threads[i], NULL), 0);
	CHECK_EQ(p.count, MESSAGES);
}

KTLS_TEST_EACH_TIMEOUT(threads_two_readers, each_version,
		       const struct tls_case *, tc, 60)
{
	share(tc, read_messages, MESSAGE);
}

KTLS_TEST_EACH_TIMEOUT(threads_two_readers_large_records, each_version,
		       const struct tls_case *, tc, 60)
{
	share(tc, read_messages, 16384);
}

KTLS_TEST_EACH_TIMEOUT(threads_reader_and_poller, each_version,
		       const struct tls_case *, tc, 60)
{
	share(tc, poll_and_read, 4 * MESSAGE);
}

/* Looks at everything there is to look at, and takes nothing. */
static void ask(struct pair *p)
{
	socklen_t len = suite_crypto_info_size(p->f.tc->suite);
	union crypto_info ci;
	u8 buf[20000];
	u32 one = 1;
	int n;

	CHECK_SYS(getsockopt(p->f.fd, SOL_TLS, TLS_RX, &ci, &len));
	CHECK_SYS(ioctl(p->f.fd, SIOCINQ, &n));
	CHECK(n >= 0);
	tcp_poll(p->f.fd, POLLIN, 0);
	recv(p->f.fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	setsockopt(p->f.fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, &one, sizeof(one));
	setsockopt(p->f.fd, SOL_TLS, TLS_RX, &ci, 4);
	tcp_set_int(p->f.fd, SOL_SOCKET, SO_RCVLOWAT, 1);
}

static void *ask_all_the_time(void *arg)
{
	struct pair *p = arg;

	while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE))
		ask(p);
	return NULL;
}

KTLS_TEST_EACH_TIMEOUT(threads_reader_and_askers, each_version,
		       const struct tls_case *, tc, 60)
{
	const u8 *data = test_data(4000000);
	static struct pair p;
	int i;

	forge_open(&p.f, tc);
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&p.threads[i], NULL, ask_all_the_time,
					&p), 0);
	forge_start(&p.f, data, 4000000, 9000);
	expect_data(&p.f, data, 4000000);
	__atomic_store_n(&p.stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(p.threads[i], NULL), 0);
	forge_join(&p.f);
}

/* One thread sends and one receives, on the same socket. */
static void *send_stream(void *arg)
{
	struct pair *p = arg;

	conn_send(&p->f.c, p->data, 3000000, 0);
	return NULL;
}

KTLS_TEST_EACH_TIMEOUT(threads_reader_and_writer, each_family,
		       const struct tls_case *, tc, 60)
{
	const u8 *data = test_data(3000000);
	static struct pair p;

	p.data = data;
	forge_open(&p.f, tc);
	conn_set_tx(&p.f.c, NULL);
	peer_expect_start(&p.f.c, data, 3000000);
	forge_start(&p.f, data, 3000000, 11000);
	CHECK_EQ(pthread_create(&p.threads[0], NULL, send_stream, &p), 0);
	expect_data(&p.f, data, 3000000);
	forge_join(&p.f);
	CHECK_EQ(pthread_join(p.threads[0], NULL), 0);
	peer_expect_join(&p.f.c);
}

#define EPOCHS 100

/* Reads all the time, also while the new key is being set. */
static void *read_epochs(void *arg)
{
	static const u8 update[] = { 24, 0, 0, 1, 0 };
	struct pair *p = arg;
	struct got got;
	u8 buf[1000];
	size_t done = 0;

	while (done < EPOCHS * 1000) {
		got = got_msg(p->f.fd, buf, sizeof(buf), 0);
		if (got.n < 0) {
			CHECK_EQ(got.err, EKEYEXPIRED);
			sched_yield();
		} else if (got.type == RECORD_HANDSHAKE) {
			CHECK_MEM(buf, update, sizeof(update));
			__atomic_add_fetch(&p->count, 1, __ATOMIC_RELEASE);
		} else {
			CHECK_MEM(buf, p->data + done % 1000, got.n);
			done += got.n;
		}
	}
	return NULL;
}

KTLS_TEST_TIMEOUT(threads_reader_and_rekey, 60)
{
	static const u8 update[] = { 24, 0, 0, 1, 0 };
	static struct pair p;
	u32 i;

	p.data = test_data(1000);
	forge_open(&p.f, &case13);
	CHECK_EQ(pthread_create(&p.threads[0], NULL, read_epochs, &p), 0);
	for (i = 1; i < EPOCHS; i++) {
		forge_data(&p.f, p.data, 1000);
		forge_send(&p.f, RECORD_HANDSHAKE, update, sizeof(update));
		forge_rekey(&p.f);
		while (__atomic_load_n(&p.count, __ATOMIC_ACQUIRE) < i)
			sched_yield();
		CHECK_SYS(forge_set_key(&p.f));
	}
	forge_data(&p.f, p.data, 1000);
	CHECK_EQ(pthread_join(p.threads[0], NULL), 0);
}

static void interrupted(int sig)
{
	(void)sig;
}

static void *read_interrupted(void *arg)
{
	struct pair *p = arg;
	u8 *buf = malloc(STREAM);
	size_t done = 0, want;
	ssize_t n;

	CHECK(buf);
	while (done < STREAM) {
		want = STREAM - done < 30000 ? STREAM - done : 30000;
		n = recv(p->f.fd, buf + done, want,
			 done & 1 ? 0 : MSG_WAITALL);
		if (n < 0)
			CHECK_ERRNO(n, EINTR);
		else
			CHECK(n > 0);
		done += n > 0 ? n : 0;
	}
	CHECK_MEM(buf, p->data, STREAM);
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Whatever a signal cuts short, the stream goes on where it was. */
KTLS_TEST_EACH_TIMEOUT(threads_signals_and_reader, each_version,
		       const struct tls_case *, tc, 60)
{
	struct sigaction sa = { .sa_handler = interrupted };
	static struct pair p;

	p.data = numbered();
	CHECK_SYS(sigaction(SIGUSR1, &sa, NULL));
	forge_open(&p.f, tc);
	CHECK_EQ(pthread_create(&p.threads[0], NULL, read_interrupted, &p), 0);
	forge_start(&p.f, p.data, STREAM, 7001);
	while (!__atomic_load_n(&p.stop, __ATOMIC_ACQUIRE)) {
		pthread_kill(p.threads[0], SIGUSR1);
		poll(NULL, 0, 1);
	}
	CHECK_EQ(pthread_join(p.threads[0], NULL), 0);
	forge_join(&p.f);
}

/* A reader that has some bytes returns them, one that has none says EINTR. */
KTLS_TEST_EACH(signal_ends_waiting_reader, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call r = { .len = 100, .flags = MSG_WAITALL };
	struct forge f;

	forge_open(&f, tc);
	r.fd = f.fd;
	reader_start_asleep(&r);
	reader_interrupt(&r);
	CHECK_EQ(reader_join(&r), -1);
	CHECK_EQ(r.err, EINTR);
	forge_data(&f, "part", 4);
	reader_start_asleep(&r);
	reader_interrupt(&r);
	CHECK_EQ(reader_join(&r), 4);
	forge_data(&f, "more", 4);
	expect_record(&f, RECORD_DATA, "more", 4);
	forge_close(&f);
}

/* Two sleep, both are woken when there is something for both. */
KTLS_TEST_EACH(threads_both_waiting_readers_are_woken, each_version,
	       const struct tls_case *, tc)
{
	struct recv_call a = { .len = 5 }, b = { .len = 5 };
	struct forge f;

	forge_open(&f, tc);
	a.fd = f.fd;
	b.fd = f.fd;
	reader_start_asleep(&a);
	reader_start_asleep(&b);
	forge_data(&f, "onetwo2345", 10);
	CHECK_EQ(reader_join(&a), 5);
	CHECK_EQ(reader_join(&b), 5);
	forge_close(&f);
}

static void woken_by_shutdown(const struct tls_case *tc, int how)
{
	struct recv_call r = { .len = 5 };
	struct forge f;

	forge_open(&f, tc);
	r.fd = f.fd;
	reader_start_asleep(&r);
	CHECK_SYS(shutdown(f.fd, how));
	CHECK_EQ(reader_join(&r), 0);
	forge_close(&f);
}

KTLS_TEST_EACH(shutdown_wakes_reader, each_version, const struct tls_case *,
	       tc)
{
	woken_by_shutdown(tc, SHUT_RD);
	woken_by_shutdown(tc, SHUT_RDWR);
}
