# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The checks of scripts/lint that call other tools. To be sourced by it.

# The kernel whose headers and tools these checks use: sparse 0.6.4 copes with
# it, and its packages still ship all of the kernel's scripts.
lint_kernel=6.12

# Names that the linker sees carry the module's prefix; macros of the kernel
# put prefixes of their own before it. What only one file uses is static.
lint_symbols()
{
	local objects=() o

	"$KTLS_TOP/tests/vm/build" "$lint_kernel" >/dev/null || true
	mapfile -t objects < <(cd "$KTLS_OUT/$lint_kernel" &&
		find src -name '*.o' ! -name 'ktls.o' ! -name '*.mod.o' | sort)
	[ "${#objects[@]}" -gt 0 ] || {
		echo "kernel $lint_kernel was not built: no objects"
		return 1
	}
	cd "$KTLS_OUT/$lint_kernel"
	nm -u "${objects[@]}" | awk 'NF == 2 { print $2 }' | sort -u \
		>"$logs/symbols.used"
	for o in "${objects[@]}"; do
		nm -g --defined-only "$o" | awk 'NF == 3 { print $3 }' |
			grep -vE '^(init_module|cleanup_module|__pfx_.*)$' |
			sort -u >"$logs/symbols.defined" || true
		grep -vE '^(__[a-zA-Z]+_)?ktls_' "$logs/symbols.defined" |
			sed "s,^,$o: a symbol without prefix: ," || true
		comm -23 "$logs/symbols.defined" "$logs/symbols.used" |
			sed "s,^,$o: used by no other file: ,"
	done
}

# checkpatch.pl lives in the kernel's sources only: 150 MB, read once.
checkpatch_fetch()
{
	local deb=$1/source.deb package=linux-source-$lint_kernel

	say "fetching checkpatch.pl"
	mkdir -p "$1"
	archive_get "$(kernel_field "$lint_kernel" suite)" "$package" "$deb"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO --wildcards "*/$package.tar.xz" | xz -dc |
		tar -x -C "$1" --strip-components=2 --wildcards \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch'
	rm "$deb"
}

checkpatch()
{
	perl "$checkpatch" --no-tree --strict --terse --no-summary \
		--show-types --max-line-length=100 --ignore "$1" -f "${@:2}" ||
		true
}

# Not asked: const for the tables of functions that are ours because they are
# copies to be changed (CONST_STRUCT), IS_ENABLED() of a probe, which works
# and is checked by probes-used. Userspace has no strscpy, and libraries have
# names of their own.
lint_checkpatch()
{
	local checkpatch=$KTLS_CACHE/checkpatch/checkpatch.pl files

	[ -s "$checkpatch" ] ||
		with_lock checkpatch checkpatch_fetch "${checkpatch%/*}" 2>/dev/null
	mapfile -t files < <(c_files | grep -E '^(src|include)/' |
		grep -v '^src/compat/include/')
	checkpatch CONST_STRUCT,IS_ENABLED_CONFIG "${files[@]}"
	# It takes "#include_next <a/b.h>" for arithmetic.
	mapfile -t files < <(c_files | grep '^src/compat/include/')
	checkpatch SPACING "${files[@]}"
	mapfile -t files < <(c_files | grep '^tests/')
	checkpatch CAMELCASE,STRCPY "${files[@]}"
}

shell_scripts()
{
	local file

	all_files | while IFS= read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*) ! head -n1 "$file" | grep -qE '^#!.*\<(ba|da)?sh\>' ||
			echo "$file" ;;
		esac
	done
}

lint_shellcheck()
{
	local files

	need_command shellcheck
	mapfile -t files < <(shell_scripts)
	shellcheck --format=gcc "${files[@]}" || true
}

in_chroot()
{
	"$KTLS_TOP/tests/vm/chroot" "$@"
}

lint_kernel_doc()
{
	local files

	"$KTLS_TOP/tests/vm/fetch" "$lint_kernel" >/dev/null 2>&1
	mapfile -t files < <(c_files | grep -E '^(src|include)/')
	in_chroot "$lint_kernel" --cwd "$KTLS_TOP" -- sh -c '
		perl /usr/lib/linux-kbuild-'"$lint_kernel"'*/scripts/kernel-doc \
			-none "$@"' kernel-doc "${files[@]}"
}

# The header alone, before and after those that it shares names with, in C and
# C++, with the libc and kernel headers of both chroots.
lint_uapi()
{
	in_chroot trixie --cwd "$KTLS_TOP" -- scripts/lib/uapi-compiles gcc g++
	in_chroot bullseye --cwd "$KTLS_TOP" -- scripts/lib/uapi-compiles gcc-10
}

# built FOLDER ARGUMENTS...: builds a fresh copy of the sources in the chroot
# with more arguments for make. The log is FOLDER/build.log.
built()
{
	local dir=$1

	shift
	"$KTLS_TOP/tests/vm/fetch" "$lint_kernel" >/dev/null 2>&1
	rm -rf "$dir"
	copy_sources "$dir" src include Kbuild Makefile VERSION
	if ! in_chroot "$lint_kernel" --bind "$dir" --bind "$KTLS_TOP" \
			--cwd "$dir" -- make -j"${JOBS:-$(nproc)}" W=1 \
			KDIR="/usr/src/linux-headers-$(kernel_release "$lint_kernel")" \
			"$@" >"$dir/build.log" 2>&1; then
		grep -E 'error|^ktls: |\*\*\*' "$dir/build.log" |
			head -n 5 || true
		return 1
	fi
}

# What a compiler or checker says about our files, not about the kernel's.
ours()
{
	grep -E "^($1/)?(src|include)/[^ ]*: *(warning|error):" \
		"$1/build.log" | sed "s,^$1/,," | sort -u || true
}

# kbuild goes on without a word for want of sparse, hence the count.
lint_sparse()
{
	local dir=$logs/sparse

	built "$dir" C=2 CF=-D__CHECK_ENDIAN__ || return 1
	ours "$dir"
	[ "$(grep -c '^  CHECK ' "$dir/build.log")" -ge \
	  "$(find "$dir/src" -name '*.o' ! -name 'ktls*' | wc -l)" ] ||
		echo "sparse was not run on every file"
}

# The kernel is gcc's: a wrapper drops the options that clang does not know.
lint_clang()
{
	local dir=$logs/clang

	built "$dir" CC="$KTLS_TOP/scripts/lib/clang-for-gcc-kernel" || return 1
	ours "$dir"
	[ -s "$dir/src/ktls.ko" ] || echo "clang built no module"
}
