#!/bin/bash -p
# Compares what random colonies are now with what was recorded of them in tests/digests/recorded.txt, seed by seed
# (digests.mjs tells what is looked at). To be run after each step that is to change nothing; who changes something on
# purpose records anew, and says so in the commit.
#
#   tests/digests/run.sh [--record]
#
#   NPCSIM_SEEDS=200 NPCSIM_SEED=1    how many seeds, from which on
#   NPCSIM_SECONDS=300                how long each lives (only what was recorded with the same can be compared)
#   NPCSIM_KEEP=DIRECTORY             also writes what the digests are of, for diff
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

"$ROOT/scripts/install-packages.sh" run test || exit 1
cd "$ROOT"
with_node
npm_install "$ROOT/tests/e2e"
export NPCSIM_ROOT="$ROOT" NPCSIM_BUILD="$BUILD" NPCSIM_GATEWAY="$BUILD/npcsim-gateway" NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"
exec node tests/digests/digests.mjs "$@"
