// Measures one world of 10,000 NPCs on 500 × 500 cells with 25,000 items.

import { DATABASE, pass, settings, startWorld, status } from './lib/world.mjs';
import { Report } from './lib/report.mjs';
import { profile } from './lib/profile.mjs';
import { watchColony } from './lib/colony.mjs';

const FIRST_SECONDS = 5; // the time in which a new worker reads the world

export async function large(bench) {
  const report = new Report('large', `${bench.npcs} NPCs in one world, 10 ticks/s, built-in mind, ${settings.seconds} s after ${settings.warmUp} s of warm-up`);
  const [world] = await bench.cluster.query(
    DATABASE,
    'SELECT size_x, size_y, (SELECT count(*) FROM npcsim.world_items i WHERE i.world_id = w.id) AS items FROM npcsim.worlds w WHERE w.id = $1',
    [bench.world],
  );
  report.figure('cells', `${world.size_x} × ${world.size_y}`);
  report.figure('items at the beginning', world.items, '', { atLeast: 2.5 * bench.npcs });
  await startWorld(bench);
  await pass(FIRST_SECONDS, 'starting');
  const started = await status(bench);
  await pass(Math.max(0, settings.warmUp - FIRST_SECONDS), 'warming up');
  const after = await watchColony(
    bench,
    report,
    {
      decisions: { atLeast: Math.floor(bench.npcs / 3) },
      walking: { atLeast: 30 },
      interacting: { atLeast: 10 },
      cpu: { atMost: (60 * bench.npcs) / 10_000 },
      p99: { atMost: 80 },
    },
    started,
  );
  await profile(bench, report, 'large', { worker: after.worker_pid });
  if (after.last_error) report.note(`last error of the world: ${after.last_error}`);
  report.note(`Late ticks are those after the first ${FIRST_SECONDS} s, warm-up included.`);
  return report;
}
