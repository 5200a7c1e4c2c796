// SPDX-License-Identifier: GPL-2.0
/* A reader of random habits at the other end of a plan. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hostile_run.h"
#include "tools.h"

#define BUF_SIZE 70000
#define SLOW_MAX 20000

struct run {
	const struct plan *p;
	const struct wire *w;
	const struct model *m;
	struct forge f;
	struct sender s;
	struct place at;
	struct dice dice;
	unsigned int key;
	int pipe[2];
	u8 buf[BUF_SIZE + 64];
	u64 before[6];
	pthread_t nosy;
	bool has_nosy;
	int stop;
};

static const char *const counters[] = {
	"KtlsRxRecords", "KtlsRxBytes", "KtlsRxKeyUpdate", "KtlsRxError",
	"KtlsRxRekeyOk", "KtlsCurrRx",
};

static size_t some_len(struct run *run)
{
	if (chance(&run->dice, 4))
		return BUF_SIZE;
	return 1 + roll_len(&run->dice);
}

/* Whole blocks go to the reader's pages wherever these begin, or not at all */
static u8 *some_buf(struct run *run)
{
	return run->buf + (chance(&run->dice, 3) ? roll(&run->dice, 64) : 0);
}

static void take_got(struct run *run, const struct got *got, const u8 *buf,
		     size_t len, bool plain)
{
	bool whole;

	if (got->n < 0 || (!got->n && got->type < 0)) {
		place_failed(&run->at, got->err);
		return;
	}
	if (!plain && got->type < 0)
		FAIL("%zd bytes of no type", got->n);
	whole = place_got(&run->at, buf, got->n, len,
			  plain ? RECORD_DATA : got->type);
	CHECK_EQ(got->flags & MSG_EOR, whole ? MSG_EOR : 0);
	CHECK_EQ(got->flags & MSG_CTRUNC, plain ? MSG_CTRUNC : 0);
}

static void do_recv(struct run *run)
{
	bool wait = chance(&run->dice, 3) && place_has_more(&run->at);
	size_t len = some_len(run);
	u8 *buf = some_buf(run);
	struct got got = got_msg(run->f.fd, buf, len, wait ? 0 : MSG_DONTWAIT);

	if (wait && got.err == EAGAIN)
		FAIL("EAGAIN from a call that may wait");
	take_got(run, &got, buf, len, false);
}

/* As many as there will be, and not more */
static void do_recv_all(struct run *run)
{
	size_t len = some_len(run), records;
	struct got got;

	len = place_run(&run->at, len, &records);
	if (!len)
		return;
	got = got_msg(run->f.fd, run->buf, len, MSG_WAITALL);
	CHECK_EQ(got.n, len);
	take_got(run, &got, run->buf, len, false);
}

static void do_recv_pieces(struct run *run)
{
	size_t len = some_len(run), cut = roll(&run->dice, len);
	struct iovec iov[2] = {
		{ run->buf, cut }, { run->buf + cut, len - cut },
	};
	struct got got;

	got = got_iov(run->f.fd, iov, 2, CMSG_SPACE(1), MSG_DONTWAIT);
	take_got(run, &got, run->buf, len, false);
}

/* A reader who cannot be told of types gets data, and nothing else */
static void do_recv_plain(struct run *run)
{
	const struct item *item = place_next(&run->at);
	size_t len = some_len(run);
	struct got got = got_plain(run->f.fd, run->buf, len, MSG_DONTWAIT);

	if (got.n < 0 && got.err == EIO) {
		CHECK(item && item->type != RECORD_DATA);
		return;
	}
	take_got(run, &got, run->buf, len, true);
}

static void do_peek(struct run *run)
{
	size_t len = some_len(run);
	struct got got;

	got = got_msg(run->f.fd, run->buf, len, MSG_PEEK | MSG_DONTWAIT);
	if (got.n < 0 || got.type < 0) {
		take_got(run, &got, run->buf, len, false);
		return;
	}
	place_peeked(run->at, run->buf, got.n, len, got.type);
	CHECK_EQ(got.flags, 0);
}

static void do_splice(struct run *run)
{
	const struct item *item = place_next(&run->at);
	size_t len = some_len(run);
	ssize_t n;

	n = splice(run->f.fd, NULL, run->pipe[1], NULL, len, SPLICE_F_NONBLOCK);
	if (n < 0 && errno == EINVAL && item && item->type != RECORD_DATA)
		return;
	if (n <= 0) {
		place_failed(&run->at, n ? errno : 0);
		return;
	}
	CHECK_EQ(read(run->pipe[0], run->buf, n), n);
	place_got(&run->at, run->buf, n, len, -1);
}

static void do_poll(struct run *run)
{
	bool in = tcp_poll(run->f.fd, POLLIN, 0);
	int unread;

	CHECK_SYS(ioctl(run->f.fd, SIOCINQ, &unread));
	CHECK(unread >= 0);
	if (run->at.paused && run->p->end == END_OPEN && !run->m->in_header)
		CHECK(!in);
	if (run->at.arrived && !run->at.paused && place_has_more(&run->at))
		CHECK(in);
	/* Only opening them may tell that what is left is empty */
	if (in && !place_has_more(&run->at))
		CHECK(run->at.item < run->m->items);
}

static void do_key(struct run *run)
{
	if (!run->at.paused)
		return;
	run->f.keys = run->w->key[++run->key];
	CHECK_SYS(forge_set_key(&run->f));
	run->at.paused = false;
}

static void do_something(struct run *run)
{
	static void (*const calls[])(struct run *run) = {
		do_recv, do_recv, do_recv, do_recv, do_recv_all,
		do_recv_pieces, do_recv_plain, do_peek, do_peek, do_splice,
		do_poll, do_key, do_key,
	};

	calls[roll(&run->dice, ARRAY_SIZE(calls))](run);
}

/* Another thread looks on, and takes nothing */
static void *look_on(void *arg)
{
	struct run *run = arg;
	u8 *buf = malloc(BUF_SIZE);
	struct tls_keys keys;
	struct got got;
	size_t i;

	CHECK(buf);
	while (!__atomic_load_n(&run->stop, __ATOMIC_ACQUIRE)) {
		got = got_msg(run->f.fd, buf, BUF_SIZE, MSG_PEEK | MSG_DONTWAIT);
		for (i = 0; got.n > 0 && i < run->m->items; i++)
			if (run->m->item[i].type == got.type)
				break;
		CHECK(got.n <= 0 || i < run->m->items);
		tcp_poll(run->f.fd, POLLIN, 1);
		CHECK_SYS(ktls_get_key(run->f.fd, TLS_RX, run->p->tc->suite,
				       &keys));
	}
	free(buf);
	return NULL;
}

/* Reads until nothing can come any more. */
static void read_all(struct run *run)
{
	while (!run->at.over) {
		do_something(run);
		if (run->at.arrived || run->at.paused || run->at.over)
			continue;
		tcp_poll(run->f.fd, POLLIN, place_has_more(&run->at) ? 10 : 1);
		run->at.arrived = sender_is_done(&run->s);
	}
}

static void expect_lasting(struct run *run, int err)
{
	int fd = run->f.fd;

	CHECK(tcp_poll(fd, POLLIN, 0));
	expect_stuck(&run->f, err);
	CHECK_ERRNO(splice(fd, NULL, run->pipe[1], NULL, 100, 0), err);
	if (run->p->end == END_RESET)
		return;
	CHECK_EQ(tcp_get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK(!tcp_poll(fd, POLLERR, 0));
}

/* Neither more bytes nor a new key change it; what is sent still leaves. */
static void check_broken(struct run *run, int err)
{
	struct forge *f = &run->f;

	expect_lasting(run, err);
	if (run->p->tc->version == TLS13) {
		f->keys = run->w->key[++run->key];
		CHECK_SYS(forge_set_key(f));
		expect_lasting(run, err);
	}
	if (run->p->end == END_RESET)
		return;
	if (run->p->end == END_OPEN) {
		sender_more(&run->s);
		expect_lasting(run, err);
	}
	/* Or the number itself would be worth a warning */
	keys_set_seq(&f->c.tx, 0);
	conn_set_tx(&f->c, NULL);
	conn_send_type(&f->c, RECORD_ALERT, "\x02\x14", 2);
	peer_expect(&f->c, RECORD_ALERT, "\x02\x14", 2);
}

static void check_end(struct run *run)
{
	int err = run->m->err, i;

	if (!err && run->m->partial && run->p->end != END_OPEN)
		err = ECONNRESET;
	/* One that failed was opened if all that it lacks is a type */
	if (!run->m->errors && !run->at.paused)
		expect_opened(&run->f, run->m->opened);
	if (err) {
		check_broken(run, err);
	} else if (run->p->end == END_OPEN) {
		for (i = 0; i < 3; i++)
			expect_error(&run->f, EAGAIN);
		expect_nothing(&run->f);
	} else {
		expect_eof(&run->f);
		expect_eof(&run->f);
	}
}

static void check_counters(struct run *run)
{
	const u64 want[] = {
		run->m->records, run->m->bytes, run->m->updates,
		run->m->errors, run->key, 0,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		if (stat_value(counters[i]) - run->before[i] != want[i])
			FAIL("%s has grown by %llu, not %llu", counters[i],
			     stat_value(counters[i]) - run->before[i], want[i]);
}

static void open_all(struct run *run)
{
	struct tcp_opts opts = { .local_rcvbuf = run->p->rcvbuf };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		run->before[i] = stat_value(counters[i]);
	CHECK_SYS(pipe2(run->pipe, O_CLOEXEC));
	/* Through a window that is smaller than a record bytes only drip */
	if (run->w->len > SLOW_MAX && opts.local_rcvbuf < SLOW_MAX)
		opts.local_rcvbuf = 0;
	forge_attach(&run->f, run->p->tc, &opts);
	run->f.keys = run->w->key[0];
	forge_set_rx(&run->f);
	run->s = (struct sender){ .f = &run->f, .p = run->p, .w = run->w };
	run->at = (struct place){ .p = run->p, .m = run->m };
	run->dice = dice_of(run->p->seed, 5);
}

void hostile_run(const struct plan *p, const struct wire *w,
		 const struct model *m)
{
	static struct run run;

	run.p = p;
	run.w = w;
	run.m = m;
	open_all(&run);
	run.at.arrived = sender_start(&run.s);
	run.has_nosy = !run.at.arrived && chance(&run.dice, 3);
	if (run.has_nosy)
		CHECK_EQ(pthread_create(&run.nosy, NULL, look_on, &run), 0);
	read_all(&run);
	sender_stop(&run.s);
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELEASE);
	if (run.has_nosy)
		CHECK_EQ(pthread_join(run.nosy, NULL), 0);
	check_end(&run);
	forge_close(&run.f);
	check_counters(&run);
}
