// Tests minds on the real SDK that stay connected and are of no use: one never answers, one fails. Their NPCs go on, and the
// minds are told why.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MINDS, startColony, waitFor } from './lib/colony.mjs';

test('minds that hang keep nobody waiting, minds that fail are told so', async () => {
  const colony = await startColony({ npcs: 0, sizeX: 40, sizeY: 12, running: false });
  try {
    const npc = (name, x) => colony.value('SELECT npcsim.create_npc($1, $2, $3, 5)', [colony.worldId, name, x]);
    const [ada, bob, cy] = [await npc('Ada', 5), await npc('Bob', 8), await npc('Cy', 35)];
    const players = [await colony.player('ada', [ada]), await colony.player('bob', [bob]), await colony.player('cy', [cy])];
    const mind = (player, env) => colony.agent(player, ['--mcp', `node '${MINDS}/faltering.mjs'`], env);
    colony.agent(players[0], ['--mcp', `node '${MINDS}/talker.mjs'`], { TALK_TO: `${bob}` });
    mind(players[1], { HANG: '1' });
    const failing = mind(players[2], { FAIL_FIRST: '2' });
    await waitFor(() => colony.value('SELECT count(*) = 3 FROM npcsim.sessions WHERE max_concurrency > 0'), { timeout: 20_000, what: 'three minds are connected' });
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);

    // Bob's mind was invited, and is silent.
    const events = (id) => colony.value('SELECT coalesce((SELECT events FROM npcsim.npc_minds WHERE npc_id = $1), $2::jsonb)', [id, '[]']);
    const answer = await waitFor(async () => (await events(bob)).find(({ type, action }) => type === 'decided_for_you' && action === 'respond_to_interaction_bid'),
      { timeout: 30_000, what: 'the invitation to be answered for Bob' });
    assert.equal(answer.accept, true);
    const invited = (await events(bob)).find(({ type, bid_id: bid }) => type === 'interaction_bid_received' && bid === answer.bid_id);
    assert.ok(answer.at >= invited.at + 4.4 && answer.at < invited.answer_by, `in the last tenth of its time: ${JSON.stringify([invited, answer])}`);
    await waitFor(() => colony.value("SELECT count(*) > 0 FROM npcsim.world_events WHERE kind = 'npc_said' AND npc_id = $1", [bob]), { timeout: 20_000, what: 'Bob to talk' });
    assert.equal(await colony.value("SELECT count(*) FROM npcsim.decision_log WHERE npc_id = $1 AND status = 'applied'", [bob]), 0, 'not by his mind');

    // Cy's mind failed twice, and is told of both as one.
    const told = await waitFor(() => /told (\[.*\])/.exec(failing.output)?.[1], { timeout: 30_000, what: () => `the third question: ${failing.output}` });
    const failed = JSON.parse(told).filter(({ type }) => type === 'decision_failed');
    assert.equal(failed.length, 1, told);
    assert.equal(failed[0].times, 2, told);
    assert.match(failed[0].reason, /out of ideas, 0 to go/, told);
  } finally {
    await colony.stop();
  }
});
