// Runs the built-in world for half an hour. In the last third somebody holds a snapshot, as a dump or a forgotten session
// does. Tables should stay small before that, and ticks short during it.

import { DATABASE, measure, pass, reportUsage, settings, startWorld, status } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { WORTH_TELLING, megabytes, relationSizes, sizeWithoutRecord, totalSize, worstGrowth } from './lib/sizes.mjs';

const LAST_MINUTES = 3;

export async function long(bench) {
  const { cluster } = bench;
  const third = Math.max(1, Math.round(settings.longMinutes / 3));
  const report = new Report('long', `${settings.npcs} NPCs, built-in mind, speed ${settings.longSpeed}, ${3 * third} real minutes; a snapshot is held in the last ${third}`);
  const taken = [];
  const quiet = [];
  const held = [];
  let holder;
  await cluster.query(DATABASE, 'SELECT npcsim.set_world_speed($1, $2)', [bench.world, settings.longSpeed]);
  await startWorld(bench);

  // A sample is a minute; p99 covers the last 1,024 ticks (102 s at speed 1), so the first sample of a third belongs to the
  // third before.
  const watch = async (minutes, samples) => {
    for (let minute = 1; minute <= minutes; minute++) {
      await pass(60, `long: minute ${minute} of ${minutes} of this third`);
      const row = await status(bench);
      if (minute > 1 || minutes === 1) samples.push({ p50: row.tick_ms_p50, p99: row.tick_ms_p99 });
    }
    taken.push(await relationSizes(cluster));
    return status(bench);
  };
  const begun = await watch(third, []);
  const quietUsage = await measure(bench, {}, () => watch(third, quiet));
  try {
    holder = await cluster.connect(DATABASE, { name: 'snapshot holder' });
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await holder.query('SELECT count(*) FROM pg_catalog.pg_class');
    let last;
    const heldUsage = await measure(bench, {}, async () => {
      last = await watch(third, held);
    });
    await holder.query('COMMIT');

    const [first, second, final] = taken;
    const names = [`minute ${third}`, `minute ${2 * third}`, `minute ${3 * third} (snapshot held)`];
    taken.forEach((map, index) => report.figure(`size at ${names[index]}`, megabytes(totalSize(map)), 'MiB'));
    report.figure(`size, ${names[1]} / ${names[0]}`, totalSize(second) / totalSize(first), '', { atMost: 1.3 });
    report.figure('  without the record of events', sizeWithoutRecord(second) / sizeWithoutRecord(first), '', { atMost: 1.3 });
    const [worst, growth] = worstGrowth(first, second);
    report.figure(`  largest of one table or index: ${worst}`, growth, '', { atMost: 1.3 });
    // The cost of a snapshot grows while it is held, so its end and its maximum are reported.
    const p99s = (samples) => samples.map((sample) => sample.p99);
    const ends = [quiet, held].map((samples) => median(p99s(samples).slice(-LAST_MINUTES)));
    const worsts = [quiet, held].map((samples) => Math.max(...p99s(samples)));
    report.figure(`tick p99 in the last ${LAST_MINUTES} min without the snapshot`, ends[0], 'ms');
    report.figure(`tick p99 in the last ${LAST_MINUTES} min with it`, ends[1], 'ms');
    report.figure('tick p99 in the end, with / without', ends[1] / ends[0], '', { atMost: 2 });
    report.figure('tick p99 in the worst minute, without', worsts[0], 'ms');
    report.figure('tick p99 in the worst minute, with', worsts[1], 'ms');
    report.figure('tick p99 in the worst minute, with / without', worsts[1] / worsts[0], '', { atMost: 2 });
    report.figure('tick p99 without, minute by minute', p99s(quiet).map((ms) => ms.toFixed(1)).join(' '), 'ms');
    report.figure('tick p99 with, minute by minute', p99s(held).map((ms) => ms.toFixed(1)).join(' '), 'ms');
    report.figure('tick median, without → with', `${median(quiet.map((sample) => sample.p50)).toFixed(2)} → ${median(held.map((sample) => sample.p50)).toFixed(2)}`, 'ms');
    report.figure('late ticks in the last two thirds', last.late_ticks - begun.late_ticks);
    report.figure('CPU of PostgreSQL without', quietUsage.postgres, '%');
    reportUsage(report, quietUsage, 'without: ');
    report.figure('CPU of PostgreSQL with', heldUsage.postgres, '%');
    reportUsage(report, heldUsage, 'with: ');
    const told = [...new Set(taken.flatMap((map) => [...map.keys()]))]
      .filter((name) => taken.some((map) => (map.get(name) ?? 0) >= WORTH_TELLING))
      .sort((a, b) => (final.get(b) ?? 0) - (final.get(a) ?? 0));
    for (const name of told) report.figure(`  ${name}`, taken.map((map) => megabytes(map.get(name) ?? 0)).join(' → '), 'MiB');
    if (last.last_error) report.note(`last error of the world: ${last.last_error}`);
    report.note('Tick p99: what world_status showed each minute from the second minute of a third on (each covers the last 1,024 ticks).');
  } finally {
    await holder?.end().catch(() => {});
  }
  return report;
}
