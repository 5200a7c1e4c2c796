/* SPDX-License-Identifier: GPL-2.0 */
/* What tests ask of /dev/ktls_reader; kernel and userspace share it. */
#ifndef KTLS_TESTS_READER_IOCTL_H
#define KTLS_TESTS_READER_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct ktls_reader_call - one call of a socket's read_sock
 * @buf: where the bytes go; 0: they are looked at and forgotten
 * @size: bytes wanted
 * @fd: the socket
 * @most: bytes that the actor takes at a time; 0: nothing, and that ends it
 * @error: errno that the actor fails with when it is called
 * @unlocked: call it without the socket lock
 * @calls: how often the actor was called
 * @ret: what read_sock returned
 */
struct ktls_reader_call {
	__u64 buf;
	__u32 size;
	__s32 fd;
	__u32 most;
	__u32 error;
	__u32 unlocked;
	__u32 calls;
	__s32 ret;
	__u32 reserved;
};

#define KTLS_READER_CALL _IOWR('K', 1, struct ktls_reader_call)

#endif
