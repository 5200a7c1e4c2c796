/* SPDX-License-Identifier: GPL-2.0 */
/* What several files of tests need around a connection. */
#ifndef KTLS_TESTS_TOOLS_H
#define KTLS_TESTS_TOOLS_H

#include <sys/uio.h>

#include "../peer/types.h"

/* An address that can be neither read nor written. */
void *bad_address(void);
/* A copy of data directly in front of such an address; never freed. */
u8 *edge_copy(const void *data, size_t len);

/* A name space with nothing but loopback: its counters start at 0. */
void own_netns(void);
/* A line of /proc/net/ktls_stat. */
u64 stat_value(const char *name);
/* As many lines as there are names have exactly these values. */
void expect_stats(const char *const *names, const u64 *want, size_t count);
/* True if the running kernel has this function. */
bool kernel_has(const char *symbol);

int outq(int fd);
int outq_nsd(int fd);
/* Waits until outq() is this. */
void expect_outq(int fd, int want);

/* sendmsg() */
ssize_t send_iov(int fd, const struct iovec *iov, size_t count, int flags);
/* True if one more record may be sent without waiting. */
bool has_room(int fd);

#endif
