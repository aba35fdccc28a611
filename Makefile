# npcsim: a colony simulation that lives inside PostgreSQL.
#
#   make                 builds the extension, the gateway and the agent
#   make install         installs them, into the PostgreSQL of PG_CONFIG and below NPCSIM_PREFIX (as root)
#   make demo            shows a world, in a private cluster in .npcsim/; make demo-clean removes it
#   make test            runs all tests, in throw-away clusters; test-unit, test-sql, test-e2e, test-newcomer run a part
#   make test-matrix     builds and runs SQL tests on Debian 12, 13 and unstable, in roots of their own (as root)
#   make test-long       runs what takes hours: 1,000 random colonies, the sanitizer, valgrind, a language model, other releases
#   make lint            runs the checks that need no database
#   make format          lays the C code out by clang-format
#   make bench           takes the figures of the benchmarks
#   make mutate          plants bugs that the tests must find
#
#   PG_CONFIG=…          the PostgreSQL to build against
#   SANITIZE=1           a second build, in build/sanitize: assertions on, undefined behaviour is fatal,
#                        programs and unit tests with the address sanitizer
#   WERROR=-Werror       warnings fail the build, as in CI
#   V=1                  show whole command lines
#
# What is built goes to build/, except npcsim.so, which PGXS keeps in the top directory.

EXTENSION = npcsim
NPCSIM_VERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" npcsim.control)
MODULE_big = npcsim

PG_CONFIG ?= pg_config
NPCSIM_PREFIX ?= /usr/local
WERROR ?=

ifdef SANITIZE
BUILD = build/sanitize
else
BUILD = build
endif

Q = $(if $(V),,@)
announce = $(if $(V),,@echo "  $(1) $@")

# ---------------------------------------------------------------------------------------------------
# Sources

SIM_SOURCES = $(sort $(wildcard src/sim/*.c src/market/*.c))
MODULE_SOURCES = $(sort $(wildcard src/*.c src/tables/*.c src/engine/*.c src/entities/*.c src/components/*.c src/reducers/*.c \
                   workers/launcher/*.c))
GATEWAY_SOURCES = $(sort $(wildcard workers/gateway/*.c workers/gateway/dialects/*.c))
AGENT_SOURCES = $(sort $(wildcard workers/agent/*.c))
COMMON_SOURCES = $(sort $(wildcard workers/common/*.c))
UNIT_SOURCES = $(sort $(wildcard tests/unit/test_*.c))

# The install script consists of these parts, in the order of their numbers.
SQL_PARTS = $(sort $(wildcard sql/[0-9][0-9]_*.sql))
SQL_UPGRADES = $(sort $(wildcard sql/npcsim--*--*.sql))
SQL_SCRIPT = $(BUILD)/$(EXTENSION)--$(NPCSIM_VERSION).sql

SIM_OBJS = $(SIM_SOURCES:%.c=$(BUILD)/%.o)
OBJS = $(SIM_OBJS) $(MODULE_SOURCES:%.c=$(BUILD)/%.o)
GATEWAY_OBJS = $(GATEWAY_SOURCES:%.c=$(BUILD)/%.o)
AGENT_OBJS = $(AGENT_SOURCES:%.c=$(BUILD)/%.o)
COMMON_OBJS = $(COMMON_SOURCES:%.c=$(BUILD)/%.o)
MAN_PAGES = $(BUILD)/man/npcsim-gateway.1 $(BUILD)/man/npcsim-agent.1 $(BUILD)/man/npcsim.7
GATEWAY = $(BUILD)/npcsim-gateway
AGENT = $(BUILD)/npcsim-agent
UNIT_TESTS = $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/tests/%)

DATA = $(SQL_UPGRADES)
DATA_built = $(SQL_SCRIPT)
EXTRA_CLEAN = build

# ---------------------------------------------------------------------------------------------------
# Flags. PostgreSQL's and the libraries' headers are system headers: the warnings are for our own code.

WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers $(WERROR)
DEPENDENCIES = -MMD -MP
SANITIZERS = $(if $(SANITIZE),-fsanitize=address$(,)undefined -fno-sanitize-recover=all)
, := ,

PG_CPPFLAGS = -Isrc -Iworkers/launcher -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS = -std=gnu11 $(WARNINGS) -Wno-declaration-after-statement $(DEPENDENCIES)
# This binds calls among our functions to our own, and not to namesakes that another library has in the backend.
SHLIB_LINK = -Wl,-Bsymbolic
ifdef SANITIZE
# The extension is built without the address sanitizer, which would have to be loaded before the server.
PG_CPPFLAGS += -DUSE_ASSERT_CHECKING=1
PG_CFLAGS += -fsanitize=undefined -fno-sanitize-recover=all
SHLIB_LINK += -fsanitize=undefined
endif

# Plain C, compiled without PostgreSQL's headers: the rules of the world in src/sim and of the market in src/market, the programs, the
# unit tests.
system_headers = $(patsubst -I%,-isystem %,$(filter-out -I/usr/include,$(shell pkg-config --cflags-only-I $(1))))
PLAIN_CFLAGS = -std=gnu11 -O2 -g -fno-omit-frame-pointer -fno-strict-aliasing -fwrapv \
               -fstack-protector-strong -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 \
               $(WARNINGS) $(DEPENDENCIES)
PLAIN_CPPFLAGS = -D_GNU_SOURCE -D_FORTIFY_SOURCE=2
PLAIN_LDFLAGS = -Wl,-z,relro -Wl,-z,now -Wl,--as-needed
PROGRAM_CPPFLAGS = $(PLAIN_CPPFLAGS) -DNPCSIM_VERSION='"$(NPCSIM_VERSION)"' \
                   -DNPCSIM_DATADIR='"$(NPCSIM_PREFIX)/share/npcsim"'
GATEWAY_LIBS = libwebsockets libpq jansson
AGENT_LIBS = libwebsockets jansson libcurl

# ---------------------------------------------------------------------------------------------------
# The extension, built by PGXS. On a machine without PostgreSQL's development files (a new one, or a player's) the other targets
# still work.

.DEFAULT_GOAL := all

# Debian has the makefile in a package that every client of a database gets, so the headers tell whether one can build.
PGXS := $(and $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),$(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null)))
ifneq ($(PGXS),)
# No bitcode is made, so that the build needs no clang: none of our functions is worth inlining into a query.
override with_llvm = no
include $(PGXS)
else
all install: no-pgxs
clean:
	rm -rf build npcsim.so
.PHONY: no-pgxs
no-pgxs:
	@echo "npcsim: no PostgreSQL development files ($(PG_CONFIG) --includedir-server): run scripts/install-packages.sh run build" >&2
	@exit 1
endif

all: programs man
.PHONY: all programs extension gateway agent unit-tests man
programs: gateway agent
gateway: $(GATEWAY)
agent: $(AGENT)
extension: all-lib $(SQL_SCRIPT)
unit-tests: $(UNIT_TESTS)
man: $(MAN_PAGES)

$(SIM_OBJS): $(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call announce,CC  )
	$(Q)$(CC) $(PLAIN_CFLAGS) -fPIC $(if $(SANITIZE),-fsanitize=undefined -fno-sanitize-recover=all) $(PLAIN_CPPFLAGS) -Isrc -c -o $@ $<

$(BUILD)/workers/common/%.o: workers/common/%.c Makefile
	@mkdir -p $(@D)
	$(call announce,CC  )
	$(Q)$(CC) $(PLAIN_CFLAGS) $(SANITIZERS) $(PROGRAM_CPPFLAGS) $(call system_headers,jansson) -c -o $@ $<

$(BUILD)/workers/gateway/%.o: workers/gateway/%.c Makefile
	@mkdir -p $(@D)
	$(call announce,CC  )
	$(Q)$(CC) $(PLAIN_CFLAGS) $(SANITIZERS) $(PROGRAM_CPPFLAGS) -Iworkers -Iworkers/gateway $(call system_headers,$(GATEWAY_LIBS)) -c -o $@ $<

$(BUILD)/workers/agent/%.o: workers/agent/%.c Makefile
	@mkdir -p $(@D)
	$(call announce,CC  )
	$(Q)$(CC) $(PLAIN_CFLAGS) $(SANITIZERS) $(PROGRAM_CPPFLAGS) -Iworkers -Iworkers/agent $(call system_headers,$(AGENT_LIBS)) -c -o $@ $<

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call announce,CC  )
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_SL) $(CPPFLAGS) -c -o $@ $<

$(GATEWAY): $(GATEWAY_OBJS) $(COMMON_OBJS)
	$(call announce,LINK)
	$(Q)$(CC) $(SANITIZERS) $(PLAIN_LDFLAGS) -pthread -o $@ $^ $(shell pkg-config --libs $(GATEWAY_LIBS)) -lm

$(AGENT): $(AGENT_OBJS) $(COMMON_OBJS)
	$(call announce,LINK)
	$(Q)$(CC) $(SANITIZERS) $(PLAIN_LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(AGENT_LIBS)) -lm

# The shared library is in the top directory in both flavours, so it is linked again when the flavour changes.
FLAVOUR = $(if $(SANITIZE),sanitize,plain)
build/flavour: FORCE
	@mkdir -p build
	@echo $(FLAVOUR) | cmp -s - $@ || echo $(FLAVOUR) > $@
FORCE:
.PHONY: FORCE
npcsim.so: build/flavour Makefile

# The install script is made again when its list of parts changes.
build/sql-parts: FORCE
	@mkdir -p build
	@echo $(SQL_PARTS) | cmp -s - $@ || echo $(SQL_PARTS) > $@

$(SQL_SCRIPT): $(SQL_PARTS) build/sql-parts npcsim.control Makefile
	@mkdir -p $(@D)
	@cat $(SQL_PARTS) > $@.new
	@mv $@.new $@
	@echo "  JOIN $@"

# The man pages are made from pages of the manual.
$(BUILD)/man/npcsim-gateway.1: docs/gateway.md
$(BUILD)/man/npcsim-agent.1: docs/agent.md
$(BUILD)/man/npcsim.7: docs/manual.md
$(MAN_PAGES): docs/man.awk npcsim.control Makefile
	@mkdir -p $(@D)
	@awk -v version=$(NPCSIM_VERSION) -f docs/man.awk $(filter %.md,$^) > $@.new
	@mv $@.new $@
	@echo "  MAN  $@"

# A unit test is one program: tests/unit/test_NAME.c, linked with src/sim, src/market and workers/common. What else it needs stands in
# a line of its opening comment, for example
#     @link workers/gateway/mcp.c -ljansson
UNIT_LIBS = $(BUILD)/tests/libsim.a $(BUILD)/tests/libcommon.a
$(BUILD)/tests/libsim.a: $(SIM_OBJS)
$(BUILD)/tests/libcommon.a: $(COMMON_OBJS)
$(UNIT_LIBS):
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

UNIT_HEADERS = $(wildcard src/sim/*.h src/market/*.h tests/unit/*.h $(addsuffix /*.h,workers/common workers/gateway workers/gateway/dialects workers/agent))
UNIT_CFLAGS = $(filter-out $(DEPENDENCIES),$(PLAIN_CFLAGS)) $(SANITIZERS) $(PROGRAM_CPPFLAGS) \
              -I. -Isrc -Itests/unit -Iworkers -Iworkers/gateway -Iworkers/agent

define unit_test
$(BUILD)/tests/$(1): tests/unit/$(1).c $(filter %.c,$(2)) $(UNIT_LIBS) $(UNIT_HEADERS) Makefile
	$$(call announce,LINK)
	$$(Q)$$(CC) $$(UNIT_CFLAGS) -o $$@ $$< $(filter %.c,$(2)) $(UNIT_LIBS) $(filter-out %.c,$(2)) -ljansson -lm
endef
$(foreach test,$(UNIT_SOURCES:tests/unit/%.c=%),$(eval $(call unit_test,$(test),$(shell \
  sed -n 's/^.*@link //p' tests/unit/$(test).c))))

# The kernel of the market as a program, which tests/pgtap/58_markets.sql makes and compares the database with.
$(eval $(call unit_test,market_kernel,))
.PHONY: market-kernel
market-kernel: $(BUILD)/tests/market_kernel

# ---------------------------------------------------------------------------------------------------
# Installing what PGXS does not install: the programs, their man pages, the spectators' page, the script that makes roles.

ifneq ($(PGXS),)
install: install-programs
uninstall: uninstall-programs
endif
.PHONY: install-programs uninstall-programs
install-programs: programs man
	install -d '$(DESTDIR)$(NPCSIM_PREFIX)/bin' '$(DESTDIR)$(NPCSIM_PREFIX)/share/npcsim/web'
	install -m 755 $(GATEWAY) $(AGENT) '$(DESTDIR)$(NPCSIM_PREFIX)/bin/'
	install -m 644 $(wildcard clients/web/*.html clients/web/*.css clients/web/*.js clients/web/*.svg) '$(DESTDIR)$(NPCSIM_PREFIX)/share/npcsim/web/'
	install -m 644 docs/roles.sql '$(DESTDIR)$(NPCSIM_PREFIX)/share/npcsim/'
	install -d '$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man1' '$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man7'
	install -m 644 $(filter %.1,$(MAN_PAGES)) '$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man1/'
	install -m 644 $(filter %.7,$(MAN_PAGES)) '$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man7/'
uninstall-programs:
	rm -f '$(DESTDIR)$(NPCSIM_PREFIX)/bin/npcsim-gateway' '$(DESTDIR)$(NPCSIM_PREFIX)/bin/npcsim-agent'
	rm -rf '$(DESTDIR)$(NPCSIM_PREFIX)/share/npcsim'
	rm -f $(patsubst $(BUILD)/man/%.1,'$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man1/%.1',$(filter %.1,$(MAN_PAGES))) \
		$(patsubst $(BUILD)/man/%.7,'$(DESTDIR)$(NPCSIM_PREFIX)/share/man/man7/%.7',$(filter %.7,$(MAN_PAGES)))

# ---------------------------------------------------------------------------------------------------
# Demo, tests, checks

.PHONY: demo demo-clean test test-unit test-sql test-e2e test-newcomer test-matrix test-long lint format bench mutate
demo:
	@scripts/demo.sh
demo-clean:
	@scripts/demo-clean.sh
test:
	@scripts/test.sh
test-unit: unit-tests
	@scripts/test-unit.sh $(UNIT_TESTS)
test-sql: extension
	@scripts/test-sql.sh
test-e2e: extension programs
	@scripts/test-e2e.sh
test-newcomer:
	@tests/newcomer/run.sh --touched
test-matrix:
	@scripts/test-matrix.sh
test-long: extension programs
	@scripts/test-long.sh
lint:
	@scripts/lint.sh
format:
	clang-format -i $(wildcard src/*.[ch] src/*/*.[ch] workers/*/*.[ch] workers/*/*/*.[ch] tests/unit/*.[ch])
bench: extension programs
	@tests/bench/run.sh
mutate:
	@tests/mutate/run.sh

-include $(patsubst %.o,%.d,$(OBJS) $(COMMON_OBJS) $(GATEWAY_OBJS) $(AGENT_OBJS))
