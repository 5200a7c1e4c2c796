// SPDX-License-Identifier: GPL-2.0
/* SOL_TLS: what is refused, with which errno, and that it changes nothing. */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "ktls.h"
#include "tools.h"

#define INFO_MAX sizeof(union crypto_info)

static int set_tx(int fd, const void *info, socklen_t len)
{
	return setsockopt(fd, SOL_TLS, TLS_TX, info, len);
}

/* getsockopt(TLS_TX) into memory of len bytes */
static int get_tx(int fd, union crypto_info *info, socklen_t len)
{
	return getsockopt(fd, SOL_TLS, TLS_TX, info, &len);
}

static size_t make_info(struct conn *c, union crypto_info *info)
{
	return suite_crypto_info(c->tc->suite, c->tc->version, &c->tx, info);
}

typedef bool (filter_fn)(const struct tls_case *tc);

/* The i-th of each_cipher that passes the filter */
static const void *nth(unsigned int n, char *name, size_t size,
		       filter_fn *filter)
{
	const struct tls_case *tc;
	unsigned int i;

	for (i = 0; (tc = each_cipher(i, name, size)); i++)
		if (filter(tc) && !n--)
			return tc;
	return NULL;
}

static bool is_optional(const struct tls_case *tc)
{
	return tc->suite->optional;
}

static const void *each_optional(unsigned int i, char *name, size_t size)
{
	return nth(i, name, size, is_optional);
}

static bool is_12(const struct tls_case *tc)
{
	return tc->version == TLS12;
}

static const void *each_12(unsigned int i, char *name, size_t size)
{
	return nth(i, name, size, is_12);
}

/* No key is set; a good one can be, and then it works. */
static void check_unset(struct conn *c)
{
	union crypto_info info;

	CHECK_ERRNO(get_tx(c->fd, &info, sizeof(info.info)), EBUSY);
	CHECK_ERRNO(get_tx(c->fd, &info, suite_crypto_info_size(c->tc->suite)),
		    EBUSY);
}

/* The key, its number and the stream are as they were. */
static void check_works(struct conn *c)
{
	conn_check_tx(c);
	conn_send(c, "works", 5, 0);
	peer_expect(c, RECORD_DATA, "works", 5);
	conn_check_tx(c);
}

KTLS_TEST_EACH(sockopt_unknown_names, each_family, const struct tls_case *, tc)
{
	static const int names[] = { 0, 6, 7, 99, -1 };
	union crypto_info info;
	struct conn c;
	socklen_t len;
	size_t i, n;

	conn_open(&c, tc);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		n = make_info(&c, &info);
		CHECK_ERRNO(setsockopt(c.fd, SOL_TLS, names[i], &info, n),
			    ENOPROTOOPT);
		len = n;
		CHECK_ERRNO(getsockopt(c.fd, SOL_TLS, names[i], &info, &len),
			    ENOPROTOOPT);
	}
	check_works(&c);
}

struct bad_header {
	u16 version;
	u16 cipher;
};

static const struct bad_header bad_headers[] = {
	{ 0, TLS_CIPHER_AES_GCM_128 },
	{ 0x0300, TLS_CIPHER_AES_GCM_128 },
	{ 0x0302, TLS_CIPHER_AES_GCM_128 },
	{ 0x0305, TLS_CIPHER_AES_GCM_128 },
	{ 0x0403, TLS_CIPHER_AES_GCM_128 },
	{ 0xfefd, TLS_CIPHER_AES_GCM_128 },
	{ TLS12, 0 },
	{ TLS12, 50 },
	{ TLS12, 59 },
	{ TLS12, 0xffff },
	{ TLS13, 0 },
	{ TLS13, 50 },
	{ TLS13, 59 },
	{ TLS13, 0xffff },
	{ TLS13, TLS_CIPHER_ARIA_GCM_128 },
	{ TLS13, TLS_CIPHER_ARIA_GCM_256 },
};

KTLS_TEST_EACH(sockopt_set_bad_header, each_family, const struct tls_case *, tc)
{
	union crypto_info info;
	struct conn c;
	size_t i, len;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	len = make_info(&c, &info);
	for (i = 0; i < ARRAY_SIZE(bad_headers); i++) {
		info.info.version = bad_headers[i].version;
		info.info.cipher_type = bad_headers[i].cipher;
		CHECK_ERRNO(set_tx(c.fd, &info, len), EINVAL);
		CHECK_ERRNO(set_tx(c.fd, &info, 56), EINVAL);
		check_unset(&c);
	}
	conn_set_tx(&c, NULL);
	check_works(&c);
}

KTLS_TEST_EACH(sockopt_set_bad_length, each_case, const struct tls_case *, tc)
{
	union crypto_info info;
	struct conn c;
	size_t i, len;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	len = make_info(&c, &info);
	CHECK_ERRNO(set_tx(c.fd, NULL, len), EINVAL);
	for (i = 0; i <= INFO_MAX; i++)
		if (i != len)
			CHECK_ERRNO(set_tx(c.fd, &info, i), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, &info, -1), EINVAL);
	check_unset(&c);
	conn_set_tx(&c, NULL);
	check_works(&c);
}

KTLS_TEST_EACH(sockopt_set_bad_pointer, each_version, const struct tls_case *,
	       tc)
{
	union crypto_info info;
	struct conn c;
	size_t len;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	len = make_info(&c, &info);
	CHECK_ERRNO(set_tx(c.fd, bad_address(), len), EFAULT);
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, 3), len), EFAULT);
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, 4), len), EFAULT);
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, len - 1), len), EFAULT);
	/* What the header says comes first. */
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, 4), len + 1), EINVAL);
	info.info.version = 0x0302;
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, 4), len), EINVAL);
	check_unset(&c);
	make_info(&c, &info);
	CHECK_SYS(set_tx(c.fd, edge_copy(&info, len), len));
	stream_init(&c.in, c.peer, tc->suite, tc->version, &c.tx);
	check_works(&c);
}

static void set_modprobe(const char *path)
{
	int fd = CHECK_SYS(open("/proc/sys/kernel/modprobe", O_WRONLY));

	CHECK_EQ(write(fd, path, strlen(path)), strlen(path));
	close(fd);
}

/* Users first; each kernel has some of them. */
static void unload_ciphers(void)
{
	static const char * const modules[] = {
		"sm4_aesni_avx2_x86_64", "sm4_aesni_avx_x86_64", "sm4_generic",
		"aria_gfni_avx512_x86_64", "aria_aesni_avx2_x86_64",
		"aria_aesni_avx_x86_64", "aria_generic",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		if (syscall(SYS_delete_module, modules[i], O_NONBLOCK))
			CHECK_EQ(errno, ENOENT);
}

/* A kernel without the cipher, or with its module out of reach */
KTLS_TEST_EACH(sockopt_cipher_missing, each_optional, const struct tls_case *,
	       tc)
{
	char modprobe[256] = "";
	struct conn c;
	int fd, ret;

	fd = CHECK_SYS(open("/proc/sys/kernel/modprobe", O_RDONLY));
	CHECK(read(fd, modprobe, sizeof(modprobe) - 1) > 0);
	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	unload_ciphers();
	set_modprobe("/bin/false\n");
	ret = ktls_set_tx(c.fd, tc->suite, tc->version, &c.tx);
	set_modprobe(modprobe);
	CHECK_ERRNO(ret, ENOENT);
	check_unset(&c);
	c.tc = &case12;
	if (tc->version == TLS13)
		c.tc = &case13;
	conn_set_tx(&c, NULL);
	check_works(&c);
}

KTLS_TEST_EACH(sockopt_set_again_12, each_12, const struct tls_case *, tc)
{
	union crypto_info info;
	struct conn c;
	size_t len;

	conn_open(&c, tc);
	len = make_info(&c, &info);
	CHECK_ERRNO(set_tx(c.fd, &info, len), EBUSY);
	CHECK_ERRNO(set_tx(c.fd, &info, len - 1), EBUSY);
	CHECK_ERRNO(set_tx(c.fd, bad_address(), len), EBUSY);
	CHECK_ERRNO(set_tx(c.fd, &info, 3), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, NULL, len), EINVAL);
	info.info.version = TLS13;
	CHECK_ERRNO(set_tx(c.fd, &info, len), EBUSY);
	check_works(&c);
}

static void check_rekey_headers(struct conn *c, union crypto_info *info,
				size_t len)
{
	info->info.version = TLS12;
	CHECK_ERRNO(set_tx(c->fd, info, len), EINVAL);
	info->info.version = 0x0305;
	CHECK_ERRNO(set_tx(c->fd, info, len), EINVAL);
	info->info.version = TLS13;
	info->info.cipher_type = TLS_CIPHER_AES_CCM_128;
	CHECK_ERRNO(set_tx(c->fd, info, len), EINVAL);
	info->info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
	CHECK_ERRNO(set_tx(c->fd, info, 56), EINVAL);
	info->info.cipher_type = 59;
	CHECK_ERRNO(set_tx(c->fd, info, len), EINVAL);
}

KTLS_TEST(sockopt_rekey_fails)
{
	union crypto_info info;
	struct tls_keys keys;
	struct conn c;
	size_t len;

	conn_open(&c, &case13);
	check_works(&c);
	keys_random(&keys);
	len = suite_crypto_info(c.tc->suite, TLS13, &keys, &info);
	CHECK_ERRNO(set_tx(c.fd, NULL, len), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, &info, 3), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, &info, len - 1), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, &info, len + 1), EINVAL);
	CHECK_ERRNO(set_tx(c.fd, bad_address(), len), EFAULT);
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, len - 1), len), EFAULT);
	check_rekey_headers(&c, &info, len);
	check_works(&c);
	conn_rekey(&c);
	check_works(&c);
}

/* A rekey that fails leaves the open record where it is. */
KTLS_TEST(sockopt_rekey_fails_keeps_open_record)
{
	union crypto_info info;
	struct conn c;
	size_t len;

	conn_open(&c, &case13);
	conn_send(&c, "open", 4, MSG_MORE);
	len = make_info(&c, &info);
	CHECK_ERRNO(set_tx(c.fd, edge_copy(&info, len - 1), len), EFAULT);
	peer_expect_quiet(&c);
	conn_send(&c, "ed", 2, 0);
	peer_expect(&c, RECORD_DATA, "opened", 6);
}

KTLS_TEST_EACH(sockopt_get_errors, each_family, const struct tls_case *, tc)
{
	union crypto_info info;
	struct conn c;
	socklen_t len;
	size_t whole;
	int i;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	whole = suite_crypto_info_size(tc->suite);
	CHECK_ERRNO(get_tx(c.fd, &info, 3), EINVAL);
	check_unset(&c);
	conn_set_tx(&c, NULL);
	for (i = -2; i <= (int)INFO_MAX; i++)
		if (i != 4 && i != (int)whole)
			CHECK_ERRNO(get_tx(c.fd, &info, i), EINVAL);
	CHECK_ERRNO(get_tx(c.fd, NULL, whole), EINVAL);
	CHECK_ERRNO(get_tx(c.fd, bad_address(), whole), EFAULT);
	CHECK_ERRNO(get_tx(c.fd, (void *)edge_copy(&info, whole - 1), whole),
		    EFAULT);
	CHECK_ERRNO(getsockopt(c.fd, SOL_TLS, TLS_TX, &info, bad_address()),
		    EFAULT);
	len = 4;
	CHECK_SYS(getsockopt(c.fd, SOL_TLS, TLS_TX, &info, &len));
	CHECK_EQ(len, 4);
	CHECK_EQ(info.info.version, tc->version);
	CHECK_EQ(info.info.cipher_type, tc->suite->cipher_type);
	check_works(&c);
}

/* All of the struct: key, salt, and number and iv of the next record. */
KTLS_TEST_EACH(sockopt_get_is_live, each_case, const struct tls_case *, tc)
{
	union crypto_info want, got;
	struct conn c;
	size_t len;
	int i;

	conn_open(&c, tc);
	len = make_info(&c, &want);
	memset(&got, 0xff, sizeof(got));
	CHECK_SYS(get_tx(c.fd, &got, len));
	CHECK_MEM(got.bytes, want.bytes, len);
	CHECK_EQ(got.bytes[len], 0xff);
	for (i = 0; i < 3; i++)
		check_works(&c);
	/* An open record has no number yet. */
	conn_send(&c, "a", 1, MSG_MORE);
	conn_check_tx(&c);
	conn_send(&c, "b", 1, 0);
	peer_expect(&c, RECORD_DATA, "ab", 2);
	conn_check_tx(&c);
	if (tc->version == TLS13) {
		conn_rekey(&c);
		check_works(&c);
	}
}

/* Numbers and explicit nonces are big-endian and carry into the next byte. */
KTLS_TEST_EACH(sockopt_get_carries, each_cipher, const struct tls_case *, tc)
{
	struct tls_keys keys;
	struct conn c;
	int i;

	keys_random(&keys);
	keys_set_seq(&keys, 0xfffffffe);
	if (tc->suite->mode != SUITE_CHACHA)
		put_be(keys.iv, ~0ull - 1, 8);
	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	conn_set_tx(&c, &keys);
	for (i = 0; i < 4; i++)
		check_works(&c);
	CHECK_EQ(c.in.key.seq, 0x100000002);
}

KTLS_TEST_EACH(sockopt_set_after_shutdown, each_version,
	       const struct tls_case *, tc)
{
	struct conn c;

	conn_connect(&c, tc, NULL);
	conn_attach(&c);
	CHECK_SYS(shutdown(c.fd, SHUT_WR));
	conn_set_tx(&c, NULL);
	conn_check_tx(&c);
	CHECK_ERRNO(send(c.fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	peer_expect_eof(&c);
}
