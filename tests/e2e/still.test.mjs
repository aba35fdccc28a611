// Tests that a still world costs nothing: all NPCs wait, no mind is asked, and its clock runs at 10 ticks a second.
//
// Runs alone: it counts what the whole server writes and computes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const NPCS = 20;
const SECONDS = 10;

let colony;

before(async () => {
  colony = await startColony({ npcs: NPCS, policy: 'none', settings: { autovacuum: 'off' } });
  await colony.query('CREATE EXTENSION pg_walinspect');
  await colony.query(`
    CREATE FUNCTION public.row_versions() RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        relation regclass;
        part text;
        parts text := '';
    BEGIN
        FOR relation IN SELECT oid FROM pg_class
                         WHERE relnamespace = 'npcsim'::regnamespace AND relkind = 'r' AND relname <> 'gateways' ORDER BY relname
        LOOP
            EXECUTE format('SELECT string_agg(xmin::text || ctid::text, %L ORDER BY ctid) FROM %s', ' ', relation) INTO part;
            parts := parts || relation || ': ' || coalesce(part, 'none') || chr(10);
        END LOOP;
        RETURN parts;
    END $$`);
  await everyoneWaits();
});

after(() => colony?.stop());

// By the answers of a mind, which then leaves.
async function everyoneWaits() {
  const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map((row) => row.id);
  const ada = await colony.player('ada', ids);
  const mind = await join(colony, { token: ada.token, purpose: 'compute', source: 'test' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: NPCS });
  await mind.frame('heartbeat_ack');
  for (const id of ids) await colony.query('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, id]);
  await waitFor(() => mind.of('decision_request').length === NPCS, { what: 'everyone to be asked about' });
  for (const { request_id } of mind.of('decision_request')) mind.send({ type: 'decision_response', request_id, action: 'wait' });
  await waitFor(() => mind.of('decision_result').length === NPCS, { what: 'all answers to be applied' });
  assert.ok(mind.of('decision_result').every((result) => result.status === 'applied'));
  mind.socket.close();
  await mind.ends();
  await waitFor(async () => (await colony.value('SELECT count(*) FROM npcsim.sessions')) === 0, { what: 'the mind to be gone' });
  assert.deepEqual(await colony.query('SELECT DISTINCT state FROM npcsim.npcs'), [{ state: 'waiting' }]);
  // a worker would, within ten seconds
  await colony.query('SELECT npcsim_internal.fold_decisions()');
}

const observe = async () => (await colony.query(`
    SELECT pg_current_wal_insert_lsn()::text AS wal, pg_snapshot_xmax(pg_current_snapshot())::text AS xid,
           (SELECT clock FROM npcsim.worlds) AS clock, (SELECT revision FROM npcsim.worlds) AS revision,
           (SELECT xmin::text || ctid::text FROM npcsim.world_clock) AS clock_row,
           public.row_versions() AS rows`))[0];

// What is observed at both ends of 10 s, and what during() returns at their end.
async function pass(during = () => {}) {
  for (let attempt = 0; attempt < 3; attempt++) {
    // what earlier changes left to prune would be pruned, and logged, by whoever reads
    await colony.query('VACUUM');
    await colony.query('CHECKPOINT');
    await observe();
    await sleep(500);
    const before = await observe();
    const collect = during();
    await sleep(SECONDS * 1000);
    const collected = collect?.();
    const then = await observe();
    const moved = then.clock - before.clock;
    assert.ok(moved > SECONDS - 0.5 && moved < SECONDS + 1, `the clock moved ${moved} s`);
    // the write of the clock that is due every 60 s may have fallen into it: look again
    if (then.clock_row === before.clock_row) return { before, then, collected };
  }
  throw new Error('the clock was written more often than every 60 s');
}

test('whoever watches a still world is told its clock and nothing else', async () => {
  const watcher = await colony.watch();
  await watcher.frame('clock');
  const { before, then, collected: frames } = await pass(() => {
    const first = watcher.frames.length;
    return () => watcher.frames.slice(first);
  });
  assert.deepEqual([...new Set(frames.map((frame) => frame.type))], ['clock']);
  assert.ok(frames.length >= SECONDS - 2, `at least once a second: ${frames.length} in ${SECONDS} s`);
  assert.ok(frames.length <= 2 * SECONDS, `and hardly more often: ${frames.length} in ${SECONDS} s`);
  assert.equal(then.revision, before.revision);
  assert.equal(then.rows, before.rows, 'no row is written but the gateway\'s sign of life');
  watcher.socket.close();
});

test('a still world leaves no row version, no xid and no WAL', async () => {
  await colony.end(colony.gateway);
  const { before, then } = await pass();
  assert.equal(then.xid, before.xid);
  assert.equal(then.rows, before.rows);
  assert.equal(then.revision, before.revision);
  if (then.wal !== before.wal) {
    // the server's own: a list of running transactions every 15 s after activity
    const rows = await colony.query(`
        SELECT resource_manager, record_type, description FROM pg_get_wal_records_info($1, $2)
         WHERE record_type <> 'RUNNING_XACTS'`, [before.wal, then.wal]);
    assert.deepEqual(rows, []);
  }
});
