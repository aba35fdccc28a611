// Tests what world_status, worker_status and the server's log tell an operator when nothing ticks, whatever the reason.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';

const DATABASE = 'Über "uns"';

let cluster;
let world;
let still; // a world in which nothing happens

before(async () => {
  cluster = await startCluster({ settings: { max_worker_processes: 8, autovacuum: 'off' } });
  await cluster.createDatabase(DATABASE);
  world = await cluster.value(DATABASE, `SELECT npcsim.create_world('Busy', 30, 30, 7, preset => 'reference')`);
  still = await cluster.value(DATABASE, `SELECT npcsim.create_world('Still', 30, 30, 7)`);
  await cluster.query(DATABASE, 'SELECT npcsim.populate_world($1, 10)', [world]);
  for (const id of [world, still]) await cluster.query(DATABASE, 'SELECT npcsim.start_world($1)', [id]);
  await ticks();
});

after(() => cluster?.stop());

// A status that hangs is none.
async function statusOf(id = world) {
  const client = await cluster.connect(DATABASE);
  try {
    await client.query(`SET statement_timeout = '3s'`);
    return (await client.query('SELECT * FROM npcsim.world_status WHERE world_id = $1', [id])).rows[0];
  } finally {
    await client.end();
  }
}

const clockOf = () => cluster.value(DATABASE, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);

async function ticks() {
  const from = await clockOf();
  await waitFor(async () => (await clockOf()) > from + 0.3, { timeout: 30_000, what: 'the world to tick' });
}

async function endWorkers() {
  await cluster.query('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'npcsim worker'`);
}

async function told(pattern, { id = world, state } = {}) {
  const status = await waitFor(async () => {
    const row = await statusOf(id);
    return row.worker_pid === null && pattern.test(row.last_error) && row;
  }, { timeout: 20_000, what: `world_status to say ${pattern}` });
  assert.ok(Math.abs(status.last_error_at_real - Date.now()) < 60_000, `${status.last_error_at_real}`);
  const [workers] = await cluster.query(DATABASE, 'SELECT * FROM npcsim.worker_status');
  assert.match(workers.last_error, pattern);
  assert.ok(workers.last_error_at_real instanceof Date);
  if (state) assert.equal(workers.state, state);
}

test('an error of a tick has its time, and goes with the next tick that succeeds', async () => {
  await cluster.query(DATABASE, `
    CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoiled milk'; END $$;
    CREATE TRIGGER zz_spoil BEFORE UPDATE ON npcsim.npc_states FOR EACH ROW EXECUTE FUNCTION public.spoil()`);
  const status = await waitFor(async () => {
    const row = await statusOf();
    return row.last_error === 'spoiled milk' && row;
  }, { what: 'the error to be shown' });
  assert.ok(Math.abs(status.last_error_at_real - Date.now()) < 10_000);
  await cluster.query(DATABASE, 'DROP FUNCTION public.spoil() CASCADE');
  await ticks();
  const { last_error: error, last_error_at_real: at } = await statusOf();
  assert.deepEqual([error, at], [null, null]);
});

test('rows that a policy hides from the workers, or a trigger keeps from being written, are an error that is told', { timeout: 120_000 }, async () => {
  await cluster.query(DATABASE, `CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`);
  const secure = (table, how) => `ALTER TABLE npcsim.${table} ${how} ROW LEVEL SECURITY`;
  for (const [spoil, mend, pattern] of [
    ...['world_clock', 'world_settings', 'interaction_type_rows'].map((table) => [secure(table, 'ENABLE'), secure(table, 'DISABLE'), /row-level security/]),
    ['CREATE TRIGGER keep BEFORE UPDATE ON npcsim.npc_states FOR EACH ROW EXECUTE FUNCTION public.keep()', 'DROP TRIGGER keep ON npcsim.npc_states',
      /a trigger of table npcsim.npc_states keeps rows from being written/],
  ]) {
    await cluster.query(DATABASE, spoil);
    await endWorkers();
    await waitFor(async () => pattern.test((await statusOf()).last_error), { timeout: 20_000, what: `world_status to tell of ${spoil}` });
    await cluster.query(DATABASE, mend);
    await ticks();
  }
  await cluster.query(DATABASE, 'DROP FUNCTION public.keep()');
});

test('who locks a table is the blocker, whichever table keeps the world from ticking', async (t) => {
  const tables = await cluster.query(DATABASE, `
    SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'npcsim'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`);
  const stood = [];
  const locker = await cluster.connect(DATABASE, { name: 'a table locker' });
  const { pid } = (await locker.query('SELECT pg_backend_pid() AS pid')).rows[0];
  t.after(() => locker.end());
  for (const { name } of [{ name: 'npcs' }, { name: 'worlds' }, ...tables]) {
    await locker.query(`BEGIN; LOCK TABLE npcsim.${name}`);
    await sleep(600);
    const { ticks: before } = await statusOf();
    const shown = await waitFor(async () => {
      const row = await statusOf();
      return row.blocked_by_pid === pid ? 'blocked' : row.ticks > before && row.blocked_by_pid === null && 'ticks';
    }, { what: `the holder of ${name} to be named, or the world to tick` });
    if (shown === 'blocked') stood.push(name);
    await locker.query('ROLLBACK');
    if (shown === 'blocked') await waitFor(async () => (await statusOf()).blocked_by_pid === null, { what: 'it to be forgotten' });
  }
  for (const name of ['npcs', 'worlds', 'npc_states', 'npc_tracks', 'world_clock', 'world_settings', 'change_log', 'installation'])
    assert.ok(stood.includes(name), `${name} is needed by every tick: ${stood}`);
  // one mode that lets read, and a row of the state
  for (const sql of ['LOCK TABLE npcsim.npc_states IN SHARE MODE', `SELECT FROM npcsim.npc_states WHERE world_id = ${world} FOR UPDATE`]) {
    await locker.query(`BEGIN; ${sql}`);
    await waitFor(async () => (await statusOf()).blocked_by_pid === pid, { what: `the blocker of ${sql}` });
    await locker.query('ROLLBACK');
  }
  await ticks();
});

test('a world that is locked for 10 s leaves one line with the blocker, and one when it is over', { timeout: 60_000 }, async (t) => {
  const lines = async (pattern) => (await cluster.log()).split('\n').filter((line) => pattern.test(line));
  const locked = new RegExp(`world ${world} of database "${DATABASE}" has been locked for 1\\d s`);
  const over = new RegExp(`world ${world} of database "${DATABASE}" goes on; it was locked for`);
  const operator = await cluster.connect(DATABASE, { name: 'forgotten psql' });
  const { pid } = (await operator.query('SELECT pg_backend_pid() AS pid')).rows[0];
  t.after(() => operator.end());
  await operator.query('BEGIN');
  await operator.query('SELECT npcsim.lock_world($1)', [world]);
  await sleep(3000);
  assert.deepEqual(await lines(locked), [], 'not before');
  await waitFor(async () => (await lines(locked)).length > 0, { timeout: 12_000, what: 'the line' });
  await sleep(3000);
  assert.equal((await lines(locked)).length, 1, 'once');
  const [detail] = await lines(new RegExp(`Server process ${pid}, application "forgotten psql"`));
  assert.match(detail, /in a transaction since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00 that is idle/);
  await operator.query('COMMIT');
  await waitFor(async () => (await lines(over)).length === 1, { what: 'the line that it is over' });
  await ticks();
});

test('a world that no worker could take yet names who holds it, in the log, too', { timeout: 60_000 }, async (t) => {
  await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [still]);
  const holder = await cluster.connect(DATABASE, { name: 'an early bird' });
  const { pid } = (await holder.query('SELECT pg_backend_pid() AS pid')).rows[0];
  const starter = await cluster.connect(DATABASE);
  t.after(() => Promise.all([holder.end(), starter.end()]));
  await starter.query('BEGIN');
  await starter.query('SELECT npcsim.start_world($1)', [still]);
  const locking = holder.query(`BEGIN; SELECT npcsim.lock_world(${still})`);
  await waitFor(() => cluster.value('postgres', `SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ${pid}`), { what: 'the holder to queue' });
  await starter.query('COMMIT');
  await locking;
  await waitFor(async () => {
    const status = await statusOf(still);
    return status.worker_pid !== null || status.blocked_by_pid === pid;
  }, { what: 'a state' });
  await endWorkers();
  await waitFor(async () => (await statusOf(still)).blocked_by_pid === pid, { what: 'the holder to be named' });
  await waitFor(async () => (await cluster.log()).includes(`Server process ${pid}, application "an early bird"`), { timeout: 20_000, what: 'the line' });
  await holder.query('COMMIT');
  await ticks();
});

test('a role that may not log in is told though workers ran before', async () => {
  await cluster.query('postgres', 'ALTER ROLE npcsim_worker NOLOGIN');
  await endWorkers();
  await told(/role "npcsim_worker".*may not log in/);
  await cluster.query('postgres', 'ALTER ROLE npcsim_worker LOGIN');
  await ticks();
  assert.equal(await cluster.value(DATABASE, 'SELECT last_error FROM npcsim.worker_status'), null);
});

test('a database that is a template, or allows no connections, says so', { timeout: 120_000 }, async () => {
  const inside = await cluster.connect(DATABASE);
  const name = inside.escapeIdentifier(DATABASE);
  await cluster.query('postgres', `ALTER DATABASE ${name} IS_TEMPLATE true`);
  await endWorkers();
  await told(/template/, { state: 'closed' });
  await cluster.query('postgres', `ALTER DATABASE ${name} IS_TEMPLATE false ALLOW_CONNECTIONS false`);
  const [status] = (await inside.query('SELECT * FROM npcsim.world_status WHERE world_id = $1', [world])).rows;
  assert.match(status.last_error, /does not allow connections/);
  await cluster.query('postgres', `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await inside.end();
});

test('without a slot for launcher or worker the reason is max_worker_processes', { timeout: 120_000 }, async () => {
  // none; the launcher's alone (PostgreSQL's own takes one, too)
  for (const max of [0, 1, 2]) {
    await cluster.restart('fast', { max_worker_processes: max });
    await told(/max_worker_processes/);
  }
  await cluster.restart('fast', { max_worker_processes: 8, 'npcsim.max_workers': 0 });
  await told(/npcsim\.max_workers/);
  await cluster.restart('fast', { 'npcsim.max_workers': undefined });
  await ticks();
});

test('what launcher, probes and workers say names the database', async () => {
  const lines = (await cluster.log()).split('\n');
  // continued by DETAIL, HINT and CONTEXT
  const entries = [];
  for (const line of lines) {
    if (/ (DETAIL|HINT|CONTEXT|QUERY|STATEMENT|LOCATION): /.test(line) || line.startsWith('\t')) entries[entries.length - 1] += `\n${line}`;
    else entries.push(line);
  }
  const ours = entries.filter((entry) => /npcsim|a tick of world/.test(entry) && / (LOG|WARNING|ERROR|FATAL): /.test(entry))
    .filter((entry) => !/npcsim launcher|STATEMENT|permission|could not bind|registering background worker|too many background workers|Unix socket|exited with exit code/.test(entry));
  assert.ok(ours.length > 4, `${ours.length} entries`);
  assert.deepEqual(ours.filter((entry) => !entry.includes(`database "${DATABASE}"`) && !entry.includes('database "postgres"')), []);
});
