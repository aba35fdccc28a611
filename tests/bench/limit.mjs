// Finds the largest world that this machine runs without a late tick, by halving the span between a size that worked and
// one that did not.

import { DATABASE, createWorld, measure, pass, settings, startWorld, status } from './lib/world.mjs';
import { Report } from './lib/report.mjs';

const FIRST_SECONDS = 5;
const FINEST = 2500; // sizes are multiples of so many NPCs
const AIM = 30_000;
const FEW = 5; // so many late ticks may be due to the machine, so such a size is tried once more

// Runs a world of so many NPCs, drops it again, and returns what was measured.
async function attempt(bench, npcs) {
  bench.world = await createWorld(bench.cluster, `${npcs} NPCs`, npcs);
  await startWorld(bench);
  await pass(FIRST_SECONDS, `${npcs} NPCs, starting`);
  const started = await status(bench);
  await pass(Math.max(0, settings.stepWarmUp - FIRST_SECONDS), 'warming up');
  const usage = await measure(bench, {}, () => pass(settings.stepSeconds, 'measuring'));
  const after = await status(bench);
  await bench.cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [bench.world]);
  await bench.cluster.query(DATABASE, 'SELECT npcsim.drop_world($1)', [bench.world]);
  await bench.cluster.query(DATABASE, 'CHECKPOINT');
  return {
    npcs,
    late: after.late_ticks - started.late_ticks,
    p50: after.tick_ms_p50,
    p99: after.tick_ms_p99,
    cpu: usage.postgres,
    worker: usage.byKind.find(([kind]) => kind === 'npcsim worker')?.[1] ?? NaN,
    foreign: usage.foreign,
  };
}

export async function limit(bench) {
  const report = new Report('limit', `the largest world without late ticks, ${settings.stepSeconds} s after ${settings.stepWarmUp} s of warm-up per size`);
  const runs = [];
  let goes = 0;
  let fails = settings.limitNpcs + FINEST;
  let size = Math.min(10_000, settings.limitNpcs);
  while (size > goes && size < fails) {
    runs.push(await attempt(bench, size));
    if (runs.at(-1).late > 0 && runs.at(-1).late <= FEW) runs.push(await attempt(bench, size));
    if (runs.at(-1).late === 0) goes = size;
    else fails = size;
    size = Math.floor((goes + fails) / 2 / FINEST) * FINEST;
  }
  report.figure('largest world without late ticks', goes, 'NPCs', { atLeast: Math.min(AIM, settings.limitNpcs) });
  for (const run of runs.sort((a, b) => a.npcs - b.npcs)) {
    report.figure(
      `${run.npcs} NPCs`,
      `${run.late} late, tick ${run.p50.toFixed(1)} / ${run.p99.toFixed(1)} ms (median / p99), CPU ${run.cpu.toFixed(0)} %, of it the worker ${run.worker.toFixed(0)} %, others ${run.foreign.toFixed(0)} %`,
    );
  }
  if (goes >= settings.limitNpcs) report.note(`No larger world than ${settings.limitNpcs} NPCs was tried (BENCH_LIMIT_NPCS).`);
  report.note(`Late ticks after the first ${FIRST_SECONDS} s count, warm-up included; a size with up to ${FEW} of them was tried once more. A world is run by one worker: where that needs 100 % of a core, or one of its ticks 100 ms, is the limit.`);
  return report;
}
