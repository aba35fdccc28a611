// Observations with their JSON against the bare PostGIS index scans for the same circles: on a paused world, both for
// the same NPCs, in turns.

import { DATABASE, settings } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { processUsage } from './lib/usage.mjs';

const ROUNDS = 15;
const WARM_SECONDS = 60;
const RADIUS = 8.25;

// The index scans alone: what of items and of tracks meets the circle around where each viewer is.
const SCANS = `
  SELECT sum(seen.items + seen.npcs) / count(*) AS seen
    FROM viewers v,
         LATERAL (SELECT (SELECT count(*) FROM npcsim.items i WHERE ST_DWithin(i.sight, v.among_items, ${RADIUS})) AS items,
                         (SELECT count(*) FROM npcsim.npc_tracks t WHERE ST_DWithin(t.sight, v.among_npcs, ${RADIUS})) AS npcs) seen`;

// CPU microseconds per viewer that the client's server process spends on a statement.
async function spent(client, pid, viewers, sql, parameters = []) {
  const before = processUsage(pid);
  const { rows } = await client.query(sql, parameters);
  return { us: ((processUsage(pid) - before) * 1e6) / viewers, rows };
}

export async function vision(bench) {
  const { cluster, world } = bench;
  const report = new Report('vision', `observations of ${bench.npcs} NPCs and the index scans for them, medians of ${ROUNDS} rounds in turns`);
  const client = await cluster.connect(DATABASE, { name: 'bench vision' });
  const value = async (sql, parameters = []) => Object.values((await client.query(sql, parameters)).rows[0])[0];
  const pid = await value('SELECT pg_backend_pid()');
  try {
    for (let second = 0; second < WARM_SECONDS; second++) await client.query('SELECT npcsim.tick_world($1, 1)', [world]);
    await client.query('VACUUM ANALYZE npcsim.npc_states, npcsim.npc_tracks, npcsim.items, npcsim.item_respawns, npcsim.interaction_runs');
    // Worlds and planes lie 8,192 apart in the index (src/engine/sight.c).
    await client.query(
      `CREATE TEMPORARY TABLE viewers AS
       SELECT n.id, ST_MakePoint(o.track_x + round(n.position_x), o.track_y + round(n.position_y)) AS among_npcs,
              ST_MakePoint(o.item_x + round(n.position_x), o.item_y + round(n.position_y)) AS among_items
         FROM npcsim.npcs n,
              (SELECT 8192 * floor(min(ST_XMin(t.sight)) / 8192) AS track_x, 8192 * floor(min(ST_YMin(t.sight)) / 8192) AS track_y
                 FROM npcsim.npc_tracks t WHERE t.world_id = $1) t(track_x, track_y),
              (SELECT 8192 * floor(min(ST_X(i.sight)) / 8192) AS item_x, 8192 * floor(min(ST_Y(i.sight)) / 8192) AS item_y
                 FROM npcsim.items i WHERE i.world_id = $1) i(item_x, item_y),
              LATERAL (SELECT t.track_x, t.track_y, i.item_x, i.item_y) o
        WHERE n.world_id = $1`.replaceAll('$1', String(world)),
    );
    await client.query('ANALYZE viewers');
    const observations = [];
    const scans = [];
    let seen;
    let bytes;
    for (let round = 0; round < ROUNDS; round++) {
      const scan = await spent(client, pid, bench.npcs, SCANS);
      const observation = await spent(client, pid, bench.npcs, 'SELECT sum(length(npcsim.observe_npc($1, id)::text))::float8 / count(*) AS bytes FROM viewers', [world]);
      scans.push(scan.us);
      observations.push(observation.us);
      seen = Number(scan.rows[0].seen);
      bytes = observation.rows[0].bytes;
    }
    report.figure('index scans of one NPC\'s circle', median(scans), 'µs, CPU');
    report.figure('  rows that meet it, itself included', seen);
    report.figure('observation of one NPC with its JSON', median(observations), 'µs, CPU');
    report.figure('  length', bytes, 'bytes');
    report.figure('observations / index scans', median(observations.map((us, round) => us / scans[round])), '×', { atMost: 2 });
    report.note('Observations one by one (observe_npc); the scans are one query over all NPCs, planned once. CPU is the server process\'s.');
  } finally {
    await client.end();
  }
  return report;
}
