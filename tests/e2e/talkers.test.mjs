// Tests that two players' minds can hold a conversation: MCP servers on the real SDKs of both eras, and a WebSocket client that
// decides. Each has one NPC, and there are no others. Invitations and messages reach the other mind at once, and a watching
// client gets all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MINDS, SAMPLE, startColony, waitFor } from './lib/colony.mjs';

const AT_ONCE = 1; // real seconds from the answer that is the cause to the question that follows

// A world with nothing but two NPCs, three cells apart, of two players.
async function twoPlayers() {
  const colony = await startColony({ npcs: 0, sizeX: 20, sizeY: 12, running: false });
  const [ada, bob] = await colony.query(
    "SELECT npcsim.create_npc($1, 'Ada', 5, 5) AS id UNION ALL SELECT npcsim.create_npc($1, 'Bob', 8, 5)", [colony.worldId]);
  return { colony, first: await colony.player('ada', [ada.id]), second: await colony.player('bob', [bob.id]) };
}

const connected = (colony, count) => waitFor(
  () => colony.value('SELECT count(*) >= $1 FROM npcsim.sessions WHERE max_concurrency > 0', [count]), { timeout: 20_000, what: `${count} minds are connected` });

// What was asked of an NPC's mind and answered, oldest first; times in real seconds.
const log = (colony, npc) => colony.query(
  `SELECT reason, status, code, detail, decision ->> 'action' AS action, coalesce(decision ->> 'message', decision #>> '{parameters,message}') AS message, clock,
          extract(epoch FROM sent_at_real)::float8 AS sent, extract(epoch FROM finished_at_real)::float8 AS finished
     FROM npcsim.decision_log WHERE npc_id = $1 ORDER BY finished_at_real`, [npc]);

// Every answer that is a cause has its question at the other mind, within the time: unless a question was under way there.
function assertAskedAtOnce(causes, questions, reason, what) {
  const delays = causes.map((cause) => questions.filter((question) => question.reason === reason && question.sent >= cause.finished - 0.05)
    .map((question) => question.sent - cause.finished)[0]).filter((delay) => delay !== undefined);
  assert.ok(delays.length > 0, `${what}: it was asked`);
  assert.ok(delays.every((delay) => delay < AT_ONCE), `${what}: after ${delays.map((delay) => delay.toFixed(2)).join(', ')} s`);
}

async function converse(name, firstArgs, secondArgs, check, env = {}) {
  const { colony, first, second } = await twoPlayers();
  try {
    const watcher = await colony.watch();
    const [{ npcIds: [ada] }, { npcIds: [bob] }] = [first, second];
    const agents = [colony.agent(first, firstArgs, { TALK_TO: `${bob}`, ...env }), colony.agent(second, secondArgs)];
    await connected(colony, 2);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    const heard = () => watcher.store.messages.filter(({ kind }) => kind === 'npc_said');
    const told = async () => `${name}: ${JSON.stringify(heard())} ${JSON.stringify([await log(colony, ada), await log(colony, bob)])} ${agents.map((agent) => agent.output.slice(-500)).join()}`;
    await waitFor(() => colony.value("SELECT count(*) > 0 FROM npcsim.world_events WHERE kind = 'interaction_cancelled' AND data ->> 'interaction' = 'conversation'"),
      { timeout: 60_000, what: 'the conversation to end' }).catch(async (error) => assert.fail(`${error.message}: ${await told()}`));
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    const logs = [await log(colony, ada), await log(colony, bob)];
    const of = (decisions, action) => decisions.filter((row) => row.action === action && row.status === 'applied');

    // how it came about
    const [invitation] = of(logs[0], 'start_conversation');
    const [acceptance] = of(logs[1], 'respond_to_interaction_bid');
    assert.ok(invitation && acceptance, `one invites, the other accepts: ${await told()}`);
    assert.equal(acceptance.reason, 'bid', 'who is invited is asked because of that');
    assertAskedAtOnce([invitation], logs[1], 'bid', 'the invited mind');

    // what was said, and that each was asked because of the other's words
    const words = logs.map((decisions) => of(decisions, 'act_in_interaction'));
    assert.ok(words[0].length >= 1 && words[1].length >= 2, `both speak: ${await told()}`);
    assertAskedAtOnce(words[0], logs[1], 'message', 'who hears the first');
    assertAskedAtOnce(words[1], logs[0], 'message', 'who hears the second');
    const refused = logs.flat().filter(({ status }) => status === 'rejected');
    assert.deepEqual(refused, [], 'nobody is refused anything');

    // what was heard by who watches
    const expected = (await colony.query('SELECT npc_id, text, interaction_id FROM npcsim.messages WHERE world_id = $1 ORDER BY sequence', [colony.worldId]));
    await waitFor(() => heard().length === expected.length, { what: 'the spectator to hear all' });
    assert.deepEqual(heard().map(({ npc_id: npc, text, interaction_id: interaction }) => ({ npc_id: npc, text, interaction_id: interaction })), expected);
    const texts = expected.map(({ text }) => text);
    for (const { message } of words.flat()) assert.ok(texts.includes(message), `"${message}" was heard`);
    assert.ok(new Set(expected.map(({ npc_id: npc }) => npc)).size === 2, 'both were heard');
    await check({ colony, logs, texts, ada, bob, of, told });
  } finally {
    await colony.stop();
  }
}

test('a server of the older era invites one of the stateless era', () => converse('old to new',
  ['--mcp', `node '${MINDS}/old-era.mjs' --mind talk`], ['--mcp', `node '${MINDS}/talker.mjs'`], ({ logs, of }) => {
    assert.ok(of(logs[0], 'cancel_interaction').length + of(logs[1], 'cancel_interaction').length > 0, 'one of them leaves');
  }));

test('a server of the stateless era invites one of the older era', () => converse('new to old',
  ['--mcp', `node '${MINDS}/talker.mjs'`], ['--mcp', `node '${MINDS}/old-era.mjs' --mind talk`], () => {}));

test('the sample server accepts, talks, says goodbye and leaves', () => converse('old to sample',
  ['--mcp', `node '${MINDS}/old-era.mjs' --mind talk`], ['--mcp', `node '${SAMPLE}'`], async ({ logs, texts, of, told }) => {
    assert.match(texts.find((text) => text.startsWith('Hello')) ?? '', /Hello, Ada! I am Bob\./, 'it greets who invited it');
    assert.ok(texts.some((text) => /Goodbye/.test(text)), `it says goodbye: ${await told()}`);
    assert.equal(of(logs[1], 'cancel_interaction').length, 1, 'and goes');
  }, { TALK_WORDS: '20' }));

test('a WebSocket client is invited, answers and talks like any mind', async () => {
  const { colony, first, second } = await twoPlayers();
  try {
    const [{ npcIds: [ada] }, { npcIds: [bob] }] = [first, second];
    const client = await colony.connect({ token: second.token, purpose: 'both' });
    client.send({ type: 'compute_heartbeat', max_concurrency: 2, source: 'client' });
    client.send({ type: 'subscribe', id: 1 });
    const asked = [];
    let said = 0;
    client.socket.on('message', (data) => {
      const frame = JSON.parse(data);
      if (frame.type !== 'decision_request') return;
      asked.push(frame);
      const { request_id: requestId, npc_id: npc, observations: { bids = [], conversation, self } } = frame;
      const answer = (decision) => client.send({ type: 'decision_response', request_id: requestId, npc_id: npc, ...decision });
      const mine = conversation?.messages.findLast((message) => message.npc_id === npc);
      if (bids.length > 0) return answer({ action: 'respond_to_interaction_bid', bid_id: bids[0].bid_id, accept: true });
      if (conversation && !(mine && self.clock - mine.at < 3)) return answer({ action: 'act_in_interaction', message: `Answer ${++said}` });
      return answer({ action: conversation ? 'continue' : 'wait', next_decision_in_s: 3 });
    });
    const agent = colony.agent(first, ['--mcp', `node '${MINDS}/old-era.mjs' --mind talk`], { TALK_TO: `${bob}` });
    await connected(colony, 2);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await waitFor(() => said >= 2 && client.store.messages.filter(({ npc_id: npc }) => npc === bob).length >= 2,
      { timeout: 40_000, what: () => `two answers: ${JSON.stringify(asked.map(({ reason, observations: { events, conversation } }) => [reason, events, conversation]))} ${agent.output}` });
    const invitation = asked.find(({ reason }) => reason === 'bid');
    const [bid] = invitation.observations.bids;
    assert.deepEqual([bid.bidder_id, bid.bidder_name, bid.interaction, bid.invited], [ada, 'Ada', 'conversation', [bob]]);
    assert.ok(invitation.observations.events.some((event) => event.type === 'interaction_bid_received' && event.bid_id === bid.bid_id), 'the event is told, too');
    const message = asked.find(({ reason }) => reason === 'message');
    assert.equal(message.observations.conversation.messages.at(-1).npc_id, ada);
    const observation = message.observations.events.find((event) => event.type === 'interaction_observation' && event.kind === 'message');
    assert.deepEqual([observation.npc_id, observation.name], [ada, 'Ada']);
    const results = client.frames.filter((frame) => frame.type === 'decision_result');
    assert.deepEqual(results.filter(({ status }) => status === 'rejected'), [], 'nothing is refused');
  } finally {
    await colony.stop();
  }
});
