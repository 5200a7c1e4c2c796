/* SPDX-License-Identifier: GPL-2.0 */
/* What is spliced into a connection: a file, or pieces in a pipe. */
#ifndef KTLS_TESTS_SPLICED_H
#define KTLS_TESTS_SPLICED_H

#include <sys/uio.h>

#include "ktls.h"

struct source {
	int fd;
	const u8 *data;
	size_t len;
};

void source_open(struct source *s, size_t len);
/* What we sent is still what the file's pages hold. */
void source_check(const struct source *s);

/* A pipe that has place for many small pieces. */
struct pipe {
	int out;
	int in;
};

void pipe_open(struct pipe *p);
/* Memory into the pipe, without a copy; len is that of all. */
void vmsplice_all(struct pipe *p, const struct iovec *iov, size_t count,
		  size_t len);
/* Through the pipe into the socket, as one piece. */
void splice_piece(struct conn *c, struct pipe *p, const void *data, size_t len,
		  int flags);
/*
 * Where the kernel never says that a splice has ended (before splice_eof), a
 * record must not stay open on the promise that more will come.
 */
bool splice_more_merges(void);

#endif
