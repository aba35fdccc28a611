// Call graphs by perf, on demand (BENCH_PERF=1), after a measurement so that it is not disturbed.

import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { settings } from './world.mjs';

const execute = promisify(execFile);
const SECONDS = 15;

// processes: name → pid, or an array of pids. Files are for "perf report -i".
export async function profile(bench, report, label, processes) {
  if (!settings.perf) return;
  const directory = join(process.env.NPCSIM_ROOT, 'build', 'results', 'bench', 'perf');
  mkdirSync(directory, { recursive: true });
  await Promise.all(Object.entries(processes).map(async ([name, pids]) => {
    const file = join(directory, `${label}-${name}.data`.replaceAll(' ', '-'));
    try {
      await execute('perf', ['record', '-q', '-o', file, '-e', 'cpu-clock', '-F', '999', '--call-graph', 'dwarf,16384', '-p', [pids].flat().join(','), '--', 'sleep', String(SECONDS)]);
      report.note(`profile of ${name}: ${file}`);
    } catch (error) {
      report.note(`no profile of ${name}: ${error.message.split('\n')[0]}`);
    }
  }));
}
