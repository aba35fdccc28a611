#!/bin/bash -p
# scripts/isolation.sh DATABASE NAME: runs one isolation test and reports it as TAP. Its sessions are in
# tests/isolation/specs/NAME.spec, and what they must print is in tests/isolation/expected/NAME.out. It runs on the server that
# PGHOST names, in a new database with npcsim and tests/isolation/setup.sql. The server has no workers meanwhile, since the test's
# sessions tick the worlds themselves.
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
