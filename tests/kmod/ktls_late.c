// SPDX-License-Identifier: GPL-2.0
/*
 * AES-GCM and AES-CCM as no driver should do them, but might: whoever asks is
 * answered when another one is not, in any order, from a worker, from a softirq
 * or before the call returns, some having been told first that they must wait.
 * For test machines only.
 *
 * The work is done by the best driver that is synchronous. What happens when is
 * up to dice, whose seed is a parameter.
 */
#include <crypto/aead.h>
#include <crypto/internal/aead.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/* No driver of the kernel has as much */
#define PRIORITY 100000

static uint seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the dice");

static int victim;
module_param(victim, int, 0644);
MODULE_PARM_DESC(victim, "process whose requests fail when they are completed");

static int error;
module_param(error, int, 0644);
MODULE_PARM_DESC(error, "errno that they fail with");

static int pass;
module_param(pass, int, 0644);
MODULE_PARM_DESC(pass, "its requests that are spared before the first that fails");

static int failed;
module_param(failed, int, 0644);
MODULE_PARM_DESC(failed, "requests that have failed so");

static int completions;
module_param(completions, int, 0444);
MODULE_PARM_DESC(completions, "requests that were completed");

static int notices;
module_param(notices, int, 0444);
MODULE_PARM_DESC(notices, "requests that were told to wait");

static int overtaken;
module_param(overtaken, int, 0444);
MODULE_PARM_DESC(overtaken, "requests completed while an older one was not");

static int pending;
module_param(pending, int, 0444);
MODULE_PARM_DESC(pending, "requests that are not completed");

/**
 * struct late_request - behind an aead_request
 * @list: in @requests
 * @op: crypto_aead_encrypt() or crypto_aead_decrypt()
 * @error: what it ends with whatever its result, or 0
 * @told: it need not be told that it has to wait
 * @inner: what does it
 */
struct late_request {
	struct list_head list;
	int (*op)(struct aead_request *req);
	int error;
	bool told;
	/* Last, for its own context is behind it */
	struct aead_request inner;
};

/* The oldest first. The lock guards all of these and the parameters above */
static LIST_HEAD(requests);
static DEFINE_SPINLOCK(lock);
static bool hold;
static unsigned int worker_turns, softirq_turns;

static void work_fn(struct work_struct *unused);
static void softirq_fn(struct tasklet_struct *unused);
static DECLARE_WORK(work, work_fn);
static struct tasklet_struct softirq;
static struct workqueue_struct *queue;

static unsigned int dice(unsigned int sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % sides;
}

static struct aead_request *outer(struct late_request *r)
{
	return container_of((void *)r, struct aead_request, __ctx);
}

/* Answer as the API asks it of drivers; behind the last one @req is gone */
static void answer(struct aead_request *req, int err)
{
	local_bh_disable();
	aead_request_complete(req, err);
	local_bh_enable();
}

static void finish(struct late_request *r)
{
	int err = r->op(&r->inner);

	answer(outer(r), r->error ?: err);
}

/* One turn for each request, and one more to tell it to wait; lock held */
static void add_turn(void)
{
	if (dice(3)) {
		worker_turns++;
		queue_work(queue, &work);
	} else {
		softirq_turns++;
		tasklet_schedule(&softirq);
	}
}

/* Any one of them, off the list unless it is only to be told something */
static struct late_request *pick(bool *tell)
{
	unsigned int skip = dice(pending);
	struct late_request *r;

	list_for_each_entry(r, &requests, list)
		if (!skip--)
			break;
	*tell = !r->told;
	if (*tell) {
		/* The callback may not do anything to it */
		r->told = true;
		notices++;
		return r;
	}
	overtaken += !list_is_first(&r->list, &requests);
	list_del(&r->list);
	pending--;
	completions++;
	return r;
}

/* Returns false if nobody is to have a turn now */
static bool take_turn(unsigned int *turns)
{
	struct late_request *r = NULL;
	bool tell;

	spin_lock_bh(&lock);
	if (!hold && *turns) {
		(*turns)--;
		r = pick(&tell);
	}
	if (r && tell) {
		/* Nobody else may finish it meanwhile */
		aead_request_complete(outer(r), -EINPROGRESS);
		add_turn();
	}
	spin_unlock_bh(&lock);
	if (r && !tell)
		finish(r);
	return r;
}

static void work_fn(struct work_struct *unused)
{
	unsigned int turn = 0;

	while (take_turn(&worker_turns)) {
		/* Let others come, and a softirq be first */
		if (++turn % 16 == 0)
			usleep_range(500, 1000);
		cond_resched();
	}
}

static void softirq_fn(struct tasklet_struct *unused)
{
	if (take_turn(&softirq_turns))
		tasklet_schedule(&softirq);
}

static int set_hold(const char *val, const struct kernel_param *param)
{
	int err;

	spin_lock_bh(&lock);
	err = param_set_bool(val, param);
	spin_unlock_bh(&lock);
	queue_work(queue, &work);
	tasklet_schedule(&softirq);
	return err;
}

static const struct kernel_param_ops hold_ops = {
	.set = set_hold,
	.get = param_get_bool,
};

module_param_cb(hold, &hold_ops, &hold, 0644);
MODULE_PARM_DESC(hold, "complete nothing");

/* Lock held */
static int error_now(void)
{
	if (!victim || current->tgid != victim)
		return 0;
	if (pass) {
		pass--;
		return 0;
	}
	failed++;
	return -error;
}

static void prepare(struct aead_request *req, struct late_request *r)
{
	struct crypto_aead **inner = crypto_aead_ctx(crypto_aead_reqtfm(req));

	/* Neither may it sleep nor is there anybody to call back */
	aead_request_set_tfm(&r->inner, *inner);
	aead_request_set_callback(&r->inner, 0, NULL, NULL);
	aead_request_set_crypt(&r->inner, req->src, req->dst, req->cryptlen,
			       req->iv);
	aead_request_set_ad(&r->inner, req->assoclen);
}

/*
 * Returns true if the request is to be completed before the call returns;
 * otherwise it may be gone
 */
static bool add(struct late_request *r, bool may_wait, int *ret)
{
	bool early;

	spin_lock_bh(&lock);
	r->error = error_now();
	r->told = !may_wait || dice(4);
	*ret = r->told ? -EINPROGRESS : -EBUSY;
	early = !hold && !dice(6);
	if (early) {
		completions++;
		notices += !r->told;
	} else {
		list_add_tail(&r->list, &requests);
		pending++;
		add_turn();
	}
	spin_unlock_bh(&lock);
	return early;
}

static int submit(struct aead_request *req,
		  int (*op)(struct aead_request *req))
{
	struct late_request *r = aead_request_ctx(req);
	int ret;

	prepare(req, r);
	r->op = op;
	if (add(r, req->base.flags & CRYPTO_TFM_REQ_MAY_BACKLOG, &ret)) {
		if (ret == -EBUSY)
			answer(req, -EINPROGRESS);
		finish(r);
	}
	return ret;
}

static int late_encrypt(struct aead_request *req)
{
	return submit(req, crypto_aead_encrypt);
}

static int late_decrypt(struct aead_request *req)
{
	return submit(req, crypto_aead_decrypt);
}

static int late_setkey(struct crypto_aead *tfm, const u8 *key,
		       unsigned int len)
{
	struct crypto_aead **inner = crypto_aead_ctx(tfm);

	return crypto_aead_setkey(*inner, key, len);
}

static int late_setauthsize(struct crypto_aead *tfm, unsigned int size)
{
	struct crypto_aead **inner = crypto_aead_ctx(tfm);

	return crypto_aead_setauthsize(*inner, size);
}

static struct crypto_aead *alloc_inner(const char *name)
{
	return crypto_alloc_aead(name, 0, CRYPTO_ALG_ASYNC);
}

static int late_init_tfm(struct crypto_aead *tfm)
{
	struct crypto_aead **ctx = crypto_aead_ctx(tfm);
	struct crypto_aead *inner;

	inner = alloc_inner(crypto_aead_alg(tfm)->base.cra_name);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	*ctx = inner;
	crypto_aead_set_reqsize(tfm, sizeof(struct late_request) +
				crypto_aead_reqsize(inner));
	return 0;
}

static void late_exit_tfm(struct crypto_aead *tfm)
{
	struct crypto_aead **inner = crypto_aead_ctx(tfm);

	crypto_free_aead(*inner);
}

static const char * const names[] = { "gcm", "ccm" };
static struct aead_alg algs[ARRAY_SIZE(names)];

static int add_alg(struct aead_alg *alg, const char *name)
{
	struct crypto_aead *inner;

	*alg = (struct aead_alg){
		.setkey = late_setkey,
		.setauthsize = late_setauthsize,
		.encrypt = late_encrypt,
		.decrypt = late_decrypt,
		.init = late_init_tfm,
		.exit = late_exit_tfm,
		.base.cra_priority = PRIORITY,
		.base.cra_flags = CRYPTO_ALG_ASYNC,
		.base.cra_blocksize = 1,
		.base.cra_ctxsize = sizeof(inner),
		.base.cra_module = THIS_MODULE,
	};
	snprintf(alg->base.cra_name, CRYPTO_MAX_ALG_NAME, "%s(aes)", name);
	snprintf(alg->base.cra_driver_name, CRYPTO_MAX_ALG_NAME,
		 "ktls-late-%s", name);
	inner = alloc_inner(alg->base.cra_name);
	if (IS_ERR(inner))
		return PTR_ERR(inner);
	alg->ivsize = crypto_aead_ivsize(inner);
	alg->maxauthsize = crypto_aead_maxauthsize(inner);
	alg->base.cra_alignmask = crypto_aead_alignmask(inner);
	crypto_free_aead(inner);
	return crypto_register_aead(alg);
}

static int __init late_init(void)
{
	unsigned int i;
	int err;

	pr_info("ktls_late: seed=%u\n", seed);
	queue = alloc_workqueue("ktls_late", WQ_UNBOUND, 0);
	if (!queue)
		return -ENOMEM;
	tasklet_setup(&softirq, softirq_fn);
	for (i = 0; i < ARRAY_SIZE(algs); i++) {
		err = add_alg(&algs[i], names[i]);
		if (err)
			goto fail;
	}
	return 0;
fail:
	while (i--)
		crypto_unregister_aead(&algs[i]);
	destroy_workqueue(queue);
	return err;
}

/* Whoever has asked holds an algorithm, and they hold the module */
static void __exit late_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(algs); i++)
		crypto_unregister_aead(&algs[i]);
	destroy_workqueue(queue);
	tasklet_kill(&softirq);
}

module_init(late_init);
module_exit(late_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AEADs that answer late for tests of ktls");
