// SPDX-License-Identifier: GPL-2.0
/*
 * The crypto API's AEADs ("transforms"), one for each key, and the memory of the
 * keys.
 *
 * crypto_alloc_aead() looks through the list of all algorithms, and takes as
 * much memory as the next power of two. But a driver that does nothing when a
 * transform is made or freed finds all it needs in the transform's context,
 * which is zero until there is a key. So of such a driver we keep one transform
 * that never gets a key, the model, and make the others by copying it, in one
 * piece of memory with the key. Other drivers' transforms are allocated one by
 * one.
 */
#include "tfm.h"
#include "aead.h"
#include "cipher.h"

#include <crypto/aead.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>

/**
 * struct model - what the transforms of one suite are copied from
 * @tfm: without a key, for as long as the module is loaded. Published by
 *	smp_store_release() when the rest is there, read with smp_load_acquire()
 * @cache: where its copies live, each behind its key
 */
struct model {
	struct crypto_aead *tfm;
	struct kmem_cache *cache;
};

static struct model models[KTLS_NR_CIPHERS];
static DEFINE_MUTEX(models_mutex);

static struct model *model_of(const struct ktls_cipher *cipher)
{
	return &models[ktls_cipher_index(cipher)];
}

#define TFM_AT(member) offsetof(struct crypto_tfm, member)
#define TFM_BEHIND(member) offsetofend(struct crypto_tfm, member)

/*
 * May struct crypto_tfm be copied? Only if it is as it has been: flags and node
 * (a reference count before them from 6.1 to 6.15, a pointer at itself behind
 * them from 6.16 on), exit, algorithm, and then the context. If a kernel has
 * anything more in it, a copy may have to differ there.
 */
static bool layout_is_known(void)
{
	size_t before = TFM_AT(crt_flags);
	size_t between = TFM_AT(exit) - TFM_BEHIND(node);

	return (before == 0 || before == sizeof(refcount_t)) &&
	       TFM_AT(node) == TFM_BEHIND(crt_flags) &&
	       between <= sizeof(void *) - before &&
	       TFM_AT(__crt_alg) == TFM_BEHIND(exit) &&
	       TFM_AT(__crt_ctx) == ALIGN(TFM_BEHIND(__crt_alg),
					  CRYPTO_MINALIGN) &&
	       offsetof(struct crypto_aead, base) ==
	       ALIGN(2 * sizeof(unsigned int), CRYPTO_MINALIGN);
}

/* Is there nothing to a transform but its memory? */
static bool is_plain(struct crypto_aead *tfm)
{
	const struct aead_alg *alg = crypto_aead_alg(tfm);

	return layout_is_known() && !alg->init && !alg->exit &&
	       !alg->base.cra_init && !alg->base.cra_exit && !tfm->base.exit;
}

/*
 * On 5.10 to 6.12 the drivers of x86 that are worth having are wrapped: the
 * wrapper passes on to a kernel thread what is asked for where vector registers
 * may not be used. In process context, where all sealing and opening is done,
 * they may; so take what is wrapped, which has the wrapper's name behind "__". It
 * is never a template: to ask for one would start a thread that makes it.
 */
static struct crypto_aead *unwrap(struct crypto_aead *tfm)
{
	const char *wrapper = crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm));
	char name[CRYPTO_MAX_ALG_NAME + 2];
	struct crypto_aead *inner;

	if (!(crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC) ||
	    strchr(wrapper, '('))
		return tfm;
	snprintf(name, sizeof(name), "__%s", wrapper);
	inner = crypto_alloc_aead(name, CRYPTO_ALG_INTERNAL,
				  CRYPTO_ALG_INTERNAL | CRYPTO_ALG_ASYNC |
				  CRYPTO_NOLOAD);
	if (IS_ERR(inner))
		return tfm;
	crypto_free_aead(tfm);
	return inner;
}

/* Where a key of @size bytes ends and the copy of a model begins */
static size_t key_room(size_t size)
{
	return ALIGN(size, __alignof__(struct crypto_aead));
}

static struct kmem_cache *make_cache(const struct ktls_cipher *cipher,
				     struct crypto_aead *tfm, size_t size)
{
	const struct crypto_alg *alg = &crypto_aead_alg(tfm)->base;
	char name[32];

	snprintf(name, sizeof(name), "ktls_%s", cipher->name);
	return kmem_cache_create(name, key_room(size) + sizeof(*tfm) +
				 alg->cra_ctxsize + alg->cra_alignmask,
				 __alignof__(*tfm), 0, NULL);
}

/* Make @tfm the model, unless there is one. It is not the caller's any more */
static int adopt(struct model *model, const struct ktls_cipher *cipher,
		 struct crypto_aead *tfm, size_t size)
{
	int err = 0;

	mutex_lock(&models_mutex);
	if (!model->tfm) {
		model->cache = make_cache(cipher, tfm, size);
		err = model->cache ? 0 : -ENOMEM;
	}
	if (err || model->tfm) {
		crypto_free_aead(tfm);
	} else {
		/* Pairs with the smp_load_acquire() in bare() */
		smp_store_release(&model->tfm, tfm);
	}
	mutex_unlock(&models_mutex);
	return err;
}

/*
 * The context stays zero. Where the kernel (from 6.16 on) has a transform point
 * at itself, a copy points at itself; before, the exit stood there, which no model
 * has.
 */
static struct ktls_aead *copy_model(const struct model *model, size_t size)
{
	struct ktls_aead *aead = kmem_cache_zalloc(model->cache, GFP_KERNEL);
	struct crypto_aead *tfm;
	void **self;

	if (!aead)
		return ERR_PTR(-ENOMEM);
	tfm = (void *)aead + key_room(size);
	memcpy(tfm, model->tfm, sizeof(*tfm));
	self = (void *)&tfm->base + ALIGN(TFM_BEHIND(node), sizeof(*self));
	if (*self == &model->tfm->base)
		*self = &tfm->base;
	aead->tfm = tfm;
	return aead;
}

/* A key with a transform of its own, which is not the caller's any more */
static struct ktls_aead *with_own(struct crypto_aead *tfm, size_t size)
{
	struct ktls_aead *aead = kzalloc(size, GFP_KERNEL);

	if (!aead) {
		crypto_free_aead(tfm);
		return ERR_PTR(-ENOMEM);
	}
	aead->tfm = tfm;
	return aead;
}

/* A key whose transform does not know it yet */
static struct ktls_aead *bare(const struct ktls_cipher *cipher, size_t size)
{
	struct model *model = model_of(cipher);
	struct crypto_aead *tfm;
	int err;

	/* Pairs with the smp_store_release() in adopt() */
	if (smp_load_acquire(&model->tfm))
		return copy_model(model, size);

	tfm = crypto_alloc_aead(cipher->aead, 0, 0);
	if (IS_ERR(tfm))
		return ERR_CAST(tfm);
	tfm = unwrap(tfm);
	if (!is_plain(tfm))
		return with_own(tfm, size);
	err = adopt(model, cipher, tfm, size);
	return err ? ERR_PTR(err) : copy_model(model, size);
}

/**
 * ktls_tfm_new() - make a transform with a key, and the memory around it
 * @cipher: the suite
 * @secret: its key, of the suite's key_size
 * @size: bytes of the structure that begins with struct ktls_aead, the same in
 *	all calls
 *
 * Context: process, may sleep and may load modules.
 * Return: memory of @size bytes in which all but the transform is zero, for
 * ktls_tfm_free(), or an ERR_PTR: -ENOENT if this kernel does not have the
 * cipher, -ENOMEM, or what the driver says of the key.
 */
struct ktls_aead *ktls_tfm_new(const struct ktls_cipher *cipher,
			       const u8 *secret, size_t size)
{
	struct ktls_aead *aead = bare(cipher, size);
	int err;

	if (IS_ERR(aead))
		return aead;
	err = crypto_aead_setkey(aead->tfm, secret, cipher->key_size) ?:
	      crypto_aead_setauthsize(aead->tfm, cipher->tag_size);
	if (err) {
		ktls_tfm_free(cipher, aead);
		return ERR_PTR(err);
	}
	return aead;
}

/**
 * ktls_tfm_free() - wipe and free a transform and the memory around it
 * @cipher: its suite
 * @aead: from ktls_tfm_new(); nobody uses it any more
 *
 * Context: process, may sleep.
 */
void ktls_tfm_free(const struct ktls_cipher *cipher, struct ktls_aead *aead)
{
	struct kmem_cache *cache = model_of(cipher)->cache;

	if (!is_plain(aead->tfm)) {
		crypto_free_aead(aead->tfm);
		kfree_sensitive(aead);
		return;
	}
	memzero_explicit(aead, kmem_cache_size(cache));
	kmem_cache_free(cache, aead);
}

/**
 * ktls_tfm_unregister() - give up the models
 *
 * The next transforms are made with what is the best driver then.
 *
 * Context: process; no transform is left, and none is being made.
 */
void ktls_tfm_unregister(void)
{
	struct model *model;

	for (model = models; model < models + KTLS_NR_CIPHERS; model++) {
		if (!model->tfm)
			continue;
		crypto_free_aead(model->tfm);
		kmem_cache_destroy(model->cache);
		*model = (struct model){};
	}
}
