// SPDX-License-Identifier: GPL-2.0
/* 6.5 removed MSG_SENDPAGE_NOTLAST together with sendpage */
#include <linux/socket.h>

int ktls_probe = MSG_SENDPAGE_NOTLAST;
