# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The checks of scripts/lint that read text. To be sourced by it. Each function
# prints its findings, one a line.

max_file_length=600
max_function_length=100

# Files whose format has no room for a comment. tests/README.md says what holds
# for the inputs of the fuzzer.
without_spdx='^(COPYING|VERSION|debian/(changelog|copyright|source/format|.*\.dkms)'
without_spdx+='|tests/fuzz/corpus/.*)$'

lint_spdx()
{
	local file

	all_files | grep -vE "$without_spdx" | while IFS= read -r file; do
		awk -v file="$file" '
			FNR == 1 && /^#!/ { next }
			{ found = /SPDX-License-Identifier: GPL-2\.0/; exit }
			END { if (!found) print file ": no SPDX line" }' "$file"
	done
	awk '/SPDX/ && !/GPL-2\.0 WITH Linux-syscall-note/ {
			print FILENAME ": without the Linux-syscall-note"
		}' include/uapi/linux/*.h
}

# says FILE VERSION
says()
{
	[ "$2" = "$version" ] ||
		echo "$1 says ${2:-nothing}, and VERSION says $version"
}

lint_version()
{
	local file version

	version=$(cat VERSION)
	says dkms.conf "$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)"
	says CHANGELOG.md \
		"$(sed -n 's/^## \([0-9.]*\).*/\1/p' CHANGELOG.md | head -n1)"
	says debian/changelog "$(sed -n '1s/^ktls (\([0-9.]*\).*/\1/p' \
		debian/changelog)"
	for file in rpm/*.spec; do
		says "$file" "$(sed -n 's/^Version: *//p' "$file")"
	done
}

# Maintained kernels take interfaces back from newer ones: a version says
# nothing. Probes do.
lint_kernel_version()
{
	all_files | grep -E '^(src|include)/' | grep -v '^src/compat/' |
		xargs grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE' ||
		true
}

# Only src/compat knows that kernels differ. What remains elsewhere: include
# guards, and what userspace's tests compile as well.
lint_conditionals()
{
	c_files | grep '^src/' | grep -v '^src/compat/' |
		xargs grep -nE '^[ 	]*#[ 	]*(if|elif)' |
		grep -vE '#ifndef KTLS_[A-Z0-9_]*_H$' |
		grep -vE '#ifdef __KERNEL__$|#ifndef __KERNEL__$' || true
}

lint_file_length()
{
	local file n

	all_files | grep -E '\.([ch]|sh)$|^(scripts|tests)/[^.]*$' |
	while IFS= read -r file; do
		n=$(wc -l <"$file")
		[ "$n" -le "$max_file_length" ] ||
			echo "$file: $n lines, more than $max_file_length"
	done
}

# A function ends where its closing brace stands in the first column.
lint_function_length()
{
	c_files | xargs awk -v max="$max_function_length" '
		FNR == 1 { start = 0 }
		/^{/ { start = FNR }
		/^}/ && start {
			if (FNR - start - 1 > max)
				print FILENAME ":" start ": a function of " \
					FNR - start - 1 " lines, more than " max
			start = 0
		}'
}

# Tests that doc/security.md names do exist.
# shellcheck disable=SC2016 # Markdown
lint_security_tests()
{
	comm -23 <(sed -n '/^### /,$p' doc/security.md |
		grep -oE '`[a-z]+(_[a-z0-9]+)+`' | tr -d '`' |
		grep -vE '^(sk_msg|read_sock)$' | sort -u) \
		<(grep -rhoE 'KTLS_TEST[A-Z_]*\([a-z0-9_]+' tests/guest |
			sed 's/.*(//' | sort -u) |
		sed 's/$/: there is no such test/'
}
