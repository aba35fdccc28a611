#!/bin/bash -p
# with-reports.sh DIRECTORY COMMAND…: runs the command, a test that speaks TAP. With NPCSIM_SANITIZE or NPCSIM_VALGRIND, what the
# sanitizer or valgrind finds in the gateways and agents that the test starts is written to files in DIRECTORY, so that it is not
# lost by what the test does with a program or its output. It is printed after the test, which then has failed.
set -euo pipefail
directory="$1" status=0
shift
rm -rf "$directory"
if [ -n "${NPCSIM_SANITIZE:-}${NPCSIM_VALGRIND:-}" ]; then
	mkdir -p "$directory/bin"
	chmod 1777 "$directory"
fi
if [ -n "${NPCSIM_SANITIZE:-}" ]; then
	export ASAN_OPTIONS="log_path=$directory/sanitizer" UBSAN_OPTIONS="log_path=$directory/sanitizer:print_stacktrace=1"
elif [ -n "${NPCSIM_VALGRIND:-}" ]; then
	for program in "$NPCSIM_GATEWAY" "$NPCSIM_AGENT"; do
		# Programs that gateway and agent start are not checked. Errors are told by the log, and the exit status stays the program's.
		cat >"$directory/bin/$(basename "$program")" <<-END
			#!/bin/sh
			exec valgrind --quiet --trace-children=no --log-file='$directory/valgrind.%p' '$program' "\$@"
		END
		chmod 755 "$directory/bin/$(basename "$program")"
	done
	export NPCSIM_GATEWAY="$directory/bin/npcsim-gateway" NPCSIM_AGENT="$directory/bin/npcsim-agent"
fi
"$@" || status=$?
shopt -s nullglob
for report in "$directory"/sanitizer* "$directory"/valgrind*; do
	[ -s "$report" ] || continue
	[ "$status" -ne 0 ] || status=1
	printf 'not ok - %s\n' "$(basename "$report")"
	sed 's/^/# /' "$report"
done
exit "$status"
