# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The checks of scripts/lint about src/compat/probes. To be sourced by it.

probe_names()
{
	all_files | sed -n 's,^src/compat/probes/\([A-Z0-9_]*\)\.c$,\1,p'
}

asked_for()
{
	all_files | grep '^src/' | grep -v '^src/compat/probes/' |
		grep -E '\.[ch]$|Kbuild' | xargs grep -ohE '\<KTLS_HAVE_[A-Z0-9_]+' |
		sort -u
}

# Every probe is used, everything used has a probe (a misspelt one would be
# "no" on every kernel), and every probe tells its story in its second line.
lint_probes_used()
{
	local name

	comm -23 <(probe_names | sort -u) <(asked_for) |
		sed 's/$/: nobody uses this probe/'
	comm -13 <(probe_names | sort -u) <(asked_for) |
		sed 's/$/: there is no probe of this name/'
	probe_names | while IFS= read -r name; do
		sed -n 2p "src/compat/probes/$name.c" |
			grep -qE '^/\* .*[0-9]+\.([0-9]+|x)\>.* \*/$' ||
			echo "$name: the second line does not name a release"
	done
}

# A probe with the same answer on every kernel of tests/vm/kernels decides
# nothing any more. KTLS_MATRIX=all asks those that "make check" leaves out, too.
lint_probes_answers()
{
	local answers=() kernel kernels name yes

	mapfile -t kernels < <(kernel_names "${KTLS_MATRIX:-check}")
	quietly "$KTLS_TOP/tests/vm/build" "${kernels[@]}"
	for kernel in "${kernels[@]}"; do
		answers+=("$KTLS_OUT/$kernel/src/compat/ktls_probes.h")
	done
	probe_names | while IFS= read -r name; do
		yes=$(cat "${answers[@]}" | grep -c "^#define $name 1" || true)
		case $yes in
		0) echo "$name: no on every kernel" ;;
		"${#kernels[@]}") echo "$name: yes on every kernel" ;;
		esac
	done
}
