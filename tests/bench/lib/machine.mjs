// Describes the machine on which the figures were measured.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

function tell(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: process.env.NPCSIM_ROOT }).trim();
  } catch (error) {
    return error.stdout?.trim() ?? ''; // systemd-detect-virt exits with 1 when it prints "none"
  }
}

// BENCH_COMMIT names the commit when the tree is a copy and not a repository.
function commit() {
  const id = process.env.BENCH_COMMIT ?? tell('git', 'rev-parse', '--short=12', 'HEAD');
  if (id === '') return 'not in a repository';
  return process.env.BENCH_COMMIT === undefined && tell('git', 'status', '--porcelain') !== '' ? `${id} with changes` : id;
}

function distribution() {
  return readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="?(.*?)"?$/m)?.[1] ?? '';
}

// Returns rows of [name, value]; the cluster must run, and the database must have the extension.
export async function describeMachine(cluster, database) {
  const value = (sql) => cluster.value(database, sql);
  return [
    ['processor', `${cpus()[0].model.trim()}, ${cpus().length} cores`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ['system', `${distribution()}, Linux ${release()}`],
    ['virtual machine', tell('systemd-detect-virt', '--vm') || 'unknown'],
    ['file system', tell('df', '--output=fstype', cluster.dataDir).split('\n').pop()],
    ['PostgreSQL', await value('SHOW server_version')],
    ['PostGIS', await value('SELECT extversion FROM pg_extension WHERE extname = \'postgis\'')],
    ['npcsim', `${await value('SELECT extversion FROM pg_extension WHERE extname = \'npcsim\'')}, commit ${commit()}`],
    ['fsync, synchronous_commit', `${await value('SHOW fsync')}, ${await value('SHOW synchronous_commit')}`],
    ['Node (load clients)', process.version],
    ['load when begun', loadavg().map((load) => load.toFixed(2)).join(' ')],
    ['date', new Date().toISOString().slice(0, 16).replace('T', ' ')],
  ];
}
