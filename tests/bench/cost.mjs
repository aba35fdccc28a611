// Measures what a running world costs, and what an NPC-second in it costs: worlds of several sizes, one after the other in
// one cluster.

import { DATABASE, createWorld, measure, pass, settings } from './lib/world.mjs';
import { Report } from './lib/report.mjs';
import { waitFor } from '../e2e/lib/cluster.mjs';

// The marginal cost at a size is what the second half of its NPCs adds. Small worlds run many at a time, so that the
// difference is larger than the noise.
const SIZES = [
  { npcs: 100, worlds: 20 },
  { npcs: 1000, worlds: 4 },
  { npcs: 10_000, worlds: 1 },
];

// Returns how many per cent of a core so many worlds take, each with so many NPCs.
async function run(bench, worlds, npcs) {
  const { cluster } = bench;
  const ids = [];
  for (let number = 1; number <= worlds; number++) ids.push(await createWorld(cluster, `World ${number}`, npcs, number));
  await cluster.query(DATABASE, 'CHECKPOINT');
  for (const id of ids) await cluster.query(DATABASE, 'SELECT npcsim.start_world($1)', [id]);
  await waitFor(async () => (await cluster.value(DATABASE, 'SELECT count(*) FROM npcsim.world_status WHERE worker_pid IS NOT NULL')) === worlds, { what: 'workers' });
  await pass(settings.stepWarmUp, `${worlds} × ${npcs} NPCs, warming up`);
  const ticks = () => cluster.value(DATABASE, 'SELECT sum(late_ticks)::int FROM npcsim.world_status');
  const lateBefore = await ticks();
  const usage = await measure(bench, {}, () => pass(settings.stepSeconds, 'measuring'));
  const late = (await ticks()) - lateBefore;
  for (const id of ids) {
    await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [id]);
    await cluster.query(DATABASE, 'SELECT npcsim.drop_world($1)', [id]);
  }
  return { worlds, npcs, cpu: usage.postgres, late, foreign: usage.foreign };
}

export async function cost(bench) {
  const report = new Report('cost', `worlds of several sizes, ${settings.stepSeconds} s after ${settings.stepWarmUp} s of warm-up each`);
  const runs = [];
  const marginal = [];
  const show = (result) => {
    runs.push(result);
    report.figure(`${result.worlds} × ${result.npcs} NPCs: CPU of PostgreSQL`, result.cpu, '%');
    return result.cpu;
  };
  let single;
  for (const { npcs, worlds } of SIZES) {
    const half = show(await run(bench, worlds, npcs / 2));
    const whole = show(await run(bench, worlds, npcs));
    // one per cent of a core is 10 ms per second
    const each = ((whole - half) * 10_000) / (worlds * (npcs / 2));
    marginal.push(each);
    report.figure(`marginal cost of an NPC-second at ${npcs} NPCs`, each, 'µs');
    if (npcs === 100) report.figure('fixed cost of a running world', (2 * half - whole) / worlds, '% of a core');
    single = whole;
  }
  report.figure('marginal cost, largest / smallest world', marginal.at(-1) / marginal[0], '', { atMost: 1.5 });
  report.figure('marginal cost, largest / middle world', marginal.at(-1) / marginal[1], '', { atMost: 1.5 });
  const { npcs } = SIZES.at(-1);
  const many = show(await run(bench, npcs / SIZES[0].npcs, SIZES[0].npcs));
  report.figure(`${npcs / SIZES[0].npcs} worlds of ${SIZES[0].npcs} / one of ${npcs}`, many / single, '', { atMost: 2 });
  report.figure('CPU of all other processes meanwhile, at most', Math.max(...runs.map((result) => result.foreign)), '%');
  report.figure('late ticks', runs.reduce((sum, result) => sum + result.late, 0));
  report.note('The fixed cost is what would be left of a world of 100 NPCs if it had none: its part of transactions and commits, which worlds share.');
  return report;
}
