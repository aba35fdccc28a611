// The environments from which scripts are started in tests: a table of variables that people have in their shells for
// other purposes, with what each would do to a script that used it.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Returns the environment as a user's shell has it, although these tests run in a script's.
export function aShell() {
  const { NPCSIM_SURROUNDINGS, NPCSIM_GATEWAY, NPCSIM_AGENT, ...rest } = process.env;
  return rest;
}

// Returns the table, from name to variables. "directory" is for the files that some of them name.
export async function surroundings(directory) {
  const noise = join(directory, 'noise.sh');
  const scratch = join(directory, 'scratch files');
  await writeFile(noise, 'echo noise; cd /; set -u; alias cd=false; PATH=/nonexistent\n');
  await mkdir(scratch);
  await chmod(scratch, 0o777);
  return {
    'another server': { PGHOST: '/nonexistent', PGPORT: '9', PGHOSTADDR: '127.0.0.1' },
    'another user and database': { PGUSER: 'somebody', PGDATABASE: 'theirs', PGPASSWORD: 'x', PGPASSFILE: '/nonexistent' },
    'a service': { PGSERVICE: 'nonexistent', PGSERVICEFILE: '/nonexistent', PGSYSCONFDIR: '/nonexistent' },
    'options for sessions': { PGOPTIONS: '-c search_path=nowhere -c default_transaction_read_only=on -c statement_timeout=1ms', PGTZ: 'Asia/Tokyo', PGDATESTYLE: 'German', PGCLIENTENCODING: 'LATIN1' },
    'options of no server': { PGOPTIONS: '-c nonsense=1' },
    'encryption': { PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/nonexistent', PGGSSENCMODE: 'require', PGCHANNELBINDING: 'require', PGREQUIREPEER: 'root', PGTARGETSESSIONATTRS: 'standby', PGCONNECT_TIMEOUT: '1' },
    'a cluster of Debian': { PGCLUSTER: '15/nonexistent', PGDATA: '/nonexistent' },
    'habits of psql': { PSQLRC: noise, PSQL_PAGER: 'false', PAGER: 'false', PSQL_EDITOR: 'false', PG_COLOR: 'always' },
    'CDPATH': { CDPATH: '.:/tmp' },
    'Turkish': { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', LANGUAGE: 'tr', LC_CTYPE: 'tr_TR.UTF-8', TZ: 'Asia/Tokyo' },
    'a place with blanks for scratch files': { TMPDIR: scratch },
    'a place that is none for scratch files': { TMPDIR: '/nonexistent/tmp' },
    'a relative place for scratch files': { TMPDIR: 'tmp' },
    'a file for every bash': { BASH_ENV: noise, ENV: noise },
    'options of bash': { SHELLOPTS: 'xtrace:noexec', BASHOPTS: 'failglob', GLOBIGNORE: '*', POSIXLY_CORRECT: '1', BASH_XTRACEFD: '1' },
    'functions': { 'BASH_FUNC_cd%%': '() { echo cd; }', 'BASH_FUNC_dirname%%': '() { echo /; }', 'BASH_FUNC_psql%%': '() { false; }', 'BASH_FUNC_env%%': '() { false; }' },
    'many jobs': { MAKEFLAGS: '-j8 -k --no-print-directory', GNUMAKEFLAGS: '--debug=n', MAKELEVEL: '2', MAKEFILES: '' },
    'variables of builds': { MFLAGS: '-w', DESTDIR: '/nonexistent', CFLAGS: '-nonsense', CPPFLAGS: '-nonsense', LDFLAGS: '-nonsense', COPT: '-nonsense', BUILD: '/nonexistent', VPATH: '/nonexistent', PROGRAM: 'x', MODULES: 'x' },
    'options of node': { NODE_OPTIONS: '--require /nonexistent.cjs', NODE_PATH: '/nonexistent', NODE_ENV: 'production', NODE_EXTRA_CA_CERTS: '/nonexistent' },
    'inside npm': { npm_config_prefix: '/nonexistent', npm_config_omit: 'optional', npm_config_global: 'true', npm_config_dry_run: 'true', npm_lifecycle_event: 'test', INIT_CWD: '/' },
    'a proxy': { http_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' },
    'a gateway and an agent of theirs': { NPCSIM_GATEWAY: 'wss://play.example.org', NPCSIM_TOKEN: 'npc_theirs', NPCSIM_GATEWAY_PORT: 'http', NPCSIM_GATEWAY_CONFIG: '/nonexistent', NPCSIM_GATEWAY_LISTEN_ADDRESS: '192.0.2.1' },
    'options of tools': { GREP_OPTIONS: '-v', GREP_COLORS: 'x', TAR_OPTIONS: '--nonsense', CURL_HOME: '/nonexistent', GIT_DIR: '/nonexistent', PYTHONHOME: '/nonexistent', PERL5OPT: '-Mnonsense', AWKPATH: '/', COLUMNS: '7', LINES: '1', GZIP: '-9' },
    'no terminal and no home': { TERM: undefined, HOME: undefined, USER: undefined, LOGNAME: undefined, SHELL: undefined },
    'a bare PATH': { PATH: `${process.env.PATH}`.split(':').filter((entry) => !entry.endsWith('/sbin')).join(':') },
  };
}

// Returns all of them together.
export async function worstOfAll(directory) {
  const { 'a place that is none for scratch files': none, 'a relative place for scratch files': relative, ...rest } = await surroundings(directory);
  return Object.assign({}, ...Object.values(rest));
}

// Returns the words that start a program with this umask.
export const withMask = (umask, program, args) => ['/bin/sh', ['-c', `umask ${umask}; exec "$0" "$@"`, program, ...args]];
