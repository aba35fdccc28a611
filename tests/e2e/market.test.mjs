// Tests the market in a world that runs: players who lend compute through a gateway are given their shares of the NPCs, and lose them when they
// are gone for longer than they may be, not when a connection breaks for a moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

test('players hold their shares within seconds; who vanishes loses them after its grace, a blip moves nothing', async () => {
  const colony = await startColony({ npcs: 4, sizeX: 40, sizeY: 40, policy: 'interval' });
  try {
    const held = async () => Object.fromEntries((await colony.query(`
      SELECT p.username, array_agg(n.id ORDER BY n.id) FILTER (WHERE n.id IS NOT NULL) AS npcs
        FROM npcsim.players p LEFT JOIN npcsim.npcs n ON n.controller_player_id = p.id GROUP BY p.username`)).map(({ username, npcs }) => [username, npcs ?? []]));
    const counts = async () => Object.fromEntries(Object.entries(await held()).map(([name, npcs]) => [name, npcs.length]));
    const becomes = (wanted, what) => waitFor(async () => JSON.stringify(await counts()) === JSON.stringify(wanted), { timeout: 10_000, what: async () => `${what}: ${JSON.stringify(await counts())}` });
    const moves = () => colony.value("SELECT count(*) FROM npcsim.world_inputs WHERE kind = 'controllers'");
    const players = {};
    for (const name of ['ada', 'bo', 'cy']) players[name] = await colony.player(name, []);
    // Declares what it lends, and lends.
    const lend = async (name) => {
      const client = await join(colony, { token: players[name].token, purpose: 'both', source: 'main' });
      client.send({ type: 'call', id: 1, reducer: 'declare_compute', args: { tokens_per_day: 8400 } });
      client.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: 4 });
      await client.frame('heartbeat_ack');
      return client;
    };
    const ada = await lend('ada');
    let bo = await lend('bo');
    await becomes({ ada: 2, bo: 2, cy: 0 }, 'who joins has its share');
    await bo.frame('decision_request');
    const [before, made] = [await held(), await moves()];

    // a blip: its connection breaks, and comes back
    bo.socket.terminate();
    await waitFor(() => colony.value("SELECT count(*) = 0 FROM npcsim.sessions WHERE player_id = $1", [players.bo.id]), { what: 'the session to end' });
    assert.equal(await colony.value('SELECT npcsim.redistribute_npcs_by_contribution($1)', [colony.worldId]), 0, 'nothing moves');
    // ... for twenty seconds, which the market's clock shortens
    const moveClock = async (ms) => {
      await colony.query(`ALTER SYSTEM SET npcsim.market_time = '${ms === 0 ? '' : new Date(Date.now() + ms).toISOString()}'`);
      await colony.query('SELECT pg_reload_conf()');
      await waitFor(() => colony.value("SELECT abs(extract(epoch FROM npcsim_internal.market_now() - clock_timestamp()) - $1) < 5", [ms / 1000]), { what: 'the clock' });
    };
    await moveClock(20_000);
    assert.equal(await colony.value("SELECT (npcsim.calculate_player_npc_allocation($1, $2)).reason", [players.bo.id, colony.worldId]), 'away');
    assert.equal(await colony.value('SELECT npcsim.redistribute_npcs_by_contribution($1)', [colony.worldId]), 0, 'nothing moves');
    await moveClock(0);
    assert.equal(await moves(), made, 'nor did workers move anything');
    bo = await lend('bo');
    await bo.frame('decision_request');
    assert.deepEqual(await held(), before);
    assert.equal(await moves(), made);

    // Another one comes, for whom there is nothing yet.
    const cy = await lend('cy');
    await waitFor(() => colony.value("SELECT (npcsim.calculate_player_npc_allocation($1, $2)).entitlement = 1", [players.cy.id, colony.worldId]), { what: 'a share of NPCs that stay where they are' });
    assert.deepEqual(await held(), before);
    assert.equal(await moves(), made);

    // Ada vanishes, and five minutes pass.
    ada.socket.terminate();
    await waitFor(() => colony.value("SELECT count(*) = 0 FROM npcsim.sessions WHERE player_id = $1", [players.ada.id]), { what: 'the session to end' });
    assert.equal(await colony.value('SELECT npcsim.rebalance_compute_allocation($1)', [colony.worldId]), 0, 'nothing moves at first');
    await colony.query(`ALTER SYSTEM SET npcsim.market_time = '${new Date(Date.now() + 310_000).toISOString()}'`);
    await colony.query('SELECT pg_reload_conf()');
    cy.send({ type: 'call', id: 2, reducer: 'declare_compute', args: { tokens_per_day: 8500 } });
    await becomes({ ada: 0, bo: 2, cy: 2 }, 'who is gone loses what it had');
    assert.deepEqual((await held()).cy, before.ada);
    await cy.frame('decision_request');
    assert.equal(await moves(), made + 1, 'by one input');
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    assert.deepEqual(await colony.query('SELECT * FROM npcsim.world_differences($1, npcsim.replay_world($1))', [colony.worldId]), [], 'all of it is replayed');
  } finally {
    await colony.stop();
  }
});
