#!/bin/bash -p
# Makes the directory tests/upgrade/VERSION of the version that is built here, for the tests of later versions: its install
# script, its roles.sql, and rows of worlds as pg_dump writes them. It is to be run once, on the commit that is released.
#
# Four worlds are random colonies of 96_property.sql, whose inputs hold everything that was done to them; "Meadow" is
# running, with requests open and sent.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

cd "$ROOT"
version="$(sed -n "s/^default_version = '\(.*\)'/\1/p" npcsim.control)"
made="tests/upgrade/$version"
[ ! -e "$made" ] || die "$made is there: what was released stays as it was"
[ -e "build/npcsim--$version.sql" ] || die "build/npcsim--$version.sql is not there: run make"

scratch="$(mktemp -d /tmp/npcsim-upgrade.XXXXXXXX)"
chmod 755 "$scratch"
trap 'scripts/cluster.sh destroy "$scratch/cluster"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
scripts/cluster.sh create "$scratch/cluster" >/dev/null
use_cluster "$scratch/cluster"
scripts/cluster.sh start "$scratch/cluster" -c fsync=off

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

sql -d postgres -c 'CREATE DATABASE worlds'
export PGDATABASE=worlds
sql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION postgis' -c 'CREATE EXTENSION pgtap' -c 'CREATE EXTENSION npcsim' -f docs/roles.sql
NPCSIM_SEEDS=4 NPCSIM_SEED=44 NPCSIM_SECONDS=200 sql -f tests/pgtap/96_property.sql >"$scratch/property"
! grep '^not ok' "$scratch/property" || die "the colonies are not sound"
sql >/dev/null <<'END'
SELECT npcsim.drop_world(id) FROM npcsim.worlds WHERE id NOT IN (SELECT world FROM property.worlds);
DROP TRIGGER property_hasty ON npcsim.decision_slots;
SET client_min_messages = warning;
DROP SCHEMA property CASCADE;
SELECT npcsim.create_world('Meadow', 40, 30, 12, preset => 'reference') AS id \gset
SELECT npcsim.populate_world(:id, 30);
SELECT player_id AS ada FROM npcsim.create_player(:id, 'ada') \gset
UPDATE npcsim.npcs SET controller_player_id = :ada WHERE world_id = :id;
SELECT npcsim.register_gateway('upgrade');
SELECT npcsim.client_connected('upgrade', :ada, :id, 'compute');
SELECT npcsim.update_player_heartbeat(:ada, '{"max_concurrency": 4}');
SELECT npcsim.start_world(:id);
SELECT pg_sleep(4);
SELECT npcsim.claim_decisions('upgrade', (SELECT array_agg(id) FROM npcsim.sessions WHERE player_id = :ada), '{4}');
SELECT pg_sleep(2);
END
[ "$(sql -c "SELECT count(DISTINCT status) FROM npcsim.decision_requests WHERE status IN ('open', 'sent')")" -eq 2 ] ||
	die "no questions are open and sent"

mkdir "$made"
gzip -9 -n -c "build/npcsim--$version.sql" >"$made/install.sql.gz"
gzip -9 -n -c docs/roles.sql >"$made/roles.sql.gz"
# What expires, and the sessions of those who were connected, do not belong to a world.
pg_dump --data-only --exclude-table-data 'npcsim.change_log*' --exclude-table-data npcsim.epochs --exclude-table-data '*.spatial_ref_sys' |
	gzip -9 -n -c >"$made/worlds.sql.gz"
ls -l "$made"
