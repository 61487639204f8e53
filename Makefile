# runlxc. `make help` lists the targets.
#
# Sources are found by wildcard: a new .c file in a directory that is built needs no line here.
# Every output lands under $(BUILD), so that a second tree (another compiler, sanitizers) is one variable away:
#     make BUILD=build/clang CC=clang          make BUILD=build/asan SANITIZE=1 unit-tests

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VERSION := $(shell cat VERSION)
SONAME := liblxcdriver.so.0
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CLANG_FORMAT ?= clang-format

# ---- where things are installed, with the names of the GNU coding standards ----
PREFIX ?= /usr/local
prefix := $(PREFIX)
exec_prefix := $(prefix)
bindir := $(exec_prefix)/bin
sbindir := $(exec_prefix)/sbin
libdir := $(exec_prefix)/lib
libexecdir := $(exec_prefix)/libexec
includedir := $(prefix)/include
datadir := $(prefix)/share
mandir := $(datadir)/man
sysconfdir := $(if $(filter /usr /usr/local,$(prefix)),/etc,$(prefix)/etc)
pkgconfigdir := $(libdir)/pkgconfig
bashcompdir := $(datadir)/bash-completion/completions
zshcompdir := $(datadir)/zsh/site-functions
fishcompdir := $(datadir)/fish/vendor_completions.d
fishfuncdir := $(datadir)/fish/vendor_functions.d
helperdir := $(libexecdir)/runlxc
pkgdatadir := $(datadir)/runlxc
templatedir := $(pkgdatadir)/lxc-templates
configdir := $(pkgdatadir)/configs

# V=1 shows the commands.
ifdef V
say = @:
Q :=
else
say = @printf '  %-5s %s\n' $(1) $(2)
Q := @
endif

# ---- flags ----
CFLAGS ?= -O2 -g
# WERROR= for whoever compiles with a compiler that is newer than these sources.
WERROR := -Werror
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
	-Wpointer-arith -Wwrite-strings -Wvla $(WERROR)
DEFINES := -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DLIBEXECDIR='"$(helperdir)"' \
	-DTEMPLATEDIR='"$(templatedir)"' -DCONFIGDIR='"$(configdir)"' -DSYSCONFDIR='"$(sysconfdir)"' \
	-DBINDIR='"$(bindir)"'
# musl's headers lack some calls. LIBC=musl says it where the compiler does not.
ifneq ($(findstring musl,$(LIBC) $(shell $(CC) -dumpmachine 2>/dev/null)),)
DEFINES += -include initshim/shared/musl.h
endif
HARDEN_LD_PLAIN := -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
HARDEN_LD := $(HARDEN_LD_PLAIN)
HARDEN_PLAIN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection
ifneq ($(filter x86_64-% i386-% i686-%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
HARDEN_PLAIN += -fcf-protection
endif

comma := ,
ifdef SANITIZE
# _FORTIFY_SOURCE's wrappers would hide calls from the sanitizers.
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
HARDEN_LD += -fsanitize=address,undefined
else ifdef FUZZ
# The engine's own main() comes with the targets only; AFL++'s compiler instruments whatever it is told.
HARDEN := -fsanitize=$(if $(filter libfuzzer,$(FUZZ)),fuzzer-no-link$(comma))address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -O1
HARDEN_LD += -fsanitize=fuzzer,address,undefined
else
HARDEN := $(HARDEN_PLAIN)
endif

# CPPFLAGS first: a distribution's have a _FORTIFY_SOURCE of their own, which ours undefines.
ALL_CFLAGS = -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(WARNINGS) $(DEFINES) -MD -MP

# Looked up at the first use and once only: `make check` must be able to start before the packages are installed.
PACKAGES := jansson libapparmor libseccomp
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(PACKAGES)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell $(PKG_CONFIG) --libs $(PACKAGES)))$(PKG_LIBS)
# Whose headers have sd-bus(3); the library itself is only loaded. Where there is no systemd: SDBUS=libelogind.
SDBUS := libsystemd
SDBUS_CFLAGS = $(eval SDBUS_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(SDBUS)))$(SDBUS_CFLAGS)
LXC_CFLAGS = $(eval LXC_CFLAGS := $$(shell $(PKG_CONFIG) --cflags lxc))$(LXC_CFLAGS)
LXC_LIBS = $(eval LXC_LIBS := $$(shell $(PKG_CONFIG) --libs lxc))$(LXC_LIBS)
CMOCKA_LIBS = $(eval CMOCKA_LIBS := $$(shell $(PKG_CONFIG) --libs cmocka))$(CMOCKA_LIBS)

# ---- sources and products ----
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

LIB_SRC := $(wildcard driver/*.c $(addsuffix /*.c,$(addprefix driver/,base spec config host run))) \
	$(wildcard initshim/shared/*.c)
LAUNCH_SRC := $(wildcard driver/cli/launch/*.c)
RUNLXC_SRC := $(wildcard driver/cli/runlxc/*.c)
CLI_SRC := $(wildcard driver/cli/common/*.c)
LXC_SRC := $(wildcard driver/lxc/*.c)
SHARED_SRC := $(wildcard initshim/shared/*.c)
SHIM_SRC := $(wildcard initshim/*.c)
SUPERVISE_SRC := $(wildcard initshim/supervise/*.c)
GUARD_SRC := $(wildcard initshim/guard/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
C_SRC := $(LIB_SRC) $(LAUNCH_SRC) $(RUNLXC_SRC) $(CLI_SRC) $(LXC_SRC) $(SHARED_SRC) $(SHIM_SRC) \
	$(SUPERVISE_SRC) $(GUARD_SRC)

STATIC_LIB := $(BUILD)/liblxcdriver.a
SHARED_LIB := $(BUILD)/$(SONAME)
# One program each.
LXC_HELPERS := $(patsubst driver/lxc/%.c,$(BUILD)/runlxc-lxc-%,$(LXC_SRC))
COMMANDS := $(if $(LAUNCH_SRC),$(BUILD)/lxc-launch) $(if $(RUNLXC_SRC),$(BUILD)/runlxc)
HELPERS := $(if $(SHIM_SRC),$(BUILD)/runlxc-init) \
	$(if $(SUPERVISE_SRC),$(BUILD)/runlxc-supervise) \
	$(if $(GUARD_SRC),$(BUILD)/runlxc-guard.so) \
	$(LXC_HELPERS)
# An uninstalled command finds these beside itself.
LINKED_DIRS := $(addprefix $(BUILD)/,$(wildcard lxc-templates configs))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))

# For the tests: what has to be there after `make all`.
.PHONY: products
products:
	@printf '%s\n' $(COMMANDS) $(HELPERS) $(SHARED_LIB)

.PHONY: all
all: $(STATIC_LIB) $(if $(SANITIZE),,$(SHARED_LIB) $(BUILD)/liblxcdriver.so) $(COMMANDS) $(HELPERS) \
	$(LINKED_DIRS)

# ---- compiling ----
# Changed flags (another PREFIX, another compiler) rebuild everything: the stamp is rewritten only when they differ.
FLAGS_TEXT = $(CC) $(ALL_CFLAGS) $(LDFLAGS)
.PHONY: FORCE
$(BUILD)/flags.stamp: FORCE
	@mkdir -p $(BUILD)
	@$(PKG_CONFIG) --exists --print-errors $(PACKAGES) lxc $(SDBUS) || \
		{ echo 'A library is missing: tests/setup.sh installs what the build needs.' >&2; exit 1; }
	@echo "$(subst ",\",$(FLAGS_TEXT))" | cmp -s - $@ || echo "$(subst ",\",$(FLAGS_TEXT))" > $@

# Not -I: initshim/limits.h is called like a header of the system, and gcc's own <limits.h> would find it even by -iquote
# (its #include_next starts with that list). -MD, for -MMD leaves out what -idirafter finds.
# The library's objects serve both of its forms, and
# position-independent executables; those of initshim/shared also the static programs.
INCLUDE := -iquote driver -idirafter initshim
SMALL := -ffunction-sections -fdata-sections
$(call objects,$(LIB_SRC)): PLACE := -fPIC -ffunction-sections -fdata-sections -iquotedriver -iquoteinitshim
$(call objects,$(SHARED_SRC)): PLACE := -fPIC $(SMALL) $(INCLUDE)
$(call objects,$(LAUNCH_SRC) $(RUNLXC_SRC) $(CLI_SRC)): PLACE := -fPIE $(INCLUDE) -iquote driver/cli
$(call objects,$(LXC_SRC)): PLACE := -fPIE $(INCLUDE)
$(call objects,$(LXC_SRC)): EXTRA_CFLAGS = $(LXC_CFLAGS)
$(call objects,driver/host/systemd.c): EXTRA_CFLAGS = $(SDBUS_CFLAGS)
$(call objects,$(SHIM_SRC) $(SUPERVISE_SRC)): PLACE := -fPIE $(SMALL) $(INCLUDE)
$(call objects,$(GUARD_SRC)): PLACE := -fPIC -fvisibility=hidden $(INCLUDE)
# Loaded into a program without sanitizers.
$(call objects,$(GUARD_SRC)) $(BUILD)/runlxc-guard.so: private HARDEN := $(HARDEN_PLAIN)
$(BUILD)/runlxc-guard.so: private HARDEN_LD := $(HARDEN_LD_PLAIN)
$(call objects,$(wildcard tests/unit/*.c)): PLACE := -fPIE $(INCLUDE) -iquote driver/cli -iquote tests/unit -iquote .

$(BUILD)/obj/%.o: %.c $(BUILD)/flags.stamp
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(PKG_CFLAGS) $(EXTRA_CFLAGS) $(PLACE) -c -o $@ $<

# ---- linking ----
LINK = $(CC) $(CFLAGS) -pie $(HARDEN_LD) $(LDFLAGS)
LINK_STATIC = $(CC) $(CFLAGS) $(if $(SANITIZE),-pie,-static-pie) $(HARDEN_LD) -Wl,--gc-sections $(LDFLAGS)

# Removed first, for an archive keeps the member of a source that is gone; "q", for "r" replaces a member of the same file name
# from another directory.
$(STATIC_LIB): $(call objects,$(LIB_SRC))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) qcsD $@ $^

$(SHARED_LIB): $(call objects,$(LIB_SRC)) driver/lxcdriver.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -shared $(HARDEN_LD) -Wl,-z,defs -Wl,-soname,$(SONAME) \
		-Wl,--version-script=driver/lxcdriver.map $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)

$(BUILD)/liblxcdriver.so: $(SHARED_LIB)
	$(Q)ln -sf $(SONAME) $@

$(BUILD)/lxc-launch: $(call objects,$(LAUNCH_SRC) $(CLI_SRC)) $(STATIC_LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(BUILD)/runlxc: $(call objects,$(RUNLXC_SRC) $(CLI_SRC)) $(STATIC_LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(LXC_HELPERS): $(BUILD)/runlxc-lxc-%: $(BUILD)/obj/driver/lxc/%.o $(STATIC_LIB)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LXC_LIBS) $(PKG_LIBS)

# An archive: each of the two takes what it uses.
$(BUILD)/obj/initshim/shared.a: $(call objects,$(SHARED_SRC))
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) qcsD $@ $^

$(BUILD)/runlxc-init: $(call objects,$(SHIM_SRC)) $(BUILD)/obj/initshim/shared.a
	$(call say,LINK,$@)
	$(Q)$(LINK_STATIC) -o $@ $^

$(BUILD)/runlxc-supervise: $(call objects,$(SUPERVISE_SRC)) $(BUILD)/obj/initshim/shared.a
	$(call say,LINK,$@)
	$(Q)$(LINK_STATIC) -o $@ $^

$(BUILD)/runlxc-guard.so: $(call objects,$(GUARD_SRC))
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -shared $(HARDEN_LD) -Wl,-z,defs $(LDFLAGS) -o $@ $^

$(LINKED_DIRS):
	@mkdir -p $(BUILD)
	$(Q)ln -sfnr $(@F) $@

# ---- unit tests ----
# /* SOURCES: a.c b.c */ within the first five lines of a test names sources to link that are not in the library.
UNIT_EXTRA := $(if $(UNIT_SRC),$(shell awk 'FNR <= 5 && match($$0, /SOURCES: [^*]*/) { \
	n = split(substr($$0, RSTART + 9, RLENGTH - 9), s, " "); \
	for (i = 1; i <= n; i++) print FILENAME "=" s[i] }' $(UNIT_SRC)))

define unit_rule
$(BUILD)/tests/$(1): $(BUILD)/obj/tests/unit/$(1).o \
	$(call objects,$(patsubst tests/unit/$(1).c=%,%,$(filter tests/unit/$(1).c=%,$(UNIT_EXTRA)))) $(STATIC_LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(CMOCKA_LIBS) $$(PKG_LIBS)
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(basename $(notdir $(t))))))

.PHONY: unit-tests check-units
unit-tests: $(UNIT_TESTS)
# What a package's build can run, as an ordinary user: these others mount, make cgroups, devices and links, or want files of root's.
UNITS_OF_ROOT := apparmor cgroup_live cgroup_stats conf fs guard image net netdev proc seccomp_cache shim_attach shim_root shim_run state
UNITS_OF_ANY := $(filter-out $(UNITS_OF_ROOT:%=$(BUILD)/tests/test_%),$(UNIT_TESTS))
check-units: all $(UNITS_OF_ANY)
	@set -e; for test in $(UNITS_OF_ANY); do CMOCKA_MESSAGE_OUTPUT=TAP $$test >$$test.log 2>&1 || { cat $$test.log; exit 1; }; done

# What tests/golden/run.sh runs: the writer of configurations for all cases, and liblxc's reader.
GOLDEN_SRC := $(wildcard tests/golden/*.c)
$(call objects,$(GOLDEN_SRC)): PLACE := -fPIE $(INCLUDE) -iquote driver/cli -iquote tests/golden
$(call objects,tests/golden/read/read.c): PLACE := -fPIE $(LXC_CFLAGS)
.PHONY: golden-programs
golden-programs: $(BUILD)/tests/golden-cases $(BUILD)/tests/golden-read
$(BUILD)/tests/golden-cases: $(call objects,$(GOLDEN_SRC)) $(STATIC_LIB)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)
$(BUILD)/tests/golden-read: $(call objects,tests/golden/read/read.c)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LXC_LIBS)

# ---- fuzzers: build/fuzz/NAME for libFuzzer, build/fuzz-afl/NAME for AFL++ ----
# Each target is built twice from the same source, with the library instrumented as well: a make with FUZZ set does one of the two.
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
FUZZ_SHARED := $(wildcard tests/fuzz/shared/*.c)
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(FUZZ_SRC))
$(call objects,$(FUZZ_SRC) $(FUZZ_SHARED)): PLACE := -fPIE $(INCLUDE) -iquote driver/cli -iquote tests/fuzz
$(call objects,tests/fuzz/lxc_config.c): EXTRA_CFLAGS = $(LXC_CFLAGS)
FUZZ_EXTRA := $(if $(FUZZ),$(shell awk 'FNR <= 5 && match($$0, /SOURCES: [^*]*/) { \
	n = split(substr($$0, RSTART + 9, RLENGTH - 9), s, " "); \
	for (i = 1; i <= n; i++) print FILENAME "=" s[i] }' $(FUZZ_SRC)))

define fuzz_rule
$(BUILD)/$(1): $(call objects,tests/fuzz/$(1).c tests/fuzz/shared/input.c \
	$(patsubst tests/fuzz/$(1).c=%,%,$(filter tests/fuzz/$(1).c=%,$(FUZZ_EXTRA)))) $(STATIC_LIB)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $(if $(filter lxc_config,$(1)),$$(LXC_LIBS)) $$(PKG_LIBS)
endef
ifdef FUZZ
$(foreach t,$(FUZZ_SRC),$(eval $(call fuzz_rule,$(basename $(notdir $(t))))))
endif

.PHONY: fuzz fuzz-afl fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
fuzz:
	@+$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang FUZZ=libfuzzer fuzz-targets
fuzz-afl:
	@+AFL_QUIET=1 $(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz-afl CC=afl-clang-fast FUZZ=afl fuzz-targets

-include $(patsubst %.o,%.d,$(call objects,$(C_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(FUZZ_SHARED)))

# ---- what a person calls ----
NPROC := $(shell nproc)
.PHONY: check check-vm check-vm-all check-failures check-mutants quickstart bench lint format clean help
check:
	@tests/setup.sh
	@BUILD='$(BUILD)' CC='$(CC)' tests/run.sh

check-vm check-vm-all:
	@tests/setup.sh
	@BUILD='$(BUILD)' CC='$(CC)' $(if $(filter %-all,$@),VM_SUITES=all) tests/run.sh vm

# Every place that makes a system call, with every error, where `make check` takes a part. Half an hour on two idle processors;
# DONE=FILE keeps what has passed, to go on another time.
check-failures:
	@tests/setup.sh
	@BUILD='$(BUILD)' CC='$(CC)' FAILURES=all TEST_LIMIT=86400 tests/run.sh failures/matrix

# What the replayed attacks are worth: each guard taken out of a build, on which the attack has to succeed. About half an hour.
check-mutants:
	@tests/setup.sh
	@BUILD='$(BUILD)' CC='$(CC)' TEST_LIMIT=14400 tests/run.sh mutants

quickstart:
	@tests/setup.sh --quickstart
	@+$(MAKE) --no-print-directory -j$(NPROC) all
	@tests/quickstart.sh $(BUILD)

bench: all
	@BUILD='$(BUILD)' CC='$(CC)' tests/bench/all.sh

lint:
	@CLANG_FORMAT='$(CLANG_FORMAT)' tests/lint.sh

format:
	$(CLANG_FORMAT) -i $(shell find driver initshim tests -name '*.[ch]')

clean:
	rm -rf $(BUILD)

help:
	@echo 'make              build everything into build/; build/lxc-launch works from there'
	@echo 'make quickstart   as root: install what is needed, build, start a first container'
	@echo 'make check        as root: install what is needed, build, run all tests'
	@echo 'make check-vm     as root: suites on a second kernel, Debian'\''s in qemu; make check-vm-all: with every command-line suite'
	@echo 'make check-failures  as root: every system call of ours made to fail with each of five errors; half an hour'
	@echo 'make check-mutants  as root: builds without each of our guards, on which the attacks have to succeed'
	@echo 'make install      PREFIX=/usr/local DESTDIR=; make uninstall takes it away again'
	@echo 'make deb          Debian packages, into build/deb; make dist: the tarball, into build/dist'
	@echo 'make fuzz         targets for libFuzzer in build/fuzz, make fuzz-afl: for AFL++; tests/fuzz/run.sh runs them'
	@echo 'make bench        as root: measure, beside runc and crun; make lint, make format: the sources'

# ---- what is given away ----
# The same bytes whenever and wherever: the files in order, of nobody, and of the moment that debian/changelog ends with.
DIST := runlxc-$(VERSION)
DIST_TAR := $(abspath $(BUILD))/dist/$(DIST).tar.gz
DEB := $(abspath $(BUILD))/deb
DATE = $(shell sed -n '/^ -- /{s/.*>  //p;q}' debian/changelog)

# Git's files as they are here, or those that an unpacked one lists.
.PHONY: dist deb
dist:
	@rm -rf $(BUILD)/dist && mkdir -p $(BUILD)/dist/$(DIST)
	@if test -e .git; then git ls-files | while read -r file; do test ! -e "$$file" || echo "$$file"; done; \
		else cat MANIFEST; fi | LC_ALL=C sort > $(BUILD)/dist/$(DIST)/MANIFEST
	@xargs -d '\n' -a $(BUILD)/dist/$(DIST)/MANIFEST cp -P --parents --preserve=mode -t $(BUILD)/dist/$(DIST)
	@tar -C $(BUILD)/dist --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--mtime='$(DATE)' -cf $(DIST_TAR:.gz=) $(DIST)
	@rm -rf $(BUILD)/dist/$(DIST) && gzip -9n $(DIST_TAR:.gz=)
	@echo $(DIST_TAR)

# Not the variables of this make: dpkg-buildpackage has a make of its own, and flags of its own.
deb: dist
	@tests/setup.sh --deb
	@rm -rf $(DEB) && mkdir -p $(DEB) && tar -C $(DEB) -xf $(DIST_TAR)
	cd $(DEB)/$(DIST) && env -i PATH="$$PATH" HOME="$${HOME:-/}" DEB_BUILD_OPTIONS='$(DEB_BUILD_OPTIONS)' \
		dpkg-buildpackage -us -uc
	@rm -rf $(DEB)/$(DIST)
	@ls $(DEB)/*.deb

# ---- installing ----
MAN_PAGES := $(wildcard man/*.[1-8])
# A page of this name for each function that a page of section 3 has under NAME.
MAN_LINKS := $(foreach n,$(shell sed -n 's/^\.Nm \(lxcdriver_[a-z_]*\).*/\1/p' man/lxcdriver.3 2>/dev/null | sort -u),\
	$(mandir)/man3/$(n).3)
TEMPLATES := $(wildcard lxc-templates/*)
# What completes commands in one shell: NAME.bash, _NAME for zsh, NAME.fish, and functions of fish's in a file each.
COMPLETIONS := $(wildcard configs/completion/*.bash configs/completion/_* configs/completion/*.fish configs/completion/functions/*.fish)
completion_dir = $(if $(filter %.bash,$(1)),$(bashcompdir),$(if $(findstring /functions/,$(1)),$(fishfuncdir),$(if \
	$(filter %.fish,$(1)),$(fishcompdir),$(zshcompdir))))
completion_place = $(completion_dir)/$(patsubst %.bash,%,$(notdir $(1)))
APPARMOR := $(if $(wildcard configs/apparmor),$(shell find configs/apparmor -type f | sort))
SETTINGS := $(wildcard configs/runlxc.conf)
# What an engine's administrator copies from: everything under configs/ that has no place of its own.
SNIPPETS := $(filter-out $(COMPLETIONS) $(APPARMOR) $(SETTINGS),\
	$(if $(wildcard configs),$(shell find configs -type f | sort)))

INSTALLED := $(addprefix $(bindir)/,$(notdir $(COMMANDS))) \
	$(addprefix $(helperdir)/,$(notdir $(HELPERS))) \
	$(addprefix $(libdir)/,liblxcdriver.a $(SONAME) liblxcdriver.so) \
	$(includedir)/lxcdriver.h $(pkgconfigdir)/lxcdriver.pc \
	$(addprefix $(templatedir)/,$(notdir $(TEMPLATES))) \
	$(foreach m,$(MAN_PAGES),$(mandir)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
	$(MAN_LINKS) \
	$(foreach c,$(COMPLETIONS),$(call completion_place,$(c))) \
	$(patsubst configs/apparmor/%,$(sysconfdir)/apparmor.d/%,$(APPARMOR)) \
	$(patsubst configs/%,$(configdir)/%,$(SNIPPETS))

put = $(INSTALL) -D -m $(1) $(2) $(DESTDIR)$(3)
define newline


endef
# A text in which places stand as with the default PREFIX.
put_text = $(call put,644,$(1),$(2))$(newline)	sed -i -e 's|/usr/local/|$(prefix)/|g' \
	-e 's|/etc/runlxc|$(sysconfdir)/runlxc|g' $(DESTDIR)$(2)$(newline)

.PHONY: install install-strip install-apparmor install-docs uninstall
install: all install-apparmor install-docs
	$(foreach f,$(COMMANDS),$(call put,755,$(f),$(bindir)/$(notdir $(f)))$(newline))
	$(foreach f,$(HELPERS),$(call put,755,$(f),$(helperdir)/$(notdir $(f)))$(newline))
	$(call put,644,$(STATIC_LIB),$(libdir)/liblxcdriver.a)
	$(call put,644,$(SHARED_LIB),$(libdir)/$(SONAME))
	ln -sf $(SONAME) $(DESTDIR)$(libdir)/liblxcdriver.so
	$(call put,644,driver/lxcdriver.h,$(includedir)/lxcdriver.h)
	$(INSTALL) -d $(DESTDIR)$(pkgconfigdir)
	sed -e 's|@PREFIX@|$(prefix)|' -e 's|@LIBDIR@|$(libdir)|' -e 's|@INCLUDEDIR@|$(includedir)|' \
		-e 's|@VERSION@|$(VERSION)|' lxcdriver.pc.in > $(DESTDIR)$(pkgconfigdir)/lxcdriver.pc
	chmod 644 $(DESTDIR)$(pkgconfigdir)/lxcdriver.pc
	$(foreach f,$(TEMPLATES),$(call put,644,$(f),$(templatedir)/$(notdir $(f)))$(newline))
	$(foreach f,$(SNIPPETS),$(call put_text,$(f),$(patsubst configs/%,$(configdir)/%,$(f))))
# An administrator's settings are never overwritten.
	$(foreach f,$(SETTINGS),test -e $(DESTDIR)$(sysconfdir)/runlxc/$(notdir $(f)) || \
		$(call put,644,$(f),$(sysconfdir)/runlxc/$(notdir $(f)))$(newline))

install-docs:
	$(foreach f,$(MAN_PAGES),$(call put_text,$(f),$(mandir)/man$(subst .,,$(suffix $(f)))/$(notdir $(f))))
	$(foreach f,$(MAN_LINKS),ln -sf lxcdriver.3 $(DESTDIR)$(f)$(newline))
	$(foreach f,$(COMPLETIONS),$(call put_text,$(f),$(call completion_place,$(f))))

# Paths in profiles follow the prefix.
install-apparmor:
	$(foreach f,$(APPARMOR),$(call put,644,$(f),$(patsubst configs/apparmor/%,$(sysconfdir)/apparmor.d/%,$(f)))$(newline))
	sed -i -e 's|^@{RUNLXC_BIN}=.*|@{RUNLXC_BIN}=$(bindir)|' -e 's|^@{RUNLXC_LIBEXEC}=.*|@{RUNLXC_LIBEXEC}=$(helperdir)|' \
		$(DESTDIR)$(sysconfdir)/apparmor.d/tunables/runlxc

install-strip:
	@+$(MAKE) --no-print-directory install INSTALL='$(INSTALL)'
	strip --strip-unneeded $(addprefix $(DESTDIR),$(addprefix $(bindir)/,$(notdir $(COMMANDS))) \
		$(addprefix $(helperdir)/,$(notdir $(HELPERS))) $(libdir)/$(SONAME))

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	for dir in $(helperdir) $(templatedir) $(pkgdatadir) $(sysconfdir)/apparmor.d/abstractions/runlxc; do \
		if test -d $(DESTDIR)$$dir; then find $(DESTDIR)$$dir -depth -type d -empty -delete; fi; done
