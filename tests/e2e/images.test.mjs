// Tests images, in which sessions keep what they know of a world: whatever a session and others did to it, committed or rolled
// back, wholly or to a savepoint, the session goes on with what the tables have.
//
// Two sessions do random things to a world, in turns and in transactions of every shape. What was committed is done again to a
// second world, each thing by a new session, which has read the world from the tables; outcomes and rows must be the same. A
// replay of the first world must have the same rows, too.
//
// NPCSIM_SEED sets the seed of what is done.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startCluster } from './lib/cluster.mjs';
import { assertReplays, assertSame, rowsOf } from './lib/rows.mjs';

const seed = Number(process.env.NPCSIM_SEED ?? 1);
const SIZE_X = 30;
const SIZE_Y = 24;
const ROUNDS = 150;

let cluster;

before(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('images');
});

after(async () => {
  await cluster?.stop();
});

// mulberry32: whole numbers from 0 to below a bound
function generator(state) {
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * bound);
  };
}

// ---- things to do ----

// A statement in which $1 is the world and $2 and $3 its two players, and what else it takes.
function randomThing(random) {
  const id = () => 1 + random(90);
  const x = () => random(SIZE_X);
  const y = () => random(SIZE_Y);
  const npc = `(SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id OFFSET ${random(12)} LIMIT 1)`;
  const item = `(SELECT id FROM npcsim.world_items WHERE world_id = $1 ORDER BY id OFFSET ${random(20)} LIMIT 1)`;
  const player = `$${2 + random(2)}::bigint`;
  const answer = (decision) =>
    `SELECT a.request, npcsim.submit_npc_decision((SELECT player_id FROM npcsim.decision_requests r WHERE r.world_id = $1 AND r.npc_id = a.npc), ${decision} || jsonb_build_object('npc_id', a.npc)) - 'revision'
       FROM (SELECT c.id AS npc, npcsim.request_npc_decision($1, c.id) AS request FROM (SELECT id FROM npcsim.npcs WHERE world_id = $1 AND controller_player_id IS NOT NULL ORDER BY id OFFSET ${random(6)} LIMIT 1) c) a
      WHERE a.request IS NOT NULL`;
  const things = [
    ...Array(8).fill(`SELECT npcsim.tick_world($1, ${(1 + random(40000)) / 1e4})`),
    `SELECT npcsim.tick_world($1, ${(1 + random(600)) / 10})`,
    `UPDATE npcsim.npcs SET hunger = ${random(100)}, energy = ${random(100)} WHERE world_id = $1 AND id % 3 = ${random(3)}`,
    `UPDATE npcsim.npcs SET position_x = ${x()}, position_y = ${y()} WHERE world_id = $1 AND id = ${npc}`,
    `UPDATE npcsim.npcs SET name = name || 'x', controller_player_id = ${player} WHERE world_id = $1 AND id = ${npc}`,
    `SELECT npcsim.assign_npc_to_player($1, ${npc}, ${player})`,
    `SELECT npcsim.assign_npc_to_player($1, ${npc}, NULL)`,
    `SELECT npcsim.create_npc($1, 'new', ${x()}, ${y()}, ${player})`,
    `SELECT npcsim.remove_npc($1, ${npc})`,
    `SELECT npcsim.remove_npc($1, ${id()})`,
    `DELETE FROM npcsim.npcs WHERE world_id = $1 AND id = ${npc} AND (SELECT count(*) FROM npcsim.npcs WHERE world_id = $1) > 8`,
    `SELECT npcsim.create_item($1, 'apple', ${x()}, ${y()})`,
    `SELECT npcsim.create_item($1, 'chair', ${x()}, ${y()})`,
    `SELECT npcsim.remove_item($1, ${item})`,
    `SELECT npcsim.remove_item($1, (SELECT target_id FROM npcsim.interactions WHERE world_id = $1 ORDER BY id LIMIT 1))`,
    `UPDATE npcsim.world_items SET properties = '{"n": ${random(9)}}' WHERE world_id = $1 AND id % 5 = ${random(5)}`,
    `DELETE FROM npcsim.world_items WHERE world_id = $1 AND id = ${item}`,
    `SELECT npcsim.set_terrain($1, ${random(SIZE_X - 4)}, ${random(SIZE_Y - 4)}, ${random(3) > 0}, ${1 + random(4)}, ${1 + random(2)})`,
    `SELECT npcsim.set_decision_policy($1, '${['occasions', 'interval', 'none', 'occasions'][random(4)]}')`,
    `SELECT npcsim.define_item_type($1, 'apple', '{"consumable": {"consumption_time": ${1 + random(5)}, "need_deltas": {"hunger": 25}}, "respawn": {"after": ${1 + random(20)}}}')`,
    answer(`jsonb_build_object('action', 'move_to', 'parameters', jsonb_build_object('x', ${x()}, 'y', ${y()}), 'then', '[{"action": "wait", "parameters": {"duration": 0.7}}, {"action": "wander"}]'::jsonb)`),
    answer(`jsonb_build_object('action', 'consume', 'target_id', ${item}, 'then', '[{"action": "wander"}]'::jsonb)`),
    answer(`'{"action": "wander", "tokens": ${random(20)}, "wake_on": ["movement_completed", "error"]}'::jsonb`),
    answer(`'{"action": "wait", "tokens": 9, "wake_on": ["decided_for_you", "plan_failed"]}'::jsonb`),
    `UPDATE npcsim.worlds SET max_tokens_per_npc_per_day = ${[0, 0, 10, 40][random(4)]} WHERE id = $1`,
    answer(`'{"action": "cancel_interaction"}'::jsonb`),
    answer(`'{"action": "fly"}'::jsonb`),
  ];
  return things[random(things.length)];
}

class Place {
  constructor(world, players) {
    this.world = world;
    this.ids = [world, ...players];
  }

  // What came of it: rows, or the SQLSTATE.
  async try(client, thing) {
    try {
      const { rows, rowCount } = await client.query(thing.replaceAll(/\$(\d)/g, (_, n) => String(this.ids[n - 1])));
      return { rows, rowCount };
    } catch (error) {
      assert.match(error.code ?? '', /^(NS|22|23|40)/, `${thing}: ${error.message}`);
      return { code: error.code };
    }
  }
}

async function createPlace(client, name) {
  const world = (await client.query('SELECT npcsim.create_world($1, $2, $3, 77, preset => \'reference\') AS id', [name, SIZE_X, SIZE_Y])).rows[0].id;
  const players = [];
  for (const username of ['ada', 'bo']) players.push((await client.query('SELECT player_id FROM npcsim.create_player($1, $2)', [world, username])).rows[0].player_id);
  await client.query('SELECT npcsim.populate_world($1, 14)', [world]);
  await client.query('UPDATE npcsim.npcs SET hunger = 10 + id % 60, controller_player_id = CASE id % 3 WHEN 0 THEN $2::bigint END WHERE world_id = $1', [world, players[0]]);
  return new Place(world, players);
}

async function inTwin(twin, thing, expected) {
  const client = await cluster.connect('images');
  try {
    assert.deepEqual(await twin.try(client, thing), expected, thing);
  } finally {
    await client.end();
  }
}

// Does things in a transaction; which of them stay is drawn. Returns those with what came of them.
async function transaction(client, place, random) {
  const done = [];
  await client.query('BEGIN');
  for (let i = 1 + random(3); i > 0; i -= 1) {
    const thing = randomThing(random);
    await client.query('SAVEPOINT before');
    const result = await place.try(client, thing);
    if (result.code !== undefined || random(3) === 0) await client.query('ROLLBACK TO before');
    else done.push([thing, result]);
  }
  const stays = random(4) > 0;
  await client.query(stays ? 'COMMIT' : 'ROLLBACK');
  return stays ? done : [];
}

test('sessions go on with what the tables say, whatever was done and undone', async () => {
  const random = generator(seed);
  const sessions = [await cluster.connect('images'), await cluster.connect('images')];
  const place = await createPlace(sessions[0], 'tried');
  const twin = await createPlace(sessions[1], 'twin');
  for (let round = 1; round <= ROUNDS; round += 1) {
    const client = sessions[random(2)];
    let done;
    if (random(3) === 0) done = await transaction(client, place, random);
    else {
      const thing = randomThing(random);
      done = [[thing, await place.try(client, thing)]];
    }
    for (const [thing, result] of done) await inTwin(twin, thing, result);
    if (round % 10 === 0) {
      assertSame(await rowsOf(sessions[0], place.world), await rowsOf(sessions[0], twin.world), `round ${round}, after ${JSON.stringify(done)}`);
    }
    if (round % 50 === 0) {
      await assertReplays(sessions[1], place.world, `round ${round}`);
    }
  }
  const { rows } = await sessions[0].query('SELECT count(*) AS npcs FROM npcsim.npcs WHERE world_id = $1', [place.world]);
  assert.ok(rows[0].npcs > 3, 'something is left of the world');
});

// What a session was cancelled in: reading a world, catching up with it, a tick, writing. Whatever it was, it goes on with what the
// tables say. Time-outs grow until everything is done in time, so that many places are met.
test('sessions go on with what the tables say when they were cancelled', async () => {
  const sessions = [await cluster.connect('images'), await cluster.connect('images')];
  const worlds = [];
  for (const name of ['cancelled', 'not cancelled']) {
    const world = (await sessions[0].query(`SELECT npcsim.create_world($1, 120, 120, 5, preset => 'reference') AS id`, [name])).rows[0].id;
    await sessions[0].query('SELECT npcsim.populate_world($1, 1500)', [world]);
    worlds.push(world);
  }
  // Another session changes the world before each attempt; the one that is cancelled is now and then a new one, which reads it all.
  const doTwice = async (client, sql) => {
    for (const world of worlds) await client.query(sql, [world]);
  };
  let cancelled = 0;
  let done = 0;
  for (let attempt = 1, patience = 1; done < 3; attempt += 1) {
    await doTwice(sessions[1], `UPDATE npcsim.npcs SET hunger = ${20 + (attempt % 60)} WHERE world_id = $1 AND id % 2 = ${attempt % 2}`);
    if (attempt % 5 === 0) {
      await sessions[0].end();
      sessions[0] = await cluster.connect('images');
    }
    await sessions[0].query(`SET statement_timeout = ${patience}`);
    const tick = 'SELECT npcsim.tick_world($1, 0.3)';
    try {
      await sessions[0].query(tick, [worlds[0]]);
      done += 1;
    } catch (error) {
      assert.equal(error.code, '57014', error.message);
      cancelled += 1;
      patience += Math.ceil(patience / 8);
      continue;
    } finally {
      await sessions[0].query('SET statement_timeout = 0');
    }
    await sessions[1].query(tick, [worlds[1]]);
  }
  assert.ok(cancelled >= 10, `${cancelled} times it was cancelled`);
  await doTwice(sessions[0], 'SELECT npcsim.tick_world($1, 5)');
  assertSame(await rowsOf(sessions[1], worlds[0]), await rowsOf(sessions[1], worlds[1]), `after ${cancelled} times`);
  for (const client of sessions) await client.end();
});

test('what a session knows of a world goes with the extension', async () => {
  await cluster.createDatabase('anew');
  const sessions = [await cluster.connect('anew'), await cluster.connect('anew')];
  const begin = async () => {
    assert.equal((await sessions[1].query(`SELECT npcsim.create_world('Meadow', 20, 20, 5, preset => 'reference') AS id`)).rows[0].id, 1);
  };
  const create = (client, type, x) => client.query('SELECT npcsim.create_item(1, $1, $2, 1)', [type, x]);
  await begin();
  for (let x = 1; x < 9; x += 1) await create(sessions[0], 'apple', x);
  await sessions[1].query('DROP EXTENSION npcsim CASCADE');
  await sessions[1].query('CREATE EXTENSION npcsim');
  await begin();
  await sessions[1].query(`SELECT npcsim.define_item_type(1, 'lamp', '{}')`);
  for (let x = 2; x < 18; x += 1) await create(sessions[1], 'lamp', x);
  await create(sessions[0], 'lamp', 1);
  assert.deepEqual((await sessions[0].query('SELECT item_type, count(*) FROM npcsim.world_items GROUP BY 1')).rows, [{ item_type: 'lamp', count: 17 }]);
  await sessions[0].query('SELECT npcsim.tick_world(1, 5)');
  await assertReplays(sessions[0], 1, 'the world of that id');
  for (const client of sessions) await client.end();
});
