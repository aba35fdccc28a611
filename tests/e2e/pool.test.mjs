// Tests failover in a world that runs: what a player was asked whose socket closes goes to another's mind that remembers nothing within a second;
// the NPCs stay their player's, who is asked again when it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';
import { PATIENCE } from './lib/patience.mjs';

const WITHIN_MS = 1000 * PATIENCE;

test('questions in flight at a socket that closes are answered by another mind within a second', async () => {
  const colony = await startColony({ npcs: 4, sizeX: 40, sizeY: 40, policy: 'interval' });
  try {
    await colony.query("UPDATE npcsim.worlds SET allocation = 'manual'");
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => id);
    const ada = await colony.player('ada', npcs);
    const bo = await colony.player('bo', []);
    const controllers = () => colony.query('SELECT id, controller_player_id FROM npcsim.npcs ORDER BY id');
    const lend = async (player, heartbeat) => {
      const client = await join(colony, { token: player.token, purpose: 'compute', source: 'main' });
      client.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: 8, ...heartbeat });
      await client.frame('heartbeat_ack');
      return client;
    };
    let mine = await lend(ada);
    const theirs = await lend(bo, { stateless: true });
    await waitFor(() => mine.of('decision_request').length >= npcs.length, { what: 'questions to the player' });
    assert.equal(theirs.of('decision_request').length, 0, 'while its player is there nobody else is asked about an NPC');
    const before = await controllers();
    const inFlight = new Map(mine.of('decision_request').map((frame) => [frame.npc_id, frame.request_id]));

    const closed = Date.now();
    mine.socket.terminate();
    await waitFor(() => [...inFlight.values()].every((id) => theirs.of('decision_request').some((frame) => frame.request_id === id)),
      { every: 5, what: 'the same questions at the other mind' });
    for (const id of inFlight.values()) theirs.send({ type: 'decision_response', request_id: id, action: 'wait', seconds: 30 });
    await waitFor(() => [...inFlight.values()].every((id) => theirs.of('decision_result').some((frame) => frame.request_id === id)), { every: 5, what: 'their results' });
    const took = Date.now() - closed;
    assert.ok(took <= WITHIN_MS, `it took ${took} ms`);
    assert.deepEqual(theirs.of('decision_result').map(({ status }) => status), npcs.map(() => 'applied'));
    assert.deepEqual(await controllers(), before, 'the NPCs stay who they were');
    assert.deepEqual(await colony.query(`SELECT DISTINCT p.username, l.status, l.pooled FROM npcsim.decision_log l JOIN npcsim.players p ON p.id = l.player_id
                                          WHERE l.request_id = ANY ($1) ORDER BY 1`, [[...inFlight.values()]]),
    [{ username: 'ada', status: 'cut_off', pooled: false }, { username: 'bo', status: 'applied', pooled: true }]);

    // It goes on so, and the player is asked again when it is back.
    await waitFor(() => theirs.of('decision_request').length > npcs.length, { timeout: 20_000, what: 'more questions to the other mind' });
    mine = await lend(ada);
    const answer = (client) => client.of('decision_request').filter((frame) => !client.of('decision_result').some((done) => done.request_id === frame.request_id))
      .forEach((frame) => client.send({ type: 'decision_response', request_id: frame.request_id, action: 'wait', seconds: 3 }));
    await waitFor(() => { answer(theirs); return mine.of('decision_request').length > 0; }, { timeout: 20_000, what: 'a question to the player who is back' });
    assert.deepEqual(await controllers(), before);
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    assert.deepEqual(await colony.query('SELECT * FROM npcsim.world_differences($1, npcsim.replay_world($1))', [colony.worldId]), [], 'all of it is replayed');
  } finally {
    await colony.stop();
  }
});
