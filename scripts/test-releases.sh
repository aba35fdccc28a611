#!/bin/bash -p
# Runs end-to-end tests against the gateway as other releases of Debian build it, with sanitizers and with their libwebsockets;
# database and agents are this machine's. This is a part of "make test-long". NPCSIM_SUITES names the releases.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$ROOT"
with_node
npm_install "$ROOT/clients/mcp"
npm_install "$ROOT/tests/e2e"
forget_proxies
build_all extension programs
tap_begin releases
for suite in ${NPCSIM_SUITES:-trixie}; do
	dir="$BUILD/$suite" # a newer compiler may warn of more
	scripts/in-root.sh "$suite" true
	run_quietly "$BUILD/$suite.log" scripts/in-root.sh "$suite" \
		make -j "$(nproc)" BUILD="build/$suite" SANITIZE=1 WERROR= gateway || die "the gateway does not build there"
	say "$suite: $(scripts/in-root.sh "$suite" dpkg-query --show libwebsockets-dev)"
	printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$ROOT/scripts/in-root.sh" "$suite" "$dir/npcsim-gateway" >"$dir/gateway-there"
	chmod +x "$dir/gateway-there"
	export NPCSIM_ROOT="$ROOT" NPCSIM_BUILD="$BUILD" NPCSIM_WEB="$ROOT/clients/web" NPCSIM_GATEWAY="$dir/gateway-there" \
		NPCSIM_AGENT="$BUILD/npcsim-agent" NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"
	for test in wire hostile gateway streams mcp_bridge; do
		tap_run "$test-$suite" 300 node --test --test-reporter=tap "tests/e2e/$test.test.mjs"
	done
done
tap_finish
