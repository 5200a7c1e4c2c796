/* SPDX-License-Identifier: GPL-2.0 */
/* As much of HTTP/1.1 as a file server needs. Pure functions on text. */
#ifndef KTLS_DEMO_HTTP_H
#define KTLS_DEMO_HTTP_H

#include "../peer/types.h"

#define HTTP_REQUEST_MAX 8192
#define HTTP_PATH_MAX 1024

struct http_request {
	char path[HTTP_PATH_MAX];	/* relative, decoded, never empty */
	bool head;
	bool put;
	bool expect;			/* waits for 100 before the body */
	bool has_length;
	u64 length;			/* of the body */
	bool keep_alive;
	bool has_range;
	u64 first, last;		/* inclusive; last is ~0 for "to the end" */
};

/* Bytes up to and including the empty line, 0 if it is not there yet. */
size_t http_request_end(const char *buf, size_t len);

/* Returns 0 or the status to answer with: 400, 405, 411. Writes into text. */
int http_parse(char *text, struct http_request *r);

/* The words that go with a status. */
const char *http_reason(int status);
const char *http_content_type(const char *path);

#endif
