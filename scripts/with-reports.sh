#!/usr/bin/env bash
# with-reports.sh DIRECTORY COMMAND…: runs the command, a test that speaks TAP. Reports of the sanitizer or of
# valgrind that its processes left in DIRECTORY are printed after it and taken away, and it has failed.
set -euo pipefail
directory="$1" status=0
shift
"$@" || status=$?
shopt -s nullglob
for report in "$directory"/sanitizer* "$directory"/valgrind*; do
	if [ -s "$report" ]; then
		[ "$status" -ne 0 ] || status=1
		printf 'not ok - %s\n' "$(basename "$report")"
		sed 's/^/# /' "$report"
	fi
	rm -f "$report"
done
exit "$status"
