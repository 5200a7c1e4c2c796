# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Small Debian systems to install packages on: what debootstrap makes, init and
# a kernel, and neither headers nor compiler nor DKMS. Each test takes a copy.
# To be sourced after common.sh and archive.sh.

# The suite that has newer kernels for a system of suite $1.
system_updates()
{
	case $1 in
	sid) echo experimental ;;
	*) echo "$1-security" ;;
	esac
}

# shellcheck disable=SC2034 # for tests/deb/run
system_suites='bullseye bookworm trixie sid'

# "build": where packages are made and checked.
system_packages()
{
	case $1 in
	build)
		echo build-essential debhelper dh-dkms lintian
		;;
	*)
		echo kmod systemd-sysv linux-image-cloud-amd64
		;;
	esac
}

system_suite()
{
	case $1 in
	build) echo trixie ;;
	*) echo "$1" ;;
	esac
}

system_dir()
{
	echo "$KTLS_CACHE/systems/$1"
}

system_recipe()
{
	echo "1 $(system_packages "$1")"
}

system_ready()
{
	[ "$(cat "$(system_dir "$1")/.ktls-recipe" 2>/dev/null)" = \
		"$(system_recipe "$1")" ]
}

archive_uri()
{
	cat "$(archive_index "$1")/uri"
}

# root_run ROOT [DIR...] -- CMD...: runs CMD in the root, every DIR of the
# host visible at its own path. The mounts vanish with CMD.
root_run()
{
	local binds=() root=$1

	shift
	while [ "$1" != -- ]; do
		binds+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016 # the inner shell expands these
	apart bash -euc '
		root=$1 n=$2
		shift 2
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmpfs "$root/tmp"
		while [ "$n" -gt 0 ]; do
			mkdir -p "$root$1"
			mount --bind "$1" "$root$1"
			shift
			n=$((n - 1))
		done
		exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
			DEBIAN_FRONTEND=noninteractive "$@"
		' root_run "$root" "${#binds[@]}" "${binds[@]}" "$@" </dev/null
}

# What apt in the root needs of this machine: where the archive is and how to
# get there. Nobody refreshes the signatures of a suite at the end of its life.
root_apt()
{
	local proxy root=$1 suite=$2 updates

	cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
	updates=$(system_updates "$suite")
	printf 'deb %s %s main\n' "$(archive_uri "$suite")" "$suite" \
		"$(archive_uri "$updates")" "$updates" \
		>"$root/etc/apt/sources.list"
	proxy=$(apt-config shell p Acquire::http::Proxy | cut -d"'" -f2)
	cat >"$root/etc/apt/apt.conf.d/90ktls-test" <<-END
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		Acquire::http::Proxy "${proxy:-DIRECT}";
		APT::Sandbox::User "root";
		Dpkg::Use-Pty "0";
	END
	# The system is thrown away: nobody needs it to survive a crash.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/test-is-in-a-hurry"
}

# Only what the suite itself has: the kernel is older than the newest one.
system_make()
{
	# shellcheck disable=SC2154 # archive.sh sets archive_keyring
	local dir keyring=$archive_keyring new packages start=$SECONDS suite

	system_ready "$1" && return 0
	dir=$(system_dir "$1")
	new=$dir.new
	suite=$(system_suite "$1")
	packages=$(system_packages "$1")
	say "making a $suite system ($1)"
	rm -rf "$new"
	mkdir -p "${dir%/*}"
	debootstrap --variant=minbase --keyring="$keyring" "$suite" "$new" \
		"$(archive_uri "$suite")" >"$dir.log" 2>&1 ||
		die "debootstrap of $suite failed: see $dir.log"
	root_apt "$new" "$suite"
	sed -i 1q "$new/etc/apt/sources.list"
	# shellcheck disable=SC2016,SC2086 # for the inner shell; a list
	root_run "$new" -- sh -euc '
		apt-get -q update
		apt-get -qy --no-install-recommends install "$@"
		apt-get clean' sh $packages >>"$dir.log" 2>&1 ||
		die "cannot install $packages: see $dir.log"
	rm -rf "$new/var/lib/apt/lists/"*
	system_recipe "$1" >"$new/.ktls-recipe"
	rm -rf "$dir"
	mv "$new" "$dir"
	say "the $suite system ($1) is ready after $((SECONDS - start)) s"
}

system_ensure()
{
	system_ready "$1" && return 0
	need_root "makes a chroot"
	need_command debootstrap
	with_lock "system-$1" system_make "$1"
}

# system_copy NAME ROOT: a copy to be spoiled, with apt ready to work
system_copy()
{
	rm -rf "$2"
	mkdir -p "${2%/*}"
	cp -a "$(system_dir "$1")" "$2"
	rm "$2/.ktls-recipe"
	root_apt "$2" "$(system_suite "$1")"
	root_run "$2" -- apt-get -q update
}
