// Tests logical replication: a database whose worlds are published lives on as before, and one that subscribes to it follows
// them. The worlds are parked there, so that nobody ticks them, until they are adopted; then the subscription cannot write
// them any more.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';

let cluster;
let replica;
let publisher;
let subscriber;
let world;
let spare;
let player;

const value = async (client, sql, parameters = []) => Object.values((await client.query(sql, parameters)).rows[0])[0];

before(async () => {
  const settings = { wal_level: 'logical', max_replication_slots: 120, max_logical_replication_workers: 8, max_sync_workers_per_subscription: 6,
    wal_retrieve_retry_interval: '200ms', max_worker_processes: 20 };
  [cluster, replica] = await Promise.all([startCluster({ settings }), startCluster({ settings })]);
  await Promise.all([cluster.createDatabase('worlds'), replica.createDatabase('worlds')]);
  publisher = await cluster.connect('worlds');
  subscriber = await replica.connect('worlds');
  // Before there is a world: everything that happens to it from the beginning on is published.
  await publisher.query('CREATE PUBLICATION everything FOR ALL TABLES');
  world = await value(publisher, `SELECT npcsim.create_world('Published', 40, 30, 5, preset => 'reference')`);
  spare = await value(publisher, `SELECT npcsim.create_world('Spare', 20, 20, 6)`);
  await publisher.query('SELECT npcsim.populate_world($1, 25), npcsim.populate_world($2, 5)', [world, spare]);
  player = await value(publisher, `SELECT player_id FROM npcsim.create_player($1, 'ada')`, [world]);
  await publisher.query('SELECT npcsim.assign_npc_to_player($1, id, $2) FROM npcsim.npcs WHERE world_id = $1 ORDER BY id LIMIT 5', [world, player]);
  await publisher.query('UPDATE npcsim.npcs SET hunger = 5 WHERE world_id = $1', [world]);
  await publisher.query(`SELECT npcsim.register_gateway('gateway'), npcsim.client_connected('gateway', $2, $1, 'compute')`, [world, player]);
  await publisher.query(`SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 8}')`, [player]);
  await publisher.query("UPDATE npcsim.client_reducers SET burst = 3 WHERE name = 'map_ping'");
  await publisher.query('SELECT npcsim.set_world_speed($1, 10), npcsim.start_world($1)', [world]);
});

after(async () => {
  await publisher?.end();
  await subscriber?.end();
  // the replica first: it holds a connection to the other
  await replica?.stop();
  await cluster?.stop();
});

// Everything that was committed where it comes from is there.
async function caughtUp() {
  const end = await value(publisher, 'SELECT pg_current_wal_lsn()::text');
  await waitFor(() => value(publisher, `SELECT count(*) = 1 AND bool_and(replay_lsn >= $1::pg_lsn) FROM pg_stat_replication WHERE application_name = 'following'`, [end]),
    { timeout: 30_000, what: 'the replica to catch up' });
}

const TABLES = ['world_settings', 'world_clock', 'world_terrain', 'world_inputs', 'npc_identities', 'npc_states', 'npc_tracks', 'npc_minds', 'item_type_rows',
  'items', 'item_respawns', 'interaction_type_rows', 'interaction_runs', 'interaction_bid_rows', 'player_accounts', 'decision_slots', 'decision_log',
  'world_event_log', 'world_tokens', 'reducer_limits', 'source_minutes', 'source_outcomes', 'player_proofs'];

async function rowsOf(client) {
  const rows = {};
  for (const table of TABLES) rows[table] = (await client.query(`SELECT t::text AS row FROM npcsim.${table} t ORDER BY 1`)).rows.map(({ row }) => row);
  return rows;
}

async function assertFollowed() {
  await caughtUp();
  assert.deepEqual(await rowsOf(subscriber), await rowsOf(publisher));
}

test('published worlds live on', async () => {
  await waitFor(async () => (await value(publisher, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world])) > 20, { timeout: 20_000, what: 'the world to run' });
  assert.equal(await value(publisher, 'SELECT last_error FROM npcsim.world_status WHERE world_id = $1', [world]), null);
  // What is answered, edited and forgotten is written to all of its tables.
  await waitFor(() => value(publisher, 'SELECT count(*) > 0 FROM npcsim.decision_requests WHERE world_id = $1', [world]), { what: 'a question' });
  await publisher.query(`SELECT npcsim.submit_npc_decision($1, jsonb_build_object('request_id', request_id, 'action', 'wander', 'tokens', 7))
      FROM npcsim.decision_requests WHERE world_id = $2`, [player, world]);
  await publisher.query(`SELECT npcsim.call_reducer($1, 'send_chat', '{"text": "Hello"}', 'said')`, [player]);
  await publisher.query('SELECT npcsim.remove_npc($1, (SELECT max(id) FROM npcsim.npcs WHERE world_id = $1))', [world]);
});

test('every table that is published names its rows', async () => {
  const { rows } = await publisher.query(`SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = 'npcsim'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)`);
  assert.deepEqual(rows, []);
});

test('a replica follows a living world, and does not tick it', async () => {
  const own = await value(subscriber, 'SELECT id FROM npcsim.installation');
  await subscriber.query('TRUNCATE spatial_ref_sys'); // PostGIS fills it in both
  await subscriber.query(`CREATE SUBSCRIPTION following CONNECTION 'host=${cluster.socketDir} port=${cluster.port} user=postgres dbname=worlds' PUBLICATION everything`);
  await waitFor(() => value(subscriber, `SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel`), { timeout: 180_000, what: 'all tables to be copied' });
  const from = await value(subscriber, 'SELECT clock FROM npcsim.world_clock WHERE world_id = $1', [world]);
  await waitFor(async () => (await value(subscriber, 'SELECT clock FROM npcsim.world_clock WHERE world_id = $1', [world])) > from + 5_000_000, { timeout: 20_000, what: 'the replica to follow' });
  assert.deepEqual((await subscriber.query('SELECT DISTINCT status FROM npcsim.worlds')).rows, [{ status: 'parked' }]);
  assert.equal(await value(subscriber, 'SELECT id FROM npcsim.installation'), own, 'whose it is, it knows');
  assert.equal(await value(subscriber, 'SELECT running_worlds FROM npcsim.worker_status'), 0);
  // one comes by to keep house, and goes
  await waitFor(async () => (await value(subscriber, 'SELECT workers FROM npcsim.worker_status')) === 0, { timeout: 30_000, what: 'no worker to be there' });
  assert.equal(await value(subscriber, `SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'npcsim worker%'`), 0);
  assert.doesNotMatch(await replica.log(), /ERROR|FATAL/);

  await publisher.query('SELECT npcsim.pause_world($1)', [world]);
  await assertFollowed();
  assert.deepEqual((await subscriber.query('SELECT * FROM npcsim.world_faults($1)', [world])).rows, []);
});

test('what is dropped and forgotten where it comes from is gone in the replica', async () => {
  const segment = await value(publisher, `SELECT tableoid::regclass::text FROM npcsim.world_event_log LIMIT 1`);
  // as prune_logs() does when a segment is due
  await publisher.query(`ALTER TABLE ${segment} DISABLE TRIGGER refuse_truncate`);
  await publisher.query(`TRUNCATE ${segment}`);
  await publisher.query('SELECT npcsim.guard_tables()');
  await publisher.query('SELECT npcsim.drop_world($1)', [spare]);
  await assertFollowed();
  assert.equal(await value(subscriber, `SELECT count(*) FROM ${segment}`), 0);
  assert.deepEqual((await subscriber.query('SELECT name FROM npcsim.worlds')).rows, [{ name: 'Published' }]);
});

test('a world that was adopted is the replica\'s own', async () => {
  assert.deepEqual((await subscriber.query('SELECT npcsim.adopt_worlds() AS id')).rows, [{ id: world }]);
  await subscriber.query('SELECT npcsim.tick_world($1, 10)', [world]);
  const state = async () => {
    const rows = await rowsOf(subscriber);
    delete rows.reducer_limits;
    return rows;
  };
  const mine = await state();
  await publisher.query('UPDATE npcsim.npcs SET hunger = 90 WHERE world_id = $1', [world]);
  await publisher.query(`SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 7}')`, [player]);
  await waitFor(async () => /is written by npcsim alone|can only be written while the lock/.test(await replica.log()), { what: 'the subscription to be refused' });
  await sleep(500);
  assert.deepEqual(await state(), mine, 'nothing of it was written');
  assert.equal(await value(subscriber, 'SELECT status FROM npcsim.worlds WHERE id = $1', [world]), 'paused', 'it is not parked again');
  await subscriber.query('ALTER SUBSCRIPTION following DISABLE');
  // sequences are not part of a replica
  assert.ok(await value(subscriber, `SELECT npcsim.create_world('New', 20, 20)`) > world);
  assert.ok(await value(subscriber, `SELECT player_id FROM npcsim.create_player($1, 'bob')`, [world]) > player);
  await subscriber.query('SELECT npcsim.start_world($1)', [world]);
  const from = await value(subscriber, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);
  await waitFor(async () => (await value(subscriber, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world])) > from + 2, { timeout: 20_000, what: 'the world to run here' });
});
