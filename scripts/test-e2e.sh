#!/usr/bin/env bash
# Runs the end-to-end tests, tests/e2e/*.test.mjs, under Node's test runner: real servers, gateways, agents
# and clients, in throw-away clusters that the tests make with scripts/cluster.sh. Named files run alone.
#
# The tests find what they need in the environment: NPCSIM_ROOT, NPCSIM_BUILD, NPCSIM_GATEWAY,
# NPCSIM_AGENT, NPCSIM_CLUSTER (scripts/cluster.sh), NPCSIM_WEB (the page's directory), NPCSIM_CHROMIUM
# (empty when there is no browser). NPCSIM_TEST_NAMES runs only the tests whose names match it.
#
#   NPCSIM_SANITIZE=1    the programs of SANITIZE=1, with the address sanitizer
#   NPCSIM_VALGRIND=1    the programs under valgrind, which sees inside the libraries, too
#
# With either, what is found in any process of a test fails that test's file, whatever the test itself noticed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

install_packages run test || exit 1
cd "$ROOT"
with_node
npm_install "$ROOT/clients/mcp"
npm_install "$ROOT/tests/e2e"

NPCSIM_CHROMIUM="${NPCSIM_CHROMIUM:-$(type -P chromium || type -P chromium-browser || type -P google-chrome || true)}"
export NPCSIM_CHROMIUM NPCSIM_ROOT="$ROOT" NPCSIM_BUILD="$BUILD" NPCSIM_WEB="$ROOT/clients/web" \
	NPCSIM_GATEWAY="$BUILD/npcsim-gateway" NPCSIM_AGENT="$BUILD/npcsim-agent" \
	NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"

# Reports go to files: what a test does with a program's output, or to the program, takes none away.
reports="$BUILD/results/reports" limit=900
rm -rf "$reports"
if [ -n "${NPCSIM_SANITIZE:-}" ]; then
	export NPCSIM_AGENT_MEGABYTES=700
	build_all SANITIZE=1 programs
	mkdir -p "$reports"
	chmod 1777 "$reports"
	NPCSIM_GATEWAY="$BUILD/sanitize/npcsim-gateway" NPCSIM_AGENT="$BUILD/sanitize/npcsim-agent"
	export ASAN_OPTIONS="log_path=$reports/sanitizer" UBSAN_OPTIONS="log_path=$reports/sanitizer:print_stacktrace=1"
elif [ -n "${NPCSIM_VALGRIND:-}" ]; then
	export NPCSIM_AGENT_MEGABYTES=700
	limit=3600
	mkdir -p "$reports/bin"
	chmod 1777 "$reports"
	for program in "$NPCSIM_GATEWAY" "$NPCSIM_AGENT"; do
		# What the programs start is not theirs. An error is told by the log; the status stays the program's.
		cat >"$reports/bin/$(basename "$program")" <<-END
			#!/bin/sh
			exec valgrind --quiet --trace-children=no --log-file='$reports/valgrind.%p' '$program' "\$@"
		END
		chmod 755 "$reports/bin/$(basename "$program")"
	done
	NPCSIM_GATEWAY="$reports/bin/npcsim-gateway" NPCSIM_AGENT="$reports/bin/npcsim-agent"
fi

shopt -s nullglob
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(tests/e2e/*.test.mjs)
tap_begin e2e
for file in "${files[@]}"; do
	tap_run "$(basename "${file%.test.mjs}")" "$limit" "$ROOT/scripts/with-reports.sh" "$reports" \
		node --test --test-reporter=tap ${NPCSIM_TEST_NAMES:+"--test-name-pattern=$NPCSIM_TEST_NAMES"} "$file"
done
tap_finish
