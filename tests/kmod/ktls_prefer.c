// SPDX-License-Identifier: GPL-2.0
/*
 * Has AES-GCM and AES-CCM served by an asynchronous template of the kernel's
 * own, cryptd or pcrypt, and counts what is completed asynchronously. For test
 * machines only.
 *
 * The template is put around the best driver that is synchronous, and its
 * instance before all others. That lasts until this module is unloaded.
 */
#include <crypto/aead.h>
#include <linux/atomic.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>

#include "regs.h"

/* No driver of the kernel has as much */
#define PRIORITY 100000

static char *template;
module_param(template, charp, 0444);
MODULE_PARM_DESC(template, "cryptd or pcrypt");

/* Of whoever waits with crypto_wait_req() */
static atomic_t completions;
module_param_named(completions, completions.counter, int, 0444);
MODULE_PARM_DESC(completions, "requests that were completed");

static atomic_t notices;
module_param_named(notices, notices.counter, int, 0444);
MODULE_PARM_DESC(notices, "requests that had to wait for room in a queue");

/**
 * struct preferred - an instance that goes before all others
 * @name: of the algorithm
 * @tfm: holds the instance
 * @priority: what it was
 */
struct preferred {
	const char *name;
	struct crypto_aead *tfm;
	int priority;
};

static struct preferred preferred[] = {
	{ .name = "gcm(aes)" },
	{ .name = "ccm(aes)" },
};

/* The template around @inner */
static struct crypto_aead *make_instance(struct crypto_aead *inner)
{
	const char *driver = crypto_tfm_alg_driver_name(crypto_aead_tfm(inner));
	char name[CRYPTO_MAX_ALG_NAME];
	struct crypto_aead *tfm;

	if (snprintf(name, sizeof(name), "%s(%s)", template, driver) >=
	    sizeof(name))
		return ERR_PTR(-ENAMETOOLONG);
	tfm = crypto_alloc_aead(name, 0, 0);
	if (IS_ERR(tfm))
		pr_err("ktls_prefer: no %s: %ld\n", name, PTR_ERR(tfm));
	return tfm;
}

static int prefer(struct preferred *p)
{
	struct crypto_aead *inner, *tfm;
	struct crypto_alg *alg;

	inner = crypto_alloc_aead(p->name, 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	tfm = make_instance(inner);
	crypto_free_aead(inner);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	alg = crypto_aead_tfm(tfm)->__crt_alg;
	p->tfm = tfm;
	p->priority = alg->cra_priority;
	WRITE_ONCE(alg->cra_priority, PRIORITY);
	return 0;
}

static void stop_preferring(struct preferred *p)
{
	if (!p->tfm)
		return;
	WRITE_ONCE(crypto_aead_tfm(p->tfm)->__crt_alg->cra_priority,
		   p->priority);
	crypto_free_aead(p->tfm);
}

/* The callback of crypto_wait_req() */
static int on_done(struct kprobe *probe, struct pt_regs *regs)
{
	if ((int)argument(regs, 1) == -EINPROGRESS)
		atomic_inc(&notices);
	else
		atomic_inc(&completions);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "crypto_req_done",
	.pre_handler = on_done,
};

static void stop_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(preferred); i++)
		stop_preferring(&preferred[i]);
}

static int __init prefer_init(void)
{
	unsigned int i;
	int err;

	if (!template)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(preferred); i++) {
		err = prefer(&preferred[i]);
		if (err)
			goto fail;
	}
	err = register_kprobe(&probe);
	if (!err)
		return 0;
fail:
	stop_all();
	return err;
}

static void __exit prefer_exit(void)
{
	unregister_kprobe(&probe);
	stop_all();
}

module_init(prefer_init);
module_exit(prefer_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prefers asynchronous AEADs for tests of ktls");
