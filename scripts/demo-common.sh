# shellcheck shell=bash
# What demo.sh and demo-clean.sh share: the demo's directory, its lock, and how its processes are ended.
# To be sourced, after "set -euo pipefail".

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STATE="$ROOT/.npcsim"

# lock_demo MESSAGE: takes the lock that allows one demo at a time, or dies with the message; descriptor 9 holds it until the script
# ends
lock_demo()
{
	mkdir -p "$STATE" 2>/dev/null || die "cannot write to $ROOT"
	[ "$(id -u)" -eq 0 ] || [ -O "$STATE" ] ||
		die "$STATE is of the user $(stat -c %U "$STATE"): go on as that user, or with sudo"
	exec 9>"$STATE/lock" || die "cannot write to $STATE"
	flock -n 9 || die "$1"
}

# Ends the processes whose ids are kept in .npcsim: agents first, then the gateway, then the server. A process is ended only if it
# still is one of our programs, or about to become one.
end_leftovers()
{
	local file pid
	for file in "$STATE"/agent-*.pid "$STATE/gateway.pid"; do
		[ -e "$file" ] || continue
		pid="$(<"$file")"
		case "$(readlink "/proc/$pid/exe" 2>/dev/null)" in
			"$BUILD"/npcsim-* | */setsid | */env) end_process "$pid" ;;
		esac
		rm -f "$file"
	done
	if [ -e "$STATE/cluster" ] && type -P "${PG_CONFIG:-pg_config}" >/dev/null; then
		"$ROOT/scripts/cluster.sh" stop "$STATE/cluster" fast 9>&- || true
	fi
}

# end_process PID: sends SIGTERM, waits up to 5 s, then sends SIGKILL
end_process()
{
	local pid="$1"
	kill -TERM "$pid" 2>/dev/null || return 0
	for _ in $(seq 50); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	say "process $pid does not end: killing it"
	kill -KILL "$pid" 2>/dev/null || true
}
