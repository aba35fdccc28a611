#!/bin/bash -p
# Runs the unit tests it is given (programs that speak TAP); "make test-unit" builds and names them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "no unit tests given: run make test-unit"
cd "$ROOT"
tap_begin unit
for program in "$@"; do
	tap_run "$(basename "$program")" 120 "$program"
done
tap_finish
