// Tests what players are told of their own NPCs, decisions and shares over the wire, and that they are told of nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

test('a player asks why nothing happens to its NPC, what it holds, and what a decision was made of; of others it is told nothing', async () => {
  const colony = await startColony({ npcs: 3, sizeX: 30, sizeY: 30, policy: 'interval' });
  try {
    const [first, second, third] = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => Number(id));
    const ada = await colony.player('ada', [first]);
    const bo = await colony.player('bo', [second]);
    const client = await join(colony, { token: ada.token, purpose: 'both', source: 'main' });
    let id = 0;
    const call = async (reducer, args) => {
      id += 1;
      const mine = id;
      client.send({ type: 'call', id: mine, reducer, args });
      return client.frame('result', (frame) => frame.id === mine);
    };
    const reasons = ({ value }) => value.waits.map(({ reason }) => reason);

    // before it lends anything
    let told = await call('explain_npc', { npc_id: first });
    assert.ok(told.ok, JSON.stringify(told));
    assert.equal(told.value.decides, 'built_in');
    assert.equal(reasons(told)[0], 'silent');

    // It is asked, and answers.
    client.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: 1 });
    const request = await client.frame('decision_request', (frame) => frame.npc_id === first);
    told = await call('explain_npc', { npc_id: first });
    assert.deepEqual(reasons(told), ['thinking']);
    assert.equal(told.value.decides, 'player');
    assert.equal(told.value.pending.request_id, request.request_id);
    told = await call('explain_assignment', {});
    assert.equal(told.value.held, 1);
    assert.deepEqual(told.value.sources.map(({ name, in_flight, idle }) => ({ name, in_flight, idle })), [{ name: 'main', in_flight: 1, idle: null }]);
    client.send({ type: 'decision_response', request_id: request.request_id, action: 'wait', duration: 30, tokens: 3 });
    await client.frame('decision_result', (frame) => frame.request_id === request.request_id);
    told = await call('explain_decision', { request_id: request.request_id });
    assert.deepEqual(told.value.told[0].observations, request.observations);
    assert.equal(told.value.answers[0].status, 'applied');
    assert.equal(told.value.answers[0].tokens, 3);

    // What is another's, nobody's, or nothing.
    for (const [args, code] of [[{ npc_id: second }, 'NS303'], [{ npc_id: third }, 'NS303'], [{ npc_id: 99999 }, 'NS201'], [{ npc_id: 2 ** 53 }, '22003'], [{ npc_id: 0 }, '22003'], [{ npc_id: 1.5 }, null],
      [{ npc_id: 'x' }, null], [{ npc_id: null }, null], [{}, null]]) {
      told = await call('explain_npc', args);
      assert.equal(told.ok, false, JSON.stringify(args));
      if (code !== null) assert.equal(told.error.code, code, JSON.stringify(args));
      else assert.match(told.error.code, /^22/, JSON.stringify(args));
    }
    const other = await join(colony, { token: bo.token, purpose: 'both', source: 'main' });
    other.send({ type: 'call', id: 1, reducer: 'explain_decision', args: { request_id: request.request_id } });
    assert.equal((await other.frame('result')).error.code, 'NS301', 'what another was asked');
    assert.equal((await call('explain_decision', { request_id: 1 })).error.code, 'NS301', 'what nobody was asked');
    client.send({ type: 'call', id: 'huge', reducer: 'explain_npc', args: { npc_id: '9223372036854775808' } });
    assert.match((await client.frame('result', (frame) => frame.id === 'huge')).error.code, /^22/);

    // It is not told so often as it likes what costs the market's work.
    let refused;
    for (let i = 0; i < 6 && refused === undefined; i += 1) {
      const result = await call('explain_assignment', {});
      if (!result.ok) refused = result.error;
    }
    assert.equal(refused.code, 'NS431');
    const watching = await join(colony, { world_id: colony.worldId });
    watching.send({ type: 'call', id: 1, reducer: 'explain_npc', args: { npc_id: first } });
    assert.equal((await watching.frame('result')).error.code, '42501', 'spectators are told nothing');

    // When its connection is gone an operator is told of it.
    client.socket.terminate();
    await waitFor(() => colony.value(`SELECT npcsim.explain_npc($1, $2) ->> 'because' = 'not_connected'`, [colony.worldId, first]), { what: 'the player to be gone' });
  } finally {
    await colony.stop();
  }
});
