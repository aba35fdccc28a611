// Tests a database whose disk is full: worlds stand and say why, everything can still be looked at, and they go on when there
// is space. The disk is the database's tablespace, since any server that cannot write its WAL is down.

import assert from 'node:assert/strict';
import { chown, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { diskIsPossible, startCluster, waitFor } from './lib/cluster.mjs';

const FULL = /No space left on device/;
const skip = !(await diskIsPossible()) && 'no disk can be mounted here';

let cluster;
let world;

before(async () => {
  if (skip) return;
  cluster = await startCluster({ disk: 192, settings: { autovacuum: 'off' } });
  const space = join(cluster.disk, 'space');
  const { uid, gid } = await stat(cluster.dataDir);
  await mkdir(await cluster.seen(space));
  await chown(await cluster.seen(space), uid, gid);
  await cluster.query('postgres', `CREATE TABLESPACE small LOCATION '${space}'`);
  await cluster.createDatabase('full_disk', { tablespace: 'small' });
  world = await cluster.value('full_disk', `SELECT npcsim.create_world('Full', 60, 60, 7, preset => 'reference')`);
  await cluster.query('full_disk', 'SELECT npcsim.populate_world($1, 100)', [world]);
  await cluster.query('full_disk', 'UPDATE npcsim.worlds SET speed = 20 WHERE id = $1', [world]);
  await cluster.query('full_disk', 'SELECT npcsim.start_world($1)', [world]);
  await waitFor(async () => (await status()).ticks > 20, { timeout: 30_000, what: 'the world to tick' });
});

after(() => cluster?.stop());

const status = async () => (await cluster.query('full_disk', 'SELECT * FROM npcsim.world_status WHERE world_id = $1', [world]))[0];

const ballast = async () => cluster.seen(join(cluster.disk, 'ballast'));

async function fill() {
  const file = await open(await ballast(), 'a');
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  } finally {
    await file.close();
  }
}

test('a world stands while its disk is full, says so, can be looked at, and goes on', { skip, timeout: 120_000 }, async () => {
  const [{ epoch, revision }] = await cluster.query('full_disk',
    `SELECT s ->> 'epoch' AS epoch, s ->> 'revision' AS revision FROM npcsim.world_snapshot($1) s`, [world]);
  let row;
  await fill();
  const stood = await waitFor(async () => {
    await fill(); // what the server gave back, too
    row = await status();
    return FULL.test(row.last_error) && row;
  }, { timeout: 60_000, every: 200, what: () => `the disk to be full, not ${JSON.stringify(row)}` });
  assert.ok(Math.abs(stood.last_error_at_real - Date.now()) < 10_000);

  const views = await cluster.query('full_disk', `SELECT relname AS name FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace AND relkind = 'v'`);
  for (const { name } of views) await cluster.query('full_disk', `SELECT * FROM npcsim.${name}`);
  assert.equal((await cluster.value('full_disk', 'SELECT npcsim.world_snapshot($1)', [world])).npcs.length, 100);
  const delta = await cluster.value('full_disk', 'SELECT npcsim.world_delta($1, $3, $2)', [world, epoch, revision]);
  assert.ok(delta.revision >= Number(revision));

  await rm(await ballast());
  const { ticks } = await status();
  await waitFor(async () => {
    row = await status();
    return row.ticks > ticks + 20 && row.last_error === null;
  }, { timeout: 30_000, what: () => `the world to go on, not ${JSON.stringify(row)}` });
  await cluster.query('full_disk', 'SELECT npcsim.pause_world($1)', [world]);
  assert.deepEqual(await cluster.query('full_disk', 'SELECT * FROM npcsim.world_faults($1)', [world]), []);
  const replay = await cluster.value('full_disk', 'SELECT npcsim.replay_world($1)', [world]);
  assert.deepEqual(await cluster.query('full_disk', 'SELECT * FROM npcsim.world_differences($1, $2)', [world, replay]), []);
});
