/* SPDX-License-Identifier: GPL-2.0 */
/* Reads a plain TCP socket record by record, and decrypts and checks each. */
#ifndef KTLS_TESTS_STREAM_H
#define KTLS_TESTS_STREAM_H

#include "record.h"

struct stream {
	int fd;
	struct record_key key;
	struct record record;	/* the last one */
	u64 records;		/* so far */
	u64 bytes;		/* of plaintext so far */
	u8 wire[RECORD_WIRE_MAX];
	u8 plain[RECORD_WIRE_MAX];
};

/* Skips the test if this libcrypto lacks the cipher. */
void stream_init(struct stream *s, int fd, const struct suite *suite,
		 u16 version, const struct tls_keys *keys);
/* From the next record on. */
void stream_rekey(struct stream *s, const struct tls_keys *keys);
void stream_free(struct stream *s);

/*
 * The next record, valid until the next call; NULL at a clean end of the
 * stream. Anything else, a record cut short included, fails the test.
 */
const struct record *stream_next(struct stream *s);

/* The next record is exactly this one. */
void stream_expect(struct stream *s, u8 type, const void *data, size_t len);
/* The next records are data, end where data ends, and are not empty. */
void stream_expect_data(struct stream *s, const void *data, size_t len);
void stream_expect_eof(struct stream *s);

#endif
