// Reads the state of worlds, row by row as npcsim.world_rows() returns it, and compares it between worlds and databases.

import assert from 'node:assert/strict';

// Returns the rows by table, in order of their keys. Ids of players, which belong to the database, are replaced by names.
// Inputs are left out, because they have such ids, too, and who was present; what followed from the inputs is compared.
export async function rowsOf(client, world) {
  const players = new Map((await client.query('SELECT id, username FROM npcsim.players WHERE world_id = $1', [world])).rows.map((row) => [row.id, row.username]));
  const { rows } = await client.query("SELECT relation, key, content FROM npcsim.world_rows($1) WHERE relation <> 'world_inputs' ORDER BY relation, length(key), key", [world]);
  const state = {};
  for (const { relation, key, content } of rows) {
    const named = Object.entries(content).map(([column, value]) => [column, column.endsWith('player_id') ? players.get(value) ?? null : value]);
    (state[relation] ??= []).push({ key, ...Object.fromEntries(named) });
  }
  // World events are compared one by one, since rows of the record hold several of them, depending on how it was written.
  state.world_events = (await client.query('SELECT * FROM npcsim.world_events WHERE world_id = $1 ORDER BY sequence', [world])).rows
    .map(({ world_id: _, revision: __, player_id: player, ...event }) => ({ ...event, player_id: players.get(player) ?? null }))
    .map((event) => Object.fromEntries(Object.entries(event).filter(([column]) => !column.endsWith('_at_real'))));
  return state;
}

// Asserts that two states are equal, and shows only the first rows that differ.
export function assertSame(actual, expected, what) {
  for (const table of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [got, wanted] = [actual[table] ?? [], expected[table] ?? []];
    assert.equal(got.length, wanted.length, `${what}: ${table} has ${got.length} rows instead of ${wanted.length}`);
    for (const [i, row] of wanted.entries()) assert.deepEqual(got[i], row, `${what}: a row of ${table}`);
  }
}

// Asserts that a world and its replay have the same rows, inputs included.
export async function assertReplays(client, world, what) {
  const { rows } = await client.query('SELECT npcsim.replay_world($1) AS id', [world]);
  const differences = (await client.query('SELECT * FROM npcsim.world_differences($1, $2) LIMIT 5', [world, rows[0].id])).rows;
  assert.deepEqual(differences, [], `${what}: what its replay has otherwise`);
  const [happened, again] = await Promise.all([world, rows[0].id].map(async (id) => (await client.query(
    "SELECT to_jsonb(e) - '{world_id,revision,sent_at_real}'::text[] AS event FROM npcsim.world_events e WHERE world_id = $1 ORDER BY sequence", [id])).rows.map((row) => row.event)));
  assert.deepEqual(again, happened, `${what}: what happened in its replay`);
  await client.query('SELECT npcsim.drop_world($1)', [rows[0].id]);
}
