// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "../peer/check.h"
#include "../peer/record.h"
#include "../peer/ulp.h"
#include "session.h"

#define KEY_UPDATE 24
#define CLOSE_NOTIFY 0

static u64 records(const struct session *s, int dir,
		   const struct direction *since)
{
	struct tls_keys now;

	CHECK_SYS(ktls_get_key(s->fd, dir, s->keys.suite, &now));
	return keys_seq(&now) - keys_seq(&since->keys);
}

u64 session_sent(const struct session *s)
{
	return s->sent + records(s, TLS_TX, &s->keys.server);
}

u64 session_received(const struct session *s)
{
	return s->received + records(s, TLS_RX, &s->keys.client);
}

static void set_key(const struct session *s, int dir, const struct direction *d)
{
	CHECK_SYS(ktls_set_key(s->fd, dir, s->keys.suite, s->keys.version,
			       &d->keys));
}

bool session_start(struct session *s, SSL_CTX *ctx, int fd)
{
	const char *reason;

	s->fd = fd;
	s->ssl = SSL_new(ctx);
	CHECK(s->ssl && SSL_set_fd(s->ssl, fd) == 1);
	ssl_keys_watch(s->ssl, &s->keys);
	if (SSL_accept(s->ssl) != 1) {
		reason = ERR_reason_error_string(ERR_peek_last_error());
		printf("no handshake: %s\n",
		       reason ? reason : "the client went away");
		return false;
	}
	ssl_keys_get(s->ssl, &s->keys);
	CHECK_SYS(ktls_attach(fd));
	set_key(s, TLS_TX, &s->keys.server);
	set_key(s, TLS_RX, &s->keys.client);
	return true;
}

/* RFC 8446 section 4.6.3: the client's next key, and ours if it asks for it. */
static void key_update(struct session *s, bool requested)
{
	s->received = session_received(s);
	direction_update(&s->keys.client, s->keys.suite);
	set_key(s, TLS_RX, &s->keys.client);
	printf("KeyUpdate: receiving with a new key\n");
	if (!requested)
		return;

	CHECK_SYS(ktls_send_type(s->fd, RECORD_HANDSHAKE, key_update_msg,
				 sizeof(key_update_msg), 0));
	s->sent = session_sent(s);
	direction_update(&s->keys.server, s->keys.suite);
	set_key(s, TLS_TX, &s->keys.server);
	printf("KeyUpdate: sending with a new key\n");
}

/* What is not data. False when there will be no more. */
static bool take_message(struct session *s, u8 type, const u8 *msg, size_t len)
{
	if (type == RECORD_HANDSHAKE && len == sizeof(key_update_msg) &&
	    msg[0] == KEY_UPDATE) {
		key_update(s, msg[4]);
		return true;
	}
	if (type != RECORD_ALERT || len != 2 || msg[1] != CLOSE_NOTIFY)
		printf("the client sent %zu bytes of type %u\n", len, type);
	return false;
}

/* One record or several of data; its type, or 0 when the stream has ended. */
static u8 read_records(const struct session *s, void *buf, size_t size,
		       ssize_t *len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	char control[CMSG_SPACE(1)];
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	*len = recvmsg(s->fd, &msg, 0);
	if (*len < 0) {
		if (errno != EAGAIN)
			printf("recvmsg: %s\n", errno_name(errno));
		return 0;
	}
	cmsg = CMSG_FIRSTHDR(&msg);
	return cmsg ? *CMSG_DATA(cmsg) : 0;
}

size_t session_read(struct session *s, void *buf, size_t size)
{
	ssize_t len;
	u8 type;

	do {
		type = read_records(s, buf, size, &len);
		if (type == RECORD_DATA)
			return len;
	} while (type && take_message(s, type, buf, len));
	return 0;
}

void session_end(struct session *s)
{
	static const u8 alert[] = { 1, CLOSE_NOTIFY };
	u8 rest[4096];

	/*
	 * The client may be gone: then nobody misses it. If not, it must have
	 * read everything before close(), which resets if anything is unread.
	 */
	if (ktls_send_type(s->fd, RECORD_ALERT, alert, sizeof(alert),
			   MSG_NOSIGNAL) >= 0 && !shutdown(s->fd, SHUT_WR))
		while (session_read(s, rest, sizeof(rest)))
			;
}
