/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_CONTEXT_H
#define KTLS_CONTEXT_H

#include <linux/ktime.h>
#include <linux/workqueue.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "buf.h"
#include "messages.h"
#include "record.h"

struct ktls_key;
struct ktls_base;
struct ktls_counters;

/*
 * Parts of the kernel take icsk_ulp_data for the in-tree module's context,
 * whoever owns the ULP, and test two of its pointers. Ours starts with zeros
 * that reach beyond them; compat/foreign.c proves it for the kernel at hand.
 */
#define KTLS_FOREIGN_SIZE 64

/**
 * struct ktls_tx - the sending direction
 * @key: what seals the next record; NULL until the first TLS_TX
 * @buf: sealed records on their way to TCP, then the open record
 * @sealed: bytes of sealed records at the head of @buf
 * @open: payload bytes of the open record; it exists if not 0
 * @max_payload: TLS_TX_MAX_PAYLOAD_LEN
 * @zerocopy_ro: TLS_TX_ZEROCOPY_RO, stored only
 * @err: a record was lost (sealing failed): every later send gets this
 * @worn: the key has protected more records than it should, and it was said
 * @pusher: who is handing records to TCP, which must take them whole, or NULL.
 *	Written under the socket lock, read by anyone who asks for room, and
 *	only compared with.
 * @shut: shutdown() or close() has begun: no more plaintext is taken
 * @rest: TCP had no memory for all of @sealed and @work tries again. Written
 *	under the socket lock, read by anyone who asks for room.
 * @seal_later: a splice left @open; @work seals it, unless more is sent before
 * @delay: after which @work runs, jiffies; 0 if it never has been asked to
 * @work: hands over the rest, or seals what a splice left open
 *
 * All under the socket lock, but for what says otherwise.
 */
struct ktls_tx {
	struct ktls_key *key;
	struct ktls_buf buf;
	unsigned int sealed;
	unsigned int open;
	u16 max_payload;
	bool zerocopy_ro;
	int err;
	bool worn;
	struct task_struct *pusher;
	bool shut;
	bool rest;
	bool seal_later;
	unsigned int delay;
	struct delayed_work work;
};

/*
 * Opened records that may wait in the buffer: as many as one MSG_PEEK sees, and as
 * are opened together
 */
#define KTLS_RX_RECORDS 16

/**
 * struct ktls_stamp - when bytes arrived, 0 where nobody knows
 * @software: as the kernel saw it
 * @hardware: as the network card did
 */
struct ktls_stamp {
	ktime_t software;
	ktime_t hardware;
};

/**
 * struct ktls_rx_record - a record that has been opened and not been read
 * @stamp: when its last byte arrived, if the socket wants to know
 * @type: content type
 * @len: payload bytes not read yet
 * @skip: bytes of the record before them in the buffer
 * @size: bytes of the record in the buffer, and of empty ones behind it
 */
struct ktls_rx_record {
	struct ktls_stamp stamp;
	u8 type;
	u16 len;
	u16 skip;
	u16 size;
};

/**
 * struct ktls_rx - the receiving direction
 * @key: what opens the next record; NULL until the first TLS_RX
 * @buf: opened records, then the record that is being taken from TCP; while the
 *	lock is not released some bytes before and behind them
 * @record: the opened records, oldest first: either @first or, if there have been
 *	more than one, an array of KTLS_RX_RECORDS
 * @first: enough for most who do not peek, and for idle sockets
 * @records: how many there are
 * @opened: bytes of them in @buf
 * @given: bytes at the head of @buf that readers have got. Only while the lock
 *	is not released
 * @ahead: bytes of TCP's queue that stand in @buf behind the opened records and
 *	have not been taken. Only while the lock is not released
 * @taken: bytes copied out of TCP's queue that TCP has not been told of. Only
 *	while the lock is not released
 * @steps: sk_buffs of the queue passed over since TCP was last told
 * @want: bytes of the next record on the wire; 0 until its header is known
 * @type: its outer type, then
 * @want_seq: where in TCP's sequence space that header was
 * @have: bytes of the next record that were taken out of TCP's queue because its
 *	window could not hold it
 * @head: where they are as long as no memory is reserved
 * @reserved: @want bytes are reserved in @buf, and @have begins there
 * @err: the stream is broken here: every read behind the opened records gets it
 * @paused: a KeyUpdate has come, and the key that belongs to it has not
 * @starved: a part of the next record must be taken, and memory was short
 * @refused: TCP had no memory for bytes that came, and dropped them
 * @seen: TCP's rcv_nxt when it last said that something had come
 * @consumed: changes whenever a reader gets bytes
 * @fresh: behind the opened records is something to be opened or said. Written
 *	under the socket lock, read by anyone who waits
 * @ready: the next read will not block. Written under the socket lock, read by
 *	anyone who polls
 * @lowat: SO_RCVLOWAT; the socket's own is 1, for TCP is to tell of all bytes
 * @indirect: the peer pads its records: they are opened in @buf
 * @expect_no_pad: TLS_RX_EXPECT_NO_PAD, stored only
 * @messages: the handshake messages in the stream, with TLS 1.3
 * @data_ready: the socket's own callback, once there is a key
 *
 * All under the socket lock (its spinlock half for softirqs), but for what says
 * otherwise.
 */
struct ktls_rx {
	struct ktls_key *key;
	struct ktls_buf buf;
	struct ktls_rx_record *record;
	struct ktls_rx_record first;
	unsigned int records;
	unsigned int opened;
	unsigned int given;
	unsigned int ahead;
	unsigned int taken;
	unsigned int steps;
	unsigned int want;
	u8 type;
	u32 want_seq;
	unsigned int have;
	u8 head[KTLS_RECORD_HEADER];
	bool reserved;
	int err;
	bool paused;
	bool starved;
	bool refused;
	bool fresh;
	bool ready;
	u32 seen;
	u32 consumed;
	int lowat;
	bool indirect;
	bool expect_no_pad;
	struct ktls_messages messages;
	void (*data_ready)(struct sock *sk);
};

/**
 * struct ktls_context - what ktls knows of one socket
 * @foreign: zero for ever, see above
 * @sk: the socket; the context never outlives its close()
 * @base: the socket's own struct proto and proto_ops
 * @counters: of the socket's network namespace
 * @version: protocol version, 0 until the first key. Written once under the
 *	socket lock, read by inet_diag
 * @cipher_id: cipher_type of the keys, as @version
 * @tx: the sending direction
 * @rx: the receiving direction
 * @rcu: inet_diag looks at the context under RCU
 *
 * Made by the attach, freed a grace period after close(). The socket owns it
 * through icsk_ulp_data.
 */
struct ktls_context {
	u8 foreign[KTLS_FOREIGN_SIZE];
	struct sock *sk;
	const struct ktls_base *base;
	struct ktls_counters __percpu *counters;
	u16 version;
	u16 cipher_id;
	struct ktls_tx tx;
	struct ktls_rx rx;
	struct rcu_head rcu;
};

/**
 * ktls_context() - the context of a socket that has the ULP
 * @sk: the socket, kept from being closed by its file or by its lock
 *
 * Context: any.
 * Return: the context, NULL once close() has taken it away.
 */
static inline struct ktls_context *ktls_context(const struct sock *sk)
{
	return rcu_dereference_raw(inet_csk(sk)->icsk_ulp_data);
}

/**
 * ktls_context_unlocked() - the same, without the socket lock
 * @sk: the socket, kept from being closed by its file
 *
 * For callbacks that were found in our tables.
 *
 * Context: any.
 * Return: the context, NULL once close() has taken it away.
 */
static inline struct ktls_context *ktls_context_unlocked(const struct sock *sk)
{
	/* Pairs with the smp_wmb() in ktls_base_install() */
	smp_rmb();
	return ktls_context(sk);
}

#endif
