# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
#
# What the tests of the build have in common. To be sourced. Sets TOP (the
# source tree) and WORK (a folder of this run that vanishes with it).

set -eu
LC_ALL=C
export LC_ALL

TOP=$(cd "$(dirname "$0")/../.." && pwd -P)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
failed=0

# Nothing that the caller builds with may leak into what is tested.
unset KDIR KVER CC LLVM ARCH CROSS_COMPILE MAKEFLAGS MAKELEVEL WERROR W || :

pass()
{
	echo "pass build/$1"
}

fail()
{
	echo "fail build/$1: $2"
	failed=1
}

# A copy of what DKMS would build from, with a module of one line: what is
# tested here is the way to the module.
copy_tree()
{
	mkdir -p "$1"
	cp -R "$TOP/Makefile" "$TOP/Kbuild" "$TOP/VERSION" "$TOP/src" \
		"$TOP/include" "$TOP/modules-load.d" "$1"
	make -s -C "$1" clean
	sed -i '/^ktls-.*+= /{/ main\.o/!d}' "$1/src/Kbuild"
	cat > "$1/src/compat/compat.h" <<-END
		#include "ktls_probes.h"
	END
	cat > "$1/src/main.c" <<-END
		#include <linux/module.h>
		MODULE_LICENSE("GPL");
		MODULE_DESCRIPTION("nothing");
		MODULE_VERSION(KTLS_VERSION);
	END
}
