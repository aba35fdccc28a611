// Tests "make demo" and "make demo-clean" in a copy of the tree whose path has a blank, and in an environment with everything
// that could do harm (lib/surroundings.mjs): what they need, what they show, how they end.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';

import { sleep, waitFor } from './lib/cluster.mjs';
import { aShell, withMask, worstOfAll } from './lib/surroundings.mjs';

const execute = promisify(execFile);
const root = process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..');
const isRoot = process.getuid() === 0;

let scratch;
let tree; // the copy
let port;
let worst;
const running = new Set();

const environment = (more) => ({ ...aShell(), ...worst, NPCSIM_DEMO_PORT: `${port}`, ...more });

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'npcsim demo.'));
  await chmod(scratch, 0o755);
  worst = await worstOfAll(scratch);
  tree = join(scratch, 'a tree');
  await mkdir(tree);
  await execute('bash', ['-c', `tar -C "$1" --exclude=./.git --exclude=./.npcsim --exclude=node_modules --exclude=./build/results \
    --exclude=./build/sanitize --exclude=./build/tests -cf - . | tar -C "$2" -xpf -`, 'copy', root, tree]);
  port = await freePort();
}, { timeout: 60_000 });

after(async () => {
  if (existsSync(join(tree, '.npcsim'))) await run('scripts/demo-clean.sh');
  await rm(scratch, { recursive: true, force: true });
});

afterEach(async () => {
  for (const demo of running) await demo.interrupt();
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return free;
}

// Runs a program to its end.
function run(program, { args = [], env = {}, cwd = tree } = {}) {
  return new Promise((resolve) => {
    execFile(...withMask('077', program.includes('/') ? join(cwd, program) : program, args), { cwd, timeout: 120_000, env: environment(env) },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, output: stdout + stderr }));
  });
}

// A demo in a process group of its own, as a shell would start it; on a terminal, if that is wanted.
function startDemo({ terminal = false, env = {} } = {}) {
  const [program, ...args] = terminal ? ['script', '-qefc', 'scripts/demo.sh', '/dev/null'] : ['scripts/demo.sh'];
  const child = spawn(...withMask('077', program, args), {
    cwd: tree, detached: true, stdio: [terminal ? 'pipe' : 'ignore', 'pipe', 'pipe'], env: environment({ TERM: 'xterm', ...env }),
  });
  const demo = {
    output: '',
    ended: new Promise((resolve) => child.on('close', (code, signal) => {
      running.delete(demo);
      resolve({ code, signal });
    })),
    shows: (pattern, timeout = 60_000) =>
      waitFor(() => demo.output.match(pattern), { timeout, what: () => `${pattern}; the demo says:\n${demo.output}` }),
    // Ctrl-C, or another signal, for the script alone; the end that follows
    interrupt: async (signal) => {
      if (signal) process.kill(child.pid, signal);
      else if (terminal) child.stdin.write('\x03');
      else process.kill(-child.pid, 'SIGINT');
      const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 30_000);
      const end = await demo.ended;
      clearTimeout(timer);
      return end;
    },
  };
  child.stdout.on('data', (data) => (demo.output += data));
  child.stderr.on('data', (data) => (demo.output += data));
  running.add(demo);
  return demo;
}

const STATUS = /^Mar \d+, Year 1, \d\d:\d\d  20 NPCs  [\d.]+ decisions\/s  median [\d–]+ ms  worst [\d–]+ ms(  \d+ not applied)?  decided by: .*  shares: ada \d+\/\d+( away)?, bo \d+\/\d+( away)?, cy \d+\/\d+.*$/m;

// The market has given NPCs to all players, as the status line tells.
const playersDecide = (demo) => demo.shows(/20 NPCs.* ada [1-9]\d*\/\d+, bo [1-9]\d*\/\d+, cy [1-9]\d*\/\d+/);

// Programs of the copy, or of its cluster, that run.
async function processes() {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, program, directory] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/exe`).catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    if ([command, program, directory].some((text) => text.includes(scratch))) found.push(command.replaceAll('\0', ' ').trim());
  }
  return found;
}

async function assertNothingRuns() {
  let left = [];
  await waitFor(async () => (left = await processes()).length === 0, { timeout: 3000, what: () => `everything to end; these run:\n${left.join('\n')}` });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/version`), 'nobody listens');
}

// SQL in the demo's database, as "look inside" says.
async function sql(demo, statement) {
  const line = /look inside: +psql -h (\S+) -p (\S+) -U (\S+) (\S+)\s/;
  await demo.shows(line);
  const [, host, its, user, database] = demo.output.match(line);
  return (await execute('psql', ['-X', '-A', '-t', '-F', ' ', '-h', host, '-p', its, '-U', user, '-d', database, '-c', statement], { env: { ...aShell(), PGPORT: '9' } })).stdout.trim();
}

const PLAYERS = `SELECT string_agg(username || ' ' || contribution_tier, ', ' ORDER BY username) FROM npcsim.players WHERE controlled_npc_count > 0`;
const LENDERS = 'ada Enthusiast, bo Dedicated, cy Casual';

// A directory with links to all programs but some.
async function pathWithout(name, ...without) {
  const directory = join(scratch, name);
  await mkdir(directory);
  for (const from of (process.env.PATH ?? '').split(':').filter((entry) => existsSync(entry)))
    for (const program of await readdir(from))
      if (!without.includes(program)) await symlink(join(from, program), join(directory, program)).catch(() => {});
  return directory;
}

async function program(directory, name, text) {
  await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(directory, name), 0o755);
}

test('a port that is taken or none is told, with what to do', async () => {
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const { status, output } = await run('scripts/demo.sh');
    assert.equal(status, 1);
    assert.match(output, new RegExp(`port ${port} is taken: choose another one, for example NPCSIM_DEMO_PORT=\\d+ make demo`));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  for (const nonsense of ['http', '0', '65536', '-1']) {
    const { status, output } = await run('scripts/demo.sh', { env: { NPCSIM_DEMO_PORT: nonsense } });
    assert.deepEqual([status, /must be a port number/.test(output)], [1, true], `NPCSIM_DEMO_PORT=${nonsense}: ${output}`);
  }
  for (const nonsense of ['often', '0', '39', '-60', '1e3']) {
    const { status, output } = await run('scripts/demo.sh', { env: { NPCSIM_DEMO_AWAY_EVERY: nonsense } });
    assert.deepEqual([status, /must be a number of seconds from 40 on/.test(output)], [1, true], `NPCSIM_DEMO_AWAY_EVERY=${nonsense}: ${output}`);
  }
});

test('packages that are missing and cannot be had are told, and nothing is begun', async () => {
  // A tree that wants a package which there is not, and can be written by whoever runs it.
  const wanting = join(scratch, 'wanting');
  await cp(join(root, 'scripts'), join(wanting, 'scripts'), { recursive: true });
  const list = join(wanting, 'scripts', 'packages.txt');
  await writeFile(list, (await readFile(list, 'utf8')).replace('[run]\n', '[run]\nnpcsim-is-no-package\n'));
  await chmod(wanting, 0o777);
  const demo = (path, as = []) => run('env', { args: [...as, `PATH=${path}`, join(wanting, 'scripts', 'demo.sh')], cwd: wanting });
  const somebody = isRoot ? ['-i', 'setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', 'env', `NPCSIM_DEMO_PORT=${port}`] : [];

  const noSudo = await pathWithout('no-sudo', 'sudo');
  let { status, output } = await demo(noSudo, somebody);
  assert.equal(status, 1);
  assert.match(output, /neither root's rights nor sudo are there; as root: apt-get install .*npcsim-is-no-package/);

  const refusing = await pathWithout('refusing', 'sudo');
  await program(refusing, 'sudo', 'exit 1');
  ({ status, output } = await demo(refusing, somebody));
  assert.equal(status, 1);
  assert.match(output, /sudo was refused; as root: apt-get install .*npcsim-is-no-package/);

  // No network, as apt-get tells it.
  const offline = await pathWithout('offline', 'sudo', 'apt-get');
  await program(offline, 'sudo', '[ "$1" = -v ] || exec "$@"');
  await program(offline, 'apt-get', `case "$*" in
    *update*) echo "Err:1 http://packages.example/debian bookworm InRelease: Temporary failure resolving 'packages.example'"; exit 100 ;;
    *) echo 'E: Unable to locate package npcsim-is-no-package'; exit 100 ;;
    esac`);
  for (const as of isRoot ? [[], somebody] : [[]]) {
    await rm(join(wanting, '.npcsim'), { recursive: true, force: true });
    ({ status, output } = await demo(offline, as));
    assert.equal(status, 1);
    assert.match(output, /Temporary failure resolving/);
    assert.match(output, /the package lists cannot be fetched: no network\? Missing: .*npcsim-is-no-package/);
  }

  // What apt-get, npm and others say of a certificate, a clock or a disk is told as that.
  for (const [said, told] of [
    ['Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown.', /a certificate was not accepted/],
    ['E: Release file for http://packages.example/InRelease is not valid yet (invalid for another 3h 2min 1s).', /this machine's clock says \d{4}-/],
    ['W: Failed to fetch http://packages.example  407  Proxy Authentication Required', /the proxy wants a password/],
    ['E: Write error - write (28: No space left on device)', /the disk is full/],
    ['Get:407 http://packages.example bookworm/main amd64 ca-certificates', /no network\?/],
  ]) {
    await program(offline, 'apt-get', `echo '${said}'; exit 100`);
    ({ status, output } = await demo(offline));
    assert.equal(status, 1);
    assert.match(output, told, said);
  }
});

test('what is installed is told before, how far it is meanwhile, and it may be broken off until dpkg is at work', { timeout: 60_000 }, async () => {
  const wanting = join(scratch, 'wanting');
  const busy = await pathWithout('busy', 'sudo', 'apt-get');
  await program(busy, 'sudo', '[ "$1" = -v ] || exec "$@"');
  const log = join(scratch, 'apt.log');
  const seconds = join(scratch, 'seconds');
  await program(busy, 'apt-get', `case "$*" in
    *--print-uris*)
      echo '0 upgraded, 3 newly installed, 0 to remove and 1 not upgraded.'; echo 'Need to get 12.3 MB of archives.'
      echo 'After this operation, 45.6 MB of additional disk space will be used.'
      echo "'http://packages.example/pool/small_1.deb' small_1_amd64.deb 300000 SHA256:0"
      echo "'http://packages.example/pool/large_1.deb' large_1%3a2_amd64.deb 12000000 SHA256:0" ;;
    *--download-only*) echo 'Get:1 http://packages.example large 12.0 MB'; exec sleep "$(cat '${seconds}')" ;;
    *) trap 'echo broken off >>"'${log.replaceAll(' ', '\\ ')}'"' TERM INT; echo 'Unpacking large (1) ...'; echo 'Setting up large (1) ...'; sleep 3; echo done >>'${log}' ;;
    esac`);
  const starts = async (fetches) => {
    await writeFile(seconds, `${fetches}`);
    const child = spawn(...withMask('022', join(wanting, 'scripts', 'demo.sh'), []), { cwd: wanting, env: environment({ PATH: busy, NPCSIM_SAY_SECONDS: '1' }), stdio: ['ignore', 'pipe', 'pipe'] });
    child.output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.output += data));
    child.ended = new Promise((resolve) => child.on('close', resolve));
    child.shows = (pattern) => waitFor(() => pattern.test(child.output), { what: () => `${pattern}; it says:\n${child.output}` });
    return child;
  };
  await rm(join(wanting, '.npcsim'), { recursive: true, force: true });
  const fetching = await starts(60);
  await fetching.shows(/with all that they need: 3 packages, 12\.3 MB to fetch, 45\.6 MB on the disk\n.*the largest: large 12 MB, small 0 MB/);
  await fetching.shows(/fetched 1 of 3 packages/);
  const since = Date.now();
  fetching.kill('SIGTERM');
  assert.equal(await fetching.ended, 0, fetching.output);
  assert.ok(Date.now() - since < 5000);
  assert.ok(!existsSync(log));

  const installing = await starts(0);
  await installing.shows(/unpacked 1 and set up 1 of 3 packages/);
  installing.kill('SIGTERM');
  assert.equal(await installing.ended, 0, installing.output);
  assert.match(installing.output, /stopping when apt-get is done/);
  assert.equal(await readFile(log, 'utf8').catch(() => installing.output), 'done\n');
});

test('npm packages that cannot be fetched are told', { timeout: 120_000 }, async () => {
  const { status, output } = await run('scripts/demo.sh', { env: { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0', npm_config_cache: join(scratch, 'npm') } });
  assert.equal(status, 1);
  assert.match(output, /npm cannot install the packages of clients\/mcp: is there a network\?/);
  await assertNothingRuns();

  // a server whose certificate nobody knows
  await execute('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', join(scratch, 'key.pem'), '-out', join(scratch, 'certificate.pem')]);
  const server = createSecureServer({ key: await readFile(join(scratch, 'key.pem')), cert: await readFile(join(scratch, 'certificate.pem')) }, (_, response) => response.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const registry = `https://127.0.0.1:${server.address().port}/`;
    const refused = await run('scripts/demo.sh', { env: { https_proxy: '', http_proxy: '', HTTP_PROXY: '', all_proxy: '', npm_config_registry: registry, npm_config_replace_registry_host: 'always', npm_config_fetch_retries: '0', npm_config_cache: join(scratch, 'npm') } });
    assert.equal(refused.status, 1);
    assert.match(refused.output, /npm cannot install the packages of clients\/mcp: a certificate was not accepted/);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  await rm(join(tree, 'clients', 'mcp', 'node_modules'), { recursive: true, force: true });
  await symlink(join(root, 'clients', 'mcp', 'node_modules'), join(tree, 'clients', 'mcp', 'node_modules'));
});

test('a start that is broken off while the cluster is made leaves nothing in the way of the next', { timeout: 60_000 }, async () => {
  const demo = startDemo();
  await demo.shows(/making a cluster/);
  await waitFor(() => existsSync(join(tree, '.npcsim', 'cluster', 'initdb.log')), { every: 5, what: 'initdb to begin' });
  await sleep(200);
  await demo.interrupt();
  assert.doesNotMatch(demo.output, /making the world/);
  await assertNothingRuns();
});

test('the demo shows its address and a status line; a second one is refused; Ctrl-C ends it all', { timeout: 180_000 }, async () => {
  const demo = startDemo();
  const [, address] = await demo.shows(/watch it at: +(\S+)/);
  assert.equal(address, `http://127.0.0.1:${port}/`);
  assert.match(await (await fetch(address)).text(), /<canvas/);
  await demo.shows(STATUS);
  await playersDecide(demo);
  const lines = () => demo.output.match(new RegExp(STATUS, 'gm')).length;
  const shown = lines();
  await sleep(3000);
  assert.ok(lines() - shown >= 2 && lines() - shown <= 4, `${lines() - shown} lines in 3 s`);
  assert.equal(await sql(demo, PLAYERS), LENDERS);
  assert.equal(await sql(demo, 'SELECT name, size_x, size_y, status FROM npcsim.worlds'), 'Demo 64 48 running');

  const second = await run('scripts/demo.sh');
  assert.deepEqual([second.status, /a demo of this directory is running already/.test(second.output)], [1, true], second.output);
  const clean = await run('scripts/demo-clean.sh');
  assert.deepEqual([clean.status, /the demo is running: stop it first/.test(clean.output)], [1, true], clean.output);
  for (const player of ['ada', 'bo', 'cy']) assert.equal((await stat(join(tree, '.npcsim', `${player}.token`))).mode & 0o777, 0o600);

  assert.deepEqual(await demo.interrupt(), { code: 0, signal: null });
  assert.match(demo.output, /stopped; the world goes on where it is with the next: make demo/);
  await assertNothingRuns();
});

test('a player who goes keeps its NPCs, others answer for it meanwhile, and it comes back', { timeout: 240_000 }, async () => {
  const demo = startDemo({ env: { NPCSIM_DEMO_AWAY_EVERY: '60' } });
  await playersDecide(demo);
  await demo.shows(/ cy [1-9]\d*\/\d+ away/, 90_000);
  const held = () => sql(demo, `SELECT count(*) FROM npcsim.npcs n JOIN npcsim.players p ON p.id = n.controller_player_id WHERE p.username = 'cy'`);
  const before = await held();
  await demo.shows(/ away  [1-9]\d* passed on/);
  assert.equal(await sql(demo, `SELECT bool_and(p.username = 'ada') FROM npcsim.decision_log l JOIN npcsim.players p ON p.id = l.player_id WHERE l.pooled`), 't', 'by the source that remembers nothing');
  assert.ok(Number(before) > 0 && Number(await held()) >= Number(before));
  const shown = demo.output.length;
  await waitFor(() => / cy [1-9]\d*\/\d+(?! away)/.test(demo.output.slice(shown)), { timeout: 60_000, what: 'cy to come back' });
  assert.equal((await demo.interrupt()).code, 0);
  await assertNothingRuns();
});

test('started again, on a terminal, it goes on with the same world', { timeout: 120_000 }, async () => {
  const demo = startDemo({ terminal: true });
  await demo.shows(/watch it at/);
  assert.doesNotMatch(demo.output, /making/);
  assert.equal(await sql(demo, 'SELECT count(*), min(created_at) < now() - interval \'5 s\', min(clock) > 3 FROM npcsim.worlds'), '1 t t');
  assert.equal(await sql(demo, PLAYERS), LENDERS);
  await playersDecide(demo);
  await demo.shows(/\r\x1b\[KM[^\n]*\r\x1b\[KM/); // one line, renewed in its place
  const lines = demo.output.split('\r\x1b[K').slice(1, -1).map((line) => line.split(/[\r\n]/)[0]);
  for (const line of lines) assert.match(line, /^(?=.{1,79}$)Mar \d+,.* 20 NPCs: ada \d+\/\d+( away)?, bo \d+\/\d+( away)?, cy \d+\/\d+.*  [\d.]+\/s  [\d–]+ ms/, 'which fits on a terminal of 80 columns');

  // The demo as it is before its first world; with players that cannot be made, and a gateway without a right
  // that it needs, as after an upgrade.
  await sql(demo, 'SELECT npcsim.drop_world(id) FROM npcsim.worlds');
  await sql(demo, `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nobody is let in'; END $$`);
  await sql(demo, 'CREATE TRIGGER refuse BEFORE INSERT ON npcsim.player_accounts FOR EACH ROW EXECUTE FUNCTION public.refuse()');
  await sql(demo, 'REVOKE EXECUTE ON FUNCTION npcsim.claim_decisions FROM npcsim_gateway');
  await demo.interrupt();
  await assertNothingRuns();
});

test('a start that is broken off while players are made makes them the next time', { timeout: 120_000 }, async () => {
  const { status, output } = await run('scripts/demo.sh');
  assert.notEqual(status, 0);
  assert.match(output, /nobody is let in/);
  await assertNothingRuns();
  await run('scripts/cluster.sh', { args: ['start', '.npcsim/cluster'] });
  const { stdout } = await execute(join(tree, 'scripts', 'cluster.sh'), ['env', join(tree, '.npcsim', 'cluster')]);
  const [, host] = stdout.match(/^PGHOST=(.*)$/m);
  await execute('psql', ['-X', '-q', '-h', host, '-U', 'postgres', '-d', 'npcsim', '-c', 'DROP TRIGGER refuse ON npcsim.player_accounts']);
  const demo = startDemo();
  await playersDecide(demo);
  assert.equal(await sql(demo, PLAYERS), LENDERS);
  assert.equal((await demo.interrupt('SIGHUP')).code, 0);
  await assertNothingRuns();
});

test('a signal stops it at once while it builds, too', { timeout: 60_000 }, async () => {
  const slow = await pathWithout('slow', 'make');
  await program(slow, 'make', 'echo "  CC   one"; exec sleep 60');
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    const demo = startDemo({ env: { PATH: slow, NPCSIM_SAY_SECONDS: '1' } });
    await demo.shows(/compiled 1 files so far, of at most \d\d+/);
    const since = Date.now();
    assert.deepEqual(await demo.interrupt(signal), { code: 0, signal: null });
    assert.ok(Date.now() - since < 5000);
    assert.match(demo.output, /stopped; the next make demo goes on from here/);
    await assertNothingRuns();
  }
});

test('demo-clean removes everything', async () => {
  const { stdout } = await execute(join(tree, 'scripts', 'cluster.sh'), ['env', join(tree, '.npcsim', 'cluster')]);
  const places = [stdout.match(/^PGHOST=(.*)$/m)[1], stdout.match(/^PGDATA=(.*)$/m)[1], join(tree, '.npcsim')];
  for (const place of places) assert.ok(existsSync(place), place);
  assert.equal((await run('scripts/demo-clean.sh')).status, 0);
  for (const place of places) assert.ok(!existsSync(place), `${place} is gone`);
  assert.equal((await run('scripts/demo-clean.sh')).status, 0, 'and once more, where nothing is');
});
