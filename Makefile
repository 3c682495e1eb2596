# ewsd. `make demo` runs a server, `make test` runs every test; both install what is missing when root runs them on Debian.
# Programs and options: README.md. Packages: packaging/deps.debian.

CARGO ?= cargo
TARGET = $(or $(CARGO_TARGET_DIR),target)
NEED = packaging/need
# Without --offline it would ask the registry; everything is there after a build.
DENY = deny --offline --locked check bans licenses sources

# Where the demo keeps its data: root's PostgreSQL and workers run as another user, who must be able to reach it.
DEMO_DIR ?= $(if $(filter 0,$(shell id -u)),/var/tmp/ewsd-demo,demo)
# More options for `ewsctl demo`, such as: make demo DEMO_ARGS='--accounts 100 --set log.level=debug'
DEMO_ARGS ?=

# Modules that a macro declares, which `cargo fmt` does not find.
UNSEEN = $(wildcard proto/ews/src/request/*.rs)

DESTDIR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR = $(PREFIX)/bin
SBINDIR = $(PREFIX)/sbin
DATADIR = $(PREFIX)/share
LIBDIR = $(PREFIX)/lib

.PHONY: build demo test bench fmt lint man install

build:
	$(NEED) build
	$(CARGO) build --release --locked

demo:
	$(NEED) build run
	$(CARGO) build --locked
	exec $(TARGET)/debug/ewsctl demo --dir $(DEMO_DIR) $(DEMO_ARGS)

test:
	$(NEED) build run test
	$(CARGO) test --workspace --locked
	@if $(CARGO) clippy --version >/dev/null 2>&1; \
	then $(CARGO) clippy --workspace --locked; \
	else echo "clippy is not installed: the lints that deny panics were not checked"; fi
	@if $(CARGO) deny --version >/dev/null 2>&1; \
	then $(CARGO) $(DENY); \
	else echo "cargo-deny is not installed: licences, bans and sources of the dependencies were not checked"; fi

bench:
	$(NEED) build run
	$(CARGO) build --release --workspace --locked
	$(TARGET)/release/ewsload bench
	$(TARGET)/release/ewsload hold 10000
	$(TARGET)/release/ewsload dribble --workers 4
	$(TARGET)/release/ewsload race

fmt:
	$(CARGO) fmt --all
	rustfmt --edition 2024 $(UNSEEN)

lint:
	$(CARGO) fmt --all --check
	rustfmt --edition 2024 --check $(UNSEEN)
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) $(DENY)

man:
	$(CARGO) build --locked --bin ewsctl
	$(TARGET)/debug/ewsctl man --out $(TARGET)/man

# Needs `make build` before, so that root need not build.
install:
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(SYSCONFDIR)/ewsd
	install -m 755 $(TARGET)/release/ewsd $(TARGET)/release/ewsd-worker $(DESTDIR)$(SBINDIR)
	install -m 755 $(TARGET)/release/ewsctl $(DESTDIR)$(BINDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/ewsd/ewsd.toml || install -m 644 etc/ewsd.toml $(DESTDIR)$(SYSCONFDIR)/ewsd/ewsd.toml
	rm -rf $(TARGET)/man
	$(TARGET)/release/ewsctl man --out $(TARGET)/man
	install -d $(DESTDIR)$(DATADIR)/man/man1 $(DESTDIR)$(DATADIR)/man/man5 $(DESTDIR)$(DATADIR)/man/man8
	install -m 644 $(TARGET)/man/*.1 $(DESTDIR)$(DATADIR)/man/man1
	install -m 644 $(TARGET)/man/*.5 $(DESTDIR)$(DATADIR)/man/man5
	install -m 644 $(TARGET)/man/*.8 $(DESTDIR)$(DATADIR)/man/man8
	install -d $(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	umask 022; $(TARGET)/release/ewsctl completions bash >$(DESTDIR)$(DATADIR)/bash-completion/completions/ewsctl
	umask 022; $(TARGET)/release/ewsctl completions zsh >$(DESTDIR)$(DATADIR)/zsh/site-functions/_ewsctl
	umask 022; $(TARGET)/release/ewsctl completions fish >$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/ewsctl.fish
	install -d $(DESTDIR)$(LIBDIR)/systemd/system $(DESTDIR)$(LIBDIR)/sysusers.d $(DESTDIR)$(LIBDIR)/tmpfiles.d
	umask 022; sed 's,@SBINDIR@,$(SBINDIR),; s,@BINDIR@,$(BINDIR),; s,@SYSCONFDIR@,$(SYSCONFDIR),' packaging/systemd/ewsd.service \
		>$(DESTDIR)$(LIBDIR)/systemd/system/ewsd.service
	install -m 644 packaging/sysusers.d/ewsd.conf $(DESTDIR)$(LIBDIR)/sysusers.d/ewsd.conf
	install -m 644 packaging/tmpfiles.d/ewsd.conf $(DESTDIR)$(LIBDIR)/tmpfiles.d/ewsd.conf
