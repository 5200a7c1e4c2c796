// SPDX-License-Identifier: GPL-2.0
/* The calls of a walk, none of which waits unless signals come. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../peer/check.h"
#include "../peer/tcp.h"
#include "../peer/ulp.h"
#include "do.h"

/* Plenty: as much as the system allows. */
#define BUFFER (1024 * 1024)
/* Where a window is small: loopback's segments would never fit. */
#define SMALL_MSS 1000
/* Signals come so often (us) while a call may wait. */
#define TICK 5000
#define PIECES 3

static void on_tick(int sig)
{
	(void)sig;
}

void sockets_open(struct sockets *s, const struct walk *walk)
{
	u32 rcvbuf = walk->rcvbuf ? walk->rcvbuf : BUFFER;
	u32 sndbuf = walk->sndbuf ? walk->sndbuf : BUFFER;
	struct tcp_opts opts = {
		.rcvbuf = rcvbuf, .local_rcvbuf = rcvbuf, .sndbuf = sndbuf,
		.mss = walk->rcvbuf ? SMALL_MSS : 0,
	};
	struct sigaction sa = { .sa_handler = on_tick };
	struct tcp_pair pair;
	int i;

	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	tcp_open(&pair, &opts);
	s->fd[0] = pair.local;
	s->fd[1] = pair.peer;
	tcp_set_int(s->fd[1], SOL_SOCKET, SO_SNDBUF, sndbuf);
	for (i = 0; i < 2; i++)
		tcp_set_int(s->fd[i], IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_SYS(pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK));
	CHECK(CHECK_SYS(fcntl(s->pipe[0], F_SETPIPE_SZ, CALL_MAX)) >= CALL_MAX);
	s->file = CHECK_SYS(memfd_create("walk", MFD_CLOEXEC));
	CHECK_SYS(ftruncate(s->file, CALL_MAX));
}

void sockets_close(struct sockets *s)
{
	int i;

	for (i = 0; i < 2; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	close(s->pipe[0]);
	close(s->pipe[1]);
	close(s->file);
}

static int send_flags(const struct op *op)
{
	return MSG_DONTWAIT | MSG_NOSIGNAL |
	       (op->flags & FLAG_MORE ? MSG_MORE : 0) |
	       (op->flags & FLAG_EOR ? MSG_EOR : 0) |
	       (op->flags & FLAG_OOB ? MSG_OOB : 0);
}

static int recv_flags(const struct op *op)
{
	return (op->flags & FLAG_SIGNAL ? 0 : MSG_DONTWAIT) |
	       (op->flags & FLAG_PEEK ? MSG_PEEK : 0) |
	       (op->flags & FLAG_WAITALL ? MSG_WAITALL : 0) |
	       (op->flags & FLAG_TRUNC ? MSG_TRUNC : 0) |
	       (op->flags & FLAG_OOB ? MSG_OOB : 0);
}

/* Cuts memory in pieces, one of them empty, if the operation says so. */
static size_t cut(const struct op *op, void *data, size_t len,
		  struct iovec *iov)
{
	size_t first = len / 3;

	iov[0] = (struct iovec){ data, len };
	if (!(op->flags & FLAG_PIECES))
		return 1;
	iov[0].iov_len = first;
	iov[1] = (struct iovec){ data, 0 };
	iov[2] = (struct iovec){ (u8 *)data + first, len - first };
	return PIECES;
}

static long do_send(int fd, const struct model *m, const struct op *op)
{
	struct iovec iov[PIECES];
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = cut(op, m->data, m->data_len, iov),
	};
	char control[CMSG_SPACE(1)] = { 0 };
	struct cmsghdr *cmsg;

	if (op->kind == OP_TYPE) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_TLS;
		cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
		cmsg->cmsg_len = CMSG_LEN(1);
		*CMSG_DATA(cmsg) = op->field[F_TYPE];
	}
	return sendmsg(fd, &msg, send_flags(op));
}

static long do_sendfile(struct sockets *s, const struct model *m,
			const struct op *op)
{
	off_t at = 0;
	long ret;

	CHECK_EQ(pwrite(s->file, m->data, m->data_len, 0), m->data_len);
	tcp_set_nonblock(s->fd[op->end], true);
	ret = sendfile(s->fd[op->end], s->file, &at, m->data_len);
	tcp_set_nonblock(s->fd[op->end], false);
	return ret;
}

static void empty_pipe(const struct sockets *s)
{
	u8 rest[4096];

	while (read(s->pipe[0], rest, sizeof(rest)) > 0)
		;
}

static long do_splice(struct sockets *s, const struct model *m,
		      const struct op *op)
{
	long ret;
	int err;

	CHECK_EQ(write(s->pipe[1], m->data, m->data_len), m->data_len);
	tcp_set_nonblock(s->fd[op->end], true);
	ret = splice(s->pipe[0], NULL, s->fd[op->end], NULL, m->data_len,
		     0);
	err = errno;
	tcp_set_nonblock(s->fd[op->end], false);
	empty_pipe(s);
	errno = err;
	return ret;
}

static void ticks(bool on)
{
	struct itimerval t = { 0 };

	t.it_interval.tv_usec = on ? TICK : 0;
	t.it_value.tv_usec = on ? TICK : 0;
	CHECK_SYS(setitimer(ITIMER_REAL, &t, NULL));
}

static void note_control(struct msghdr *msg, struct outcome *got)
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	got->flags = msg->msg_flags & (MSG_EOR | MSG_CTRUNC | MSG_TRUNC);
	if (cmsg && cmsg->cmsg_level == SOL_TLS &&
	    cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
		got->type = *CMSG_DATA(cmsg);
	else if (cmsg)
		got->type = 1000 + cmsg->cmsg_type;
}

static long do_recv(int fd, const struct op *op, struct outcome *got)
{
	struct iovec iov[PIECES];
	char control[128];
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = cut(op, got->data, op->field[F_LEN], iov),
		.msg_control = op->flags & FLAG_BARE ? NULL : control,
		.msg_controllen = op->flags & FLAG_BARE ? 0 : sizeof(control),
	};
	long ret;
	int err;

	if (op->flags & FLAG_SIGNAL)
		ticks(true);
	ret = recvmsg(fd, &msg, recv_flags(op));
	err = errno;
	if (op->flags & FLAG_SIGNAL)
		ticks(false);
	errno = err;
	if (ret >= 0)
		note_control(&msg, got);
	return ret;
}

static long do_unsplice(struct sockets *s, const struct op *op,
			struct outcome *got)
{
	long ret;

	ret = splice(s->fd[op->end], NULL, s->pipe[1], NULL, op->field[F_LEN],
		     SPLICE_F_NONBLOCK);
	if (ret > 0)
		CHECK_EQ(read(s->pipe[0], got->data, ret), ret);
	return ret;
}

static long do_key(int fd, const struct model *m, const struct op *op)
{
	bool rx = op->kind == OP_FOLLOW || op->flags & FLAG_RX;
	const struct walk *walk = m->walk;
	struct tls_keys keys;
	union crypto_info ci;
	size_t len;

	model_keys(m, op, &keys);
	len = suite_crypto_info(walk->suite, walk->version, &keys, &ci);
	if (op->flags & FLAG_BADCIPHER)
		ci.info.cipher_type = 99;
	if (op->flags & FLAG_BADLEN)
		len--;
	return setsockopt(fd, SOL_TLS, rx ? TLS_RX : TLS_TX, &ci, len);
}

static long do_maxlen(int fd, const struct op *op)
{
	u16 value[2] = { op->field[F_LEN] };

	return setsockopt(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, value,
			  op->flags & FLAG_BADLEN ? 4 : 2);
}

static long do_shutdown(int fd, const struct op *op)
{
	if (!(op->flags & FLAG_TX))
		return shutdown(fd, SHUT_RD);
	return shutdown(fd, op->flags & FLAG_RX ? SHUT_RDWR : SHUT_WR);
}

static long do_close(struct sockets *s, unsigned int end)
{
	long ret = close(s->fd[end]);

	s->fd[end] = -1;
	return ret;
}

static long dispatch(struct sockets *s, const struct model *m,
		     const struct op *op, struct outcome *got)
{
	int fd = s->fd[op->end];

	switch (op->kind) {
	case OP_ATTACH:
		return ktls_attach(fd);
	case OP_KEY:
	case OP_FOLLOW:
		return do_key(fd, m, op);
	case OP_MAXLEN:
		return do_maxlen(fd, op);
	case OP_SENDFILE:
		return do_sendfile(s, m, op);
	case OP_SPLICE:
		return do_splice(s, m, op);
	case OP_RECV:
		return do_recv(fd, op, got);
	case OP_UNSPLICE:
		return do_unsplice(s, op, got);
	case OP_SHUTDOWN:
		return do_shutdown(fd, op);
	case OP_CLOSE:
		return do_close(s, op->end);
	default:
		return do_send(fd, m, op);
	}
}

int bytes_unacked(int fd)
{
	int n = 0;

	CHECK_SYS(ioctl(fd, SIOCOUTQ, &n));
	return n;
}

void do_op(struct sockets *s, const struct model *m, const struct op *op,
	   struct outcome *got)
{
	got->busy = bytes_unacked(s->fd[op->end]);
	got->type = -1;
	got->flags = 0;
	got->ret = dispatch(s, m, op, got);
	got->err = got->ret < 0 ? errno : 0;
}

static int get_key(int fd, int dir, const struct suite *suite, u64 *seq,
		   u64 *iv)
{
	struct tls_keys keys;

	if (ktls_get_key(fd, dir, suite, &keys))
		return errno;
	*seq = keys_seq(&keys);
	*iv = keys_iv(&keys);
	return 0;
}

void do_look(const struct sockets *s, const struct model *m, unsigned int end,
	     struct look *got)
{
	const struct suite *suite = m->walk->suite;
	int fd = s->fd[end];
	struct pollfd pfd = {
		.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP,
	};
	u64 rx_iv;

	*got = (struct look){ 0 };
	CHECK_SYS(poll(&pfd, 1, 0));
	got->events = pfd.revents;
	CHECK_SYS(ioctl(fd, SIOCINQ, &got->inq));
	got->outq = bytes_unacked(fd);
	got->tx_err = get_key(fd, TLS_TX, suite, &got->tx_seq, &got->tx_iv);
	got->rx_err = get_key(fd, TLS_RX, suite, &got->rx_seq, &rx_iv);
}
