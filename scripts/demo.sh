#!/bin/bash -p
# "make demo": shows a colony until Ctrl-C. When it is started again it goes on with the same world.
#
# It installs the packages that are missing, builds, and keeps everything of the demo in .npcsim/: a private
# cluster (see cluster.sh), the tokens of three players, logs. A gateway serves the page; each player has an
# agent that runs the sample MCP server of clients/mcp. Whatever happens, nothing is left running; what an
# earlier demo that was killed has left is ended first.
#
#   NPCSIM_DEMO_PORT         port of the gateway on 127.0.0.1 (default 8080)
#   NPCSIM_DEMO_AWAY_EVERY   the last player is away for the last 30 s of each so many seconds, from 40 on (default 150)
set -euo pipefail
# shellcheck source=scripts/demo-common.sh
. "$(dirname "$0")/demo-common.sh"

PORT="${NPCSIM_DEMO_PORT:-8080}"
WORLD_NAME=Demo
# The players, what each declares to lend (tokens a day), how many questions it takes at a time, how long its mind thinks (ms), and what
# else its agent is told. The market divides the NPCs among them.
PLAYERS=(ada bo cy)
declare -A DECLARES=([ada]=60000 [bo]=12000 [cy]=6000)
declare -A SLOTS=([ada]=4 [bo]=2 [cy]=1)
declare -A THINKS=([ada]=20 [bo]=300 [cy]=1000)
declare -A MORE=([ada]=--stateless)
COMES_AND_GOES=cy
AWAY_EVERY="${NPCSIM_DEMO_AWAY_EVERY:-150}"
AWAY_FOR=30

case "$PORT" in
	'' | *[!0-9]* | ??????*) die "NPCSIM_DEMO_PORT must be a port number, not \"$PORT\"" ;;
esac
if [ "$PORT" -lt 1 ] || [ "$PORT" -gt 65535 ]; then
	die "NPCSIM_DEMO_PORT must be a port number, not \"$PORT\""
fi

[[ "$AWAY_EVERY" =~ ^[1-9][0-9]{1,5}$ && "$AWAY_EVERY" -ge 40 ]] ||
	die "NPCSIM_DEMO_AWAY_EVERY must be a number of seconds from 40 on, not \"$AWAY_EVERY\""

lock_demo "a demo of this directory is running already"
end_leftovers
if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
	die "port $PORT is taken: choose another one, for example NPCSIM_DEMO_PORT=$((PORT % 60000 + 1000)) make demo"
fi

# ----------------------------------------------------------------------------------------------------
# Ending everything that is started below, in whatever way the script ends

clean_up()
{
	local status=$?
	trap '' INT TERM HUP PIPE
	trap - EXIT
	set +e # the terminal may be gone, and what is said fails then
	[ -z "$STATUS_LINE" ] || printf '\n' >&2
	say "stopping"
	end_child
	end_leftovers
	if [ "$status" -eq 0 ] && [ -n "$WORLD_IS_THERE" ]; then
		say "stopped; the world goes on where it is with the next: make demo"
	elif [ "$status" -eq 0 ]; then
		say "stopped; the next make demo goes on from here"
	fi
	exit "$status"
}
STATUS_LINE='' WORLD_IS_THERE=''
trap clean_up EXIT
trap 'exit 0' INT TERM HUP

# ----------------------------------------------------------------------------------------------------
# Starting programs

install_packages run build || exit 1
with_node
say "building (the first time that takes a minute or two)"
build_all all
npm_install "$ROOT/clients/mcp"
forget_proxies

# start NAME COMMAND…: runs a command in the background, with its output in .npcsim/NAME.log. It is not in the terminal's process
# group, so that Ctrl-C reaches this script alone, which then ends everything in order.
start()
{
	local name="$1"
	shift
	setsid "$@" >"$STATE/$name.log" 2>&1 </dev/null 9>&- &
	echo $! >"$STATE/$name.pid"
}

# lives NAME: true while it runs; else shows the end of its log
lives()
{
	kill -0 "$(<"$STATE/$1.pid")" 2>/dev/null && return
	[ -z "$STATUS_LINE" ] || printf '\n' >&2
	STATUS_LINE=
	tail -n 15 "$STATE/$1.log" >&2
	die "the $1 ended unexpectedly (its log: $STATE/$1.log)"
}

# quoted WORD: prints the word quoted for the agent's --mcp
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d npcsim "$@"; }

# ----------------------------------------------------------------------------------------------------
# The database and the world

if ! "$ROOT/scripts/cluster.sh" env "$STATE/cluster" >/dev/null 2>&1 9>&-; then
	say "making a cluster in .npcsim/"
	"$ROOT/scripts/cluster.sh" create "$STATE/cluster" >/dev/null 9>&-
fi
"$ROOT/scripts/cluster.sh" start "$STATE/cluster" 9>&-
use_cluster "$STATE/cluster"

if [ "$(psql -X -A -t -d postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'npcsim'")" = 0 ]; then
	psql -X -q -d postgres -c 'CREATE DATABASE npcsim'
fi
if [ "$(sql -c "SELECT count(*) FROM pg_extension WHERE extname = 'npcsim'")" = 0 ]; then
	sql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION npcsim CASCADE'
else
	sql -c 'SET client_min_messages = warning' -c 'ALTER EXTENSION npcsim UPDATE' ||
		die "the world in .npcsim/ is of another version; make demo-clean removes it"
fi
sql -f "$ROOT/docs/roles.sql" # another version may have functions that roles need

umask 077
world="$(sql -c "SELECT id FROM npcsim.worlds WHERE name = '$WORLD_NAME'")"
if [ -z "$world" ]; then
	say "making the world \"$WORLD_NAME\""
	sql --single-transaction -o /dev/null -v name="$WORLD_NAME" <<-'SQL'
		SELECT npcsim.create_world(:'name', 64, 48, 20260301) AS world \gset
		SELECT npcsim.populate_world(:world, 20);
	SQL
	world="$(sql -c "SELECT id FROM npcsim.worlds WHERE name = '$WORLD_NAME'")"
fi

WORLD_IS_THERE=yes

# A world of an older demo has its NPCs given by hand.
sql -o /dev/null -v world="$world" <<-'SQL'
	UPDATE npcsim.worlds SET allocation = 'market' WHERE id = :world AND allocation <> 'market';
	UPDATE npcsim.npcs SET assigned = false WHERE world_id = :world AND assigned;
SQL

# The database shows a token only once, so one that was lost here (because the demo was killed at the wrong moment) is replaced.
for player in "${PLAYERS[@]}"; do
	token_file="$STATE/$player.token"
	id="$(sql -c "SELECT id FROM npcsim.players WHERE world_id = $world AND username = '$player'")"
	if [ -z "$id" ]; then
		sql -v world="$world" -v player="$player" >"$token_file" <<-'SQL'
			SELECT token FROM npcsim.create_player(:world, :'player');
		SQL
	elif [ ! -s "$token_file" ]; then
		sql -c "SELECT npcsim.rotate_player_token($id)" >"$token_file"
	fi
	sql -o /dev/null -c "SELECT npcsim.declare_compute(id, ${DECLARES[$player]}) FROM npcsim.players WHERE world_id = $world AND username = '$player'"
done
sql -o /dev/null -c "SELECT npcsim.start_world(id) FROM npcsim.worlds WHERE id = $world AND status <> 'running'"

# ----------------------------------------------------------------------------------------------------
# The gateway and the players

start gateway env NPCSIM_GATEWAY_DATABASE="host=$PGHOST port=$PGPORT dbname=npcsim user=npcsim_gateway" \
	NPCSIM_GATEWAY_PORT="$PORT" NPCSIM_GATEWAY_WEB_ROOT="$ROOT/clients/web" NPCSIM_GATEWAY_GATEWAY_ID=demo \
	"$BUILD/npcsim-gateway"
for attempt in $(seq 100); do
	lives gateway
	curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$PORT/version" && break
	[ "$attempt" -lt 100 ] || die "the gateway does not answer (its log: $STATE/gateway.log)"
	sleep 0.1
done

# start_agent PLAYER: begins to lend what the player has
start_agent()
{
	start "agent-$1" "$BUILD/npcsim-agent" --gateway "ws://127.0.0.1:$PORT/mcp" ${MORE[$1]:+"${MORE[$1]}"} \
		--token-file "$STATE/$1.token" --max-concurrency "${SLOTS[$1]}" \
		--mcp "$(quoted "$(type -P node)") $(quoted "$ROOT/clients/mcp/server.mjs") --think ${THINKS[$1]}"
}
for player in "${PLAYERS[@]}"; do
	start_agent "$player"
done

# Has the player who comes and goes do so; it is away when $away is not empty.
come_and_go()
{
	if [ $(((SECONDS - began) % AWAY_EVERY)) -lt $((AWAY_EVERY - AWAY_FOR)) ]; then
		[ -z "$away" ] || start_agent "$COMES_AND_GOES"
		away=
	elif [ -z "$away" ]; then
		end_process "$(<"$STATE/agent-$COMES_AND_GOES.pid")"
		rm -f "$STATE/agent-$COMES_AND_GOES.pid"
		away="$COMES_AND_GOES"
	fi
}
began=$SECONDS away=

page="http://127.0.0.1:$PORT/"
[ "$world" = 1 ] || page+="?world=$world"
say "watch it at:    $page"
say "look inside:    psql -h $PGHOST -p $PGPORT -U postgres npcsim"
say "stop with:      Ctrl-C"

# ----------------------------------------------------------------------------------------------------
# The status line, once a second: clock, NPCs, decisions of the players' minds (rate over the last 10 s, times over the last 60 s,
# from the opening of the request to its end), for how many NPCs whose decision is being carried out, how many each player has of how many it is
# entitled to, how many questions others answered for a player who could not be asked (60 s), and which NPCs sleep

# read_status: sets the variables of the line; false when the database did not answer
read_status()
{
	local row
	row="$(PGOPTIONS='-c statement_timeout=5s' sql -F '|' 2>/dev/null <<-SQL
		WITH recent AS (
		    SELECT finished_at_real, status, pooled,
		           extract(epoch FROM finished_at_real - opened_at_real) * 1000 AS ms
		      FROM npcsim.decision_log
		     WHERE world_id = $world AND finished_at_real > clock_timestamp() - interval '60 s'
		), minds AS (
		    SELECT CASE n.decider WHEN 'mind' THEN coalesce(p.username, 'the pool') WHEN 'built_in' THEN 'built-in'
		                ELSE n.decider END AS mind, count(*) AS npcs
		      FROM npcsim.npcs n LEFT JOIN npcsim.players p ON p.id = n.controller_player_id
		     WHERE n.world_id = $world GROUP BY 1
		)
		SELECT floor(w.clock)::bigint, w.status,
		       (SELECT sum(npcs) FROM minds),
		       (SELECT count(*) FILTER (WHERE finished_at_real > clock_timestamp() - interval '10 s') / 10.0 FROM recent)::numeric(10,1),
		       (SELECT coalesce(round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::text, '–') FROM recent WHERE status = 'applied'),
		       (SELECT coalesce(round(max(ms))::text, '–') FROM recent WHERE status = 'applied'),
		       (SELECT count(*) FROM recent WHERE status <> 'applied'),
		       (SELECT string_agg(mind || ' ' || npcs, ', ' ORDER BY mind) FROM minds),
		       (SELECT string_agg(p.username || ' ' || a.held || '/' || a.entitlement ||
		                          CASE WHEN a.reason IN ('away', 'gone') THEN ' away' ELSE '' END, ', ' ORDER BY p.username)
		          FROM npcsim.players p CROSS JOIN LATERAL npcsim.calculate_player_npc_allocation(p.id, p.world_id) a
		         WHERE p.world_id = $world),
		       (SELECT count(*) FROM recent WHERE status = 'applied' AND pooled),
		       (SELECT string_agg(name, ', ' ORDER BY name) FROM (
		            SELECT name FROM npcsim.npcs WHERE world_id = $world AND state = 'dormant' ORDER BY name LIMIT 3) AS sleepers),
		       translate(coalesce('blocked by ' || s.blocked_by_pid, s.last_error, 'no worker'), E'|\n', '  ')
		  FROM npcsim.worlds w LEFT JOIN npcsim.world_status s ON s.world_id = w.id WHERE w.id = $world
	SQL
	)" || return 1
	IFS='|' read -r clock status npcs rate median worst other minds shares passed_on asleep trouble <<<"$row"
	[ -n "$clock" ]
}

# calendar SECONDS: prints the game's date and time. A world second is a minute, a month has 30 days, and a world begins on March 1 of
# year 1 at 06:00.
calendar()
{
	local months=(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec) minutes=$((60 * 1440 + 360 + $1)) days
	days=$((minutes / 1440))
	printf '%s %d, Year %d, %02d:%02d' "${months[days / 30 % 12]}" $((days % 30 + 1)) $((days / 360 + 1)) \
		$((minutes / 60 % 24)) $((minutes % 60))
}

# compose WIDTH: sets "line" to the longest of its forms that is shorter than WIDTH
compose()
{
	local when place figures lost='' state='' market
	when="$(calendar "$clock")"
	place="$npcs NPCs"
	[ "$other" = 0 ] || lost="  $other not applied"
	if [ "$status" != running ]; then
		state=" ($status)"
	elif [ "$clock" = "$last_clock" ]; then
		state=" (stands still: $trouble)"
	fi
	market="$shares"
	[ "$passed_on" = 0 ] || market+="  $passed_on passed on"
	[ -z "$asleep" ] || market+="  asleep: $asleep"
	line="$when$state  $place  $rate decisions/s  median $median ms  worst $worst ms$lost  decided by: $minds  shares: $market"
	[ "${#line}" -ge "$1" ] || return 0
	when="${when/, Year */, ${when##* }}"
	for figures in "$median ms, worst $worst$lost" "$median ms$lost" "$median ms"; do
		line="$when$state  $place: $market  $rate/s  $figures"
		[ "${#line}" -ge "$1" ] || return 0
	done
	line="$when$state  $place: $shares  $rate/s  $figures"
	[ "${#line}" -ge "$1" ] || return 0
	line="$when$state  $place"
	line="${line:0:$1 - 1}"
}

last_clock=
while :; do
	lives gateway
	come_and_go
	for player in "${PLAYERS[@]}"; do
		[ "$player" = "$away" ] || lives "agent-$player"
	done
	columns=1000
	[ ! -t 1 ] || columns="$(tput cols 2>/dev/null || echo 80)"
	line="the database does not answer"
	if read_status; then
		compose "$columns"
		last_clock="$clock"
	fi
	if [ -t 1 ]; then
		printf '\r\033[K%s' "$line"
		STATUS_LINE=open
	else
		printf '%s\n' "$line"
	fi
	# A signal interrupts "wait" at once, but "sleep" in the foreground would end first.
	sleep 1 9>&- &
	wait $! || true
done
