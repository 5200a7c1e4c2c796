// SPDX-License-Identifier: GPL-2.0
#include "spliced.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools.h"

void source_open(struct source *s, size_t len)
{
	s->fd = CHECK_SYS(memfd_create("source", MFD_CLOEXEC));
	s->data = test_data(len);
	s->len = len;
	CHECK_EQ(pwrite(s->fd, s->data, len, 0), len);
}

void source_check(const struct source *s)
{
	u8 *now = malloc(s->len);

	CHECK(now);
	CHECK_EQ(pread(s->fd, now, s->len, 0), s->len);
	CHECK_MEM(now, s->data, s->len);
	free(now);
}

void pipe_open(struct pipe *p)
{
	int fds[2];

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	p->out = fds[0];
	p->in = fds[1];
	CHECK_SYS(fcntl(p->in, F_SETPIPE_SZ, 1 << 20));
}

void splice_piece(struct conn *c, struct pipe *p, const void *data, size_t len,
		  int flags)
{
	CHECK_EQ(write(p->in, data, len), len);
	CHECK_EQ(CHECK_SYS(splice(p->out, NULL, c->fd, NULL, len, flags)),
		 len);
}

bool splice_more_merges(void)
{
	return kernel_has("inet_splice_eof");
}

void vmsplice_all(struct pipe *p, const struct iovec *iov, size_t count,
		  size_t len)
{
	CHECK_EQ(CHECK_SYS(vmsplice(p->in, iov, count, 0)), len);
}
