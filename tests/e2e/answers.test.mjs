// Tests that well-meant answers are read, whether from an MCP server or a WebSocket client; that those which cannot be read
// fail at once, with a reason that player and mind are told; and minds that choose from a list, or have little room.
import assert from 'node:assert/strict';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { dial, join } from './lib/client.mjs';
import { MINDS, startColony, waitFor } from './lib/colony.mjs';
import { answers } from './minds/answers.mjs';

let colony, npcs;

before(async () => {
  colony = await startColony({ npcs: 12, policy: 'interval' });
  npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => id);
});

after(() => colony.stop());

const log = (player) => colony.query(
  `SELECT request_id::text, status, detail, decision, extract(epoch FROM finished_at_real - sent_at_real)::float8 AS seconds FROM npcsim.decision_log
    WHERE player_id = $1 ORDER BY decision_log.request_id`, [player.id]);
const sayer = (module) => `node '${MINDS}/sayer.mjs' '${module}'`;

test('answers of an MCP server', async () => {
  const ada = await colony.player('ada', npcs.slice(0, 4));
  const agent = colony.agent(ada, ['--mcp', sayer(path(MINDS, 'answers.mjs')), '--log-level', 'debug', '--max-concurrency', '1']);
  const said = () => [...agent.output.matchAll(/said (.*) to (\d+) \[/g)].map(([, name, request]) => ({ name, request }));
  await waitFor(() => said().length > answers.length, { timeout: 60_000, what: () => `every answer: ${agent.output.slice(-1000)}` });
  const rows = await waitFor(async () => {
    const found = await log(ada);
    return found.length >= answers.length && found;
  }, { what: 'the log' });
  for (const { name, request } of said().slice(0, answers.length)) {
    const row = rows.find(({ request_id: id }) => id === request);
    const expected = answers.find((answer) => answer.name === name);
    assert.ok(row, `${name} is in the log`);
    if (expected.read) assert.equal(row.status, 'applied', `${name}: ${row.detail}`);
    else {
      assert.equal(row.status, 'failed', name);
      assert.match(row.detail, expected.reason, name);
      assert.ok(row.seconds < 5, `${name} fails at once, not after ${row.seconds} s`);
    }
  }
  assert.equal(Number(rows.find(({ decision }) => decision?.tokens)?.decision.tokens), 412);
  await waitFor(() => /the MCP server failed at \d+ questions? in \d+ s, last: NPC \d+ \(.*\): error: /.test(agent.output), { timeout: 15_000, what: 'the agent says why' });
  for (const { reason } of answers.filter(({ read }) => !read)) assert.match(agent.output, reason);
  // ... and so is the mind, with the next question about that NPC
  assert.match(agent.output, /was told: error: .*breaks off/);
  await colony.end(agent);
});

test('answers of a WebSocket client', async () => {
  const bo = await colony.player('bo', npcs.slice(4, 8));
  const mind = await join(colony, { token: bo.token, purpose: 'compute', source: 'ws' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: 4 });
  const asked = new Set();
  const question = () => waitFor(() => {
    const frame = mind.of('decision_request').find(({ request_id: id }) => !asked.has(id));
    if (frame) asked.add(frame.request_id);
    return frame;
  }, { timeout: 20_000, what: 'a question' });
  const result = (id) => mind.frame('decision_result', ({ request_id: of }) => of === id);
  for (const members of [
    '"action":"CONTINUE"', '"result":{"action":"continue"}', '"action":["continue"],"tokens":"5"', '"action":"continue","reason":"\\ud800"', '"action":"continue","confidence":NaN,',
    '"action":"continue","parameters":"{}"', '"response":"```json\\n{\\"action\\": \\"continue\\"}\\n```"',
  ]) {
    const { request_id: id } = await question();
    mind.send(`{"type":"decision_response","request_id":${members.includes('CONTINUE') ? `"${id}"` : id},${members}}`);
    assert.equal((await result(id)).status, 'applied', members);
  }
  const { request_id: id } = await question();
  mind.send(`{"type":"decision_response","request_id":${id},"action":"continue","reason":"I am`);
  await mind.frame('error', ({ code }) => code === '22032');
  const row = await waitFor(async () => (await log(bo)).find((found) => found.request_id === String(id)), { what: 'the log' });
  assert.equal(row.status, 'failed');
  assert.match(row.detail, /cannot be read/);
  assert.ok(row.seconds < 5);
  mind.socket.close();
});

const choosers = (await import('./minds/choosers.mjs')).answers;

test('an MCP server chooses by number', async () => {
  const cy = await colony.player('cy', npcs.slice(8, 10));
  const agent = colony.agent(cy, ['--mcp', sayer(path(MINDS, 'choosers.mjs')), '--choices', '--compact', '--log-level', 'debug']);
  const rows = await waitFor(async () => {
    const found = await log(cy);
    return found.length > 12 && found;
  }, { timeout: 60_000, what: () => `choices: ${agent.output.slice(-2000)}` });
  const applied = rows.filter(({ status }) => status === 'applied');
  assert.ok(applied.length / rows.length > 0.9, rows.map(({ status, detail }) => `${status} ${detail}`).join('\n'));
  for (const { decision } of applied) assert.ok(decision.choice >= 1 && decision.action, 'the log has both');
  const sizes = [...agent.output.matchAll(/observation of (\d+) bytes, (\d+) choices/g)].map(([, bytes, choices]) => [Number(bytes), Number(choices)]);
  assert.ok(sizes.length > 5);
  for (const [bytes, choices] of sizes) assert.ok(bytes <= 1740 && choices >= 1 && choices <= 24, `${bytes} ${choices}`);
  assert.ok(choosers.length > 0);
  await colony.end(agent);
});

test('so does a WebSocket client, that another heartbeat makes one without', async () => {
  const di = await colony.player('di', npcs.slice(10, 11));
  const mind = await join(colony, { token: di.token, purpose: 'compute', source: 'ws' });
  const question = (after) => waitFor(() => mind.of('decision_request').find(({ request_id: id }) => id > after), { timeout: 20_000, what: 'a question' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: 1, choices: true });
  const first = await question(0);
  assert.ok(first.observations.choices.length >= 1 && first.observations.choices.every(({ choice, action, text }, i) => choice === i + 1 && action && text));
  mind.send({ type: 'compute_heartbeat', max_concurrency: 1 });
  await mind.frame('heartbeat_ack');
  mind.send({ type: 'decision_response', request_id: first.request_id, choice: first.observations.choices.length });
  assert.equal((await mind.frame('decision_result', ({ request_id: id }) => id === first.request_id)).status, 'applied');
  const second = await question(first.request_id);
  if (second.observations.choices) return; // asked before the heartbeat was taken
  mind.send({ type: 'decision_response', request_id: second.request_id, choice: 1 });
  const refusal = await mind.frame('decision_result', ({ request_id: id }) => id === second.request_id);
  assert.deepEqual([refusal.status, refusal.code, refusal.reason], ['rejected', 'NS304', 'no choices were offered with this question']);
  mind.socket.close();
});

test('what an address may say of lists', async () => {
  for (const [query, reason] of [['choices=2', /choices must be 1 or 0/], ['compact=yes', /compact must be 1 or 0/], ['choices=1&choices=1', /given twice/]]) {
    const client = await dial(colony.port, `/mcp?${query}`, 'mcp', { headers: { authorization: 'Bearer x' } });
    assert.equal(await client.ends(), 4000);
    assert.match(client.reason, reason);
  }
});

test('a handshake with a subprotocol that is not spoken there is answered with a status', async () => {
  for (const [where, protocol] of [['/mcp', 'npcsim.v1'], ['/mcp', 'mcp.v2'], ['/ws', 'mcp'], ['/ws', undefined], ['/mcp', undefined]]) {
    const client = await dial(colony.port, where, protocol ?? []);
    assert.match(client.error?.message ?? '', /Unexpected server response: 400/, `${where} ${protocol}`);
  }
});
