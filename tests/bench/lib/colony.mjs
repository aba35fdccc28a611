// Measures a world for whose NPCs the built-in mind decides, over some seconds.

import { census, measure, pass, reportUsage, settings, status } from './world.mjs';

// The targets are decisions, walking, interacting, cpu and p99, as Report.figure() takes them. Late ticks count from the
// status "lateSince" on, or else from the beginning of the measurement. Returns the status at its end.
export async function watchColony(bench, report, targets, lateSince = undefined) {
  const before = await status(bench);
  const usage = await measure(bench, {}, () => pass(settings.seconds, 'measuring'));
  const after = await status(bench);
  const people = await census(bench);
  report.figure('decisions', people.decisionsPerSecond, '/s', targets.decisions);
  report.figure('NPCs walking', people.walking, '%', targets.walking);
  report.figure('NPCs interacting', people.interacting, '%', targets.interacting);
  report.figure('CPU of PostgreSQL', usage.postgres, '%', targets.cpu);
  reportUsage(report, usage);
  report.figure('ticks', (after.ticks - before.ticks) / usage.seconds, '/s');
  report.figure('tick, median', after.tick_ms_p50, 'ms');
  report.figure('tick, p99', after.tick_ms_p99, 'ms', targets.p99);
  report.figure('late ticks', after.late_ticks - (lateSince ?? before).late_ticks, '', { atMost: 0 });
  return after;
}
