#!/usr/bin/env bash
# "make test-long": the random colonies of tests/pgtap/96_property.sql, 1,000 seeds in batches of 50, each batch on a
# throw-away cluster of its own.
#
#   NPCSIM_SEEDS=1000 NPCSIM_SEED=1 NPCSIM_SECONDS=300    how many, from which on, and how long each lives
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

seeds="${NPCSIM_SEEDS:-1000}" first="${NPCSIM_SEED:-1}" batch=50 failing=()
[[ "$seeds" =~ ^[1-9][0-9]{0,6}$ && "$first" =~ ^[1-9][0-9]{0,6}$ ]] || die "NPCSIM_SEEDS and NPCSIM_SEED are numbers from 1 on"
mkdir -p "$BUILD/results/long"
rm -f "$BUILD/results/long"/*
for ((seed = first; seed < first + seeds; seed += batch)); do
	count=$((first + seeds - seed < batch ? first + seeds - seed : batch))
	say "seeds $seed to $((seed + count - 1))"
	if ! NPCSIM_SEED="$seed" NPCSIM_SEEDS="$count" "$ROOT/scripts/test-sql.sh" "$ROOT/tests/pgtap/96_property.sql"; then
		failing+=("$seed")
		cp "$BUILD/results/sql/96_property.tap" "$BUILD/results/long/seeds-from-$seed.tap"
	fi
done
[ ${#failing[@]} -eq 0 ] || die "FAILED in the batches that begin with seed ${failing[*]} (build/results/long)"
say "$seeds seeds, none failed"
