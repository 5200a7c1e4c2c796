# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The checks of scripts/lint that call other tools. To be sourced by it: it
# sets logs, the folder for what they leave.

# The kernel whose headers and tools these checks use: sparse 0.6.4 copes with
# it, and its packages still ship all of the kernel's scripts.
lint_kernel=6.12

# Names that the linker sees carry the module's prefix; macros of the kernel
# put prefixes of their own before it.
lint_symbols()
{
	local dir=$KTLS_OUT/$lint_kernel o

	quietly "$KTLS_TOP/tests/vm/build" "$lint_kernel"
	find "$dir/src" -name '*.o' ! -name '*.mod.o' ! -name ktls.o |
	while IFS= read -r o; do
		nm -g --defined-only "$o" |
			awk -v file="${o#"$dir/"}" '
			NF != 3 || $3 ~ /^(init_module|cleanup_module|__pfx_.*)$/ {
				next
			}
			$3 !~ /^(__[a-zA-Z]+_)?ktls_/ {
				print file ": a symbol without prefix: " $3
			}'
	done
}

# used_in_fewer N NAME...: those of the names that occur in fewer than N files
used_in_fewer()
{
	local files n=$1 name

	mapfile -t files < <(c_files)
	shift
	for name; do
		[ "$(grep -lw "$name" "${files[@]}" | wc -l)" -ge "$n" ] ||
			echo "$name: used by no other file than its own"
	done
}

# called_in HEADER...: what inline functions call, other files use through them.
called_in()
{
	sed -n 's/^\t//p' "$@" | grep -oE '\<ktls_[a-z0-9_]+\(' | tr -d '(' |
		sort -u
}

# A function in a header is there for others than the file that defines it;
# the unit tests count.
lint_symbols_used()
{
	local headers names

	mapfile -t headers < <(all_files | grep -E '^src/.*\.h$')
	mapfile -t names < <(cat "${headers[@]}" | sed -nE '/^static/d
		s/^[a-z][^=(]*[ *](ktls_[a-z0-9_]+)\(.*/\1/p' |
		grep -vxFf <(called_in "${headers[@]}"))
	used_in_fewer 3 "${names[@]}"
	mapfile -t names < <(cat "${headers[@]}" | sed -nE \
		's/^static inline [^=(]*[ *](ktls_[a-z0-9_]+)\(.*/\1/p' |
		grep -vxFf <(called_in "${headers[@]}"))
	used_in_fewer 2 "${names[@]}"
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
	# British, and right.
	sed -i '/^acknowledgement||/d' "$1/spelling.txt"
}

checkpatch()
{
	perl "$checkpatch" --no-tree --strict --terse --no-summary \
		--show-types --max-line-length=100 --ignore "$1" -f "${@:2}" ||
		true
}

# checkpatch_files PATTERN IGNORED-TYPES
checkpatch_files()
{
	local files

	mapfile -t files < <(c_files | grep -E "$1")
	[ "${#files[@]}" = 0 ] ||
		perl "$checkpatch" --no-tree --strict --terse --no-summary \
			--show-types --max-line-length=100 --ignore "$2" \
			-f "${files[@]}" || true
}

# Left out are types that are wrong here:
# - const for the tables of functions that are ours because they are copies to
#   be changed, and IS_ENABLED() of a probe (which probes-used checks);
# - macros of the kernel in files that the unit tests compile, too;
# - spaces, where "#include_next <a/b.h>" and a ternary operator in a macro's
#   arguments are taken for something else;
# - strscpy, "no volatile" and lower case in userspace and its libraries;
# - a licence and a file's name in a program that writes such a file.
lint_checkpatch()
{
	local checkpatch=$KTLS_CACHE/checkpatch/checkpatch.pl
	local pure='^src/(cipher|record)\.'
	local shadow='^src/compat/include/'
	local userspace=CAMELCASE,SPACING,STRCPY,STRNCPY,VOLATILE

	userspace+=,SPDX_LICENSE_TAG,EMBEDDED_FILENAME
	if [ ! -s "$checkpatch" ]; then
		quietly with_lock checkpatch checkpatch_fetch \
			"${checkpatch%/*}"
	fi
	checkpatch_files "$pure" ARRAY_SIZE,CAMELCASE
	checkpatch_files "$shadow" SPACING
	checkpatch_files '^tests/' "$userspace"
	checkpatch_files '^(src/[^/]*|src/compat/[^/]*|src/compat/probes/.*)$' \
		CONST_STRUCT,IS_ENABLED_CONFIG |
		grep -vE "$pure" || true
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
	local files release

	quietly "$KTLS_TOP/tests/vm/fetch" "$lint_kernel"
	release=$(kernel_release "$lint_kernel")
	mapfile -t files < <(c_files | grep -E '^(src|include)/')
	in_chroot "$lint_kernel" --cwd "$KTLS_TOP" -- \
		perl "/usr/src/linux-headers-$release/scripts/kernel-doc" \
		-none "${files[@]}"
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
	quietly "$KTLS_TOP/tests/vm/fetch" "$lint_kernel"
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
	grep -E "^($1/)?(src|include)/[^ :]*:[0-9]+:[0-9:]* (warning|error):" \
		"$1/build.log" | sed "s,^$1/,," | sort -u || true
}

# kbuild goes on without a word for want of sparse, hence the count.
lint_sparse()
{
	local dir=$logs/sparse

	built "$dir" C=2 CF=-D__CHECK_ENDIAN__
	ours "$dir"
	[ "$(grep -c '^  CHECK ' "$dir/build.log")" -ge \
	  "$(find "$dir/src" -name '*.o' ! -name 'ktls*' | wc -l)" ] ||
		echo "sparse was not run on every file"
}

# The kernel is gcc's: a wrapper drops the options that clang does not know.
lint_clang()
{
	local dir=$logs/clang

	built "$dir" CC="$KTLS_TOP/scripts/lib/clang-for-gcc-kernel"
	ours "$dir"
	[ -s "$dir/src/ktls.ko" ] || echo "clang built no module"
}
