// Tests that scripts have an environment of their own, whatever that of their caller is. All of them get it by the same few
// lines of scripts/lib.sh, which are tested here with each entry of the table. With NPCSIM_EACH_SURROUNDING=1 (make test-long)
// the demo, the SQL tests and the benchmarks are really started in each.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { waitFor } from './lib/cluster.mjs';
import { aShell, surroundings, withMask } from './lib/surroundings.mjs';

const execute = promisify(execFile);
const root = process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..');
const each = process.env.NPCSIM_EACH_SURROUNDING;

let directory, tree, table;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'npcsim surroundings.'));
  await chmod(directory, 0o755);
  tree = join(directory, 'a tree');
  table = await surroundings(directory);
  await mkdir(tree);
  if (each) {
    await execute('bash', ['-c', `tar -C "$1" --exclude=./.git --exclude=./.npcsim --exclude=node_modules --exclude=./build/results \
      --exclude=./build/sanitize -cf - . | tar -C "$2" -xpf -`, 'copy', root, tree]);
    for (const packages of ['clients/mcp', 'tests/e2e']) await symlink(join(root, packages, 'node_modules'), join(tree, packages, 'node_modules'));
  } else await cp(join(root, 'scripts'), join(tree, 'scripts'), { recursive: true });
  await writeFile(join(tree, 'scripts', 'probe.sh'), `#!/bin/bash -p
set -euo pipefail
. "$(dirname "$0")/lib.sh"
printf '%s\\n' "$ROOT" "$PWD" "$*" "$(umask)" "$(declare -F)" "$(set +o)" "$(shopt)" "$(trap)"
mktemp -d -u >/dev/null
env
`);
  await chmod(join(tree, 'scripts', 'probe.sh'), 0o755);
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

const environment = (env, more = {}) => ({ ...aShell(), ...env, ...more });

// Runs a program to its end, from a directory below the tree's.
async function run(program, args, env, { umask = '077', timeout = 30_000 } = {}) {
  const [shell, its] = withMask(umask, program, args);
  try {
    const { stdout, stderr } = await execute(shell, its, { cwd: tree, env, timeout, maxBuffer: 1 << 24 });
    return { status: 0, output: stdout, errors: stderr.replace(/^.*cannot change locale.*\n/gm, '') }; // bash, before it reads a line
  } catch (error) {
    return { status: error.code ?? error.signal, output: error.stdout, errors: error.stderr };
  }
}

// What a script finds: all but what it is meant to be told.
const TOLD = /^(HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|NODE_EXTRA_CA_CERTS|PATH|(http|https|all)_proxy|HTTP_PROXY|_|SHLVL)=/i;
const seen = (output) => output.split('\n').filter((line) => !TOLD.test(line)).sort().join('\n');

test('a script finds the same environment in all of them', async () => {
  const plain = await run('scripts/probe.sh', ['one', 'two words'], environment({}), { umask: '022' });
  assert.deepEqual([plain.status, plain.errors], [0, ''], plain.errors);
  assert.match(plain.output, new RegExp(`^${tree}\n${tree}\none two words\n0022\n`));
  for (const [name, env] of Object.entries(table)) {
    const { status, output, errors } = await run('scripts/probe.sh', ['one', 'two words'], environment(env));
    assert.deepEqual([status, errors], [0, ''], name);
    assert.equal(seen(output), seen(plain.output), name);
    const far = await run(join(tree, 'scripts', 'probe.sh'), [], environment(env));
    assert.deepEqual([far.status, far.output.split('\n')[0]], [0, tree], `${name}, by its whole path`);
  }
});

test('a signal that is ignored, as by a shell that starts it in the background, is heard', async () => {
  await writeFile(join(tree, 'scripts', 'waits.sh'), `#!/bin/bash -p
set -euo pipefail
. "$(dirname "$0")/lib.sh"
trap 'echo heard; exit 0' INT TERM HUP
echo waits
for _ in $(seq 100); do sleep 0.1 & wait $! || true; done
`);
  await chmod(join(tree, 'scripts', 'waits.sh'), 0o755);
  for (const signal of ['INT', 'TERM', 'HUP']) {
    const ignored = signal === 'HUP' ? '' : `trap '' ${signal};`;
    const { stdout } = await execute('/bin/sh', ['-c', `${ignored} scripts/waits.sh >out & sleep 0.5; kill -${signal} $!; wait $!; cat out`], { cwd: tree, env: aShell() });
    assert.equal(stdout, 'waits\nheard\n', signal);
  }
});

test('every script of the tree begins so', async () => {
  const apart = ['scripts/with-reports.sh', '.ci/run']; // started by scripts alone; starting nothing else
  const { stdout } = await execute('grep', ['-rlE', '--exclude-dir=node_modules', '^#!.*[/ ](ba|da)?sh( |$)', 'scripts', 'tests', '.ci', 'docker', 'clients'], { cwd: root });
  const scripts = stdout.trim().split('\n').filter((file) => !file.endsWith('.mjs'));
  assert.ok(scripts.length >= 15, stdout);
  // containers have an environment of their own
  for (const file of scripts.filter((name) => !name.startsWith('docker/'))) {
    const text = await readFile(join(root, file), 'utf8');
    assert.match(text, /^#!\/bin\/bash -p\n/, file);
    if (apart.includes(file)) continue;
    const first = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).slice(0, 2);
    assert.equal(first[0], 'set -euo pipefail', file);
    assert.match(first[1], /^\. "\$\(dirname "\$(0|\{BASH_SOURCE\[0\]\})"\)\/(\.\.\/\.\.\/scripts\/lib|lib|demo-common)\.sh"$/, file);
  }
  for (const file of await readdir(join(root, 'scripts'))) assert.ok(!/^#!.*env bash/.test((await readFile(join(root, 'scripts', file), 'utf8')).slice(0, 40)), file);
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// "make demo" until both players decide, then a signal; how it ended, and what it said
async function demo(env, signal) {
  const port = await freePort();
  const [shell, its] = withMask('077', 'make', ['demo']);
  const child = spawn(shell, its, { cwd: tree, env: { ...env, NPCSIM_DEMO_PORT: `${port}` }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    await waitFor(() => /decided by: .*ada \d+, bo \d+/.test(output), { timeout: 120_000, what: () => `the players to decide; the demo says:\n${output}` });
  } finally {
    process.kill(-child.pid, signal);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 30_000))]);
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  }
  await assert.rejects(fetch(`http://127.0.0.1:${port}/version`), 'nobody listens');
  return output;
}

test('the demo, the SQL tests and the benchmarks start in each of them', { skip: !each, timeout: 7_200_000 }, async (t) => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const [i, [name, env]] of Object.entries(table).entries()) {
    await t.test(name, async () => {
      const mine = environment(env);
      assert.match(await demo(mine, signals[i % signals.length]), /stopped; the world goes on where it is/, 'the demo');
      const sql = await run('scripts/test-sql.sh', ['tests/pgtap/44_calendar.sql'], mine, { timeout: 240_000 });
      assert.equal(sql.status, 0, `the SQL tests: ${sql.output}${sql.errors}`);
      const bench = await run('tests/bench/run.sh', ['built-in'], { ...mine, BENCH_NPCS: '20', BENCH_WARM_UP: '1', BENCH_SECONDS: '2' }, { timeout: 240_000 });
      assert.equal(bench.status, 0, `the benchmarks: ${bench.output}${bench.errors}`);
    });
  }
  await run('scripts/demo-clean.sh', [], aShell());
});
