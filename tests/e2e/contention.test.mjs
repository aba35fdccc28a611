// Tests everybody at once on one running world: its worker, minds that answer (some twice), operators who edit many rows,
// roll a part back and hold the world for a moment. There is no deadlock, no edit is lost, no answer counts twice, and the
// world stays sound, so that another session can go on with it.
//
// Runs alone: it takes the whole machine.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sleep, startCluster, waitFor } from './lib/cluster.mjs';

const SECONDS = Number(process.env.NPCSIM_CONTENTION_SECONDS ?? 12);

// What a client is told to try again.
const TRY_AGAIN = new Set(['40001', '55P03']);

// What must hold at every moment; what does not.
const UNSOUND = `
  SELECT 'item ' || i.id || ' is occupied without an interaction' AS what FROM npcsim.items i
   WHERE i.occupied_by_npc_id IS NOT NULL AND NOT EXISTS
         (SELECT FROM npcsim.interaction_runs u WHERE u.target_id = i.id AND u.participants[1] = i.occupied_by_npc_id)
  UNION ALL
  SELECT 'interaction ' || u.id || ' is not its item''s' FROM npcsim.interactions u
   WHERE u.target_type = 'item' AND NOT EXISTS
         (SELECT FROM npcsim.items i WHERE i.id = u.target_id AND i.occupied_by_npc_id = u.participants[1])
  UNION ALL
  SELECT 'conversation ' || u.id || ' of ' || cardinality(u.participants) FROM npcsim.interactions u
   WHERE u.interaction_type = 'conversation' AND cardinality(u.participants) NOT BETWEEN 2 AND 10
  UNION ALL
  SELECT 'NPC ' || p || ' is not in interaction ' || u.id FROM npcsim.interaction_runs u, unnest(u.participants) AS p
   WHERE NOT EXISTS (SELECT FROM npcsim.npc_states s WHERE s.npc_id = p AND s.interaction_id = u.id AND s.state = 3)
  UNION ALL
  SELECT 'NPC ' || s.npc_id || ' and its interaction differ' FROM npcsim.npc_states s
   WHERE (s.state = 3) <> (s.interaction_id IS NOT NULL) OR s.interaction_id IS NOT NULL AND NOT EXISTS
         (SELECT FROM npcsim.interaction_runs u WHERE u.id = s.interaction_id AND s.npc_id = ANY (u.participants))
  UNION ALL
  SELECT 'item ' || i.id || ' both is there and waits to come back' FROM npcsim.items i JOIN npcsim.item_respawns r USING (world_id, id)
  UNION ALL
  SELECT 'request ' || request_id || ' was answered ' || count(*) || ' times' FROM npcsim.decision_log GROUP BY request_id HAVING count(*) > 1`;

let cluster;
let world;

before(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('crowd');
  world = await cluster.value('crowd', `SELECT npcsim.create_world('Crowd', 64, 48, 3, preset => 'reference')`);
  await cluster.query('crowd', 'SELECT npcsim.populate_world($1, 60)', [world]);
  await cluster.query('crowd', `SELECT npcsim.set_decision_policy($1, 'interval')`, [world]);
  await cluster.query('crowd', 'SELECT npcsim.set_world_speed($1, 10)', [world]);
});

after(async () => {
  await cluster?.stop();
});

test('ticks, minds and operators at once', { timeout: (SECONDS + 60) * 1000 }, async () => {
  const player = await cluster.value('crowd', `SELECT player_id FROM npcsim.create_player($1, 'maud')`, [world]);
  await cluster.query('crowd', 'SELECT npcsim.assign_npc_to_player($1, id, $2) FROM npcsim.npcs WHERE id % 2 = 0', [world, player]);
  await cluster.query('crowd', `SELECT npcsim.register_gateway('g')`);
  const session = (await cluster.value('crowd', `SELECT npcsim.client_connected('g', $1, $2, 'compute')`, [player, world])).session_id;
  await cluster.query('crowd', `SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 64}')`, [player]);
  await cluster.query('crowd', 'SELECT npcsim.start_world($1)', [world]);
  const marked = (await cluster.query('crowd', 'SELECT id FROM npcsim.npcs ORDER BY id LIMIT 12')).map(({ id }) => id);
  await cluster.query('crowd', `UPDATE npcsim.npcs SET traits = '{0}' WHERE id = ANY ($1)`, [marked]);

  const end = Date.now() + SECONDS * 1000;
  const done = { answers: 0, duplicates: 0, marks: 0, edits: 0, refused: 0 };
  const unexpected = [];

  // Repeats an action on a connection of its own; what may be tried again is.
  async function repeat(name, pause, action) {
    const client = await cluster.connect('crowd', { name });
    while (Date.now() < end) {
      try {
        await action(client);
      } catch (error) {
        await client.query('ROLLBACK');
        if (TRY_AGAIN.has(error.code)) done.refused++;
        else unexpected.push(`${name}: ${error.code} ${error.message}`);
      }
      await sleep(Math.random() * pause);
    }
    await client.end();
  }

  const asked = [];
  const claim = async (client) => {
    const { rows } = await client.query(`SELECT request_id, npc_id FROM npcsim.claim_decisions('g', ARRAY[$1::bigint], '{16}')`, [session]);
    asked.push(...rows.map((row) => ({ ...row, left: 2 })));
  };
  const actions = ['wander', 'continue', 'move_to', 'wait'];
  const answer = async (client) => {
    const batch = asked.slice(0, 20);
    if (batch.length === 0) return;
    const decisions = batch.map(({ request_id }) => JSON.stringify({
      request_id, action: actions[request_id % actions.length], x: request_id % 64, y: request_id % 48, duration: 1, then: [{ action: 'wander' }],
    }));
    const { rows } = await client.query('SELECT result FROM npcsim.submit_npc_decisions($1, $2)', [batch.map(() => player), decisions]);
    // each request is answered by both minds
    for (const request of batch) request.left--;
    while (asked.length > 0 && asked[0].left <= 0) asked.shift();
    for (const { result } of rows) {
      if (result.status === 'duplicate') done.duplicates++;
      else done.answers++;
    }
  };
  // Adds one to the mark of some NPCs; what is rolled back to the savepoint adds nothing.
  const mark = async (client) => {
    await client.query('BEGIN');
    await client.query('SAVEPOINT before');
    await client.query(`UPDATE npcsim.npcs SET traits = ARRAY[(traits[1]::int + 100)::text], hunger = 50 WHERE id = ANY ($1)`, [marked]);
    await client.query('ROLLBACK TO before');
    const { rowCount } = await client.query('UPDATE npcsim.npcs SET traits = ARRAY[(traits[1]::int + 1)::text] WHERE id = ANY ($1)', [marked]);
    await client.query('COMMIT');
    done.marks += rowCount;
  };
  const hold = async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT npcsim.lock_world($1)', [world]);
    await client.query('UPDATE npcsim.npcs SET energy = least(energy + 5, 100) WHERE id % 3 = 1');
    await sleep(30);
    await client.query(`UPDATE npcsim.world_items SET properties = properties || '{"seen": true}' WHERE id % 2 = 0`);
    await client.query('COMMIT');
    done.edits++;
  };
  const edit = async (client) => {
    await client.query('UPDATE npcsim.npcs SET fun = greatest(fun - 1, 0)');
    await client.query(`DELETE FROM npcsim.world_items WHERE id = (SELECT max(id) FROM npcsim.world_items WHERE item_type = 'apple')`);
    await client.query(`SELECT npcsim.create_item($1, 'apple', x, y) FROM (SELECT (random() * 63)::int AS x, (random() * 47)::int AS y) AS cell
                         WHERE NOT EXISTS (SELECT FROM npcsim.world_items i WHERE i.position_x = x AND i.position_y = y)`, [world]).catch((error) => {
      if (error.code !== 'NS211') throw error; // somebody stands there
    });
    done.edits++;
  };

  await Promise.all([
    repeat('claim 1', 60, claim), repeat('claim 2', 60, claim), repeat('mind 1', 60, answer), repeat('mind 2', 60, answer),
    repeat('mark 1', 80, mark), repeat('mark 2', 80, mark), repeat('hold', 400, hold), repeat('edit', 150, edit),
  ]);

  assert.deepEqual(unexpected, [], 'nothing but conflicts is refused');
  assert.ok(done.answers > 20 && done.duplicates > 20 && done.marks > 100 && done.edits > 10, JSON.stringify(done));
  const [status] = await cluster.query('crowd', 'SELECT last_error, ticks FROM npcsim.world_status WHERE world_id = $1', [world]);
  assert.equal(status.last_error, null);
  assert.doesNotMatch(await cluster.log(), /deadlock detected/);
  const clock = await cluster.value('crowd', 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);
  await waitFor(async () => (await cluster.value('crowd', 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world])) > clock + 2, { what: 'the world to live on' });
  assert.ok(status.ticks > SECONDS * 50, `${status.ticks} ticks: the world was held up`);
  assert.equal(await cluster.value('crowd', 'SELECT sum(traits[1]::int) FROM npcsim.npcs WHERE id = ANY ($1)', [marked]), done.marks, 'every edit that was acknowledged is there, once');
  assert.deepEqual(await cluster.query('crowd', UNSOUND), []);

  await cluster.query('crowd', 'SELECT npcsim.pause_world($1)', [world]);
  await cluster.query('crowd', 'SELECT npcsim.tick_world($1, 30)', [world]);
  assert.deepEqual(await cluster.query('crowd', UNSOUND), [], 'nor later');
});
