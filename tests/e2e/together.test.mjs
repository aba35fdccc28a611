// Tests worlds that are due together and share a transaction of their worker. Only their cost may be different: each of them is
// held, fails, recovers, is reported and replayed as if it were the only one.
//
// Runs alone: it measures which ticks shared a transaction.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';
import { assertReplays } from './lib/rows.mjs';

const WORLDS = 6;
const NPCS = 40; // so many that hardly a tick has nothing to do

let cluster;
let client;
let ids;

before(async () => {
  cluster = await startCluster({ settings: { 'npcsim.max_workers': 1, autovacuum: 'off' } });
  await cluster.createDatabase('together');
  client = await cluster.connect('together');
  ids = [];
  for (let number = 1; number <= WORLDS; number++) {
    const { rows: [{ id }] } = await client.query('SELECT npcsim.create_world($1, 40, 40, $2, preset => \'reference\') AS id', [`w${number}`, number]);
    await client.query('SELECT npcsim.populate_world($1, $2)', [id, NPCS]);
    ids.push(id);
  }
  // each at another moment of a tick
  for (const id of ids) {
    await client.query('SELECT npcsim.start_world($1)', [id]);
    await sleep(137);
  }
  await waitFor(async () => (await statuses(ids)).every((status) => status.ticks > 10), { what: 'all worlds to tick' });
});

after(async () => {
  await client?.end();
  await cluster?.stop();
});

const statuses = async (some) => (await client.query('SELECT * FROM npcsim.world_status WHERE world_id = ANY ($1) ORDER BY world_id', [some])).rows;

const clocks = async (some) => (await client.query('SELECT clock FROM npcsim.worlds WHERE id = ANY ($1) ORDER BY id', [some])).rows.map((row) => row.clock);

// Waits until one transaction has written all of these worlds, and no other.
async function share(some, what) {
  const wanted = [...some].sort((a, b) => a - b);
  await waitFor(async () => {
    const { rows } = await client.query('SELECT array_agg(world_id ORDER BY world_id) AS worlds FROM npcsim.world_clock GROUP BY xmin::text');
    return rows.some(({ worlds }) => worlds.length === wanted.length && worlds.every((id, i) => Number(id) === wanted[i]));
  }, { every: 5, timeout: 20_000, what });
}

// They go on at the pace of real time for some seconds.
async function runOn(some, seconds) {
  const from = await clocks(some);
  await sleep(seconds * 1000);
  for (const [i, clock] of (await clocks(some)).entries()) {
    const moved = clock - from[i];
    assert.ok(moved > seconds - 0.5 && moved < seconds + 1, `world ${some[i]} moved ${moved} s in ${seconds} s`);
  }
}

const without = (...some) => ids.filter((id) => !some.includes(id));

test('worlds that were started at different moments share a transaction', async () => {
  await share(ids, 'a transaction that wrote all worlds');
  const nextXid = async () => Number((await client.query('SELECT pg_snapshot_xmax(pg_current_snapshot()) AS xid')).rows[0].xid);
  const before = await nextXid();
  await runOn(ids, 4);
  const used = (await nextXid()) - before;
  // ten ticks, ten notifications and a task of maintenance or two a second; apart they would be 60 and more
  assert.ok(used < 4 * 35, `${used} transactions in 4 s`);
});

test('each of them is told of', async () => {
  const listener = await cluster.connect('together');
  const heard = new Map();
  listener.on('notification', ({ payload }) => heard.set(Number(payload.split(':')[0]), Number(payload.split(':')[1])));
  await listener.query('LISTEN npcsim_world');
  const revisions = (await client.query('SELECT id, revision FROM npcsim.worlds ORDER BY id')).rows;
  await waitFor(() => revisions.every(({ id, revision }) => heard.get(id) > revision), { what: 'word of every world' });
  await listener.end();
});

test('one that somebody holds is left out, and taken in again', async () => {
  const held = ids[2];
  const operator = await cluster.connect('together');
  await operator.query('BEGIN');
  const { rows: [{ pid }] } = await operator.query('SELECT pg_backend_pid() AS pid, npcsim.lock_world($1)', [held]);
  const [before] = await clocks([held]);
  await waitFor(async () => (await statuses([held]))[0].blocked_by_pid === pid, { what: 'the holder to be named' });
  await share(without(held), 'a transaction that wrote all worlds but the one that is held');
  await runOn(without(held), 3);
  const [status] = await statuses([held]);
  assert.equal(status.blocked_by_pid, pid);
  assert.ok((await clocks([held]))[0] - before < 0.2, 'it stands meanwhile');
  assert.ok((await statuses(without(held))).every(({ blocked_by_pid, last_error }) => blocked_by_pid === null && last_error === null));
  await operator.query('COMMIT');
  await operator.end();
  await share(ids, 'the world to be among the others again');
  assert.equal((await statuses([held]))[0].blocked_by_pid, null);
});

for (const [when, trigger] of [
  ['in its tick', 'CREATE TRIGGER zz_spoil BEFORE UPDATE ON npcsim.npc_states FOR EACH ROW'],
  ['at the commit', 'CREATE CONSTRAINT TRIGGER zz_spoil AFTER UPDATE ON npcsim.npc_states DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'],
])
  test(`one that fails ${when} is run by itself, and the others run on`, async () => {
    const bad = ids[3];
    const since = await statuses(ids);
    await client.query(`
      CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoiled ${when}'; END $$;
      ${trigger} WHEN (NEW.world_id = ${bad}) EXECUTE FUNCTION public.spoil()`);
    await waitFor(async () => (await statuses([bad]))[0].last_error === `spoiled ${when}`, { what: 'the error to be shown' });
    const [stands] = await clocks([bad]);
    await share(without(bad), 'a transaction that wrote all worlds but the bad one');
    await runOn(without(bad), 4);
    assert.equal((await clocks([bad]))[0], stands, 'what failed left nothing');
    const now = await statuses(ids);
    for (const [i, status] of now.entries())
      if (status.world_id !== bad) {
        assert.equal(status.last_error, null);
        assert.ok(status.late_ticks - since[i].late_ticks <= 10, `world ${status.world_id}: ${status.late_ticks - since[i].late_ticks} late ticks`);
      }
    const log = await cluster.log();
    assert.deepEqual([...log.matchAll(/a tick of world (\d+) failed: spoiled (.*)/g)].filter(([, , said]) => said === when).map(([, id]) => Number(id)), [bad],
      'logged once, and of no other world');
    await client.query('DROP FUNCTION public.spoil() CASCADE');
    await share(ids, 'the world to be among the others again');
  });

test('a lock on a row of one of them is not waited for by the others for long', async () => {
  const stuck = ids[1];
  const operator = await cluster.connect('together');
  await operator.query('BEGIN');
  await operator.query('SELECT FROM npcsim.npc_states WHERE world_id = $1 FOR UPDATE', [stuck]);
  await sleep(300);
  const from = await clocks(without(stuck));
  await sleep(4000);
  for (const [i, clock] of (await clocks(without(stuck))).entries()) assert.ok(clock - from[i] > 3, `world ${without(stuck)[i]} moved ${clock - from[i]} s in 4 s`);
  await operator.query('ROLLBACK');
  await operator.end();
  await share(ids, 'the world to be among the others again');
  assert.doesNotMatch(await cluster.log(), /deadlock detected/);
});

test('others pause and are dropped in between', async () => {
  const [paused, dropped] = [ids[4], ids[5]];
  await client.query('SELECT npcsim.pause_world($1)', [paused]);
  const [stands] = await clocks([paused]);
  await client.query('SELECT npcsim.pause_world($1)', [dropped]);
  await client.query('SELECT npcsim.drop_world($1)', [dropped]);
  ids.pop();
  await runOn(without(paused), 2);
  await share(without(paused), 'the other worlds to share a transaction');
  assert.equal((await clocks([paused]))[0], stands);
  await client.query('SELECT npcsim.start_world($1)', [paused]);
  await share(ids, 'all that are left to share a transaction');
});

test('what they lived through together each lives through again alone', async () => {
  for (const id of ids) await client.query('SELECT npcsim.pause_world($1)', [id]);
  for (const id of ids) await assertReplays(client, id, `world ${id}`);
});
