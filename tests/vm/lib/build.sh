# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Copies of the sources that are built elsewhere. To be sourced after
# common.sh.

# source_files PATH...: the files below these paths that belong to the source,
# committed or not, but not what a build leaves.
source_files()
(
	cd "$KTLS_TOP" || exit
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@"
	else
		find "$@" -type f ! -name '*.o' ! -name '*.ko' ! -name '*.cmd' \
			! -name '*.mod' ! -name '*.mod.c'
	fi | LC_ALL=C sort -u | while IFS= read -r f; do
		[ ! -f "$f" ] || printf '%s\n' "$f"
	done
)

# copy_sources DIR PATH...: makes DIR's copy of the sources equal to the tree.
# Files that did not change keep their time stamp, so that make does no more
# than it must. DIR/.manifest holds what was copied, with checksums.
copy_sources()
{
	local dir=$1 f

	shift
	mkdir -p "$dir"
	source_files "$@" >"$dir/.files.new"
	if [ -e "$dir/.files" ]; then
		LC_ALL=C comm -23 "$dir/.files" "$dir/.files.new" |
		while IFS= read -r f; do
			rm -f "$dir/$f"
		done
	fi
	while IFS= read -r f; do
		cmp -s "$KTLS_TOP/$f" "$dir/$f" && continue
		mkdir -p "$(dirname "$dir/$f")"
		cp "$KTLS_TOP/$f" "$dir/$f"
	done <"$dir/.files.new"
	mv "$dir/.files.new" "$dir/.files"
	(cd "$dir" && tr '\n' '\0' <.files | xargs -0r sha256sum) \
		>"$dir/.manifest"
}

# The name of a lock for one folder of this tree's output.
out_lock()
{
	echo "out-$1-$(cksum <<<"$KTLS_OUT" | cut -d' ' -f1)"
}
