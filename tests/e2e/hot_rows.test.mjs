// Tests the rows that are written all the time: they stay in their pages, are found again wherever they went, and are written
// as by any UPDATE.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startCluster, waitFor } from './lib/cluster.mjs';

const NPCS = 60;

let cluster;
let client;
let world;

before(async () => {
  // Nobody but the writers themselves makes room.
  cluster = await startCluster({ settings: { autovacuum: 'off' } });
  await cluster.createDatabase('hot');
  client = await cluster.connect('hot');
  world = await cluster.value('hot', 'SELECT npcsim.create_world(\'Hot\', 40, 40, 11, preset => \'reference\')');
  await client.query('SELECT npcsim.populate_world($1, $2)', [world, NPCS]);
});

after(async () => {
  await client?.end();
  await cluster?.stop();
});

// Each a transaction.
async function run(ticks, connection = client) {
  for (let tick = 0; tick < ticks; tick++) await connection.query('SELECT npcsim.tick_world($1, 0.1)', [world]);
}

// Updates of a table so far, and how many of them made no new index entries.
async function updates(table) {
  const { rows: [row] } = await client.query('SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relid = $1::regclass', [table]);
  return row;
}

test('the states of NPCs never leave their pages, the places of most legs in the index serve again', async () => {
  const size = () => client.query('SELECT pg_relation_size(\'npcsim.npc_states\') AS size').then(({ rows }) => rows[0].size);
  await run(300);
  const begun = await size();
  await run(900);
  await client.query('SELECT pg_stat_force_next_flush()');
  // the statistics are reported by the transaction after
  const states = await waitFor(async () => {
    const row = await updates('npcsim.npc_states');
    return row.all > 1000 && row;
  }, { what: 'statistics' });
  assert.equal(states.hot, states.all, 'every update of a state is HOT');
  assert.equal(await size(), begun, 'and the table does not grow');
  const tracks = await updates('npcsim.npc_tracks');
  assert.ok(tracks.hot > 0.3 * tracks.all, `${tracks.hot} of ${tracks.all} updates of tracks are HOT`);
});

test('rows that were moved are found by their keys', async () => {
  await client.query('VACUUM FULL npcsim.npc_states');
  await client.query('VACUUM FULL npcsim.npc_tracks');
  await client.query('VACUUM FULL npcsim.items');
  await run(100);
  const other = await cluster.connect('hot');
  try {
    await run(20, other); // reads the world itself
    await run(20);
    // whose image lives on, meets rows that another session wrote
    await run(20, other);
  } finally {
    await other.end();
  }
  const { rows: [counts] } = await client.query('SELECT (SELECT count(*) FROM npcsim.npc_states) AS states, (SELECT count(*) FROM npcsim.npc_tracks) AS tracks');
  assert.deepEqual(counts, { states: NPCS, tracks: NPCS });
});

test('a row that is gone is noticed', async () => {
  await client.query('ALTER TABLE npcsim.npc_states DISABLE TRIGGER USER');
  const { rows: [gone] } = await client.query('DELETE FROM npcsim.npc_states WHERE npc_id = (SELECT min(npc_id) FROM npcsim.npc_states) RETURNING *');
  await client.query('SELECT npcsim.guard_tables()');
  await assert.rejects(run(100), { code: 'XX001', message: 'the image of a world does not match its tables' });
  await client.query('ALTER TABLE npcsim.npc_states DISABLE TRIGGER USER');
  const columns = Object.keys(gone);
  await client.query(`INSERT INTO npcsim.npc_states (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`, columns.map((column) => gone[column]));
  await client.query('SELECT npcsim.guard_tables()');
  await run(10);
});

test('triggers and constraints of operators are looked after', async () => {
  await client.query(`
    CREATE TABLE public.watched (id integer GENERATED ALWAYS AS IDENTITY, npc_id bigint, before integer, after integer);
    CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.state IS DISTINCT FROM NEW.state THEN
        INSERT INTO public.watched (npc_id, before, after) VALUES (NEW.npc_id, OLD.state, NEW.state);
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER UPDATE ON npcsim.npc_states FOR EACH ROW EXECUTE FUNCTION public.watch();`);
  const states = async () => new Map((await client.query('SELECT npc_id, state FROM npcsim.npc_states')).rows.map((row) => [row.npc_id, row.state]));
  const present = await states();
  await run(50);
  const { rows } = await client.query('SELECT * FROM public.watched ORDER BY id');
  assert.ok(rows.length > 0, 'the trigger fired');
  for (const row of rows) {
    assert.equal(row.before, present.get(row.npc_id), 'with the row as it was');
    present.set(row.npc_id, row.after);
  }
  assert.deepEqual(present, await states(), 'and as it is');

  await client.query('DROP TRIGGER watch ON npcsim.npc_states');
  await client.query('ALTER TABLE npcsim.npc_states ADD CONSTRAINT nobody_walks CHECK (state NOT IN (1, 4)) NOT VALID');
  await assert.rejects(run(100), { code: '23514', constraint: 'nobody_walks' });
  await client.query('ALTER TABLE npcsim.npc_states DROP CONSTRAINT nobody_walks');
  await run(10);
});
