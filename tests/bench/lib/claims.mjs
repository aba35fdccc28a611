// Claims requests with their observations as a gateway does; all NPCs of the world belong to one player.

import { DATABASE } from './world.mjs';

const SLOTS_MAX = 64; // how many slots a session may have, by the gateway's manual

export async function openClaims(bench, client) {
  const { cluster, world } = bench;
  const value = async (sql, parameters = []) => Object.values((await client.query(sql, parameters)).rows[0])[0];
  const player = await value('SELECT player_id FROM npcsim.create_player($1, \'claimer\')', [world]);
  await client.query('SELECT npcsim.assign_npc_to_player($1, id, $2) FROM npcsim.npcs WHERE world_id = $1', [world, player]);
  await client.query('SELECT npcsim.register_gateway(\'bench\')');
  const { session_id: session } = await value('SELECT npcsim.client_connected(\'bench\', $1, $2, \'compute\', \'bench\', \'bench\')', [player, world]);
  // Neither the gateway nor the mind may fall silent while questions are opened.
  const beat = () => client.query('SELECT npcsim.gateway_poll(\'bench\', \'{}\'), npcsim.update_player_heartbeat($1, $2)', [player, JSON.stringify({ source: 'bench', max_concurrency: SLOTS_MAX })]);
  await beat();
  // The world has to run, because requests are handed out in running worlds only.
  await client.query('SELECT npcsim.set_world_speed($1, 0.1)', [world]);
  await client.query('SELECT npcsim.start_world($1)', [world]);
  return {
    // Opens requests of these NPCs.
    async open(ids) {
      for (const [place, id] of ids.entries()) {
        await client.query('SELECT npcsim.request_npc_decision($1, $2)', [world, id]);
        if (place % 100 === 0) await beat();
      }
      await beat();
    },
    // Claims at most so many of them, and returns how many there were and the bytes of their observations.
    async claim(count) {
      const { rows } = await client.query('SELECT octet_length(body::text) AS bytes FROM npcsim.claim_decisions(\'bench\', $1, $2)', [[session], [count]]);
      return { count: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) };
    },
    // Lets the session fail them, so that the next ones find free slots.
    async giveBack() {
      await client.query('SELECT npcsim.fail_decisions(array_agg(player_id), array_agg(request_id), array_agg(\'bench\'::text)) FROM npcsim.decision_requests WHERE world_id = $1 AND status = \'sent\'', [world]);
    },
    async close() {
      await client.query('SELECT npcsim.client_disconnected($1)', [session]);
      await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [world]);
      await client.query('SELECT npcsim.set_world_speed($1, 1)', [world]);
      await client.query('UPDATE npcsim.npcs SET controller_player_id = NULL WHERE world_id = $1', [world]);
    },
  };
}
