#!/bin/bash -p
# Runs a command in another release of Debian, with this tree and /tmp at their places and on this machine's network.
#
#   scripts/in-root.sh SUITE COMMAND…           scripts/in-root.sh trixie make BUILD=build/trixie gateway
#   scripts/in-root.sh --bare SUITE COMMAND…    as a new machine is, and with a /tmp of its own
#
# The release is a directory, made by mmdebstrap when it is not there or other packages are needed, and kept for all trees:
# /var/cache/npcsim/SUITE, or in NPCSIM_ROOTS. In it are packages.txt's sections run, build and sql, as that release has
# them, and the packages of NPCSIM_ROOT_PACKAGES; unstable's is made anew after a week. A bare one has apt's certificates
# and nothing else of ours, a command begins there as a user's does (lib.sh), and what it changes is gone with it.
#
# Mounts are of this process alone and end with it; signals reach the command. Needs root. Status 75: the release cannot be
# had today.
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

# is_right: there, with these packages, and not older than it may be
is_right()
{
	[ -d "$dir" ] && echo "$packages" | cmp -s - "$stamp" || return 1
	[ "$suite" != unstable ] || [ -n "$(find "$stamp" -mtime -7)" ]
}

# Packages come to it as to this machine (proxies, old mirrors), whose own authorities it trusts. Where our packages are in it
# Debian would make a cluster.
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

# A command holds its root while it runs, whoever is the last to let go of the descriptor.
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
