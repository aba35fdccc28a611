// Tests that a run of end-to-end tests leaves nothing behind when it is broken off, whatever ends it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { waitFor } from './lib/cluster.mjs';
import { aShell } from './lib/surroundings.mjs';

const root = process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..');

let tree; // with the scripts, and results of its own
let scratch; // of the runs
let env;

before(async () => {
  tree = await mkdtemp(join(tmpdir(), 'npcsim-killed.'));
  await cp(join(root, 'scripts'), join(tree, 'scripts'), { recursive: true });
  scratch = join(tree, 'scratch');
  await writeFile(join(tree, 'scripts', 'probe.sh'), `#!/bin/bash -p
set -euo pipefail
. "$(dirname "$0")/lib.sh"
tap_begin probe
tap_start hangs 120 "$ROOT/scripts/contained.sh" node "$@"
tap_wait
tap_finish
`);
  await chmod(join(tree, 'scripts', 'probe.sh'), 0o755);
  await chmod(tree, 0o755);
  await mkdir(scratch);
  await chmod(scratch, 0o1777);
  env = { ...aShell(), TMPDIR: scratch, NPCSIM_ROOT: root, NPCSIM_BUILD: process.env.NPCSIM_BUILD ?? join(root, 'build'), NPCSIM_CLUSTER: join(root, 'scripts', 'cluster.sh') };
});

after(() => rm(tree, { recursive: true, force: true }));

const lives = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// A process and all below it.
async function family(pid) {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(family))).flat()];
}

// How a run is ended, and whether it has a cluster by then.
const ENDS = [
  ['SIGINT', '', (run) => run.kill('SIGINT')],
  ['SIGHUP', '', (run) => run.kill('SIGHUP')],
  ['SIGTERM', '', (run) => run.kill('SIGTERM')],
  ['SIGKILL', '', (run) => run.kill('SIGKILL')],
  ['SIGKILL of it and all its children', 'cluster', async (run) => {
    for (const pid of await family(run.pid)) process.kill(pid, 'SIGKILL');
  }],
];

for (const [how, what, end] of ENDS)
  test(`a run that is ended by ${how} leaves no process, no cluster and no file`, async () => {
    await rm(join(tree, 'build'), { recursive: true, force: true });
    const run = spawn(join(tree, 'scripts', 'probe.sh'), [join(root, 'tests', 'e2e', 'killed', 'hangs.mjs'), what], { env, stdio: 'ignore' });
    const output = join(tree, 'build', 'results', 'probe', 'hangs.tap');
    const [, started] = await waitFor(async () => existsSync(output) && (await readFile(output, 'utf8')).match(/^# started (.*)$/m),
      { timeout: 60_000, what: 'the run to have started everything' });
    const { pids, files } = JSON.parse(started);
    assert.ok(pids.every(lives) && files.every(existsSync), started);
    await end(run);
    await waitFor(async () => !pids.some(lives) && !files.some(existsSync) && (await readdir(scratch)).length === 0,
      { timeout: 20_000, what: () => `${[...pids.filter(lives), ...files.filter(existsSync)].join(', ')} to be gone` });
  });
