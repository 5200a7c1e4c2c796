// SPDX-License-Identifier: GPL-2.0
/* An HTTPS file server whose records are sealed and opened by the kernel. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "../peer/cert.h"
#include "../peer/ulp.h"
#include "connection.h"

#define IDLE_SECONDS 60
#define SUITES13 \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

struct config {
	const char *cert;
	const char *key;
	const char *dir;
	int port;
};

static void usage(void)
{
	puts("Usage: ktls-demo-server [--port N] [--cert FILE --key FILE] DIR\n"
	     "Serves the files of DIR over HTTPS, and answers a PUT with the\n"
	     "SHA-256 of its body. OpenSSL shakes hands; then requests are read\n"
	     "with recvmsg() and replies sent with send() and sendfile() through\n"
	     "the kernel's ktls. Without --cert it makes a certificate for localhost.\n"
	     "Environment: KTLS_ULP, the protocol's name (default ktls).");
}

static void __noreturn die(const char *what)
{
	fprintf(stderr, "ktls-demo-server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void parse_args(struct config *cfg, int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			cfg->port = atoi(optarg);
			break;
		case 'c':
			cfg->cert = optarg;
			break;
		case 'k':
			cfg->key = optarg;
			break;
		default:
			usage();
			exit(opt == 'h' ? 0 : 2);
		}
	}
	if (optind + 1 != argc || !cfg->cert != !cfg->key) {
		usage();
		exit(2);
	}
	cfg->dir = argv[optind];
}

/* IPv4 clients come in through the IPv6 socket, where there is IPv6. */
static int listen_on(int port)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd, on = 1, off = 0;
	bool six;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	six = fd >= 0;
	if (!six)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (six ? bind(fd, (struct sockaddr *)&v6, sizeof(v6)) :
		  bind(fd, (struct sockaddr *)&v4, sizeof(v4)))
		die("bind");
	if (listen(fd, 64))
		die("listen");
	return fd;
}

/* Only suites that the kernel has; no tickets, see ssl_keys_get(). */
static SSL_CTX *make_ctx(const struct config *cfg)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	bool ok;

	ok = ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) &&
	     SSL_CTX_set_num_tickets(ctx, 0) &&
	     SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") &&
	     SSL_CTX_set_ciphersuites(ctx, SUITES13) == 1;
	if (ok && cfg->cert)
		ok = SSL_CTX_use_certificate_chain_file(ctx, cfg->cert) == 1 &&
		     SSL_CTX_use_PrivateKey_file(ctx, cfg->key,
						 SSL_FILETYPE_PEM) == 1;
	else if (ok)
		ok = cert_use_new(ctx);
	if (!ok) {
		fprintf(stderr, "ktls-demo-server: cannot set up TLS%s%s\n",
			cfg->cert ? " with " : "", cfg->cert ? cfg->cert : "");
		exit(1);
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	return ctx;
}

static void accept_one(SSL_CTX *ctx, int listener, int dir)
{
	struct timeval idle = { .tv_sec = IDLE_SECONDS };
	int fd;

	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
	if (!fork()) {
		close(listener);
		connection_serve(ctx, fd, dir);
		exit(0);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct config cfg = { .port = 443 };
	int listener, dir;
	SSL_CTX *ctx;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse_args(&cfg, argc, argv);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	dir = open(cfg.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die(cfg.dir);
	ctx = make_ctx(&cfg);
	listener = listen_on(cfg.port);
	printf("serving %s on port %d with ULP %s\n", cfg.dir, cfg.port,
	       ktls_ulp());
	for (;;)
		accept_one(ctx, listener, dir);
}
