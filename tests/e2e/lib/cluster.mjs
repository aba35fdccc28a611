// Makes throw-away PostgreSQL clusters with npcsim preloaded, for tests in real processes.
//
//   const cluster = await startCluster({ settings: { 'npcsim.max_workers': 2 } });
//   await cluster.createDatabase('x');              // with the extension; { extension: false } without
//   const client = await cluster.connect('x');      // a pg Client; int8 columns arrive as numbers
//   const rows = await cluster.query('x', 'SELECT …', [1]);
//   const value = await cluster.value('x', 'SELECT …');   // first column of the first row
//   await cluster.restart('immediate');             // fast (default), immediate
//   await cluster.stop();                           // removes everything; throws if the server crashed
//
// startCluster({ disk: 100 }) gives the server a small disk of so many megabytes: the directory cluster.disk, which only
// the server sees; cluster.seen(path) is the path by which the test can see what is there.
//
// cluster.env has the variables that libpq programs (gateway, psql) need; cluster.socketDir and cluster.port are parts of
// that; cluster.log() returns the server's log so far. Invariant: whatever happens in a test, stop() leaves neither
// processes nor files behind.

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import pg from 'pg';

import { PATIENCE } from './patience.mjs';

const execute = promisify(execFile);
const root = process.env.NPCSIM_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const script = process.env.NPCSIM_CLUSTER ?? join(root, 'scripts', 'cluster.sh');

const INT8 = 20;
const types = {
  getTypeParser(oid, format) {
    return oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format);
  },
};

// Log lines of server processes that ended in a way that no test asks for (tests kill with signal 9).
const CRASH = /PANIC:|TRAP:|runtime error:|terminated by signal (?!9\b)\d+/;

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Waits until probe() returns something truthy, and returns that. "what" describes it in the error; it may be a function,
// which is then called at the end.
export async function waitFor(probe, { timeout = 10_000, every = 50, what = 'the condition' } = {}) {
  const end = Date.now() + timeout * PATIENCE;
  for (;;) {
    const result = await probe();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms in vain for ${typeof what === 'function' ? what() : what}`);
    await sleep(every);
  }
}

class Cluster {
  #scratch;
  #directory;
  #settings;
  #megabytes;
  #clients = new Set();

  constructor(scratch, settings, megabytes) {
    this.#scratch = scratch;
    this.#directory = join(scratch, 'cluster');
    this.#settings = settings;
    this.#megabytes = megabytes;
    this.disk = join(scratch, 'disk');
    this.env = {};
  }

  async #run(action, ...args) {
    const command = [script, action, this.#directory, ...args];
    if (this.#megabytes) command.unshift(...(await onDisk(this.#megabytes, this.disk)));
    try {
      return (await execute(command[0], command.slice(1), { timeout: 180_000 })).stdout;
    } catch (error) {
      throw new Error(`${script} ${action}: ${error.stderr || error.message}`);
    }
  }

  async create() {
    await this.#prepare();
    await this.start();
  }

  async #prepare() {
    const lines = (await this.#run('create')).trim().split('\n');
    this.env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    this.socketDir = this.env.PGHOST;
    this.port = Number(this.env.PGPORT);
    this.dataDir = this.env.PGDATA;
  }

  // Settings are kept for later starts; undefined removes one.
  async start(settings = {}) {
    Object.assign(this.#settings, settings);
    const options = Object.entries(this.#settings).filter(([, value]) => value !== undefined).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    await this.#run('start', ...options);
  }

  async shutdown(mode = 'fast') {
    await this.#run('stop', mode);
  }

  async restart(mode = 'fast', settings = {}) {
    await this.shutdown(mode);
    await this.start(settings);
  }

  // Returns a streaming standby of this cluster, which the caller has to stop like any cluster.
  async standby() {
    const copy = new Cluster(await makeScratch(), { ...this.#settings });
    try {
      await copy.#prepare();
      const { uid, gid } = await stat(copy.dataDir);
      await rm(copy.dataDir, { recursive: true });
      await execute('pg_basebackup', ['-D', copy.dataDir, '-R', '-c', 'fast', '-d', `host=${this.socketDir} port=${this.port} user=postgres`]);
      await execute('chown', ['-R', `${uid}:${gid}`, copy.dataDir]);
      await copy.start();
    } catch (error) {
      await copy.stop().catch(() => {});
      throw error;
    }
    return copy;
  }

  async connect(database, { user = 'postgres', name = 'test' } = {}) {
    const client = new pg.Client({ host: this.socketDir, port: this.port, user, database, application_name: name, types });
    client.on('error', () => {}); // tests restart servers under open connections; the next query fails then
    await client.connect();
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
    return client;
  }

  async query(database, sql, parameters = []) {
    const client = await this.connect(database);
    try {
      return (await client.query(sql, parameters)).rows;
    } finally {
      await client.end();
    }
  }

  async value(database, sql, parameters = []) {
    const [row] = await this.query(database, sql, parameters);
    return row === undefined ? undefined : Object.values(row)[0];
  }

  // Runs a script with psql, as an operator would.
  async runFile(database, file) {
    await execute('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', file], { env: { ...process.env, ...this.env } });
  }

  // Makes a database with the extension, and the roles that the manual says to create.
  async createDatabase(name, { extension = true, tablespace = 'pg_default' } = {}) {
    const quoted = pg.escapeIdentifier(name);
    await this.query('postgres', `CREATE DATABASE ${quoted} TABLESPACE ${tablespace}`);
    if (!extension) return;
    await this.query(name, 'CREATE EXTENSION npcsim CASCADE');
    await this.runFile(name, join(root, 'docs', 'roles.sql'));
  }

  async dropDatabase(name) {
    await this.query('postgres', `DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
  }

  async log() {
    return existsSync(this.env.NPCSIM_SERVER_LOG) ? readFile(this.env.NPCSIM_SERVER_LOG, 'utf8') : '';
  }

  // Returns the path by which the test sees a file that the server sees as this path.
  async seen(path) {
    const [pid] = (await readFile(join(this.dataDir, 'postmaster.pid'), 'utf8')).split('\n');
    return `/proc/${pid}/root${path}`;
  }

  // Returns the lines of the log that tell of a crash.
  async crashes() {
    return (await this.log()).split('\n').filter((line) => CRASH.test(line));
  }

  async stop() {
    const crashes = await this.crashes();
    for (const client of this.#clients) await client.end().catch(() => {});
    try {
      await this.#run('destroy');
    } finally {
      await rm(this.#scratch, { recursive: true, force: true });
    }
    if (crashes.length > 0) throw new Error(`the server crashed:\n${crashes.join('\n')}`);
  }
}

async function makeScratch() {
  const directory = await mkdtemp(join(tmpdir(), 'npcsim-e2e.'));
  await chmod(directory, 0o755);
  return directory;
}

// Returns the words in front of a command that give it a disk of its own. The disk goes with the last process that sees
// it, so nothing has to be unmounted, and a server that is started again has an empty one.
async function onDisk(megabytes, directory) {
  await mkdir(directory, { recursive: true });
  const mounting = 'mount -t tmpfs -o size="$1"m npcsim "$2" && shift 2 && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', mounting, 'sh', String(megabytes), directory];
}

// Tells whether startCluster can give a server a disk on this machine.
export async function diskIsPossible() {
  const [command, ...args] = await onDisk(1, tmpdir());
  return execute(command, [...args, 'true']).then(() => true, () => false);
}

// Starts a cluster. "settings" is the server's configuration, from name to value.
export async function startCluster({ settings = {}, disk } = {}) {
  const cluster = new Cluster(await makeScratch(), { fsync: 'off', ...settings }, disk);
  try {
    await cluster.create();
  } catch (error) {
    await cluster.stop().catch(() => {});
    throw error;
  }
  return cluster;
}
