#!/usr/bin/env bash
# Runs a command in another release of Debian, with this tree and /tmp at their places and on this machine's network.
#
#   scripts/in-root.sh SUITE COMMAND…        scripts/in-root.sh trixie make BUILD=build/trixie gateway
#
# The release is a directory, made by mmdebstrap when it is not there or other packages are needed: .npcsim/roots/SUITE, or in
# NPCSIM_ROOTS. In it are those of packages.txt that a build of the programs needs, and those of NPCSIM_ROOT_PACKAGES.
# Mounts are of this process alone and end with it; signals reach the command. Needs root.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || die "usage: scripts/in-root.sh SUITE COMMAND…"
suite="$1"
shift
[[ "$suite" =~ ^[a-z]+$ ]] || die "a suite is a word like trixie, not \"$suite\""
[ "$(id -u)" -eq 0 ] || die "another release is entered as root"

roots="${NPCSIM_ROOTS:-$ROOT/.npcsim/roots}"
dir="$roots/$suite" stamp="$roots/$suite.packages"

# What names a version of PostgreSQL is of this release, and the programs need none of it.
packages="$("$ROOT/scripts/install-packages.sh" --list build | grep -v -- '-[0-9][0-9]*$' | tr '\n' ',')$(
	tr ' ' ',' <<<"${NPCSIM_ROOT_PACKAGES:-}")"

make_root()
{
	local next="$dir.new"
	"$ROOT/scripts/install-packages.sh" long || exit 1
	say "making a Debian \"$suite\" in ${dir#"$ROOT"/}"
	rm -rf --one-file-system "$next"
	mkdir -p "$roots" "$BUILD"
	run_quietly "$BUILD/mmdebstrap.log" mmdebstrap --variant=minbase --include="$packages" "$suite" "$next" ||
		die "a Debian \"$suite\" cannot be made: is there a network?"
	mkdir -p "$next$ROOT"
	rm -rf --one-file-system "$dir"
	mv "$next" "$dir"
	echo "$packages" >"$stamp"
}

mkdir -p "$roots"
exec 9>"$roots/$suite.lock"
flock 9
echo "$packages" | cmp -s - "$stamp" || make_root
exec 9>&-

# shellcheck disable=SC2016 # the inner shell expands
exec unshare --mount --propagation private bash -c '
	set -e
	dir="$1" tree="$2" here="$PWD"
	shift 2
	mount --rbind /dev "$dir/dev"
	mount -t proc proc "$dir/proc"
	mount --bind /tmp "$dir/tmp"
	mount --rbind "$tree" "$dir$tree"
	case "$here/" in "$tree"/*) ;; *) here="$tree" ;; esac
	exec chroot "$dir" /usr/bin/env -C "$here" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' in-root "$dir" "$ROOT" "$@"
