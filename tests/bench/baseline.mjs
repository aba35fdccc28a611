// Compares npcsim with the same rules written the usual way (tests/bench/baseline.sql), on the same colony in the same run.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { DATABASE, census, measure, pass, reportUsage, settings, startWorld, status } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';

const script = join(dirname(fileURLToPath(import.meta.url)), 'baseline.sql');
const TICK = 0.1;
const SETTLE_SECONDS = 15; // the time after a checkpoint in which first writes to a page log all of it

// Returns how many bytes of write-ahead log were written so far, and how many of these were whole pages.
async function walWritten(bench) {
  const [row] = await bench.cluster.query(
    DATABASE,
    'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), \'0/0\')::float8 AS bytes, wal_fpi::float8 AS pages FROM pg_stat_wal',
  );
  return row;
}

// Measures what body() costs per world second; body() returns how many of these passed.
async function price(bench, body) {
  const before = await walWritten(bench);
  let seconds;
  const usage = await measure(bench, {}, async () => {
    seconds = await body();
  });
  const after = await walWritten(bench);
  return {
    usage,
    seconds,
    cpu: (usage.postgres / 100) * (usage.seconds / seconds),
    wal: (after.bytes - before.bytes) / seconds / 1024,
    pages: (after.pages - before.pages) / seconds,
  };
}

// Ticks the baseline until the time is over, each tick in a transaction, and returns the world seconds.
async function runBaseline(client, realSeconds, told) {
  const end = Date.now() + realSeconds * 1000;
  let ticks = 0;
  while (Date.now() < end) {
    const began = process.hrtime.bigint();
    const { rows: [row] } = await client.query('SELECT baseline.tick($1) AS decisions', [TICK]);
    told.ms.push(Number(process.hrtime.bigint() - began) / 1e6);
    told.decisions += row.decisions;
    ticks++;
  }
  return ticks * TICK;
}

export async function baseline(bench) {
  const { cluster, world } = bench;
  const report = new Report('baseline', `${bench.npcs} NPCs: npcsim, then the same rules in PL/pgSQL, ${settings.stepSeconds} s each`);
  const clock = () => cluster.value(DATABASE, 'SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);

  await startWorld(bench);
  await pass(settings.stepWarmUp, 'npcsim, warming up');
  await cluster.query(DATABASE, 'CHECKPOINT');
  await pass(SETTLE_SECONDS, 'npcsim, after the checkpoint');
  const ours = await price(bench, async () => {
    const from = await clock();
    await pass(settings.stepSeconds, 'npcsim, measuring');
    return (await clock()) - from;
  });
  const people = await census(bench);
  const after = await status(bench);
  await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [world]);

  const client = await cluster.connect(DATABASE, { name: 'baseline' });
  const told = { ms: [], decisions: 0 };
  let theirs;
  let busy;
  try {
    await cluster.runFile(DATABASE, script);
    await client.query('SELECT baseline.fill($1)', [world]);
    await client.query('VACUUM ANALYZE baseline.npcs, baseline.items');
    await client.query('CHECKPOINT');
    await pass(0, 'baseline, warming up and measuring');
    await runBaseline(client, SETTLE_SECONDS, { ms: [], decisions: 0 });
    theirs = await price(bench, () => runBaseline(client, settings.stepSeconds, told));
    ({ rows: [busy] } = await client.query(
      `SELECT 100.0 * count(*) FILTER (WHERE destination IS NOT NULL) / count(*) AS walking,
              100.0 * count(*) FILTER (WHERE state = 'interacting') / count(*) AS interacting FROM baseline.npcs`,
    ));
  } finally {
    await client.end();
  }

  report.figure('npcsim: CPU per world second', ours.cpu * 1000, 'ms');
  report.figure('baseline: CPU per world second', theirs.cpu * 1000, 'ms');
  report.figure('CPU, baseline / npcsim', theirs.cpu / ours.cpu, '×', { atLeast: 4 });
  report.figure('npcsim: WAL per world second', ours.wal, 'KiB');
  report.figure('baseline: WAL per world second', theirs.wal, 'KiB');
  report.figure('WAL, baseline / npcsim', theirs.wal / ours.wal, '×', { atLeast: 10 });
  report.figure('whole pages in it per world second, npcsim / baseline', `${ours.pages.toFixed(1)} / ${theirs.pages.toFixed(1)}`);
  report.figure('world seconds in the measurement, npcsim / baseline', `${ours.seconds.toFixed(1)} / ${theirs.seconds.toFixed(1)}`);
  report.figure('decisions per world second, npcsim / baseline', `${people.decisionsPerSecond.toFixed(0)} / ${(told.decisions / theirs.seconds).toFixed(0)}`);
  report.figure('NPCs walking, npcsim / baseline', `${people.walking.toFixed(1)} / ${Number(busy.walking).toFixed(1)}`, '%');
  report.figure('NPCs interacting, npcsim / baseline', `${people.interacting.toFixed(1)} / ${Number(busy.interacting).toFixed(1)}`, '%');
  report.figure('tick, median, npcsim / baseline', `${after.tick_ms_p50.toFixed(1)} / ${median(told.ms).toFixed(1)}`, 'ms');
  reportUsage(report, ours.usage, 'npcsim: ');
  reportUsage(report, theirs.usage, 'baseline: ');
  report.note('The baseline runs as many ticks as it manages, without a pause between them; figures are per second of the world\'s clock, every process of the cluster charged.');
  if (after.last_error) report.note(`last error of the world: ${after.last_error}`);
  return report;
}
