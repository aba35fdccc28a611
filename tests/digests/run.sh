#!/bin/bash -p
# Compares the digests of random colonies with those recorded in tests/digests/recorded.txt, seed by seed (digests.mjs
# explains what they cover). It is to be run after each step that should change nothing; whoever changes something on
# purpose records the digests anew, and says so in the commit.
#
#   tests/digests/run.sh [--record]
#
#   NPCSIM_SEEDS=200 NPCSIM_SEED=1    how many seeds, and the first one
#   NPCSIM_SECONDS=300                how long each colony lives (only digests recorded with the same can be compared)
#   NPCSIM_KEEP=DIRECTORY             also writes the texts of which the digests are made, for diff
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

"$ROOT/scripts/install-packages.sh" run test || exit 1
cd "$ROOT"
with_node
npm_install "$ROOT/tests/e2e"
export NPCSIM_ROOT="$ROOT" NPCSIM_BUILD="$BUILD" NPCSIM_GATEWAY="$BUILD/npcsim-gateway" NPCSIM_CLUSTER="$ROOT/scripts/cluster.sh"
exec node tests/digests/digests.mjs "$@"
