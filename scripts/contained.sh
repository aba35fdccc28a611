#!/bin/bash -p
# contained.sh COMMAND…: runs the command, and leaves nothing of what it started: no process, no cluster of cluster.sh, no scratch
# file. That holds when the command ends by itself, when this script is told to end (INT, TERM, HUP) or killed, and when its
# parent is gone.
#
# What the command starts is recognised by a variable in its environment, and has a TMPDIR of its own. A process of its own cleans
# up, which nobody signals: it reads from a pipe whose other end only this script holds, and so notices its end, whatever that is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# marked: prints the processes of the command, including those of another contained.sh among them
marked()
{
	grep -lzsxE "NPCSIM_CONTAINED=(.*:)?$scratch(:.*)?" /proc/[0-9]*/environ | cut -d / -f 3
}

# end_processes [all]: kills the processes but the servers of PostgreSQL, which would leave shared memory behind: they are ended by
# cluster.sh, and those that are stopped by a signal are continued for that. "all" kills what is left, servers included.
end_processes()
{
	local pid left
	for _ in {1..50}; do
		left=
		while read -r pid; do
			if [ "${1:-}" != all ] && grep -qsx postgres "/proc/$pid/comm"; then
				kill -CONT "$pid" 2>/dev/null || true
			else
				left=yes
				kill -KILL "$pid" 2>/dev/null || true
			fi
		done < <(marked)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
}

clean_up()
{
	local file
	end_processes
	# a cluster's directory has a file "home", or its home a file "socket"
	while IFS= read -r file; do
		"$ROOT/scripts/cluster.sh" destroy "$(dirname "$file")" || true
	done < <(find "$scratch" -xdev -maxdepth 6 -type f \( -name home -o -name socket \))
	end_processes all
	rm -rf "$scratch"
}

# Waits until the cleaning process is done, which removes the directory last.
await_cleaning()
{
	for _ in {1..600}; do
		[ -d "$scratch" ] || return 0
		sleep 0.05
	done
}

if [ "${1:-}" = --clean-up ]; then
	scratch="$2"
	cat >/dev/null
	clean_up
	exit 0
fi

scratch="$(mktemp -d "${TMPDIR:-/tmp}/npcsim-run.XXXXXXXX")"
chmod 1777 "$scratch" # servers belong to another user
mkfifo "$scratch/alive"
(setsid "$BASH" -p -- "$0" --clean-up "$scratch" <"$scratch/alive" >/dev/null 2>&1 &) # the subshell ends at once, so that this is not our child
exec 8>"$scratch/alive"
status=143
trap 'exec 8>&-; await_cleaning; exit "$status"' EXIT
trap 'exit 143' INT TERM HUP
NPCSIM_CONTAINED="${NPCSIM_CONTAINED:-}${NPCSIM_CONTAINED:+:}$scratch" TMPDIR="$scratch" "$@" 8>&- &
status=0
wait $! || status=$?
