#!/bin/bash -p
# contained.sh COMMAND…: runs the command, and leaves nothing of what it started: no process, no cluster of cluster.sh, no scratch
# file, whether the command ends by itself, or this is told to end (INT, TERM, HUP), or killed, or its parent is gone.
#
# What the command starts is known by a variable in its environment, and has a TMPDIR of its own. Who cleans up is a process
# that nobody signals: it reads from a pipe whose other end is here alone, and so hears of the end whatever that is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# marked: the processes of the command, also those that another one of us among them started
marked()
{
	grep -lzsxE "NPCSIM_CONTAINED=(.*:)?$scratch(:.*)?" /proc/[0-9]*/environ | cut -d / -f 3
}

# Servers last, and as servers end: killed they leave shared memory behind. What is stopped goes on for that.
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
	# what a cluster has in its directory: where it lives, and where its socket is
	while IFS= read -r file; do
		"$ROOT/scripts/cluster.sh" destroy "$(dirname "$file")" || true
	done < <(find "$scratch" -xdev -maxdepth 6 -type f \( -name home -o -name socket \))
	end_processes all
	rm -rf "$scratch"
}

# The directory goes last.
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
chmod 1777 "$scratch" # servers are another user's
mkfifo "$scratch/alive"
(setsid "$BASH" -p -- "$0" --clean-up "$scratch" <"$scratch/alive" >/dev/null 2>&1 &) # nobody's child
exec 8>"$scratch/alive"
status=143
trap 'exec 8>&-; await_cleaning; exit "$status"' EXIT
trap 'exit 143' INT TERM HUP
NPCSIM_CONTAINED="${NPCSIM_CONTAINED:-}${NPCSIM_CONTAINED:+:}$scratch" TMPDIR="$scratch" "$@" 8>&- &
status=0
wait $! || status=$?
