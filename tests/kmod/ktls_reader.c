// SPDX-License-Identifier: GPL-2.0
/*
 * A reader in the kernel: calls read_sock of a socket as a test wants it. For
 * test machines only.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/uaccess.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "ktls_reader.h"

#define SIZE_MAX_READ (4 << 20)

/**
 * struct state - what the actor goes by
 * @call: what the test wants
 * @to: room for what is left of the bytes wanted, or NULL
 */
struct state {
	struct ktls_reader_call *call;
	u8 *to;
};

static int actor(read_descriptor_t *desc, struct sk_buff *skb,
		 unsigned int offset, size_t len)
{
	struct state *state = desc->arg.data;
	size_t n = min3(len, desc->count, (size_t)state->call->most);

	state->call->calls++;
	if (state->call->error)
		return -(int)state->call->error;
	if (state->to) {
		if (skb_copy_bits(skb, offset, state->to, n))
			return -EFAULT;
		state->to += n;
	}
	desc->count -= n;
	return n;
}

static int read_socket(struct socket *sock, struct state *state)
{
	read_descriptor_t desc = {
		.arg.data = state,
		.count = state->call->size,
	};
	int ret;

	if (!sock->ops->read_sock)
		return -EOPNOTSUPP;
	if (state->call->unlocked)
		return sock->ops->read_sock(sock->sk, &desc, actor);
	lock_sock(sock->sk);
	ret = sock->ops->read_sock(sock->sk, &desc, actor);
	release_sock(sock->sk);
	return ret;
}

static int do_call(struct ktls_reader_call *call, u8 *bytes)
{
	struct state state = { .call = call, .to = bytes };
	struct socket *sock;
	int err;

	sock = sockfd_lookup(call->fd, &err);
	if (!sock)
		return err;
	call->ret = read_socket(sock, &state);
	sockfd_put(sock);
	if (bytes && call->ret > 0 &&
	    copy_to_user(u64_to_user_ptr(call->buf), bytes, call->ret))
		return -EFAULT;
	return 0;
}

static long reader_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ktls_reader_call call;
	u8 *bytes = NULL;
	int err;

	if (cmd != KTLS_READER_CALL)
		return -ENOTTY;
	if (copy_from_user(&call, (void __user *)arg, sizeof(call)))
		return -EFAULT;
	if (call.size > SIZE_MAX_READ)
		return -EINVAL;
	call.calls = 0;
	if (call.buf) {
		bytes = kvzalloc(call.size + 1, GFP_KERNEL);
		if (!bytes)
			return -ENOMEM;
	}
	err = do_call(&call, bytes);
	kvfree(bytes);
	if (!err && copy_to_user((void __user *)arg, &call, sizeof(call)))
		err = -EFAULT;
	return err;
}

static const struct file_operations reader_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = reader_ioctl,
};

static struct miscdevice reader = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktls_reader",
	.fops = &reader_fops,
};

module_misc_device(reader);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Calls read_sock for tests of ktls");
