#!/bin/bash -p
# Runs the SQL tests on a throw-away cluster: tests/pgtap/*.sql, each in a database of its own with npcsim
# and pgTAP in it, then tests/isolation/specs/*.spec. Named files run alone:
#
#   scripts/test-sql.sh [tests/pgtap/needs.sql | tests/isolation/specs/answers.spec]…
#
#   NPCSIM_LIMIT=600    sets how many seconds a file may take
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

"$ROOT/scripts/install-packages.sh" run sql || exit 1
cd "$ROOT"
shopt -s nullglob
files=("$@")
[ ${#files[@]} -gt 0 ] || files=(tests/pgtap/*.sql tests/isolation/specs/*.spec)

scratch="$(mktemp -d /tmp/npcsim-sql.XXXXXXXX)"
chmod 755 "$scratch"
trap 'scripts/cluster.sh destroy "$scratch/cluster"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

scripts/cluster.sh create "$scratch/cluster" >/dev/null
use_cluster "$scratch/cluster"
scripts/cluster.sh start "$scratch/cluster" -c fsync=off -c max_prepared_transactions=4

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# Roles belong to the cluster, so they are made once for all databases.
sql -d postgres -c 'CREATE DATABASE npcsim_template'
sql -d npcsim_template -c 'SET client_min_messages = warning' \
	-c 'CREATE EXTENSION postgis' -c 'CREATE EXTENSION pgtap'

tap_begin sql
for file in "${files[@]}"; do
	name="$(basename "${file%.*}")"
	database="test_${name//[^a-z0-9_]/_}"
	sql -d postgres -c "CREATE DATABASE $database TEMPLATE npcsim_template"
	sql -d "$database" -c 'CREATE EXTENSION npcsim'
	case "$file" in
		*.spec) tap_run "isolation-$name" 300 scripts/isolation.sh "$database" "$name" ;;
		*) tap_run "$name" "${NPCSIM_LIMIT:-600}" psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" -f "$file" ;;
	esac
	sql -d postgres -c "DROP DATABASE $database WITH (FORCE)"
done
if grep -E 'PANIC:|terminated by signal|TRAP:|runtime error:' "$NPCSIM_SERVER_LOG" >"$scratch/crashes"; then
	sed 's/^/        /' "$scratch/crashes" | head -n 20
	cp "$NPCSIM_SERVER_LOG" "$BUILD/results/sql/server.log"
	echo "NOT OK  a server process crashed (build/results/sql/server.log)"
	TAP_FAILED=$((TAP_FAILED + 1))
fi
tap_finish
