# SPDX-License-Identifier: GPL-2.0
#
# For people, DKMS and packages. The kernel's build reads Kbuild instead.
#
# A kernel is named by KVER (a release), by KDIR (its headers), or by both;
# the running one is meant only when neither is given.

ifeq ($(KDIR)$(KVER),)
KVER := $(shell uname -r)
endif
KDIR ?= /lib/modules/$(KVER)/build
DESTDIR ?=

# Whatever compiler the caller names wins; make's own default is no choice.
ifneq ($(filter command environment,$(firstword $(origin CC))),)
named-cc := CC="$(CC)"
endif

# As many jobs as processors unless the caller said how many.
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# kbuild TARGET-AND-VARIABLES: runs the kernel's make with what it needs
kbuild = arguments=$$($(named-cc) sh src/compat/check-headers \
		"$(KDIR)" "$(KVER)") && \
	$(MAKE) $(jobs) --no-print-directory -C "$(KDIR)" M="$(CURDIR)" \
		$(named-cc) $$arguments $(1)

.PHONY: all module clean help
all: module

module: ## Build src/ktls.ko for the kernel named by KDIR or KVER
	@+$(call kbuild,KTLS_WERROR=$(if $(filter 1,$(WERROR)),y,n) modules)

.PHONY: probe-report
probe-report: ## Say what the kernel named by KDIR or KVER offers
	@+$(call kbuild,KTLS_PROBES_ONLY=y modules) > /dev/null
	@sh src/compat/probe --report src/compat

clean: ## Remove what was built here (needs no headers)
	@rm -rf .tmp_versions src/.tmp_versions
	@rm -f Module.symvers modules.order .module-common.o .*.cmd
	@find src -type f \( -name '*.o' -o -name '*.o.d' -o -name '*.ko' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' \
		-o -name '.*.d' -o -name modules.order -o -name '*.log' \
		-o -name '.ktls_*' -o -name ktls_probes.h \
		-o -path '*/compat/probes/*.h' \) -delete

.PHONY: install uninstall
install: module ## Install the module without DKMS
	@+$(call kbuild,INSTALL_MOD_PATH="$(DESTDIR)" INSTALL_MOD_DIR=updates \
		modules_install)
	install -D -m 0644 modules-load.d/ktls.conf \
		"$(DESTDIR)/usr/lib/modules-load.d/ktls.conf"

# Not include/config/kernel.release, which may hold a shorter name (Debian).
release = $(or $(KVER),$(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	"$(KDIR)/include/generated/utsrelease.h"))
uninstall: ## Remove a module installed without DKMS
	rm -f "$(DESTDIR)/lib/modules/$(release)/updates/src/ktls.ko"* \
		"$(DESTDIR)/lib/modules/$(release)/updates/ktls.ko"* \
		"$(DESTDIR)/usr/lib/modules-load.d/ktls.conf"
	$(if $(DESTDIR),,depmod -a "$(release)")

.PHONY: dkms-install dkms-remove
dkms-install: ## Install with DKMS: built again for every new kernel
	@scripts/dkms install "$(KVER)"

dkms-remove: ## Remove everything that dkms-install installed
	@scripts/dkms remove

.PHONY: rpm
rpm: ## Build the rpm packages
	@scripts/rpm

.PHONY: deb
DEB_DIR ?= $(CURDIR)/out/packages
deb: ## Build the Debian packages ktls-dkms and ktls-dev (DEB_DIR: where)
	@command -v dpkg-buildpackage > /dev/null || \
		{ echo "ktls: dpkg-buildpackage is missing: install" \
			"build-essential, debhelper and dh-dkms" >&2; exit 1; }
	@mkdir -p "$(DEB_DIR)"
	unset MAKEFLAGS MFLAGS MAKELEVEL; \
	dpkg-buildpackage --build=binary --no-sign --post-clean \
		--buildinfo-file="$(DEB_DIR)/ktls.buildinfo" \
		--changes-file="$(DEB_DIR)/ktls.changes" \
		--buildinfo-option="-u$(DEB_DIR)" --changes-option="-u$(DEB_DIR)"
	@ls "$(DEB_DIR)"/*.deb

.PHONY: lint unit check check-all bench demo
lint: ## Run the static checks
	@scripts/lint

unit: ## Build and run the unit tests
	@$(MAKE) --no-print-directory -C tests O="$(CURDIR)/out/unit" unit

check: ## Run every test: lint, builds, unit tests, booted kernels
	@tests/run-all

check-all: ## Run every test with every kernel, and print the table of kernels
	@tests/run-all --all

bench: ## Count instructions: ktls, the kernel's tls, OpenSSL
	@tests/bench/run $(if $(QUICK),--quick) $(if $(NATIVE),--native)

demo: ## Serve a file over HTTPS from a booted guest (SERVE=1: keep it)
	@SERVE="$(SERVE)" scripts/demo

.PHONY: fuzz
fuzz: ## Fuzz the module's pure files and its framer (TARGET, SECONDS)
	@tests/fuzz/run $(if $(SECONDS),--seconds $(SECONDS)) $(TARGET)

.PHONY: walk
walk: ## Random walks in a guest, compared with a model (KERNEL, SEED, COUNT)
	@tests/walk/run $(if $(SEED),--seed $(SEED)) \
		$(if $(COUNT),--count $(COUNT)) $(KERNEL)

.PHONY: profile
KERNEL ?= 6.12
profile: ## Say in which functions a CASE of the benchmark spends its time
	@tests/bench/profile $(KERNEL) '$(CASE)'

help: ## List the targets
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | \
		expand -t 18
	@echo "Variables:"
	@echo "  KDIR=FOLDER     kernel headers to build for"
	@echo "  KVER=RELEASE    kernel to build for (default: the running one)"
	@echo "  CC=COMPILER     instead of the one that the kernel asks for"
	@echo "  QUICK=1         bench: fewer cells"
	@echo "  NATIVE=1        bench: on this machine, in time"
	@echo "  TARGET=NAME     fuzz: only this one of tests/fuzz (default: all)"
	@echo "  SECONDS=N       fuzz: for so long (default: for ever)"
	@echo "  SEED=N COUNT=N  walk: from which on, how many (default: for ever)"
	@echo "  CASE=PATTERN    what to profile, e.g. tx/256/ktls/13-aes128gcm"
	@echo "  KERNEL=NAME     one of tests/vm/kernels (default: $(KERNEL))"
	@echo "  W=1 WERROR=1    more warnings; warnings are errors"
