# shellcheck shell=bash
# What the scripts share: where things are, how they talk, how a test's output becomes totals.
# To be sourced, after "set -euo pipefail".

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
BUILD="$ROOT/build"
export LC_ALL=C.UTF-8
umask 022

say() { printf 'npcsim: %s\n' "$*" >&2; }

die()
{
	say "$*"
	exit 1
}

# run_quietly LOG COMMAND…: shows what the command said only when it fails.
run_quietly()
{
	local log="$1"
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		say "failed: $* (all of its output: $log)"
		return 1
	fi
}

# build_all [TARGET…]: make, without a word when all goes well. SANITIZE and PG_CONFIG pass through the
# environment.
build_all()
{
	run_quietly "$BUILD/make.log" make -C "$ROOT" --no-print-directory -j "$(nproc)" "$@" ||
		die "the build failed"
}

# with_node: puts a Node that is new enough (and npm) in front of PATH.
with_node()
{
	local bin
	bin="$("$ROOT/scripts/node.sh")" || exit 1
	PATH="$bin:$PATH"
}

# install_packages SECTION…: those of packages.txt, and what a Node is fetched with if one will be
install_packages()
{
	local more=()
	"$ROOT/scripts/node.sh" --here >/dev/null || more=(node)
	"$ROOT/scripts/install-packages.sh" "$@" "${more[@]}"
}

# npm_install DIRECTORY: its node_modules, unless they are there and no older than the lock file.
npm_install()
{
	local dir="$1" stamp="$1/node_modules/.npcsim-installed" verb=install
	[ -e "$dir/package.json" ] || return 0
	[ -e "$dir/package-lock.json" ] && verb=ci
	if [ -e "$stamp" ] && [ ! "$dir/package.json" -nt "$stamp" ] && [ ! "$dir/package-lock.json" -nt "$stamp" ]; then
		return 0
	fi
	say "installing the npm packages of ${dir#"$ROOT"/}"
	run_quietly "$BUILD/npm.log" npm --prefix "$dir" "$verb" --no-audit --no-fund --loglevel=error ||
		die "npm cannot install the packages of ${dir#"$ROOT"/}: is there a network?"
	touch "$stamp"
}

# ----------------------------------------------------------------------------------------------------
# Tests speak TAP. tap_start begins one of them, and tap_wait waits for one of those that were begun to end, prints one line
# for it and what failed, and adds its counts to those of the part; tap_run does both. tap_finish prints the part's
# totals and returns non-zero when it is not all green.

TAP_PART=
TAP_PASSED=0
TAP_FAILED=0
TAP_SKIPPED=0
declare -A TAP_RUNNING=() # by process id: name, seconds it may take, when it began

tap_begin()
{
	TAP_PART="$1"
	mkdir -p "$BUILD/results"
	rm -rf "$BUILD/results/$1" "$BUILD/results/$1.totals"
	mkdir -p "$BUILD/results/$1"
	trap 'tap_stop; exit 130' INT TERM HUP
	printf '== %s\n' "$1"
}

# tap_start NAME SECONDS COMMAND…
tap_start()
{
	local name="$1" limit="$2"
	shift 2
	timeout --kill-after=10 "$limit" "$@" >"$BUILD/results/$TAP_PART/$name.tap" 2>&1 </dev/null &
	TAP_RUNNING[$!]="$name $limit $SECONDS"
}

tap_wait()
{
	local pid name limit started file counts passed failed skipped status=0
	wait -n -p pid "${!TAP_RUNNING[@]}" || status=$?
	read -r name limit started <<<"${TAP_RUNNING[$pid]}"
	unset "TAP_RUNNING[$pid]"
	file="$BUILD/results/$TAP_PART/$name.tap"
	counts="$(awk -v status="$status" -f "$ROOT/scripts/tap.awk" "$file")"
	read -r passed failed skipped <<<"$counts"
	TAP_PASSED=$((TAP_PASSED + passed))
	TAP_FAILED=$((TAP_FAILED + failed))
	TAP_SKIPPED=$((TAP_SKIPPED + skipped))
	if [ "$failed" -eq 0 ]; then
		printf 'ok      %-40s %4d passed' "$name" "$passed"
		[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
		printf ' (%d s)\n' $((SECONDS - started))
		return
	fi
	printf 'NOT OK  %-40s %4d failed, %d passed (%d s)\n' "$name" "$failed" "$passed" $((SECONDS - started))
	[ "$status" -ne 124 ] || printf '        took longer than %d s\n' "$limit"
	grep -nE -A 12 '^ *not ok|^Bail out|ERROR:|FATAL:|PANIC:|AddressSanitizer|runtime error:' "$file" | head -n 60 |
		sed 's/^/        /' || true
	printf '        all of it: %s\n' "${file#"$ROOT"/}"
}

tap_run()
{
	tap_start "$@"
	tap_wait
}

# Ends those that run; timeout passes the signal on, and kills who does not listen.
tap_stop()
{
	[ ${#TAP_RUNNING[@]} -gt 0 ] || return 0
	kill "${!TAP_RUNNING[@]}" 2>/dev/null || true
	wait "${!TAP_RUNNING[@]}" 2>/dev/null || true
	TAP_RUNNING=()
}

tap_finish()
{
	printf '%s: %d passed, %d failed, %d skipped\n' "$TAP_PART" "$TAP_PASSED" "$TAP_FAILED" "$TAP_SKIPPED"
	echo "$TAP_PASSED $TAP_FAILED $TAP_SKIPPED" >"$BUILD/results/$TAP_PART.totals"
	[ "$TAP_FAILED" -eq 0 ] && [ "$TAP_PASSED" -gt 0 ]
}
