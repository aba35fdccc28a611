// Tests backups: worlds that arrive by pg_restore or by CREATE DATABASE ... TEMPLATE are parked until they are adopted, have
// the rows that they had, and go on from them.
//
// The database has three worlds: "Owned" is paused, has an owner and NPCs whose minds are being asked; "Busy" is the same and
// runs; "Wild" is paused and has no players, so that the same time leads to the same rows in every database.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';
import { assertReplays } from './lib/rows.mjs';

const execute = promisify(execFile);

// The state of worlds: each of these tables is dumped whole.
const TABLES = [
  'world_settings', 'world_clock', 'world_terrain', 'world_inputs', 'npc_identities', 'npc_states', 'npc_tracks', 'npc_minds',
  'item_type_rows', 'items', 'item_respawns', 'interaction_type_rows', 'interaction_runs', 'interaction_bid_rows', 'player_accounts', 'decision_slots',
  'decision_log', 'world_event_log', 'world_tokens',
];
// ... and what was set for the whole database, what players lend, and what was counted of it.
const SETTINGS = ['reducer_limits', 'persons', 'person_days', 'compute_sources', 'market_folds', 'world_books', 'source_minutes', 'source_outcomes', 'player_proofs', 'security_violations', 'player_suspicion', 'fallback_log', 'server_api_spending'];
// What pg_dump must leave behind: what is only true here and now.
const TRANSIENT = ['call_allowances', 'change_log', 'epochs', 'gateways', 'observation_log', 'paces', 'sessions'];
// ... and what CREATE EXTENSION fills, or nobody misses after a day.
const OWN = ['client_calls', 'installation', 'world_event_segments'];

let cluster;
let elsewhere;
let scratch;
let bin;

// Worlds, the rows and the epoch as the dump has them.
const original = {};

async function program(name, args, of = cluster) {
  const { stdout, stderr } = await execute(join(bin, name), args, { env: { ...process.env, ...of.env }, maxBuffer: 1 << 26 });
  assert.equal(stderr, '', `${name} says nothing`);
  return stdout;
}

async function rowsOf(client, tables = TABLES, worlds = null) {
  const rows = {};
  for (const table of tables) {
    const key = table === 'world_settings' ? 'id' : 'world_id';
    const { rows: found } = await client.query(`SELECT t::text AS row FROM npcsim.${table} t WHERE $1::bigint[] IS NULL OR t.${key} = ANY ($1) ORDER BY 1`, [worlds]);
    rows[table] = found.map(({ row }) => row);
  }
  return rows;
}

// The same, of one world, as far as time and chance decide it: no revisions and no wall clock.
async function fateOf(of, database, id) {
  const read = (sql) => of.query(database, sql, [id]);
  return {
    clock: await read('SELECT clock, next_id FROM npcsim.world_clock WHERE world_id = $1'),
    states: await read(`SELECT to_jsonb(s) - 'needs_revision' - 'status_revision' AS row FROM npcsim.npc_states s WHERE world_id = $1 ORDER BY npc_id`),
    tracks: await read('SELECT npc_id, departed_at, cells FROM npcsim.npc_tracks WHERE world_id = $1 ORDER BY npc_id'),
    items: await read('SELECT id, item_type, x, y, share_left, occupied_by_npc_id FROM npcsim.items WHERE world_id = $1 ORDER BY id'),
    respawns: await read('SELECT id, item_type, x, y, due_at FROM npcsim.item_respawns WHERE world_id = $1 ORDER BY id'),
    interactions: await read(`SELECT to_jsonb(u) - 'revision' AS row FROM npcsim.interaction_runs u WHERE world_id = $1 ORDER BY id`),
  };
}

const statuses = async (of, database) => Object.fromEntries((await of.query(database, 'SELECT name, status FROM npcsim.worlds')).map(({ name, status }) => [name, status]));

const clockOf = (of, database, id) => of.value(database, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [id]);

async function sqlstate(promise) {
  return promise.then(() => 'no error', (error) => error.code);
}

// A world with an owner, whose mind is asked for three of the NPCs.
async function ownedWorld(database, name) {
  const id = await cluster.value(database, 'SELECT npcsim.create_world($1, 48, 32, 7, preset => \'reference\')', [name]);
  await cluster.query(database, 'SELECT npcsim.populate_world($1, 12)', [id]);
  const owner = await cluster.value(database, `SELECT player_id FROM npcsim.create_player($1, 'olga', 'operator')`, [id]);
  await cluster.query(database, 'UPDATE npcsim.worlds SET owner_player_id = $2 WHERE id = $1', [id, owner]);
  await cluster.query(database, `SELECT npcsim.register_gateway('gateway')`);
  await cluster.query(database, `SELECT npcsim.client_connected('gateway', $2, $1, 'compute')`, [id, owner]);
  await cluster.query(database, `SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 8}')`, [owner]);
  await cluster.query(database, 'SELECT npcsim.assign_npc_to_player($1, id, $2) FROM npcsim.npcs WHERE world_id = $1 ORDER BY id LIMIT 3', [id, owner]);
  await cluster.query(database, 'SELECT npcsim.tick_world($1, 4.3)', [id]);
  return { id, owner };
}

before(async () => {
  bin = (await execute(process.env.PG_CONFIG ?? 'pg_config', ['--bindir'])).stdout.trim();
  scratch = await mkdtemp(join(tmpdir(), 'npcsim-restore.'));
  await chmod(scratch, 0o755);
  [cluster, elsewhere] = await Promise.all([startCluster(), startCluster()]);
  await cluster.createDatabase('home');
  original.owned = await ownedWorld('home', 'Owned');
  original.busy = await ownedWorld('home', 'Busy');
  original.wild = await cluster.value('home', `SELECT npcsim.create_world('Wild', 40, 30, 9, preset => 'reference')`);
  await cluster.query('home', 'SELECT npcsim.populate_world($1, 15)', [original.wild]);
  // hungry ones eat, so that there is something half eaten and something to come back
  await cluster.query('home', 'UPDATE npcsim.npcs SET hunger = 5 WHERE world_id = $1', [original.wild]);
  await cluster.query('home', 'SELECT npcsim.tick_world($1, 22.7)', [original.wild]);
  // an answer, so that there is something in the audit log
  const asked = await cluster.value('home', 'SELECT request_id FROM npcsim.decision_requests WHERE world_id = $1 ORDER BY 1 LIMIT 1', [original.owned.id]);
  await cluster.query('home', `SELECT npcsim.submit_npc_decision($1, jsonb_build_object('request_id', $2::bigint, 'action', 'wander', 'tokens', 7))`, [original.owned.owner, asked]);
  // an invitation to talk that is not answered: to one of those whose mind is asked, who is put beside the other
  const [bidder, invited] = await cluster.query('home', 'SELECT request_id, npc_id FROM npcsim.decision_requests WHERE world_id = $1 ORDER BY 1 LIMIT 2', [original.owned.id]);
  await cluster.query('home', `UPDATE npcsim.npcs n SET position_x = free.x, position_y = free.y
    FROM (SELECT x, y FROM npcsim.npcs b, generate_series(0, 47) x, generate_series(0, 31) y
           WHERE b.world_id = $1 AND b.id = $2 AND get_bit((SELECT blocked FROM npcsim.world_terrain WHERE world_id = $1), y * 48 + x) = 0
             AND NOT EXISTS (SELECT FROM npcsim.world_items i WHERE i.world_id = $1 AND i.position_x = x AND i.position_y = y)
             AND NOT EXISTS (SELECT FROM npcsim.npcs o WHERE o.world_id = $1 AND abs(o.position_x - x) < 1 AND abs(o.position_y - y) < 1)
           ORDER BY abs(b.position_x - x) + abs(b.position_y - y), x, y LIMIT 1) AS free
   WHERE n.world_id = $1 AND n.id = $3`, [original.owned.id, bidder.npc_id, invited.npc_id]);
  await cluster.query('home', `SELECT npcsim.client_connected('gateway', $2, $1, 'compute')`, [original.owned.id, original.owned.owner]);
  await cluster.query('home', `SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 8}')`, [original.owned.owner]);
  await cluster.query('home', `SELECT npcsim.submit_npc_decision($1, jsonb_build_object('request_id', $2::bigint, 'action', 'start_conversation', 'target_id', $3::bigint, 'message', 'Hello'))`,
    [original.owned.owner, bidder.request_id, invited.npc_id]);
  await cluster.query('home', 'SELECT npcsim.tick_world($1, 0.3)', [original.owned.id]);
  original.bidder = bidder.npc_id;
  await cluster.query('home', 'SELECT npcsim.start_world($1)', [original.busy.id]);
  await waitFor(async () => (await clockOf(cluster, 'home', original.busy.id)) > 5.5, { what: 'Busy to run' });

  await cluster.query('home', "UPDATE npcsim.client_reducers SET burst = 3, per_minute = 7 WHERE name = 'send_chat'");

  // what is dumped and what is read are of one moment
  const client = await cluster.connect('home');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const { rows: [{ snapshot }] } = await client.query('SELECT pg_export_snapshot() AS snapshot');
  original.rows = await rowsOf(client);
  original.epoch = (await client.query('SELECT epoch FROM npcsim.epochs')).rows[0].epoch;
  original.npcs = (await client.query('SELECT count(*) FROM npcsim.npcs')).rows[0].count;
  original.reducers = (await client.query('SELECT count(*) FROM npcsim.client_reducers')).rows[0].count;
  original.talking = (await client.query('SELECT count(*) FROM npcsim.interaction_runs WHERE cardinality(participants) > 1')).rows[0].count;
  original.requests = (await client.query('SELECT count(*) FROM npcsim.decision_requests')).rows[0].count;
  await program('pg_dump', ['--format=custom', `--snapshot=${snapshot}`, `--file=${join(scratch, 'home.dump')}`, 'home']);
  await program('pg_dump', ['--format=plain', `--snapshot=${snapshot}`, `--file=${join(scratch, 'home.sql')}`, 'home']);
  await program('pg_dump', ['--format=directory', '--jobs=4', `--snapshot=${snapshot}`, `--file=${join(scratch, 'home.dir')}`, 'home']);
  await program('pg_dump', ['--format=custom', '--rows-per-insert=7', `--snapshot=${snapshot}`, `--file=${join(scratch, 'inserts.dump')}`, 'home']);
  await client.query('COMMIT');
  await client.end();
});

after(async () => {
  await cluster?.stop();
  await elsewhere?.stop();
  if (scratch) await rm(scratch, { recursive: true, force: true });
});

// Worlds that came here: what they are before somebody adopts them, and after.
async function arrived(of, database, { transient = false } = {}) {
  const client = await of.connect(database);
  const { owned, busy, wild } = original;

  // ---- parked ----
  assert.deepEqual(await statuses(of, database), { Owned: 'parked', Busy: 'parked', Wild: 'parked' });
  assert.deepEqual(await rowsOf(client), original.rows, 'the rows are those of the dump');
  assert.equal((await client.query('SELECT count(*) FROM npcsim.npcs')).rows[0].count, original.npcs, 'and the views show them');
  if (!transient)
    for (const table of TRANSIENT) assert.equal((await client.query(`SELECT count(*) FROM npcsim.${table}`)).rows[0].count, 0, `${table} is not dumped`);
  assert.equal((await client.query('SELECT count(*) FROM npcsim.world_status')).rows[0].count, 0, 'no world of this database');
  await sleep(1500);
  assert.deepEqual(await rowsOf(client), original.rows, 'nothing ticks');
  assert.equal((await client.query('SELECT running_worlds FROM npcsim.worker_status')).rows[0].running_worlds, 0);
  for (const statement of [
    `SELECT npcsim.tick_world(${wild}, 1)`, `SELECT npcsim.start_world(${owned.id})`, `SELECT npcsim.pause_world(${busy.id})`,
    `SELECT npcsim.lock_world(${busy.id})`, 'UPDATE npcsim.npcs SET hunger = 50', `SELECT npcsim.create_npc(${wild}, 'X', 1, 1)`,
  ])
    assert.equal(await sqlstate(client.query(statement)), 'NS102', `${statement} is refused`);
  assert.deepEqual(await rowsOf(client), original.rows, 'what is refused changes nothing');

  // ---- adopted ----
  const before = (await client.query('SELECT clock / 1e6::float8 AS clock FROM npcsim.world_clock WHERE world_id = $1', [busy.id])).rows[0].clock;
  const adopted = (await client.query('SELECT * FROM npcsim.adopt_worlds()')).rows.map((row) => row.adopt_worlds);
  assert.deepEqual(adopted, [owned.id, busy.id, wild]);
  assert.deepEqual((await client.query('SELECT * FROM npcsim.adopt_worlds()')).rows, [], 'once');
  assert.deepEqual(await statuses(of, database), { Owned: 'paused', Busy: 'running', Wild: 'paused' });
  const kept = ['world_settings', 'world_terrain', 'npc_identities', 'items', 'item_respawns', 'interaction_runs', 'player_accounts'];
  const still = await rowsOf(client, kept, [owned.id, wild]);
  for (const table of kept) assert.ok(still[table].every((row) => original.rows[table].includes(row)), `${table} is as it was`);
  assert.equal((await client.query(`SELECT owner_player_id FROM npcsim.worlds WHERE id = $1`, [owned.id])).rows[0].owner_player_id, owned.owner);
  assert.equal((await client.query('SELECT count(*) FROM npcsim.npcs WHERE controller_player_id = $1', [owned.owner])).rows[0].count, 3);
  assert.equal((await client.query('SELECT count(*) FROM npcsim.decision_requests WHERE world_id = $1', [owned.id])).rows[0].count, 0,
    'nobody here was asked what was asked there');

  // ---- a new epoch ----
  const { rows: [{ snapshot }] } = await client.query('SELECT npcsim.world_snapshot($1) AS snapshot', [owned.id]);
  assert.notEqual(snapshot.epoch, original.epoch);
  const { rows: [{ delta }] } = await client.query('SELECT npcsim.world_delta($1, $2, $3) AS delta', [owned.id, snapshot.revision, original.epoch]);
  assert.equal(delta.resync, true, 'a client that comes back from there begins anew');

  // ---- life goes on ----
  const now = await waitFor(async () => {
    const clock = await clockOf(of, database, busy.id);
    return clock > before + 0.5 && clock;
  }, { timeout: 20_000, what: 'Busy to run on' });
  assert.ok(now < before + 15, `it goes on from ${before}, not from ${now}`);
  assert.equal((await client.query('SELECT last_error FROM npcsim.world_status WHERE world_id = $1', [busy.id])).rows[0].last_error, null);
  await client.query('SELECT npcsim.tick_world($1, 5)', [owned.id]);
  const became = (await client.query(`SELECT string_agg(e ->> 'type', ' ' ORDER BY n) AS told FROM npcsim.npc_minds, jsonb_array_elements(events) WITH ORDINALITY AS e(e, n)
     WHERE npc_id = $1 AND world_id = $2 AND e ->> 'type' LIKE 'interaction_%'`, [original.bidder, owned.id])).rows[0].told;
  assert.match(became, /^interaction_bid_pending interaction_(started|bid_cancelled)/, 'who was invited is spoken for, or it is too late');
  await client.query('SELECT npcsim.tick_world($1, 40)', [wild]);
  if (original.fate === undefined) {
    await cluster.query('home', 'SELECT npcsim.tick_world($1, 40)', [wild]);
    original.fate = await fateOf(cluster, 'home', wild);
  }
  assert.deepEqual(await fateOf(of, database, wild), original.fate, 'the same time gives the same rows here and there');
  for (const world of [owned.id, wild]) await assertReplays(client, world, 'what was lived through there and here');

  // ---- ids go on ----
  const highest = (sql) => Number(/^\((\d+),/.exec(sql)[1]);
  const made = (await client.query(`SELECT npcsim.create_world('Another', 10, 10, preset => 'reference') AS id`)).rows[0].id;
  assert.ok(made > Math.max(...original.rows.world_settings.map(highest)), 'of worlds');
  const player = (await client.query(`SELECT player_id FROM npcsim.create_player($1, 'otto')`, [owned.id])).rows[0].player_id;
  assert.ok(player > Math.max(...original.rows.player_accounts.map(highest)), 'of players');
  const npc = (await client.query(`INSERT INTO npcsim.npcs (world_id, name, position_x, position_y)
    SELECT $1, 'New', x, y FROM generate_series(0, 39) x, generate_series(0, 29) y
     WHERE NOT EXISTS (SELECT FROM npcsim.world_items i WHERE i.world_id = $1 AND i.position_x = x AND i.position_y = y)
       AND get_bit((SELECT blocked FROM npcsim.world_terrain WHERE world_id = $1), y * 40 + x) = 0
       AND NOT EXISTS (SELECT FROM npcsim.npcs n WHERE n.world_id = $1 AND abs(n.position_x - x) < 1 AND abs(n.position_y - y) < 1)
     ORDER BY x, y LIMIT 1 RETURNING id`, [wild])).rows[0].id;
  assert.equal(npc, original.fate.clock[0].next_id, 'of what is in a world');
  await client.query('SELECT npcsim.drop_world(id) FROM npcsim.worlds');
  await client.end();
}

test('the database that is dumped has what a dump must carry', () => {
  assert.equal(original.requests, 4);
  assert.ok(original.talking > 0, 'somebody talks');
  for (const table of TABLES) assert.ok(original.rows[table].length > 0, `${table} has rows`);
  assert.match(original.rows.decision_log.join(), /applied/);
});

test('every table is dumped, or meant not to be', async () => {
  const rows = await cluster.query('home', `SELECT c.relname, c.oid = ANY (e.extconfig) OR EXISTS (
        SELECT FROM pg_inherits i WHERE i.inhparent = c.oid AND i.inhrelid = ANY (e.extconfig)) AS dumped
      FROM pg_class c, pg_extension e
     WHERE e.extname = 'npcsim' AND c.relnamespace = 'npcsim'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`);
  const names = (dumped) => rows.filter((row) => row.dumped === dumped).map((row) => row.relname).sort();
  assert.deepEqual(names(true), [...TABLES, ...SETTINGS].sort());
  assert.deepEqual(names(false), [...TRANSIENT, ...OWN].sort());
});

test('a dump restored into another database of the server', async () => {
  await cluster.query('postgres', 'CREATE DATABASE restored');
  await program('pg_restore', ['--exit-on-error', '--dbname=restored', join(scratch, 'home.dump')]);
  await arrived(cluster, 'restored');
  assert.equal((await statuses(cluster, 'home')).Busy, 'running', 'the original runs on');
});

// What is restored, and how. "prepared": into a database that has the extension already.
const RESTORES = [
  { from: 'home.dump', options: ['--jobs=2'] },
  { from: 'home.dump', options: ['--jobs=8', '--no-owner', '--no-acl'] },
  { from: 'home.dir', options: ['--jobs=2', '--no-owner'] },
  { from: 'home.dir', options: ['--jobs=8'] },
  { from: 'home.dir', options: ['--jobs=8', '--use-set-session-authorization'] },
  { from: 'inserts.dump', options: ['--jobs=8'] },
  { from: 'home.dir', options: ['--single-transaction'] },
  { from: 'home.dir', options: ['--jobs=8', '--data-only'], prepared: true },
  { from: 'home.dump', options: ['--data-only', '--single-transaction', '--disable-triggers', '--exclude-schema=public'], prepared: true },
];

test('no way of restoring loses a world', async (t) => {
  await cluster.createDatabase('prepared');
  await cluster.query('prepared', 'TRUNCATE spatial_ref_sys'); // PostGIS's, which is dumped whole when it was changed
  for (const [n, { from, options, prepared }] of RESTORES.entries()) {
    await t.test(`${from} with ${options.join(' ')}`, async () => {
      const name = `way_${n}`;
      await cluster.query('postgres', `CREATE DATABASE ${name} ${prepared ? 'TEMPLATE prepared' : ''}`);
      await program('pg_restore', ['--exit-on-error', `--dbname=${name}`, ...options, join(scratch, from)]);
      const client = await cluster.connect(name);
      assert.deepEqual(await rowsOf(client), original.rows);
      assert.deepEqual((await client.query("SELECT burst, per_minute FROM npcsim.client_reducers WHERE name = 'send_chat'")).rows,
        [{ burst: 3, per_minute: 7 }]);
      assert.equal((await client.query('SELECT count(*) FROM npcsim.client_reducers')).rows[0].count, original.reducers);
      assert.deepEqual((await client.query('SELECT * FROM npcsim.worlds w, npcsim.world_faults(w.id)')).rows, []);
      assert.equal((await client.query('SELECT count(*) FROM npcsim.adopt_worlds()')).rows[0].count, 3);
      const disabled = (await client.query('SELECT npcsim.guard_tables() AS guards')).rows[0].guards;
      assert.equal(disabled > 0, options.includes('--disable-triggers'), 'guards are as they were, unless they were disabled');
      await client.query('SELECT npcsim.drop_world(id) FROM npcsim.worlds');
      await client.end();
      await cluster.dropDatabase(name);
    });
  }
});

test('a dump restored into another cluster, with the rights of its roles', async () => {
  // roles are the cluster's
  await elsewhere.createDatabase('roles');
  await elsewhere.query('postgres', 'CREATE DATABASE restored');
  await program('psql', ['-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', join(scratch, 'home.sql')], elsewhere);
  const rights = await elsewhere.query('restored', `SELECT has_function_privilege('npcsim_gateway', 'npcsim.authenticate(text)', 'EXECUTE') AS gateway,
      has_function_privilege('npcsim_gateway', 'npcsim.drop_world(bigint)', 'EXECUTE') AS too_much,
      has_table_privilege('npcsim_worker', 'npcsim.npc_minds', 'UPDATE') AS worker`);
  assert.deepEqual(rights, [{ gateway: true, too_much: false, worker: true }]);
  await arrived(elsewhere, 'restored');
});

test('a copy made with CREATE DATABASE ... TEMPLATE while a world runs', async () => {
  await cluster.query('postgres', 'CREATE DATABASE copied TEMPLATE home');
  const client = await cluster.connect('copied');
  const there = original.rows;
  // the copy is of the moment at which it was made
  original.rows = await rowsOf(client);
  const epoch = original.epoch;
  const fate = original.fate;
  delete original.fate;
  original.npcs = (await client.query('SELECT count(*) FROM npcsim.npcs')).rows[0].count;
  await client.end();
  const from = await clockOf(cluster, 'home', original.busy.id);
  await waitFor(async () => (await clockOf(cluster, 'home', original.busy.id)) > from + 0.5, { timeout: 20_000, what: 'the original to run on' });
  await arrived(cluster, 'copied', { transient: true });
  Object.assign(original, { rows: there, epoch, fate });
});

test('parked worlds can be dropped without being adopted', async () => {
  await cluster.query('postgres', 'CREATE DATABASE unwanted');
  await program('pg_restore', ['--exit-on-error', '--dbname=unwanted', join(scratch, 'home.dump')]);
  await cluster.query('unwanted', 'SELECT npcsim.drop_world(id) FROM npcsim.worlds');
  for (const table of TABLES) assert.equal(await cluster.value('unwanted', `SELECT count(*) FROM npcsim.${table}`), 0, `${table} is empty`);
});
