// Measures a world for whose NPCs the built-in mind decides, at speed 1 and at speed 20.

import { DATABASE, measure, pass, reportUsage, settings, startWorld, status } from './lib/world.mjs';
import { Report } from './lib/report.mjs';
import { profile } from './lib/profile.mjs';
import { watchColony } from './lib/colony.mjs';

const FAST = 20;

export async function builtIn(bench) {
  const { cluster, world } = bench;
  const report = new Report('built-in', `${settings.npcs} NPCs, 10 ticks/s, built-in mind, ${settings.seconds} s after ${settings.warmUp} s of warm-up`);
  await startWorld(bench);
  await pass(settings.warmUp, 'warming up');

  const after = await watchColony(bench, report, {
    decisions: { atLeast: (333 * settings.npcs) / 1000 },
    walking: { atLeast: 30 },
    interacting: { atLeast: 5 },
    cpu: { atMost: 8 },
    p99: { atMost: 10 },
  });
  await profile(bench, report, 'speed 1', { worker: after.worker_pid });

  await cluster.query(DATABASE, 'SELECT npcsim.set_world_speed($1, $2)', [world, FAST]);
  await pass(2, 'changing speed');
  const fastBefore = await status(bench);
  const fastUsage = await measure(bench, {}, () => pass(settings.seconds, `measuring at speed ${FAST}`));
  const fastAfter = await status(bench);
  const prefix = `speed ${FAST}: `;
  report.figure(`${prefix}ticks`, (fastAfter.ticks - fastBefore.ticks) / fastUsage.seconds, '/s', { atLeast: 0.99 * 10 * FAST });
  report.figure(`${prefix}late ticks`, fastAfter.late_ticks - fastBefore.late_ticks, '', { atMost: 0 });
  report.figure(`${prefix}tick, median`, fastAfter.tick_ms_p50, 'ms');
  report.figure(`${prefix}tick, p99`, fastAfter.tick_ms_p99, 'ms');
  report.figure(`${prefix}CPU of PostgreSQL`, fastUsage.postgres, '%');
  reportUsage(report, fastUsage, prefix);
  await profile(bench, report, `speed ${FAST}`, { worker: fastAfter.worker_pid });
  if (fastAfter.last_error) report.note(`last error of the world: ${fastAfter.last_error}`);
  report.note('CPU in % of one core, every process of the cluster charged; ticks are those of the last 1,024 transactions, in real time.');
  return report;
}
