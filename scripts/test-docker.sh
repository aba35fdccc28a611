#!/bin/bash -p
# Builds the images of docker/Dockerfile on the Debian 13 of scripts/in-root.sh, and runs database, gateway and agent as
# docker/compose.yaml says: with each service's command, environment, volumes, secrets and health check as compose itself reads them.
# It uses buildah, which needs no daemon: a container is a changed root. This is a part of "make test-long" and needs root.
#
# Containers run in namespaces of their own, with no network but loopback, and end with them. What else compose does is not tested:
# starting services in order, restarting them when they fail, publishing a port.
#
#   NPCSIM_STORAGE_DRIVER   buildah's storage driver; the default vfs is slow, and works everywhere
# shellcheck disable=SC2016 # what is within '…' is expanded by another shell, by JavaScript or by buildah
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

images() { buildah --storage-driver "${NPCSIM_STORAGE_DRIVER:-vfs}" --root "$scratch/storage" --runroot "$scratch/run" "$@"; }

# ----------------------------------------------------------------------------------------------------
# The compose file

read_compose()
{
	local log="$BUILD/compose.log"
	say "reading compose.yaml"
	mkdir -p "$BUILD"
	"$ROOT/scripts/in-root.sh" --bare trixie sh -ec '
		apt-get -q update >&2
		apt-get -q -y -o Acquire::Retries=2 install --no-install-recommends docker-compose >&2
		docker-compose -f "$1" --profile "*" config --format json' sh "$ROOT/docker/compose.yaml" >"$scratch/compose.json" 2>"$log" ||
		show_failure "$log" docker-compose config || exit 1
}

# words_of SERVICE EXPRESSION: sets "words" to the strings that a JavaScript expression returns, which may use "service" (its entry of
# the compose file) and "scratch"
words_of()
{
	mapfile -d '' -t words < <(node -e 'const [scratch, name, expression] = process.argv.slice(1)
		const service = JSON.parse(require("fs").readFileSync(`${scratch}/compose.json`)).services[name]
		const words = new Function("service", "scratch", `return ${expression}`)(service, scratch)
		process.stdout.write(words.map((word) => `${word}\0`).join(""))' "$scratch" "$@")
	[ ${#words[@]} -gt 0 ] || die "compose.yaml has no $2 for $1"
}

# ----------------------------------------------------------------------------------------------------
# The images

build_images()
{
	local container service words
	say "making the base"
	"$ROOT/scripts/in-root.sh" --bare trixie tar -C / --exclude='./proc/*' --exclude='./dev/*' --exclude='./sys/*' \
		--exclude='./mnt/*' --exclude=".$ROOT" -cf - . >"$scratch/base.tar"
	container="$(images from scratch)"
	images add --quiet "$container" "$scratch/base.tar" / >/dev/null
	images commit --quiet --rm "$container" localhost/npcsim-base >/dev/null
	rm "$scratch/base.tar"
	say "building the images"
	for service in database agent; do
		words_of "$service" '["-t", `localhost/${service.image}`, "-f", `${service.build.context}/${service.build.dockerfile}`,
			...service.build.target ? ["--target", service.build.target] : [], service.build.context]'
		run_quietly "$BUILD/docker.log" images bud --isolation chroot --format docker --layers \
			--build-arg BASE=localhost/npcsim-base "${words[@]}" || die "the image of $service cannot be built"
	done
}

# ----------------------------------------------------------------------------------------------------
# The containers, in TAP

n=0
# check NAME COMMAND…: reports in TAP whether the command succeeds
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

# soon SECONDS COMMAND…: repeats the command until it succeeds; false when it has not in that time
soon()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 1
	done
}

# says TEXT COMMAND…: true if the command's output has the text; else shows the output
says()
{
	local text="$1" output
	shift
	output="$("$@" 2>&1)" || true
	[[ "$output" = *"$text"* ]] || { printf '%s\n' "$output" && return 1; }
}

fails() { ! "$@"; }

# new_container SERVICE: makes a container as compose does. When an image declares a volume where one of ours is mounted, buildah
# 1.28 mounts either of them at random, so the container declares none.
declare -A containers=() entrypoints=()
new_container()
{
	local words word declared
	words_of "$1" '["localhost/" + service.image]'
	containers[$1]="$(images from --add-host database:127.0.0.1 --add-host gateway:127.0.0.1 "${words[0]}")"
	entrypoints[$1]="$(images inspect --format '{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}' "${containers[$1]}")"
	declared="$(images inspect --format '{{range $place, $_ := .OCIv1.Config.Volumes}}{{$place}} {{end}}' "${containers[$1]}")"
	for word in $declared; do
		images config --volume "$word-" "${containers[$1]}"
	done
}

# inside SERVICE [OPTION…] -- COMMAND…: runs a command in the newest container of the service, like "docker exec"
inside()
{
	local service="$1" options=() words
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	words_of "$service" '[...Object.entries(service.environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
		...(service.volumes ?? []).flatMap(({ source, target }) => ["--volume", `${scratch}/${source}:${target}`]),
		...service.secrets.flatMap(({ source, target }) => ["--volume", `${scratch}/secrets/${source}:${target}:ro`])]'
	images run --isolation chroot "${words[@]}" "${options[@]}" "${containers[$service]}" -- "$@"
}

# start SERVICE: runs the service's command as compose does
start()
{
	local words entrypoint
	read -r -a entrypoint <<<"${entrypoints[$1]}"
	words_of "$1" service.command
	inside "$1" -- "${entrypoint[@]}" "${words[@]}"
}
start_in_background() { start "$1" >>"$scratch/$1.log" 2>&1 & }

healthy()
{
	local words
	words_of "$1" 'service.healthcheck.test'
	[ "${words[0]}" = CMD ] && inside "$1" -- "${words[@]:1}"
}

# secret NAME: writes its input to a secret's file, which belongs to a user outside of the containers and is readable to no other
secret()
{
	(umask 077 && cat >"$scratch/secrets/$1")
	chown 54321:54321 "$scratch/secrets/$1"
}

stop_database()
{
	local words
	words_of database '[service.stop_signal]'
	kill -s "${words[0]}" "$(head -n 1 "$data/postmaster.pid")" && soon 30 fails pgrep -x postgres >/dev/null
}

# psql_says TEXT STATEMENT [OPTION…]: true if psql prints the text; it is run again if not, since buildah sometimes loses output that
# a program prints at its end
psql_says() { soon 10 says "$1" inside database "${@:3}" -- psql -X -A -t -c "$2"; }
# These tell of the only process of that name which user it runs as, and whether its environment has a variable.
user_of() { stat -c %U "/proc/$(pgrep -x "$1")"; }
environment_has() { tr '\0' '\n' <"/proc/$(pgrep -x "$1")/environ" | grep -F "$2"; }
# The users are compared by their numbers, because the container has names of its own.
server_is_postgres() { [ "$(stat -c %u "/proc/$(head -n 1 "$data/postmaster.pid")")" = "$(inside database -- id -u postgres)" ]; }

run_containers()
{
	local words data="$scratch/npcsim/data" volume
	ip link set lo up
	mkdir -p "$scratch/npcsim" "$scratch/secrets"
	words_of database '[service.volumes[0].target]'
	volume="${words[0]}"
	for service in database gateway agent; do
		new_container "$service"
	done

	check 'the image declares the volume' says "$volume" images inspect --type image --format '{{.OCIv1.Config.Volumes}}' localhost/npcsim
	secret gateway-password </dev/null
	check 'an empty password is refused' says '/run/secrets/gateway-password is empty' start database
	secret gateway-password <<<'a password of somebody outside'
	check 'a password that cannot be read is told' says 'gateway-password cannot be read by the user 65534' \
		inside database --user nobody -- npcsim-start database
	check 'without a server the database is not healthy' fails healthy database
	start_in_background database
	check 'the database becomes healthy' soon 120 healthy database
	check 'psql in the container opens the worlds' psql_says Demo 'SELECT name FROM npcsim.worlds'
	check '... as postgres, too' psql_says Demo 'SELECT name FROM npcsim.worlds' --user postgres
	check '... and as nobody else' psql_says 'Peer authentication failed' 'SELECT 1' --user nobody
	check 'the server is postgres' soon 10 server_is_postgres

	check 'without a gateway it is not healthy' fails healthy gateway
	start_in_background gateway
	check 'the gateway becomes healthy' soon 30 healthy gateway
	check 'the gateway is nobody' test "$(user_of npcsim-gateway)" = nobody
	check 'the gateway has no password in its environment' fails environment_has npcsim-gateway 'somebody outside'
	check 'the gateway serves the page' says '<html' curl --silent --max-time 3 http://127.0.0.1:8080/

	inside database -- psql -X -A -t -q -o "$volume/token" -c "SELECT token FROM npcsim.create_player(1, 'ada', 'player')"
	secret player-token <"$scratch/npcsim/token"
	check 'an NPC is given to a player' inside database -- psql -X -v ON_ERROR_STOP=1 -o /dev/null -c \
		"SELECT npcsim.assign_npc_to_player(1, min(id), 1) FROM npcsim.npcs WHERE world_id = 1"
	start_in_background agent
	check 'the sample mind decides' soon 90 psql_says t \
		"SELECT count(*) > 0 FROM npcsim.decision_log WHERE status = 'applied'"
	check 'the agent is nobody' test "$(user_of npcsim-agent)" = nobody

	check 'the database stops' stop_database
	check 'the gateway is not healthy without it' soon 30 fails healthy gateway
	new_container database
	start_in_background database
	check 'the database starts again, in a container of its own' soon 60 healthy database
	check 'its worlds and players are there' psql_says 'Demo ada' \
		"SELECT concat_ws(' ', w.name, p.username) FROM npcsim.worlds w JOIN npcsim.players p ON p.world_id = w.id"
	check 'the gateway is healthy again' soon 60 healthy gateway
	check 'the database stops again' stop_database
	echo 15 >"$data/PG_VERSION"
	check 'a cluster of another version is told' says 'is of PostgreSQL 15, this image has PostgreSQL 17' start database
	printf '1..%d\n' "$n"
	sed 's/^/# /' "$scratch"/*.log
}

if [ "${1:-}" = --containers ]; then
	scratch="$2"
	run_containers
	exit
fi

[ "$(id -u)" -eq 0 ] || die "images are built and run as root"
install_packages images || exit 1
with_node
scratch="$(mktemp -d /tmp/npcsim-docker.XXXXXXXX)"
trap 'rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 130' INT TERM
read_compose
build_images
tap_begin docker
tap_run containers 900 unshare --net --pid --fork --kill-child --mount-proc "$0" --containers "$scratch"
tap_finish
