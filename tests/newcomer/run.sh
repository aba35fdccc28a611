#!/bin/bash -p
# Proves how little a newcomer has to write for something new (README.md): each change.patch is applied to a copy of the tree,
# which is then built without warnings, checked by the lints of structure, and tested.
#
#   tests/newcomer/run.sh [NAME…]            proves these patches, or all
#   tests/newcomer/run.sh --touched          proves those whose files have changed since they were last proved
#   tests/newcomer/run.sh --record [NAME…]   proves them and writes down what was proved (proved.txt)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

HERE="$ROOT/tests/newcomer"
FILES_MOST=3
SECONDS_MOST=1200

# written PATCH: prints the files that the patch changes or makes
written() { sed -n 's,^+++ b/\([^[:blank:]]*\).*,\1,p' "$1"; }

# counted PATCH: prints those of them that count, because a newcomer has to know of them; tests, pages and upgrade scripts do not
# count
counted() { written "$1" | grep -vE '^(tests|docs)/|^CHANGELOG|^sql/npcsim--'; }

# fingerprint NAME: prints a digest of the patch, its test and the files that it changes
fingerprint()
{
	local file
	{
		cat "$HERE/$1/change.patch" "$HERE/$1/test.sql"
		for file in $(written "$HERE/$1/change.patch"); do
			[ ! -e "$ROOT/$file" ] || cat "$ROOT/$file"
		done
	} | sha256sum | cut -c 1-16
}

is_proved() { grep -qsxF "$1 $(fingerprint "$1")" "$HERE/proved.txt"; }

record()
{
	local proved="$HERE/proved.txt"
	touch "$proved"
	{
		grep -v "^$1 " "$proved" || true
		echo "$1 $(fingerprint "$1")"
	} | sort >"$proved.new"
	mv "$proved.new" "$proved"
}

# ----------------------------------------------------------------------------------------------------
# One proof, in TAP

step=0
failed=

# check WORDS COMMAND…: reports in TAP whether the command succeeds, and shows its output when it fails
check()
{
	local words="$1" said
	shift
	step=$((step + 1))
	if said="$("$@" 2>&1)"; then
		echo "ok $step - $words"
	else
		echo "not ok $step - $words"
		tail -n 25 <<<"$said" | sed 's/^/# /'
		failed=yes
	fi
}

few_files()
{
	counted "$1"
	[ "$(counted "$1" | wc -l)" -le "$FILES_MOST" ]
}

# test_sql COPY NAME: runs the patch's SQL test in the copy, and the older tests that a line like "-- with: 20_npcs 95_replay" in it
# names
test_sql()
{
	local copy="$1" name="$2" more=()
	cp "$HERE/$name/test.sql" "$copy/tests/pgtap/newcomer_$name.sql"
	read -ra more < <(sed -n 's/^-- with: //p' "$HERE/$name/test.sql") || true
	more=("${more[@]/#/tests/pgtap/}")
	"$copy/scripts/test-sql.sh" "$copy/tests/pgtap/newcomer_$name.sql" "${more[@]/%/.sql}"
}

prove()
{
	local name="$1" copy="$2" patch="$HERE/$1/change.patch"
	check "it is written in $FILES_MOST files at most: $(counted "$patch" | tr '\n' ' ')" few_files "$patch"
	check 'it can be applied' env -C "$copy" git apply -C1 --whitespace=nowarn "$patch"
	if [ -z "$failed" ]; then
		check 'it builds without a warning' make -C "$copy" --no-print-directory -j "$(nproc)" WERROR=-Werror all unit-tests
		check 'who uses whom is as before' python3 "$copy/scripts/lint_layers.py" "$copy/build"
		check 'nothing but the compiler complains' env -C "$copy" python3 scripts/lint_c.py
		check 'SQL stands where it may' env -C "$copy" python3 scripts/lint_tables.py
		check 'unit tests pass' make -C "$copy" --no-print-directory test-unit
		check 'what is new works' test_sql "$copy" "$name"
	fi
	echo "1..$step"
}

if [ "${1:-}" = --prove ]; then
	prove "$2" "$3"
	exit 0
fi

# ----------------------------------------------------------------------------------------------------

recording='' touched=''
case "${1:-}" in
	--record) recording=yes && shift ;;
	--touched) touched=yes && shift ;;
	-*) die "what is $1? See the first lines of tests/newcomer/run.sh" ;;
esac
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
	mapfile -t names < <(cd "$HERE" && printf '%s\n' */change.patch | xargs -n 1 dirname)
fi
for name in "${names[@]}"; do
	[ -e "$HERE/$name/change.patch" ] || die "there is no $name/change.patch in tests/newcomer"
done

install_packages run build sql test newcomer || exit 1
build_all all unit-tests
scratch="$(mktemp -d /tmp/npcsim-newcomer.XXXXXXXX)"
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT

tap_begin newcomer
for name in "${names[@]}"; do
	if [ -n "$touched" ] && is_proved "$name"; then
		TAP_SKIPPED=$((TAP_SKIPPED + 1))
		echo "skipped $name: none of its files has changed since it was proved"
		continue
	fi
	before=$TAP_FAILED
	copy_tree "$scratch/$name"
	tap_run "$name" "$SECONDS_MOST" "$HERE/run.sh" --prove "$name" "$scratch/$name"
	rm -rf "${scratch:?}/$name"
	[ -z "$recording" ] || [ "$TAP_FAILED" -gt "$before" ] || record "$name"
done
tap_finish || [ "$TAP_FAILED" -eq 0 ]
