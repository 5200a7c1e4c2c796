// SPDX-License-Identifier: GPL-2.0
/* The demo server's HTTP: what it understands and what it refuses. */
#include <stdio.h>
#include <string.h>

#include "../demo/http.h"
#include "unit.h"

static int parse(const char *text, struct http_request *r)
{
	static char copy[HTTP_REQUEST_MAX];

	CHECK(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	return http_parse(copy, r);
}

static void expect_path(const char *line, const char *path)
{
	struct http_request r;

	CHECK_EQ(parse(line, &r), 0);
	if (strcmp(r.path, path))
		FAIL("%s: got %s, want %s", line, r.path, path);
}

static void http_paths(void **state)
{
	(void)state;
	expect_path("GET / HTTP/1.1\r\n", "index.html");
	expect_path("GET /a/ HTTP/1.1\r\n", "a/index.html");
	expect_path("GET //a HTTP/1.1\r\n", "a");
	expect_path("GET /a%20b?c=d HTTP/1.1\r\n", "a b");
	expect_path("GET /%2e%2E/x HTTP/1.1\r\n", "../x");
}

static void http_refuses(void **state)
{
	static char longest[HTTP_REQUEST_MAX] = "GET /";
	struct http_request r;

	(void)state;
	CHECK_EQ(parse("", &r), 400);
	CHECK_EQ(parse("\r\n\r\n", &r), 400);
	CHECK_EQ(parse("GET\r\n", &r), 400);
	CHECK_EQ(parse("GET /\r\n", &r), 400);
	CHECK_EQ(parse("GET / HTTP/2\r\n", &r), 400);
	CHECK_EQ(parse("GET a HTTP/1.1\r\n", &r), 400);
	CHECK_EQ(parse("GET /%0g HTTP/1.1\r\n", &r), 400);
	CHECK_EQ(parse("GET /%4 HTTP/1.1\r\n", &r), 400);
	CHECK_EQ(parse("GET /% HTTP/1.1\r\n", &r), 400);
	CHECK_EQ(parse("GET /a%00b HTTP/1.1\r\n", &r), 400);
	CHECK_EQ(parse("POST / HTTP/1.1\r\n", &r), 405);
	memset(longest + 5, 'a', HTTP_PATH_MAX);
	strcpy(longest + 5 + HTTP_PATH_MAX, " HTTP/1.1\r\n");
	CHECK_EQ(parse(longest, &r), 400);
}

static void http_keep_alive(void **state)
{
	struct http_request r;

	(void)state;
	CHECK_EQ(parse("HEAD / HTTP/1.1\r\nHost: x\r\n", &r), 0);
	CHECK_EQ(r.head, 1);
	CHECK_EQ(r.keep_alive, 1);
	CHECK_EQ(parse("GET / HTTP/1.1\r\nconnection:  Close\r\n", &r), 0);
	CHECK_EQ(r.head, 0);
	CHECK_EQ(r.keep_alive, 0);
	CHECK_EQ(parse("GET / HTTP/1.0\r\n", &r), 0);
	CHECK_EQ(r.keep_alive, 0);
}

static bool range(const char *value, u64 *first, u64 *last)
{
	struct http_request r;
	char text[200];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nRange: %s\r\n", value);
	CHECK_EQ(parse(text, &r), 0);
	*first = r.first;
	*last = r.last;
	return r.has_range;
}

static void http_ranges(void **state)
{
	u64 first, last;

	(void)state;
	CHECK(range("bytes=5-9", &first, &last));
	CHECK_EQ(first, 5);
	CHECK_EQ(last, 9);
	CHECK(range("bytes=7-", &first, &last));
	CHECK_EQ(first, 7);
	CHECK_EQ(last, ~0ULL);
	CHECK(!range("bytes=9-5", &first, &last));
	CHECK(!range("bytes=-5", &first, &last));
	CHECK(!range("bytes=1-2,4-5", &first, &last));
	CHECK(!range("bytes=x", &first, &last));
	CHECK(!range("lines=1-2", &first, &last));
}

static void http_uploads(void **state)
{
	struct http_request r;

	(void)state;
	CHECK_EQ(parse("PUT /a HTTP/1.1\r\nContent-Length: 70000\r\n"
		       "Expect: 100-continue\r\n", &r), 0);
	CHECK(r.put);
	CHECK(r.expect);
	CHECK_EQ(r.length, 70000);
	CHECK_EQ(parse("PUT /a HTTP/1.0\r\ncontent-length: 0\r\n", &r), 0);
	CHECK(!r.expect);
	CHECK_EQ(r.length, 0);
	CHECK_EQ(parse("PUT /a HTTP/1.1\r\n", &r), 411);
	CHECK_EQ(parse("PUT /a HTTP/1.1\r\nContent-Length: 7x\r\n", &r), 411);
	CHECK_EQ(parse("PUT /a HTTP/1.1\r\nContent-Length: -7\r\n", &r), 411);
	CHECK_EQ(parse("GET /a HTTP/1.1\r\n", &r), 0);
	CHECK(!r.put);
}

static void http_end(void **state)
{
	(void)state;
	CHECK_EQ(http_request_end("GET / HTTP/1.1\r\n", 16), 0);
	CHECK_EQ(http_request_end("a\r\n\r\nb", 6), 5);
	CHECK_EQ(http_request_end("a\r\n\r\nb", 4), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_paths),
		cmocka_unit_test(http_refuses),
		cmocka_unit_test(http_keep_alive),
		cmocka_unit_test(http_ranges),
		cmocka_unit_test(http_uploads),
		cmocka_unit_test(http_end),
	};

	return unit_run("http", tests, ARRAY_SIZE(tests));
}
