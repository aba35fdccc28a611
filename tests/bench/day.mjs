// Runs a day of a world of 100 NPCs at the highest speed, and checks that it finishes, that tables stay small, and that the
// world is sound.

import { DATABASE, measure, pass, reportUsage, settings, startWorld, status } from './lib/world.mjs';
import { Report } from './lib/report.mjs';
import { megabytes, relationSizes, sizeWithoutRecord, totalSize, worstGrowth } from './lib/sizes.mjs';

const SPEED = 1000;
const LOOK_SECONDS = 5;

// Returns what is wrong of that which must hold at every moment.
const UNSOUND = `
  SELECT 'needs of NPC ' || npc_id AS what FROM npcsim.npc_states
   WHERE least(hunger, hygiene, fun, energy) < 0 OR greatest(hunger, hygiene, fun, energy) > 100000000
  UNION ALL
  SELECT 'NPC ' || n.id || ' is inside a wall or outside the world' FROM npcsim.npcs n
    JOIN npcsim.worlds w ON w.id = n.world_id JOIN npcsim.world_terrain t ON t.world_id = n.world_id,
         LATERAL (SELECT round(n.position_y)::int * w.size_x + round(n.position_x)::int AS bit) b
   WHERE n.position_x NOT BETWEEN 0 AND w.size_x - 1 OR n.position_y NOT BETWEEN 0 AND w.size_y - 1
      OR get_byte(t.blocked, b.bit / 8) >> (b.bit % 8) & 1 = 1
  UNION ALL
  SELECT 'item ' || i.id || ' is occupied without an interaction' FROM npcsim.items i
   WHERE i.occupied_by_npc_id IS NOT NULL AND NOT EXISTS
         (SELECT FROM npcsim.interaction_runs u WHERE u.target_id = i.id AND u.participants[1] = i.occupied_by_npc_id)
  UNION ALL
  SELECT 'NPC ' || p || ' is not in interaction ' || u.id FROM npcsim.interaction_runs u, unnest(u.participants) AS p
   WHERE NOT EXISTS (SELECT FROM npcsim.npc_states s WHERE s.npc_id = p AND s.interaction_id = u.id AND s.state = 3)
  UNION ALL
  SELECT 'NPC ' || npc_id || ' has nothing due' FROM npcsim.npc_states WHERE event_at IS NULL AND decision_at IS NULL
  UNION ALL
  SELECT 'event of NPC ' || s.npc_id || ' was missed' FROM npcsim.npc_states s JOIN npcsim.world_clock c USING (world_id)
   WHERE least(s.event_at, s.decision_at) < c.clock - 1000000
  UNION ALL
  SELECT 'item ' || i.id || ' both is there and waits to come back' FROM npcsim.items i JOIN npcsim.item_respawns r USING (world_id, id)`;

export async function day(bench) {
  const { cluster, world } = bench;
  const report = new Report('day', `${settings.daySeconds} s of a world of ${bench.npcs} NPCs at speed ${SPEED}`);
  const clock = () => cluster.value(DATABASE, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);
  const people = async () => (await cluster.query(DATABASE, 'SELECT (SELECT count(*) FROM npcsim.npc_states) AS npcs, (SELECT count(*) FROM npcsim.items) + (SELECT count(*) FROM npcsim.item_respawns) AS items'))[0];
  const born = await people();
  const taken = [];
  const began = process.hrtime.bigint();
  let reached = 0;

  await cluster.query(DATABASE, 'SELECT npcsim.set_world_speed($1, $2)', [world, SPEED]);
  await startWorld(bench);
  const usage = await measure(bench, {}, async () => {
    for (let third = 1; third <= 3; third++) {
      let before = reached;
      while (reached < (third * settings.daySeconds) / 3) {
        await pass(LOOK_SECONDS, `day: second ${Math.round(reached)}`);
        reached = await clock();
        if (reached === before) throw new Error(`the world stands still: ${(await status(bench)).last_error}`);
        before = reached;
      }
      taken.push(await relationSizes(cluster));
    }
  });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const after = await status(bench);
  await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [world]);
  const unsound = (await cluster.query(DATABASE, UNSOUND)).map((row) => row.what);
  const left = await people();

  report.figure('world time', reached, 's', { atLeast: settings.daySeconds });
  report.figure('real time', seconds, 's');
  report.figure('speed-up over real time', reached / seconds, '×');
  report.figure('CPU of PostgreSQL', usage.postgres, '%');
  report.figure('CPU per world second', (usage.postgres * usage.seconds * 10) / reached, 'ms');
  reportUsage(report, usage);
  report.figure('tick, median', after.tick_ms_p50, 'ms');
  report.figure('NPCs lost', born.npcs - left.npcs, '', { atMost: 0 });
  report.figure('items lost', born.items - left.items, '', { atMost: 0 });
  report.figure('invariants broken', unsound.length, '', { atMost: 0 });
  taken.forEach((map, index) => report.figure(`size after ${index + 1}/3 of it`, megabytes(totalSize(map)), 'MiB'));
  report.figure('size, 3/3 / 1/3', totalSize(taken[2]) / totalSize(taken[0]), '', { atMost: 1.3 });
  report.figure('  without the record of events', sizeWithoutRecord(taken[2]) / sizeWithoutRecord(taken[0]), '', { atMost: 1.3 });
  const growing = [...taken[2]].sort((a, b) => b[1] - a[1]).slice(0, 8);
  for (const [name] of growing) report.figure(`  ${name}`, taken.map((map) => megabytes(map.get(name) ?? 0)).join(' → '), 'MiB');
  const [worst, growth] = worstGrowth(taken[0], taken[2]);
  report.figure(`  largest of one table or index: ${worst}`, growth, '');
  for (const what of unsound.slice(0, 10)) report.note(`broken: ${what}`);
  if (after.last_error) report.note(`last error of the world: ${after.last_error}`);
  return report;
}
