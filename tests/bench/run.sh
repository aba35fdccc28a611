#!/bin/bash -p
# Measures npcsim on this machine with real servers, gateways and clients, in throw-away clusters with PostgreSQL's default
# configuration. It prints one table per part, and keeps them with the raw figures in build/results/bench/. The exit status
# is non-zero only when a part cannot be run: a missed target is a result.
#
#   tests/bench/run.sh [built-in | answered | long | micro | vision | large | limit | cost | baseline | claims | pipeline | day]…
#
# All parts run when none is named (docs/benchmarks.md explains them).
#
# The environment shortens or varies a run (the report names what was changed):
#   BENCH_NPCS=1000         NPCs in the world (its size grows with them)
#   BENCH_LARGE_NPCS=10000  the same in large and baseline
#   BENCH_LIMIT_NPCS=40000  the largest world that limit tries
#   BENCH_WARM_UP=120       seconds before anything is measured (built-in, answered, large)
#   BENCH_SECONDS=60        seconds of measuring (built-in, answered, large)
#   BENCH_STEP_WARM_UP=75   the same two for each of the worlds of limit, cost and baseline
#   BENCH_STEP_SECONDS=30
#   BENCH_DAY_SECONDS=86400 world seconds of day
#   BENCH_JOBS=30000        jobs that the queues of pipeline work off
#   BENCH_LONG_MINUTES=30   length of the long run; a snapshot is held in its last third
#   BENCH_LONG_SPEED=1      speed of the world of the long run, up to 1000
#   BENCH_NICE=-20          priority of the servers, for a machine that has other work (only root may raise it); client
#                           programs keep theirs
#   BENCH_PERF=1            also takes call graphs of the worker, the gateway and its backends (needs perf)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

"$ROOT/scripts/install-packages.sh" run test || exit 1
cd "$ROOT"
for file in npcsim.so build/npcsim-gateway; do
	[ -e "$file" ] || die "$file is not built: run make"
done
# The job queues of "pipeline" run on a later Node than the rest.
[[ $# -gt 0 && " $* " != *" pipeline "* ]] || export NPCSIM_NODE_MIN=22
with_node
npm_install "$ROOT/tests/e2e"
[ -z "${NPCSIM_NODE_MIN:-}" ] || npm_install "$ROOT/tests/bench/queues"
forget_proxies
export NPCSIM_ROOT="$ROOT" NPCSIM_GATEWAY="$BUILD/npcsim-gateway" NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"
exec node tests/bench/bench.mjs "$@"
