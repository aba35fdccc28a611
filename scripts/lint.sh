#!/bin/bash -p
# Checks that need no running server: layout (clang-format), cppcheck, who uses whom (layers.txt), long functions and the like
# (lint_c.py), shellcheck, JavaScript's syntax, whether the bugs that "make mutate" plants still have their places, where SQL on
# tables of state stands, pgspot on the SQL scripts that superusers run, and a build from scratch in which every warning is an
# error. Runs all of them, then says which found something.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

install_packages build lint || exit 1
with_node
cd "$ROOT"
mkdir -p "$BUILD"
mapfile -t c_files < <(find src workers tests/unit -name '*.[ch]' | sort)
mapfile -t shell_files < <(grep -rlE '^#!.*\b(bash|sh)( -p)?$|^# shellcheck shell=' --include='*' \
	scripts .ci docker tests clients --exclude-dir=node_modules | sort)
complaints=()

check()
{
	local name="$1"
	shift
	if "$@"; then
		printf 'ok      %s\n' "$name"
	else
		printf 'NOT OK  %s\n' "$name"
		complaints+=("$name")
	fi
}

layout()
{
	local file status=0
	for file in "${c_files[@]}"; do
		if ! clang-format "$file" | cmp --silent - "$file"; then
			echo "        $file is laid out otherwise: make format"
			status=1
		fi
	done
	return "$status"
}

# cppcheck does not read libraries' headers, so the macros that it needs are defined here. It cannot handle a macro whose expansion
# has commas; an error directive would be noticed by the compiler.
defects()
{
	cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingInclude \
		--suppress=preprocessorErrorDirective --max-configs=4 -j "$(nproc)" -Isrc -DPG_VERSION_NUM=150000 \
		-D'PG_FUNCTION_INFO_V1(x)=' -DPG_MODULE_MAGIC= -D'Assert(x)=' -D'assert(x)=' -D'StaticAssertDecl(x,y)=' \
		-D'foreach(cell,list)=for(cell=0;cell;)' -D'json_array_foreach(array,i,value)=for(i=0;i<1;i++)' \
		-D'json_object_foreach(object,key,value)=for(key=0;key;)' \
		src workers tests/unit
}

# The layers are checked on the object files, so this builds first.
layers()
{
	run_quietly "$BUILD/lint-layers.log" make --no-print-directory -j "$(nproc)" all || return 1
	python3 scripts/lint_layers.py "$BUILD"
}

planted() { python3 -m unittest discover -q -s tests/lint 2>&1 | { grep -vE '^(-+|OK|Ran .*|)$' && return 1 || return 0; }; }

shell() { shellcheck -x -P . "${shell_files[@]}"; }

javascript()
{
	find clients tests -name node_modules -prune -o \( -name '*.js' -o -name '*.mjs' \) -print0 |
		xargs -0 -n 1 node --check
}

# pgspot finds search_path attacks in SQL scripts. The version is fixed, because lint_sql.py uses its internals.
sql_scripts()
{
	local pgspot=0.9.4 parts
	python_install pgspot "$pgspot" || return 1
	parts="$(printf '%s,' sql/[0-9][0-9]_*.sql)" # the install script
	"$BUILD/pgspot-$pgspot/bin/python" scripts/lint_sql.py "${parts%,}" sql/npcsim--*--*.sql docs/roles.sql
}

# Neither mandoc nor groff may complain about our man pages.
man_pages()
{
	local page status=0 said
	run_quietly "$BUILD/lint-man.log" make --no-print-directory man || return 1
	for page in "$BUILD"/man/*; do
		said="$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null; 
			mandoc -T lint -W warning "$page" 2>&1 | grep -v 'missing date')" || true # the version says how old it is
		if [ -n "$said" ]; then
			printf '%s\n' "$said" | sed 's/^/        /'
			status=1
		fi
	done
	return "$status"
}

# Builds in a scratch copy, whose path has a blank, so that what is built here stays as it is; then installs and uninstalls.
warnings()
{
	local scratch status=0 page
	scratch="$(mktemp -d)/a tree"
	mkdir "$scratch"
	cp -r Makefile npcsim.control src sql workers tests clients docs "$scratch"
	run_quietly "$BUILD/lint-build.log" make -C "$scratch" -j "$(nproc)" WERROR=-Werror all unit-tests || status=1
	if [ "$status" -eq 0 ]; then
		run_quietly "$BUILD/lint-install.log" make -C "$scratch" install DESTDIR="$scratch/installed" || status=1
		for page in man1/npcsim-gateway.1 man1/npcsim-agent.1 man7/npcsim.7; do
			[ -s "$scratch/installed/usr/local/share/man/$page" ] || { echo "        $page is not installed" && status=1; }
		done
		run_quietly "$BUILD/lint-install.log" make -C "$scratch" uninstall DESTDIR="$scratch/installed" || status=1
		find "$scratch/installed" -type f -printf '        uninstall leaves %P\n' | grep . && status=1
	fi
	scratch="$(dirname "$scratch")"
	rm -rf "$scratch"
	return "$status"
}

check clang-format layout
check cppcheck defects
check layers layers
check 'C beyond the compiler' python3 scripts/lint_c.py
check 'lints find what is planted' planted
check shellcheck shell
check javascript javascript
check 'places for the planted bugs' tests/mutate/run.sh --places
check 'SQL on tables of state' python3 scripts/lint_tables.py
check pgspot sql_scripts
check 'man pages' man_pages
check 'build without warnings, install, uninstall' warnings
[ ${#complaints[@]} -eq 0 ] || die "lint found something: ${complaints[*]}"
