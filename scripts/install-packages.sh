#!/bin/bash -p
# Installs the Debian packages that are missing, and only those.
#
#   scripts/install-packages.sh [SECTION…]
#   scripts/install-packages.sh --list RELEASE [SECTION…]
#
# The sections are those of packages.txt; if none is named, those that the demo, the tests and the lints need are taken. --list only
# prints the packages' names in that release, missing or not. It asks for root's rights through sudo where needed. It exits with 1
# and a message when packages are missing and cannot be installed; on a system that packages.txt does not know nothing is installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# os_release VARIABLE: prints the value of a variable of /etc/os-release
os_release() { (. /etc/os-release && printf '%s' "${!1:-}") 2>/dev/null || true; }

only_list='' release=''
if [ "${1:-}" = --list ]; then
	only_list=yes release="${2:?}"
	shift 2
elif [ "$(os_release ID)" = debian ]; then
	release="$(os_release VERSION_CODENAME)"
fi
wanted=" ${*:-run build node sql test lint} "

# ----------------------------------------------------------------------------------------------------
# Reading packages.txt: first the names that differ between releases ("known" stays empty when it does not know this one), then the
# packages

known='' postgresql='' libwebsockets='' libcurl='' sections=() packages=() signs=()
while read -r name rest; do
	case "$name" in
		'' | '#'*) continue ;;
		'['*)
			read -r -a sections < <(tr -d '[]' <<<"$name $rest")
			continue
			;;
	esac
	if [ "${sections[*]}" != releases ]; then
		for section in "${sections[@]}"; do
			[[ "$wanted" = *" $section "* ]] || continue
			packages+=("$name") signs+=("$rest")
			break
		done
		continue
	fi
	case "/${name%\*}/" in *"/${release:-none}/"*) known=yes ;; *) [[ "$name" = *\* && -z "$known" ]] || continue ;; esac
	read -r postgresql libwebsockets libcurl <<<"$rest"
done <"$ROOT/scripts/packages.txt"
[ -n "$known" ] || [ -z "$only_list" ] || die "packages.txt has no release \"$release\""

# If extensions can be built for the PostgreSQL of pg_config, it is used instead of the release's.
PG_CONFIG="${PG_CONFIG:-pg_config}" pg_version=''
if [ -z "$only_list" ] && [[ "$("$PG_CONFIG" --version 2>/dev/null)" =~ [0-9]+ ]]; then
	pg_version="${BASH_REMATCH[0]}"
	if [ -e "$("$PG_CONFIG" --includedir-server)/postgres.h" ] && [ "$pg_version" -ge 15 ]; then
		postgresql="$pg_version"
	fi
fi

# fill_in TEXT: sets "filled" to TEXT with the release's names and PostgreSQL's places filled in; false where a place is not known
fill_in()
{
	local place
	filled="${1//\{postgresql\}/$postgresql}"
	filled="${filled//\{libwebsockets\}/$libwebsockets}"
	filled="${filled//\{libcurl\}/$libcurl}"
	for place in bindir sharedir pkglibdir includedir-server; do
		[[ "$filled" = *"{$place}"* ]] || continue
		[ "$pg_version" = "$postgresql" ] || return 1
		filled="${filled//\{$place\}/$("$PG_CONFIG" "--$place")}"
	done
}

libraries="$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)"

# is_there PACKAGE SIGN: true if the package is installed, or what its sign (in packages.txt) names is there
is_there()
{
	local filled=''
	if [ -n "$2" ] && fill_in "$2"; then
		case "$filled" in
			/*) compgen -G "$filled" >/dev/null && return ;;
			*.so) [[ "$libraries" != *$'\t'"$filled"* ]] || return 0 ;;
			*.pc) pkg-config --exists "${filled%.pc}" 2>/dev/null && return ;;
			*) type -P "$filled" >/dev/null && return ;;
		esac
	fi
	[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=() looked_for=() filled=''
for i in "${!packages[@]}"; do
	fill_in "${packages[i]}"
	if [ -n "$only_list" ]; then
		echo "$filled"
	elif ! is_there "$filled" "${signs[i]}"; then
		sign="${signs[i]##*/}"
		missing+=("$filled") looked_for+=("$filled${sign:+ (${sign//[\{\}]/})}")
	fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

# ----------------------------------------------------------------------------------------------------
# Installing

if [ -z "$known" ] || ! type -P apt-get >/dev/null; then
	system="$(os_release PRETTY_NAME)"
	say "packages install themselves on Debian 12, 13 and unstable, and this is ${system:-another system}: nothing was done."
	say "missing, as Debian calls it (and what is looked for): $(printf '%s, ' "${looked_for[@]}" | sed 's/, $//')"
	die "any PostgreSQL from 15 on will do, found by pg_config or named by PG_CONFIG, with PostGIS from 3.3 on"
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	type -P sudo >/dev/null ||
		die "packages are missing and neither root's rights nor sudo are there; as root: apt-get install ${missing[*]}"
	say "sudo installs: ${missing[*]}"
	sudo -v || die "sudo was refused; as root: apt-get install ${missing[*]}"
	as_root=(sudo)
else
	say "installing: ${missing[*]}"
fi

log="$(mktemp)"
work='' # what apt-get is doing
trap 'rm -f "$log"' EXIT
trap break_off INT TERM HUP

# Handles a signal: fetching is broken off, but while packages are installed the signal waits, since dpkg must not be interrupted.
break_off()
{
	if [ "$work" = installing ]; then
		say "stopping when apt-get is done, which must not be broken off"
		broken_off=yes
		return
	fi
	[ -z "$CHILD" ] || "${as_root[@]}" kill -TERM "$CHILD" 2>/dev/null || true
	exit 143
}
broken_off=

apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300
	-o Acquire::Retries=2 -o Acquire::http::Timeout=30)

# apt_get ARGUMENT…: runs apt-get with its output in the log
apt_get() { tell "$log" how_far "${as_root[@]}" "${apt[@]}" "$@"; }

how_far()
{
	case "$work" in
		fetching) printf 'fetched %d of %d packages' "$(grep -c '^Get:' "$log")" "$count" ;;
		installing) printf 'unpacked %d and set up %d of %d packages' "$(grep -c '^Unpacking ' "$log")" "$(grep -c '^Setting up ' "$log")" "$count" ;;
	esac
}

# plan: sets "count", and tells how many packages are needed and which are large; false where apt-get cannot tell, as when it has no
# lists
plan()
{
	local sizes
	"${apt[@]}" --print-uris install "${missing[@]}" >"$log" 2>&1 || return 1
	count="$(sed -nE 's/^.* ([0-9]+) newly installed.*/\1/p' "$log")"
	sizes="$(sed -nE 's/^Need to get (.*) of archives\.$/\1 to fetch/p; s/^After this operation, (.*) of additional .*/, \1 on the disk/p' "$log" | tr -d '\n')"
	say "with all that they need: ${count:-some} packages, ${sizes:-of unknown size}"
	count="${count:-0}"
	say "the largest: $(sed -nE "s/^'[^']*' ([^_ ]+)_[^ ]* ([0-9]+) .*/\2 \1/p" "$log" | sort -rn | head -n 5 |
		awk '{ printf "%s%s %d MB", (NR > 1 ? ", " : ""), $2, ($1 + 500000) / 1000000 }')"
}

fetch_lists()
{
	say "fetching the lists of packages (some 10 MB)"
	work=lists
	apt_get -o APT::Update::Error-Mode=any update && return
	tail -n 5 "$log" >&2
	die "the package lists cannot be fetched: $(why "$log" 'no network?') Missing: ${missing[*]}"
}

fetch()
{
	work=fetching
	apt_get --download-only install "${missing[@]}"
}

# The lists of packages may be missing (in a container) or old; they are fetched only when installing fails without that.
if ! plan || ! fetch; then
	fetch_lists
	if ! plan || ! fetch; then
		tail -n 15 "$log" >&2
		die "apt-get cannot fetch what is missing: $(why "$log" "${missing[*]}")"
	fi
fi
say "installing them"
work=installing
if ! apt_get install "${missing[@]}"; then
	tail -n 15 "$log" >&2
	die "apt-get cannot install: $(why "$log" "${missing[*]}")"
fi
[ -z "$broken_off" ] || exit 143
