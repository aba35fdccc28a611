#!/bin/bash -p
# Builds the images of docker/Dockerfile on the Debian 13 of scripts/in-root.sh, and runs database, gateway and agent as
# docker/compose.yaml does. It is buildah that does it: no daemon is needed, a container is a changed root. What compose itself
# does is not tried. A part of "make test-long"; needs root.
#
# Containers run in namespaces of their own, with no network but loopback, and end with them.
#
#   NPCSIM_STORAGE_DRIVER   buildah's, vfs (slow, and works everywhere) when nothing is said
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

base=localhost/npcsim-base server=localhost/npcsim agent=localhost/npcsim-agent
images() { buildah --storage-driver "${NPCSIM_STORAGE_DRIVER:-vfs}" --root "$scratch/storage" --runroot "$scratch/run" "$@"; }

# ----------------------------------------------------------------------------------------------------
# The images

build_images()
{
	local container
	say "making the base"
	"$ROOT/scripts/in-root.sh" --bare trixie tar -C / --exclude='./proc/*' --exclude='./dev/*' --exclude='./sys/*' \
		--exclude='./mnt/*' --exclude=".$ROOT" -cf - . >"$scratch/base.tar"
	container="$(images from scratch)"
	images add --quiet "$container" "$scratch/base.tar" / >/dev/null
	images commit --quiet --rm "$container" "$base" >/dev/null
	rm "$scratch/base.tar"
	say "building the images"
	for image in "$server" "$agent"; do
		run_quietly "$BUILD/docker.log" images bud --isolation chroot --format docker --layers --build-arg BASE="$base" \
			-f "$ROOT/docker/Dockerfile" ${target:+--target "$target"} -t "$image" "$ROOT" || die "$image cannot be built"
		target=agent
	done
}

# ----------------------------------------------------------------------------------------------------
# The containers, in TAP

n=0
# check NAME COMMAND…
check()
{
	local name="$1" output
	shift
	n=$((n + 1))
	if output="$("$@" 2>&1)"; then
		printf 'ok %d - %s\n' "$n" "$name"
	else
		printf 'not ok %d - %s\n' "$n" "$name"
		printf '# %s\n' "${output//$'\n'/$'\n'# }"
	fi
}

# soon SECONDS COMMAND…: until it succeeds
soon()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 1
	done
}

# says TEXT COMMAND…: the command's output has it
says()
{
	local text="$1" output
	shift
	output="$("$@" 2>&1)" || true
	[[ "$output" = *"$text"* ]] || { printf '%s\n' "$output" && return 1; }
}

fails() { ! "$@"; }

# inside CONTAINER [OPTION…] -- COMMAND…: as "docker run" and "docker exec" do it
inside()
{
	local container="$1" options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	images run --isolation chroot "${options[@]}" --volume "$scratch/data:/var/lib/npcsim" \
		--volume "$scratch/secrets:/run/secrets:ro" --env NPCSIM_GATEWAY_PASSWORD_FILE=/run/secrets/gateway-password \
		"$container" -- "$@"
}

# healthy SERVICE CONTAINER: by the test of compose.yaml
healthy()
{
	local words
	read -r -a words < <(sed -n "/^  $1:/,/^  [a-z]*:\$/ s/^      test: \[\"CMD\", \(.*\)\]/\1/p" "$ROOT/docker/compose.yaml" | tr -d '",')
	[ ${#words[@]} -gt 0 ] && inside "$2" -- "${words[@]}"
}

# A file of somebody outside, readable to nobody else.
secret()
{
	(umask 077 && cat >"$scratch/secrets/$1")
	chown 54321:54321 "$scratch/secrets/$1"
}

start_database() { inside "$database" --env NPCSIM_WORLD=Demo -- npcsim-start database >>"$scratch/database.log" 2>&1 & }
stop_database() { kill -INT "$(head -n 1 "$scratch/data/data/postmaster.pid")" && soon 30 fails pgrep -x postgres >/dev/null; }
psql_says() { says "$1" inside "$database" "${@:3}" -- psql -X -A -t -c "$2"; }
# Of the only process of that name: the user it runs as, and what its environment begins with
user_of() { stat -c %U "/proc/$(pgrep -x "$1")"; }
environment_has() { tr '\0' '\n' <"/proc/$(pgrep -x "$1")/environ" | grep -F "$2"; }

run_containers()
{
	local database gateway mind
	ip link set lo up
	mkdir -p "$scratch/data" "$scratch/secrets"
	database="$(images from "$server")" gateway="$(images from "$server")" mind="$(images from "$agent")"

	secret gateway-password </dev/null
	check 'an empty password is refused' says '/run/secrets/gateway-password is empty' inside "$database" -- npcsim-start database
	secret gateway-password <<<'a password of somebody outside'
	check 'a password that cannot be read is told' says 'gateway-password cannot be read by the user 65534' \
		inside "$database" --user nobody -- npcsim-start database
	check 'without a server the database is not healthy' fails healthy database "$database"
	start_database
	check 'the database becomes healthy' soon 120 healthy database "$database"
	check 'psql in the container opens the worlds' psql_says Demo 'SELECT name FROM npcsim.worlds'
	check '... as postgres, too' psql_says Demo 'SELECT name FROM npcsim.worlds' --user postgres
	check '... and as nobody else' psql_says 'Peer authentication failed' 'SELECT 1' --user nobody
	# By its number: names are the container's.
	check 'the server is postgres' test "$(stat -c %u "/proc/$(head -n 1 "$scratch/data/data/postmaster.pid")")" = \
		"$(inside "$database" -- id -u postgres)"

	check 'without a gateway it is not healthy' fails healthy gateway "$gateway"
	inside "$gateway" --env NPCSIM_GATEWAY_DATABASE='host=127.0.0.1 dbname=npcsim user=npcsim_gateway' \
		--env NPCSIM_GATEWAY_GATEWAY_ID=compose --env NPCSIM_GATEWAY_LISTEN_ADDRESS=0.0.0.0 \
		--env NPCSIM_GATEWAY_WEB_ROOT=/usr/local/share/npcsim/web -- npcsim-start gateway >"$scratch/gateway.log" 2>&1 &
	check 'the gateway becomes healthy' soon 30 healthy gateway "$gateway"
	check 'the gateway is nobody' test "$(user_of npcsim-gateway)" = nobody
	check 'the gateway has no password in its environment' fails environment_has npcsim-gateway 'somebody outside'
	check 'the gateway serves the page' says '<html' curl --silent --max-time 3 http://127.0.0.1:8080/

	inside "$database" -- psql -X -A -t -q -c "SELECT token FROM npcsim.create_player(1, 'ada', 'player')" | secret player-token
	check 'an NPC is given to a player' inside "$database" -- psql -X -v ON_ERROR_STOP=1 -o /dev/null -c \
		"SELECT npcsim.assign_npc_to_player(1, min(id), 1) FROM npcsim.npcs WHERE world_id = 1"
	inside "$mind" --env NPCSIM_GATEWAY=ws://127.0.0.1:8080 --env NPCSIM_TOKEN_FILE=/run/secrets/player-token -- \
		npcsim-start agent --mcp 'node /usr/local/share/npcsim/mcp/server.mjs' >"$scratch/agent.log" 2>&1 &
	check 'the sample mind decides' soon 90 psql_says t \
		"SELECT count(*) > 0 FROM npcsim.decision_log WHERE status = 'applied'"
	check 'the agent is nobody' test "$(user_of npcsim-agent)" = nobody

	check 'the database stops' stop_database
	check 'the gateway is not healthy without it' soon 30 fails healthy gateway "$gateway"
	start_database
	check 'the database starts again' soon 60 healthy database "$database"
	check 'its worlds and players are there' psql_says 'Demo ada' \
		"SELECT concat_ws(' ', w.name, p.username) FROM npcsim.worlds w JOIN npcsim.players p ON p.world_id = w.id"
	check 'the gateway is healthy again' soon 60 healthy gateway "$gateway"
	check 'the database stops again' stop_database
	echo 15 >"$scratch/data/data/PG_VERSION"
	check 'a cluster of another version is told' says 'is of PostgreSQL 15, this image has PostgreSQL 17' \
		inside "$database" -- npcsim-start database
	printf '1..%d\n' "$n"
	sed 's/^/# /' "$scratch"/*.log
}

if [ "${1:-}" = --containers ]; then
	scratch="$2"
	run_containers
	exit
fi

[ "$(id -u)" -eq 0 ] || die "images are built and run as root"
"$ROOT/scripts/install-packages.sh" images || exit 1
scratch="$(mktemp -d /tmp/npcsim-docker.XXXXXXXX)"
trap 'rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 130' INT TERM
build_images
tap_begin docker
tap_run containers 900 unshare --net --pid --fork --kill-child --mount-proc "$0" --containers "$scratch"
tap_finish
