/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the module's receiving files want, for the target
 * framer: the kernel's headers of all names that they include are this one.
 * Memory and what belongs to TCP is in kernel.c.
 */
#ifndef KTLS_TESTS_FUZZ_KERNEL_H
#define KTLS_TESTS_FUZZ_KERNEL_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ktls.h>

#include "../peer/check.h"
#include "../peer/types.h"

#define __percpu
#define __user
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, value) ((x) = (value))
#define rcu_dereference_raw(p) (p)
/* There is one thread. */
#define smp_rmb() do { } while (0)
#define this_cpu_add(x, n) ((void)((x) += (n)))
#define sock_owned_by_me(sk) ((void)(sk))
#define memzero_explicit(p, n) memset(p, 0, n)

#define min_t(type, a, b)						\
	({								\
		type a_ = (a), b_ = (b);				\
									\
		a_ < b_ ? a_ : b_;					\
	})
#define min(a, b) min_t(__typeof__(a), a, b)
#define clamp_t(type, value, low, high)					\
	({								\
		type least_ = (low);					\
		type value_ = min_t(type, value, high);			\
									\
		value_ < least_ ? least_ : value_;			\
	})

static inline size_t align(size_t x, size_t to)
{
	return (x + to - 1) / to * to;
}

#define ALIGN(x, to) align(x, to)
#define noinline __attribute((noinline))
#define likely(x) (x)
#define PAGE_SIZE 4096UL
#define PAGE_ALIGN(x) ALIGN(x, PAGE_SIZE)
#define SZ_128K 0x20000

#define gfp_t unsigned int
#define ktime_t s64

#define GFP_ATOMIC 0
#define GFP_KERNEL 1		/* may sleep */
#define __GFP_COMP 0
#define __GFP_NOWARN 0
#define __GFP_NORETRY 0
#define gfpflags_allow_blocking(gfp) ((gfp) & GFP_KERNEL)

struct page {
	unsigned int refs;
	size_t size;
	u8 *data;
};

struct page_frag {
	struct page *page;
	u32 offset;
	u32 size;
};

struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};

#define page_address(page) ((page)->data)
#define page_ref_count(page) ((int)(page)->refs)

unsigned int get_order(size_t size);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
#define alloc_page(gfp) alloc_pages(gfp, 0)
void get_page(struct page *page);
void put_page(struct page *page);
bool skb_page_frag_refill(unsigned int size, struct page_frag *frag, gfp_t gfp);
void *kmalloc_array(size_t n, size_t size, gfp_t gfp);
#define kfree(p) free(p)

/* Readers' memory is not the framer's matter: nothing is ever copied. */
struct iov_iter;

static inline size_t _copy_from_iter(void *to, size_t n, struct iov_iter *iter)
{
	return 0;
}

static inline size_t _copy_to_iter(const void *from, size_t n,
				   struct iov_iter *iter)
{
	return 0;
}

static inline void iov_iter_revert(struct iov_iter *iter, size_t n)
{
}

struct work_struct;
struct delayed_work { int unused; };
struct rcu_head { int unused; };
struct read_descriptor { size_t count; };
#define read_descriptor_t struct read_descriptor
typedef int (*sk_read_actor_t)(void);

enum { TCP_ESTABLISHED = 1, TCP_CLOSE = 7 };
enum { SOCK_DONE, SOCK_RCVTSTAMP };

struct tcp_sock {
	u32 copied_seq;
	u32 rcv_nxt;
};

struct inet_connection_sock {
	void *icsk_ulp_data;
	struct { u16 rcv_mss; } icsk_ack;
};

struct sock {
	int sk_err;
	int sk_state;
	gfp_t sk_allocation;
	int sk_forward_alloc;
	unsigned int sk_tsflags;
	bool done;
	int space;		/* of TCP's receive window */
	struct page_frag frag;
	struct tcp_sock tcp;
	struct inet_connection_sock icsk;
};

#define tcp_sk(sk) (&((struct sock *)(sk))->tcp)
#define inet_csk(sk) (&((struct sock *)(sk))->icsk)
#define tcp_space(sk) ((sk)->space)
#define sk_page_frag(sk) (&(sk)->frag)

static inline bool sock_flag(const struct sock *sk, int flag)
{
	return flag == SOCK_DONE && sk->done;
}

static inline int tcp_receive_window(const struct tcp_sock *tp)
{
	return 65536;
}

/* As much may be charged as is asked for; the target looks at ktls_buf.charged */
#define SK_MEM_RECV 1

static inline bool __sk_mem_schedule(struct sock *sk, int size, int kind)
{
	return true;
}

static inline bool sk_wmem_schedule(struct sock *sk, int size)
{
	return true;
}

static inline void sk_mem_charge(struct sock *sk, int size)
{
}

static inline void sk_mem_uncharge(struct sock *sk, int size)
{
}

/* For the target: no memory is given, and how many pages are not back yet. */
extern bool kernel_no_memory;
extern unsigned int kernel_pages;

#endif
