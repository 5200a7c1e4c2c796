# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Build chroots: one for each Debian release that has a compiler we need, "cross"
# for kernels and programs of other processors, "source" for whole kernels, "rpm"
# for packages. To be sourced after common.sh and archive.sh.

cross_archs='arm64 s390x'

chroot_dir()
{
	echo "$KTLS_CACHE/chroots/$1"
}

# libssl, libcmocka: for the programs of tests/, built in trixie only, so that
# every host runs the same ones; libzstd and zlib are what a static libcrypto
# needs. g++: the UAPI header is compiled as C++, too. clang: for other
# warnings, and with libclang-rt for fuzzing. dkms: an old one and a new one. rpm:
# what makes rpm packages and repositories and installs from them, apart from the
# system they go to.
chroot_packages()
{
	case $1 in
	trixie)
		echo gcc-14 gcc-12 gcc g++ libc6-dev make pahole kmod \
			libelf1t64 libssl-dev libzstd-dev zlib1g-dev \
			libcmocka-dev sparse xz-utils clang libclang-rt-dev \
			dkms
		;;
	bullseye)
		echo gcc-10 gcc libc6-dev make libelf1 kmod dkms
		;;
	rpm)
		echo rpm rpmlint createrepo-c dnf make kmod
		;;
	source)
		echo gcc-14 gcc libc6-dev make bc bison flex libelf-dev \
			libssl-dev kmod xz-utils perl python3-minimal
		;;
	cross)
		echo gcc-14 gcc libc6-dev make pahole kmod libelf1t64 perl \
			gcc-{12,14}-{aarch64,s390x}-linux-gnu \
			libc6-dev-{arm64,s390x}-cross
		;;
	*)
		die "unknown chroot $1: known are trixie, bullseye, rpm, source and cross"
		;;
	esac | tr " " ,
}

chroot_recipe()
{
	echo "1 $(chroot_packages "$1")"
}

# The suite that the chroot is made of.
chroot_suite()
{
	case $1 in
	rpm | source | cross) echo trixie ;;
	*) echo "$1" ;;
	esac
}

# What debootstrap itself installs; apt, which sorts better, adds the rest: the
# Python packages of rpmlint cannot be configured in debootstrap's order.
chroot_base_packages()
{
	case $1 in
	rpm) echo ca-certificates ;;
	*) chroot_packages "$1" ;;
	esac
}

# gcc_triplet ARCH: how Debian calls its compiler
gcc_triplet()
{
	case $1 in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	s390x) echo s390x-linux-gnu ;;
	*) die "unknown processor $1: known are amd64 $cross_archs" ;;
	esac
}

# cross_libraries DIR: the static libraries of the test programs. Their folders
# bear the processor's name, so nothing of the chroot itself is touched.
cross_libraries()
{
	local arch deb p

	deb=$(mktemp "$KTLS_CACHE/deb.XXXXXX")
	for arch in $cross_archs; do
		for p in libssl-dev libzstd-dev zlib1g-dev; do
			archive_get "trixie:$arch" "$p" "$deb"
			unpack_deb "$deb" "$1" || die "cannot unpack $p"
		done
	done
	rm "$deb"
}

chroot_ready()
{
	[ "$(cat "$(chroot_dir "$1")/.ktls-recipe" 2>/dev/null)" = \
		"$(chroot_recipe "$1")" ]
}

# Adds what the recipe has got since the chroot was made, so that whoever works
# in it is not disturbed and the headers stay.
chroot_extend()
{
	local dir log packages

	dir=$(chroot_dir "$1")
	log=$dir.log
	packages=$(chroot_packages "$1" | tr , ' ')
	[ -e "$dir/.ktls-recipe" ] || return 1
	say "adding packages to the $1 chroot"
	cp /etc/resolv.conf "$dir/etc/resolv.conf" 2>/dev/null || true
	# shellcheck disable=SC2016,SC2086 # for the inner shell; a list
	chroot_run "$1" / -- sh -euc '
		apt-get -q update
		DEBIAN_FRONTEND=noninteractive apt-get -qy \
			--no-install-recommends install "$@"
		apt-get clean' sh $packages >>"$log" 2>&1 </dev/null
}

chroot_bootstrap()
{
	# shellcheck disable=SC2154 # archive.sh sets archive_keyring
	local dir keyring=$archive_keyring log new packages suite uri

	dir=$(chroot_dir "$1")
	new=$dir.new
	log=$dir.log
	packages=$(chroot_base_packages "$1")
	suite=$(chroot_suite "$1")
	say "making the $1 chroot (about a minute)"
	archive_index "$suite" >/dev/null
	uri=$(cat "$KTLS_CACHE/index/$suite/uri")
	rm -rf "$new"
	mkdir -p "${dir%/*}"
	debootstrap --variant=minbase --keyring="$keyring" \
		--include="$packages" "$suite" "$new" "$uri" >"$log" 2>&1 ||
		die "debootstrap of $1 failed: see $log"
	rm -rf "$new/var/cache/apt/archives/"*.deb "$new/var/lib/apt/lists/"*
	[ "$1" != cross ] || cross_libraries "$new"
	rm -rf "$dir"
	mv "$new" "$dir"
	[ "$packages" != "$(chroot_packages "$1")" ] || return 0
	echo base >"$dir/.ktls-recipe"
	chroot_extend "$1"
}

chroot_make()
{
	local start=$SECONDS

	chroot_ready "$1" && return 0
	chroot_extend "$1" || chroot_bootstrap "$1"
	chroot_recipe "$1" >"$(chroot_dir "$1")/.ktls-recipe"
	say "the $1 chroot is ready after $((SECONDS - start)) s"
}

chroot_ensure()
{
	chroot_ready "$1" && return 0
	need_root "makes a chroot"
	need_command debootstrap
	with_lock "chroot-$1" chroot_make "$1"
}

# chroot_run NAME CWD DIR... -- CMD...: runs CMD in the chroot with CWD as the
# working directory and every DIR of the host visible at its own path. The
# mounts live in a name space of their own and vanish with CMD.
chroot_run()
{
	local binds=() cwd=$2 name=$1 root

	shift 2
	while [ "$1" != -- ]; do
		binds+=("$1")
		shift
	done
	shift
	need_root "enters a chroot"
	root=$(chroot_dir "$name")
	# shellcheck disable=SC2016 # the inner shell expands these
	apart bash -euc '
		root=$1 cwd=$2 n=$3
		shift 3
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmpfs "$root/tmp"
		while [ "$n" -gt 0 ]; do
			mkdir -p "$root$1"
			mount --rbind "$1" "$root$1"
			shift
			n=$((n - 1))
		done
		exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
			sh -c "cd \"\$0\" && exec \"\$@\"" "$cwd" "$@"
		' chroot-"$name" "$root" "$cwd" "${#binds[@]}" "${binds[@]}" "$@"
}
