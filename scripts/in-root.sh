#!/bin/bash -p
# Runs a command in another release of Debian, with this tree and /tmp at their places and on this machine's network.
#
#   scripts/in-root.sh SUITE COMMAND…           for example: scripts/in-root.sh trixie make BUILD=build/trixie gateway
#   scripts/in-root.sh --bare SUITE COMMAND…    in a release as it is on a new machine, with a /tmp of its own
#
# The release is a directory, /var/cache/npcsim/SUITE (or in NPCSIM_ROOTS), which is kept for all trees. mmdebstrap makes it when it
# is missing or other packages are needed. It has the packages of packages.txt's sections run, build and sql, and those of
# NPCSIM_ROOT_PACKAGES; that of unstable is made anew after a week. A bare one has apt's certificates and nothing else of ours, a
# command begins there with a user's environment (lib.sh), and what it changes is lost with it.
#
# The mounts belong to this process alone and end with it; signals reach the command. This needs root. The exit status is 75 when the
# release cannot be fetched today.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

bare=''
if [ "${1:-}" = --bare ]; then
	bare=yes
	shift
fi
[ $# -ge 2 ] || die "usage: scripts/in-root.sh [--bare] SUITE COMMAND…"
suite="$1"
shift
[[ "$suite" =~ ^[a-z]+$ ]] || die "a suite is a word like trixie, not \"$suite\""
[ "$(id -u)" -eq 0 ] || die "another release is entered as root"

roots="${NPCSIM_ROOTS:-/var/cache/npcsim}"
dir="$roots/$suite${bare:+-bare}" stamp="$roots/$suite${bare:+-bare}.packages"
packages=ca-certificates
if [ -z "$bare" ]; then
	packages="$("$ROOT/scripts/install-packages.sh" --list "$suite" run build sql) ${NPCSIM_ROOT_PACKAGES:-}" || exit 1
	packages="$(tr -s ' ' '\n' <<<"$packages" | sort -u | paste -s -d ,)"
fi

# is_right: true if the release is there, with these packages, and not too old
is_right()
{
	[ -d "$dir" ] && echo "$packages" | cmp -s - "$stamp" || return 1
	[ "$suite" != unstable ] || [ -n "$(find "$stamp" -mtime -7)" ]
}

# Makes the release. It gets packages in the same way as this machine (proxies, old mirrors), and trusts the same certificate
# authorities. Unless it is bare, Debian is kept from making a PostgreSQL cluster in it.
make_root()
{
	local next="$dir.new" settings=() hooks=()
	mapfile -t settings < <(apt-config dump 2>/dev/null | sed -nE 's/^(Acquire::(Check-|Retries|https?::).*);$/--aptopt=\1/p')
	"$ROOT/scripts/install-packages.sh" roots || exit 1
	# shellcheck disable=SC2016 # the hooks expand
	hooks=(--customize-hook='[ ! -d /usr/local/share/ca-certificates ] || cp -r /usr/local/share/ca-certificates "$1/usr/local/share/"; chroot "$1" update-ca-certificates')
	# shellcheck disable=SC2016
	[ -n "$bare" ] || hooks+=(--essential-hook='mkdir -p "$1/etc/postgresql-common"'
		--essential-hook='echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"')
	say "making a Debian \"$suite\" in $dir: it is kept, and takes some minutes"
	rm -rf --one-file-system "$next"
	run_quietly "$BUILD/mmdebstrap-$suite.log" mmdebstrap --variant=minbase --include="$packages" \
		--dpkgopt=force-unsafe-io "${settings[@]}" "${hooks[@]}" \
		"$suite" "$next" || {
		rm -rf --one-file-system "$next"
		say "a Debian \"$suite\" cannot be made today: above is why"
		exit 75
	}
	rm -rf --one-file-system "$dir"
	mv "$next" "$dir"
	echo "$packages" >"$stamp"
}

# The lock on a root is shared by the commands that run in it, and exclusive while it is made; the descriptor that holds it is
# inherited by the command.
mkdir -p "$roots"
exec 9>"$roots/$suite${bare:+-bare}.lock"
flock --shared 9
if ! is_right; then
	flock --unlock 9
	flock 9
	is_right || make_root
	flock --shared 9
fi

# shellcheck disable=SC2016 # the inner shell expands
exec unshare --mount --propagation private bash -c '
	set -e
	dir="$1" tree="$2" bare="$3" here="$PWD"
	shift 3
	if [ -n "$bare" ]; then
		mount -t tmpfs -o size=75% npcsim /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		mount -t overlay -o "lowerdir=$dir,upperdir=/mnt/upper,workdir=/mnt/work" npcsim /mnt/root
		dir=/mnt/root
	else
		mount --bind /tmp "$dir/tmp"
	fi
	mkdir -p "$dir$tree"
	mount --rbind /dev "$dir/dev"
	mount -t proc proc "$dir/proc"
	mount --rbind "$tree" "$dir$tree"
	case "$here/" in "$tree"/*) ;; *) here="$tree" ;; esac
	exec chroot "$dir" /usr/bin/env -C "$here" ${bare:+-u NPCSIM_SURROUNDINGS} PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' in-root "$dir" "$ROOT" "$bare" "$@"
