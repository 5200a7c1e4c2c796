// SPDX-License-Identifier: GPL-2.0
/* Who else looks at a socket or changes it: sockmap, ss, other threads. */
#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>

#include "diag.h"
#include "flow.h"
#include "ktls.h"
#include "tools.h"

static void check_works(struct conn *c)
{
	conn_send(c, "works", 5, 0);
	peer_expect(c, RECORD_DATA, "works", 5);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = sizeof(u32),
		.value_size = sizeof(u32),
		.max_entries = 1,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		SKIP("this kernel has no sockmap: %s", errno_name(errno));
	return fd;
}

static int sockmap_put(int map, int fd)
{
	u32 key = 0, value = fd;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
		.value = (unsigned long)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static void sockmap_delete(int map)
{
	u32 key = 0;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (unsigned long)&key,
	};

	CHECK_SYS(bpf(BPF_MAP_DELETE_ELEM, &attr));
}

KTLS_TEST_EACH(attach_refuses_sockmap, each_family, const struct tls_case *, tc)
{
	int map = sockmap_new();
	struct conn c;
	char buf[5];

	conn_connect(&c, tc, NULL);
	CHECK_SYS(sockmap_put(map, c.fd));
	CHECK_ERRNO(ktls_attach(c.fd), EBUSY);
	conn_send(&c, "plain", 5, 0);
	tcp_read_full(c.peer, buf, 5);
	sockmap_delete(map);
	/* It is TCP's own again. */
	conn_attach(&c);
	conn_set_tx(&c, NULL);
	check_works(&c);
}

KTLS_TEST_EACH(attach_refused_by_sockmap, each_family, const struct tls_case *,
	       tc)
{
	int map = sockmap_new();
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK(sockmap_put(map, c.fd) == -1);
	conn_set_tx(&c, NULL);
	check_works(&c);
	CHECK(sockmap_put(map, c.fd) == -1);
	check_works(&c);
	CHECK_ERRNO(ktls_attach(c.fd), EEXIST);
	conn_close_local(&c);
	peer_expect_eof(&c);
}

KTLS_TEST_EACH(attach_shows_in_diag, each_case, const struct tls_case *, tc)
{
	int nl = diag_open();
	struct diag d;
	struct conn c;

	conn_connect(&c, tc, NULL);
	diag_get(nl, c.fd, &d);
	CHECK(d.found && !*d.ulp && !d.has_tls);

	conn_attach(&c);
	diag_get(nl, c.fd, &d);
	CHECK(!strcmp(d.ulp, ktls_ulp()));
	CHECK(d.has_tls && !d.has[DIAG_VERSION] && !d.has[DIAG_CIPHER]);
	CHECK_EQ(d.tls[DIAG_TXCONF], DIAG_CONF_BASE);
	CHECK_EQ(d.tls[DIAG_RXCONF], DIAG_CONF_BASE);
	CHECK_EQ(d.tls[DIAG_TX_MAX_PAYLOAD_LEN], 16384);

	conn_set_tx(&c, NULL);
	CHECK_SYS(ktls_set_max_payload(c.fd, 1000));
	diag_get(nl, c.fd, &d);
	CHECK_EQ(d.tls[DIAG_VERSION], tc->version);
	CHECK_EQ(d.tls[DIAG_CIPHER], tc->suite->cipher_type);
	CHECK_EQ(d.tls[DIAG_TXCONF], DIAG_CONF_SW);
	CHECK_EQ(d.tls[DIAG_RXCONF], DIAG_CONF_BASE);
	CHECK_EQ(d.tls[DIAG_TX_MAX_PAYLOAD_LEN], 1000);
}

#define ROUNDS 40

/* A socket that several threads work upon at once */
struct crowd {
	pthread_barrier_t start;
	struct conn c;
	struct tls_keys tx;
	int attached;
	int keyed;
	int shown;
};

static void *do_attach(void *arg)
{
	struct crowd *w = arg;
	int i;

	pthread_barrier_wait(&w->start);
	for (i = 0; i < ROUNDS; i++) {
		if (!ktls_attach(w->c.fd))
			w->attached++;
		else
			CHECK_EQ(errno, EEXIST);
	}
	return NULL;
}

/* Without the ULP each family of TCP has an errno of its own. */
static void check_early(int fd, int err)
{
	if (err != ENOPROTOOPT && err != EOPNOTSUPP)
		FAIL("errno %s on %d", errno_name(err), fd);
}

static void *do_set(void *arg)
{
	struct crowd *w = arg;
	int i;

	pthread_barrier_wait(&w->start);
	for (i = 0; i < ROUNDS; i++) {
		if (!ktls_set_tx(w->c.fd, w->c.tc->suite, w->c.tc->version,
				 &w->tx))
			w->keyed++;
		else if (errno != EBUSY)
			check_early(w->c.fd, errno);
	}
	return NULL;
}

static void *do_get(void *arg)
{
	struct tls_keys now;
	struct crowd *w = arg;
	int i;

	pthread_barrier_wait(&w->start);
	for (i = 0; i < ROUNDS; i++) {
		if (ktls_get_tx(w->c.fd, w->c.tc->suite, &now)) {
			if (errno != EBUSY)
				check_early(w->c.fd, errno);
			continue;
		}
		w->shown++;
		CHECK_MEM(now.key, w->tx.key, w->c.tc->suite->key_size);
	}
	return NULL;
}

static void *do_options(void *arg)
{
	struct crowd *w = arg;
	int i;

	pthread_barrier_wait(&w->start);
	for (i = 0; i < ROUNDS; i++) {
		ktls_set_max_payload(w->c.fd, 1000 + i);
		tcp_poll(w->c.fd, POLLOUT, 0);
		tcp_set_int(w->c.fd, IPPROTO_TCP, TCP_NODELAY, i & 1);
		outq(w->c.fd);
	}
	return NULL;
}

static void *do_diag(void *arg)
{
	struct crowd *w = arg;
	int nl = diag_open();
	struct diag d;
	int i;

	pthread_barrier_wait(&w->start);
	for (i = 0; i < ROUNDS / 4; i++)
		diag_get(nl, w->c.fd, &d);
	close(nl);
	return NULL;
}

typedef void *(*thread_fn)(void *arg);

static void run_crowd(struct crowd *w, const thread_fn *work, unsigned int n)
{
	pthread_t threads[8];
	unsigned int i;

	CHECK_EQ(pthread_barrier_init(&w->start, NULL, n), 0);
	for (i = 0; i < n; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, work[i], w), 0);
	for (i = 0; i < n; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

/* CVE-2024-36489, CVE-2023-28466: half a context seen by another thread */
KTLS_TEST_EACH(attach_raced, each_family, const struct tls_case *, tc)
{
	static const thread_fn work[] = {
		do_attach, do_set, do_get, do_options, do_diag,
	};
	struct crowd w;
	int i;

	for (i = 0; i < 25; i++) {
		memset(&w, 0, sizeof(w));
		conn_connect(&w.c, tc, NULL);
		w.tx = w.c.tx;
		run_crowd(&w, work, ARRAY_SIZE(work));
		CHECK_EQ(w.attached, 1);
		if (!w.keyed)
			conn_set_tx(&w.c, NULL);
		else if (tc->version == TLS12)
			CHECK_EQ(w.keyed, 1);
		stream_init(&w.c.in, w.c.peer, tc->suite, tc->version, &w.tx);
		check_works(&w.c);
		conn_close(&w.c);
	}
}

/* Two threads want different keys: one wins, and all of its key is used. */
KTLS_TEST_EACH(attach_key_raced, each_version, const struct tls_case *, tc)
{
	static const thread_fn work[] = { do_set, do_set, do_get, do_get };
	struct crowd w;
	int i;

	for (i = 0; i < 25; i++) {
		memset(&w, 0, sizeof(w));
		conn_connect(&w.c, tc, NULL);
		conn_attach(&w.c);
		w.tx = w.c.tx;
		run_crowd(&w, work, ARRAY_SIZE(work));
		if (tc->version == TLS12)
			CHECK_EQ(w.keyed, 1);
		else
			CHECK_EQ(w.keyed, 2 * ROUNDS);
		stream_init(&w.c.in, w.c.peer, tc->suite, tc->version, &w.tx);
		check_works(&w.c);
		conn_close(&w.c);
	}
}

static void *dump_until_told(void *arg)
{
	struct crowd *w = arg;
	int nl = diag_open();
	int other = tcp_listen(AF_INET, &(u16){ 0 });
	struct diag d;

	while (!__atomic_load_n(&w->shown, __ATOMIC_RELAXED)) {
		diag_get(nl, other, &d);
		CHECK(d.found);
	}
	return NULL;
}

/* ss looks at contexts that are being made and freed. */
KTLS_TEST(attach_diag_races_close)
{
	static const struct tls_case *const cases[] = { &case12, &case13 };
	struct crowd w = { .shown = 0 };
	pthread_t thread;
	struct conn c;
	int i;

	CHECK_EQ(pthread_create(&thread, NULL, dump_until_told, &w), 0);
	for (i = 0; i < 60; i++) {
		conn_open(&c, cases[i % 2]);
		conn_send(&c, "open", 4, MSG_MORE);
		conn_close_local(&c);
		peer_expect(&c, RECORD_DATA, "open", 4);
		peer_expect_eof(&c);
		conn_close(&c);
	}
	__atomic_store_n(&w.shown, 1, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* close() has taken the context away, and TCP still waits for the peer. */
KTLS_TEST(attach_diag_behind_close)
{
	int nl, other;
	struct diag d;
	struct conn c;

	own_netns();
	other = tcp_listen(AF_INET, &(u16){ 0 });
	nl = diag_open();
	conn_open(&c, &case13);
	acks_hold(c.fd);
	tcp_set_int(c.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 100);
	conn_close_local(&c);
	diag_get(nl, other, &d);
	CHECK(d.found);
}
