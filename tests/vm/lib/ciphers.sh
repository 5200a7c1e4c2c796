# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# SM4 and ARIA for the guests: Debian's kernels are built without them, but the
# tests need a kernel that has every cipher of the TLS ULP. The kernel's own C
# files are taken from the source package of one series and built as modules
# for all of them. To be sourced after archive.sh and chroots.sh.

ciphers_series=6.12
ciphers_files='
	crypto/sm4.c crypto/sm4_generic.c crypto/aria_generic.c
	include/crypto/sm4.h include/crypto/aria.h
'

ciphers_dir()
{
	echo "$KTLS_CACHE/ciphers"
}

# Downloads the source once and keeps five files of it.
ciphers_source()
{
	local deb dir f paths='' suite top=linux-source-$ciphers_series

	dir=$(ciphers_dir)
	[ -e "$dir/complete" ] && return 0
	say "fetching the source of SM4 and ARIA"
	suite=$(kernel_field "$ciphers_series" suite)
	rm -rf "$dir"
	mkdir -p "$dir"
	for f in $ciphers_files; do
		paths="$paths $top/$f"
	done
	deb=$(mktemp "$KTLS_CACHE/deb.XXXXXX")
	archive_get "$suite" "$top" "$deb"
	# tar stops reading at the last file it wants: not a failure. What
	# counts is that they are all there.
	# shellcheck disable=SC2086 # a list
	dpkg-deb --fsys-tarfile "$deb" 2>/dev/null |
		tar -xO "./usr/src/$top.tar.xz" 2>/dev/null |
		tar -xJ --occurrence=1 --strip-components=1 -C "$dir" $paths \
		2>/dev/null || true
	rm "$deb"
	for f in $ciphers_files; do
		[ -s "$dir/$f" ] || die "the source package lacks $f"
	done
	touch "$dir/complete"
}

# ciphers_build KERNEL RELEASE: the modules go to kernels/RELEASE/extra
ciphers_build()
{
	local dir=$KTLS_CACHE/kernels/$2/extra common root src work

	[ -e "$dir/complete" ] && return 0
	src=$(ciphers_dir)
	root=$(chroot_dir "$(kernel_field "$1" chroot)")
	work=$KTLS_CACHE/kernels/$2/extra.build
	rm -rf "$dir" "$work"
	mkdir -p "$dir" "$work/include/linux"
	cp "$src"/crypto/*.c "$work/"
	cp -r "$src/include/crypto" "$work/include/"
	# Where this header is younger than the kernel. The headers are split:
	# the Makefile of one half includes that of the other one.
	common=$(sed -n 's,^include  *\(/[^ ]*\)/Makefile$,\1,p' \
		"$root/usr/src/linux-headers-$2/Makefile" | head -n1)
	[ -e "$root$common/include/linux/unaligned.h" ] ||
		echo '#include <asm/unaligned.h>' \
			>"$work/include/linux/unaligned.h"
	cat >"$work/Makefile" <<-END
		obj-m := sm4.o sm4_generic.o aria_generic.o
		LINUXINCLUDE := -I$work/include \$(LINUXINCLUDE)
	END
	chroot_run "$(kernel_field "$1" chroot)" "$work" "$work" -- \
		make -C "/usr/src/linux-headers-$2" M="$work" modules \
		>"$dir/build.log" 2>&1 </dev/null ||
		die "SM4 and ARIA do not build for $1: see $dir/build.log"
	cp "$work"/*.ko "$dir/"
	rm -rf "$work"
	touch "$dir/complete"
}
