/* SPDX-License-Identifier: GPL-2.0 */
/* The calls themselves. */
#ifndef KTLS_WALK_DO_H
#define KTLS_WALK_DO_H

#include "model.h"

struct sockets {
	int fd[2];
	int pipe[2];
	int file;	/* in memory, what sendfile() sends from */
};

void sockets_open(struct sockets *s, const struct walk *walk);
void sockets_close(struct sockets *s);
/* Does what model_prepare() has let pass. */
void do_op(struct sockets *s, const struct model *m, const struct op *op,
	   struct outcome *got);
void do_look(const struct sockets *s, const struct model *m, unsigned int end,
	     struct look *got);
/* TCP_INFO: bytes that have come, a FIN counts as one. */
u64 bytes_received(int fd);
/* Has TCP acknowledge at once what it has got. */
void acknowledge(int fd);
/* SIOCOUTQ */
int bytes_unacked(int fd);

#endif
