// Runs the named parts of the benchmark, or all; run.sh explains them.

import { answered } from './answered.mjs';
import { baseline } from './baseline.mjs';
import { builtIn } from './built_in.mjs';
import { claims } from './claims.mjs';
import { cost } from './cost.mjs';
import { day } from './day.mjs';
import { DATABASE, changedSettings, settings, startBench } from './lib/world.mjs';
import { describeMachine } from './lib/machine.mjs';
import { large } from './large.mjs';
import { limit } from './limit.mjs';
import { long } from './long.mjs';
import { micro } from './micro.mjs';
import { pipeline } from './pipeline.mjs';
import { vision } from './vision.mjs';

// How many NPCs the world has with which a part begins; 0 = the part makes worlds of its own.
const parts = {
  'built-in': { run: builtIn, npcs: settings.npcs },
  answered: { run: answered, npcs: settings.npcs },
  long: { run: long, npcs: settings.npcs },
  micro: { run: micro, npcs: settings.npcs },
  vision: { run: vision, npcs: settings.npcs },
  large: { run: large, npcs: settings.largeNpcs },
  limit: { run: limit, npcs: 0 },
  cost: { run: cost, npcs: 0 },
  baseline: { run: baseline, npcs: settings.largeNpcs },
  claims: { run: claims, npcs: 0 },
  pipeline: { run: pipeline, npcs: 0 },
  day: { run: day, npcs: 100 },
};
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`bench: no such part: ${unknown.join(', ')} (there are ${Object.keys(parts).join(', ')})`);
  process.exit(2);
}
for (const [name, value] of Object.entries(settings)) {
  if (Number.isNaN(value) || (value < 0 && name !== 'nice')) {
    console.error(`bench: ${name} must be a number of at least 0`);
    process.exit(2);
  }
}

let bench;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await bench?.cluster.stop().catch(() => {});
    process.exit(130);
  });
}

let failed = false;
for (const name of named.length > 0 ? named : Object.keys(parts)) {
  try {
    bench = await startBench(parts[name].npcs);
    const machine = await describeMachine(bench.cluster, DATABASE);
    if (changedSettings().length > 0) machine.push(['not the defaults', changedSettings().join(' ')]);
    const report = await parts[name].run(bench);
    report.finish(machine);
  } catch (error) {
    failed = true;
    console.error(`bench: ${name} failed: ${error.stack}`);
  } finally {
    await bench?.cluster.stop().catch((error) => {
      failed = true;
      console.error(`bench: ${error.message}`);
    });
    bench = undefined;
  }
}
process.exit(failed ? 1 : 0);
