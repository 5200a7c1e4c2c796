# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels that the tests build themselves, from Debian's source package and the
# options of tests/vm/config: those that look for bugs while they run. To be
# sourced after archive.sh and chroots.sh.

# is_from_source KERNEL: is it built here?
is_from_source()
{
	[ "$(kernel_field "$1" pick)" = source ]
}

source_package()
{
	echo "linux-source-$(kernel_field "$1" release)"
}

source_options()
{
	cat "$KTLS_TOP/tests/vm/config/common" "$KTLS_TOP/tests/vm/config/$1"
}

# source_release KERNEL: it says which source and which options it is made of,
# so that what was built of others is not taken for it.
source_release()
{
	local recipe version

	version=$(archive_newest "$(kernel_suite "$1")" "$(source_package "$1")" |
		cut -f2)
	recipe=$({ echo "$version"; source_options "$1"; } | sha256sum)
	echo "${version%%-*}-$1-${recipe:0:8}"
}

# source_unpack KERNEL DIR: without what no such kernel needs: 1 GB less
source_unpack()
{
	local deb package

	package=$(source_package "$1")
	[ ! -e "$2/Documentation/Kconfig" ] || return 0
	deb=$(mktemp "$KTLS_CACHE/deb.XXXXXX")
	archive_get "$(kernel_suite "$1")" "$package" "$deb"
	rm -rf "$2"
	mkdir -p "$2"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ --strip-components=1 -C "$2" \
			--exclude='*/Documentation/*' \
			--exclude='*/tools/testing/*' \
			--exclude='*/boot/dts/*' \
			--exclude='*/drivers/gpu/*.[ch]' ||
		die "cannot unpack $package"
	rm "$deb"
	# What kbuild wants to read of it
	mkdir -p "$2/Documentation"
	: >"$2/Documentation/Kconfig"
}

# source_missing CONFIG: options that are not as they were asked for: misspelt,
# or something that they depend on is off.
source_missing()
{
	local option

	while IFS= read -r option; do
		case $option in
		*=n) ! grep -q "^${option%=n}=" "$1" ;;
		*) grep -qx "$option" "$1" ;;
		esac || echo "$option"
	done < <(grep ^CONFIG_)
}

# source_make LOG ARGUMENTS...: make in the chroot
source_make()
{
	local log=$1

	shift
	chroot_run source / "$KTLS_CACHE/kernels" -- make "$@" \
		>>"$log" 2>&1 </dev/null ||
		die "a kernel does not build: $(tail -n1 "$log") (see $log)"
}

# source_build KERNEL RELEASE: leaves the headers in the chroot, the image and
# the modules in kernels/RELEASE
source_build()
{
	local dir=$KTLS_CACHE/kernels/$2 headers=/usr/src/linux-headers-$2
	local log missing root source

	root=$(chroot_dir source)
	source=/usr/src/$(source_package "$1")
	log=$dir/build.log
	[ ! -e "$dir/complete" ] || return 0
	say "$1: building $2 (ten minutes on two processors)"
	rm -rf "$dir" "$root$headers"
	mkdir -p "$dir/root/usr/lib" "$root$headers"
	ln -s usr/lib "$dir/root/lib"
	source_unpack "$1" "$root$source"
	{
		source_options "$1"
		echo "CONFIG_LOCALVERSION=\"-${2#*-}\""
	} >"$root$headers/options"
	source_make "$log" -C "$source" O="$headers" \
		KCONFIG_ALLCONFIG="$headers/options" allnoconfig
	missing=$(source_missing "$root$headers/.config" \
		<"$root$headers/options" | xargs)
	[ -z "$missing" ] || die "options that $1 does not take: $missing"
	source_make "$log" -C "$headers" -j"${JOBS:-$(nproc)}" bzImage modules
	source_make "$log" -C "$headers" INSTALL_MOD_PATH="$dir/root" \
		modules_install
	cp "$root$headers/arch/x86/boot/bzImage" "$dir/vmlinuz"
	source_tidy "$root$headers"
	mkdir -p "$root/.ktls-headers"
	touch "$root/.ktls-headers/$2" "$dir/complete"
}

# source_tidy DIR: modules are built with what remains
source_tidy()
{
	find "$1" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
	rm -f "$1"/vmlinux* "$1"/.tmp_vmlinux* "$1/arch/x86/boot/bzImage"
	find "$1" -name '*.a' ! -path '*/tools/*' -delete
}
