// SPDX-License-Identifier: GPL-2.0
/*
 * The wire format (src/record.c, src/record.h) and what crypto_info may say
 * (src/cipher.c), against a model that keeps numbers as the bytes that the RFCs
 * show and knows the suites from tests/peer.
 *
 * The input: crypto_info, and then steps, each a byte and what belongs to it.
 */
#include <errno.h>

#include "../../src/record.h"
#include "../peer/suite.h"
#include "input.h"

/* One direction of a connection. */
struct model {
	const struct suite *suite;
	u16 version;
	u8 nonce[SUITE_NONCE_SIZE];
	u8 explicit[8];
	u8 seq[8];
};

static bool has_explicit(const struct model *m)
{
	return m->version == TLS12 && m->suite->mode != SUITE_CHACHA;
}

/* Bytes of a record besides its header and its payload. */
static unsigned int overhead(const struct model *m)
{
	return (has_explicit(m) ? 8 : 0) + (m->version == TLS13 ? 1 : 0) + 16;
}

static void increment(u8 number[8])
{
	int i = 8;

	while (i-- && !++number[i])
		;
}

/* crypto_info is version, suite, iv, key, salt, number; no gaps. */
static void model_init(struct model *m, const u8 *info)
{
	const struct suite *s = m->suite;
	const u8 *iv = info + 4;
	const u8 *salt = iv + s->iv_size + s->key_size;

	memcpy(m->nonce, salt, s->salt_size);
	memcpy(m->nonce + s->salt_size, iv, s->iv_size);
	memcpy(m->explicit, iv, 8);
	memcpy(m->seq, salt + s->salt_size, 8);
}

/* What getsockopt() gives: as it was given, but for the numbers. */
static void model_export(const struct model *m, u8 *info)
{
	const struct suite *s = m->suite;

	if (has_explicit(m))
		memcpy(info + 4, m->explicit, 8);
	memcpy(info + 4 + s->iv_size + s->key_size + s->salt_size, m->seq, 8);
}

/* RFC 5288 section 3, RFC 8446 section 5.3, RFC 7905 section 2. */
static void model_nonce(const struct model *m, u8 nonce[SUITE_NONCE_SIZE])
{
	int i;

	memcpy(nonce, m->nonce, SUITE_NONCE_SIZE);
	if (has_explicit(m))
		memcpy(nonce + 4, m->explicit, 8);
	else
		for (i = 0; i < 8; i++)
			nonce[4 + i] ^= m->seq[i];
}

static void model_header(u8 *header, u8 type, unsigned int len)
{
	header[0] = type;
	header[1] = 3;
	header[2] = 3;
	header[3] = len / 256;
	header[4] = len % 256;
}

/* RFC 5246 section 6.2.3.3, RFC 8446 section 5.2. Returns its size. */
static size_t model_aad(const struct model *m, u8 *aad, u8 type,
			unsigned int len)
{
	if (m->version == TLS13) {
		model_header(aad, 23, len + 17);
		return 5;
	}
	memcpy(aad, m->seq, 8);
	model_header(aad + 8, type, len);
	return 13;
}

/* RFC 8446 sections 5.1 and 5.2, RFC 5246 section 6.2.3. */
static int model_parse(const struct model *m, const u8 *header)
{
	unsigned int len = header[3] * 256 + header[4];

	if (len > 16384 + overhead(m))
		return -EMSGSIZE;
	if (len < overhead(m))
		return -EBADMSG;
	if (header[1] != 3 || header[2] != 3)
		return -EINVAL;
	if (m->version == TLS13 && header[0] != 23)
		return -EBADMSG;
	return 0;
}

static void check_parse(const struct model *m, const struct ktls_epoch *e,
			struct input *in)
{
	unsigned int size = 12345, framing = ktls_record_framing(e);
	u8 *header = input_exactly(in, KTLS_RECORD_HEADER);

	CHECK_EQ(framing, 5 + overhead(m));
	CHECK_EQ(ktls_record_parse(e, header, &size), model_parse(m, header));
	if (model_parse(m, header)) {
		CHECK_EQ(size, 12345);
	} else {
		CHECK_EQ(size, 5 + header[3] * 256 + header[4]);
		CHECK(size >= framing && size - framing <= 16384);
	}
	free(header);
}

static void check_write(const struct model *m, const struct ktls_epoch *e,
			struct input *in)
{
	u8 *prefix = malloc(ktls_record_prefix(e));
	u8 type = input_byte(in), aad[13], want[13];
	unsigned int len = input_u16(in) % 16385;
	size_t n = has_explicit(m) ? 13 : 5;

	CHECK_EQ(ktls_record_prefix(e), n);
	ktls_record_write_prefix(e, prefix, type, len);
	model_header(want, m->version == TLS13 ? 23 : type, len + overhead(m));
	memcpy(want + 5, m->explicit, 8);
	CHECK_MEM(prefix, want, n);
	CHECK_EQ(model_parse(m, prefix), 0);
	free(prefix);

	n = model_aad(m, want, type, len);
	CHECK_EQ(ktls_record_aad(e, aad, type, len), n);
	CHECK_MEM(aad, want, n);
}

static void check_explicit(struct model *m, struct ktls_epoch *e,
			   struct input *in)
{
	u8 *prefix = input_exactly(in, ktls_record_prefix(e));

	ktls_epoch_read_explicit(e, prefix);
	if (has_explicit(m))
		memcpy(m->explicit, prefix + 5, 8);
	free(prefix);
}

/* CCM's IV starts with 2: RFC 3610 section 2.3, for a length of 3 bytes. */
static void check_nonce(const struct model *m, const struct ktls_epoch *e)
{
	bool ccm = m->suite->mode == SUITE_CCM;
	u8 iv[KTLS_AEAD_IV_SIZE], want[KTLS_AEAD_IV_SIZE] = { 2 };

	ktls_record_iv(e, iv);
	model_nonce(m, want + ccm);
	CHECK_MEM(iv, want, sizeof(iv));
}

static void check_export(const struct model *m, const struct ktls_epoch *e,
			 const u8 *info, size_t size)
{
	u8 *out = malloc(size), *want = malloc(size);

	memcpy(out, info, size);
	memset(out, 0xee, 4 + m->suite->iv_size);
	memset(out + 4 + m->suite->iv_size + m->suite->key_size, 0xee,
	       m->suite->salt_size + 8);
	memcpy(want, info, size);
	model_export(m, want);
	ktls_epoch_export(e, out);
	CHECK_MEM(out, want, size);
	free(out);
	free(want);
}

/* The last number is never used. */
static void check_has(const struct model *m, const struct ktls_epoch *e,
		      struct input *in)
{
	unsigned __int128 last = get_be(m->seq, 8);
	u8 records[8];

	input_take(in, records, 8);
	last += get_be(records, 8);
	CHECK_EQ(ktls_epoch_has(e, get_be(records, 8)), !(last >> 64));
}

static void run(struct model *m, struct input *in, const u8 *info, size_t size)
{
	struct ktls_epoch e;

	ktls_epoch_init(&e, ktls_cipher_find(m->suite->cipher_type),
			m->version, info);
	model_init(m, info);
	while (in->left) {
		switch (input_byte(in) % 5) {
		case 0:
			ktls_epoch_advance(&e);
			increment(m->seq);
			increment(m->explicit);
			break;
		case 1:
			check_parse(m, &e, in);
			break;
		case 2:
			check_write(m, &e, in);
			break;
		case 3:
			check_explicit(m, &e, in);
			break;
		case 4:
			check_has(m, &e, in);
			break;
		}
		check_nonce(m, &e);
		check_export(m, &e, info, size);
	}
}

/* The suite of that number, if it may be used with that version. */
static const struct suite *find(u16 cipher_type, u16 version)
{
	size_t i;

	for (i = 0; i < suite_count; i++)
		if (suites[i].cipher_type == cipher_type)
			return suite_has_version(&suites[i], version) ?
			       &suites[i] : NULL;
	return NULL;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	const struct ktls_cipher *cipher;
	struct model m = { 0 };
	u16 head[2];
	u8 *info;

	/* As the module does: the header first, which says how long it all is */
	input_take(&in, head, sizeof(head));
	cipher = ktls_cipher_find(head[1]);
	if (cipher && !ktls_cipher_allows(cipher, head[0]))
		cipher = NULL;
	m.version = head[0];
	m.suite = find(head[1], head[0]);
	CHECK_EQ(!cipher, !m.suite);
	if (!cipher)
		return 0;
	CHECK_EQ(ktls_cipher_info_size(cipher), suite_crypto_info_size(m.suite));

	in = (struct input) { data, size };
	size = ktls_cipher_info_size(cipher);
	info = input_exactly(&in, size);
	run(&m, &in, info, size);
	free(info);
	return 0;
}
