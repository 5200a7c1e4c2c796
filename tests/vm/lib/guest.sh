# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Makes a guest's initramfs, boots it, watches it. To be sourced after
# common.sh and archive.sh.

# What is put into every guest, beside ktls and what these need themselves.
# The kernel loads the crypto modules by alias when ktls asks for a cipher. One
# that a kernel lacks, or has built in, is left out.
guest_modules='
	tls tcp_diag inet_diag
	gcm ccm ctr cmac ghash-generic aes_generic aes-x86_64 cryptomgr seqiv
	cryptd pcrypt
	aesni-intel ghash-clmulni-intel
	chacha20poly1305 chacha chacha_generic chacha-x86_64 poly1305_generic
	poly1305-x86_64
	sm4_generic sm4-aesni-avx-x86_64 sm4-aesni-avx2-x86_64
	aria_generic aria-aesni-avx-x86_64 aria-aesni-avx2-x86_64
	aes-arm64 aes-ce-blk aes-neon-blk ghash-ce chacha-neon poly1305-neon
	aes_s390 ghash_s390 chacha_s390
	veth dummy sch_netem
	virtio_pci virtio_mmio virtio_net virtio-rng virtio_console
'

# modules_files ROOT RELEASE: the files of guest_modules, dependencies
# included.
modules_files()
{
	local m

	for m in $guest_modules; do
		modprobe -d "$1" -S "$2" --show-depends "$m" 2>/dev/null || true
	done | awk '$1 == "insmod" { print $2 }' | sort -u
}

# put_modules ROOT RELEASE DIR KTLS_KO KERNEL: lib/modules/RELEASE in DIR,
# decompressed
put_modules()
{
	local dest=$3/lib/modules/$2 f

	mkdir -p "$dest/kernel" "$dest/extra"
	modules_files "$1" "$2" | while IFS= read -r f; do
		case $f in
		*.ko.xz) xz -dc "$f" >"$dest/kernel/$(basename "$f" .xz)" ;;
		*.ko.zst) zstd -qdc "$f" >"$dest/kernel/$(basename "$f" .zst)" ;;
		*) cp "$f" "$dest/kernel/" ;;
		esac
	done
	cp "$1/lib/modules/$2/modules.builtin" "$dest/"
	cp "$1/lib/modules/$2/modules.builtin.modinfo" "$dest/" 2>/dev/null ||
		true
	: >"$dest/modules.order"
	if [ "$(kernel_field "$5" ciphers)" = all ]; then
		cp "$KTLS_CACHE/kernels/$2"/extra/*.ko "$dest/extra/"
	fi
	cp "$4" "$dest/extra/ktls.ko"
	depmod -b "$3" "$2"
}

# guest_busybox ARCH: the host's own, or one that is fetched
guest_busybox()
{
	local deb dir=$KTLS_CACHE/busybox.$1

	if [ "$1" = amd64 ]; then
		command -v busybox || die "no busybox: run scripts/deps"
		return
	fi
	if [ ! -e "$dir/complete" ]; then
		say "fetching busybox for $1"
		deb=$(mktemp "$KTLS_CACHE/deb.XXXXXX")
		archive_get "trixie:$1" busybox-static "$deb"
		mkdir -p "$dir"
		unpack_deb "$deb" "$dir"
		rm "$deb"
		touch "$dir/complete"
	fi
	echo "$dir/usr/bin/busybox"
}

# guest_root DIR ARCH: what every guest has, whatever its kernel
guest_root()
{
	local busybox

	busybox=$(guest_busybox "$2")
	mkdir -p "$1/bin" "$1/etc" "$1/tests" "$1/dev"
	# Until devtmpfs is mounted, init needs somewhere to write.
	mknod -m 600 "$1/dev/console" c 5 1 2>/dev/null || true
	cp "$busybox" "$1/bin/busybox"
	cp "$KTLS_TOP/tests/vm/init" "$1/init"
	chmod 755 "$1/init" "$1/bin/busybox"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	printf '127.0.0.1 localhost ktls\n::1 localhost\n' >"$1/etc/hosts"
}

guest_pack()
{
	(cd "$1" && find . -print0 | sort -z |
		cpio --null -o -H newc --quiet -R 0:0 --reproducible) >"$2"
}

# guest_machine ARCH: QEMU's program and what it must be told. The emulation of
# QEMU 7.2 now and then gets the flags wrong after cmpxchg16b, of which a kernel
# dies in kmalloc(): without it kernels take another way.
guest_machine()
{
	case $1 in
	amd64) echo qemu-system-x86_64 -cpu max,-cx16 ;;
	arm64) echo qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on ;;
	s390x) echo qemu-system-s390x -M s390-ccw-virtio -cpu max ;;
	esac
}

guest_console()
{
	case $1 in
	amd64) echo ttyS0,115200 ;;
	arm64) echo ttyAMA0 ;;
	s390x) echo ttysclp0 ;;
	esac
}

# guest_port ARCH: the device in the guest to which the results are written
guest_port()
{
	case $1 in
	amd64) echo ttyS1 ;;
	*) echo vport0p1 ;;
	esac
}

# guest_outputs ARCH DIR [CONSOLE]: QEMU's arguments for the kernel's log (to
# CONSOLE or a file in DIR) and the results. Only a PC has two serial ports.
guest_outputs()
{
	local results=$2/results.log

	printf '%s\n' -serial "${3:-file:$2/console.log}"
	if [ "$1" = amd64 ]; then
		printf '%s\n' -serial "file:$results"
	else
		printf '%s\n' -chardev "file,id=results,path=$results" \
			-device virtio-serial -device virtserialport,chardev=results
	fi
}

# guest_accel VMLINUZ ARCH: the accelerator to use. /dev/kvm may be there and not
# work, so a guest is booted with it, once for every boot of this machine.
guest_accel()
{
	local answer dir rc stamp

	if [ "$2" != amd64 ]; then
		echo tcg
		return
	fi
	case ${KTLS_ACCEL:-} in
	kvm | tcg)
		echo "$KTLS_ACCEL"
		return
		;;
	esac
	stamp=$KTLS_CACHE/accel.$(cat /proc/sys/kernel/random/boot_id)
	answer=$(cat "$stamp" 2>/dev/null) || answer=
	if [ -z "$answer" ]; then
		answer=tcg
		if [ -w /dev/kvm ]; then
			dir=$(mktemp -d)
			mkdir "$dir/root" "$dir/root/bin"
			cp "$(command -v busybox)" "$dir/root/bin/busybox"
			printf '#!/bin/busybox sh\necho ktls-kvm-works\n%s\n' \
				'/bin/busybox poweroff -f' >"$dir/root/init"
			chmod 755 "$dir/root/init"
			guest_pack "$dir/root" "$dir/initrd"
			rc=0
			timeout -k 5 30 qemu-system-x86_64 -accel kvm \
				-cpu max -smp 2 -m 256 -no-reboot -nic none \
				-display none -serial "file:$dir/log" \
				-kernel "$1" -initrd "$dir/initrd" \
				-append 'console=ttyS0 panic=-1' \
				</dev/null >/dev/null 2>&1 || rc=$?
			if [ $rc = 0 ] && grep -q ktls-kvm-works "$dir/log"
			then
				answer=kvm
			fi
			rm -rf "$dir"
		fi
		rm -f "$KTLS_CACHE"/accel.*
		echo "$answer" >"$stamp"
	fi
	echo "$answer"
}

# guest_start VMLINUZ ARCH DIR ARGS...: sets guest_pid. ARGS are more arguments
# of QEMU.
guest_start()
{
	local accel append arch=$2 dir=$3 outputs vmlinuz=$1

	shift 3
	accel=$(guest_accel "$vmlinuz" "$arch")
	[ "$accel" = kvm ] || accel=tcg,thread=multi
	# A warning does not end the guest: the judge finds it in the log and
	# the other tests still run. slab_nomerge: see our caches in slabinfo.
	append="console=$(guest_console "$arch") panic=-1 oops=panic"
	append="$append slab_nomerge softlockup_panic=1 ${KTLS_APPEND:-}"
	: >"$dir/results.log"
	: >"$dir/console.log"
	mapfile -t outputs < <(guest_outputs "$arch" "$dir")
	# shellcheck disable=SC2046 # several words
	$(guest_machine "$arch") -accel "$accel" -smp 2 -m 1024 \
		-no-reboot -display none -monitor none -rtc clock=vm \
		-kernel "$vmlinuz" -initrd "$dir/initrd" -append "$append" \
		"${outputs[@]}" "$@" >"$dir/qemu.log" 2>&1 &
	guest_pid=$!
}

# guest_watch DIR SILENCE: waits until the guest has ended or neither its log
# nor its results have grown for SILENCE seconds. Says which in DIR/end.
guest_watch()
{
	local last=$SECONDS now size=

	while kill -0 "$guest_pid" 2>/dev/null; do
		now=$(stat -c %s "$1/console.log" "$1/results.log")
		if [ "$now" != "$size" ]; then
			size=$now
			last=$SECONDS
		elif [ $((SECONDS - last)) -ge "$2" ]; then
			echo "hung: it was silent for $2 s" >"$1/end"
			guest_kill
			return
		fi
		sleep 0.3
	done
	if wait "$guest_pid"; then
		echo exited >"$1/end"
	else
		echo "did not run: $(tail -n1 "$1/qemu.log")" >"$1/end"
	fi
	guest_pid=
}

guest_kill()
{
	[ -n "${guest_pid:-}" ] || return 0
	kill "$guest_pid" 2>/dev/null || true
	wait "$guest_pid" 2>/dev/null || true
	guest_pid=
}
