// Tests a market whose answers go wrong in every way that a network, a model or a foe can think of: lost, late, twice, out of order, for others,
// garbage, NaN, 2^63, a megabyte. Nothing is carried out or paid twice, nobody waits for ever, and the server has no error of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join as joinTo } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const NPCS = 12;
const SPEED = 10;
const CHAOS_MS = 70_000;
const LATE_MS = 60_000;

let colony;
let npcs;
const players = [];
let faulty = true;
const faults = {};

before(async () => {
  colony = await startColony({ npcs: NPCS, policy: 'interval' });
  npcs = (await colony.query('SELECT id::int FROM npcsim.npcs ORDER BY id')).map((row) => row.id);
  await colony.query('SELECT npcsim.set_world_speed($1, $2)', [colony.worldId, SPEED]);
});

after(() => colony?.stop());

// Numbers that look drawn, the same ones each time (mulberry32).
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BIG = '9223372036854775808'; // 2^63
// What may become of a right answer. Each is given it, a way to send, numbers, and the player.
const ways = {
  lost: () => {},
  delayed: (answer, send, draw) => setTimeout(() => send(answer), draw() * LATE_MS).unref(),
  doubled: (answer, send, draw) => {
    send(answer);
    setTimeout(() => send(answer), draw() * 5000).unref();
    send(answer);
  },
  'out of order': (answer, send, draw, player) => (player.held = [...(player.held ?? []), answer]),
  foreign: (answer, send, draw, player) => {
    // Three within ten minutes would suspend.
    if ((player.foreign = (player.foreign ?? 0) + 1) <= 2) send({ ...answer, request_id: undefined, npc_id: players.find((other) => other !== player).npcIds[0] });
  },
  unknown: (answer, send) => send({ ...answer, request_id: 8_000_000_000_000 }),
  garbage: (answer, send, draw) =>
    send(['{', '[]', 'null', '"', '{"type":"decision_response"}', JSON.stringify({ ...answer, action: 7 }), JSON.stringify({ ...answer, action: 'fly\u0000' }), JSON.stringify({ ...answer, then: [[[[]]]] }), '\u{1F600}'][Math.floor(draw() * 9)]),
  NaN: (answer, send, draw) =>
    send(draw() < 0.5 ? JSON.stringify({ ...answer, tokens: 'NaN' }) : `{"type":"decision_response","request_id":${answer.request_id},"action":"wait","duration":NaN}`),
  '2^63': (answer, send, draw) =>
    send([`{"type":"decision_response","request_id":${BIG},"action":"wait"}`,
      `{"type":"decision_response","request_id":${answer.request_id},"action":"consume","target_id":${BIG}}`,
      `{"type":"decision_response","request_id":${answer.request_id},"action":"wait","duration":1e308,"tokens":${BIG}}`,
      `{"type":"decision_response","request_id":${answer.request_id},"npc_id":${BIG},"action":"wait"}`][Math.floor(draw() * 4)]),
  '1 MB': (answer, send) => send(JSON.stringify({ ...answer, reason: 'x'.repeat(1 << 20) })),
};
const names = Object.keys(ways);

// A player whose connection comes back whenever it is closed.
async function lend(name, npcIds, seed) {
  const player = Object.assign(await colony.player(name, npcIds), { results: [], closed: [] });
  const draw = numbers(seed);
  const connect = async () => {
    const client = await joinTo(colony, { token: player.token, purpose: 'compute', source: 'one' });
    const send = (frame) => client.closed === undefined && client.socket.readyState === 1 && client.send(frame);
    player.client = client;
    client.send({ type: 'compute_heartbeat', max_concurrency: 8, choices: true, average_decision_time_ms: 500 });
    const beats = setInterval(() => send({ type: 'compute_heartbeat', max_concurrency: 8, choices: true, average_decision_time_ms: 500 }), 5000);
    client.socket.on('message', (data) => {
      const { type, request_id, observations, status } = JSON.parse(data);
      if (type === 'decision_result') player.results.push(status);
      client.frames.length = 0;
      if (type !== 'decision_request') return;
      const answer = { type: 'decision_response', request_id, choice: 1 + Math.floor(draw() * observations.choices.length), tokens: 5 };
      const way = faulty && draw() < 0.3 ? names[Math.floor(draw() * names.length)] : undefined;
      if (way === undefined) send(answer);
      else {
        faults[way] = (faults[way] ?? 0) + 1;
        ways[way](answer, send, draw, player);
      }
      if (way !== 'out of order') for (const held of (player.held ?? []).splice(0)) send(held);
    });
    client.socket.on('close', (code) => {
      clearInterval(beats);
      player.closed.push(code);
      if (!player.left) setTimeout(() => connect().catch((error) => (player.error = error)), 200);
    });
  };
  await connect();
  players.push(player);
}

test('whatever becomes of a third of the answers, nothing is done or paid twice, and everybody is asked again', { timeout: 240_000 }, async () => {
  const half = NPCS / 2;
  await lend('ada', npcs.slice(0, half), 1);
  await lend('bo', npcs.slice(half), 2);
  await new Promise((resolve) => setTimeout(resolve, CHAOS_MS));
  faulty = false;
  const calm = await colony.value('SELECT clock_timestamp()');
  for (const name of names) assert.ok(faults[name] >= 5, `${name} happened ${faults[name]} times`);

  // nothing is stuck
  await waitFor(() => colony.value(`SELECT count(DISTINCT npc_id) = $1 FROM npcsim.decision_log WHERE status = 'applied' AND opened_at_real > $2`, [NPCS, calm]),
    { timeout: 90_000, what: async () => `every NPC to be asked again and answered: ${JSON.stringify(await colony.query('SELECT npc_id, status, opened_at, failures FROM npcsim.npc_minds LEFT JOIN npcsim.decision_requests USING (world_id, npc_id)'))}` });
  for (const player of players) {
    assert.equal(player.error, undefined);
    assert.equal(await colony.value('SELECT suspended_until FROM npcsim.players WHERE id = $1', [player.id]), null, 'bad luck suspends nobody');
    assert.ok(player.closed.every((code) => code === 1009), `its connections were closed for a megabyte alone: ${player.closed}`);
    assert.ok(['applied', 'late', 'duplicate', 'rejected'].every((status) => player.results.includes(status)), 'each kind of answer was told');
    player.left = true;
  }

  await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
  await colony.value('SELECT npcsim_internal.fold_decisions(true)');
  const statuses = await colony.query('SELECT status, count(*)::int FROM npcsim.decision_log GROUP BY 1');
  const accepted = statuses.filter(({ status }) => status === 'applied' || status === 'late').reduce((sum, { count }) => sum + count, 0);
  assert.ok(accepted > 500, JSON.stringify(statuses));
  assert.deepEqual(await colony.query(`SELECT request_id, count(*) FROM npcsim.decision_log WHERE status IN ('applied', 'late') GROUP BY 1 HAVING count(*) > 1`), [], 'of each question one answer at most is accepted');
  assert.deepEqual(await colony.query(`SELECT npc_id, sum(credit_us) FROM npcsim.decision_log WHERE status IN ('applied', 'late') GROUP BY 1
    HAVING sum(credit_us) > (SELECT clock * 1e6 FROM npcsim.worlds WHERE id = $1)`, [colony.worldId]), [], 'no more is paid for an NPC than it has lived');
  assert.equal(await colony.value('SELECT sum(accepted)::int FROM npcsim.source_minutes'), accepted, 'the books have each of them once');
  assert.equal(await colony.value('SELECT sum(credit_us) FROM npcsim.source_minutes'), await colony.value(`SELECT sum(credit_us) FROM npcsim.decision_log WHERE status IN ('applied', 'late')`), 'and what was paid');
  assert.deepEqual(await colony.query(`SELECT DISTINCT decision FROM npcsim.decision_log WHERE pg_column_size(decision) > 70000`), [], 'nothing of a megabyte is kept');
  assert.deepEqual(await colony.query('SELECT * FROM npcsim.world_differences($1, npcsim.replay_world($1))', [colony.worldId]), [], 'all of it is replayed');
  assert.deepEqual((await colony.cluster.log()).split('\n').filter((line) => /\|(ERROR|PANIC|FATAL):/.test(line)), [], 'the server has logged no error');
});
