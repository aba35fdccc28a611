// Tests launcher and workers: worlds run, stay in step with real time, survive what happens to processes, and never prevent
// what administrators do.
//
// NPCSIM_HOLD_SECONDS (default 60) is how long an operator holds a world.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';
import { assertReplays } from './lib/rows.mjs';

const HOLD_SECONDS = Number(process.env.NPCSIM_HOLD_SECONDS ?? 60);
const execute = promisify(execFile);

let cluster;

before(async () => {
  cluster = await startCluster({
    settings: { 'npcsim.max_workers': 6, max_worker_processes: 16, autovacuum: 'off' },
  });
});

after(async () => {
  await cluster?.stop();
});

// A database of its own for the length of a test.
async function withDatabase(name, body) {
  await cluster.createDatabase(name);
  try {
    await body(name);
  } finally {
    await cluster.query('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}

async function createWorld(database, name, { npcs = 0, running = true, seed = 7, of = cluster } = {}) {
  const id = await of.value(database, 'SELECT npcsim.create_world($1, 48, 48, $2, preset => \'reference\')', [name, seed]);
  if (npcs > 0) await of.query(database, 'SELECT npcsim.populate_world($1, $2)', [id, npcs]);
  if (running) await of.query(database, 'SELECT npcsim.start_world($1)', [id]);
  return id;
}

const clockOf = (database, id) => cluster.value(database, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [id]);

const statusOf = async (database, id) => (await cluster.query(database, 'SELECT * FROM npcsim.world_status WHERE world_id = $1', [id]))[0];

const workerOf = (database, id) => waitFor(async () => (await statusOf(database, id))?.worker_pid, { what: 'a worker' });

// Until the world has moved on by that many seconds of its own time.
async function worldMoves(database, id, seconds = 0.3, options = {}) {
  const from = options.from ?? (await clockOf(database, id));
  return waitFor(async () => {
    const clock = await clockOf(database, id).catch(() => from);
    return clock >= from + seconds && clock;
  }, { what: `world ${id} of ${database} to move on from ${from}`, ...options });
}

const workersIn = (database) =>
  cluster.value('postgres', `SELECT count(*)::int FROM pg_stat_activity WHERE datname = $1 AND backend_type LIKE 'npcsim%'`, [database]);

test('a started world runs at the pace of real time, without drift and without late ticks', async () => {
  await withDatabase('pace', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 20 });
    await worldMoves(database, id);
    const client = await cluster.connect(database);
    // clock and real time are read in one statement, at the ends of 4 s
    const read = async () => (await client.query('SELECT clock, extract(epoch FROM clock_timestamp())::float8 AS real FROM npcsim.worlds')).rows[0];
    const first = await read();
    await sleep(4000);
    const last = await read();
    const drift = last.clock - first.clock - (last.real - first.real);
    assert.ok(Math.abs(drift) < 0.25, `the clock moved ${drift} s more than real time`);
    const status = await statusOf(database, id);
    assert.ok(status.ticks >= 40, `${status.ticks} ticks`);
    assert.ok(status.late_ticks <= 2, `${status.late_ticks} late ticks`);
    assert.equal(status.last_error, null);
    assert.equal(status.blocked_by_pid, null);
    await client.query('SELECT npcsim.set_world_speed($1, 20)', [id]);
    const before = await read();
    await sleep(2000);
    const then = await read();
    const factor = (then.clock - before.clock) / (then.real - before.real);
    assert.ok(factor > 18 && factor < 22, `at speed 20 the clock moves ${factor} times as fast`);
    await client.query('SELECT npcsim.pause_world($1)', [id]);
    const paused = await read();
    await sleep(500);
    assert.equal((await read()).clock, paused.clock, 'a paused world stands');
    await waitFor(async () => (await statusOf(database, id)).worker_pid === null, { what: 'the worker to let go' });
    assert.equal((await read()).clock, paused.clock, 'and stands where it stood when its worker lets go');
    await client.query('SELECT npcsim.start_world($1)', [id]);
    await worldMoves(database, id, 0.3, { from: paused.clock });
    await client.end();
  });
});

for (const [speed, tickRate] of [[0.1, 100], [1000, 1]])
  test(`a world runs at speed ${speed}`, async () => {
    await withDatabase('speed', async (database) => {
      const client = await cluster.connect(database);
      const { rows: [{ id }] } = await client.query(`SELECT npcsim.create_world('w', 20, 20, 5, $1, preset => 'reference') AS id`, [tickRate]);
      await client.query('SELECT npcsim.set_world_speed($1, $2), npcsim.start_world($1)', [id, speed]);
      const read = async () => (await client.query('SELECT clock, extract(epoch FROM clock_timestamp())::float8 AS real FROM npcsim.worlds')).rows[0];
      await waitFor(async () => (await read()).clock > 0, { what: 'the clock to move' });
      const before = await read();
      await sleep(3000);
      const then = await read();
      const factor = (then.clock - before.clock) / (then.real - before.real) / speed;
      assert.ok(factor > 0.9 && factor < 1.1, `its clock moves ${factor} times as fast as it should`);
      await client.end();
    });
  });

test('the library says the version of the extension', async () => {
  await withDatabase('version', async (database) => {
    assert.equal(
      await cluster.value(database, 'SELECT npcsim_internal.library_version()'),
      await cluster.value(database, `SELECT extversion FROM pg_extension WHERE extname = 'npcsim'`),
    );
  });
});

test('an extension of another version is parked, with the way out', async () => {
  await withDatabase('parked', async (database) => {
    const id = await createWorld(database, 'w');
    await workerOf(database, id);
    await cluster.query(database, `BEGIN; UPDATE pg_extension SET extversion = '99.0' WHERE extname = 'npcsim'; COMMIT`);
    const worker = (await statusOf(database, id)).worker_pid;
    await cluster.query(database, 'SELECT pg_terminate_backend($1)', [worker]);
    const status = await waitFor(async () => (await cluster.query(database, `SELECT * FROM npcsim.worker_status WHERE state = 'parked'`))[0], { what: 'the database to be parked' });
    assert.match(status.last_error, /99\.0/);
    assert.equal(status.workers, 0);
    assert.match((await statusOf(database, id)).last_error, /99\.0/);
    assert.match(await cluster.log(), /Restart the server/);
    await cluster.query(database, `UPDATE pg_extension SET extversion = npcsim_internal.library_version() WHERE extname = 'npcsim'`);
    await worldMoves(database, id, 0.3, { timeout: 20_000 });
  });
});

test('where the library is not preloaded worlds are moved by hand, and start_world says what to do', async () => {
  await withDatabase('unloaded', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 5, running: false });
    await cluster.restart('fast', { shared_preload_libraries: '' });
    try {
      await assert.rejects(cluster.query(database, 'SELECT npcsim.start_world($1)', [id]), (error) => {
        assert.equal(error.code, 'NS104');
        assert.ok(error.detail);
        assert.match(error.hint, /shared_preload_libraries/);
        return true;
      });
      assert.equal(await cluster.value(database, 'SELECT status FROM npcsim.worlds'), 'paused');
      assert.equal(await cluster.value(database, 'SELECT npcsim.tick_world($1, 1.5)', [id]), 1.5);
    } finally {
      await cluster.restart('fast', { shared_preload_libraries: undefined });
    }
    await cluster.query(database, 'SELECT npcsim.start_world($1)', [id]);
    await worldMoves(database, id, 0.3, { timeout: 20_000 });
  });
});

test('databases of one cluster each get a worker', async () => {
  const names = ['several_a', 'several_b', 'several_c'];
  try {
    const ids = [];
    for (const name of names) {
      await cluster.createDatabase(name);
      ids.push(await createWorld(name, 'w', { npcs: 5 }));
    }
    await Promise.all(names.map((name, i) => worldMoves(name, ids[i], 0.5)));
    const pids = await Promise.all(names.map((name, i) => workerOf(name, ids[i])));
    assert.equal(new Set(pids).size, 3, 'each database has a worker of its own');
  } finally {
    for (const name of names) await cluster.query('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
});

test('workers run as npcsim.worker_role; start_world says what is missing', async () => {
  await withDatabase('roles', async (database) => {
    const id = await createWorld(database, 'w');
    const pid = await workerOf(database, id);
    assert.equal(await cluster.value(database, 'SELECT usename FROM pg_stat_activity WHERE pid = $1', [pid]), 'npcsim_worker');
    await cluster.query(database, 'SELECT npcsim.pause_world($1)', [id]);
    const reload = async (value) => {
      const client = await cluster.connect(database);
      await client.query(`ALTER SYSTEM SET npcsim.worker_role = '${value}'`);
      await client.query('SELECT pg_reload_conf()');
      await waitFor(async () => (await client.query('SHOW npcsim.worker_role')).rows[0]['npcsim.worker_role'] === value);
      await client.end();
    };
    await reload('nobody_of_that_name');
    try {
      await assert.rejects(cluster.query(database, 'SELECT npcsim.start_world($1)', [id]), (error) => {
        assert.match(error.message, /nobody_of_that_name/);
        assert.match(error.hint, /roles\.sql/);
        return true;
      });
    } finally {
      await reload('npcsim_worker');
    }
    await cluster.query(database, 'SELECT npcsim.start_world($1)', [id]);
    await worldMoves(database, id);
  });
});

test('rights that are given later are noticed at once', async () => {
  const root = process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..');
  await withDatabase('late', async (database) => {
    const error = () => cluster.value(database, 'SELECT last_error FROM npcsim.worker_status');

    await cluster.query(database, 'DROP EXTENSION npcsim');
    await cluster.query(database, 'CREATE EXTENSION npcsim');
    await waitFor(async () => /has no rights on schema npcsim/.test(await error()), { what: 'what is in the way' });
    await cluster.runFile(database, join(root, 'docs', 'roles.sql'));
    await waitFor(async () => await error() === null, { timeout: 2000, what: 'it to be forgotten, though no world is there' });

    const id = await createWorld(database, 'w');
    await workerOf(database, id);
    await cluster.query(database, 'REVOKE USAGE ON SCHEMA npcsim FROM npcsim_worker');
    await cluster.restart();
    await waitFor(() => cluster.value(database, `SELECT state = 'parked' AND retry_at_real > now() + interval '3 s' FROM npcsim.worker_status`),
      { timeout: 30_000, what: 'attempts to be far between' });
    assert.match((await statusOf(database, id)).last_error, /has no rights on schema npcsim/);
    await cluster.query(database, 'GRANT USAGE ON SCHEMA npcsim TO npcsim_worker');
    await worldMoves(database, id, 0.3, { timeout: 2500 });
    assert.equal((await statusOf(database, id)).last_error, null);
  });
});

test('kill -9 of a worker: the world goes on, in a new epoch', async () => {
  await withDatabase('killed', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 10 });
    const clock = await worldMoves(database, id, 1);
    const epoch = JSON.parse(JSON.stringify(await cluster.value(database, 'SELECT npcsim.world_delta($1, 0)', [id]))).epoch;
    const pid = await workerOf(database, id);
    process.kill(pid, 'SIGKILL');
    await worldMoves(database, id, 1, { from: clock, timeout: 30_000 });
    assert.notEqual(await workerOf(database, id), pid);
    const next = JSON.parse(JSON.stringify(await cluster.value(database, 'SELECT npcsim.world_delta($1, 0)', [id]))).epoch;
    assert.ok(epoch && next && epoch !== next, `epoch ${epoch}, then ${next}`);
  });
});

test('a terminated worker is replaced, and the clock never goes back', async () => {
  await withDatabase('terminated', async (database) => {
    // a still world: its row's clock is old, the truth is in shared memory
    const id = await createWorld(database, 'w');
    await worldMoves(database, id, 1);
    let last = 0;
    let backwards = 0;
    let over = false;
    const watch = (async () => {
      const client = await cluster.connect(database);
      while (!over) {
        const { clock } = (await client.query('SELECT clock FROM npcsim.worlds WHERE id = $1', [id])).rows[0];
        if (clock < last) backwards += 1;
        last = clock;
        await sleep(2);
      }
      await client.end();
    })();
    for (let i = 0; i < 3; i++) {
      const pid = await workerOf(database, id);
      // the third time while an operator holds the world, so that its clock cannot be written
      const holder = i === 2 ? await cluster.connect(database) : null;
      if (holder) await holder.query(`BEGIN; SELECT npcsim.lock_world(${id})`);
      await cluster.query(database, 'SELECT pg_terminate_backend($1)', [pid]);
      await waitFor(async () => (await statusOf(database, id)).worker_pid !== pid, { what: 'the worker to end' });
      await sleep(300);
      await holder?.end();
      await worldMoves(database, id);
    }
    over = true;
    await watch;
    assert.equal(backwards, 0);
  });
});

test('the clock does not go back for who reads with an old snapshot when the worker leaves', async () => {
  await withDatabase('leaving', async (database) => {
    const id = await createWorld(database, 'w');
    const client = await cluster.connect(database);
    const read = async () => (await client.query('SELECT clock FROM npcsim.worlds WHERE id = $1', [id])).rows[0].clock;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await worldMoves(database, id, 1, { from: await read() });
    const before = await read();
    assert.ok(before >= 1, `the clock stands at ${before}`);
    await cluster.query(database, 'SELECT npcsim.pause_world($1)', [id]);
    await waitFor(async () => (await statusOf(database, id)).worker_pid === null, { what: 'the worker to leave' });
    const after = await read();
    assert.ok(after >= before, `${before}, then ${after}`);
    await client.query('COMMIT');
    await client.end();
  });
});

test('restart of the server: the world goes on where it stood; the time between is not simulated', async () => {
  await withDatabase('restarted', async (database) => {
    const still = await createWorld(database, 'still');
    const lively = await createWorld(database, 'lively', { npcs: 10 });
    await worldMoves(database, still, 1);
    const before = [await clockOf(database, still), await clockOf(database, lively)];
    const stopped = Date.now();
    await cluster.shutdown();
    await sleep(1500);
    await cluster.start();
    const started = Date.now();
    for (const [i, id] of [still, lively].entries()) {
      const clock = await worldMoves(database, id, 0.3, { from: before[i], timeout: 20_000 });
      assert.ok(clock - before[i] < (Date.now() - stopped) / 1000 - 1, `world ${id} moved ${clock - before[i]} s, ${Date.now() - started} ms after the start`);
    }
    await cluster.restart('immediate');
    await worldMoves(database, lively, 1, { timeout: 30_000 });
  });
});

// A running world in which Ada and Bo talk and Cy has invited Di, all decided for by a player's mind, which says no more.
async function talkingWorld(database) {
  const id = await createWorld(database, 'talk', { running: false });
  const [{ player_id: player }] = await cluster.query(database, `SELECT player_id FROM npcsim.create_player($1, 'maud')`, [id]);
  await cluster.query(database, `SELECT npcsim.register_gateway('g1')`);
  await cluster.query(database, `SELECT npcsim.client_connected('g1', $2, $1, 'compute')`, [id, player]);
  await cluster.query(database, `SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 8}')`, [player]);
  const npcs = {};
  for (const [name, x, y] of [['Ada', 10, 10], ['Bo', 12, 10], ['Cy', 10, 13], ['Di', 12, 13]])
    npcs[name] = await cluster.value(database, 'SELECT npcsim.create_npc($1, $2, $3, $4, $5)', [id, name, x, y, player]);
  await cluster.query(database, 'SELECT npcsim.set_world_speed($1, 10)', [id]);
  const decide = async (name, decision) => {
    const result = await cluster.value(database, `SELECT npcsim.submit_npc_decision($1, $4 || jsonb_build_object('request_id', npcsim.request_npc_decision($2, $3)))`, [player, id, npcs[name], decision]);
    assert.equal(result.status, 'applied', JSON.stringify(result));
    await cluster.query(database, 'SELECT npcsim.tick_world($1, 0.1)', [id]);
  };
  await decide('Ada', { action: 'start_conversation', target_id: npcs.Bo, message: 'Hello' });
  await decide('Bo', { action: 'respond_to_interaction_bid', bid_id: await cluster.value(database, 'SELECT id FROM npcsim.interaction_bids'), accept: true });
  await decide('Cy', { action: 'start_conversation', target_id: npcs.Di });
  await cluster.query(database, 'SELECT npcsim.start_world($1)', [id]);
  await worldMoves(database, id, 2);
  assert.deepEqual(await cluster.value(database, 'SELECT participants FROM npcsim.interaction_runs'), [String(npcs.Ada), String(npcs.Bo)]);
  assert.equal(await cluster.value(database, 'SELECT bidder_npc_id FROM npcsim.interaction_bids'), npcs.Cy);
  return { id, npcs };
}

for (const [how, end] of [
  ['kill -9 of its worker', async (database, id) => process.kill(await workerOf(database, id), 'SIGKILL')],
  ['a restart of the server', async () => { await cluster.shutdown(); await cluster.start(); }],
])
  test(`bids and conversations outlive ${how}`, async () => {
    await withDatabase('talks', async (database) => {
      const { id, npcs } = await talkingWorld(database);
      const clock = await clockOf(database, id);
      const made = await cluster.value(database, 'SELECT id FROM npcsim.interaction_bids');
      await end(database, id);
      await worldMoves(database, id, 1, { from: clock, timeout: 30_000 });
      // Di did not answer: the built-in mind does, and says yes.
      const heard = (name, type) => cluster.value(database, `SELECT count(*) FROM npcsim.npc_minds, jsonb_array_elements(events) AS e WHERE npc_id = $1 AND e ->> 'type' = $2`, [npcs[name], type]);
      await waitFor(async () => (await cluster.query(database, 'SELECT FROM npcsim.interaction_bids WHERE id = $1', [made])).length === 0, { timeout: 20_000, what: 'the bid to end' });
      assert.ok(await heard('Cy', 'interaction_started') >= 1);
      assert.equal(await cluster.value(database, `SELECT count(*) FROM npcsim.npc_minds, jsonb_array_elements(events) AS e
        WHERE npc_id = $1 AND e @> jsonb_build_object('type', 'decided_for_you', 'action', 'respond_to_interaction_bid', 'bid_id', $2::bigint, 'accept', true)`, [npcs.Di, String(made)]), 1);
      // With nobody's mind there, and nothing asked any more, Ada and Bo are spoken for.
      await cluster.query(database, 'SELECT npcsim.client_disconnected(id) FROM npcsim.sessions');
      await cluster.query(database, `SELECT npcsim.fail_decisions(array_agg(player_id), array_agg(request_id), array_agg('gone'::text)) FROM npcsim.decision_requests HAVING count(*) > 0`);
      await waitFor(() => cluster.value(database, `SELECT count(DISTINCT npc_id) = 2 FROM npcsim.world_events WHERE kind = 'npc_said' AND npc_id IN ($1, $2) AND clock > $3`, [npcs.Ada, npcs.Bo, clock]),
        { timeout: 20_000, what: 'Ada and Bo to go on talking' });
      await waitFor(() => cluster.value(database, `SELECT count(*) > 0 FROM npcsim.world_events WHERE kind = 'interaction_finished' AND npc_id IN ($1, $2)`, [npcs.Ada, npcs.Bo]),
        { timeout: 30_000, what: 'their conversation to end' });
      await cluster.query(database, 'SELECT npcsim.pause_world($1)', [id]);
      const client = await cluster.connect(database);
      await assertReplays(client, id, how);
      await client.end();
    });
  });

test('DROP EXTENSION with running worlds returns within a second and leaves nothing behind', async () => {
  await withDatabase('dropped', async (database) => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await createWorld(database, `w${i}`, { npcs: 10 }));
    await Promise.all(ids.map((id) => worldMoves(database, id)));
    const client = await cluster.connect(database);

    await client.query('BEGIN');
    await client.query('DROP EXTENSION npcsim');
    await sleep(1200);
    assert.equal(await workersIn(database), 0, 'workers stay away while the transaction is open');
    await client.query('ROLLBACK');
    await worldMoves(database, ids[0], 0.3, { timeout: 15_000 });

    const began = Date.now();
    await client.query('DROP EXTENSION npcsim');
    const took = Date.now() - began;
    assert.ok(took < 1000, `DROP EXTENSION took ${took} ms`);
    assert.equal((await client.query(`SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = 'npcsim'`)).rows[0].n, 0);
    assert.equal((await client.query(`SELECT count(*)::int AS n FROM pg_proc WHERE probin LIKE '%npcsim%'`)).rows[0].n, 0);
    await sleep(500);
    assert.equal(await workersIn(database), 0);
    // and it can be there again, with nothing of its former life
    await client.query('CREATE EXTENSION npcsim');
    await client.end();
    await cluster.runFile(database, join(process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..'), 'docs', 'roles.sql'));
    const id = await createWorld(database, 'again', { npcs: 5 });
    assert.ok((await clockOf(database, id)) < 1, 'the new world begins at 0');
    await worldMoves(database, id);
  });
});

test('DROP EXTENSION postgis CASCADE takes running worlds along', async () => {
  await withDatabase('cascaded', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 10 });
    await worldMoves(database, id);
    const began = Date.now();
    await cluster.query(database, 'DROP EXTENSION postgis CASCADE');
    assert.ok(Date.now() - began < 3000);
    await sleep(300);
    assert.equal(await workersIn(database), 0);
  });
});

test('DROP DATABASE, CREATE DATABASE … TEMPLATE and RENAME work while worlds run', async () => {
  await cluster.createDatabase('moving');
  const id = await createWorld('moving', 'w', { npcs: 10 });
  await worldMoves('moving', id);

  await cluster.query('postgres', 'CREATE DATABASE copied TEMPLATE moving');
  await worldMoves('moving', id, 0.3, { timeout: 15_000 });
  const copy = (await cluster.query('copied', 'SELECT status, clock FROM npcsim.worlds'))[0];
  assert.equal(copy.status, 'parked');
  await sleep(700);
  assert.equal((await cluster.query('copied', 'SELECT clock FROM npcsim.worlds'))[0].clock, copy.clock, 'the copy stands');
  assert.equal((await cluster.query('copied', 'SELECT count(*)::int AS n FROM npcsim.world_status'))[0].n, 0);

  await cluster.query('postgres', 'ALTER DATABASE moving RENAME TO moved');
  await worldMoves('moved', id, 0.3, { timeout: 15_000 });

  const began = Date.now();
  await cluster.query('postgres', 'DROP DATABASE moved');
  assert.ok(Date.now() - began < 5000);
  await cluster.query('postgres', 'DROP DATABASE copied');
});

test('when workers run out a database says so, and gets one when one is free', async () => {
  const limit = async (workers) => {
    await cluster.query('postgres', `ALTER SYSTEM SET npcsim.max_workers = ${workers}`);
    await cluster.query('postgres', 'SELECT pg_reload_conf()');
  };
  // the command line would win
  await cluster.restart('fast', { 'npcsim.max_workers': undefined });
  await limit(1);
  try {
    await withDatabase('first', async (first) => {
      const served = await createWorld(first, 'w', { npcs: 5 });
      await worldMoves(first, served);
      await withDatabase('second', async (second) => {
        const starved = await createWorld(second, 'w', { npcs: 5 });
        await waitFor(async () => /npcsim\.max_workers/.test((await statusOf(second, starved)).last_error), { what: 'the reason to be shown' });
        await worldMoves(first, served);
        await limit(2);
        await worldMoves(second, starved, 0.3, { from: 0 });
        await limit(0);
        await waitFor(async () => (await workersIn(first)) + (await workersIn(second)) === 0, { what: 'all workers to end' });
        await limit(1);
        await worldMoves(first, served, 0.3, { timeout: 15_000 });
      });
    });
  } finally {
    await limit(6);
  }
});

test('workers share the worlds of a database evenly when their number changes', async () => {
  const perWorker = async (worlds) => {
    await cluster.query('postgres', `ALTER SYSTEM SET npcsim.worlds_per_worker = ${worlds}`);
    await cluster.query('postgres', 'SELECT pg_reload_conf()');
  };
  await withDatabase('shared', async (database) => {
    const ids = [];
    for (let i = 0; i < 8; i++) ids.push(await createWorld(database, `w${i}`, { npcs: i % 2 === 0 ? 5 : 0 }));
    const shares = async () => (await cluster.query(database, `
        SELECT count(*)::int AS n FROM npcsim.world_status WHERE worker_pid IS NOT NULL GROUP BY worker_pid ORDER BY 1`)).map((row) => row.n).join();
    try {
      await waitFor(async () => (await shares()) === '8', { what: 'one worker to serve all' });
      await perWorker(2);
      await waitFor(async () => (await shares()) === '2,2,2,2', { what: 'four workers to share' });
      await Promise.all(ids.map((id) => worldMoves(database, id)));
      await perWorker(32);
      await waitFor(async () => (await shares()) === '8', { what: 'one worker to serve all again' });
      await Promise.all(ids.map((id) => worldMoves(database, id)));
    } finally {
      await perWorker(32);
    }
  });
});

test('cancelling what a worker does ends neither the worker nor its worlds', async () => {
  await withDatabase('cancelled', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 20 });
    const pid = await workerOf(database, id);
    for (let i = 0; i < 20; i++) await cluster.query(database, 'SELECT pg_cancel_backend($1)', [pid]);
    await worldMoves(database, id, 0.5, { timeout: 20_000 });
    assert.equal(await workerOf(database, id), pid);
  });
});

test('a world beyond npcsim.max_worlds waits, says why, and runs when there is room', async () => {
  await cluster.restart('fast', { 'npcsim.max_worlds': 2 });
  try {
    await withDatabase('crowded', async (database) => {
      const ids = [];
      for (let i = 0; i < 3; i++) ids.push(await createWorld(database, `w${i}`));
      const waiting = await waitFor(async () => {
        const rows = await cluster.query(database, 'SELECT * FROM npcsim.world_status WHERE worker_pid IS NULL');
        return rows.length === 1 && /npcsim\.max_worlds/.test(rows[0].last_error) && rows[0].world_id;
      }, { what: 'one world to wait' });
      await cluster.query(database, 'SELECT npcsim.pause_world($1)', [ids.find((id) => id !== waiting)]);
      await worldMoves(database, waiting, 0.3, { from: 0 });
    });
  } finally {
    await cluster.restart('fast', { 'npcsim.max_worlds': undefined });
  }
});

test('nothing runs on a standby, and everything after its promotion', async () => {
  await withDatabase('replicated', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 5 });
    await worldMoves(database, id);
    const standby = await cluster.standby();
    try {
      const clock = await standby.value(database, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [id]);
      await sleep(1000);
      assert.equal(await standby.value('postgres', `SELECT count(*)::int FROM pg_stat_activity WHERE backend_type LIKE 'npcsim%'`), 0);
      await standby.query('postgres', 'SELECT pg_promote()');
      await waitFor(async () => (await standby.value(database, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [id])) > clock + 1, { timeout: 20_000, what: 'the promoted world to move' });
    } finally {
      await standby.stop();
    }
  });
});

test('who may not drop the extension does not stop its workers by trying', async () => {
  await withDatabase('guarded', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 5 });
    const pid = await workerOf(database, id);
    await cluster.query(database, 'CREATE ROLE meddler LOGIN');
    try {
      const meddler = await cluster.connect(database, { user: 'meddler' });
      await assert.rejects(meddler.query('DROP EXTENSION npcsim'), /must be owner/);
      await assert.rejects(meddler.query('DROP EXTENSION postgis CASCADE'), /must be owner/);
      await assert.rejects(meddler.query('DROP DATABASE guarded'), /must be owner|currently open/);
      await assert.rejects(meddler.query('ALTER EXTENSION npcsim UPDATE'), /must be owner/);
      await meddler.query('DROP OWNED BY meddler');
      await meddler.end();
      await sleep(200);
      assert.equal((await statusOf(database, id)).worker_pid, pid);
    } finally {
      await cluster.query(database, 'DROP ROLE meddler');
    }
  });
});

test('a held world says who blocks it, others run on, and it continues afterwards', { timeout: (HOLD_SECONDS + 60) * 1000 }, async () => {
  await withDatabase('held', async (database) => {
    const held = await createWorld(database, 'held', { npcs: 10 });
    const others = [await createWorld(database, 'other', { npcs: 10 }), await createWorld(database, 'still')];
    await Promise.all([held, ...others].map((id) => worldMoves(database, id)));
    const operator = await cluster.connect(database);
    const operatorPid = (await operator.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    await operator.query('BEGIN');
    await operator.query('UPDATE npcsim.npcs SET hunger = 50 WHERE world_id = $1 AND id = (SELECT min(id) FROM npcsim.npcs WHERE world_id = $1)', [held]);
    const since = Date.now();
    const before = await clockOf(database, held);
    const others_before = await Promise.all(others.map((id) => clockOf(database, id)));
    const late_before = (await Promise.all(others.map((id) => statusOf(database, id)))).map((status) => status.late_ticks);
    await waitFor(async () => (await statusOf(database, held)).blocked_by_pid === operatorPid, { what: 'world_status to name the operator' });
    await sleep(HOLD_SECONDS * 1000);
    assert.equal((await statusOf(database, held)).blocked_by_pid, operatorPid);
    assert.ok((await clockOf(database, held)) - before < 0.2, 'the held world stands');
    const real = (Date.now() - since) / 1000;
    for (const [i, id] of others.entries()) {
      const moved = (await clockOf(database, id)) - others_before[i];
      assert.ok(moved > real - 1 && moved < real + 1, `world ${id} moved ${moved} s in ${real} s`);
      const late = (await statusOf(database, id)).late_ticks - late_before[i];
      assert.ok(late <= 2 + HOLD_SECONDS / 10, `others are not late, but for what the machine does: ${late} ticks in ${real} s`);
    }
    await operator.query('COMMIT');
    await operator.end();
    // the missed ticks are run, and counted as late
    await waitFor(async () => (await clockOf(database, held)) - before > (Date.now() - since) / 1000 - 0.5, { what: 'the held world to catch up' });
    const status = await statusOf(database, held);
    assert.equal(status.blocked_by_pid, null);
    assert.ok(status.late_ticks >= HOLD_SECONDS * 10 - 5, `${status.late_ticks} late ticks`);
  });
});

test('a world whose ticks fail backs off alone, says why, and recovers', async () => {
  await withDatabase('failing', async (database) => {
    const bad = await createWorld(database, 'bad', { npcs: 10 });
    const good = await createWorld(database, 'good', { npcs: 10 });
    await Promise.all([worldMoves(database, bad), worldMoves(database, good)]);
    await cluster.query(database, `
      CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoiled milk'; END $$;
      CREATE TRIGGER zz_spoil BEFORE UPDATE ON npcsim.npc_states FOR EACH ROW WHEN (NEW.world_id = ${bad}) EXECUTE FUNCTION public.spoil()`);
    await waitFor(async () => (await statusOf(database, bad)).last_error === 'spoiled milk', { what: 'the error to be shown' });
    const from = await clockOf(database, good);
    await sleep(3000);
    const moved = (await clockOf(database, good)) - from;
    assert.ok(moved > 2.5, `the other world moved ${moved} s`);
    const log = await cluster.log();
    assert.equal(log.match(/a tick of world \d+ failed: spoiled milk/g).length, 1, 'logged once');
    await cluster.query(database, 'DROP TRIGGER zz_spoil ON npcsim.npc_states');
    await worldMoves(database, bad, 0.3, { timeout: 20_000 });
  });
});

test('gateways are woken by what ticks and others change', async () => {
  await withDatabase('woken', async (database) => {
    const client = await cluster.connect(database);
    const heard = [];
    client.on('notification', (message) => heard.push(message));
    await client.query('LISTEN npcsim_world');
    const id = await createWorld(database, 'w');
    await waitFor(() => heard.some((message) => message.payload.startsWith(`${id}:`)), { what: 'word of the started world' });
    await workerOf(database, id);
    await sleep(300);
    heard.length = 0;
    await cluster.query(database, 'SELECT npcsim.create_npc($1, $2, 3, 3)', [id, 'Ada']);
    const revision = await cluster.value(database, 'SELECT revision FROM npcsim.worlds WHERE id = $1', [id]);
    await waitFor(() => heard.some((message) => Number(message.payload.split(':')[1]) >= revision - 1), { what: 'word of the new NPC' });
    // a worker may end between a commit and its notification: the next one tells when it comes
    await sleep(300);
    heard.length = 0;
    await cluster.query(database, 'SELECT pg_terminate_backend(worker_pid) FROM npcsim.world_status');
    await waitFor(() => heard.some((message) => message.payload.startsWith(`${id}:`)), { what: 'word of the new worker' });
    await client.end();
  });
});

// The worker that looks at a new database prunes, too: it has come and gone.
const VISITORS = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE 'npcsim%'";
async function visitorGone(client) {
  await sleep(2500);
  await waitFor(async () => (await client.query(VISITORS)).rows[0].n === 0, { what: 'the visiting worker to leave' });
}

test('prune_logs empties the segment that comes next and no other, and never waits', async () => {
  await withDatabase('pruned', async (database) => {
    const client = await cluster.connect(database);
    await visitorGone(client);
    // not across the turn of a minute
    const second = new Date().getUTCSeconds();
    if (second > 50) await sleep((61 - second) * 1000);
    await client.query('INSERT INTO npcsim.change_log SELECT s, 1, 1, s, ARRAY[]::bigint[] FROM generate_series(0, 5) s');
    const now = (await client.query('SELECT (floor(extract(epoch FROM clock_timestamp()) / 60)::bigint % 6)::int AS segment')).rows[0].segment;
    const next = (now + 1) % 6;
    const segments = async () => (await client.query('SELECT DISTINCT segment FROM npcsim.change_log ORDER BY 1')).rows.map((row) => row.segment);

    const reader = await cluster.connect(database);
    await reader.query(`BEGIN; SELECT count(*) FROM npcsim.change_log`);
    const began = Date.now();
    assert.equal((await client.query('SELECT npcsim.prune_logs() AS n')).rows[0].n, 0, 'somebody reads');
    assert.ok(Date.now() - began < 500);
    await reader.query('COMMIT');
    assert.equal((await client.query('SELECT npcsim.prune_logs() AS n')).rows[0].n, 1);
    assert.deepEqual(await segments(), [0, 1, 2, 3, 4, 5].filter((segment) => segment !== next));

    await client.query(`INSERT INTO npcsim.decision_log (day, world_id, request_id, npc_id, reason, status, clock, opened_at_real)
        SELECT d, 1, d, 1, 'test', 'applied', 0, now() FROM generate_series(0, 31) d`);
    await client.query('SELECT npcsim.prune_logs()');
    const days = (await client.query('SELECT DISTINCT day FROM npcsim.decision_log')).rows.map((row) => row.day);
    const today = Math.floor(Date.now() / 86_400_000) % 32;
    const kept = Array.from({ length: 14 }, (_, age) => (today - age + 32) % 32);
    assert.deepEqual(days.sort((a, b) => a - b), kept.sort((a, b) => a - b));
    await reader.end();
    await client.end();
  });
});

test('world events are kept for the hours that the setting says, and within the size', async () => {
  await withDatabase('forgetful', async (database) => {
    const client = await cluster.connect(database);
    await visitorGone(client);
    const setting = async (name) => (await client.query(`SELECT setting FROM pg_settings WHERE name = 'npcsim.${name}'`)).rows[0].setting;
    const set = async (name, value) => {
      await client.query(`ALTER SYSTEM SET npcsim.${name} = ${value}`);
      await client.query('SELECT pg_reload_conf()');
      await waitFor(async () => (await setting(name)) === `${value}`, { what: name });
    };
    const prune = () => client.query('SELECT npcsim.prune_logs()');
    const known = async () => (await client.query('SELECT segment FROM npcsim.world_event_segments ORDER BY begun_at_real')).rows.map((row) => row.segment);
    const kept = async () => (await client.query('SELECT DISTINCT segment FROM npcsim.world_event_log ORDER BY 1')).rows.map((row) => row.segment);
    const bytes = async () => Number((await client.query(`SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relname ~ '^world_event_log_' AND relkind = 'r' AND pg_relation_size(oid) > 0`)).rows[0].bytes);
    let filled = 0; // no two with one number
    const fill = (segments, rows) => client.query(`INSERT INTO npcsim.world_event_log (segment, messages, world_id, first_sequence, last_sequence, revision, clock, kinds, after, npc_ids)
        SELECT s, 0, 77, n, n, 1, 0, array_fill(3::smallint, '{50}'), array_fill(0, '{50}'), array_fill(1::bigint, '{50}')
          FROM unnest($1::int[]) AS s, generate_series($2::int + 1, $3) AS n`, [segments, filled, filled += rows]);
    const span = (from, to) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
    try {
      // 20 segments in the ring, across its seam; the present one, 12, is a minute old
      const ring = [...span(25, 31), ...span(0, 12)];
      await fill(ring, 1);
      await client.query('DELETE FROM npcsim.world_event_segments');
      await client.query(`INSERT INTO npcsim.world_event_segments
          SELECT s, now() - (20 - n) * interval '90 min' - interval '1 min' FROM unnest($1::int[]) WITH ORDINALITY AS u (s, n)`, [ring]);
      await prune();
      assert.deepEqual(await known(), ring.slice(3), 'a day, and a sixteenth more');
      assert.deepEqual(await kept(), ring.slice(3).sort((a, b) => a - b));

      // one that somebody reads is emptied later
      await set('world_event_hours', 12);
      const reader = await cluster.connect(database);
      await reader.query(`BEGIN; SELECT count(*) FROM npcsim.world_event_log_${ring[3]}`);
      await prune();
      assert.deepEqual(await known(), [ring[3], ...ring.slice(11)]);
      await reader.query('COMMIT');
      await reader.end();
      await prune();
      assert.deepEqual(await known(), ring.slice(11), 'half a day, and a sixteenth more');

      // the ring turns when the present one is old enough, or large enough
      await client.query(`UPDATE npcsim.world_event_segments SET begun_at_real = begun_at_real - interval '44 min' WHERE segment = 12`);
      await prune();
      assert.deepEqual(await known(), [...ring.slice(11), 13]);
      await prune();
      assert.deepEqual(await known(), [...ring.slice(11), 13], 'and not on, as long as nothing is written');
      await set('world_event_size', 16);
      await fill([13], 3000);
      await prune();
      assert.deepEqual(await known(), [...ring.slice(11), 13, 14]);

      // what is larger than it is to be loses its oldest
      await fill(span(5, 12), 3000);
      assert.ok(await bytes() > 16 * 1024 * 1024, `${await bytes()} bytes`);
      await prune();
      assert.ok(await bytes() <= 14 * 1024 * 1024, `${await bytes()} bytes are kept`);
      const newest = await known();
      assert.ok(newest.length >= 4 && newest.length <= 9, `${newest}`);
      assert.deepEqual(newest, span(15 - newest.length, 14));
      await prune();
      assert.deepEqual(await known(), newest, 'once');

      // as after a restore: what is of unknown age is older than the present one, and kept from then on
      await client.query('DELETE FROM npcsim.world_event_segments WHERE segment < 12');
      await prune();
      assert.equal((await known()).at(-1), 14);
      assert.deepEqual((await known()).sort((a, b) => a - b), newest);

      // worlds write to the present one, and tell what was written before, too
      const id = await createWorld(database, 'w', { npcs: 3, running: false });
      const revision = await client.query('SELECT revision FROM npcsim.worlds');
      assert.deepEqual((await client.query('SELECT DISTINCT segment FROM npcsim.world_event_log WHERE world_id = $1', [id])).rows, [{ segment: 14 }]);
      await fill([14], 3000);
      await prune();
      assert.equal((await known()).at(-1), 15);
      await cluster.query(database, 'SELECT npcsim.tick_world($1, 30)', [id]);
      assert.deepEqual((await client.query('SELECT DISTINCT segment FROM npcsim.world_event_log WHERE world_id = $1 ORDER BY 1', [id])).rows, [{ segment: 14 }, { segment: 15 }]);
      const told = (await client.query('SELECT npcsim.world_delta($1, 1) AS delta', [id])).rows[0].delta.world_events.append;
      const { rows } = await client.query(`SELECT sequence FROM npcsim.world_events WHERE world_id = $1 AND kind NOT IN ('chat', 'npc_said') ORDER BY 1`, [id]);
      assert.deepEqual(told.map((event) => event.sequence), rows.map((row) => row.sequence));
      assert.ok(told.some((event) => event.revision > revision.rows[0].revision), 'of both segments');
    } finally {
      for (const name of ['world_event_hours', 'world_event_size']) await client.query(`ALTER SYSTEM RESET npcsim.${name}`);
      await client.query('SELECT pg_reload_conf()');
    }
    await client.end();
  });
});

test('a dump restored elsewhere is parked until it is adopted, and then runs on from the same rows', async () => {
  await withDatabase('origin', async (database) => {
    const id = await createWorld(database, 'w', { npcs: 10 });
    await worldMoves(database, id, 1);
    const [owner] = await cluster.query(database, `SELECT player_id FROM npcsim.create_player($1, 'owner', 'operator')`, [id]);
    await cluster.query(database, 'UPDATE npcsim.worlds SET owner_player_id = $2 WHERE id = $1', [id, owner.player_id]);
    await cluster.query(database, 'SELECT npcsim.pause_world($1)', [id]);
    const env = { ...process.env, ...cluster.env };
    const file = join(process.env.TMPDIR ?? '/tmp', `npcsim-dump-${process.pid}.sql`);
    await cluster.query('postgres', 'CREATE DATABASE restored');
    try {
      await execute('pg_dump', ['-d', database, '-f', file], { env });
      await execute('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'restored', '-f', file], { env });
      const rows = 'SELECT n.*, w.clock, w.owner_player_id FROM npcsim.npcs n JOIN npcsim.worlds w ON w.id = n.world_id ORDER BY n.id';
      assert.equal(await cluster.value('restored', 'SELECT status FROM npcsim.worlds'), 'parked');
      await cluster.query('restored', 'SELECT npcsim.adopt_worlds()');
      assert.deepEqual(await cluster.query('restored', rows), await cluster.query(database, rows));
      await cluster.query('restored', 'SELECT npcsim.start_world($1)', [id]);
      await worldMoves('restored', id, 0.5, { timeout: 15_000 });
      assert.equal(await cluster.value('restored', 'SELECT owner_player_id FROM npcsim.worlds'), owner.player_id);
    } finally {
      await execute('rm', ['-f', file]);
      await cluster.query('postgres', 'DROP DATABASE restored WITH (FORCE)');
    }
  });
});

test('100 worlds of 100 NPCs run at default max_worker_processes', { timeout: 180_000 }, async () => {
  const many = await startCluster();
  try {
    await many.createDatabase('many');
    const client = await many.connect('many');
    for (let i = 0; i < 100; i++) {
      await client.query(`SELECT npcsim.create_world($1, 48, 48, $2, preset => 'reference')`, [`w${i}`, i]);
    }
    await client.query('SELECT npcsim.populate_world(id, 100) FROM npcsim.worlds ORDER BY id');
    await client.query('SELECT npcsim.start_world(id) FROM npcsim.worlds ORDER BY id');
    await waitFor(async () => (await client.query('SELECT count(*)::int AS n FROM npcsim.world_status WHERE ticks > 10')).rows[0].n === 100, { timeout: 60_000, what: 'all worlds to tick' });
    const { pids, least, most } = (await client.query(`
        SELECT count(*)::int AS pids, min(n)::int AS least, max(n)::int AS most
          FROM (SELECT count(*) AS n FROM npcsim.world_status GROUP BY worker_pid) AS w`)).rows[0];
    assert.ok(pids <= 4, `${pids} workers`);
    assert.ok(most - least <= 1, `workers serve ${least} to ${most} worlds`);
    const before = (await client.query('SELECT sum(clock) AS clock, clock_timestamp() AS real FROM npcsim.worlds')).rows[0];
    await sleep(5000);
    const then = (await client.query('SELECT sum(clock) AS clock, clock_timestamp() AS real FROM npcsim.worlds')).rows[0];
    const pace = (then.clock - before.clock) / 100 / ((then.real - before.real) / 1000);
    assert.ok(pace > 0.9 && pace < 1.1, `worlds run at ${pace} of real time`);
    assert.equal((await client.query('SELECT count(*)::int AS n FROM npcsim.world_status WHERE last_error IS NOT NULL')).rows[0].n, 0);
    await client.end();
  } finally {
    await many.stop();
  }
});
