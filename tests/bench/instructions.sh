#!/bin/bash -p
# How many instructions a world's ticks take, counted by valgrind: what a change of the code costs, without what else the machine
# does (times on a shared host differ by a tenth from run to run, this by a thousandth). Caches and the disk are not in it.
#
#   tests/bench/instructions.sh [ticks]      200 when not told; of a colony of BENCH_NPCS (1,000) after 60 s of its life
#
# Each tick is a transaction of a server in single-user mode. Prints the instructions of one tick; the call graph is left in
# build/results/bench/instructions.callgrind (callgrind_annotate --inclusive=yes).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

ticks="${1:-200}"
npcs="${BENCH_NPCS:-1000}"
[[ "$ticks" =~ ^[1-9][0-9]{0,5}$ && "$npcs" =~ ^[1-9][0-9]{0,5}$ ]] || die "ticks and BENCH_NPCS are numbers from 1 on"
"$ROOT/scripts/install-packages.sh" run test || exit 1
cd "$ROOT"
[ -e npcsim.so ] || die "npcsim.so is not built: run make"

scratch="$(mktemp -d /tmp/npcsim-instructions.XXXXXXXX)"
chmod 777 "$scratch"
trap 'scripts/cluster.sh destroy "$scratch/cluster"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
scripts/cluster.sh create "$scratch/cluster" >/dev/null
use_cluster "$scratch/cluster"
scripts/cluster.sh start "$scratch/cluster"

side="$(awk -v npcs="$npcs" 'BEGIN { printf "%d", sqrt(npcs * 25.6) + 1 }')"
psql -X -q -A -t -v ON_ERROR_STOP=1 -d postgres -o /dev/null -c 'CREATE EXTENSION postgis' -c 'CREATE EXTENSION npcsim' \
	-c "SELECT npcsim.create_world('Counted', $side, $side, 7, preset => 'reference')" -c "SELECT npcsim.populate_world(1, $npcs)" \
	-c 'SELECT npcsim.tick_world(1, 60)' -c 'VACUUM ANALYZE'
data="$(psql -X -q -A -t -d postgres -c 'SHOW data_directory')"
server="$(readlink -f "/proc/$(head -n 1 "$data/postmaster.pid")/exe")"
owner="$(stat -c %U "$data")"
scripts/cluster.sh stop "$scratch/cluster"

# Statements in single-user mode end with their line.
as_owner() { if [ "$(id -un)" = "$owner" ]; then "$@"; else runuser -u "$owner" -- "$@"; fi; }
count()
{
	yes 'SELECT npcsim.tick_world(1, 0.1)' | head -n "$1" |
		(cd / && as_owner valgrind --tool=callgrind --callgrind-out-file="$scratch/graph" "$server" --single -D "$data" postgres) \
			>"$scratch/log" 2>&1 || true
	[ "$(grep -c 'tick_world = ' "$scratch/log")" = "$1" ] || die "the ticks did not run: $(tail -n 3 "$scratch/log")"
	sed -n 's/^summary: *//p' "$scratch/graph"
}

say "counting $ticks ticks of $npcs NPCs"
before="$(count 1)" || exit 1
after="$(count "$((ticks + 1))")" || exit 1
mkdir -p "$BUILD/results/bench"
cp "$scratch/graph" "$BUILD/results/bench/instructions.callgrind"
say "$(((after - before) / ticks)) instructions a tick"
