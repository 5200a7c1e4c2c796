// SPDX-License-Identifier: GPL-2.0
/*
 * One record through ktls over loopback, in both versions of TLS: what comes
 * out is what went in, and what is on the wire is not. Built with nothing but
 * the installed <linux/ktls.h>.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ktls.h>

#ifndef TCP_ULP
#define TCP_ULP 31
#endif

static const char text[] = "a record of the smoke test";

static int check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "not so: %s\n", what);
		exit(1);
	}
}

static void connect_pair(int *a, int *b)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener;

	listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check(bind(listener, (struct sockaddr *)&addr, len), "bind");
	check(listen(listener, 1), "listen");
	check(getsockname(listener, (struct sockaddr *)&addr, &len),
	      "getsockname");
	*a = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check(connect(*a, (struct sockaddr *)&addr, len), "connect");
	*b = check(accept(listener, NULL, NULL), "accept");
	close(listener);
}

static void set_key(int fd, int direction, unsigned short version)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = version,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
		.key = "smoke test key",
		.salt = "sal",
		.iv = "iv",
	};

	check(setsockopt(fd, IPPROTO_TCP, TCP_ULP, KTLS_ULP_NAME,
			 sizeof(KTLS_ULP_NAME)), "TCP_ULP");
	check(setsockopt(fd, SOL_TLS, direction, &info, sizeof(info)),
	      direction == TLS_TX ? "TLS_TX" : "TLS_RX");
}

static void one_record(unsigned short version, const char *name)
{
	unsigned char wire[256];
	char got[sizeof(text)];
	ssize_t n;
	int a, b;

	connect_pair(&a, &b);
	set_key(a, TLS_TX, version);
	n = check(send(a, text, sizeof(text), 0), "send");
	require(n == sizeof(text), "everything was sent");

	n = check(recv(b, wire, sizeof(wire), MSG_PEEK), "recv of the wire");
	require(n > (ssize_t)sizeof(text) + 5, "a record is on the wire");
	require(wire[0] == 23 && wire[1] == 3 && wire[2] == 3,
		"it has the header of a record");
	require(!memmem(wire, n, text, 8), "the text is not legible");

	set_key(b, TLS_RX, version);
	n = check(recv(b, got, sizeof(got), MSG_WAITALL), "recv");
	require(n == sizeof(text) && !memcmp(got, text, sizeof(text)),
		"what was received is what was sent");
	close(a);
	close(b);
	printf("%s: one record sent and received\n", name);
}

int main(void)
{
	one_record(TLS_1_2_VERSION, "TLS 1.2");
	one_record(TLS_1_3_VERSION, "TLS 1.3");
	return 0;
}
