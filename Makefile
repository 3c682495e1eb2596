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
UNSEEN = $(wildcard proto/ews/src/request/*.rs tests/suite/*/*.rs)

DESTDIR ?=
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR = $(PREFIX)/bin
SBINDIR = $(PREFIX)/sbin
LIBEXECDIR = $(PREFIX)/libexec
DATADIR = $(PREFIX)/share
DOCDIR = $(DATADIR)/doc/ewsd
LIBDIR = $(PREFIX)/lib
# A program that can run here, where $(TARGET) is for another machine: it writes manual pages and completions.
EWSCTL ?= $(TARGET)/release/ewsctl
EWSLOAD ?= $(TARGET)/release/ewsload
# What is packaged and how it is called; `make dist` makes the tarball that the others build from, offline.
VERSION = $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
DIST = $(TARGET)/dist/ewsd-$(VERSION).tar.xz

# Seconds for each target of `make fuzz`, and which targets; all, if none is named.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=
# The compiler's counters, for `make fuzz` and `make growth`.
COUNTERS = --cfg ewsd_coverage -C instrument-coverage

.PHONY: build demo test test-clients test-packages test-image bench fuzz growth corpus calendars fmt lint man install dist deb rpm image

build:
	$(NEED) build
	$(CARGO) build --release --locked

demo:
	$(NEED) build run
	$(CARGO) build --locked
	exec $(TARGET)/debug/ewsctl demo --dir $(DEMO_DIR) $(DEMO_ARGS)

# A build that is not repeated is quicker without what makes repetitions quicker.
test: export CARGO_INCREMENTAL ?= 0
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
	$(TARGET)/release/ewsload calendar
	$(TARGET)/release/ewsload idle --workers 4 --streams 1000 --keep-alive 1000
	$(TARGET)/release/ewsload wake --workers 4 --streams 1000
	$(TARGET)/release/ewsload storm --workers 4 --streams 5000
	$(TARGET)/release/ewsload mixed --workers 4 --upgrade-after 20
	$(TARGET)/release/ewsload dribble --workers 4
	$(TARGET)/release/ewsload race
	$(TARGET)/release/ewsload login

# With the compiler's counters, so that inputs are guided; what it finds lies in target/ewsd-fuzz.
fuzz:
	$(NEED) build
	RUSTFLAGS="$(COUNTERS)" LLVM_PROFILE_FILE=/dev/null \
		CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
		$(CARGO) run --release --locked --target-dir $(TARGET)/fuzz -p ewsfuzz -- --seconds $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# Whether work grows in proportion to its input, as `make test` asks too, with steps counted by the compiler's counters.
growth:
	$(NEED) build run test
	RUSTFLAGS="$(COUNTERS)" LLVM_PROFILE_FILE=/dev/null $(CARGO) test --release --locked --target-dir $(TARGET)/fuzz \
		-p ewsd-mime -p ewsd-mailbox -p ewsd-tnef -p ewsd-worker --test '*growth' -- --test-threads 1

# Gathers the messages that other packages ship as their own tests, compares with two other readers, delivers them and reads
# them back, and has other people's programs search among them.
corpus:
	$(NEED) build run test clients
	tests/corpus/fetch $(TARGET)/corpus
	$(CARGO) run --locked -p ewsd-mime --example corpus -- $(TARGET)/corpus/messages $(TARGET)/corpus
	$(CARGO) build --locked --workspace
	$(TARGET)/debug/ewsload corpus $(TARGET)/corpus/messages
	EWSD_CORPUS=$(abspath $(TARGET)/corpus/messages) $(CARGO) test --locked --test main clients::corpus

# Reads the calendars that other packages ship as their own tests, writes them, and looks for what is lost.
calendars:
	$(NEED) build
	tests/corpus/fetch $(TARGET)/calendars calendars
	$(CARGO) run --locked -p ewsd-mailbox --example calendars -- $(TARGET)/calendars
	$(CARGO) build --locked --bins
	EWSD_CALENDARS=$(abspath $(TARGET)/calendars) \
		$(CARGO) test --locked --test main calendar::transfer::loses_nothing_of_other_peoples_files

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

# Needs `make build` before, so that root need not build; nothing below $(TARGET) is written.
install:
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SYSCONFDIR)/ewsd
	install -m 755 $(TARGET)/release/ewsd $(DESTDIR)$(SBINDIR)
	install -m 755 $(TARGET)/release/ewsd-worker $(DESTDIR)$(LIBEXECDIR)
	install -m 755 $(TARGET)/release/ewsctl $(DESTDIR)$(BINDIR)
	# Of an earlier version, which had it there.
	rm -f $(DESTDIR)$(SBINDIR)/ewsd-worker
	test -e $(DESTDIR)$(SYSCONFDIR)/ewsd/ewsd.toml || install -m 644 etc/ewsd.toml $(DESTDIR)$(SYSCONFDIR)/ewsd/ewsd.toml
	install -d $(DESTDIR)$(DATADIR)/man/man1 $(DESTDIR)$(DATADIR)/man/man5 $(DESTDIR)$(DATADIR)/man/man8
	umask 022; pages=$$(mktemp -d) && $(EWSCTL) man --out $$pages && \
		for n in 1 5 8; do install -m 644 $$pages/*.$$n $(DESTDIR)$(DATADIR)/man/man$$n || exit 1; done; rm -rf $$pages
	install -d $(DESTDIR)$(DATADIR)/bash-completion/completions $(DESTDIR)$(DATADIR)/zsh/site-functions \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	umask 022; $(EWSCTL) completions bash >$(DESTDIR)$(DATADIR)/bash-completion/completions/ewsctl
	umask 022; $(EWSCTL) completions zsh >$(DESTDIR)$(DATADIR)/zsh/site-functions/_ewsctl
	umask 022; $(EWSCTL) completions fish >$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/ewsctl.fish
	install -d $(DESTDIR)$(LIBDIR)/systemd/system $(DESTDIR)$(LIBDIR)/sysusers.d $(DESTDIR)$(LIBDIR)/tmpfiles.d
	umask 022; sed 's,@SBINDIR@,$(SBINDIR),; s,@BINDIR@,$(BINDIR),; s,@SYSCONFDIR@,$(SYSCONFDIR),' packaging/systemd/ewsd.service \
		>$(DESTDIR)$(LIBDIR)/systemd/system/ewsd.service
	install -m 644 packaging/sysusers.d/ewsd.conf $(DESTDIR)$(LIBDIR)/sysusers.d/ewsd.conf
	install -m 644 packaging/tmpfiles.d/ewsd.conf $(DESTDIR)$(LIBDIR)/tmpfiles.d/ewsd.conf
	install -d $(DESTDIR)$(SYSCONFDIR)/fail2ban/filter.d $(DESTDIR)$(SYSCONFDIR)/fail2ban/jail.d
	install -m 644 packaging/fail2ban/ewsd.conf $(DESTDIR)$(SYSCONFDIR)/fail2ban/filter.d/ewsd.conf
	install -m 644 packaging/fail2ban/jail.conf $(DESTDIR)$(SYSCONFDIR)/fail2ban/jail.d/ewsd.conf
	for kind in apache nginx haproxy postfix exim opensmtpd grafana prometheus; do \
		install -d $(DESTDIR)$(DOCDIR)/examples/$$kind && \
		install -m 644 packaging/$$kind/* $(DESTDIR)$(DOCDIR)/examples/$$kind || exit 1; done
	install -d $(DESTDIR)$(DOCDIR)/examples/systemd
	install -m 644 packaging/systemd/ewsd.socket $(DESTDIR)$(DOCDIR)/examples/systemd
	install -m 644 etc/ewsd-minimal.toml $(DESTDIR)$(DOCDIR)/examples
	install -m 644 README.md CHANGELOG.md UPGRADING.md ARCHITECTURE.md LICENSE docs/operations.md $(DESTDIR)$(DOCDIR)
	# The load generator, where it was built (cargo build --release --workspace).
	if test -e $(TARGET)/release/ewsload; then \
		install -m 755 $(TARGET)/release/ewsload $(DESTDIR)$(BINDIR) && \
		$(EWSLOAD) man >$(DESTDIR)$(DATADIR)/man/man1/ewsload.1; fi

# What was committed, with every crate that it is built of: builds without any network.
dist:
	$(NEED) dist
	packaging/dist $(DIST)

deb: dist
	$(NEED) build deb
	packaging/deb $(DIST) $(TARGET)/deb

rpm: dist
	$(NEED) build rpm
	packaging/rpm/build $(DIST) $(TARGET)/rpm

image: dist
	packaging/container/build $(DIST) ewsd:$(VERSION)

# What `make test` has no time for: other people's programs, and the packages in bare roots of Debian (needs root).
test-clients:
	$(NEED) build run test clients kde mta
	$(CARGO) test --locked --test main -- clients::
	EWSD_EXIM=$$(tests/exim $(TARGET)/exim) $(CARGO) test --locked --test main -- mail::mta

test-packages: deb rpm
	$(NEED) packages
	packaging/trial/deb $(TARGET)/deb
	packaging/trial/rpm $(TARGET)/rpm
	packaging/trial/boot $(TARGET)/deb

# The same for the image, which is built upon a bare root of Debian.
test-image: dist
	$(NEED) packages image
	packaging/trial/image $(DIST)
