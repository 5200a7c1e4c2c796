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

#include <openssl/evp.h>

#include "connection.h"
#include "http.h"
#include "session.h"

#define CHUNK 65536

struct connection {
	struct session session;
	int dir;
	char buf[HTTP_REQUEST_MAX + 1];
	size_t len;
};

struct reply {
	int status;
	int file;
	u64 first;
	u64 len;		/* of the body */
	u64 size;		/* of the file */
	char text[2 * EVP_MAX_MD_SIZE + 64];	/* the body if there is no file */
};

/* Until a whole request is in buf; its length, 0 when there is none. */
static size_t read_request(struct connection *c)
{
	size_t end, n;

	for (;;) {
		end = http_request_end(c->buf, c->len);
		if (end || c->len == HTTP_REQUEST_MAX)
			return end;
		n = session_read(&c->session, c->buf + c->len,
				 HTTP_REQUEST_MAX - c->len);
		if (!n)
			return 0;
		c->len += n;
	}
}

/* Bytes of a body: first what came together with the head. */
static size_t read_body(struct connection *c, char *to, size_t size)
{
	size_t n = size < c->len ? size : c->len;

	if (!c->len)
		return session_read(&c->session, to, size);
	memcpy(to, c->buf, n);
	c->len -= n;
	memmove(c->buf, c->buf + n, c->len);
	return n;
}

static bool digest_body(struct connection *c, u64 left, EVP_MD_CTX *md)
{
	static char chunk[CHUNK];
	size_t n;

	for (; left; left -= n) {
		n = read_body(c, chunk, left < CHUNK ? left : CHUNK);
		if (!n || EVP_DigestUpdate(md, chunk, n) != 1)
			return false;
	}
	return true;
}

static void format_digest(char *out, const u8 *digest, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		out += sprintf(out, "%02x", digest[i]);
	strcpy(out, "\n");
}

/* What the client sends is not kept: it gets the SHA-256 of it. */
static bool take_upload(struct connection *c, const struct http_request *rq,
			struct reply *rp)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	u8 digest[EVP_MAX_MD_SIZE];
	unsigned int len;
	bool ok;

	ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	     digest_body(c, rq->length, md) &&
	     EVP_DigestFinal_ex(md, digest, &len) == 1;
	EVP_MD_CTX_free(md);
	if (ok)
		format_digest(rp->text, digest, len);
	return ok;
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

	if (rp->file >= 0)
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
	int fd = c->session.fd;
	char head[512];
	bool body;
	int n;

	if (!success(rp))
		sprintf(rp->text, "%d %s\n", rp->status,
			http_reason(rp->status));
	if (*rp->text)
		rp->len = strlen(rp->text);
	body = !rq->head && rp->len;
	n = format_head(rq, rp, head, sizeof(head));
	/* The body's first bytes share the record of the head. */
	if (!send_all(fd, head, n, body ? MSG_MORE : 0))
		return false;
	if (!body)
		return true;
	return *rp->text ? send_all(fd, rp->text, rp->len, 0) :
			   send_file(fd, rp);
}

static const char *method(const struct http_request *rq)
{
	if (rq->put)
		return "PUT";
	return rq->head ? "HEAD" : "GET";
}

static void log_request(struct connection *c, const struct http_request *rq,
			const struct reply *rp, u64 records, bool ok)
{
	u64 bytes = rq->put ? rq->length : rp->len;

	printf("%s /%s: %d, %llu bytes in %llu records, %s %s%s\n",
	       method(rq), rq->path, rp->status, rq->head ? 0 : bytes,
	       records, SSL_get_version(c->session.ssl),
	       SSL_get_cipher_name(c->session.ssl), ok ? "" : ", cut short");
}

/* What the method asks for. False if the client went away. */
static bool prepare_reply(struct connection *c, const struct http_request *rq,
			  struct reply *rp)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!rq->put) {
		rp->status = find_file(c, rq, rp);
		return true;
	}
	rp->status = 200;
	if (rq->expect &&
	    !send_all(c->session.fd, go_on, sizeof(go_on) - 1, 0))
		return false;
	return take_upload(c, rq, rp);
}

/* False when the connection is to end. */
static bool serve_request(struct connection *c, size_t len)
{
	u64 sent = session_sent(&c->session);
	u64 received = session_received(&c->session);
	struct reply rp = { .file = -1 };
	struct http_request rq;
	bool ok;

	c->buf[len - 1] = '\0';
	rp.status = http_parse(c->buf, &rq);
	memmove(c->buf, c->buf + len, c->len - len);
	c->len -= len;
	ok = !!rp.status;
	if (ok)
		rq.keep_alive = false;
	else
		ok = prepare_reply(c, &rq, &rp);
	ok = ok && send_reply(c, &rq, &rp);
	sent = session_sent(&c->session) - sent;
	received = session_received(&c->session) - received;
	log_request(c, &rq, &rp, rq.put ? received : sent, ok);
	if (rp.file >= 0)
		close(rp.file);
	return ok && rq.keep_alive;
}

void connection_serve(SSL_CTX *ctx, int fd, int dir)
{
	static struct connection c;
	size_t len;

	c.dir = dir;
	if (session_start(&c.session, ctx, fd)) {
		do {
			len = read_request(&c);
		} while (len && serve_request(&c, len));
		session_end(&c.session);
	}
	SSL_free(c.session.ssl);
	close(fd);
}
