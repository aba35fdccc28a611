#!/bin/bash -p
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
forget_proxies

NPCSIM_CHROMIUM="${NPCSIM_CHROMIUM:-$(type -P chromium || type -P chromium-browser || type -P google-chrome || true)}"
export NPCSIM_CHROMIUM NPCSIM_ROOT="$ROOT" NPCSIM_BUILD="$BUILD" NPCSIM_WEB="$ROOT/clients/web" \
	NPCSIM_GATEWAY="$BUILD/npcsim-gateway" NPCSIM_AGENT="$BUILD/npcsim-agent" \
	NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"

limit="${NPCSIM_LIMIT:-900}" # seconds for a file
if [ -n "${NPCSIM_SANITIZE:-}" ]; then
	export NPCSIM_AGENT_MEGABYTES=700
	build_all SANITIZE=1 programs
	NPCSIM_GATEWAY="$BUILD/sanitize/npcsim-gateway" NPCSIM_AGENT="$BUILD/sanitize/npcsim-agent"
elif [ -n "${NPCSIM_VALGRIND:-}" ]; then
	export NPCSIM_AGENT_MEGABYTES=700
	limit=3600
fi

shopt -s nullglob extglob
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(tests/e2e/{colony,workers}.test.mjs tests/e2e/!(colony|workers).test.mjs) # the longest first

# run FILE: starts one test file
run()
{
	local name
	name="$(basename "${1%.test.mjs}")"
	tap_start "$name" "$limit" "$ROOT/scripts/contained.sh" "$ROOT/scripts/with-reports.sh" "$BUILD/results/reports/$name" \
		node --test --test-reporter=tap ${NPCSIM_TEST_NAMES:+"--test-name-pattern=$NPCSIM_TEST_NAMES"} "$1"
}

# Tests mostly wait, so two run at a time; those that measure say so in their first lines, and run alone.
tap_begin e2e
alone=()
for file in "${files[@]}"; do
	if grep -q '^// Runs alone:' "$file"; then
		alone+=("$file")
		continue
	fi
	[ ${#TAP_RUNNING[@]} -lt 2 ] || tap_wait
	run "$file"
done
while [ ${#TAP_RUNNING[@]} -gt 0 ]; do
	tap_wait
done
for file in "${alone[@]}"; do
	run "$file"
	tap_wait
done
tap_finish
