// SPDX-License-Identifier: GPL-2.0
/* How a hostile peer's bytes come to the socket. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "hostile_run.h"
#include "tools.h"

/* Segments of a plan, so that it does not take for ever */
#define SEGMENTS 250

static size_t segment_max(const struct plan *p, const struct wire *w)
{
	static const u32 sizes[] = { 1, 6, 40, 1000, 20000, WIRE_SIZE };
	struct dice d;
	size_t max;

	d = dice_of(p->seed, 3);
	max = sizes[roll(&d, ARRAY_SIZE(sizes))];
	return max < w->len / SEGMENTS ? w->len / SEGMENTS : max;
}

/* False once nobody wants any more. */
static bool send_piece(struct sender *s, const u8 *bytes, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len && !__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		n = send(s->f->peer, bytes + done, len - done, MSG_DONTWAIT);
		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			tcp_poll(s->f->peer, POLLOUT, 10);
			continue;
		}
		done += n;
		s->f->sent += n;
	}
	return done == len;
}

static void *send_all(void *arg)
{
	struct sender *s = arg;
	const struct wire *w = s->w;
	size_t max = segment_max(s->p, w), at = 0, n;
	struct dice d;

	d = dice_of(s->p->seed, 4);
	while (at < w->len) {
		n = 1 + roll(&d, max);
		if (n > w->len - at)
			n = w->len - at;
		if (!send_piece(s, w->bytes + at, n))
			break;
		at += n;
	}
	if (at == w->len && s->p->end == END_FIN) {
		CHECK_SYS(shutdown(s->f->peer, SHUT_WR));
		s->f->sent++;
	}
	__atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

bool sender_start(struct sender *s)
{
	s->started = !s->p->first;
	if (s->started) {
		CHECK_EQ(pthread_create(&s->thread, NULL, send_all, s), 0);
		return false;
	}
	send_all(s);
	forge_raw(s->f, "", 0);
	if (s->p->end == END_RESET) {
		tcp_reset(s->f->peer);
		s->f->peer = -1;
		s->f->c.peer = -1;
		CHECK(tcp_poll(s->f->fd, POLLERR | POLLHUP, TCP_WAIT_MS));
	}
	return true;
}

void sender_stop(struct sender *s)
{
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
	if (s->started)
		CHECK_EQ(pthread_join(s->thread, NULL), 0);
	s->started = false;
}

bool sender_is_done(struct sender *s)
{
	return __atomic_load_n(&s->done, __ATOMIC_ACQUIRE) &&
	       !outq(s->f->peer);
}

void sender_more(struct sender *s)
{
	size_t len = s->w->len < 5000 ? s->w->len : 5000;
	ssize_t n;

	n = send(s->f->peer, s->w->bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		CHECK_EQ(errno, EAGAIN);
}
