# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The package of the module itself. To be sourced by tests/rpm/in-system, which
# sets the variables.

# A key of our own: whether a kernel trusts it is not the package's matter.
signing_key()
{
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 \
		-subj '/CN=of a test/' -outform DER \
		-keyout /root/key -out /root/cert >"$log" 2>&1
	printf '%%%s /root/%s\n' modsign_key key modsign_cert cert \
		>/root/.rpmmacros
}

check_kmod()
{
	local file=/lib/modules/$1/extra/ktls/ktls.ko

	signing_key
	if ! "$top/scripts/rpm" --kmod "$1" --output "$work/kmod" \
			>"$log" 2>&1; then
		fail kmod-package "$(last_words)"
		return
	fi
	pass kmod-package
	if rpm -U "$work"/kmod/kmod-ktls-*.rpm >"$log" 2>&1 &&
	   [ "$(modinfo -k "$1" -F filename ktls)" = "$file" ]; then
		pass kmod-install
	else
		fail kmod-install "$(last_words)"
	fi
	if [ "$(modinfo -F version "$file")" = "$version" ] &&
	   [ "$(modinfo -F signer "$file")" = "of a test" ]; then
		pass kmod-module
	else
		fail kmod-module "$(modinfo "$file" 2>&1 | tr '\n' ' ')"
	fi
	if rpm -U --test "$work"/new/ktls-dkms-*.rpm >"$log" 2>&1 ||
	   ! grep -q 'ktls-dkms conflicts\|conflicts with ktls-dkms' "$log"; then
		fail kmod-conflict "installs beside ktls-dkms: $(last_words)"
	else
		pass kmod-conflict
	fi
	check_erased kmod-erase / rpm -e kmod-ktls
}
