# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the project needs. To be sourced by bash:
#
#	. "$(dirname "$0")/../scripts/lib/common.sh"
#
# Sets KTLS_TOP (the source tree), KTLS_CACHE (downloads and chroots, may be
# shared by several trees) and KTLS_OUT (build output of this tree).

set -euo pipefail
# Or $(...) would go on after an error.
shopt -s inherit_errexit

KTLS_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
KTLS_CACHE=${KTLS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ktls}
KTLS_OUT=${KTLS_OUT:-$KTLS_TOP/out}
case $KTLS_CACHE in
/*) ;;
*) KTLS_CACHE=$PWD/$KTLS_CACHE ;;
esac
case $KTLS_OUT in
/*) ;;
*) KTLS_OUT=$PWD/$KTLS_OUT ;;
esac
export KTLS_CACHE KTLS_OUT

# sbin is where debootstrap, depmod and chroot live, and not in every PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
export LC_ALL=C

ktls_prog=${0##*/}

# Progress goes to stderr: stdout belongs to the result lines.
say()
{
	printf '%s: %s\n' "$ktls_prog" "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Prints the comment block that opens the calling script, as its help text.
usage()
{
	awk 'NR <= 2 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "must be run as root: it $1"
}

need_command()
{
	local c

	for c; do
		command -v "$c" >/dev/null ||
			die "the command $c is missing: run scripts/deps"
	done
}

# with_lock NAME CMD...: runs CMD while nobody else who shares the cache runs
# something under the same name. CMD's children do not inherit the lock.
with_lock()
{
	local fd name=$1 rc=0

	shift
	mkdir -p "$KTLS_CACHE/lock"
	exec {fd}>"$KTLS_CACHE/lock/$name"
	if ! flock -n "$fd"; then
		say "waiting for another process that prepares $name"
		flock "$fd"
	fi
	# Not "CMD || rc=$?", which would switch set -e off within CMD.
	set +e
	(set -e; eval "exec $fd>&-"; "$@")
	rc=$?
	set -e
	eval "exec $fd>&-"
	return "$rc"
}

# kernel_field NAME FIELD: a field of tests/vm/kernels.
kernel_field()
{
	local col

	case $2 in
	suite) col=2 ;;
	release) col=3 ;;
	pick) col=4 ;;
	arch) col=5 ;;
	chroot) col=6 ;;
	ciphers) col=7 ;;
	use) col=8 ;;
	*) die "no field named $2 in tests/vm/kernels" ;;
	esac
	awk -v name="$1" -v col="$col" \
		'$1 == name { print $col; found = 1 } END { exit !found }' \
		"$KTLS_TOP/tests/vm/kernels" ||
		die "unknown kernel $1: known are" \
			"$(kernel_names check run build hand | xargs)"
}

# apart COMMAND...: runs it with mounts and processes of its own, all of which
# end with the caller, however that ends: a make whose terminal has gone would
# otherwise go on, and even try again for ever.
apart()
{
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child "$@"
}

# kernel_names [USE...]: those whose line says one of these ("all": all but
# "hand"; default: check).
kernel_names()
{
	awk -v uses=" ${*:-check} " '/^[^#]/ &&
		((uses == " all " && $8 != "hand") ||
		 index(uses, " " $8 " ")) { print $1 }' \
		"$KTLS_TOP/tests/vm/kernels"
}

# Where its packages are, as scripts/lib/archive.sh names it.
kernel_suite()
{
	local arch

	arch=$(kernel_field "$1" arch)
	[ "$arch" = amd64 ] && arch= || arch=:$arch
	echo "$(kernel_field "$1" suite)$arch"
}

# The release of a kernel that has been fetched, e.g. 6.1.0-1-cloud-amd64.
kernel_release()
{
	cat "$KTLS_CACHE/kernels/$1.release" 2>/dev/null ||
		die "kernel $1 is not in the cache: run tests/vm/fetch $1"
}
