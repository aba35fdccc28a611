// Tests the queue of open questions in shared memory: when they do not fit, when the server crashes, and beside another database whose world has the same id.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const NPCS = 90;

test('questions that do not fit into memory, that a crash left, or of another database are asked all the same, each once', async () => {
  const colony = await startColony({ npcs: NPCS, sizeX: 64, sizeY: 64, policy: 'interval', settings: { 'npcsim.max_open_questions': 64 } });
  try {
    await colony.query("UPDATE npcsim.worlds SET allocation = 'manual'");
    const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => id);
    const ada = await colony.player('ada', ids);
    const lend = async (slots) => {
      const client = await join(colony, { token: ada.token, purpose: 'compute', source: 'main' });
      client.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: slots });
      await client.frame('heartbeat_ack');
      return client;
    };
    // Answers what was not answered yet; returns which NPCs it was asked about.
    const answered = new Set();
    const answer = (client) => {
      for (const frame of client.of('decision_request')) {
        if (answered.has(frame.request_id)) continue;
        answered.add(frame.request_id);
        client.send({ type: 'decision_response', request_id: frame.request_id, action: 'wait', seconds: 5 });
      }
      return new Set(client.of('decision_request').map((frame) => frame.npc_id));
    };
    const once = (client, what) => {
      const requests = client.of('decision_request').map((frame) => frame.request_id);
      assert.equal(new Set(requests).size, requests.length, what);
    };

    // More are open than fit.
    const first = await lend(1);
    await waitFor(() => colony.value("SELECT count(*) > 64 FROM npcsim.decision_requests WHERE status = 'open'"), { timeout: 20_000, what: 'more open questions than fit' });
    first.send({ type: 'compute_heartbeat', source: 'main', max_concurrency: 64 });
    await waitFor(() => answer(first).size === NPCS, { timeout: 40_000, what: () => `questions about all NPCs: ${answer(first).size}` });
    once(first, 'none is asked twice');

    // A world of another database that has the same id.
    await colony.cluster.createDatabase('beside');
    const beside = await colony.cluster.connect('beside');
    try {
      const value = async (text, values) => Object.values((await beside.query(text, values)).rows[0])[0];
      assert.equal(await value("SELECT npcsim.create_world('Beside', 30, 30, 3, preset => 'reference')"), colony.worldId);
      const bo = await value("SELECT player_id FROM npcsim.create_player(1, 'bo')");
      await value("SELECT npcsim.register_gateway('g1')");
      const session = await value("SELECT npcsim.client_connected('g1', $1, 1, 'compute') ->> 'session_id'", [bo]);
      await value(`SELECT npcsim.update_player_heartbeat($1, '{"max_concurrency": 8}')`, [bo]);
      await value("SELECT npcsim.create_npc(1, 'Bob', 5, 5, $1)", [bo]);
      await value('SELECT npcsim.start_world(1)');
      const claim = async () => (await beside.query("SELECT player_id, body -> 'observations' -> 'self' ->> 'name' AS name FROM npcsim.claim_decisions('g1', ARRAY[$1::bigint], '{8}')", [session])).rows;
      let claimed = [];
      await waitFor(async () => { claimed = [...claimed, ...(await claim())]; return claimed.length > 0; }, { what: 'the question of the other database' });
      assert.deepEqual(claimed.map(({ name }) => name), ['Bob'], 'its own alone');
      assert.deepEqual(await claim(), [], 'once');
    } finally {
      await beside.end();
    }

    // The server crashes, with questions open and in flight.
    await waitFor(() => first.of('decision_request').some((frame) => !answered.has(frame.request_id)), { timeout: 20_000, what: 'a question in flight' });
    const gateway = await colony.value("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'npcsim-gateway%' LIMIT 1");
    process.kill(gateway, 'SIGKILL');
    colony.client.on?.('error', () => {});
    const tried = (what) => what().then(() => true, () => false); // the server is not there yet
    await waitFor(() => tried(async () => { colony.client = await colony.cluster.connect('colony'); }), { timeout: 30_000, what: 'the server' });
    let second;
    await waitFor(() => tried(async () => { second = await lend(64); }), { timeout: 30_000, what: 'the gateway' });
    await waitFor(() => answer(second).size === NPCS, { timeout: 60_000, what: () => `questions about all NPCs after the crash: ${answer(second).size}` });
    once(second, 'none is asked twice after the crash');
    colony.client = await colony.cluster.connect('colony'); // the one from before may have been cut off, too
    assert.equal(await colony.value("SELECT count(*)::integer FROM (SELECT request_id FROM npcsim.decision_log WHERE status IN ('applied', 'late') GROUP BY request_id HAVING count(*) > 1) d"), 0, 'none is answered twice');
  } finally {
    await colony.stop();
  }
});
