// SPDX-License-Identifier: GPL-2.0
/* Control: a symbol that is declared but not exported must be a "no" */
/* export: tcp_sendmsg_exported_nowhere */
#include <net/tcp.h>
