// Tests what becomes of players whose answers are dishonest, over the wire with their tokens: they are caught, told, not asked, and let
// in again; and those who mean well are not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { hello as helloTo, join as joinTo } from './lib/client.mjs';
import { SAMPLE, startColony, waitFor } from './lib/colony.mjs';

let colony;
let npcs;

before(async () => {
  colony = await startColony({ npcs: 30, policy: 'interval' });
  npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map((row) => row.id);
  await colony.query('SELECT npcsim.set_world_speed($1, 4)', [colony.worldId]);
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

// Has every answer be the choice that is chosen of a list.
const answering = (client, choose) => client.socket.on('message', (data) => {
  const { type, request_id, observations } = JSON.parse(data);
  if (type === 'decision_request') client.send({ type: 'decision_response', request_id, choice: choose(observations.choices.length) });
});
// Moves the time by which the market judges.
const later = async (seconds) => {
  await colony.query(`ALTER SYSTEM SET npcsim.market_time = '${new Date(Date.now() + 1000 * seconds).toISOString()}'`);
  await colony.query('SELECT pg_reload_conf()');
};
const now = async () => {
  await colony.query('ALTER SYSTEM RESET npcsim.market_time');
  await colony.query('SELECT pg_reload_conf()');
};
const isRefused = async (player) => {
  const client = await helloTo(colony, { token: player.token, purpose: 'compute', source: 'one' });
  await waitFor(() => client.welcome ?? client.closed ?? client.of('welcome')[0], { what: 'an answer to the hello' });
  client.socket.close();
  return client.closed === 4008 && client.of('error').at(-1).code === 'NS405';
};
const SUSPENDED = /^the player is suspended until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: /;

test('who always gives the worst answer is suspended, told, and let in again after the hour; who chooses the best or at random is not', async () => {
  const worst = await colony.player('worst', npcs.slice(2, 10));
  const best = await colony.player('best', npcs.slice(10, 15));
  const random = await colony.player('random', npcs.slice(15, 20));
  const listener = await colony.cluster.connect('colony');
  const heard = [];
  listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
  await listener.query('LISTEN npcsim_security');
  const cheat = await lend(worst, { choices: true });
  answering(cheat, (choices) => choices);
  const honest = [];
  for (const [player, choose] of [[best, () => 1], [random, (choices) => 1 + Math.floor(Math.random() * choices)]]) {
    honest.push(await lend(player, { choices: true }));
    answering(honest.at(-1), choose);
  }
  assert.equal(await cheat.ends(120_000), 4008);
  assert.match(cheat.reason, SUSPENDED);
  assert.match(cheat.reason, /: 50 answers in a row that were among the worst there were$/);
  assert.equal(cheat.of('error').at(-1).code, 'NS405');
  assert.ok(heard.includes(`npcsim_security ${worst.id} suspended`), heard);
  assert.ok(cheat.of('decision_result').every(({ status }) => status === 'applied' || status === 'late'), 'each answer was taken: nothing but its plausibility told');
  await waitFor(() => colony.value(`SELECT bool_and(decider = 'built_in') FROM npcsim.npcs WHERE id = ANY ($1)`, [worst.npcIds]), { timeout: 5000, what: 'the built-in mind to go on' });
  assert.equal(await isRefused(worst), true);
  assert.deepEqual(await colony.query('SELECT DISTINCT username FROM npcsim.suspects WHERE suspended_until > now()'), [{ username: 'worst' }]);
  await waitFor(() => honest.every((client) => client.of('decision_result').length >= 80), { timeout: 60_000, what: 'the others to have answered more often' });
  await colony.value('SELECT npcsim_internal.fold_decisions(true)');
  for (const player of [best, random]) {
    assert.equal(await suspended(player), null);
    assert.ok(await colony.value('SELECT npcsim.get_player_suspicion_score($1)', [player.id]) < 5);
  }
  for (const client of honest) client.socket.close();
  await later(3700);
  await waitFor(async () => !(await isRefused(worst)), { what: 'it to be let in again' });
  await now();
  await listener.end();
});

test('three answers for NPCs of others suspend', async () => {
  const thief = await colony.player('thief', [npcs[20]]);
  const client = await lend(thief);
  const steal = async (count) => {
    const before = client.of('decision_result').length;
    for (let n = 0; n < count; n++) client.send({ type: 'decision_response', npc_id: Number(npcs[21 + n]), action: 'wander' });
    await waitFor(() => client.closed ?? client.of('decision_result').length >= before + count, { what: 'the results' });
  };
  await steal(2);
  assert.equal(client.closed, undefined, 'twice is forgiven');
  await steal(1);
  assert.equal(await client.ends(), 4008);
  assert.match(client.reason, /: answers for NPCs that were never put to it$/);
  assert.equal(await suspended(thief), true);
  assert.deepEqual(await colony.query(`SELECT kind FROM npcsim.security_violations WHERE player_id = $1 ORDER BY id`, [thief.id]),
    [{ kind: 'foreign_answer' }, { kind: 'foreign_answer' }, { kind: 'suspended' }]);
});

test('floods of answers, heartbeats and calls suspend', async () => {
  // Of calls more than a hundred are refused.
  const caller = await colony.player('caller', [npcs[22]]);
  const calls = await join(caller, { purpose: 'both', source: 'one' });
  calls.send({ type: 'compute_heartbeat', max_concurrency: 1 });
  for (let n = 0; n < 180; n++) calls.send({ type: 'chat', text: `${n}` });
  assert.equal(await calls.ends(), 4008);
  assert.match(calls.reason, /: floods of calls$/);
  // Answers that nobody asked for, to questions that there are not.
  const guesser = await colony.player('guesser', [npcs[23]]);
  const guesses = await lend(guesser, { max_concurrency: 0 });
  for (let n = 0; n < 190; n++) guesses.send({ type: 'decision_response', request_id: 9_000_000 + n, action: 'wait' });
  assert.equal(await guesses.ends(), 4008);
  assert.match(guesses.reason, /: floods of answers that nobody asked it for$/);
  // Heartbeats, and messages of any kind, close the connection; three times within ten minutes suspend.
  for (const [name, flood, reason] of [
    ['beater', (client) => { for (let n = 0; n < 70; n++) client.send({ type: 'compute_heartbeat', max_concurrency: n % 9 }); }, /^more than 2 heartbeats per second \(burst 60\) from a connection$/],
    ['pinger', (client) => { for (let n = 0; n < 260; n++) client.send({ type: 'ping' }); }, /^more than 50 messages per second \(burst 200\) from a connection$/],
  ]) {
    const player = await colony.player(name, []);
    for (let n = 0; n < 3; n++) {
      const client = await join(player, { purpose: 'compute', source: `${n}` });
      flood(client);
      assert.equal(await client.ends(), 4006);
      assert.match(client.reason, reason);
    }
    await waitFor(() => suspended(player), { what: () => `${name} to be suspended` });
    assert.equal(await isRefused(player), true, name);
    assert.match(await colony.value('SELECT suspension_reason FROM npcsim.players WHERE id = $1', [player.id]), /^floods of messages$/);
  }
  await later(3700);
  for (const player of [caller, guesser]) await waitFor(async () => !(await isRefused(player)), { what: 'it to be let in again' });
  await now();
});

test('the server has logged no error', async () => {
  assert.deepEqual((await colony.cluster.log()).split('\n').filter((line) => /\|(ERROR|PANIC|FATAL):/.test(line)), []);
});
