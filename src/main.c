// SPDX-License-Identifier: GPL-2.0
/*
 * ktls.ko: init and exit.
 */
#include <linux/module.h>
#include <net/tcp.h>

#include "selftest.h"
#include "spare.h"
#include "stats.h"
#include "tfm.h"
#include "tx.h"
#include "ulp.h"

static int __init ktls_init(void)
{
	int err;

	err = ktls_selftest();
	if (err)
		goto err_tfm;
	err = ktls_stats_register();
	if (err)
		goto err_tfm;
	err = ktls_tx_register();
	if (err)
		goto err_stats;
	err = ktls_ulp_register();
	if (err)
		goto err_tx;
	return 0;

err_tx:
	ktls_tx_unregister();
err_stats:
	ktls_stats_unregister();
err_tfm:
	ktls_tfm_unregister();
	/* The module loader takes -EEXIST for "is already loaded" */
	return err == -EEXIST ? -EBUSY : err;
}

static void __exit ktls_exit(void)
{
	ktls_ulp_unregister();
	ktls_tx_unregister();
	ktls_spare_unregister();
	ktls_stats_unregister();
	ktls_tfm_unregister();
}

module_init(ktls_init);
module_exit(ktls_exit);

MODULE_DESCRIPTION("TLS record layer for TCP sockets");
MODULE_AUTHOR("The ktls developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(KTLS_VERSION);
MODULE_ALIAS_TCP_ULP("ktls");
