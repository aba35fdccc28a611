# shellcheck shell=bash
# What the scripts share: a clean environment, paths, messages, programs that take long, fetching packages, and running tests.
#
# To be sourced, after "set -euo pipefail" and before anything else, because it starts the script again. The first line of a script is
# "#!/bin/bash -p", so that BASH_ENV, CDPATH and functions of the caller's shell have no effect before this.

# ----------------------------------------------------------------------------------------------------
# The environment. Scripts do not use the caller's, which serves other purposes: where the caller's databases are (PG…), how make,
# node and the shell behave (MAKEFLAGS, NODE_OPTIONS, SHELLOPTS), languages and rights (LANG, umask), signals that are ignored (as in
# "make demo &"; HUP stays ignored, for nohup). Handed on is what tells who and where one is, how the network is reached, and what is
# npcsim's. A script that another script starts keeps the environment that it was given.

is_handed_on()
{
	case "$1" in
		PATH | HOME | USER | LOGNAME | SHELL | TERM | TMPDIR | APT_CONFIG) ;;
		[Hh][Tt][Tt][Pp]_[Pp][Rr][Oo][Xx][Yy] | [Hh][Tt][Tt][Pp][Ss]_[Pp][Rr][Oo][Xx][Yy]) ;;
		[Aa][Ll][Ll]_[Pp][Rr][Oo][Xx][Yy] | [Nn][Oo]_[Pp][Rr][Oo][Xx][Yy]) ;;
		SSL_CERT_FILE | SSL_CERT_DIR | CURL_CA_BUNDLE | NODE_EXTRA_CA_CERTS | PIP_* | NPM_TOKEN) ;;
		[Nn][Pp][Mm]_[Cc][Oo][Nn][Ff][Ii][Gg]_*)
			case "${1,,}" in
				*_registry | *_replace_registry_host | *_userconfig | *_cache | *_cafile | *_strict_ssl | *_proxy | *_noproxy | *_fetch_*) ;;
				*) return 1 ;;
			esac
			;;
		NPCSIM_GATEWAY* | NPCSIM_TOKEN) return 1 ;; # these would be settings of ours for the gateways and agents of tests
		PG_CONFIG | SANITIZE | WERROR | V | NPCSIM_* | BENCH_* | CCACHE_* | ?SAN_OPTIONS | UBSAN_OPTIONS) ;;
		*) return 1 ;;
	esac
}

# begin_anew ARGUMENT…: starts the script again with a clean environment, in which this file then goes on
begin_anew()
{
	local name names env=(env)
	mapfile -d '' -t names < <(env --null | sed --null-data 's/=.*//')
	for name in "${names[@]}"; do
		[ -z "$name" ] || is_handed_on "$name" || env+=(-u "$name")
	done
	! env --default-signal=INT true 2>/dev/null || env+=("--default-signal=INT,QUIT,TERM")
	exec "${env[@]}" NPCSIM_SURROUNDINGS=own "$BASH" -p -- "$0" "$@"
}

[ "${NPCSIM_SURROUNDINGS:-}" = own ] || begin_anew "$@"
export LC_ALL=C.UTF-8
umask 022
PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/sbin:/sbin" # a user's may have no sbin, where runuser is
if [[ "${TMPDIR:-}" != /* ]] || [ ! -d "$TMPDIR" ] || [ ! -w "$TMPDIR" ]; then
	unset TMPDIR
fi

ROOT="$(cd -- "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
BUILD="$ROOT/build"

# Removes the proxies from the environment, because from here on nothing is sent beyond this machine.
forget_proxies()
{
	unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

# use_cluster DIR: exports what "cluster.sh env" prints: libpq's variables and others
use_cluster()
{
	local lines line
	lines="$("$ROOT/scripts/cluster.sh" env "$1")" || return 1
	while IFS= read -r line; do
		export "${line?}"
	done <<<"$lines"
}

say() { printf 'npcsim: %s\n' "$*" >&2; }

die()
{
	say "$*"
	exit 1
}

# ----------------------------------------------------------------------------------------------------
# Programs that take long

# run_quietly LOG COMMAND…: runs a command with its output in LOG, and shows the end of that only when it fails
run_quietly()
{
	local log="$1"
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 || show_failure "$log" "$@"
}

# show_failure LOG COMMAND…: shows the end of the log of a command that failed
show_failure()
{
	tail -n 40 "$1" >&2
	say "failed: ${*:2} (all of its output: $1)"
	return 1
}

CHILD='' CHILD_IS_PATIENT='' # the program that is waited for; it does not inherit a script's lock, which is on descriptor 9

# attend COMMAND…: runs a program and waits for it in such a way that the script's traps run at once; a trap then calls end_child
# first
attend()
{
	local status=0
	env --default-signal=INT,QUIT "$@" 9>&- &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=''
	return "$status"
}

# end_child: sends SIGTERM to the program that is waited for, waits up to 5 s, then sends SIGKILL; but the installing of packages is
# waited for until dpkg is done
end_child()
{
	local left=50
	[ -n "$CHILD" ] || return 0
	kill -TERM "$CHILD" 2>/dev/null || true
	# "wait" returns at once when a trap has interrupted another "wait", so this looks again and again
	while kill -0 "$CHILD" 2>/dev/null; do
		if [ -z "$CHILD_IS_PATIENT" ] && [ $((left -= 1)) -le 0 ]; then
			kill -KILL "$CHILD" 2>/dev/null || true
			break
		fi
		sleep 0.1
	done
	CHILD=''
}

# tell LOG HOW_FAR COMMAND…: runs a command with its output in LOG and waits for it as attend does; every ten seconds
# (NPCSIM_SAY_SECONDS) it says what "HOW_FAR LOG" prints, if that is something new
tell()
{
	local log="$1" how_far="$2" status=0 words told='' said_at=$SECONDS
	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null 9>&- &
	CHILD=$!
	# asked and not waited for: a signal whose trap returns would end "wait"
	while kill -0 "$CHILD" 2>/dev/null; do
		sleep 0.1
		[ $((SECONDS - said_at)) -ge "${NPCSIM_SAY_SECONDS:-10}" ] || continue
		said_at=$SECONDS
		words="$("$how_far" "$log")" || words=''
		if [ -n "$words" ] && [ "$words" != "$told" ]; then
			say "$words"
			told="$words"
		fi
	done
	wait "$CHILD" || status=$?
	CHILD=''
	return "$status"
}

# run_told LOG HOW_FAR COMMAND…: does what run_quietly does, and tells how far it is; on a terminal Ctrl-C ends the command, too
run_told() { tell "$1" "$2" env --default-signal=INT,QUIT "${@:3}" || show_failure "$1" "${@:3}"; }

# why LOG WORDS: prints in a few words why something could not be fetched, as its log tells; the WORDS where the log does not tell
why()
{
	local log="$1" refused='certificate (verif|has|is|chain|problem)|(self.signed|first|issuer|root) certificate|altnames'
	refused+='|_CERT(_|$|[^A-Z])|CERT_HAS|VERIFY_LEAF|CERTIFICATE_VERIFY|could not handshake|ERR_SSL'
	if grep -qiE 'not yet valid|not valid yet|invalid for another|CERT_NOT_YET_VALID' "$log"; then
		echo "a certificate or a list is of the future: this machine's clock says $(date -u '+%Y-%m-%d %H:%M UTC')"
	elif grep -qiE "$refused" "$log"; then
		cat <<-'END'
			a certificate was not accepted. Where a proxy looks into what is encrypted its authority has to be known here: as /usr/local/share/ca-certificates/NAME.crt, then update-ca-certificates as root. An expired one may also mean that this machine's clock is wrong
		END
	elif grep -qiE 'no space left|ENOSPC|not have enough free space' "$log"; then
		echo "the disk is full"
	elif grep -qiE '407 +proxy|E407|proxy authentication' "$log"; then
		echo "the proxy wants a password"
	elif grep -qE 'E40[13]|40[13] +(Unauthorized|Forbidden)' "$log"; then
		echo "the server refuses (what it said is above)"
	else
		echo "$2"
	fi
}

# HOW_FAR functions for what follows
files_compiled() { printf 'compiled %d files so far, of at most %d' "$(grep -c '^  CC ' "$1")" "$(find "$ROOT/src" "$ROOT/workers" -name '*.c' | wc -l)"; }
megabytes_of() { printf '%d MB are there so far' "$(du -sm "$FETCHED" 2>/dev/null | cut -f 1)"; }

# build_all [TARGET…]: runs make, with little output when all goes well. SANITIZE and PG_CONFIG pass through the environment.
build_all()
{
	run_told "$BUILD/make.log" files_compiled make -C "$ROOT" --no-print-directory -j "$(nproc)" "$@" ||
		die "the build failed"
}

# npm_fetch LOG DIRECTORY ARGUMENT…: runs npm for a directory. It trusts the system's certificate authorities, whichever Node runs it.
npm_fetch()
{
	local log="$1" authorities=/etc/ssl/certs/ca-certificates.crt FETCHED="$2/node_modules" settings=()
	if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$authorities" ]; then
		settings=("NODE_EXTRA_CA_CERTS=$authorities")
	fi
	run_told "$log" megabytes_of env "${settings[@]}" npm --prefix "$2" "${@:3}" --no-audit --no-fund --loglevel=error
}

# with_node: puts a Node that is new enough (and npm) in front of PATH.
with_node()
{
	local bin
	"$ROOT/scripts/node.sh" --here >/dev/null || attend "$ROOT/scripts/node.sh" >/dev/null || exit 1
	bin="$("$ROOT/scripts/node.sh")" || exit 1
	PATH="$bin:$PATH"
}

# install_packages SECTION…: installs these sections of packages.txt, and what fetches a Node if one has to be fetched
install_packages()
{
	local more=()
	"$ROOT/scripts/node.sh" --here >/dev/null || more=(node)
	CHILD_IS_PATIENT=yes
	attend "$ROOT/scripts/install-packages.sh" "$@" "${more[@]}" || return 1
	CHILD_IS_PATIENT=''
}

# npm_install DIRECTORY: installs its node_modules, unless they are there and not older than the lock file
npm_install()
{
	local dir="$1" stamp="$1/node_modules/.npcsim-installed" verb=install count
	[ -e "$dir/package.json" ] || return 0
	[ -e "$dir/package-lock.json" ] && verb=ci
	if [ -e "$stamp" ] && [ ! "$dir/package.json" -nt "$stamp" ] && [ ! "$dir/package-lock.json" -nt "$stamp" ]; then
		return 0
	fi
	count="$(grep -c '"node_modules/' "$dir/package-lock.json" 2>/dev/null || true)"
	say "fetching ${count:+the $count }npm packages of ${dir#"$ROOT"/}"
	npm_fetch "$BUILD/npm.log" "$dir" "$verb" ||
		die "npm cannot install the packages of ${dir#"$ROOT"/}: $(why "$BUILD/npm.log" 'is there a network?')"
	touch "$stamp"
}

# python_install NAME VERSION [ARGUMENT…]: installs this version of a Python package and what it needs in a directory of its own,
# build/NAME-VERSION, unless it is there; the arguments are pip's
python_install()
{
	local dir="$BUILD/$1-$2" log="$BUILD/$1.log" FETCHED="$BUILD/$1-$2"
	[ ! -e "$dir/.npcsim-installed" ] || return 0
	rm -rf "$dir"
	say "fetching the Python package $1"
	if ! run_quietly "$log" python3 -m venv "$dir" || ! run_told "$log" megabytes_of "$dir/bin/pip" install --quiet "${@:3}" "$1==$2"; then
		say "pip cannot install $1: $(why "$log" 'is there a network?')"
		return 1
	fi
	touch "$dir/.npcsim-installed"
}

# copy_tree DIRECTORY: copies the tree, with what is built, into a new directory. Packages are linked, since nothing writes to them.
copy_tree()
{
	local dir
	mkdir -m 755 "$1"
	tar -C "$ROOT" --format=posix --exclude=./.git --exclude=./.npcsim --exclude=node_modules --exclude=./build/results \
		--exclude=./build/sanitize -cf - . | tar -C "$1" -xpf -
	for dir in clients/mcp tests/e2e; do
		[ ! -d "$ROOT/$dir/node_modules" ] || ln -s "$ROOT/$dir/node_modules" "$1/$dir/node_modules"
	done
	mkdir "$1/.npcsim"
	[ ! -d "$ROOT/.npcsim/node" ] || ln -s "$ROOT/.npcsim/node" "$1/.npcsim/node"
}

# ----------------------------------------------------------------------------------------------------
# Running tests, which speak TAP. tap_begin starts a part, such as "sql". tap_start starts one of its tests. tap_wait waits for the
# next of the started tests to end, prints a line for it and what failed, and adds its counts to those of the part; tap_run does both.
# tap_finish prints the part's totals and returns non-zero unless all is green.

TAP_PART=
TAP_PASSED=0
TAP_FAILED=0
TAP_SKIPPED=0
declare -A TAP_RUNNING=() # by process id: the test's name, how many seconds it may take, when it was started

tap_begin()
{
	TAP_PART="$1"
	mkdir -p "$BUILD/results"
	rm -rf "$BUILD/results/$1" "$BUILD/results/$1.totals"
	mkdir -p "$BUILD/results/$1"
	trap 'tap_stop; exit 130' INT TERM HUP
	printf '== %s\n' "$1"
}

# tap_start NAME SECONDS COMMAND…: starts a test, which ends with this script, even if that is killed
tap_start()
{
	local name="$1" limit="$2"
	shift 2
	setpriv --pdeathsig TERM timeout --kill-after=10 "$limit" setpriv --pdeathsig TERM "$@" >"$BUILD/results/$TAP_PART/$name.tap" 2>&1 </dev/null &
	TAP_RUNNING[$!]="$name $limit $SECONDS"
}

tap_wait()
{
	local pid name limit started file counts passed failed skipped status=0
	wait -n -p pid "${!TAP_RUNNING[@]}" || status=$?
	read -r name limit started <<<"${TAP_RUNNING[$pid]}"
	unset "TAP_RUNNING[$pid]"
	file="$BUILD/results/$TAP_PART/$name.tap"
	counts="$(awk -v status="$status" -f "$ROOT/scripts/tap.awk" "$file")"
	read -r passed failed skipped <<<"$counts"
	TAP_PASSED=$((TAP_PASSED + passed))
	TAP_FAILED=$((TAP_FAILED + failed))
	TAP_SKIPPED=$((TAP_SKIPPED + skipped))
	if [ "$failed" -eq 0 ]; then
		printf 'ok      %-40s %4d passed' "$name" "$passed"
		[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
		printf ' (%d s)\n' $((SECONDS - started))
		return
	fi
	printf 'NOT OK  %-40s %4d failed, %d passed (%d s)\n' "$name" "$failed" "$passed" $((SECONDS - started))
	[ "$status" -ne 124 ] || printf '        took longer than %d s\n' "$limit"
	grep -nE -A 12 '^ *not ok|^Bail out|ERROR:|FATAL:|PANIC:|AddressSanitizer|runtime error:' "$file" | head -n 60 |
		sed 's/^/        /' || true
	printf '        all of it: %s\n' "${file#"$ROOT"/}"
}

tap_run()
{
	tap_start "$@"
	tap_wait
}

# Ends the tests that run; "timeout" passes the signal on, and kills a test that does not end.
tap_stop()
{
	[ ${#TAP_RUNNING[@]} -gt 0 ] || return 0
	kill "${!TAP_RUNNING[@]}" 2>/dev/null || true
	wait "${!TAP_RUNNING[@]}" 2>/dev/null || true
	TAP_RUNNING=()
}

tap_finish()
{
	printf '%s: %d passed, %d failed, %d skipped\n' "$TAP_PART" "$TAP_PASSED" "$TAP_FAILED" "$TAP_SKIPPED"
	echo "$TAP_PASSED $TAP_FAILED $TAP_SKIPPED" >"$BUILD/results/$TAP_PART.totals"
	[ "$TAP_FAILED" -eq 0 ] && [ "$TAP_PASSED" -gt 0 ]
}
