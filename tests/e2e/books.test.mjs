// Tests that workers count what was decided while a world runs, each decision once, although they are ended time and again.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

test('workers that are ended at any moment count every decision once', async () => {
  const colony = await startColony({ npcs: 4, sizeX: 40, sizeY: 40, policy: 'interval' });
  try {
    const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => id);
    const player = await colony.player('ada', ids);
    const client = await join(colony, { token: player.token, purpose: 'both', source: 'main' });
    client.socket.on('message', (data) => {
      const frame = JSON.parse(data);
      if (frame.type === 'decision_request') client.send({ type: 'decision_response', request_id: frame.request_id, action: 'wait', parameters: { duration: 1 }, tokens: 9 });
    });
    client.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: 8 });
    await client.frame('heartbeat_ack');
    const logged = () => colony.value("SELECT count(*)::int FROM npcsim.decision_log WHERE status IN ('applied', 'late')");
    const counted = () => colony.value('SELECT coalesce(sum(accepted), 0)::int FROM npcsim.source_minutes');
    await waitFor(async () => (await counted()) > 0, { timeout: 30_000, what: 'a worker to count' });
    for (let n = 0; n < 4; n++) {
      // One counts at this moment, by hand, while another is ended.
      await Promise.all([
        colony.value('SELECT npcsim_internal.fold_decisions()'),
        colony.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'npcsim worker%'"),
      ]);
      await waitFor(async () => (await logged()) > 4 * (n + 1), { timeout: 20_000, what: 'more decisions' });
    }
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    await colony.value('SELECT npcsim_internal.fold_decisions()');
    assert.equal(await counted(), await logged());
    const [metrics] = await colony.query(`SELECT accepted_24h::int AS accepted, reported_tokens::int AS tokens, uptime_1h > 0 AS up, decision_time_p95_1h < 5 AS fast, npc_seconds_24h > 0 AS earns
      FROM npcsim.compute_metrics WHERE player_id = $1 AND source_id IS NULL`, [player.id]);
    assert.deepEqual(metrics, { accepted: await logged(), tokens: 9 * (await logged()), up: true, fast: true, earns: true });
  } finally {
    await colony.stop();
  }
});
