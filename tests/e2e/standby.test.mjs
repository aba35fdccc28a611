// Tests a standby, and transactions that only read: whatever only reads works there; and spectators watch through a standby's
// gateway what lives on its primary, also when the primary is gone and the standby takes over.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { hello } from './lib/client.mjs';
import { sleep, waitFor } from './lib/cluster.mjs';
import { startColony } from './lib/colony.mjs';

let colony;
let standby;
let replica; // the gateway of the standby
let maud;
const ids = {};

before(async () => {
  colony = await startColony({ npcs: 10 });
  const [npc, other] = await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 2');
  maud = await colony.player('maud', [npc.id]);
  const request = await colony.value('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, npc.id]);
  Object.assign(ids, { npc: npc.id, other: other.id, player: maud.id, request });
  await colony.query(`SELECT npcsim.replay_world($1, name => 'Replay')`, [colony.worldId]);
  standby = await colony.cluster.standby();
});

after(async () => {
  await standby?.stop();
  await colony?.stop();
});

// One call of each function that says of itself that it changes nothing, and of those besides that people or gateways may
// call where nothing can be written. Members of the world they are asked about are $-names of 'ids'.
const CALLS = {
  world_snapshot: 'world_snapshot($world)',
  world_delta: `world_delta($world, 1, NULL)`,
  world_home: 'npcsim_internal.world_home()',
  world_rows: 'world_rows($world)',
  world_now: 'npcsim_internal.world_now($world, 0, 100000)',
  library_version: 'npcsim_internal.library_version()',
  market_now: 'npcsim_internal.market_now()',
  reliability_of: 'npcsim_internal.reliability_of(1, 1)',
  recent_reliability: 'npcsim_internal.recent_reliability($world, $player)',
  need_at: 'npcsim_internal.need_at(1, 1, 1, 1)',
  track_x: `npcsim_internal.track_x('{1,1}', 0, 0)`,
  track_y: `npcsim_internal.track_y('{1,1}', 0, 0)`,
  item_components_valid: `npcsim_internal.item_components_valid('{}')`,
  item_share_at: `npcsim_internal.item_share_at(1000000, 0, 0, '{}')`,
  interaction_effects_valid: `npcsim_internal.interaction_effects_valid('{}', '{}', '{}', NULL)`,
  world_event_kind_name: 'npcsim_internal.world_event_kind_name(1::smallint)',
  tokens_today: `npcsim_internal.tokens_today(1, current_date)`,
  export_person: 'export_person(1)',
  contribution_tier: 'npcsim_internal.contribution_tier(1000)',
  compute_standings: `compute_standings(ARRAY[$player]::bigint[], ARRAY[0]::bigint[])`,
  observe_npc: 'observe_npc($world, $npc)',
  get_reasonable_actions_for_npc: 'get_reasonable_actions_for_npc($world, $npc)',
  superseded_decisions: `superseded_decisions($world, ARRAY[$npc]::bigint[], ARRAY[1]::bigint[], ARRAY[1]::bigint[])`,
  connected_players: 'npcsim_internal.connected_players()',
  world_reports: 'npcsim_internal.world_reports()',
  workers_report: 'npcsim_internal.workers_report()',
  client_reducers: 'npcsim_internal.client_reducers()',
  world_differences: 'world_differences($world, $world + 1)',
  npcs_within: 'npcs_within($world, 5, 5, 10)',
  count_players_viewing_npc: 'count_players_viewing_npc($world, $npc)',
  calculate_decision_priority: 'calculate_decision_priority($world, $npc)',
  prioritize_npc_decisions: 'prioritize_npc_decisions($world)',
  get_pending_decisions: 'get_pending_decisions($world)',
  items_within: 'items_within($world, 5, 5, 10)',
  optimize_world_queries: 'optimize_world_queries($world, repair => false)',
  authenticate: `authenticate('$token')`,
  worlds_to_watch: 'worlds_to_watch()',
  try_authenticate: `try_authenticate('$token')`,
  world_faults: 'world_faults($world)',
  reference_faults: 'npcsim_internal.reference_faults($world)',
  state_tables: 'npcsim_internal.state_tables()',
  explain_npc: 'explain_npc($world, $npc)',
  npc_explained: 'npcsim_internal.npc_explained($world, $npc)',
  explain_decision: 'explain_decision($world, $request)',
  decision_explained: 'npcsim_internal.decision_explained($world, $request)',
  explain_npc_decisions: 'explain_npc_decisions($world, $npc)',
  observations_kept: 'npcsim_internal.observations_kept($world, NULL, $npc, 10)',
  pending_decisions: 'npcsim_internal.pending_decisions($world)',
  first_event_since: 'npcsim_internal.first_event_since($world, 1)',
  events_of_npc: 'npcsim_internal.events_of_npc($world, $npc, 0, 1000000)',
  lenders: 'npcsim_internal.lenders($world)',
  player_wait: 'npcsim_internal.player_wait($player)',
  source_is_limited: 'npcsim_internal.source_is_limited(1, 1)',
  source_idle: `npcsim_internal.source_idle(true, 'active', false, false, false)`,
  get_player_suspicion_score: 'get_player_suspicion_score($player)',
  measured_tokens: 'npcsim_internal.measured_tokens($world, $player)',
};

// What a gateway of spectators calls besides, on a standby.
const STANDBY_CALLS = {
  register_gateway: `register_gateway('table')`,
  gateway_poll: `gateway_poll('table', ARRAY[$world]::bigint[])`,
  client_connected: `client_connected('table', NULL, $world)`,
  try_client_connected: `try_client_connected('table', $player, $world)`,
  client_disconnected: 'client_disconnected(1)',
};

// Those that look at sessions, of which a standby has none: whoever calls them is not there, or does not.
const SESSION_CALLS = {
  present_players: 'npcsim_internal.present_players($world)',
  askable_players: 'npcsim_internal.askable_players($world)',
  lending_sessions: 'npcsim_internal.lending_sessions($world)',
  world_lenders: 'npcsim_internal.world_lenders($world)',
  players_short_of_slots: 'npcsim_internal.players_short_of_slots($world)',
  waiting_questions: 'npcsim_internal.waiting_questions($world, $player)',
  server_api_is_open: 'npcsim_internal.server_api_is_open($world)',
  assign_npc_decisions: 'assign_npc_decisions($world)',
  select_optimal_mcp_server: 'select_optimal_mcp_server($world, $npc)',
  unknown_sessions: `unknown_sessions('table', ARRAY[1]::bigint[])`,
};

const fill = (call) => Object.entries({ ...ids, world: colony.worldId, token: maud.token }).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), call);

async function readEverything(client, calls) {
  const { rows: views } = await client.query(`SELECT relname AS name FROM pg_class WHERE relkind = 'v' AND relnamespace = 'npcsim'::regnamespace ORDER BY 1`);
  assert.ok(views.length >= 14, `${views.length} views`);
  const failures = [];
  const run = async (sql) => {
    await client.query(sql).catch((error) => failures.push(`${sql}: ${error.code} ${error.message}`));
  };
  for (const { name } of views) await run(`SELECT * FROM npcsim.${name}`);
  await run('SELECT * FROM npcsim.decision_log');
  for (const call of Object.values(calls)) await run(`SELECT * FROM ${call.includes('.') ? '' : 'npcsim.'}${fill(call)}`);
  assert.deepEqual(failures, []);
}

test('each function that changes nothing by its own word is called below', async () => {
  const named = (await colony.query(`
    SELECT DISTINCT p.proname AS name FROM pg_proc p
     WHERE p.pronamespace IN ('npcsim'::regnamespace, 'npcsim_internal'::regnamespace) AND p.provolatile <> 'v' AND p.prorettype <> 'trigger'::regtype ORDER BY 1`)).map(({ name }) => name);
  assert.deepEqual(named.filter((name) => !(name in CALLS) && !(name in SESSION_CALLS)), []);
});

test('all of it can be read on a standby', async () => {
  await readEverything(await standby.connect('colony'), { ...CALLS, ...STANDBY_CALLS });
  const [{ status, last_error: why, state, error }] = await standby.query('colony', `
    SELECT w.status, w.last_error, s.state, s.last_error AS error FROM npcsim.world_status w, npcsim.worker_status s WHERE w.world_id = $1`, [colony.worldId]);
  assert.equal(status, 'running');
  assert.match(why, /standby/);
  assert.equal(state, 'standby');
  assert.match(error, /standby/);
});

test('what has changed is looked for in each table once', async () => {
  const client = await standby.connect('colony');
  const plans = [];
  client.on('notice', ({ message }) => plans.push(message));
  await client.query(`LOAD 'auto_explain'`);
  await client.query(`SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = 'json'; SET client_min_messages = log`);
  await client.query('SELECT npcsim.world_delta($1, 1, NULL)', [colony.worldId]);
  await client.query('SET auto_explain.log_min_duration = -1');
  const read = plans.filter((plan) => plan.includes('npc_states')).map((plan) => [...plan.matchAll(/"Relation Name": "(\w+)"/g)].map(([, name]) => name).sort());
  assert.deepEqual(read.filter((tables) => tables.includes('npc_identities')), [['decision_slots', 'npc_identities', 'npc_states', 'npc_tracks']]);
  await client.end();
});

test('a standby has an epoch of its own, the same for everybody, until it starts again', async () => {
  const epochOf = async (cluster) => (await cluster.value('colony', 'SELECT npcsim.world_snapshot($1)', [colony.worldId])).epoch;
  const own = await epochOf(standby);
  assert.equal(await epochOf(standby), own);
  assert.equal((await standby.value('colony', `SELECT npcsim.gateway_poll('any', '{}')`)).worlds[0].epoch, own);
  assert.notEqual(await epochOf(colony.cluster), own);
  await standby.restart();
  assert.notEqual(await epochOf(standby), own);
});

test('spectators of a standby see what lives on its primary', async () => {
  replica = await colony.gatewayOf(standby, 'replica');
  const far = await colony.watch({}, { port: replica.port });
  const near = await colony.watch();
  await waitFor(() => far.frames.filter(({ type, npcs }) => type === 'delta' && npcs?.upsert?.length).length >= 5, { what: 'deltas with NPCs' });
  const deltas = far.frames.filter(({ type }) => type === 'delta');
  assert.ok(deltas.every(({ item_types: kinds, players }) => !kinds && !players), 'what has not changed is not sent again');

  // what comes, what goes, what is another, what is said
  await colony.query(`SELECT npcsim.define_item_type($1, 'lamp', '{}')`, [colony.worldId]);
  await waitFor(() => far.store.item_types.has('lamp'), { what: 'a new kind' });
  await colony.query(`DELETE FROM npcsim.item_types WHERE world_id = $1 AND name = 'lamp'`, [colony.worldId]);
  await colony.query('SELECT npcsim.remove_npc($1, $2)', [colony.worldId, ids.other]);
  const item = await colony.value('SELECT id FROM npcsim.world_items WHERE world_id = $1 AND occupied_by_npc_id IS NULL LIMIT 1', [colony.worldId]);
  await colony.query('SELECT npcsim.remove_item($1, $2)', [colony.worldId, item]);
  await colony.query(`UPDATE npcsim.npcs SET name = 'Zoe' WHERE world_id = $1 AND id = $2`, [colony.worldId, ids.npc]);
  const speaker = await hello(colony, { token: maud.token });
  await speaker.frame('welcome');
  speaker.send({ type: 'call', id: 7, reducer: 'send_chat', args: { text: 'over there' } });
  await waitFor(() => far.store.messages.some(({ text }) => text === 'over there'), { what: 'what was said' });
  await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);

  const { revision } = (await colony.query('SELECT revision FROM npcsim.worlds WHERE id = $1', [colony.worldId]))[0];
  await waitFor(() => near.store.revision === revision && far.store.revision === revision && far.store.status === 'paused',
    { what: () => `both to have revision ${revision}: ${near.store.revision}, ${far.store.revision}` });
  assert.ok(!far.store.npcs.has(ids.other) && !far.store.world_items.has(item) && !far.store.item_types.has('lamp'), 'what is gone is gone');
  assert.equal(far.store.npcs.get(ids.npc).name, 'Zoe');
  for (const table of ['npcs', 'world_items', 'interactions', 'item_types', 'interaction_types', 'players']) {
    const rows = ({ store }) => [...store[table]].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(rows(far), rows(near), table);
  }
  assert.equal(far.frames.filter(({ type, page }) => type === 'snapshot' && page === 1).length, 1, 'by deltas alone');
  const seen = ({ store }) => store.world_events.map(({ sequence }) => sequence);
  assert.deepEqual(seen(far).slice(-5), seen(near).slice(-5));

  // a client of later, and one that asks for what it may not
  await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
  await waitFor(() => far.store.status === 'running', { what: 'the world to run again' });
  far.send({ type: 'call', id: 8, reducer: 'send_chat', args: { text: 'from here' } });
  await waitFor(() => far.frames.some(({ id, error }) => id === 8 && error), { what: 'the refusal' });
  speaker.socket.close();
});

test('players are sent to the primary in a sentence', async () => {
  const player = await hello({ ...colony, port: replica.port, worldId: colony.worldId }, { token: maud.token });
  assert.equal(await player.ends(), 4004);
  assert.match(player.reason, /spectators only/);
  assert.equal(player.frames.find(({ type }) => type === 'error')?.code, 'NS410');
});

test('nothing that spectators did is an error of the standby', async () => {
  assert.deepEqual((await standby.log()).split('\n').filter((line) => /(ERROR|WARNING|PANIC):/.test(line)), []);
});

test('roles.sql says that it is for the primary', async () => {
  const file = join(process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..'), 'docs', 'roles.sql');
  await assert.rejects(standby.runFile('colony', file), { stderr: /ERROR:  this server is a standby\nHINT:  Run this file on the primary/ });
});

test('a standby that takes over keeps its spectators', async () => {
  const watcher = await colony.watch({}, { port: replica.port });
  const before = watcher.store.revision;
  await standby.query('colony', 'SELECT pg_promote()');
  await waitFor(() => standby.value('colony', 'SELECT count(*) > 0 FROM npcsim.sessions WHERE NOT ended'), { timeout: 20_000, what: 'a session of the watcher' });
  await waitFor(() => watcher.store.revision > before + 20 && watcher.store.status === 'running', { timeout: 20_000, what: 'the world to go on for the watcher' });
  const player = await hello({ ...colony, port: replica.port, worldId: colony.worldId }, { token: maud.token });
  await player.frame('welcome');
  player.socket.close();
});

test('after a crash everything can be read in a transaction that only reads, before anybody has written', async () => {
  await colony.end(colony.gateway);
  await colony.cluster.restart('immediate', { 'npcsim.max_workers': 0 });
  colony.client = await colony.cluster.connect('colony');
  await colony.client.query('SET default_transaction_read_only = on');
  assert.equal(await colony.value('SELECT count(*) FROM npcsim.epochs'), 0, 'nobody has');
  await readEverything(colony.client, { ...CALLS, ...SESSION_CALLS });
  const epoch = async () => (await colony.value('SELECT npcsim.world_snapshot($1)', [colony.worldId])).epoch;
  const read = await epoch();
  assert.equal((await colony.cluster.value('colony', 'SELECT npcsim.world_snapshot($1)', [colony.worldId])).epoch, read, 'the same for everybody');
  await colony.startGateway();
  await waitFor(async () => (await colony.value('SELECT epoch FROM npcsim.epochs')) === read, { what: 'the epoch to be written' });
  assert.equal(await epoch(), read, 'and for those who come later');
});
