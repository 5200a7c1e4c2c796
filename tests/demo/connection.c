// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "../peer/check.h"
#include "../peer/record.h"
#include "../peer/ssl_keys.h"
#include "../peer/ulp.h"
#include "connection.h"
#include "http.h"

struct connection {
	SSL *ssl;
	struct ssl_keys keys;
	int fd;
	int dir;
	bool rekey;		/* the client wants us to use a new key */
	u64 records;		/* before this key */
	char buf[HTTP_REQUEST_MAX + 1];
	size_t len;
};

struct reply {
	int status;
	int file;
	u64 first;
	u64 len;		/* of the body */
	u64 size;		/* of the file */
};

/* Records so far: what the kernel's sequence number has counted. */
static u64 records_sent(struct connection *c)
{
	struct tls_keys now;

	CHECK_SYS(ktls_get_tx(c->fd, c->keys.suite, &now));
	return c->records + keys_seq(&now) - keys_seq(&c->keys.server.keys);
}

static void set_key(struct connection *c)
{
	CHECK_SYS(ktls_set_tx(c->fd, c->keys.suite, c->keys.version,
			      &c->keys.server.keys));
}

/*
 * From here on OpenSSL only reads. What it would like to write on its own (an
 * answer to a KeyUpdate, an alert) would be sealed with a sequence number that
 * is no longer right, so it goes nowhere.
 */
static void hand_over(struct connection *c)
{
	ssl_keys_get(c->ssl, &c->keys);
	SSL_set0_wbio(c->ssl, BIO_new(BIO_s_null()));
	CHECK_SYS(ktls_attach(c->fd));
	set_key(c);
}

/* RFC 8446 section 4.6.3: update_requested must be answered in kind. */
static void watch_messages(int write, int version, int type, const void *buf,
			   size_t len, SSL *ssl, void *arg)
{
	struct connection *c = arg;
	const u8 *msg = buf;

	(void)version;
	(void)ssl;
	if (!write && type == RECORD_HANDSHAKE && len == 5 && msg[0] == 24)
		c->rekey = msg[4];
}

static void key_update(struct connection *c)
{
	c->rekey = false;
	CHECK_SYS(ktls_send_type(c->fd, RECORD_HANDSHAKE, key_update_msg,
				 sizeof(key_update_msg), 0));
	c->records = records_sent(c);
	direction_update(&c->keys.server, c->keys.suite);
	set_key(c);
	printf("KeyUpdate: sending with a new key\n");
}

/* Until a whole request is in buf; its length, 0 when there is none. */
static size_t read_request(struct connection *c)
{
	size_t end, n;

	for (;;) {
		end = http_request_end(c->buf, c->len);
		if (end || c->len == HTTP_REQUEST_MAX)
			return end;
		if (SSL_read_ex(c->ssl, c->buf + c->len,
				HTTP_REQUEST_MAX - c->len, &n) != 1)
			return 0;
		if (c->rekey)
			key_update(c);
		c->len += n;
	}
}

/* The kernel keeps the path below the directory. */
static int open_below(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static int find_file(struct connection *c, const struct http_request *rq,
		     struct reply *rp)
{
	struct stat st;

	rp->file = open_below(c->dir, rq->path);
	if (rp->file < 0 || fstat(rp->file, &st) || !S_ISREG(st.st_mode))
		return 404;
	rp->size = st.st_size;
	rp->len = rp->size;
	if (!rq->has_range)
		return 200;
	if (rq->first >= rp->size)
		return 416;
	rp->first = rq->first;
	rp->len -= rq->first;
	if (rq->last - rq->first < rp->len)
		rp->len = rq->last - rq->first + 1;
	return 206;
}

static bool success(const struct reply *rp)
{
	return rp->status < 300;
}

static int format_head(const struct http_request *rq, const struct reply *rp,
		       char *out, size_t size)
{
	const char *type = "text/plain";
	int n;

	if (success(rp))
		type = http_content_type(rq->path);
	n = snprintf(out, size, "HTTP/1.1 %d %s\r\n", rp->status,
		     http_reason(rp->status));
	n += snprintf(out + n, size - n, "Server: ktls-demo\r\n");
	n += snprintf(out + n, size - n, "Content-Type: %s\r\n", type);
	n += snprintf(out + n, size - n, "Content-Length: %llu\r\n", rp->len);
	n += snprintf(out + n, size - n, "Accept-Ranges: bytes\r\n");
	if (rp->status == 206)
		n += snprintf(out + n, size - n,
			      "Content-Range: bytes %llu-%llu/%llu\r\n",
			      rp->first, rp->first + rp->len - 1, rp->size);
	n += snprintf(out + n, size - n, "Connection: %s\r\n\r\n",
		      rq->keep_alive ? "keep-alive" : "close");
	return n;
}

static bool send_all(int fd, const char *p, size_t len, int flags)
{
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = send(fd, p, len, flags | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return false;
	}
	return true;
}

static bool send_file(int fd, const struct reply *rp)
{
	off_t at = rp->first;
	u64 left = rp->len;
	ssize_t n;

	for (; left; left -= n) {
		n = sendfile(fd, rp->file, &at, left < 1 << 30 ? left : 1 << 30);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

static bool send_reply(struct connection *c, const struct http_request *rq,
		       struct reply *rp)
{
	char head[512], text[64];
	bool body;
	int n;

	if (!success(rp))
		rp->len = snprintf(text, sizeof(text), "%d %s\n", rp->status,
				   http_reason(rp->status));
	body = !rq->head && rp->len;
	n = format_head(rq, rp, head, sizeof(head));
	/* The file's first bytes share the record of the head. */
	if (!send_all(c->fd, head, n, body ? MSG_MORE : 0))
		return false;
	if (!body)
		return true;
	if (!success(rp))
		return send_all(c->fd, text, rp->len, 0);
	return send_file(c->fd, rp);
}

static void log_request(struct connection *c, const struct http_request *rq,
			const struct reply *rp, u64 records, bool ok)
{
	printf("%s /%s: %d, %llu bytes in %llu records, %s %s%s\n",
	       rq->head ? "HEAD" : "GET", rq->path, rp->status,
	       (rq->head ? 0 : rp->len),
	       records, SSL_get_version(c->ssl),
	       SSL_get_cipher_name(c->ssl), ok ? "" : ", cut short");
}

/* False when the connection is to end. */
static bool serve_request(struct connection *c, size_t len)
{
	struct reply rp = { .file = -1 };
	u64 before = records_sent(c);
	struct http_request rq;
	bool ok;

	c->buf[len - 1] = '\0';
	rp.status = http_parse(c->buf, &rq);
	if (rp.status)
		rq.keep_alive = false;
	else
		rp.status = find_file(c, &rq, &rp);
	ok = send_reply(c, &rq, &rp);
	log_request(c, &rq, &rp, records_sent(c) - before, ok);
	if (rp.file >= 0)
		close(rp.file);
	memmove(c->buf, c->buf + len, c->len - len);
	c->len -= len;
	return ok && rq.keep_alive;
}

static void close_notify(struct connection *c)
{
	static const u8 alert[] = { 1, 0 };

	/* The client may be gone: then nobody misses it. */
	if (ktls_send_type(c->fd, RECORD_ALERT, alert, sizeof(alert),
			   MSG_NOSIGNAL) < 0)
		return;
	shutdown(c->fd, SHUT_WR);
}

static bool shake_hands(struct connection *c)
{
	const char *reason;

	ssl_keys_watch(c->ssl, &c->keys);
	if (SSL_accept(c->ssl) == 1)
		return true;
	reason = ERR_reason_error_string(ERR_peek_last_error());
	printf("no handshake: %s\n", reason ? reason : "the client went away");
	return false;
}

void connection_serve(SSL_CTX *ctx, int fd, int dir)
{
	static struct connection c;
	size_t len;

	c.fd = fd;
	c.dir = dir;
	c.ssl = SSL_new(ctx);
	if (!c.ssl || SSL_set_fd(c.ssl, fd) != 1)
		return;
	if (shake_hands(&c)) {
		SSL_set_msg_callback(c.ssl, watch_messages);
		SSL_set_msg_callback_arg(c.ssl, &c);
		hand_over(&c);
		do {
			len = read_request(&c);
		} while (len && serve_request(&c, len));
		close_notify(&c);
	}
	SSL_free(c.ssl);
	close(fd);
}
