// Takes call graphs with perf if BENCH_PERF=1, after a measurement, so as not to disturb it.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { settings } from './world.mjs';

const execute = promisify(execFile);
const SECONDS = 15;
const perf = (...args) => execute('perf', args, { maxBuffer: 2 ** 30 });

// Returns one line per call stack with its number of samples, outermost function first, as flame graph tools read it.
function fold(script) {
  const counts = new Map();
  for (const sample of script.split(/\n\n+/)) {
    const stack = sample.split('\n').map((line) => line.trim().split(/\s+/)[1]).filter(Boolean).reverse().join(';');
    if (stack !== '') counts.set(stack, (counts.get(stack) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([stack, count]) => `${stack} ${count}`).join('\n');
}

// "processes" maps names to a pid or an array of pids. The samples are read at once, because the programs are gone when the
// cluster is.
export async function profile(bench, report, label, processes) {
  if (!settings.perf) return;
  const directory = join(process.env.NPCSIM_ROOT, 'build', 'results', 'bench', 'perf');
  mkdirSync(directory, { recursive: true });
  await Promise.all(Object.entries(processes).map(async ([name, pids]) => {
    const file = join(directory, `${label}-${name}`.replaceAll(' ', '-'));
    const raw = `${file}.data`;
    try {
      await perf('record', '-q', '-o', raw, '-e', 'cpu-clock', '-F', '999', '--call-graph', 'dwarf,16384', '-p', [pids].flat().join(','), '--', 'sleep', String(SECONDS));
      writeFileSync(`${file}.txt`, (await perf('report', '-i', raw, '--children', '--stdio', '-g', 'none', '--percent-limit', '0.3')).stdout);
      writeFileSync(`${file}.folded`, fold((await perf('script', '-i', raw, '-F', 'ip,sym')).stdout));
      rmSync(raw);
      report.note(`profile of ${name}: ${file}.txt, .folded`);
    } catch (error) {
      report.note(`no profile of ${name}: ${error.message.split('\n')[0]}`);
    }
  }));
}
