#!/usr/bin/env bash
# Runs the end-to-end tests, tests/e2e/*.test.mjs, under Node's test runner: real servers, gateways, agents
# and clients, in throw-away clusters that the tests make with scripts/cluster.sh. Named files run alone.
#
# The tests find what they need in the environment: NPCSIM_ROOT, NPCSIM_BUILD, NPCSIM_GATEWAY,
# NPCSIM_AGENT, NPCSIM_CLUSTER (scripts/cluster.sh), NPCSIM_WEB (the page's directory), NPCSIM_CHROMIUM
# (empty when there is no browser). NPCSIM_TEST_NAMES runs only the tests whose names match it.
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

shopt -s nullglob
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(tests/e2e/*.test.mjs)
tap_begin e2e
for file in "${files[@]}"; do
	tap_run "$(basename "${file%.test.mjs}")" 900 node --test --test-reporter=tap ${NPCSIM_TEST_NAMES:+"--test-name-pattern=$NPCSIM_TEST_NAMES"} "$file"
done
tap_finish
