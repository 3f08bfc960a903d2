# The only place that knows where things are installed.
#   make          build what is to be installed
#   make demo     show the main job: nothing installed, nothing left behind
#   make check    the unit tests
#   make test     every test that this machine can run
#   make test-vm  the node's cases on virtual machines with Debian's kernels (root, qemu; slow)
#   make test-kubelet    cases of a node with a real kubelet, built the first time (root; 7 minutes)
#   make soak     whatever may happen to a pin, at random, for MINUTES=60, against what is promised
#   make fuzz     each parser on inputs without end, FUZZ_SECONDS=60 each (needs c++)
#   make mutants  what no unit test notices when it is changed, in FILES=src/model/** (cargo-mutants; hours)
#   make bench    what a call costs, beside what it is measured against
#   make bench-systemd    what systemd costs on a booted node, with the namespace and without (root)
#   make bench-pods    what pods cost the host and systemd on a node with a real kubelet (root)
#   make install  DESTDIR=, PREFIX=/usr
#   make deb      a Debian package in target/deb (needs debhelper)
#   make rpm      an RPM package in target/rpm (needs rpm)
#   make deb-source, make rpm-source   source packages of the commit, from which others build
#   make test-source      builds them alone in a clean root of Debian forky, without network (root; slow)
#   make image    the directory from which the installer's image is built (packaging/kubernetes)
#   make vendor   the crates' sources in vendor/; builds then need no network
# Variables: CARGO, CARGOFLAGS, SOURCE_DATE_EPOCH, and the directories below.

PREFIX ?= /usr
CARGO ?= cargo
CARGOFLAGS ?= --locked
INSTALL ?= install

# A directory as the machine's own packages have it, or the usual one.
dir_of = $(shell pkg-config --variable=$(2) --define-variable=prefix=$(PREFIX) $(1) 2>/dev/null)
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/kubensenter
LICENSEDIR ?= $(DATADIR)/licenses/kubensenter
UNITDIR ?= $(or $(call dir_of,systemd,systemdsystemunitdir),$(PREFIX)/lib/systemd/system)
GENERATORDIR ?= $(or $(call dir_of,systemd,systemdsystemgeneratordir),$(PREFIX)/lib/systemd/system-generators)
BASHDIR ?= $(or $(call dir_of,bash-completion,completionsdir),$(DATADIR)/bash-completion/completions)
PRESETDIR ?= $(or $(call dir_of,systemd,systemdsystempresetdir),$(PREFIX)/lib/systemd/system-preset)
FISHDIR ?= $(or $(call dir_of,fish,completionsdir),$(DATADIR)/fish/vendor_completions.d)
# zsh tells nobody; Debian's looks in a directory of its own for what other packages bring.
ZSHDIR ?= $(DATADIR)/zsh/$(if $(wildcard /etc/debian_version),vendor-completions,site-functions)

version = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
# Where cargo puts the release build; the host's triple is a directory of its own (.cargo/config.toml). root may
# have no toolchain, and then what its user has built is installed.
target = $(or $(CARGO_TARGET_DIR),target)
built := $(firstword $(wildcard $(target)/*/release/kubensenter))
triple := $(or $(shell rustc --version --verbose 2>/dev/null | sed -n 's/^host: //p'),\
    $(notdir $(built:/release/kubensenter=)))
binary = $(target)/$(triple)/release/kubensenter
inventory = $(target)/inventory

# Messages of the crates name their source files. Wherever these are, the program gets the same names, so that
# it does not depend on where it is built.
crates = $(shell ls -d "$${CARGO_HOME:-$$HOME/.cargo}"/registry/src/*/ 2>/dev/null)
remapped = $(foreach dir,$(patsubst %/,%,$(crates)) $(CURDIR)/vendor,"--remap-path-prefix=$(dir)=/crates",)
trimmed = --config 'target."cfg(target_os = \"linux\")".rustflags = [$(remapped)]'
vendored = $(if $(wildcard vendor),--offline --config 'source.crates-io.replace-with = "vendored-sources"' \
    --config 'source.vendored-sources.directory = "vendor"')
# What the program holds of the crates is said from their own data.
linked = $(CARGO) metadata --format-version 1 --filter-platform $(triple) $(CARGOFLAGS) $(vendored)

.PHONY: all build fetch inventory sbom vendor demo check test test-vm test-kubelet soak fuzz mutants bench bench-systemd bench-pods install place place-docs \
    deb rpm sources deb-source rpm-source test-source image

all: inventory

build: fetch
	$(CARGO) build --release $(CARGOFLAGS) $(vendored) $(trimmed)

inventory: build
	@mkdir -p $(inventory)
	@$(MAKE) --no-print-directory sbom
	$(linked) | packaging/inventory notices >$(inventory)/THIRD-PARTY

# By itself for those who strip the program afterwards: it has the checksum.
sbom:
	$(linked) | packaging/inventory sbom $(binary) >$(inventory)/kubensenter.cdx.json

fetch:
	@$(CARGO) fetch --target $(triple) $(CARGOFLAGS) $(vendored)

vendor:
	$(CARGO) vendor --versioned-dirs --locked vendor >/dev/null

demo: build
	@tests/demo $(binary)

check:
	$(CARGO) test --bins $(CARGOFLAGS) $(vendored)

test: build
	@CARGO='$(CARGO)' CARGOFLAGS='$(CARGOFLAGS)' KUBENSENTER=$(abspath $(binary)) tests/run

test-vm: build
	@KUBENSENTER=$(abspath $(binary)) tests/vm/run

test-kubelet: build
	@KUBENSENTER=$(abspath $(binary)) tests/kubelet/run

soak: build
	@KUBENSENTER=$(abspath $(binary)) tests/soak/run $(MINUTES)

fuzz:
	@CARGO='$(CARGO)' fuzz/run

FILES ?= src/model/**
mutants:
	CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 $(CARGO) mutants --output target --file '$(FILES)' --cargo-arg=--bins

bench:
	@benches/enter/run
	@benches/inspect/run

bench-systemd:
	@benches/systemd/run
	@benches/generator/run
	@benches/callers/run

bench-pods: build
	@benches/pods/run

install: $(if $(shell command -v $(CARGO)),all)
	@$(MAKE) --no-print-directory place

# The files alone, for packages: what is built is there.
place: place-docs
	$(INSTALL) -D -m 0755 $(binary) $(DESTDIR)$(BINDIR)/kubensenter
	ln -sf kubensenter $(DESTDIR)$(BINDIR)/kubensctl
	$(INSTALL) -d $(DESTDIR)$(GENERATORDIR)
	ln -sfr $(DESTDIR)$(BINDIR)/kubensenter $(DESTDIR)$(GENERATORDIR)/kubens-generator
	for page in man/*.[1-8]; do \
	    $(INSTALL) -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page || exit; \
	done
	for unit in $(wildcard systemd/*.service systemd/*.timer systemd/*.path); do \
	    $(INSTALL) -d $(DESTDIR)$(UNITDIR) && \
	    sed 's|/usr/bin/|$(BINDIR)/|g' $$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/} && \
	    chmod 0644 $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit; \
	done
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(PRESETDIR) systemd/90-kubens.preset
	$(INSTALL) -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	complete() { $(DESTDIR)$(BINDIR)/kubensctl completion "$$1" "$$2" >"$(DESTDIR)$$3" && chmod 0644 "$(DESTDIR)$$3"; }; \
	for name in kubensenter kubensctl; do \
	    complete bash $$name $(BASHDIR)/$$name && \
	    complete zsh $$name $(ZSHDIR)/_$$name && \
	    complete fish $$name $(FISHDIR)/$$name.fish || exit; \
	done
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(LICENSEDIR) LICENSE
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(DOCDIR) $(inventory)/kubensenter.cdx.json $(inventory)/THIRD-PARTY

# The pages lie to one another as in the sources, so that their links lead somewhere on a node.
pages = README.md CHANGELOG.md SECURITY.md $(shell find docs packaging -name '*.md' -o -name '*.svg' -o -name '*.y*ml' -o -name '*.json' -o -name '*.bu')
place-docs:
	for page in $(pages); do \
	    $(INSTALL) -D -m 0644 $$page $(DESTDIR)$(DOCDIR)/$$page || exit; \
	done
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(DOCDIR)/examples packaging/sudoers systemd/00-kubensmnt-env.conf

# The packages of the program as it is built here, byte for byte.
revision ?= 1

deb: all
	rm -rf $(target)/deb/build && mkdir -p $(target)/deb/build
	cp -r packaging/deb $(target)/deb/build/debian
	sed -i '1s/(.*)/($(version)-$(revision))/' $(target)/deb/build/debian/changelog
	cd $(target)/deb/build && CHECKOUT=$(CURDIR) \
	    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
	cp $(target)/deb/build/debian/kubensenter/usr/share/doc/kubensenter/*.json $(target)/deb
	@ls $(target)/deb/*.deb

# Debian's rpm lacks some macros.
rpmbuild = rpmbuild --define '_topdir $(abspath $(target))/rpm' --define 'revision $(revision)' \
    $(if $(shell rpm --eval '%{?systemd_post:yes}'),,--load packaging/rpm/macros.debian)

rpm: all
	$(rpmbuild) -bb --nodeps --with prebuilt --build-in-place --define '_sourcedir $(CURDIR)/packaging/scripts' packaging/rpm/kubensenter.spec
	@ls $(target)/rpm/RPMS/*/*.rpm

# What source packages hold: the commit, and the crates that Cargo.lock names.
sources = $(abspath $(target))/sources
tarball = $(sources)/kubensenter-$(version)
sources:
	rm -rf $(sources) && mkdir -p $(sources)
	git archive --prefix=kubensenter-$(version)/ HEAD | xz >$(tarball).tar.xz
	$(CARGO) vendor --versioned-dirs --locked $(sources)/vendor >/dev/null
	tar -C $(sources) --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$$(git log -1 --format=%ct) \
	    -cJf $(tarball)-vendor.tar.xz vendor
	rm -r $(sources)/vendor

deb-source: sources
	rm -rf $(target)/deb-source && mkdir -p $(target)/deb-source
	ln $(tarball).tar.xz $(target)/deb-source/kubensenter_$(version).orig.tar.xz
	ln $(tarball)-vendor.tar.xz $(target)/deb-source/kubensenter_$(version).orig-vendor.tar.xz
	cd $(target)/deb-source && tar -xf $(tarball).tar.xz && tar -C kubensenter-$(version) -xf $(tarball)-vendor.tar.xz
	cp -r packaging/deb $(target)/deb-source/kubensenter-$(version)/debian
	$(CARGO) metadata --format-version 1 $(CARGOFLAGS) | packaging/inventory copyright \
	    >>$(target)/deb-source/kubensenter-$(version)/debian/copyright
	cd $(target)/deb-source && dpkg-source --build kubensenter-$(version) && rm -r kubensenter-$(version)

rpm-source: sources
	mkdir -p $(target)/rpm
	cp packaging/scripts/* $(sources)
	$(linked) | packaging/inventory bundled | \
	    sed '/^# bundled$$/r /dev/stdin' packaging/rpm/kubensenter.spec >$(target)/rpm/kubensenter.spec
	$(rpmbuild) -bs --nodeps --define '_sourcedir $(sources)' $(target)/rpm/kubensenter.spec

test-source: deb-source rpm-source
	@tests/package/source

# Where node-install finds a node's directories, and /lib is what it is on every node of today.
directories = UNITDIR=/usr/lib/systemd/system GENERATORDIR=/usr/lib/systemd/system-generators PRESETDIR=/usr/lib/systemd/system-preset \
    BASHDIR=/usr/share/bash-completion/completions FISHDIR=/usr/share/fish/vendor_completions.d
image: all
	rm -rf $(target)/image && mkdir -p $(target)/image/host/usr/lib
	ln -s usr/lib $(target)/image/host/lib
	@$(MAKE) --no-print-directory place DESTDIR=$(abspath $(target))/image/node PREFIX=/usr $(directories) >/dev/null
	$(INSTALL) -D -t $(target)/image/bin packaging/kubernetes/node-install packaging/kubernetes/node-report
	cp packaging/kubernetes/Containerfile $(target)/image
	@echo "podman build --tag registry.example.com/kubensenter:$(version) $(target)/image"
