/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTLS_MESSAGES_H
#define KTLS_MESSAGES_H

#include <linux/types.h>

/**
 * struct ktls_messages - where a stream of handshake messages stands
 * @header: type and length of the message, as far as they have arrived
 * @have: bytes of @header
 * @left: bytes of the message's body that are still to come
 */
struct ktls_messages {
	u8 header[4];
	u8 have;
	u32 left;
};

bool ktls_messages_feed(struct ktls_messages *messages, const u8 *data,
			unsigned int len);

#endif
