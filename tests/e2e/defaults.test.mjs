// Tests forty settings that a database or a role may have: under each a world is made, a mind decides, a player calls, an
// operator edits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startCluster } from './lib/cluster.mjs';

// What the session itself refuses is PostgreSQL's doing, or said in a sentence; the gateway and workers, which pin what they need, work
// under these, too (gateway_database.test.mjs).
const REFUSED = {
  default_transaction_read_only: '25006',
  default_transaction_isolation: '0A000',
};
const SETTINGS = Object.entries({
  search_path: 'pg_temp', DateStyle: 'German, DMY', IntervalStyle: 'iso_8601', TimeZone: 'Pacific/Apia', timezone_abbreviations: 'India',
  default_transaction_isolation: 'serializable', default_transaction_read_only: 'on', default_transaction_deferrable: 'on',
  statement_timeout: '1min', lock_timeout: '30s', idle_in_transaction_session_timeout: '20s', idle_session_timeout: '1min',
  extra_float_digits: '-15', bytea_output: 'escape', standard_conforming_strings: 'off', escape_string_warning: 'off', backslash_quote: 'on',
  array_nulls: 'off', transform_null_equals: 'on', row_security: 'off', quote_all_identifiers: 'on', lc_messages: 'C', lc_numeric: 'C.UTF-8', lc_monetary: 'C',
  client_encoding: 'LATIN1', client_min_messages: 'error', default_table_access_method: 'heap', default_toast_compression: 'pglz', check_function_bodies: 'off',
  synchronous_commit: 'off', plan_cache_mode: 'force_custom_plan', jit: 'on', jit_above_cost: '0', max_parallel_workers_per_gather: '4',
  enable_seqscan: 'off', enable_indexscan: 'off', enable_nestloop: 'off', from_collapse_limit: '1', join_collapse_limit: '1',
  work_mem: '64kB', temp_buffers: '800kB', xmloption: 'document', vacuum_cost_delay: '10', track_functions: 'all',
});

let cluster;

before(async () => {
  cluster = await startCluster();
  await cluster.createDatabase('defaults');
  await cluster.query('defaults', 'CREATE ROLE somebody LOGIN; GRANT npcsim_operator TO somebody');
});

after(() => cluster?.stop());

// All that a session does; the rows that came of it.
async function live(user) {
  const client = await cluster.connect('defaults', { user });
  const as = async (sql, parameters) => Object.values((await client.query(sql, parameters)).rows[0] ?? {})[0];
  try {
    const world = await as(`SELECT npcsim.create_world('Odd', 24, 16, 5, preset => 'reference')`);
    await as('SELECT npcsim.populate_world($1, 6)', [world]);
    const [{ player_id: player }] = (await client.query(`SELECT * FROM npcsim.create_player($1, 'ada')`, [world])).rows;
    const npc = await as('SELECT min(id) FROM npcsim.npcs WHERE world_id = $1', [world]);
    await as('UPDATE npcsim.npcs SET hunger = 12.345678, traits = $3, controller_player_id = $4 WHERE world_id = $1 AND id = $2', [world, npc, ['shy', 'O\'Neill \\ "q"'], player]);
    await as('INSERT INTO npcsim.item_types (world_id, name, components) VALUES ($1, $2, $3)', [world, 'stool', { sittable: { need_rates: { energy: 1.5 } } }]);
    const request = await as('SELECT npcsim.request_npc_decision($1, $2)', [world, npc]);
    const decided = await as('SELECT npcsim.submit_npc_decision($1, $2)', [player, { request_id: request, action: 'wait', parameters: { duration: 1.5 } }]);
    await as('SELECT npcsim.tick_world($1, 7.3)', [world]);
    await as('SELECT npcsim.set_world_speed($1, 1.5)', [world]);
    const observed = await as('SELECT npcsim.observe_npc($1, $2)', [world, npc]);
    const { rows } = await client.query('SELECT relation, key, content::text FROM npcsim.world_rows($1) ORDER BY relation COLLATE "C", key COLLATE "C"', [world]);
    return { world, player, request, decided: decided.status, observed: Object.keys(observed).length, rows };
  } finally {
    await client.end();
  }
}

// A call is the gateway's to make.
async function call(player) {
  const client = await cluster.connect('defaults', { user: 'npcsim_gateway' });
  try {
    return (await client.query('SELECT npcsim.call_reducer($1, $2, $3) AS result', [player, 'send_chat', { text: 'a \\ b \' c' }])).rows[0].result;
  } finally {
    await client.end();
  }
}

const drop = (world) => cluster.query('defaults', 'SELECT npcsim.drop_world($1)', [world]);

test('there are forty of them', () => assert.ok(SETTINGS.length >= 40, `${SETTINGS.length}`));

test('a world, a decision, a call and an edit are the same under each setting of a database and of a role', { timeout: 180_000 }, async () => {
  const plain = await live('somebody');
  assert.equal(plain.decided, 'applied');
  assert.equal((await call(plain.player)).ok, true);
  await drop(plain.world);
  // what differs: ids of players are counted in the database
  const masked = ({ rows }) => rows.map(({ relation, key, content }) => `${relation} ${key} ${content.replace(/player_id": \d+/g, 'player_id": …')}`);
  const expected = masked(plain);
  for (const [n, [name, value]] of SETTINGS.entries()) {
    // either way in turn, and what is refused both ways
    for (const [what, owners] of [['DATABASE', ['defaults']], ['ROLE', ['somebody', 'npcsim_gateway']]]) {
      if (!REFUSED[name] && (n % 2 === 0) === (what === 'ROLE')) continue;
      const under = `${what} ${name} = ${value}`;
      for (const owner of owners) await cluster.query('postgres', `ALTER ${what} ${owner} SET ${name} = '${value}'`);
      try {
        if (REFUSED[name]) {
          await assert.rejects(live('somebody'), { code: REFUSED[name] }, under);
          continue;
        }
        const made = await live('somebody').catch((error) => assert.fail(`${under}: ${error.message}`));
        assert.equal(made.decided, 'applied', under);
        assert.equal((await call(made.player)).ok, true, under);
        assert.equal(made.observed, plain.observed, under);
        const rows = masked(made);
        assert.equal(rows.find((row, n) => row !== expected[n]), undefined, under);
        assert.equal(rows.length, expected.length, under);
        await drop(made.world);
      } finally {
        for (const owner of owners) await cluster.query('postgres', `ALTER ${what} ${owner} RESET ${name}`);
      }
    }
  }
});
