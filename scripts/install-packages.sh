#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those.
#
#   scripts/install-packages.sh [SECTION…]
#   scripts/install-packages.sh --list RELEASE [SECTION…]
#
# Sections are those of packages.txt; none named means those that the demo, the tests and the lints need. --list prints
# the names instead, missing or not, as that release has them. Asks for root's rights through sudo where needed. Exits 1
# with a message when packages are missing and cannot be had; on a system that packages.txt does not know nothing is installed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# os_release VARIABLE
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
# The list: what is called otherwise in this release ("known" is empty when it is none of ours), then the packages.

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

# The PostgreSQL of pg_config, if extensions can be built for it, takes the place of the release's own.
PG_CONFIG="${PG_CONFIG:-pg_config}" pg_version=''
if [ -z "$only_list" ] && [[ "$("$PG_CONFIG" --version 2>/dev/null)" =~ [0-9]+ ]]; then
	pg_version="${BASH_REMATCH[0]}"
	if [ -e "$("$PG_CONFIG" --pgxs)" ] && [ "$pg_version" -ge 15 ]; then
		postgresql="$pg_version"
	fi
fi

# fill_in TEXT: sets "filled", TEXT with the words of the release and places of PostgreSQL; false where it has none
fill_in()
{
	local place
	filled="${1//\{postgresql\}/$postgresql}"
	filled="${filled//\{libwebsockets\}/$libwebsockets}"
	filled="${filled//\{libcurl\}/$libcurl}"
	for place in bindir sharedir pkglibdir pgxs; do
		[[ "$filled" = *"{$place}"* ]] || continue
		[ "$pg_version" = "$postgresql" ] || return 1
		filled="${filled//\{$place\}/$("$PG_CONFIG" "--$place")}"
	done
}

libraries="$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)"

# is_there PACKAGE SIGN
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
