#!/bin/bash -p
# One isolation test as TAP: scripts/isolation.sh DATABASE NAME runs tests/isolation/specs/NAME.spec
# against tests/isolation/expected/NAME.out, on the server that PGHOST names. The database is new: it has
# npcsim, and gets tests/isolation/setup.sql. While the test runs the server has no workers, since its
# sessions move the worlds themselves.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

database="$1" name="$2"
tester="$(dirname "$("${PG_CONFIG:-pg_config}" --pgxs)")/../../src/test/isolation/pg_isolation_regress"
out="$BUILD/isolation/$name"
rm -rf "$out"
mkdir -p "$out"

sql() { psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d "$database" "$@"; }

sql -f "$ROOT/tests/isolation/setup.sql"
trap 'sql -c "ALTER SYSTEM RESET npcsim.max_workers" -c "SELECT pg_reload_conf()"' EXIT
sql -c "ALTER SYSTEM SET npcsim.max_workers = 0" -c "SELECT pg_reload_conf()"

echo 1..1
if "$tester" --use-existing --dbname="$database" --inputdir="$ROOT/tests/isolation" --outputdir="$out" \
	--bindir="$(dirname "$(type -P psql)")" "$name" >"$out/log" 2>&1; then
	echo "ok 1 - $name"
else
	echo "not ok 1 - $name"
	sed 's/^/# /' "$out/regression.diffs" 2>/dev/null || sed 's/^/# /' "$out/log"
	exit 1
fi
