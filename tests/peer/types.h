/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's names for integers and attributes, for userspace. */
#ifndef KTLS_TESTS_TYPES_H
#define KTLS_TESTS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define __noreturn __attribute((noreturn))
#define __printf(fmt, first) __attribute((format(printf, fmt, first)))
#define __used __attribute((used))
#define __section(name) __attribute((section(name)))

#endif
