// SPDX-License-Identifier: GPL-2.0
/*
 * Handshake messages in the stream of records (RFC 8446 section 4): finds the
 * KeyUpdate, wherever it stands and however it is cut. Pure functions on bytes.
 */
#include "messages.h"

#define KEY_UPDATE 24

static u32 body_length(const u8 *header)
{
	return header[1] << 16 | header[2] << 8 | header[3];
}

/* The message whose header is complete has all of its body */
static bool finish(struct ktls_messages *messages)
{
	messages->have = 0;
	return messages->header[0] == KEY_UPDATE;
}

/**
 * ktls_messages_feed() - follow the messages through some more bytes
 * @messages: where the stream stands
 * @data: bytes of handshake records
 * @len: how many
 *
 * Context: any.
 * Return: true if a KeyUpdate was completed.
 */
bool ktls_messages_feed(struct ktls_messages *messages, const u8 *data,
			unsigned int len)
{
	const u8 *end = data + len;
	bool found = false;

	while (data < end) {
		if (messages->have < sizeof(messages->header)) {
			messages->header[messages->have++] = *data++;
			if (messages->have < sizeof(messages->header))
				continue;
			messages->left = body_length(messages->header);
		} else {
			u32 here = end - data;

			if (here > messages->left)
				here = messages->left;
			messages->left -= here;
			data += here;
		}
		if (!messages->left)
			found |= finish(messages);
	}
	return found;
}
