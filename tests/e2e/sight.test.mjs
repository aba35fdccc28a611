// Tests sight and paths on 1,000 random worlds, with walkers half way: what NPCs are told they see, what the built-in mind
// reaches for and how long paths are, against brute force and breadth-first search. Also tests that queries for what is in
// sight use the GiST indexes, however new the tables are.
//
// NPCSIM_SEED sets the seed of the worlds, NPCSIM_WORLDS (1000) their number.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startCluster } from './lib/cluster.mjs';

const seed = Number(process.env.NPCSIM_SEED ?? 1);
const WORLDS = Number(process.env.NPCSIM_WORLDS ?? 1000);
const SIGHT_SQUARED = 68; // 8.25 cells
const CELL_TIME = 250_000;
const STEPS = [[0, -1], [1, 0], [0, 1], [-1, 0]];

let cluster;
let client;
let player;

before(async () => {
  cluster = await startCluster({ settings: { autovacuum: 'off' } });
  await cluster.createDatabase('sight');
  client = await cluster.connect('sight');
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

const squared = (a, b) => (a.x - b.x) ** 2 + (a.y - b.y) ** 2;

// ---- the model: cells, walls, items ----

class Model {
  constructor(sizeX, sizeY) {
    this.sizeX = sizeX;
    this.sizeY = sizeY;
    this.walls = new Set();
    this.items = [];
  }

  key(x, y) {
    return y * this.sizeX + x;
  }

  free(x, y) {
    return x >= 0 && y >= 0 && x < this.sizeX && y < this.sizeY && !this.walls.has(this.key(x, y)) && !this.items.some((item) => item.x === x && item.y === y);
  }

  // Steps from any of the given free cells to all others; start is a cell that counts as free (a sitter's chair).
  distances(cells, start) {
    const steps = new Map();
    let wave = [];
    for (const { x, y } of cells) {
      steps.set(this.key(x, y), 0);
      wave.push([x, y]);
    }
    for (let n = 1; wave.length > 0; n += 1) {
      const next = [];
      for (const [x, y] of wave)
        for (const [dx, dy] of STEPS) {
          const key = this.key(x + dx, y + dy);
          const open = this.free(x + dx, y + dy) || (start !== undefined && start.x === x + dx && start.y === y + dy);
          if (!open || steps.has(key)) continue;
          steps.set(key, n);
          next.push([x + dx, y + dy]);
        }
      wave = next;
    }
    return steps;
  }

  // The cells at which a walk to a target ends: itself, or its free neighbours.
  ends(target, from) {
    if (this.free(target.x, target.y)) return [target];
    if (Math.abs(target.x - from.x) + Math.abs(target.y - from.y) <= 1) return [from];
    return STEPS.map(([dx, dy]) => ({ x: target.x + dx, y: target.y + dy })).filter(({ x, y }) => this.free(x, y));
  }

  stepsTo(target, from) {
    const ends = this.ends(target, from);
    return { all: this.distances(ends, from), reached: ends.length > 0 };
  }
}

const readItems = async (world) =>
  (await client.query('SELECT id, item_type, x, y, occupied_by_npc_id AS user FROM npcsim.items WHERE world_id = $1', [world])).rows;

// Where everybody is now, by the cells of the tracks.
async function readCells(world) {
  const { rows } = await client.query(
    `SELECT t.npc_id AS id, t.cells, t.departed_at, m.now FROM npcsim.npc_tracks t JOIN npcsim.world_moments m USING (world_id) WHERE world_id = $1`, [world]);
  return rows.map(({ id, cells, departed_at: departed, now }) => {
    const index = Math.min(Math.max(Math.floor((now - departed) / CELL_TIME), 0), cells.length / 2 - 1);
    return { id, x: cells[2 * index], y: cells[2 * index + 1], walks: cells.length > 2 };
  });
}

// ---- worlds ----

async function randomWorld(random, number) {
  const model = new Model(8 + random(33), 8 + random(25));
  const calls = [];
  const takeCell = () => {
    for (;;) {
      const x = random(model.sizeX);
      const y = random(model.sizeY);
      if (model.free(x, y)) return { x, y };
    }
  };
  const world = (await client.query('SELECT npcsim.create_world($1, $2, $3, $4, preset => \'reference\') AS id', [`world ${number}`, model.sizeX, model.sizeY, number])).rows[0].id;
  await client.query("DELETE FROM npcsim.interaction_types WHERE world_id = $1 AND name = 'conversation'", [world]); // nobody stops to talk
  for (let i = random(7); i > 0; i -= 1) {
    const width = 1 + random(random(2) === 0 ? 1 : model.sizeX - 3);
    const height = width > 1 ? 1 : 1 + random(model.sizeY - 3);
    const left = random(model.sizeX - width);
    const top = random(model.sizeY - height);
    for (let x = left; x < left + width; x += 1) for (let y = top; y < top + height; y += 1) model.walls.add(model.key(x, y));
    calls.push(`npcsim.set_terrain(${world}, ${left}, ${top}, true, ${width}, ${height})`);
  }
  const taken = new Set();
  for (let i = random(14); i > 0; i -= 1) {
    const cell = takeCell();
    model.items.push(cell);
    calls.push(`npcsim.create_item(${world}, '${random(4) === 0 ? 'chair' : 'apple'}', ${cell.x}, ${cell.y})`);
  }
  for (let i = 1 + random(10); i > 0; i -= 1) {
    const cell = takeCell();
    if (taken.has(model.key(cell.x, cell.y))) continue;
    taken.add(model.key(cell.x, cell.y));
    calls.push(`npcsim.create_npc(${world}, 'npc', ${cell.x}, ${cell.y})`);
  }
  await client.query(`SELECT ${calls.join(', ')}`);
  player = (await client.query("SELECT player_id AS id FROM npcsim.create_player($1, 'probe')", [world])).rows[0].id;
  await client.query('UPDATE npcsim.npcs SET hunger = 20 + id * 7 % 60, energy = 20 + id * 11 % 60 WHERE world_id = $1', [world]);
  await client.query('SELECT npcsim.tick_world($1, $2)', [world, (1 + random(60_000)) / 1e4]);
  model.items = await readItems(world);
  return { world, model };
}

// ---- sight ----

function expectedVision(viewer, items, npcs) {
  const nearest = (things, type) => things.filter((thing) => squared(thing, viewer) <= SIGHT_SQUARED)
    .sort((a, b) => squared(a, viewer) - squared(b, viewer) || a.id - b.id)
    .map((thing) => ({ type, id: thing.id, position: { x: thing.x, y: thing.y } }));
  return [...nearest(items, 'item'), ...nearest(npcs.filter((npc) => npc.id !== viewer.id), 'npc')];
}

async function checkVision(world, model, counts) {
  const npcs = await readCells(world);
  const { rows } = await client.query('SELECT id, npcsim.observe_npc($1, id) AS told FROM npcsim.npcs WHERE world_id = $1', [world]);
  for (const { id, told } of rows) {
    const viewer = npcs.find((npc) => npc.id === id);
    const expected = expectedVision(viewer, model.items, npcs);
    const seen = told.vision.map(({ type, id: thing, position }) => ({ type, id: thing, position }));
    counts.viewers += 1;
    counts.walkers += viewer.walks ? 1 : 0;
    counts.things += expected.length;
    assert.deepEqual(told.position, { x: viewer.x, y: viewer.y }, `world ${world}, NPC ${id} is where its track says`);
    if (told.vision_omitted === undefined) assert.deepEqual(seen, expected, `world ${world}, NPC ${id}`);
    else assert.equal(seen.length + told.vision_omitted, expected.length, `world ${world}, NPC ${id}`);
  }
}

// What a hungry NPC that decides now goes for: the nearest free apple that it sees and can get to.
async function checkChoice(world, model, random, counts) {
  const chooser = (await readCells(world)).filter((npc) => !npc.walks && model.free(npc.x, npc.y)).at(random(3));
  if (chooser === undefined) return;
  await client.query('UPDATE npcsim.npcs SET hunger = 10, energy = 90, hygiene = 90, fun = 90 WHERE world_id = $1 AND id = $2', [world, chooser.id]);
  const state = (await client.query('SELECT state FROM npcsim.npcs WHERE world_id = $1 AND id = $2', [world, chooser.id])).rows[0].state;
  if (state === 'interacting') return;
  await client.query('SELECT npcsim.request_npc_decision($1, $2)', [world, chooser.id]);
  const [expected] = model.items
    .filter((item) => item.item_type === 'apple' && item.user === null && squared(item, chooser) <= SIGHT_SQUARED &&
      model.stepsTo(item, chooser).all.has(model.key(chooser.x, chooser.y)))
    .sort((a, b) => squared(a, chooser) - squared(b, chooser) || a.id - b.id);
  const chosen = (await client.query('SELECT target_id FROM npcsim.npcs WHERE world_id = $1 AND id = $2', [world, chooser.id])).rows[0].target_id;
  counts.choices += expected === undefined ? 0 : 1;
  assert.equal(chosen, expected?.id ?? null, `world ${world}, NPC ${chooser.id} at ${chooser.x}, ${chooser.y}`);
}

// ---- ways ----

// A way of which a track is the first leg: free cells, one by one, each step nearer to the end.
function checkTrack(model, track, target, what) {
  const from = track[0];
  const { all } = model.stepsTo(target, from);
  const total = all.get(model.key(from.x, from.y));
  const rest = all.get(model.key(track.at(-1).x, track.at(-1).y));
  assert.ok(track.length <= 33, `${what}: a leg has at most 33 cells`);
  track.slice(1).forEach(({ x, y }, i) => {
    assert.ok(model.free(x, y), `${what}: ${x}, ${y} is free`);
    assert.equal(Math.abs(x - track[i].x) + Math.abs(y - track[i].y), 1, `${what}: step ${i + 1}`);
  });
  assert.equal(total - rest, track.length - 1, `${what}: no step is wasted`);
  if (track.length < 33) assert.equal(rest, 0, `${what}: it leads to the end`);
  return total;
}

async function checkWays(world, model, random, counts) {
  const id = (await client.query('SELECT min(id) AS id FROM npcsim.npcs WHERE world_id = $1', [world])).rows[0].id;
  await client.query("SELECT npcsim.set_decision_policy($1, 'none')", [world]);
  await client.query('UPDATE npcsim.npcs SET controller_player_id = $3 WHERE world_id = $1 AND id = $2', [world, id, player]);
  await client.query("SELECT npcsim.request_npc_decision($1, $2)", [world, id]);
  await client.query('SELECT npcsim.submit_npc_decision($1, $2)', [player, { npc_id: id, action: 'cancel_interaction' }]);
  for (let i = 0; i < 3; i += 1) {
    model.items = await readItems(world);
    const npcs = await readCells(world);
    const target = { x: random(model.sizeX), y: random(model.sizeY) };
    if (npcs.some((npc) => npc.x === target.x && npc.y === target.y)) continue; // it would end beside that NPC
    await client.query('SELECT npcsim.request_npc_decision($1, $2)', [world, id]);
    const result = (await client.query('SELECT npcsim.submit_npc_decision($1, $2) AS result', [player, { npc_id: id, action: 'move_to', parameters: target }])).rows[0].result;
    const from = npcs.find((npc) => npc.id === id);
    const reachable = model.stepsTo(target, from).all.has(model.key(from.x, from.y));
    const what = `world ${world}, from ${from.x}, ${from.y} to ${target.x}, ${target.y}`;
    assert.equal(result.status, reachable ? 'applied' : 'rejected', `${what}: ${JSON.stringify(result)}`);
    if (!reachable) {
      counts.unreachable += 1;
      continue;
    }
    const { cells } = (await client.query('SELECT cells FROM npcsim.npc_tracks WHERE world_id = $1 AND npc_id = $2', [world, id])).rows[0];
    const track = cells.flatMap((x, n) => (n % 2 === 0 ? [{ x, y: cells[n + 1] }] : []));
    assert.deepEqual(track[0], { x: from.x, y: from.y }, `${what}: it starts where the NPC is`);
    counts.ways += 1;
    counts.detours += checkTrack(model, track, target, what) > Math.abs(target.x - from.x) + Math.abs(target.y - from.y) ? 1 : 0;
    await client.query('SELECT npcsim.tick_world($1, $2)', [world, (1 + random(30_000)) / 1e4]);
  }
}

// ---- tests ----

test(`${WORLDS} random worlds: sight by brute force, ways by breadth-first search`, async (context) => {
  const random = generator(seed);
  const counts = { viewers: 0, walkers: 0, things: 0, choices: 0, ways: 0, detours: 0, unreachable: 0 };
  for (let number = 1; number <= WORLDS; number += 1) {
    const { world, model } = await randomWorld(random, number);
    await checkVision(world, model, counts);
    await checkChoice(world, model, random, counts);
    await checkWays(world, model, random, counts);
    if (random(4) > 0) await client.query('SELECT npcsim.drop_world($1)', [world]); // the others stay in the index
  }
  context.diagnostic(JSON.stringify(counts));
  for (const [name, count] of Object.entries(counts)) assert.ok(count > WORLDS / 40, `there were some ${name}`);
});

// While somebody holds a snapshot, a world moves on to another plane of the index after some thousands of
// writes, a few rows at a time.
test('while a world moves to another plane of the index nobody is overlooked, nor seen twice', async (context) => {
  const counts = { viewers: 0, walkers: 0, things: 0, moments: 0 };
  const world = (await client.query("SELECT npcsim.create_world('planes', 40, 30, 3, preset => 'reference') AS id")).rows[0].id;
  await client.query('SELECT npcsim.populate_world($1, 60)', [world]);
  const model = new Model(40, 30);
  const holder = await cluster.connect(client.database);
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT pg_catalog.txid_current_snapshot()');
  const planes = new Set();
  let leaving = false;
  for (let step = 0; step < 1500 && !(planes.size === 3 && !leaving); step += 1) {
    await client.query('SELECT npcsim.tick_world($1, 0.7)', [world]);
    const [{ sight_plane: plane, sight_old_plane: old }] = (await client.query('SELECT sight_plane, sight_old_plane FROM npcsim.world_clock WHERE world_id = $1', [world])).rows;
    planes.add(plane);
    if (leaving || old !== null) {
      model.items = await readItems(world);
      await checkVision(world, model, counts);
      counts.moments += 1;
    }
    leaving = old !== null;
  }
  await holder.end();
  context.diagnostic(JSON.stringify(counts));
  assert.equal(planes.size, 3, 'planes were left');
  assert.ok(counts.moments > 4, 'step by step');
});

// How often this session scanned indexes, and tables from end to end, since its last statistics were handed in.
async function scans(operator) {
  const { rows } = await operator.query("SELECT relname AS name, pg_stat_get_xact_numscans(oid)::integer AS count FROM pg_class WHERE relnamespace = 'npcsim'::regnamespace");
  return Object.fromEntries(rows.map((row) => [row.name, row.count ?? 0]));
}

test('the questions of sight are answered by the GiST indexes', async () => {
  await cluster.createDatabase('young');
  const operator = await cluster.connect('young');
  for (const [name, npcs] of [['small', 5], ['large', 400]]) {
    const world = (await operator.query('SELECT npcsim.create_world($1, 128, 96, 3, preset => \'reference\') AS id', [name])).rows[0].id;
    await operator.query('SELECT npcsim.populate_world($1, $2)', [world, npcs]);
    await operator.query('UPDATE npcsim.npcs SET hunger = 10 WHERE world_id = $1', [world]); // who wants nothing does not look
    await operator.query('BEGIN');
    const first = await scans(operator);
    await operator.query('SELECT npcsim.tick_world($1, 2)', [world]);
    const before = await scans(operator);
    await operator.query('SELECT npcsim.observe_npc($1, min(id)) FROM npcsim.npc_identities WHERE world_id = $1', [world]);
    const later = await scans(operator);
    await operator.query('COMMIT');
    const questions = before.items_sight - first.items_sight;
    assert.ok(questions >= npcs / 4 && questions <= 10 * npcs, `${name}: who decides sees items by their index, ${questions} times for ${npcs} NPCs`);
    assert.equal(before.items - first.items, 0, `${name}: and reads no others`);
    for (const [relation, least, most] of [['items_sight', 1, 2], ['npc_tracks_sight', 1, 2], ['items', 0, 0], ['npc_tracks', 0, 0], ['interaction_runs', 0, 0], ['interaction_bid_rows', 0, 0]]) {
      const count = later[relation] - before[relation];
      assert.ok(count >= least && count <= most, `${name}: an observation scans ${relation} ${least} to ${most} times, not ${count}`);
    }
  }
});
