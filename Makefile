# Everything there is to build. `make help` lists the targets.
#
#   B=DIR                   where to build (build)
#   SAN=address,undefined   a build with sanitizers, in a folder of its own
#   CC=clang                another compiler
#   V=1                     show the commands
#   SECONDS=60              how long `make fuzz` tries each parser, and
#                           `make torture` the watch
#   EDITS=500               how many `make stale` tries the cache with

MAKEFLAGS += --no-print-directory
VERSION := 0.1.0
CC = gcc
PREFIX = /usr/local
DESTDIR =
SAN =
SECONDS = 60
comma := ,
B = build$(if $(SAN),-$(subst $(comma),-,$(SAN)))
Q = $(if $(V),,@)

CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib
CFLAGS = -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -ffunction-sections -fno-common \
	-ffile-prefix-map=$(CURDIR)=.
# A static program starts in two thirds of the time of a dynamic one, and the
# link takes from each archive only what the program uses.
LDFLAGS = -Wl,--gc-sections -static
LIBS = -linih -lyajl_s -lnettle -lpcre2-8 -linotifytools -lz -lzstd -lnghttp2
SOME_STATIC = -Wl,-Bstatic $(LIBS) -Wl,-Bdynamic
LDLIBS = $(LIBS) -lm
# Sanitizers have no static program, but the less of it is shared the sooner
# its start and its search for leaks are over.
ifneq ($(SAN),)
CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS = -Wl,--gc-sections -fsanitize=$(SAN) \
	$(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
LDLIBS = $(SOME_STATIC) -lm
endif

# Debian packages: to build, then to test, then to lint.
BUILD_DEPS = gcc libc6-dev libinih-dev libyajl-dev nettle-dev libpcre2-dev \
	libinotifytools0-dev zlib1g-dev libnghttp2-dev libzstd-dev \
	libcurl4-openssl-dev
CHECK_DEPS = bats git perl jq curl mandoc procps util-linux uidmap inotify-tools \
	busybox-static musl-tools python3 \
	python3-jsonschema zstd libxml2-utils time \
	docker-registry skopeo apache2-utils openssl zsh fish sqlite3
BENCH_DEPS = hyperfine jq curl busybox-static bubblewrap g++ libtomlplusplus-dev \
	libprotobuf-dev protobuf-compiler python3 inotify-tools entr \
	docker-registry skopeo umoci sqlite3
LINT_DEPS = clang clang-format shellcheck mandoc bats

preload_src := $(wildcard lib/preload/*.c)
guest_src := $(wildcard lib/guest/*.c)
lib_src := $(filter-out $(preload_src) $(guest_src),$(wildcard lib/*/*.c))
tool_src := $(wildcard tools/*.c)
part_src := $(wildcard tools/*/*.c) # of a tool that is more than a file
unit_src := $(wildcard t/unit/*.c)
headers := $(wildcard lib/*/*.h)
lib_obj = $(lib_src:%.c=$B/%.o)
guest_obj = $(patsubst %.c,$B/guest/%.o,$(guest_src) \
	$(filter lib/sys/% lib/base/%,$(filter-out lib/sys/transfer%.c \
	lib/sys/h2d%.c lib/sys/watch%.c lib/sys/preload.c,$(lib_src))))
preload_obj = $(preload_src:%.c=$B/%.so.o)
scripts = $(filter-out %.c,$(wildcard tools/clnrm*))
tools = $(tool_src:tools/%.c=$B/bin/%) $(scripts:tools/%=$B/bin/%)
units = $(unit_src:t/unit/%.c=$B/t/%)
suites = $(patsubst bench/suite/%,$B/bench/%,$(basename $(wildcard bench/suite/*.c bench/suite/*.sh)))
examples = examples/spans/checkout
# Where each shell looks for them.
completions = bash:bash-completion/completions/clnrm zsh:zsh/site-functions/_clnrm \
	fish:fish/vendor_completions.d/clnrm.fish
shown = hello spans/spans.clnrm.toml fake-green/fake-green.clnrm.toml
man = $(wildcard man/*.[157])

all: $(tools) $(suites) $(examples)	## build every program into build/bin
	@:

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# What is loaded into foreign programs leans on no library, has nobody's
# sanitizer, and travels in ours as bytes.
$B/lib/preload/%.so: lib/preload/%.c Makefile
	@mkdir -p $(@D)
	$Q$(CC) -D_GNU_SOURCE $(filter-out -f% -g,$(CFLAGS)) -ffreestanding \
		-fPIC -fno-stack-protector -fno-asynchronous-unwind-tables \
		-nostdlib -shared -s -Wl,-e,_start -Wl,-z,noexecstack \
		-Wl,--build-id=none -Wl,--hash-style=both -o $@ $<

$B/lib/preload/%.so.o: $B/lib/preload/%.so
	$Qcd $(@D) && $(LD) -r -b binary -z noexecstack -o $(@F) $(<F)

# What is put into containers runs whatever their image is, and has nobody's
# sanitizer; it travels in who puts it there.
$B/guest/%.o: %.c Makefile
	@mkdir -p $(@D)
	$Q$(CC) $(CPPFLAGS) $(filter-out -fsanitize% -fno-sanitize% -g,$(CFLAGS)) \
		-MMD -MP -c -o $@ $<

$B/guest/guest: $(guest_obj)
	$Q$(CC) -static -s -Wl,--gc-sections -o $@ $^

$B/guest/guest.bin.o: $B/guest/guest
	$Qcd $(@D) && $(LD) -r -b binary -z noexecstack -o $(@F) $(<F)

$B/libclnrm.a: $(lib_obj) $(preload_obj)
	$Qrm -f $@ && $(AR) rcs $@ $^

$B/bin/clnrm-%: $B/tools/clnrm-%.o $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

$B/bin/clnrm-bench: $B/tools/bench/filter.o
$B/tools/bench/filter.o: CPPFLAGS += -Itools

# Debian has no static libcurl that would do without Kerberos: who speaks to
# registries and engines is linked with the shared one, and with nothing else that is shared.
$B/bin/clnrm-contain: $B/guest/guest.bin.o
$B/bin/clnrm-contain $B/bin/clnrm-pull: $B/bin/%: $B/tools/%.o $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(filter-out -static,$(LDFLAGS)) -o $@ $^ $(SOME_STATIC) \
		-lcurl -lm

templates = $(wildcard examples/templates/*) examples/ci/github.yml
$B/templates.sh: $(templates) Makefile
	@mkdir -p $(@D)
	$Qfor f in $(templates); do n=$${f##*/}; case $$f in */ci/*) n=ci ;; esac; \
		printf "%s) cat <<'END OF TEMPLATE' ;;\n" $${n%%.*}; cat $$f; \
		echo 'END OF TEMPLATE'; done >$@

# Each stands alone: what they share is put into them.
$(scripts:tools/%=$B/bin/%): $B/bin/%: tools/% tools/script.sh $B/templates.sh Makefile
	@mkdir -p $(@D)
	$Qsed -e '/^\. .*script\.sh/{r tools/script.sh' -e 'd}' \
		-e '/@TEMPLATES@/{r $B/templates.sh' -e 'd}' $< | \
		sed -e '/^# shellcheck/d' -e 's/@VERSION@/$(VERSION)/' >$@.new && chmod 755 $@.new && \
		mv $@.new $@

$B/t/%: $B/t/unit/%.o $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$B/bench/%: $B/bench/suite/%.o $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$B/bench/engine: $B/bench/suite/engine.o $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(filter-out -static,$(LDFLAGS)) -o $@ $^ $(SOME_STATIC) \
		-lcurl -lm

$B/bench/%: bench/suite/%.sh
	@mkdir -p $(@D)
	$Qinstall $< $@

examples/spans/checkout: examples/spans/checkout.c Makefile
	$Q$(CC) -std=gnu11 -O2 -Wall -Wextra -static -o $@ $<

units: $(units)
	@:

demo: | deps				## run the example suite
	@$(MAKE) -j$$(nproc) all
	@B=$B examples/demo

check: | deps check-deps		## run every test (SAN=... with sanitizers)
	@$(MAKE) -j$$(nproc) all units
	@BIN=$(abspath $B/bin) SAN=$(SAN) prove -j4 -f -o --timer $(if $(T),$(T),t/*.bats $(units))

soak: all $B/t/sandbox_soak		## ten thousand cleanrooms in a row
	SOAK=10000 $B/t/sandbox_soak
	SOAK=10000 BIN=$(abspath $B/bin) bats t/soak.bats

# Each has a tree of its own below /tmp; a failure names its seed.
torture: all				## random trees, SECONDS=60 long, against the watch
	@cd $$(mktemp -d) && export PATH=$(abspath $B/bin):$$PATH && \
		perl $(CURDIR)/t/watch.pl $${SEED:-$$$$} $(SECONDS)s
	@cd $$(mktemp -d) && export PATH=$(abspath $B/bin):$$PATH && \
		perl $(CURDIR)/t/watch.pl $${SEED:-$$$$} $$(($(SECONDS) / 4))s --poll 50ms

# After each edit the verdicts are held against those of a cold run.
stale: all				## EDITS=500 random edits, and the cache is never wrong
	export PATH=$(abspath $B/bin):$$PATH && \
		t/stale run $(or $(EDITS),500) 50 $${SEED:-$$$$} && \
		t/stale dev $(or $(EDITS),500) 50 $${SEED:-$$$$}

deps:					## install the Debian packages to build with
	@.ci/deps $(BUILD_DEPS)

check-deps:
	@.ci/deps $(CHECK_DEPS)

lint-deps:
	@.ci/deps $(LINT_DEPS)

bench-deps:
	@.ci/deps $(BENCH_DEPS)

lint: | lint-deps			## format, shell, manuals, headers, layers
	$Qclang-format --dry-run -Werror $(lib_src) $(preload_src) $(guest_src) $(tool_src) $(part_src) $(wildcard tools/*/*.h) $(unit_src) \
		$(headers) $(wildcard t/unit/*.h t/fuzz/*.c t/freeze/*.c t/escape/*.[ch] bench/*.[ch] examples/*/*.c)
	$Qshellcheck -x $(scripts) .ci/run .ci/deps .deb/build examples/demo \
		$(wildcard bench/*.sh bench/suite/*.sh)
	$Qshellcheck $(wildcard examples/*/*.sh) examples/ci/pre-commit
	$Qshellcheck -x -S warning $(wildcard t/*.bats t/*.bash)
	$Qfor m in $(man); do mandoc -T lint -W warning $$m || exit 1; done
	$Qfor h in $(headers); do echo "#include \"$$h\"" | $(CC) $(CPPFLAGS) \
		$(CFLAGS) -I. -fsyntax-only -x c - || exit 1; done
	$Qbats t/layers.bats >/dev/null || bats t/layers.bats

fuzzers = $(patsubst t/fuzz/%.c,$B/fuzz/%,$(wildcard t/fuzz/*.c))

$B/fuzz/%: t/fuzz/%.c $B/libclnrm.a
	@mkdir -p $(@D)
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

seeds = $(wildcard ../shared/conformance/toml/valid ../shared/corpus/otlp/hostile)

fuzzers: $(fuzzers)
	@:

fuzz: | fuzz-deps			## each parser, SECONDS=60 long
	@$(MAKE) -j$$(nproc) CC=clang B=build-fuzz \
		SAN=fuzzer-no-link,address,undefined fuzzers
	$Qfor f in $(basename $(wildcard t/fuzz/*.c)); do f=build-fuzz/fuzz/$${f##*/}; mkdir -p $$f.corpus && $$f \
		-max_total_time=$(SECONDS) -rss_limit_mb=4096 -timeout=10 \
		-artifact_prefix=$$f. $$f.corpus $(seeds) || exit 1; done

deb-deps:
	@.ci/deps dpkg-dev

fuzz-deps:
	@.ci/deps clang libclang-rt-14-dev

format:					## put the C sources in form
	$Qclang-format -i $(lib_src) $(preload_src) $(guest_src) $(tool_src) $(part_src) $(wildcard tools/*/*.h) $(unit_src) $(headers) \
		$(wildcard t/unit/*.h t/fuzz/*.c t/freeze/*.c t/escape/*.[ch] bench/*.[ch] examples/*/*.c)

bench: all				## every benchmark, quickly, against its limit
	@BIN=$(abspath $B/bin) bench/run.sh --quick

peers: all | bench-deps			## measure against the peers (as root)
	@for b in harness start whole room watch dev toml tera lint fmt otlp pull engine diff; do BIN=$(abspath $B/bin) bench/$$b.sh || exit 1; done

install: all				## into $(DESTDIR)$(PREFIX)
	$Qinstall -d $(DESTDIR)$(PREFIX)/bin
	$Qinstall $(tools) $(DESTDIR)$(PREFIX)/bin
	$Qfor m in $(man); do d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; \
		install -d $$d && install -m 644 $$m $$d || exit 1; done
	$Qinstall -d $(DESTDIR)$(PREFIX)/share/clnrm
	$Q$B/bin/clnrm-lint --schema json >$(DESTDIR)$(PREFIX)/share/clnrm/schema.json
	$Qfor c in $(completions); do f=$(DESTDIR)$(PREFIX)/share/$${c#*:}; \
		install -d $${f%/*} && $B/bin/clnrm completions $${c%%:*} >$$f || exit 1; done

uninstall:				## remove what install put there
	$Qrm -f $(tools:$B/bin/%=$(DESTDIR)$(PREFIX)/bin/%)
	$Qfor m in $(man); do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	$Qfor c in $(completions); do rm -f $(DESTDIR)$(PREFIX)/share/$${c#*:}; done
	$Qrm -f $(DESTDIR)$(PREFIX)/share/clnrm/schema.json
	$Qrmdir $(DESTDIR)$(PREFIX)/share/clnrm 2>/dev/null || :

dist:					## the sources as a tar archive, in build
	@mkdir -p $B
	$Qgit archive --prefix=clnrm-$(VERSION)/ HEAD | gzip -9n >$B/clnrm-$(VERSION).tar.gz
	@echo $B/clnrm-$(VERSION).tar.gz

deb: all | deb-deps			## a Debian package, in build
	+@MAKE="$(MAKE)" .deb/build $(VERSION) $B

# The picture in README.md is of a real run.
terminal: all				## draw the terminal of README.md anew
	@cd examples && { printf '$$ clnrm run %s\n' '$(shown)' && \
		../$B/bin/clnrm run --color always --format text $(shown); } | \
		../.ci/terminal 'clnrm run' >terminal.svg

clean:					## remove what was built
	$Qrm -rf build build-* $(examples)

help:
	@sed -n 's/^\([a-z]*\):.*	## /\1	/p' Makefile

.PHONY: all dist deb terminal units soak torture stale fuzzers demo check fuzz lint format bench peers install uninstall \
	clean help deps check-deps bench-deps fuzz-deps lint-deps deb-deps
.SECONDARY:
-include $(lib_obj:.o=.d) $(guest_obj:.o=.d) $(tool_src:%.c=$B/%.d) $(part_src:%.c=$B/%.d) $(unit_src:%.c=$B/%.d) $(wildcard $B/bench/suite/*.d)
