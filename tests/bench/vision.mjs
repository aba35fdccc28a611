// Compares observations with their JSON with the bare PostGIS index scans for the same circles, for the same NPCs in turns.

import { DATABASE, settings } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { openClaims } from './lib/claims.mjs';
import { processUsage } from './lib/usage.mjs';

const BATCH = 60; // less than the slots of a session
const WARM_SECONDS = 60;
const RADIUS = 8.25;

// The index scans alone: the items and tracks that meet the circle around each viewer.
const SCANS = `
  SELECT sum(seen.items + seen.npcs) AS seen
    FROM viewers v,
         LATERAL (SELECT (SELECT count(*) FROM npcsim.items i WHERE ST_DWithin(i.sight, v.among_items, ${RADIUS})) AS items,
                         (SELECT count(*) FROM npcsim.npc_tracks t WHERE ST_DWithin(t.sight, v.among_npcs, ${RADIUS})) AS npcs) seen
   WHERE v.id = ANY ($1::bigint[])`;

// The positions of all NPCs in the sight indexes, in which worlds and planes are 8,192 apart (src/engine/sight.c).
const VIEWERS = `
  CREATE TEMPORARY TABLE viewers AS
  WITH origin AS (
    SELECT (SELECT ST_MakePoint(8192 * floor(max(ST_XMax(sight)) / 8192), 8192 * floor(max(ST_YMax(sight)) / 8192)) FROM npcsim.npc_tracks) AS tracks,
           (SELECT ST_MakePoint(8192 * floor(max(ST_X(sight)) / 8192), 8192 * floor(max(ST_Y(sight)) / 8192)) FROM npcsim.items) AS items)
  SELECT n.id,
         ST_Translate(o.tracks, round(n.position_x), round(n.position_y)) AS among_npcs,
         ST_Translate(o.items, round(n.position_x), round(n.position_y)) AS among_items
    FROM npcsim.npcs n, origin o`;

export async function vision(bench) {
  const { cluster, world } = bench;
  const rounds = Math.floor(settings.npcs / BATCH);
  const report = new Report('vision', `observations of ${rounds} × ${BATCH} NPCs and the index scans for them, in turns`);
  const client = await cluster.connect(DATABASE, { name: 'bench vision' });
  const pid = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const spent = async (body) => {
    const before = processUsage(pid);
    const result = await body();
    return { us: (processUsage(pid) - before) * 1e6, result };
  };
  try {
    for (let second = 0; second < WARM_SECONDS; second++) await client.query('SELECT npcsim.tick_world($1, 1)', [world]);
    await client.query('VACUUM ANALYZE');
    await client.query(VIEWERS);
    await client.query('CREATE UNIQUE INDEX ON viewers (id)');
    await client.query('ANALYZE viewers');
    const ids = (await client.query('SELECT id FROM viewers ORDER BY id')).rows.map((row) => row.id);
    const single = await spent(() => client.query('SELECT sum(length(npcsim.observe_npc($1, id)::text)) FROM viewers', [world]));
    const claims = await openClaims(bench, client);
    const scanned = [];
    const observed = [];
    let seen = 0;
    let bytes = 0;
    for (let round = 0; round < rounds; round++) {
      const batch = ids.slice(round * BATCH, (round + 1) * BATCH);
      await claims.open(batch);
      const scan = await spent(() => client.query({ name: 'scans', text: SCANS, values: [batch] }));
      const claim = await spent(() => claims.claim(BATCH));
      await claims.giveBack();
      if (claim.result.count === 0) continue;
      scanned.push(scan.us / batch.length);
      observed.push(claim.us / claim.result.count);
      seen += Number(scan.result.rows[0].seen) / batch.length;
      bytes += claim.result.bytes / claim.result.count;
    }
    await claims.close();
    report.figure('index scans of one NPC\'s circle', median(scanned), 'µs, CPU');
    report.figure('  rows that meet it, itself included', seen / scanned.length);
    report.figure('observation of one NPC with its JSON', median(observed), 'µs, CPU');
    report.figure('  length', bytes / scanned.length, 'bytes');
    report.figure('observations / index scans', median(observed.map((us, round) => us / scanned[round])), '×', { atMost: 2 });
    report.figure('one observation by itself (observe_npc)', single.us / ids.length, 'µs, CPU');
    report.note(`Observations as they are handed out, ${BATCH} at a time (claim_decisions), the writing of their requests included; the scans are one prepared query for the same ${BATCH} NPCs. CPU is the server process's.`);
  } finally {
    await client.end();
  }
  return report;
}
