# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The system in which tests/rpm/in-system installs. To be sourced by it: it
# sets the variables.

pass()
{
	echo "pass rpm/$1"
}

fail()
{
	echo "fail rpm/$1: $2"
	failed=1
}

last_words()
{
	grep -v '^$' "$log" | tail -n 4 | tr '\n' ' '
}

# said NAME PATTERN: in the log
said()
{
	if grep -q "$2" "$log"; then
		pass "says-$1"
	else
		fail "says-$1" "no line with $2"
	fi
}

module_of()
{
	find "${1%/}/lib/modules/$2" -name 'ktls.ko*' 2>/dev/null || true
}

left_behind()
{
	local dir

	for dir in var/lib/dkms usr/src usr/lib/modules usr/lib/modules-load.d \
			usr/include usr/sbin usr/share; do
		find "${1%/}/$dir" -name 'ktls*' 2>/dev/null || true
	done | tr '\n' ' '
}

# keep_modules: for the boot that follows
keep_modules()
{
	local module release

	for release in "${releases[@]}"; do
		module=$(module_of / "$release")
		mkdir -p "$work/$release"
		case $module in
		*.xz) xz -dc "$module" ;;
		*.zst) zstd -qdc "$module" ;;
		?*) cat "$module" ;;
		esac >"$work/$release/ktls.ko"
	done
}

# dummy NAME SPEC-LINE...: a package without files, for the repository
dummy()
{
	local line name=$1

	shift
	{
		printf '%s\n' "Name: $name" 'Version: 1' 'Release: 1' \
			'Summary: for a test' 'License: GPL-2.0-only' \
			'BuildArch: noarch'
		for line; do
			echo "$line"
		done
		printf '%%description\nNothing.\n%%files\n'
	} >"/tmp/$name.spec"
	rpmbuild -bb --quiet --define "_rpmdir $repo" \
		--define '_build_name_fmt %%{NAME}.rpm' "/tmp/$name.spec" \
		>>"$log" 2>&1
}

# The database of rpm knows nothing of what Debian has brought.
dummies()
{
	dummy debian "Provides: /bin/sh dkms = $(dkms --version |
		sed 's/^dkms-//')" 'Provides: gcc make openssl kmod' \
		'Provides: kernel-headers'
	dummy kernel-core
	dummy kernel-devel-matched
	dummy kernel-devel "Provides: kernel-devel-uname-r = $bare"
}

# fake_kernels ROOT
fake_kernels()
{
	local release

	for release in $bare $broken $old_kernel; do
		mkdir -p "$1/lib/modules/$release"
		: >"$1/lib/modules/$release/modules.builtin"
	done
	mkdir -p "$1/lib/modules/$broken/build/include" \
		"$1/lib/modules/$old_kernel/build/include"
	mkdir -p "$1/lib/modules/1.2.3-left-behind/extra"
}

# Kernels that are not asked for would be built for, too.
other_kernels_away()
{
	local folder

	for folder in "$1"/lib/modules/*; do
		case " ${releases[*]} " in
		*" ${folder##*/} "*) ;;
		*) rm -rf "$folder" ;;
		esac
	done
}

# A machine with Secure Boot whose owner has not yet enrolled DKMS's key.
fake_mokutil()
{
	cat >"$1/usr/bin/mokutil" <<-'EOF'
		#!/bin/sh
		case $1 in
		--sb-state) echo "SecureBoot enabled" ;;
		--test-key) echo "$2 is not enrolled" ;;
		esac
	EOF
	chmod 755 "$1/usr/bin/mokutil"
}

prepare()
{
	local root

	: >"$log"
	for root in / /system; do
		other_kernels_away "$root"
		fake_kernels "$root"
	done
	fake_mokutil /
	mkdir -p "$repo" "$work/sources"
	dummies
	cp "$work"/new/ktls-d*.noarch.rpm "$repo"
	tar -xzf "$work/new/.build/ktls-$version.tar.gz" -C "$work/sources" \
		--strip-components=1
	rpm -U "$repo/debian.rpm" "$repo/kernel-core.rpm"
}
