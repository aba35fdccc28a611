// Tests replays of a world that runs: its worker ticks it, minds answer at any time, operators edit, the worker and the server
// are ended in between. Inputs are stored with the tick in which they took effect, so the replay must have the same rows.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';
import { assertReplays } from './lib/rows.mjs';

let gateway; // the id is held by the connection that registered it
let gateways = 0;

let cluster;

before(async () => {
  cluster = await startCluster({ settings: { 'npcsim.tick_batch': 16 } });
  await cluster.createDatabase('replays');
});

after(async () => {
  await cluster?.stop();
});

async function lively(client) {
  const { rows } = await client.query("SELECT npcsim.create_world('Lively', 40, 30, 21, preset => 'reference') AS id");
  const world = rows[0].id;
  await client.query('SELECT npcsim.populate_world($1, 24)', [world]);
  for (const [name, rest] of [['ada', 0], ['bo', 1]]) {
    const player = (await client.query('SELECT player_id FROM npcsim.create_player($1, $2)', [world, name])).rows[0].player_id;
    await client.query('UPDATE npcsim.npcs SET controller_player_id = $2 WHERE world_id = $1 AND id % 3 = $3', [world, player, rest]);
  }
  return world;
}

async function connectPlayers(client, world) {
  gateway = `replays-${(gateways += 1)}`;
  await client.query('SELECT npcsim.register_gateway($1)', [gateway]);
  await client.query("SELECT npcsim.client_connected($2, id, $1, 'compute') FROM npcsim.players WHERE world_id = $1 ORDER BY id", [world, gateway]);
  await client.query("SELECT npcsim.update_player_heartbeat(id, '{\"max_concurrency\": 8}') FROM npcsim.players WHERE world_id = $1 ORDER BY id", [world]);
}

const answers = [
  (npc) => ({ action: 'move_to', parameters: { x: (npc * 7) % 40, y: (npc * 5) % 30 }, then: [{ action: 'wait', parameters: { duration: 1.5 } }, { action: 'wander' }] }),
  () => ({ action: 'wander', next_decision_in_s: 5 }),
  (npc, items) => ({ action: 'consume', target_id: items[npc % items.length], then: [{ action: 'wander' }] }),
  () => ({ action: 'continue' }),
  () => ({ action: 'dance' }),
];

// Takes what is asked, as a gateway does, and answers most of it; some of it late.
async function think(client, world, round, late) {
  const sessions = (await client.query('SELECT id FROM npcsim.sessions WHERE NOT ended ORDER BY id')).rows.map((row) => row.id);
  const claimed = (await client.query('SELECT * FROM npcsim.claim_decisions($1, $2, $3)', [gateway, sessions, sessions.map(() => 8)])).rows;
  const items = (await client.query('SELECT id FROM npcsim.items WHERE world_id = $1 ORDER BY id', [world])).rows.map((row) => row.id);
  const given = [...claimed.filter((row) => row.request_id % 4 !== 0), ...late.splice(0)];
  late.push(...claimed.filter((row) => row.request_id % 4 === 0));
  const { rows } = await client.query('SELECT result FROM npcsim.submit_npc_decisions($1, $2)', [
    given.map((row) => row.player_id),
    given.map((row) => JSON.stringify({ request_id: row.request_id, ...answers[(row.request_id + round) % answers.length](row.npc_id, items) })),
  ]);
  await client.query('SELECT npcsim.fail_decisions($1, $2, $3)', [late.map((row) => row.player_id), late.map((row) => row.request_id), late.map(() => 'timeout')]);
  return rows.map((row) => row.result.status);
}

const EDITS = [
  'UPDATE npcsim.npcs SET hunger = 15 WHERE world_id = $1 AND id % 4 = 0',
  'DELETE FROM npcsim.npcs WHERE world_id = $1 AND id = (SELECT max(id) FROM npcsim.npcs WHERE world_id = $1)',
  "DELETE FROM npcsim.world_items WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.world_items WHERE world_id = $1 AND occupied_by_npc_id IS NOT NULL)",
  'SELECT npcsim.set_world_speed($1, 40)',
  "SELECT npcsim.define_item_type($1, 'apple', '{\"consumable\": {\"consumption_time\": 4, \"need_deltas\": {\"hunger\": 30}}, \"respawn\": {\"after\": 8}}')",
  'SELECT npcsim.populate_world($1, 2)',
  "UPDATE npcsim.npcs SET traits = '{calm}', controller_player_id = (SELECT min(id) FROM npcsim.players WHERE world_id = $1) WHERE world_id = $1 AND id % 5 = 0",
  'SELECT npcsim.set_world_speed($1, 20)',
];

// The world stands still meanwhile: what was read is not changed by the worker before it is written.
async function edit(client, world, statement) {
  await client.query('BEGIN');
  await client.query('SELECT npcsim.lock_world($1)', [world]);
  await client.query(statement, [world]);
  await client.query('COMMIT');
}

test('what a running world lived through is lived through again', async () => {
  const minds = await cluster.connect('replays');
  const operator = await cluster.connect('replays');
  const world = await lively(minds);
  const late = [];
  const statuses = new Set();
  await connectPlayers(minds, world);
  await minds.query('SELECT npcsim.set_world_speed($1, 20)', [world]);
  await minds.query('SELECT npcsim.start_world($1)', [world]);
  for (let round = 0; round < 24; round += 1) {
    await sleep(100);
    for (const status of await think(minds, world, round, late)) statuses.add(status);
    if (round % 3 === 2) await edit(operator, world, EDITS[(round - 2) / 3]);
    if (round === 10) await operator.query('SELECT pg_terminate_backend(worker_pid) FROM npcsim.world_status WHERE world_id = $1', [world]);
  }
  await operator.query('SELECT npcsim.pause_world($1)', [world]);
  await assertReplays(operator, world, 'after two seconds');
  assert.ok(['applied', 'late', 'rejected'].every((status) => statuses.has(status)), `answers of every kind: ${[...statuses]}`);
  const { rows } = await operator.query('SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);
  assert.ok(rows[0].clock > 30, `${rows[0].clock} s were lived`);
});

test('a world goes on while it is replayed, and after a crash', async () => {
  const client = await cluster.connect('replays');
  const world = await cluster.value('replays', "SELECT id FROM npcsim.worlds WHERE name = 'Lively'");
  await client.query('SELECT npcsim.start_world($1)', [world]);
  const clock = () => client.query('SELECT clock FROM npcsim.worlds WHERE id = $1', [world]).then(({ rows }) => rows[0].clock);
  const begun = await clock();
  await waitFor(async () => (await clock()) > begun + 2, { what: 'two seconds' });
  const copy = (await client.query('SELECT npcsim.replay_world($1) AS id', [world])).rows[0].id;
  const replayed = (await client.query('SELECT clock, status FROM npcsim.worlds WHERE id = $1', [copy])).rows[0];
  assert.ok(replayed.clock > begun + 2, `it was replayed up to its clock: ${replayed.clock}`);
  assert.equal(replayed.status, 'paused');
  await waitFor(async () => (await clock()) > replayed.clock, { what: 'the world to go on' });

  await cluster.restart('immediate');
  const again = await cluster.connect('replays');
  await connectPlayers(again, world);
  await sleep(500);
  await edit(again, world, EDITS[0]);
  await sleep(500);
  await again.query('SELECT npcsim.pause_world($1)', [world]);
  await assertReplays(again, world, 'after a crash');
});

test('who was there is known to a replay, whichever session found it out', async () => {
  const sessions = [await cluster.connect('replays'), await cluster.connect('replays')];
  const world = (await sessions[0].query("SELECT npcsim.create_world('Turns', 30, 30, 22, preset => 'reference') AS id")).rows[0].id;
  await sessions[0].query('SELECT npcsim.populate_world($1, 9)', [world]);
  const player = (await sessions[0].query("SELECT player_id FROM npcsim.create_player($1, 'cy')", [world])).rows[0].player_id;
  await sessions[0].query('UPDATE npcsim.npcs SET controller_player_id = $2 WHERE world_id = $1', [world, player]);
  await connectPlayers(sessions[0], world);
  // each session finds the same at every turn of its own, and another than the one before it
  for (let turn = 0; turn < 8; turn += 1) {
    const there = turn % 2 === 0;
    await sessions[0].query(`UPDATE npcsim.sessions SET heartbeat_at_real = now() - $2::interval WHERE player_id = $1`, [player, there ? '0 s' : '1 hour']);
    await sessions[turn % 2].query('SELECT npcsim.tick_world($1, 15)', [world]);
  }
  const { rows } = await sessions[0].query("SELECT payload FROM npcsim.world_inputs WHERE world_id = $1 AND kind = 'presence' ORDER BY sequence", [world]);
  assert.deepEqual(rows.map((row) => row.payload.present), Array.from({ length: 8 }, (_, turn) => (turn % 2 === 0 ? [player] : [])));
  await assertReplays(sessions[1], world, 'turns');
});
