#!/bin/bash -p
# "make test": builds everything, runs every part even when an earlier one failed, and prints totals at the end.
# It exits with 0 only when all parts ran and all of their tests passed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

install_packages run build sql test || exit 1
started=$SECONDS failing=()
declare -A took
build_all all unit-tests
for part in unit sql e2e newcomer; do
	rm -f "$BUILD/results/$part.totals"
	began=$SECONDS
	make -C "$ROOT" --no-print-directory "test-$part" || failing+=("$part")
	took[$part]=$((SECONDS - began))
	echo
done

passed=0 failed=0 skipped=0
echo "== totals"
for part in unit sql e2e newcomer; do
	if ! read -r p f s 2>/dev/null <"$BUILD/results/$part.totals"; then
		printf '%-8s did not run to its end\n' "$part"
		continue
	fi
	printf '%-8s %5d passed %4d failed %4d skipped, %d s\n' "$part" "$p" "$f" "$s" "${took[$part]}"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%-8s %5d passed %4d failed %4d skipped, %d s\n' all "$passed" "$failed" "$skipped" $((SECONDS - started))
if [ ${#failing[@]} -gt 0 ]; then
	say "FAILED: ${failing[*]}"
	exit 1
fi
