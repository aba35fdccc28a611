#!/bin/bash -p
# Makes and runs private PostgreSQL clusters with npcsim in them, for the demo and the tests.
#
#   scripts/cluster.sh create DIR                  makes a new cluster that belongs to DIR; prints its environment
#   scripts/cluster.sh start DIR [-c name=value]…  installs what was built last, starts the server
#   scripts/cluster.sh stop DIR [fast|immediate]   stops the server if it runs
#   scripts/cluster.sh env DIR                     prints PGHOST=…, PGPORT=…, …, one a line
#   scripts/cluster.sh destroy DIR                 stops the server and removes all that belongs to the cluster
#
# Nothing of the system is changed, and no special rights are needed. The server is a copy of the installed one in a
# tree of its own (PostgreSQL finds its files relative to its program), where npcsim is installed beside links to
# everything else; so clusters of several builds can run side by side, and a library is never overwritten under a
# running server. The server listens on a Unix socket in a directory of mode 700 and not on TCP, so that no port is
# needed and nobody else on the machine can connect.
#
# PostgreSQL refuses to run as root; a new cluster that root makes therefore belongs to NPCSIM_SERVER_USER (default:
# postgres, else nobody). Where that user cannot reach DIR, the cluster's home is below /var/lib, and DIR/home says where.
#
# The cluster's home has
#   pgsql/    the tree with the server
#   data/     the cluster (data.new/ while it is made)
#   log       the server's log
#   socket    the name of the socket's directory, which is in /tmp because the path of a socket may have 107 bytes only
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

PG_CONFIG="${PG_CONFIG:-pg_config}"

usage()
{
	sed -n 's/^#   \(scripts\/cluster.sh .*\)/\1/p' "$0" >&2
	exit 2
}

[ $# -ge 2 ] || usage
action="$1"
dir="$(realpath -m "$2")"
shift 2

bindir="$("$PG_CONFIG" --bindir)" || die "no PostgreSQL here ($PG_CONFIG): run scripts/install-packages.sh"
sharedir="$("$PG_CONFIG" --sharedir)"
pkglibdir="$("$PG_CONFIG" --pkglibdir)"

server_user=
if [ "$(id -u)" -eq 0 ]; then
	server_user="${NPCSIM_SERVER_USER:-}"
	if [ -z "$server_user" ]; then
		server_user=nobody
		! id postgres >/dev/null 2>&1 || server_user=postgres
	fi
fi

# as_server COMMAND…: runs a command as the user to whom the server belongs, in a directory that this user can enter
as_server()
{
	if [ -n "$server_user" ]; then
		(cd / && runuser -u "$server_user" -- "$@")
	else
		(cd / && "$@")
	fi
}

own() { [ -z "$server_user" ] || chown "$server_user" "$@"; }

read_home()
{
	home="$dir"
	[ ! -e "$dir/home" ] || home="$(<"$dir/home")"
	data="$home/data"
	server="$home/pgsql$bindir"
	# An existing cluster stays its owner's, also when it is now used with sudo.
	if [ -n "$server_user" ] && [ -d "$data" ]; then
		server_user="$(stat -c %U "$data")"
	fi
}

running() { [ -e "$data/postmaster.pid" ] && as_server "$server/pg_ctl" status -D "$data" >/dev/null 2>&1; }

# Installs the server's tree. Its programs are copies, because PostgreSQL resolves links to its own program before it looks for
# its files; all else are links.
install_tree()
{
	local tree="$home/pgsql" place entry links
	[ -e "$ROOT/npcsim.so" ] || die "npcsim is not built: run make"
	mkdir -p "$tree$bindir" "$tree$sharedir/extension" "$tree$pkglibdir"
	cp --update "$bindir/postgres" "$bindir/initdb" "$bindir/pg_ctl" "$tree$bindir/"
	for place in "$sharedir" "$sharedir/extension" "$pkglibdir"; do
		links=()
		for entry in "$place"/*; do
			case "$entry" in
				"$sharedir/extension" | */npcsim.so | */npcsim.control | */npcsim--*) ;;
				*) links+=("$entry") ;;
			esac
		done
		ln -sfn -t "$tree$place" "${links[@]}"
	done
	# The old files are removed and not overwritten, since a server that is still shutting down may have them open.
	rm -f "$tree$pkglibdir/npcsim.so" "$tree$sharedir/extension"/npcsim*
	cp "$ROOT/npcsim.so" "$tree$pkglibdir/"
	cp "$ROOT/npcsim.control" "$BUILD"/npcsim--*.sql "$tree$sharedir/extension/"
	find "$ROOT/sql" -name 'npcsim--*--*.sql' -exec cp -t "$tree$sharedir/extension" {} +
	chmod -R a+rX "$tree"
}

print_env()
{
	printf '%s\n' "PGHOST=$(<"$home/socket")" PGPORT=5432 PGUSER=postgres PGDATA="$data" \
		NPCSIM_PGBIN="$server" NPCSIM_SERVER_USER="$server_user" NPCSIM_SERVER_LOG="$home/log"
}

# Makes the cluster. The directory data gets its name last, so that what an interrupted attempt has left is made anew.
create()
{
	local new
	[ ! -e "$data" ] || die "a cluster exists already: $dir"
	mkdir -p "$dir"
	if [ -n "$server_user" ] && [ ! -d "$home" ]; then
		rm -f "$dir/home" # what it names is gone
		home="$dir"
	fi
	if [ -n "$server_user" ] && [ ! -e "$dir/home" ]; then
		if ! as_server test -x "$dir"; then
			home="$(mktemp -d /var/lib/npcsim.XXXXXXXX)"
			chmod 755 "$home"
			printf '%s\n' "$home" >"$dir/home"
		fi
	fi
	read_home
	install_tree
	new="$data.new"
	rm -rf "$new"
	mkdir "$new"
	chmod 700 "$new"
	: >"$home/log"
	own "$new" "$home/log"
	run_quietly "$dir/initdb.log" as_server "$server/initdb" -D "$new" -U postgres --encoding=UTF8 --locale=C.UTF-8 \
		--auth-local=trust --auth-host=reject --no-instructions || die "initdb failed"
	cat >>"$new/postgresql.conf" <<-'CONF'

		# npcsim
		listen_addresses = ''
		unix_socket_permissions = 0700
		shared_preload_libraries = 'npcsim'
	CONF
	make_socket_dir
	mv "$new" "$data"
	print_env
}

# Makes the socket's directory if it is missing, as it is after a reboot has emptied /tmp.
make_socket_dir()
{
	local socket=
	[ ! -e "$home/socket" ] || socket="$(<"$home/socket")"
	if [ ! -d "$socket" ]; then
		socket="$(mktemp -d /tmp/npcsim.XXXXXXXX)"
		own "$socket"
		printf '%s\n' "$socket" >"$home/socket"
	fi
}

start()
{
	local options='' socket
	while [ $# -gt 0 ]; do
		if [ "$1" != -c ] || [ $# -lt 2 ]; then
			usage
		fi
		options+=" -c '${2//\'/\'\\\'\'}'"
		shift 2
	done
	[ -d "$data" ] || die "no cluster in $dir: create it first"
	! running || die "the server of $dir runs already"
	install_tree
	make_socket_dir
	socket="$(<"$home/socket")"
	# A long log is renamed, and replaces the one that was renamed before.
	if [ "$(stat -c %s "$home/log")" -gt 10000000 ]; then
		mv "$home/log" "$home/log.1"
		: >"$home/log"
		own "$home/log"
	fi
	if ! as_server "$server/pg_ctl" start --silent --wait --timeout=60 -D "$data" -l "$home/log" \
		-o "-k $socket$options" >/dev/null; then
		tail -n 20 "$home/log" >&2
		die "the server does not start (its log: $home/log)"
	fi
}

stop()
{
	local mode="${1:-fast}"
	running || return 0
	as_server "$server/pg_ctl" stop --silent --wait --timeout=60 -D "$data" -m "$mode" >/dev/null ||
		as_server "$server/pg_ctl" stop --silent --wait --timeout=20 -D "$data" -m immediate >/dev/null ||
		die "the server of $dir does not stop (its log: $home/log)"
}

destroy()
{
	stop immediate
	[ ! -e "$home/socket" ] || rm -rf "$(<"$home/socket")"
	rm -rf "$home/data" "$home/data.new" "$home/pgsql" "$home/log" "$home/log.1" "$home/socket" "${dir:?}/home" \
		"$dir/initdb.log"
	rmdir --ignore-fail-on-non-empty "$home" "$dir" 2>/dev/null || true
}

read_home
case "$action" in
	create) create ;;
	start) start "$@" ;;
	stop) stop "$@" ;;
	env) [ -d "$data" ] || die "no cluster in $dir"; print_env ;;
	destroy) destroy ;;
	*) usage ;;
esac
