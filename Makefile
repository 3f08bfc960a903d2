# The only place that knows where things are installed.
#   make demo     show the main job: nothing installed, nothing left behind
#   make test     every test that this machine can run
#   make bench    what a call costs, beside what it is measured against
#   make install  DESTDIR=, PREFIX=/usr
# Variables: CARGO, and for a package build CARGOFLAGS="--locked --offline".

PREFIX ?= /usr
CARGO ?= cargo
CARGOFLAGS ?= --locked
INSTALL ?= install

bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
# Where cargo puts the release build; the host's triple is a directory of its own (.cargo/config.toml).
triple = $(shell rustc --version --verbose | sed -n 's/^host: //p')
binary = $(or $(CARGO_TARGET_DIR),target)/$(triple)/release/kubensenter

.PHONY: build demo test bench install

build:
	$(CARGO) build --release $(CARGOFLAGS)

demo: build
	@tests/demo $(binary)

test: build
	@KUBENSENTER=$(abspath $(binary)) tests/run

bench:
	@benches/enter/run

install: build
	$(INSTALL) -D -m 0755 $(binary) $(DESTDIR)$(bindir)/kubensenter
	ln -sf kubensenter $(DESTDIR)$(bindir)/kubensctl
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(mandir)/man1 man/*.1
