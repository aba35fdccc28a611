// Tests what becomes of players whose answers are dishonest, over the wire with their tokens: they are caught, told, not asked, and let
// in again; and those who mean well are not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { hello as helloTo, join as joinTo } from './lib/client.mjs';
import { SAMPLE, startColony, waitFor } from './lib/colony.mjs';

let colony;
let npcs;

before(async () => {
  colony = await startColony({ npcs: 12, policy: 'interval' });
  npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map((row) => row.id);
});

after(() => colony?.stop());

const join = (player, members) => joinTo(colony, { token: player.token, ...members });
const lend = async (player, beat = {}) => {
  const client = await join(player, { purpose: 'compute', source: 'one' });
  client.send({ type: 'compute_heartbeat', max_concurrency: 8, ...beat });
  await client.frame('heartbeat_ack');
  return client;
};
const suspended = (player) => colony.value('SELECT suspended_until > now() FROM npcsim.players WHERE id = $1', [player.id]);

test('who is suspended is told why, is not asked, may watch, and its agent is back by itself', async () => {
  const mallory = await colony.player('mallory', [npcs[0], npcs[1]]);
  const agent = colony.agent(mallory, ['--source', 'agent', '--mcp', `node '${SAMPLE}'`]);
  const client = await lend(mallory);
  const watcher = await join(mallory);
  const isLending = () => colony.value(`SELECT EXISTS (SELECT FROM npcsim.sessions WHERE player_id = $1 AND source = 'agent' AND NOT ended AND max_concurrency > 0)`, [mallory.id]);
  await waitFor(isLending, { timeout: 20_000, what: 'the agent' });
  const request = await client.frame('decision_request');

  await colony.query(`SELECT npcsim.ban_player_temporarily($1, '8 seconds', 'answers for others')`, [mallory.id]);
  client.send({ type: 'decision_response', request_id: request.request_id, action: 'wait' });
  assert.equal(await client.ends(), 4008);
  assert.match(client.reason, /^the player is suspended until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: answers for others$/);
  assert.equal(client.of('error').at(-1).code, 'NS405');
  await waitFor(() => /suspended until .*: answers for others/.test(agent.output), { what: () => `the agent to say so: ${agent.output}` });
  assert.equal(watcher.closed, undefined, 'it may watch');
  const refused = await helloTo(colony, { token: mallory.token, purpose: 'both', source: 'one' });
  assert.equal(await refused.ends(), 4008);
  assert.equal(refused.of('error').at(-1).code, 'NS405');
  await waitFor(() => colony.value(`SELECT count(*) = 0 FROM npcsim.decision_slots WHERE player_id = $1 AND status > 0`, [mallory.id]), { timeout: 4000, what: 'its questions to be closed' });
  await waitFor(() => colony.value(`SELECT bool_and(decider = 'built_in') FROM npcsim.npcs WHERE id = ANY ($1)`, [mallory.npcIds]), { timeout: 4000, what: 'the built-in mind to go on' });

  await waitFor(isLending, { timeout: 60_000, what: () => `the agent to be back: ${agent.output}` });
  assert.equal(await suspended(mallory), false);
  watcher.socket.close();
});

test('the server has logged no error', async () => {
  assert.deepEqual((await colony.cluster.log()).split('\n').filter((line) => /\|(ERROR|PANIC|FATAL):/.test(line)), []);
});
