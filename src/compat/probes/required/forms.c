// SPDX-License-Identifier: GPL-2.0
/* Required: what ktls uses and has no replacement for, as in 5.10 to 7.3 */
/* export: tcp_register_ulp */
/* export: tcp_unregister_ulp */
/* export: tcp_sendmsg_locked */
/* export: tcp_read_sock */
#include <crypto/aead.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

#define KNOWN(name, test)						\
	static_assert(test, name " has none of the forms that ktls knows")

/* Of what follows only the types count: nobody calls it */
static void ktls_probe_ulp(struct tcp_ulp_ops *tcp_ulp_ops)
{
	int (*info_3)(struct sock *sk, struct sk_buff *skb, bool net_admin);
	size_t (*size_2)(const struct sock *sk, bool net_admin);
	int (*info_2)(struct sock *sk, struct sk_buff *skb);
	size_t (*size_1)(const struct sock *sk);

	KNOWN("tcp_ulp_ops->get_info",
	      __same_type(tcp_ulp_ops->get_info, info_2) ||
	      __same_type(tcp_ulp_ops->get_info, info_3));
	KNOWN("tcp_ulp_ops->get_info_size",
	      __same_type(tcp_ulp_ops->get_info_size, size_1) ||
	      __same_type(tcp_ulp_ops->get_info_size, size_2));
}

static void ktls_probe_messages(struct proto *proto)
{
	int (*recvmsg_6)(struct sock *sk, struct msghdr *msg, size_t len,
			 int noblock, int flags, int *addr_len);
	int (*recvmsg_5)(struct sock *sk, struct msghdr *msg, size_t len,
			 int flags, int *addr_len);
	int (*recvmsg_4)(struct sock *sk, struct msghdr *msg, size_t len,
			 int flags);
	int (*sendmsg)(struct sock *sk, struct msghdr *msg, size_t len);

	KNOWN("proto->recvmsg",
	      __same_type(proto->recvmsg, recvmsg_4) ||
	      __same_type(proto->recvmsg, recvmsg_5) ||
	      __same_type(proto->recvmsg, recvmsg_6));
	KNOWN("proto->sendmsg", __same_type(proto->sendmsg, sendmsg));
}

static void ktls_probe_proto(struct proto *proto)
{
	int (*setsockopt)(struct sock *sk, int level, int name, sockptr_t val,
			  unsigned int len);
	int (*getsockopt)(struct sock *sk, int level, int name,
			  char __user *val, int __user *len);
	int (*ioctl_user)(struct sock *sk, int cmd, unsigned long arg);
	int (*ioctl_kernel)(struct sock *sk, int cmd, int *karg);
	bool (*memory_free)(const struct sock *sk, int wake);
	int (*disconnect)(struct sock *sk, int flags);
	void (*close)(struct sock *sk, long timeout);

	KNOWN("proto->ioctl",
	      __same_type(proto->ioctl, ioctl_user) ||
	      __same_type(proto->ioctl, ioctl_kernel));
	KNOWN("proto->setsockopt", __same_type(proto->setsockopt, setsockopt));
	KNOWN("proto->getsockopt", __same_type(proto->getsockopt, getsockopt));
	KNOWN("proto->disconnect", __same_type(proto->disconnect, disconnect));
	KNOWN("proto->close", __same_type(proto->close, close));
	KNOWN("proto->stream_memory_free",
	      __same_type(proto->stream_memory_free, memory_free));
}

static void ktls_probe_ops(struct proto_ops *proto_ops)
{
	ssize_t (*splice_read)(struct socket *sock, loff_t *pos,
			       struct pipe_inode_info *pipe, size_t len,
			       unsigned int flags);
	int (*read_sock)(struct sock *sk, read_descriptor_t *desc,
			 sk_read_actor_t actor);
	int (*sendmsg)(struct sock *sk, struct msghdr *msg, size_t len);
	__poll_t (*poll)(struct file *file, struct socket *sock,
			 struct poll_table_struct *wait);
	int (*shutdown)(struct socket *sock, int how);
	int (*set)(struct sock *sk, int val);

	KNOWN("proto_ops->sendmsg_locked",
	      __same_type(proto_ops->sendmsg_locked, sendmsg));
	KNOWN("proto_ops->shutdown",
	      __same_type(proto_ops->shutdown, shutdown));
	KNOWN("proto_ops->poll", __same_type(proto_ops->poll, poll));
	KNOWN("proto_ops->splice_read",
	      __same_type(proto_ops->splice_read, splice_read));
	KNOWN("proto_ops->read_sock",
	      __same_type(proto_ops->read_sock, read_sock));
	KNOWN("proto_ops->set_rcvlowat",
	      __same_type(proto_ops->set_rcvlowat, set));
	KNOWN("proto_ops->set_peek_off",
	      __same_type(proto_ops->set_peek_off, set));
}

/* Data that ktls reads or writes itself */
static u32 ktls_probe_data(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	return tp->copied_seq + tp->write_seq + tp->snd_una + tp->snd_nxt +
	       skb_queue_len(&sk->sk_receive_queue) + sk->sk_rcvlowat;
}
