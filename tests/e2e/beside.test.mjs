// Tests what operators and DBAs do to worlds, players and rows that clients use: the server's log gets no error that the
// gateway causes, and clients are told what became of what they use.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

let colony;
let number = 1000;


before(async () => {
  colony = await startColony({ npcs: 4, policy: 'interval', settings: { log_line_prefix: '%u|' } });
});

after(() => colony?.stop());

// What the server's log has to say of the gateway's queries since it was that long.
const errors = async (since) =>
  (await colony.cluster.log()).slice(since).split('\n').filter((line) => /^npcsim_gateway\|(ERROR|PANIC):/.test(line));

const logLength = async () => (await colony.cluster.log()).length;

// A world with minds that are asked all the time, and everybody who may be connected to it.
async function crowd(running = true) {
  const worldId = await colony.value(`SELECT npcsim.create_world($1, 24, 24, 3, preset => 'reference')`, [`Crowd ${++number}`]);
  await colony.query('SELECT npcsim.populate_world($1, 6)', [worldId]);
  await colony.query(`SELECT npcsim.set_decision_policy($1, 'interval')`, [worldId]);
  const place = { port: colony.port, worldId };
  const npcs = (await colony.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [worldId])).map(({ id }) => id);
  const [ada] = await colony.query('SELECT player_id AS id, token FROM npcsim.create_player($1, $2)', [worldId, `ada${worldId}`]);
  for (const npc of npcs) await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, $3)', [worldId, npc, ada.id]);
  if (running) await colony.query('SELECT npcsim.start_world($1)', [worldId]);
  const watcher = await join(place);
  const player = await join(place, { token: ada.token, purpose: 'both', source: 'busy' });
  for (const client of [watcher, player]) client.send({ type: 'subscribe', id: 1 });
  player.send({ type: 'compute_heartbeat', max_concurrency: 4 });
  for (const client of [watcher, player]) await client.frame('snapshot', (frame) => !frame.more);
  if (running) await player.frame('decision_request');
  return Object.assign(place, { npcs, ada, watcher, player, clients: [watcher, player] });
}

// Everything that a client can say, until it is closed.

function chatter({ player, watcher, npcs }) {
  const timer = setInterval(() => {
    if (player.closed !== undefined) return clearInterval(timer);
    const at = ++number % 20;
    for (const request of player.of('decision_request').splice(-2)) player.send({ type: 'decision_response', request_id: request.request_id, action: 'wait', parameters: { duration: 1 } });
    player.send({ type: 'call', id: number, reducer: ['send_chat', 'map_ping', 'request_npc_decision', 'request_npc_assignment'][number % 4],
      args: { text: 'x', x: 1, y: 1, npc_id: npcs[0], desired_npc_count: 6 } });
    if (number % 5 === 0) player.send({ type: 'compute_heartbeat', max_concurrency: 4 }); // more than two a second would be a flood
    player.send({ type: 'camera', min_x: at, min_y: 0, max_x: at + 5, max_y: 9 });
    watcher.send({ type: 'subscribe', id: number });
  }, 120);
  return timer;
}

async function during(place, act) {
  const timer = chatter(place);
  try {
    await sleep(150);
    await act();
    await sleep(300);
  } finally {
    clearInterval(timer);
  }
}

const superuser = async (act) => {
  const client = await colony.cluster.connect(colony.database);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
};

test('a world that is dropped closes its clients with 4004, whatever they are just doing', async () => {
  const since = await logLength();
  const places = await Promise.all([true, true, false, true, false, true].map(crowd));
  const timers = places.map(chatter);
  try {
    await sleep(200);
    // at once, and after they were held for longer than a query waits
    for (const place of places.slice(0, 4)) await colony.query('SELECT npcsim.drop_world($1)', [place.worldId]);
    await superuser(async (client) => {
      await client.query('BEGIN');
      for (const place of places.slice(4)) await client.query('SELECT npcsim.drop_world($1)', [place.worldId]);
      await sleep(4500);
      await client.query('COMMIT');
    });
    for (const place of places)
      for (const client of place.clients) {
        assert.equal(await client.ends(), 4004);
        assert.equal(client.reason, 'the world is gone');
      }
  } finally {
    timers.forEach(clearInterval);
  }
  assert.deepEqual(await errors(since), []);
  assert.doesNotMatch(colony.gateway.output, /WARNING: world \d+: world_(delta|snapshot): world/, 'nor has the gateway to warn of a world that is just gone');
});

test('held worlds, locked tables, deleted sessions: clients go on, and nothing is an error', async () => {
  const since = await logLength();
  const place = await crowd();
  const { worldId, player, watcher } = place;
  await during(place, () => superuser(async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT npcsim.lock_world($1)', [worldId]);
    await sleep(3500);
    await client.query('ROLLBACK');
  }));
  await during(place, () => superuser(async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE npcsim.sessions, npcsim.npc_states, npcsim.decision_slots, npcsim.client_calls IN ACCESS EXCLUSIVE MODE');
    await sleep(3500);
    await client.query('ROLLBACK');
  }));
  await during(place, () => colony.query('DELETE FROM npcsim.sessions'));
  await during(place, () => colony.query('BEGIN; DELETE FROM npcsim.sessions; DELETE FROM npcsim.gateways; COMMIT'));
  await during(place, () => superuser(async (client) => {
    await client.query('BEGIN');
    await client.query('DELETE FROM npcsim.sessions');
    await sleep(2500);
    await client.query('COMMIT');
  }));
  await during(place, async () => {
    for (const npc of place.npcs.slice(3)) await colony.query('SELECT npcsim.remove_npc($1, $2)', [worldId, npc]);
  });
  for (const client of place.clients) assert.equal(client.closed, undefined, 'they are still there');
  const before = watcher.of('delta').length + watcher.of('snapshot').length;
  watcher.send({ type: 'subscribe', id: 5 });
  await waitFor(() => watcher.of('delta').length + watcher.of('snapshot').length > before, { what: 'news' });
  player.send({ type: 'call', id: 'last', reducer: 'map_ping', args: { x: 1, y: 1 } });
  await player.frame('result', ({ id }) => id === 'last');
  assert.deepEqual(await errors(since), []);
});

test('what a gateway reads while tables are locked is refused to it, and to nobody else', async () => {
  const since = await logLength();
  await superuser(async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE npcsim.sessions, npcsim.decision_slots, npcsim.player_accounts, npcsim.world_settings IN ACCESS EXCLUSIVE MODE');
    await superuser(async (reader) => {
      await reader.query(`SET lock_timeout = '50ms'; SET SESSION AUTHORIZATION npcsim_gateway`);
      for (const call of [`unknown_sessions('x', '{1}')`, 'worlds_to_watch()', `compute_standings('{1}', '{0}')`, `superseded_decisions(1, '{1}', '{1}', '{1}')`])
        await assert.rejects(reader.query(`SELECT npcsim.${call}`), { code: '55P03' }, call);
    });
    await client.query('ROLLBACK');
  });
  assert.deepEqual((await colony.cluster.log()).slice(since).split('\n').filter((line) => /\|(ERROR|PANIC):/.test(line)), []);
});

test('a player who is banned, or gets another token, is told', async () => {
  const since = await logLength();
  for (const [act, code] of [['UPDATE npcsim.players SET status = \'banned\' WHERE id = $1', 4003], ['SELECT npcsim.rotate_player_token($1)', 4002]]) {
    const place = await crowd();
    await during(place, () => colony.query(act, [place.ada.id]));
    assert.equal(await place.player.ends(), code);
    await colony.query('SELECT npcsim.drop_world($1)', [place.worldId]);
    assert.equal(await place.watcher.ends(), 4004);
  }
  assert.deepEqual(await errors(since), []);
});

// ---- what the gateway calls is not there, or not for it ----

const health = async () => (await fetch(`http://127.0.0.1:${colony.port}/healthz`)).text();

// Until the gateway has noticed there may be errors of what was on its way; then none.
async function withdrawn(sentence, withdraw) {
  const since = await logLength();
  await withdraw();
  await waitFor(async () => (await health()).includes(sentence), { timeout: 6000, what: async () => `${sentence} in ${await health()}` });
  const noticed = await logLength();
  assert.ok((await errors(since)).length < 20, `${(await errors(since)).length} errors`);
  await sleep(2500);
  assert.deepEqual(await errors(noticed), []);
  assert.equal(colony.gateway.output.split(sentence).length, 2, 'said once');
}

test('rights that are revoked, and an extension that is dropped, are noticed, told in a sentence, and asked for without errors', async () => {
  const { watcher, player } = await crowd();
  await withdrawn('the database lets this role not call what it must', () => colony.query('REVOKE EXECUTE ON FUNCTION npcsim.world_delta, npcsim.gateway_poll FROM npcsim_gateway'));
  assert.deepEqual([watcher.closed, player.closed], [undefined, undefined]);
  assert.equal(watcher.of('clock').at(-1).status, 'unreachable');
  await colony.query('GRANT EXECUTE ON FUNCTION npcsim.world_delta, npcsim.gateway_poll TO npcsim_gateway');
  await waitFor(() => watcher.of('clock').at(-1).status === 'running', { what: 'the clock to go on' });
  await player.frame('decision_request');
  assert.equal(await health(), 'ok\n');
  await withdrawn('the database has no extension npcsim', () => colony.query('DROP EXTENSION npcsim CASCADE'));
  const since = await logLength();
  await colony.query('CREATE EXTENSION npcsim CASCADE');
  await colony.cluster.runFile(colony.database, `${process.env.NPCSIM_ROOT ?? '.'}/docs/roles.sql`);
  assert.equal(await watcher.ends(), 4004);
  await waitFor(async () => (await health()) === 'ok\n', { what: 'health' });
  assert.deepEqual(await errors(since), []);
});
