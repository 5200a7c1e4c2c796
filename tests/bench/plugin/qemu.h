/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What we use of QEMU's interface for plugins. Declared here because Debian has
 * no package with its header. All of it is the same from QEMU 7.2 on, but
 * for what the comments say.
 */
#ifndef KTLS_BENCH_QEMU_H
#define KTLS_BENCH_QEMU_H

#include "../../peer/types.h"

typedef u64 qemu_plugin_id_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* As far as we read it; the rest is about the machine. */
struct qemu_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
};

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS,
};

typedef void (*qemu_plugin_simple_cb_t)(qemu_plugin_id_t id);
typedef void (*qemu_plugin_tb_cb_t)(qemu_plugin_id_t id,
				    struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_exec_cb_t)(unsigned int vcpu, void *data);

/* Read by QEMU before the plugin is installed; must be one that it knows. */
extern int qemu_plugin_version;

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv);

/* Drops all callbacks and translations, then calls @cb. */
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   qemu_plugin_tb_cb_t cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  qemu_plugin_exec_cb_t cb,
					  enum qemu_plugin_cb_flags flags,
					  void *data);

u64 qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
u64 qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/*
 * Up to version 2 of the interface it takes the instruction only and returns
 * its bytes, from 3 on it copies them: see insn_bytes().
 */
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, ...);

#endif
