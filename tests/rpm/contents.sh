# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What is in the packages. To be sourced by tests/rpm/in-system, which sets the
# variables.

# The module's sources, all of them, and nothing that a build leaves.
expected_dkms()
{
	local src=/usr/src/ktls-$version

	(cd "$work/sources" && find src include/uapi Kbuild Makefile \
		VERSION dkms.conf) | sed "s,^,$src/,"
	echo "$src"
	echo "$src/include"
	echo /usr/lib/modules-load.d/ktls.conf
	echo /usr/sbin/ktls-report
	echo /usr/share/man/man8/ktls-report.8.gz
}

expected_devel()
{
	echo /usr/include/linux/ktls.h
	echo /usr/share/man/man7/ktls.7.gz
	echo /usr/share/pkgconfig/ktls.pc
}

# Where documents and licences go is the distribution's matter.
files_of()
{
	rpm -qpl "$work/new/$1"-[0-9]*.noarch.rpm |
		grep -vE '/(doc|licenses)/(packages/)?ktls-'
}

check_contents()
{
	local differ package

	for package in dkms devel; do
		differ=$(diff <("expected_$package" | sort) \
			<(files_of "ktls-$package" | sort) | grep '^[<>]' |
			head -n 5 | tr '\n' ' ') || true
		if [ -z "$differ" ]; then
			pass "contents-$package"
		else
			fail "contents-$package" "$differ"
		fi
	done
}

check_rpmlint()
{
	local found

	rpmlint -c "$top/tests/rpm/rpmlint.toml" "$work"/new/*.rpm \
		"$top"/rpm/*.spec >"$log" 2>&1 || true
	found=$(grep -E ': [EW]: ' "$log" | head -n 3 | tr '\n' ' ') || true
	if ! grep -q 'packages and .* specfiles checked' "$log"; then
		fail rpmlint "it did not run: $(last_words)"
	elif [ -n "$found" ]; then
		fail rpmlint "$found"
	else
		pass rpmlint
	fi
}
