// SPDX-License-Identifier: GPL-2.0
/*
 * Each system call, with each allocation and each access to the caller's memory
 * that it makes failing in turn: it works or says why not, what it took is
 * sent, what it gave is not given again, and the connection goes on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "forge.h"
#include "nth.h"
#include "tools.h"

/* Some records, and less than the socket's buffers hold */
#define LEN 40000

/* A call that fails does it for one of these reasons. */
static void check_reason(const char *what, unsigned int n, long ret, bool hit)
{
	if (ret >= 0)
		return;
	if (!hit)
		FAIL("%s fails with %s, though nothing did", what,
		     errno_name(errno));
	if (errno != ENOMEM && errno != EFAULT && errno != ENOBUFS)
		FAIL("%s fails with %s at point %u", what, errno_name(errno),
		     n);
}

/* Until the call has come to its end without a failure. */
static void each_point(const char *what, bool (*run)(const void *, unsigned int),
		       const void *arg)
{
	unsigned int n = 1;

	nth_prepare();
	while (run(arg, n))
		n++;
	nth_report(what, n - 1);
}

/*
 * Sending
 */

/* Sends all or some of data, which is len bytes; returns how many, or -1. */
struct sender {
	const char *name;
	ssize_t (*send)(int fd, const u8 *data, size_t len);
	size_t len;
};

static ssize_t plain_send(int fd, const u8 *data, size_t len)
{
	return send(fd, data, len, 0);
}

/* A record that is open when the second call comes */
static ssize_t more_send(int fd, const u8 *data, size_t len)
{
	ssize_t first = 0, second;

	if (len > 1)
		first = send(fd, data, len / 2, MSG_MORE);
	if (first < 0)
		return first;
	second = send(fd, data + first, len - first, 0);
	return second < 0 && !first ? second : first + (second > 0 ? second : 0);
}

static ssize_t vector_send(int fd, const u8 *data, size_t len)
{
	struct iovec iov[] = {
		{ (void *)data, len / 3 },
		{ (void *)(data + len / 3), len - len / 3 },
	};

	return writev(fd, iov, ARRAY_SIZE(iov));
}

static int file_of(const u8 *data, size_t len)
{
	int fd = CHECK_SYS(memfd_create("nth", MFD_CLOEXEC));

	CHECK_EQ(write(fd, data, len), len);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int file;

static ssize_t file_send(int fd, const u8 *data, size_t len)
{
	(void)data;
	return sendfile(fd, file, NULL, len);
}

static const struct sender senders[] = {
	{ "send_small", plain_send, 100 },
	{ "send_large", plain_send, LEN },
	{ "send_more", more_send, 3000 },
	{ "writev", vector_send, LEN },
	{ "sendfile", file_send, LEN },
};

/*
 * A cipher that has no memory to go on stops in the middle of a record, which is
 * lost with that: nothing can be sent behind it. What arrives are whole records
 * of what was in front of it, and a reset.
 */
static bool is_lost(struct conn *c, ssize_t ret, const u8 *data)
{
	const struct record *r;
	u8 byte;

	if (ret >= 0 || errno != EBADMSG)
		return false;
	CHECK_ERRNO(send(c->fd, "x", 1, 0), EBADMSG);
	CHECK_ERRNO(send(c->fd, "x", 1, 0), EBADMSG);
	conn_close_local(c);
	while (recv(c->peer, &byte, 1, MSG_PEEK) == 1) {
		r = stream_next(&c->in);
		CHECK_MEM(r->data, data, r->len);
		data += r->len;
	}
	CHECK_EQ(errno, ECONNRESET);
	conn_close(c);
	return true;
}

static bool run_sender(const void *arg, unsigned int n)
{
	const struct sender *s = arg;
	const u8 *data = test_data(LEN);
	size_t done = 0;
	struct conn c;
	ssize_t ret;
	bool hit;

	conn_open(&c, &case13);
	file = file_of(data, s->len);
	nth_arm(n);
	ret = s->send(c.fd, data, s->len);
	hit = nth_disarm();
	if (hit && is_lost(&c, ret, data))
		return true;
	check_reason(s->name, n, ret, hit);
	if (ret > 0)
		done = ret;
	CHECK_EQ(lseek(file, 0, SEEK_CUR), s->send == file_send ? done : 0);
	while (done < s->len)
		done += CHECK_SYS(s->send(c.fd, data + done, s->len - done));
	peer_expect_data(&c, data, s->len);
	conn_send(&c, "more", 4, 0);
	peer_expect(&c, RECORD_DATA, "more", 4);
	conn_check_tx(&c);
	conn_close(&c);
	close(file);
	return hit;
}

static const void *each_sender(unsigned int i, char *name, size_t size)
{
	if (i >= ARRAY_SIZE(senders))
		return NULL;
	snprintf(name, size, "%s", senders[i].name);
	return &senders[i];
}

KTLS_TEST_EACH(nth_sending, each_sender, const struct sender *, s)
{
	each_point(s->name, run_sender, s);
}

/*
 * Receiving
 */

/* Reads some of the data that is there; returns how many bytes, or -1. */
struct receiver {
	const char *name;
	ssize_t (*recv)(int fd, u8 *data, size_t len);
	size_t record;		/* size of each */
	size_t len;		/* of all of them */
};

static ssize_t plain_recv(int fd, u8 *data, size_t len)
{
	return recv(fd, data, len, MSG_DONTWAIT);
}

static ssize_t part_recv(int fd, u8 *data, size_t len)
{
	return recv(fd, data, len < 1000 ? len : 1000, MSG_DONTWAIT);
}

static ssize_t peek_recv(int fd, u8 *data, size_t len)
{
	ssize_t ret = recv(fd, data, len, MSG_PEEK | MSG_DONTWAIT);

	return ret < 0 ? ret : recv(fd, data, ret, MSG_DONTWAIT);
}

static ssize_t message_recv(int fd, u8 *data, size_t len)
{
	struct got got = got_msg(fd, data, len, MSG_DONTWAIT);

	errno = got.err;
	return got.n;
}

static const struct receiver receivers[] = {
	{ "recv_small", plain_recv, 100, 1000 },
	{ "recv_large", plain_recv, 16384, 49152 },
	{ "recv_part", part_recv, 16384, 32768 },
	{ "recv_peek", peek_recv, 8000, 16000 },
	{ "recvmsg", message_recv, 3000, 9000 },
};

static u8 got[65536] __attribute((aligned(4096)));

static void forge_records(struct forge *f, const u8 *data, size_t len,
			  size_t record)
{
	size_t done;

	for (done = 0; done < len; done += record)
		forge_data(f, data + done, record);
}

static bool run_receiver(const void *arg, unsigned int n)
{
	const struct receiver *r = arg;
	const u8 *data = test_data(sizeof(got));
	static struct forge f;
	size_t done = 0;
	ssize_t ret;
	bool hit;

	forge_open(&f, &case13);
	forge_records(&f, data, r->len, r->record);
	nth_arm(n);
	ret = r->recv(f.fd, got, r->len);
	hit = nth_disarm();
	check_reason(r->name, n, ret, hit);
	if (ret > 0)
		done = ret;
	while (done < r->len)
		done += CHECK_SYS(r->recv(f.fd, got + done, r->len - done));
	CHECK_MEM(got, data, r->len);
	expect_nothing(&f);
	expect_opened(&f, r->len / r->record);
	forge_close(&f);
	return hit;
}

static const void *each_receiver(unsigned int i, char *name, size_t size)
{
	if (i >= ARRAY_SIZE(receivers))
		return NULL;
	snprintf(name, size, "%s", receivers[i].name);
	return &receivers[i];
}

KTLS_TEST_EACH(nth_receiving, each_receiver, const struct receiver *, r)
{
	each_point(r->name, run_receiver, r);
}

/* The pipe is made before. */
static bool run_splice(const void *arg, unsigned int n)
{
	const size_t len = 32768;
	const u8 *data = test_data(len);
	static struct forge f;
	size_t done = 0;
	ssize_t ret;
	int fds[2];
	bool hit;

	(void)arg;
	forge_open(&f, &case13);
	forge_records(&f, data, len, 8192);
	CHECK_SYS(pipe(fds));
	nth_arm(n);
	ret = splice(f.fd, NULL, fds[1], NULL, len, SPLICE_F_NONBLOCK);
	hit = nth_disarm();
	check_reason("splice", n, ret, hit);
	for (;;) {
		if (ret > 0) {
			CHECK_EQ(read(fds[0], got + done, ret), ret);
			done += ret;
		}
		if (done == len)
			break;
		ret = CHECK_SYS(splice(f.fd, NULL, fds[1], NULL, len - done,
				       SPLICE_F_NONBLOCK));
	}
	CHECK_MEM(got, data, len);
	expect_nothing(&f);
	close(fds[0]);
	close(fds[1]);
	forge_close(&f);
	return hit;
}

KTLS_TEST(nth_splice)
{
	each_point("splice", run_splice, NULL);
}

/*
 * Setting up
 */

/* Still a plain socket, which can become another. */
static bool run_attach(const void *arg, unsigned int n)
{
	struct conn c;
	bool hit;
	int ret;

	conn_connect(&c, arg, NULL);
	nth_arm(n);
	ret = ktls_attach(c.fd);
	hit = nth_disarm();
	check_reason("attach", n, ret, hit);
	if (ret)
		CHECK_SYS(ktls_attach(c.fd));
	conn_set_tx(&c, NULL);
	conn_send(&c, "x", 1, 0);
	peer_expect(&c, RECORD_DATA, "x", 1);
	conn_close(&c);
	return hit;
}

KTLS_TEST(nth_attach)
{
	each_point("attach", run_attach, &case13);
}

/* Without its key the socket sends nothing, and it can be set again. */
static bool run_set_tx(const void *arg, unsigned int n)
{
	const struct tls_case *tc = arg;
	struct conn c;
	bool hit;
	int ret;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	nth_arm(n);
	ret = ktls_set_tx(c.fd, tc->suite, tc->version, &c.tx);
	hit = nth_disarm();
	if (ret && errno == ENOENT && tc->suite->optional && !hit)
		SKIP("this kernel has no %s", tc->suite->evp);
	check_reason("TLS_TX", n, ret, hit);
	if (ret)
		conn_set_tx(&c, NULL);
	else
		stream_init(&c.in, c.peer, tc->suite, tc->version, &c.tx);
	conn_send(&c, "x", 1, 0);
	peer_expect(&c, RECORD_DATA, "x", 1);
	conn_check_tx(&c);
	conn_close(&c);
	return hit;
}

KTLS_TEST_EACH(nth_set_tx, each_cipher, const struct tls_case *, tc)
{
	char what[40];

	snprintf(what, sizeof(what), "TLS_TX %s", tc->suite->evp);
	each_point(what, run_set_tx, tc);
}

static bool run_set_rx(const void *arg, unsigned int n)
{
	const struct tls_case *tc = arg;
	static struct forge f;
	bool hit;
	int ret;

	forge_attach(&f, tc, NULL);
	forge_rekey(&f);
	nth_arm(n);
	ret = forge_set_key(&f);
	hit = nth_disarm();
	check_reason("TLS_RX", n, ret, hit);
	if (ret)
		CHECK_SYS(forge_set_key(&f));
	forge_data(&f, "x", 1);
	expect_data(&f, "x", 1);
	expect_nothing(&f);
	forge_close(&f);
	return hit;
}

KTLS_TEST_EACH(nth_set_rx, each_version, const struct tls_case *, tc)
{
	each_point("TLS_RX", run_set_rx, tc);
}

/* The old key goes on, or the new one has come. */
static bool run_rekey_tx(const void *arg, unsigned int n)
{
	struct tls_keys keys;
	struct conn c;
	bool hit;
	int ret;

	conn_open(&c, arg);
	conn_send(&c, "old", 3, 0);
	peer_expect(&c, RECORD_DATA, "old", 3);
	keys_random(&keys);
	nth_arm(n);
	ret = ktls_set_tx(c.fd, c.tc->suite, c.tc->version, &keys);
	hit = nth_disarm();
	check_reason("rekey", n, ret, hit);
	if (!ret) {
		c.tx = keys;
		stream_rekey(&c.in, &keys);
	}
	conn_send(&c, "new", 3, 0);
	peer_expect(&c, RECORD_DATA, "new", 3);
	conn_check_tx(&c);
	conn_close(&c);
	return hit;
}

KTLS_TEST(nth_rekey_tx)
{
	each_point("rekey", run_rekey_tx, &case13);
}
