#!/bin/bash -p
# "make demo-clean": removes the demo's world, its cluster and all else in .npcsim/.
set -euo pipefail
# shellcheck source=scripts/demo-common.sh
. "$(dirname "$0")/demo-common.sh"

[ -e "$STATE" ] || exit 0
lock_demo "the demo is running: stop it first, with Ctrl-C"
end_leftovers
if [ -e "$STATE/cluster" ]; then
	"$ROOT/scripts/cluster.sh" destroy "$STATE/cluster"
fi
rm -rf "$STATE"
say "removed .npcsim/"
