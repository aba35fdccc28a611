#!/bin/bash -p
# "make test-matrix": builds npcsim in other releases of Debian, each with its own PostgreSQL, PostGIS, compiler and libraries
# (scripts/in-root.sh), and runs the unit tests and the SQL tests there.
#
#   scripts/test-matrix.sh [SUITE]…      the suites are bookworm, trixie and unstable when none is named
#   NPCSIM_MATRIX='build unit sql'       runs some of these parts
#
# Each suite has a copy of the tree, build/matrix/SUITE, which is built anew only where something changed. If unstable cannot be
# fetched, or its packages cannot be installed today, that is told and does not count as a failure.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie unstable)
parts=" ${NPCSIM_MATRIX:-build unit sql} "
results="$BUILD/results/matrix"
mkdir -p "$results"

# make_copy DIRECTORY: copies the sources with their times
make_copy()
{
	mkdir -p "$1"
	find "$1" -mindepth 1 -maxdepth 1 ! -name build ! -name npcsim.so -exec rm -rf {} +
	tar -C "$ROOT" --format=posix --exclude=./.git --exclude=./.npcsim --exclude=./build --exclude=./npcsim.so \
		--exclude=node_modules -cf - . | tar -C "$1" -xpf -
}

# test_suite NAME: runs the parts; returns non-zero when one of them failed, 75 when the release cannot be fetched
test_suite()
{
	local copy="$BUILD/matrix/$1" there=("$ROOT/scripts/in-root.sh" "$1") part status=0
	"${there[@]}" true || return
	printf '== %s: %s, libwebsockets %s\n' "$1" "$("${there[@]}" pg_config --version)" \
		"$("${there[@]}" pkg-config --modversion libwebsockets)"
	make_copy "$copy" || return
	# The compiler of unstable changes from day to day and may have new warnings, which are no errors there.
	[ "$1" != unstable ] || local -x WERROR=''
	run_quietly "$results/$1-build.log" "${there[@]}" make -C "$copy" --no-print-directory -j "$(nproc)" all unit-tests ||
		return 1
	printf 'ok      built\n'
	for part in unit sql; do
		case "$parts" in *" $part "*) ;; *) continue ;; esac
		"${there[@]}" make -C "$copy" --no-print-directory "test-$part" || status=1
		mkdir -p "$results/$1"
		cp -r "$copy/build/results/." "$results/$1"
	done
	return "$status"
}

failing=()
for suite in "${suites[@]}"; do
	started=$SECONDS status=0
	test_suite "$suite" || status=$?
	case "$suite $status" in
		*' 0') printf '%s: ok (%d s)\n\n' "$suite" $((SECONDS - started)) ;;
		'unstable 75') printf '%s: skipped, since it cannot be had today\n\n' "$suite" ;;
		*) failing+=("$suite") && printf '%s: FAILED (%d s)\n\n' "$suite" $((SECONDS - started)) ;;
	esac
done
[ ${#failing[@]} -eq 0 ] || die "FAILED: ${failing[*]} (build/results/matrix)"
