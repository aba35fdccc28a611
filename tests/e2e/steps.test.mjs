// Tests that it does not matter how a world's time is cut into calls, which session makes them, nor what else there is.
//
// A world is set up from a seed and ticked by 60 s; all rows of its state, and the events in it, are compared with those of a
// world that was ticked in one step. Columns of revisions and of the wall clock may differ, and the place in the sight index.
// Every call is a transaction of its own.
//
// NPCSIM_SEED sets the seed of the partitions.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startCluster } from './lib/cluster.mjs';
import { assertReplays, assertSame, rowsOf } from './lib/rows.mjs';

const SECONDS = 60;
const seed = Number(process.env.NPCSIM_SEED ?? 1);

let cluster;

before(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('here');
  await cluster.createDatabase('there');
});

after(async () => {
  await cluster?.stop();
});

// mulberry32: numbers from 0 to 1
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// A duration in whole microseconds, cut at 'cuts' random moments, as seconds.
function partition(random, microseconds, cuts) {
  const moments = new Set([microseconds]);
  while (moments.size <= cuts) moments.add(1 + Math.floor(random() * (microseconds - 1)));
  let last = 0;
  return [...moments].sort((a, b) => a - b).map((moment) => {
    const step = moment - last;
    last = moment;
    return step / 1e6;
  });
}

// ---- worlds ----

let names = 0;

async function createWorld(client, sizeX, sizeY, worldSeed) {
  const { rows } = await client.query('SELECT npcsim.create_world($1, $2, $3, $4, preset => \'reference\') AS id', [`world ${(names += 1)}`, sizeX, sizeY, worldSeed]);
  return rows[0].id;
}

const tick = (client, world, seconds) => client.query('SELECT npcsim.tick_world($1, $2)', [world, seconds]);

// Two hungry NPCs, as far from the one apple; walls between other rivals and a chair.
async function rivals(client) {
  const world = await createWorld(client, 24, 20, 11);
  await client.query(
    `SELECT npcsim.create_npc($1, 'west', 4, 5), npcsim.create_npc($1, 'east', 12, 5), npcsim.create_item($1, 'apple', 8, 5),
            npcsim.create_npc($1, 'north', 18, 4), npcsim.create_npc($1, 'south', 18, 12), npcsim.create_item($1, 'chair', 18, 8),
            npcsim.set_terrain($1, 15, 6, true, 5, 1), npcsim.set_terrain($1, 3, 14, true, 9, 1)`, [world]);
  await client.query('UPDATE npcsim.npcs SET hunger = 20, energy = 25 WHERE world_id = $1', [world]);
  return world;
}

// Four hungry NPCs that decide in the first tick: two have an apple between them, two walk to one equally far. They
// belong to a player who is not there: the built-in mind decides, and what they were told is kept.
async function contenders(client) {
  const world = await createWorld(client, 24, 20, 11);
  await client.query(
    `SELECT npcsim.create_npc($1, 'left', 3, 3), npcsim.create_npc($1, 'right', 5, 3), npcsim.create_item($1, 'apple', 4, 3),
            npcsim.create_npc($1, 'west', 12, 14), npcsim.create_npc($1, 'east', 20, 14), npcsim.create_item($1, 'apple', 16, 14)`, [world]);
  const { rows: [{ player_id: player }] } = await client.query("SELECT player_id FROM npcsim.create_player($1, 'ada')", [world]);
  await client.query('SELECT npcsim.assign_npc_to_player($1, id, $2) FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [world, player]);
  await client.query('UPDATE npcsim.npcs SET hunger = 20 WHERE world_id = $1', [world]);
  return world;
}

// At 1 s: of each two one eats, the other was refused, in the same tick.
async function assertContended(client, world, what) {
  const { rows } = await client.query(
    `SELECT n.name, n.state, s.state_since, m.events FROM npcsim.npcs n
       JOIN npcsim.npc_states s ON s.world_id = n.world_id AND s.npc_id = n.id
       JOIN npcsim.npc_minds m ON m.world_id = n.world_id AND m.npc_id = n.id WHERE n.world_id = $1`, [world]);
  const of = Object.fromEntries(rows.map((row) => [row.name, row]));
  const told = (name, type) => of[name].events.filter((event) => event.type === type);
  for (const name of ['left', 'right', 'west', 'east'])
    assert.deepEqual(told(name, 'decided_for_you')[0], { at: 0.1, type: 'decided_for_you', action: 'interact_with' }, `${what}: ${name} reached for the apple in the first tick`);
  assert.deepEqual([of.left.state, of.left.state_since], ['interacting', 100_000], `${what}: the first gets the apple between them`);
  assert.equal(told('right', 'interaction_started').length, 0, `${what}: the second does not`);
  assert.deepEqual([of.west.state, of.west.state_since], ['interacting', 850_000], `${what}: of the walkers too`);
  const [{ target_id: between }] = told('west', 'interaction_started');
  assert.deepEqual(told('east', 'interaction_bid_rejected'),
    [{ at: 0.85, type: 'interaction_bid_rejected', interaction: 'consume', target_id: between, reason: 'item is occupied' }], `${what}: the other is told why not`);
  const { rows: eaters } = await client.query('SELECT 1 FROM npcsim.interactions WHERE world_id = $1', [world]);
  assert.equal(eaters.length, 2, `${what}: two eat`);
}

async function colony(client) {
  const world = await createWorld(client, 40, 30, 12);
  await client.query('SELECT npcsim.populate_world($1, 40)', [world]);
  await client.query('UPDATE npcsim.npcs SET hunger = 20 + id % 60, energy = 15 + id * 7 % 70 WHERE world_id = $1', [world]);
  return world;
}

async function moveOn(client, world, steps) {
  for (const step of steps) await tick(client, world, step);
}

// ---- minds ----

let gateway; // the id is held by the connection that registered it

// A world half of whose NPCs have a mind that is there: two players who said so.
async function minds(client, policy = 'occasions') {
  const world = await createWorld(client, 40, 30, 13);
  await client.query('SELECT npcsim.set_decision_policy($1, $2)', [world, policy]);
  await client.query('SELECT npcsim.populate_world($1, 16)', [world]);
  await client.query('UPDATE npcsim.npcs SET hunger = 25 + id % 50 WHERE world_id = $1', [world]);
  for (const [name, rest] of [['ada', 0], ['bo', 1]]) {
    const { rows } = await client.query('SELECT player_id FROM npcsim.create_player($1, $2)', [world, name]);
    await client.query("SELECT npcsim.client_connected($1, $2, $3, 'compute')", [gateway, rows[0].player_id, world]);
    await client.query('UPDATE npcsim.npcs SET controller_player_id = $2 WHERE world_id = $1 AND id % 4 = $3', [world, rows[0].player_id, rest]);
  }
  await stayPresent(client, world);
  return world;
}

const stayPresent = (client, world) =>
  client.query("SELECT npcsim.update_player_heartbeat(id, '{\"max_concurrency\": 8}') FROM npcsim.players WHERE world_id = $1 ORDER BY id", [world]);

// What the mind of an NPC answers at a moment: every kind of action, plans, nonsense.
function answerFor(npc, moment, apples) {
  const apple = apples[(npc + moment) % apples.length];
  return [
    { action: 'move_to', parameters: { x: (npc * 7 + moment) % 40, y: (npc * 5 + moment) % 30 }, then: [{ action: 'wait', parameters: { duration: 1.25 } }, { action: 'wander' }] },
    { action: 'consume', target_id: apple, then: [{ action: 'cancel_interaction' }, { action: 'wander' }], wake_on: ['interaction_started', 'no such event'] },
    { action: 'wander', next_decision_in_s: 4, wake_on: ['movement_completed', 'error'] },
    { action: 'wait', parameters: { duration: 2.000001 }, then: [{ action: 'consume', target_id: apple }, { action: 'continue' }, { action: 'wander' }] },
    { action: 'continue' },
    { action: 'dance' },
    { action: 'move_direction', parameters: { direction: 'north' } },
  ][(npc + moment) % 7];
}

async function answerAll(client, world, moment) {
  const apples = (await client.query("SELECT id FROM npcsim.items WHERE world_id = $1 AND item_type = 'apple' ORDER BY id", [world])).rows.map((row) => row.id);
  const { rows } = await client.query('SELECT request_id, npc_id, player_id FROM npcsim.decision_requests WHERE world_id = $1 ORDER BY npc_id', [world]);
  const waiting = rows.filter((row) => (row.npc_id + moment) % 3 !== 0); // some are slow
  await client.query('SELECT * FROM npcsim.submit_npc_decisions($1, $2)', [
    waiting.map((row) => row.player_id),
    waiting.map((row) => JSON.stringify({ request_id: row.request_id, npc_id: row.npc_id, tokens: 5, ...answerFor(row.npc_id, moment, apples.length > 0 ? apples : [1]) })),
  ]);
  const failing = rows.filter((row) => (row.npc_id + moment) % 9 === 0);
  await client.query('SELECT npcsim.fail_decisions($1, $2, $3)', [failing.map((row) => row.player_id), failing.map((row) => row.request_id), failing.map(() => 'timeout')]);
}

// 60 s with answers at every whole second; between them time is cut by 'cut', which returns steps that make a second.
async function liveWithMinds(client, world, cut) {
  for (let second = 1; second <= SECONDS; second += 1) {
    if (second % 10 === 1) await stayPresent(client, world);
    await moveOn(client, world, cut());
    await answerAll(client, world, second);
  }
}

// ---- tests ----

test('20 random partitions of 60 s leave the rows of one step', async () => {
  const random = generator(seed);
  const client = await cluster.connect('here');
  const expected = {};
  for (const [name, setUp] of Object.entries({ rivals, contenders, colony })) {
    const world = await setUp(client);
    await tick(client, world, SECONDS);
    expected[name] = await rowsOf(client, world);
  }
  const eaten = expected.rivals.npc_states.filter((row) => row.last_decision_at !== null && row.state_counter > 0);
  assert.equal(eaten.length, 4, 'everybody in the small world did something');
  assert.ok(expected.colony.npc_states.some((row) => row.interaction_id !== null) || expected.colony.item_respawns?.length > 0, 'somebody in the colony ate');

  for (let i = 0; i < 20; i += 1) {
    const cuts = [1, 2, 3, 5, 10, 30, 100][i % 7];
    for (const [name, setUp] of Object.entries({ rivals, contenders, colony })) {
      const world = await setUp(client);
      if (i % 5 === 4) await tick(client, await colony(client), 3); // and others go on in between
      const contended = setUp === contenders ? 1 : 0;
      const steps = contended ? partition(random, 1e6, cuts) : [];
      await moveOn(client, world, steps);
      if (contended) await assertContended(client, world, `${name} in steps of ${steps.join(', ')}`);
      const rest = partition(random, (SECONDS - contended) * 1e6, cuts);
      await moveOn(client, world, rest);
      steps.push(...rest);
      assertSame(await rowsOf(client, world), expected[name], `${name} in steps of ${steps.join(', ')}`);
      await client.query('SELECT npcsim.drop_world($1)', [world]);
    }
  }
});

test('another database has the same rows', async () => {
  const [here, there] = await Promise.all([cluster.connect('here'), cluster.connect('there')]);
  for (const setUp of [rivals, colony]) {
    const worlds = [await setUp(here), await setUp(there)];
    await tick(here, worlds[0], SECONDS);
    await moveOn(there, worlds[1], partition(generator(seed + 1), SECONDS * 1e6, 17));
    assertSame(await rowsOf(there, worlds[1]), await rowsOf(here, worlds[0]), setUp.name);
  }
});

test('sessions that take turns, or are new each time, have the rows of one that stays', async () => {
  const stays = await cluster.connect('here');
  const other = await cluster.connect('here');
  for (const setUp of [rivals, colony]) {
    const steps = partition(generator(seed + 2), SECONDS * 1e6, 23);
    const worlds = [await setUp(stays), await setUp(stays), await setUp(stays)];
    await moveOn(stays, worlds[0], steps);
    for (const [i, step] of steps.entries()) await tick(i % 2 === 0 ? stays : other, worlds[1], step);
    for (const step of steps) await cluster.query('here', 'SELECT npcsim.tick_world($1, $2)', [worlds[2], step]);
    const expected = await rowsOf(stays, worlds[0]);
    assertSame(await rowsOf(stays, worlds[1]), expected, `${setUp.name}, taking turns`);
    assertSame(await rowsOf(stays, worlds[2]), expected, `${setUp.name}, new sessions`);
  }
});

// Edits of every kind, at the clocks where they are made.
const EDITS = [
  [3.2, 'UPDATE npcsim.npcs SET hunger = 12.5 WHERE world_id = $1 AND id % 3 = 0'],
  [7.9, 'UPDATE npcsim.npcs SET position_x = 1, position_y = 1 WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.npcs WHERE world_id = $1)'],
  [12, 'DELETE FROM npcsim.npcs WHERE world_id = $1 AND id = (SELECT max(id) FROM npcsim.npcs WHERE world_id = $1)'],
  [15.5, "INSERT INTO npcsim.npcs (world_id, name, position_x, position_y) VALUES ($1, 'late', 2, 1)"],
  [20, 'DELETE FROM npcsim.world_items WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.items WHERE world_id = $1 AND occupied_by_npc_id IS NOT NULL)'],
  [24.3, "UPDATE npcsim.world_items SET properties = '{\"red\": true}' WHERE world_id = $1 AND id = (SELECT max(id) FROM npcsim.items WHERE world_id = $1)"],
  [30, "SELECT npcsim.define_item_type($1, 'apple', '{\"consumable\": {\"consumption_time\": 4, \"need_deltas\": {\"hunger\": 30}}, \"respawn\": {\"after\": 8}}')"],
  [36, "SELECT npcsim.set_decision_policy($1, 'interval')"],
  [41.7, 'UPDATE npcsim.npcs SET name = name || $$ the Great$$ WHERE world_id = $1 AND id % 5 = 1'],
  [45, 'SELECT npcsim.populate_world($1, 3)'],
  [50.1, 'SELECT npcsim.remove_item($1, (SELECT max(id) FROM npcsim.items WHERE world_id = $1))'],
];

test('edits of another session take effect as those of one\'s own', async () => {
  const own = await cluster.connect('here');
  const other = await cluster.connect('here');
  const worlds = [await colony(own), await colony(own), await colony(own)];
  let clock = 0;
  for (const [moment, edit] of [...EDITS, [SECONDS, null]]) {
    const wait = Math.round((moment - clock) * 1e6) / 1e6;
    clock = moment;
    for (const world of worlds.slice(0, 2)) await tick(own, world, wait);
    await cluster.query('here', 'SELECT npcsim.tick_world($1, $2)', [worlds[2], wait]);
    if (edit === null) continue;
    await own.query(edit, [worlds[0]]);
    await other.query(edit, [worlds[1]]);
    await cluster.query('here', edit, [worlds[2]]);
  }
  const expected = await rowsOf(own, worlds[0]);
  assertSame(await rowsOf(own, worlds[1]), expected, 'the other session edits');
  assertSame(await rowsOf(own, worlds[2]), expected, 'every session is new');
  for (const world of worlds) await assertReplays(own, world, 'edits');
});

for (const policy of ['occasions', 'interval'])
  test(`answers at given moments have the same effect in any steps (${policy})`, async () => {
    const random = generator(seed + 3);
    const client = await cluster.connect('here');
    gateway = `steps-${policy}`;
    await client.query('SELECT npcsim.register_gateway($1)', [gateway]);
    const world = await minds(client, policy);
    await liveWithMinds(client, world, () => [1]);
    const expected = await rowsOf(client, world);
    const { rows } = await client.query('SELECT status, count(*) FROM npcsim.decision_log WHERE world_id = $1 GROUP BY 1 ORDER BY 1', [world]);
    assert.ok(['applied', 'rejected', 'timeout'].every((status) => rows.some((row) => row.status === status)), `answers of every kind: ${JSON.stringify(rows)}`);

    for (let i = 0; i < 5; i += 1) {
      const again = await minds(client, policy);
      await liveWithMinds(client, again, () => partition(random, 1e6, [1, 2, 5, 11, 0][i]));
      assertSame(await rowsOf(client, again), expected, `partition ${i}`);
    }
    const other = await cluster.connect('here');
    const turns = await minds(client, policy);
    for (let second = 1; second <= SECONDS; second += 1) {
      if (second % 10 === 1) await stayPresent(client, turns);
      await tick(client, turns, 0.55);
      await tick(other, turns, 0.45);
      await answerAll(second % 2 === 0 ? client : other, turns, second);
    }
    assertSame(await rowsOf(client, turns), expected, 'sessions that take turns');
    for (const lived of [world, turns]) await assertReplays(client, lived, policy);
  });
