// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

size_t http_request_end(const char *buf, size_t len)
{
	const char *end = memmem(buf, len, "\r\n\r\n", 4);

	return end ? end - buf + 4 : 0;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower(c) - 'a' + 10;
}

static int next_char(const char **p)
{
	int high, low;

	if (**p != '%')
		return (unsigned char)*(*p)++;
	high = hex_digit((*p)[1]);
	low = high < 0 ? -1 : hex_digit((*p)[2]);
	if (low < 0)
		return -1;
	*p += 3;
	return high << 4 | low;
}

/* "/a%20b?query" becomes "a b"; "/" becomes "index.html". */
static bool parse_path(const char *target, char *out)
{
	size_t n = 0;
	int c;

	if (*target != '/')
		return false;
	while (*target == '/')
		target++;
	while (*target && *target != '?') {
		c = next_char(&target);
		if (c <= 0 || n + sizeof("index.html") >= HTTP_PATH_MAX)
			return false;
		out[n++] = c;
	}
	if (!n || out[n - 1] == '/') {
		strcpy(out + n, "index.html");
		return true;
	}
	out[n] = '\0';
	return true;
}

/* One range from a number on; any other kind may be ignored (RFC 9110). */
static void parse_range(const char *value, struct http_request *r)
{
	char *end;

	if (strncmp(value, "bytes=", 6) || !isdigit((unsigned char)value[6]))
		return;
	r->first = strtoull(value + 6, &end, 10);
	if (*end++ != '-')
		return;
	r->last = ~0ULL;
	if (isdigit((unsigned char)*end))
		r->last = strtoull(end, &end, 10);
	r->has_range = !*end && r->first <= r->last;
}

static void parse_length(const char *value, struct http_request *r)
{
	char *end;

	if (!isdigit((unsigned char)*value))
		return;
	r->length = strtoull(value, &end, 10);
	r->has_length = !*end;
}

static void parse_header(char *line, struct http_request *r)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (!strcasecmp(line, "connection"))
		r->keep_alive = strcasecmp(value, "close") != 0;
	else if (!strcasecmp(line, "range"))
		parse_range(value, r);
	else if (!strcasecmp(line, "expect"))
		r->expect = !strcasecmp(value, "100-continue");
	else if (!strcasecmp(line, "content-length"))
		parse_length(value, r);
}

static int parse_request_line(char *line, struct http_request *r)
{
	char *save, *method, *target, *version;

	method = strtok_r(line, " ", &save);
	target = strtok_r(NULL, " ", &save);
	version = strtok_r(NULL, " ", &save);
	if (!version || strncmp(version, "HTTP/1.", 7))
		return 400;
	r->keep_alive = !strcmp(version, "HTTP/1.1");
	r->head = !strcmp(method, "HEAD");
	r->put = !strcmp(method, "PUT");
	if (!r->head && !r->put && strcmp(method, "GET"))
		return 405;
	return parse_path(target, r->path) ? 0 : 400;
}

int http_parse(char *text, struct http_request *r)
{
	char *save, *line;
	int status;

	memset(r, 0, sizeof(*r));
	line = strtok_r(text, "\r\n", &save);
	if (!line)
		return 400;
	status = parse_request_line(line, r);
	if (status)
		return status;
	while ((line = strtok_r(NULL, "\r\n", &save)))
		parse_header(line, r);
	return r->put && !r->has_length ? 411 : 0;
}

const char *http_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 206: return "Partial Content";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 411: return "Length Required";
	case 416: return "Range Not Satisfiable";
	default: return "Internal Server Error";
	}
}

const char *http_content_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".html"))
		return "text/html; charset=utf-8";
	if (dot && !strcmp(dot, ".txt"))
		return "text/plain; charset=utf-8";
	return "application/octet-stream";
}
