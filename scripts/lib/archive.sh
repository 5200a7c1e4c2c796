# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The Debian archive: which one this machine uses, its signed indexes, its
# packages. To be sourced after common.sh. No address is stored in the tree:
# the machine's own apt configuration names the archive (or, if that one does
# not carry a suite, KTLS_ARCHIVE_URIS: more addresses, separated by blanks).
#
# A SUITE below may be "trixie", for the packages of this architecture (amd64),
# or "trixie:s390x".

archive_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Seconds after which an index is read again
archive_max_age=${KTLS_ARCHIVE_MAX_AGE:-86400}

archive_curl()
{
	local proxy

	if [ -z "${http_proxy:-}" ]; then
		proxy=$(apt-config shell p Acquire::http::Proxy | cut -d"'" -f2)
		case $proxy in
		'' | DIRECT) ;;
		*) export http_proxy=$proxy ;;
		esac
	fi
	curl -fsSL --retry 3 --connect-timeout 20 --speed-time 60 \
		--speed-limit 1000 "$@"
}

# The addresses of a sources.list entry: apt's mirror+ method names a file or
# a page that holds the addresses themselves.
archive_expand_uri()
{
	case $1 in
	mirror+file:*) sed 's/[[:space:]].*//; /^#/d; /^$/d' "${1#mirror+file:}" ;;
	mirror+*) archive_curl "${1#mirror+}" | sed 's/[[:space:]].*//' ;;
	*) echo "$1" ;;
	esac
}

archive_arch()
{
	case $1 in
	*:*) echo "${1#*:}" ;;
	*) echo amd64 ;;
	esac
}

# archive_uris SUITE: candidates, most probable first. apt itself parses its
# configuration, whatever the format.
archive_uris()
{
	local release uri

	# shellcheck disable=SC2016 # apt expands these, not the shell
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' | sort -u |
	while read -r release uri; do
		case $1:$release in
		*-security:*-security) echo "1 $uri" ;;
		*-security:*) echo "2 $uri" ;;
		*:*-security) echo "2 $uri" ;;
		*) echo "1 $uri" ;;
		esac
	done | sort -u | cut -d' ' -f2- | awk '!seen[$0]++' |
	while read -r uri; do
		archive_expand_uri "${uri%/}"
	done | sed 's,/*$,,'
	for uri in ${KTLS_ARCHIVE_URIS:-}; do
		echo "${uri%/}"
	done
}

# archive_verify INRELEASE OUT: writes the signed text to OUT. gpgv's exit
# status is of no use: it also fails if one of several signatures is by a key
# that is not in the keyring.
archive_verify()
{
	local status

	[ -r "$archive_keyring" ] ||
		die "no $archive_keyring: install debian-archive-keyring"
	status=$(gpgv --keyring "$archive_keyring" --status-fd 1 \
		--output "$2" "$1" 2>/dev/null || true)
	case $status in
	*BADSIG*) return 1 ;;
	*VALIDSIG*) return 0 ;;
	*) return 1 ;;
	esac
}

sha256_is()
{
	[ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
}

# Reduces a Packages index to: name version filename sha256 depends
archive_index_table()
{
	awk -v RS= -v FS='\n' -v OFS='\t' '{
		delete f
		for (i = 1; i <= NF; i++)
			if (match($i, /^[A-Za-z0-9-]+: /))
				f[substr($i, 1, RLENGTH - 2)] = \
					substr($i, RLENGTH + 1)
		print f["Package"], f["Version"], f["Filename"], f["SHA256"], \
			f["Depends"]
	}'
}

# archive_fetch_index SUITE DIR: DIR/table, DIR/uri and DIR/inrelease
archive_fetch_index()
{
	local dir=$2 name sum suite=${1%:*} uri

	name=main/binary-$(archive_arch "$1")/Packages.xz
	mkdir -p "$dir"
	for uri in $(archive_uris "$suite"); do
		archive_curl -o "$dir/inrelease.new" \
			"$uri/dists/$suite/InRelease" 2>/dev/null || continue
		archive_verify "$dir/inrelease.new" "$dir/release.new" && break
		say "$1: the signature of the archive's index does not verify"
		uri=
	done
	if [ -z "${uri:-}" ] || [ ! -s "$dir/release.new" ]; then
		say "$1: none of the archives in apt's configuration carries it"
		return 1
	fi
	if [ -s "$dir/table" ] && cmp -s "$dir/release.new" "$dir/release" &&
	   [ "$uri" = "$(cat "$dir/uri")" ]; then
		touch "$dir/table"
		return 0
	fi
	sum=$(awk -v name="$name" '/^SHA256:/ { on = 1; next } /^[^ ]/ { on = 0 }
		on && $3 == name { print $1; exit }' "$dir/release.new")
	[ -n "$sum" ] || { say "$1: the index has no $name"; return 1; }
	archive_curl -o "$dir/packages.xz" \
		"$uri/dists/$suite/$name" || return 1
	sha256_is "$dir/packages.xz" "$sum" ||
		{ say "$1: Packages.xz has the wrong SHA256"; return 1; }
	xz -dc "$dir/packages.xz" | archive_index_table >"$dir/table.new"
	rm "$dir/packages.xz"
	echo "$uri" >"$dir/uri"
	mv "$dir/release.new" "$dir/release"
	mv "$dir/table.new" "$dir/table"
}

# archive_index SUITE: prints the folder of the suite's index, refreshed if
# older than a day. An old one serves if the archive cannot be reached.
archive_index()
{
	local dir=$KTLS_CACHE/index/${1/:/.} age

	if [ -s "$dir/table" ]; then
		age=$(($(date +%s) - $(stat -c %Y "$dir/table")))
		if [ "$age" -lt "$archive_max_age" ]; then
			echo "$dir"
			return 0
		fi
	fi
	say "reading the index of $1"
	if ! with_lock "index-$1" archive_fetch_index "$1" "$dir"; then
		[ -s "$dir/table" ] ||
			die "cannot read the index of $1 and have no older one"
		say "cannot refresh the index of $1: going on with the old one"
	fi
	echo "$dir"
}

# archive_newest SUITE PATTERN: the newest package that matches a shell
# pattern, as the index table's line. It begins with plain characters.
archive_newest()
{
	archive_best gt "$@"
}

archive_oldest()
{
	archive_best lt "$@"
}

archive_best()
{
	local best='' best_version='' dir line name relation=$1 version

	shift

	dir=$(archive_index "$1")
	while IFS= read -r line; do
		IFS=$'\t' read -r name version _ <<<"$line"
		# shellcheck disable=SC2053 # a pattern, on purpose
		[[ $name == $2 ]] || continue
		if [ -z "$best" ] || dpkg --compare-versions \
				"$version" "$relation" "$best_version"; then
			best=$line
			best_version=$version
		fi
	done < <(grep "^${2%%[*?[]*}" "$dir/table")
	[ -n "$best" ] || die "$1 has no package that matches $2"
	printf '%s\n' "$best"
}

# archive_get SUITE PACKAGE FILE: downloads and checks the newest PACKAGE.
archive_get()
{
	local dir filename line sum uri

	dir=$(archive_index "$1")
	line=$(archive_newest "$1" "$2")
	filename=$(cut -f3 <<<"$line")
	sum=$(cut -f4 <<<"$line")
	uri=$(cat "$dir/uri")
	archive_curl -o "$3" "$uri/$filename" || die "cannot download $2"
	sha256_is "$3" "$sum" || die "$2 as downloaded has the wrong SHA256"
}

# unpack_deb FILE DIR. Not dpkg -x, which would replace the symbolic link
# /lib of a merged-/usr tree by a folder.
unpack_deb()
{
	dpkg-deb --fsys-tarfile "$1" |
		tar -x --keep-directory-symlink -C "$2" -f -
}
