#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those.
#
#   scripts/install-packages.sh [--list] [SECTION…]
#
# Sections are those of packages.txt (run, build, node, test, lint, long); none named means all but the last. --list prints
# the names instead, missing or not. Asks for root's rights through sudo where needed. Exits 1 with a
# message when packages are missing and cannot be had.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

only_list=
if [ "${1:-}" = --list ]; then
	only_list=yes
	shift
fi
wanted=" ${*:-run build node test lint} "

section='' missing=()
while read -r package command _; do
	case "$package" in
		'' | '#'*) continue ;;
		'['*)
			section="${package//[][]/}"
			continue
			;;
	esac
	case "$wanted" in *" $section "*) ;; *) continue ;; esac
	if [ -n "$only_list" ]; then
		echo "$package"
		continue
	fi
	if [ -n "$command" ] && type -P "$command" >/dev/null; then
		continue
	fi
	status="$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)"
	[ "$status" = installed ] || missing+=("$package")
done <"$ROOT/scripts/packages.txt"

[ -z "$only_list" ] || exit 0
[ ${#missing[@]} -gt 0 ] || exit 0

type -P apt-get >/dev/null ||
	die "these Debian packages, or what they are called here, are missing: ${missing[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	type -P sudo >/dev/null ||
		die "packages are missing and neither root's rights nor sudo are there; as root: apt-get install ${missing[*]}"
	say "sudo installs, which may take some minutes: ${missing[*]}"
	sudo -v || die "sudo was refused; as root: apt-get install ${missing[*]}"
	as_root=(sudo)
else
	say "installing, which may take some minutes: ${missing[*]}"
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
apt()
{
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
		-o Acquire::Retries=2 -o Acquire::http::Timeout=30 -q "$@" >"$log" 2>&1
}

# The lists may be absent (a container) or old: look first, fetch them only when that is not enough.
if ! apt install -y --no-install-recommends "${missing[@]}"; then
	if ! apt -o APT::Update::Error-Mode=any update; then
		tail -n 5 "$log" >&2
		die "the package lists cannot be fetched: no network? Missing: ${missing[*]}"
	fi
	if ! apt install -y --no-install-recommends "${missing[@]}"; then
		tail -n 15 "$log" >&2
		die "apt-get cannot install: ${missing[*]}"
	fi
fi
