#!/bin/bash -p
# Plants the bugs of tests/mutate/bugs.txt one by one and shows that each turns its test red. The tree is copied for that, with
# what is built; nothing outside of the copy is changed.
#
#   tests/mutate/run.sh [PATTERN]    plants only the bugs whose description matches the pattern
#   tests/mutate/run.sh --places     tells which bugs have no place, or more than one, in the tree as it is; plants nothing
#
# First the tests run without a bug: a test that is red then cannot find one. The exit status is 0 only when every bug could be
# planted, was built, and was found.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

table="$ROOT/tests/mutate/bugs.txt"
wanted="${1:-}"
only_places=
if [ "$wanted" = --places ]; then
	only_places=yes wanted=
fi

scratch='' copy='' # where the copy is

make_copy()
{
	scratch="$(mktemp -d /tmp/npcsim-mutate.XXXXXXXX)"
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 130' INT TERM
	copy="$scratch/tree"
	chmod 755 "$scratch"
	mkdir -m 1777 "$scratch/tmp"
	copy_tree "$copy"
}

# Tests run in a process namespace of their own, so that a bug which leaves processes behind does not leave them here. Its first
# process is a shell, which reaps those whose parents are gone.
if unshare --pid --fork --kill-child --mount-proc true 2>/dev/null; then
	contained() { unshare --pid --fork --kill-child --mount-proc bash -c '"$@"; exit' contained "$@"; }
else
	say "no PID namespaces for this user: what a bug leaves running goes on until it ends by itself"
	contained() { "$@"; }
fi

# ----------------------------------------------------------------------------------------------------
# The table

declare -a names files froms tos tests

read_table()
{
	local line n=-1
	while IFS= read -r line; do
		case "$line" in
			'= '*)
				n=$((n + 1))
				names[n]="${line#= }" files[n]='' froms[n]='' tos[n]='' tests[n]=''
				;;
			'@ '*) files[n]="${line#@ }" ;;
			'- '*) froms[n]+="${line#- }"$'\n' ;;
			'+ '*) tos[n]+="${line#+ }"$'\n' ;;
			'! '*) tests[n]="${line#! }" ;;
			'' | '#'*) ;;
			*) die "tests/mutate/bugs.txt: what is this: $line" ;;
		esac
	done <"$table"
	for n in "${!names[@]}"; do
		if [ -z "${files[n]}" ] || [ -z "${froms[n]}" ] || [ -z "${tests[n]}" ]; then
			die "tests/mutate/bugs.txt: something is missing: ${names[n]}"
		fi
	done
}

# plant FILE FROM TO: prints FILE with TO in place of FROM; fails unless FROM is there exactly once
plant()
{
	FROM="$2" TO="$3" perl -0777 -pe '
		BEGIN { $pattern = join("\\s+", map { quotemeta } split(" ", $ENV{FROM})); ($to = $ENV{TO}) =~ s/\n\z//; }
		$places = () = /$pattern/g;
		s/$pattern/$to/ if $places == 1;
		END { $? = $places == 1 ? 0 : 1 }
	' "$1"
}

# Checks that every bug of the table can be planted in the tree as it is.
check_places()
{
	local n status=0
	for n in "${!names[@]}"; do
		if ! plant "$ROOT/${files[n]}" "${froms[n]}" "${tos[n]}" >/dev/null 2>&1; then
			printf '        tests/mutate/bugs.txt: %s: not exactly one place in %s\n' "${names[n]}" "${files[n]}"
			status=1
		fi
	done
	return "$status"
}

# ----------------------------------------------------------------------------------------------------
# The tests

sql_file()
{
	local file
	for file in "tests/pgtap/$1.sql" "tests/isolation/specs/$1.spec"; do
		[ ! -e "$copy/$file" ] || echo "$file"
	done
}

# build PART [NAME…]: builds what the tests of a part need
build()
{
	local targets=(extension)
	case "$1" in
		unit) targets=("${@:2}") targets=("${targets[@]/#/build/tests/}") ;;
		e2e) targets+=(programs) ;;
	esac
	make -C "$copy" --no-print-directory -j 2 "${targets[@]}" >"$scratch/build.log" 2>&1
}

# run PART PATTERN NAME…: runs tests of a part; true if they could be run. It sets "failed" to how many were red.
run()
{
	local part="$1" pattern="$2" passed skipped
	local -a given=("${@:3}")
	shift 3
	failed=0
	rm -f "$copy/build/results/$part.totals"
	case "$part" in
		unit) given=("${given[@]/#/build/tests/}") ;;
		sql) mapfile -t given < <(for name in "${given[@]}"; do sql_file "$name"; done) ;;
		e2e) given=("${given[@]/#/tests/e2e/}") given=("${given[@]/%/.test.mjs}") ;;
	esac
	NPCSIM_TEST_NAMES="$pattern" TMPDIR="$scratch/tmp" contained timeout --kill-after=10 600 \
		"$copy/scripts/test-$part.sh" "${given[@]}" >"$scratch/run.log" 2>&1 </dev/null || true
	read -r passed failed skipped 2>/dev/null <"$copy/build/results/$part.totals" && [ $((passed + failed)) -gt 0 ]
}

# Prints the name of the first red test.
witness()
{
	grep -hm 1 -E '^ *not ok [0-9]+ - ' -r "$copy/build/results/$1" 2>/dev/null | head -n 1 |
		sed -E 's/^ *not ok [0-9]+ - //; s/ *#.*//' || true
}

# Runs all tests of the table without a bug.
require_green()
{
	local part n name pattern rest
	local -A seen
	for part in unit sql e2e; do
		local -a list=()
		local patterns=''
		for n in "${chosen[@]}"; do
			read -r rest name pattern <<<"${tests[n]}"
			[ "$rest" = "$part" ] || continue
			[ -z "$pattern" ] || patterns+="${patterns:+|}$pattern"
			[ -n "${seen[$part $name]:-}" ] || list+=("$name")
			seen[$part $name]=1
		done
		[ ${#list[@]} -gt 0 ] || continue
		if ! build "$part" "${list[@]}"; then
			tail -n 20 "$scratch/build.log" >&2
			die "the tree does not build"
		fi
		if ! run "$part" "$patterns" "${list[@]}" || [ "$failed" -gt 0 ]; then
			tail -n 40 "$scratch/run.log" >&2
			die "$part tests are not green without a bug"
		fi
	done
}

# try N: plants bug N and sets "verdict" and "found_by"
try()
{
	local n="$1" part name pattern
	local file="$copy/${files[n]}"
	read -r part name pattern <<<"${tests[n]}"
	found_by=''
	if [ ! -e "$file" ]; then
		verdict='NO PLACE'
		return
	fi
	cp "$file" "$scratch/original"
	if ! plant "$scratch/original" "${froms[n]}" "${tos[n]}" >"$file"; then
		verdict='NO PLACE'
	elif ! build "$part" "$name"; then
		verdict='NO BUILD'
		found_by="$(grep -m 1 -E 'error:|Error' "$scratch/build.log" || true)"
	elif ! run "$part" "$pattern" "$name"; then
		verdict='NO RUN'
		found_by="$(tail -n 1 "$scratch/run.log")"
	elif [ "$failed" -gt 0 ]; then
		verdict=found
		found_by="$(witness "$part")"
	else
		verdict=SURVIVED
	fi
	# the file gets a new time, so that it is built anew
	cat "$scratch/original" >"$file"
}

# ----------------------------------------------------------------------------------------------------

read_table
if [ -n "$only_places" ]; then
	check_places
	exit
fi
install_packages run build sql test || exit 1
chosen=()
for n in "${!names[@]}"; do
	if [ -z "$wanted" ] || [[ "${names[n]}" =~ $wanted ]]; then
		chosen+=("$n")
	fi
done
[ ${#chosen[@]} -gt 0 ] || die "no bug matches: $wanted"

make_copy
printf '== mutate: %d bugs\n' "${#chosen[@]}"
require_green
printf 'the tests are green without a bug (%d s)\n' "$SECONDS"

found=0
for n in "${chosen[@]}"; do
	began=$SECONDS
	try "$n"
	[ "$verdict" != found ] || found=$((found + 1))
	printf '%-8s  %-54s  %-22s %3d s  %s\n' "$verdict" "${names[n]}" "$(cut -d ' ' -f 1-2 <<<"${tests[n]}")" \
		$((SECONDS - began)) "${found_by:0:90}"
done
printf 'mutate: %d bugs planted, %d found, %d not (%d s)\n' "${#chosen[@]}" "$found" $((${#chosen[@]} - found)) "$SECONDS"
[ "$found" -eq ${#chosen[@]} ]
