// SPDX-License-Identifier: GPL-2.0
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "forge.h"

void forge_attach(struct forge *f, const struct tls_case *tc,
		  const struct tcp_opts *opts)
{
	memset(f, 0, offsetof(struct forge, wire));
	f->tc = tc;
	conn_connect(&f->c, tc, opts);
	conn_attach(&f->c);
	f->fd = f->c.fd;
	f->peer = f->c.peer;
	keys_random(&f->keys);
	/* Or every second write would wait for a delayed ACK */
	tcp_set_int(f->peer, IPPROTO_TCP, TCP_NODELAY, 1);
}

int forge_set_key(struct forge *f)
{
	return ktls_set_key(f->fd, TLS_RX, f->tc->suite, f->tc->version,
			    &f->keys);
}

static void out_key(struct forge *f)
{
	if (f->out.ctx)
		record_key_free(&f->out);
	if (!record_key_init(&f->out, f->tc->suite, f->tc->version, &f->keys))
		SKIP("this libcrypto has no %s", f->tc->suite->evp);
}

void forge_set_rx(struct forge *f)
{
	const struct suite *suite = f->tc->suite;
	int ret = forge_set_key(f);

	if (ret && errno == ENOENT && suite->optional)
		SKIP("this kernel has no %s", suite->evp);
	CHECK_SYS(ret);
	if (!f->out.ctx)
		out_key(f);
}

void forge_open_opts(struct forge *f, const struct tls_case *tc,
		     const struct tcp_opts *opts)
{
	forge_attach(f, tc, opts);
	forge_set_rx(f);
}

void forge_open(struct forge *f, const struct tls_case *tc)
{
	forge_open_opts(f, tc, NULL);
}

void forge_open_seq(struct forge *f, const struct tls_case *tc, u64 seq)
{
	forge_attach(f, tc, NULL);
	keys_set_seq(&f->keys, seq);
	forge_set_rx(f);
}

void forge_rekey(struct forge *f)
{
	keys_random(&f->keys);
	out_key(f);
}

void forge_close(struct forge *f)
{
	conn_close(&f->c);
	record_key_free(&f->out);
}

size_t forge_make_padded(struct forge *f, u8 type, const void *data,
			 size_t len, size_t padding)
{
	if (!f->out.ctx)
		out_key(f);
	CHECK(len + padding + 64 <= sizeof(f->wire));
	f->len = record_seal(&f->out, type, data, len, padding, f->wire);
	return f->len;
}

size_t forge_make(struct forge *f, u8 type, const void *data, size_t len)
{
	return forge_make_padded(f, type, data, len, 0);
}

/* The FIN counts as one. */
static u64 arrived(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK_SYS(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	CHECK(len > offsetof(struct tcp_info, tcpi_bytes_received));
	return info.tcpi_bytes_received;
}

static void wait_arrived(struct forge *f)
{
	int ms;

	for (ms = 0; ms < TCP_WAIT_MS; ms++) {
		if (arrived(f->fd) >= f->sent)
			return;
		poll(NULL, 0, 1);
	}
	FAIL("%llu of %llu bytes have arrived", arrived(f->fd), f->sent);
}

void forge_raw(struct forge *f, const void *bytes, size_t len)
{
	tcp_write_full(f->peer, bytes, len);
	f->sent += len;
	wait_arrived(f);
}

void forge_piece(struct forge *f, size_t from, size_t to)
{
	CHECK(from <= to && to <= f->len);
	forge_raw(f, f->wire + from, to - from);
}

void forge_write(struct forge *f)
{
	forge_piece(f, 0, f->len);
}

void forge_dribble(struct forge *f)
{
	size_t i;

	for (i = 0; i < f->len; i++)
		forge_piece(f, i, i + 1);
}

void forge_header(struct forge *f, u8 type, u16 version, u16 len)
{
	u8 header[RECORD_HEADER] = { type };

	put_be(header + 1, version, 2);
	put_be(header + 3, len, 2);
	forge_raw(f, header, sizeof(header));
}

void forge_padded(struct forge *f, u8 type, const void *data, size_t len,
		  size_t padding)
{
	forge_make_padded(f, type, data, len, padding);
	forge_write(f);
}

void forge_send(struct forge *f, u8 type, const void *data, size_t len)
{
	forge_padded(f, type, data, len, 0);
}

void forge_data(struct forge *f, const void *data, size_t len)
{
	forge_send(f, RECORD_DATA, data, len);
}

void forge_bad(struct forge *f, u8 type, const void *data, size_t len)
{
	forge_make(f, type, data, len);
	f->wire[f->len - 1] ^= 0x80;
	forge_write(f);
}

void forge_fin(struct forge *f)
{
	CHECK_SYS(shutdown(f->peer, SHUT_WR));
	f->sent++;
	wait_arrived(f);
}

static void *send_later(void *arg)
{
	struct forge *f = arg;
	size_t done, n;

	for (done = 0; done < f->later_len; done += n) {
		n = f->later_len - done;
		if (n > f->later_chunk)
			n = f->later_chunk;
		forge_make(f, RECORD_DATA, f->later + done, n);
		tcp_write_full(f->peer, f->wire, f->len);
		f->sent += f->len;
	}
	return NULL;
}

void forge_start(struct forge *f, const void *data, size_t len, size_t chunk)
{
	f->later = data;
	f->later_len = len;
	f->later_chunk = chunk;
	CHECK_EQ(pthread_create(&f->thread, NULL, send_later, f), 0);
}

void forge_join(struct forge *f)
{
	CHECK_EQ(pthread_join(f->thread, NULL), 0);
}

static int type_of(struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	if (!cmsg)
		return -1;
	CHECK_EQ(cmsg->cmsg_level, SOL_TLS);
	CHECK_EQ(cmsg->cmsg_type, TLS_GET_RECORD_TYPE);
	CHECK(!CMSG_NXTHDR(msg, cmsg));
	if (cmsg->cmsg_len < CMSG_LEN(1))
		return -1;
	return *CMSG_DATA(cmsg);
}

struct got got_iov(int fd, struct iovec *iov, size_t count, size_t room,
		   int flags)
{
	char control[256] __attribute((aligned(8))) = { 0 };
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = count,
		.msg_control = room ? control : NULL,
		.msg_controllen = room,
	};
	struct got got = { .type = -1 };

	CHECK(room <= sizeof(control));
	got.n = recvmsg(fd, &msg, flags);
	if (got.n < 0) {
		got.err = errno;
		return got;
	}
	got.flags = msg.msg_flags & ~MSG_CMSG_CLOEXEC;
	got.type = type_of(&msg);
	return got;
}

struct got got_msg(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };

	return got_iov(fd, &iov, 1, CMSG_SPACE(1), flags);
}

struct got got_plain(int fd, void *buf, size_t len, int flags)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };

	return got_iov(fd, &iov, 1, 0, flags);
}

void expect_got(struct forge *f, size_t size, int flags, u8 type,
		const void *data, size_t len, bool eor)
{
	u8 *buf = malloc(size ? size : 1);
	struct got got;

	CHECK(buf);
	got = got_msg(f->fd, buf, size, flags);
	if (got.n < 0)
		FAIL("recvmsg: %s instead of %zu bytes of type %u",
		     errno_name(got.err), len, type);
	if (got.n != (ssize_t)len || got.type != type)
		FAIL("recvmsg: %zd bytes of type %d instead of %zu of type %u",
		     got.n, got.type, len, type);
	CHECK_MEM(buf, data, len);
	CHECK_EQ(got.flags, eor ? MSG_EOR : 0);
	free(buf);
}

void expect_record(struct forge *f, u8 type, const void *data, size_t len)
{
	expect_got(f, len + 100, 0, type, data, len, true);
}

void expect_peek(struct forge *f, u8 type, const void *data, size_t len)
{
	expect_got(f, len + 100, MSG_PEEK, type, data, len, false);
}

void expect_data(struct forge *f, const void *data, size_t len)
{
	u8 *buf = malloc(len);
	struct got got;
	size_t done;

	CHECK(buf);
	for (done = 0; done < len; done += got.n) {
		got = got_msg(f->fd, buf + done, len - done, 0);
		if (got.n <= 0 || got.type != RECORD_DATA)
			FAIL("recvmsg after %zu bytes: %zd, %s, type %d", done,
			     got.n, errno_name(got.err), got.type);
	}
	CHECK_MEM(buf, data, len);
	free(buf);
}

void expect_error(struct forge *f, int err)
{
	struct got got;
	u8 buf[100];

	got = got_msg(f->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (got.n >= 0)
		FAIL("recvmsg: %zd bytes of type %d instead of %s", got.n,
		     got.type, errno_name(err));
	if (got.err != err)
		FAIL("recvmsg: %s instead of %s", errno_name(got.err),
		     errno_name(err));
}

void expect_stuck(struct forge *f, int err)
{
	u8 buf[100];

	expect_error(f, err);
	expect_error(f, err);
	CHECK_ERRNO(recv(f->fd, buf, sizeof(buf), 0), err);
	CHECK_ERRNO(recv(f->fd, buf, 1, MSG_PEEK), err);
	CHECK_ERRNO(recv(f->fd, buf, sizeof(buf), MSG_WAITALL), err);
	CHECK_ERRNO(read(f->fd, buf, sizeof(buf)), err);
}

void expect_eof(struct forge *f)
{
	struct got got;
	u8 byte;

	expect_pollin(f);
	got = got_msg(f->fd, &byte, 1, MSG_DONTWAIT);
	if (got.n || got.type != -1)
		FAIL("recvmsg: %zd, %s, type %d instead of EOF", got.n,
		     errno_name(got.err), got.type);
}

void expect_nothing(struct forge *f)
{
	CHECK(!tcp_poll(f->fd, POLLIN | POLLRDNORM, 0));
	expect_error(f, EAGAIN);
}

void expect_pollin(struct forge *f)
{
	CHECK(tcp_poll(f->fd, POLLIN, TCP_WAIT_MS));
	CHECK(tcp_poll(f->fd, POLLRDNORM, 0));
}

void expect_opened(struct forge *f, u64 records)
{
	const struct suite *suite = f->tc->suite;
	socklen_t len = suite_crypto_info_size(suite);
	union crypto_info ci = { 0 };
	struct tls_keys now;

	CHECK_SYS(getsockopt(f->fd, SOL_TLS, TLS_RX, &ci, &len));
	CHECK_EQ(len, suite_crypto_info_size(suite));
	CHECK_EQ(ci.info.version, f->tc->version);
	CHECK_EQ(ci.info.cipher_type, suite->cipher_type);
	suite_parse_info(suite, &ci, &now);
	CHECK_MEM(now.key, f->keys.key, suite->key_size);
	CHECK_MEM(now.salt, f->keys.salt, suite->salt_size);
	CHECK_EQ(keys_seq(&now), keys_seq(&f->keys) + records);
}
