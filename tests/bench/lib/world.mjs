// Makes and runs the world that is measured, and reads figures of it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg, setPriority } from 'node:os';

import { sleep, startCluster, waitFor } from '../../e2e/lib/cluster.mjs';
import { clusterProcesses, clusterUsage, clusterUsageBetween, machineUsage, processWait } from './usage.mjs';

export const DATABASE = 'bench';

const variables = {
  npcs: 'BENCH_NPCS',
  largeNpcs: 'BENCH_LARGE_NPCS',
  limitNpcs: 'BENCH_LIMIT_NPCS',
  warmUp: 'BENCH_WARM_UP',
  seconds: 'BENCH_SECONDS',
  stepWarmUp: 'BENCH_STEP_WARM_UP',
  stepSeconds: 'BENCH_STEP_SECONDS',
  longMinutes: 'BENCH_LONG_MINUTES',
  longSpeed: 'BENCH_LONG_SPEED',
  daySeconds: 'BENCH_DAY_SECONDS',
  jobs: 'BENCH_JOBS',
  nice: 'BENCH_NICE',
};
const defaults = {
  npcs: 1000,
  largeNpcs: 10_000,
  limitNpcs: 40_000,
  warmUp: 120,
  seconds: 60,
  stepWarmUp: 75,
  stepSeconds: 30,
  longMinutes: 30,
  longSpeed: 1,
  daySeconds: 86_400,
  jobs: 30_000,
  nice: 0,
};

export const settings = Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, Number(process.env[variable] ?? defaults[name])]));
settings.perf = process.env.BENCH_PERF === '1';

// Returns the settings that differ from the defaults, for the report.
export const changedSettings = () => Object.keys(defaults).filter((name) => settings[name] !== defaults[name]).map((name) => `${variables[name]}=${settings[name]}`);

// Gives a server that is measured a higher priority than other work on the machine, if that was asked for. Each server is a
// session of its own, and where the kernel groups sessions, the group's priority counts.
export function prefer(pid) {
  if (settings.nice === 0) return;
  try {
    setPriority(pid, settings.nice);
  } catch (error) {
    if (error.info?.code === 'ESRCH') return; // the process has ended meanwhile
    throw error;
  }
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(settings.nice));
  } catch {
    // there are no groups here, or the kernel wants a pause between two changes
  }
}

// Returns the side of a world: 160 cells for 1,000 NPCs and 500 for 10,000, so that each has about as much room.
export const worldSide = (npcs) => Math.round(npcs <= 1000 ? 160 * Math.sqrt(npcs / 1000) : 500 * Math.sqrt(npcs / 10_000));

// Makes a populated world, which is paused.
export async function createWorld(cluster, name, npcs, seed = 7) {
  const world = await cluster.value(DATABASE, 'SELECT npcsim.create_world($1, $2, $2, $3, preset => \'reference\')', [name, worldSide(npcs), seed]);
  await cluster.query(DATABASE, 'SELECT npcsim.populate_world($1, $2)', [world, npcs]);
  return world;
}

// Starts a cluster with PostgreSQL's defaults, the extension in database "bench" and a paused world of so many NPCs (0: none).
export async function startBench(npcs) {
  const cluster = await startCluster({ settings: { fsync: 'on' } });
  try {
    await cluster.createDatabase(DATABASE);
    const world = npcs > 0 ? await createWorld(cluster, 'Bench', npcs) : undefined;
    const postmaster = Number(readFileSync(join(cluster.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return { cluster, world, npcs, postmaster };
  } catch (error) {
    await cluster.stop().catch(() => {});
    throw error;
  }
}

export async function startWorld(bench) {
  await bench.cluster.query(DATABASE, 'SELECT npcsim.start_world($1)', [bench.world]);
  await waitFor(async () => (await status(bench)).worker_pid, { what: 'a worker' });
  for (const pid of clusterProcesses(bench.postmaster)) prefer(pid);
}

export async function status(bench) {
  const [row] = await bench.cluster.query(DATABASE, 'SELECT * FROM npcsim.world_status WHERE world_id = $1', [bench.world]);
  return row;
}

// Waits, and says for how long.
export async function pass(seconds, what) {
  const end = Date.now() + seconds * 1000;
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${what}: ${seconds} s\n`);
  while (Date.now() < end) await sleep(Math.min(60_000, end - Date.now()));
}

// Runs body() and returns what it cost: seconds of real time, CPU of the cluster, of further processes (from name to a
// function that reads their seconds so far) and of everything else on the machine. How long the worker waited for a
// processor tells how much of the ticks' real time is due to the machine.
export async function measure(bench, others, body) {
  const readOthers = () => Object.fromEntries(Object.entries(others).map(([name, read]) => [name, read()]));
  for (const pid of clusterProcesses(bench.postmaster)) prefer(pid);
  const worker = bench.world === undefined ? undefined : (await status(bench)).worker_pid;
  const waitedBefore = processWait(worker);
  const before = { machine: machineUsage(), cluster: clusterUsage(bench.postmaster), others: readOthers(), at: process.hrtime.bigint() };
  await body();
  const after = { machine: machineUsage(), cluster: clusterUsage(bench.postmaster), others: readOthers(), at: process.hrtime.bigint() };
  const seconds = Number(after.at - before.at) / 1e9;
  const cluster = clusterUsageBetween(before.cluster, after.cluster);
  const percent = (used) => (100 * used) / seconds;
  const rest = Object.fromEntries(Object.keys(others).map((name) => [name, percent(after.others[name] - before.others[name])]));
  const ours = percent(cluster.total) + Object.values(rest).reduce((sum, share) => sum + share, 0);
  return {
    seconds,
    postgres: percent(cluster.total),
    byKind: [...cluster.byKind].map(([kind, used]) => [kind, percent(used)]).filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1]),
    others: rest,
    foreign: Math.max(0, percent(after.machine.busy - before.machine.busy) - ours),
    stolen: percent(after.machine.stolen - before.machine.stolen),
    workerWaits: percent(processWait(worker) - waitedBefore),
    load: loadavg()[0],
  };
}

// Adds figures without a target that tell how busy the rest of the machine was meanwhile.
export function reportUsage(report, usage, prefix = '') {
  for (const [kind, share] of usage.byKind) report.figure(`${prefix}  of it: ${kind}`, share, '%');
  report.figure(`${prefix}CPU of all other processes meanwhile`, usage.foreign, '%');
  if (usage.stolen >= 0.05) report.figure(`${prefix}CPU taken by the host meanwhile`, usage.stolen, '%');
  if (Number.isFinite(usage.workerWaits)) report.figure(`${prefix}the worker stood ready, waiting for a processor`, usage.workerWaits, '%');
  report.figure(`${prefix}load average at the end`, usage.load);
}

// Watches what the NPCs do over some seconds. Decisions are counted by last_decision_time in successive spans of the
// world's clock, which are too short for an NPC to decide twice (one that does counts once).
export async function census(bench, { samples = 10, everyMs = 500 } = {}) {
  const client = await bench.cluster.connect(DATABASE, { name: 'bench census' });
  let first;
  let last;
  let decisions = 0;
  const walking = [];
  const interacting = [];
  try {
    for (let sample = 0; sample <= samples; sample++) {
      const { rows: [row] } = await client.query(
        `SELECT w.clock, w.speed, c.*
           FROM npcsim.worlds w,
                LATERAL (SELECT count(*) AS npcs,
                                count(*) FILTER (WHERE n.state IN ('moving', 'wandering')) AS walking,
                                count(*) FILTER (WHERE n.state = 'interacting') AS interacting,
                                count(*) FILTER (WHERE n.last_decision_time > $2 AND n.last_decision_time <= w.clock) AS decided
                           FROM npcsim.npcs n WHERE n.world_id = w.id) c
          WHERE w.id = $1`,
        [bench.world, last ?? 1e12],
      );
      if (first === undefined) first = row.clock;
      else decisions += row.decided;
      last = row.clock;
      walking.push(row.walking / row.npcs);
      interacting.push(row.interacting / row.npcs);
      if (sample < samples) await sleep(everyMs / row.speed);
    }
  } finally {
    await client.end();
  }
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { decisionsPerSecond: decisions / (last - first), walking: 100 * mean(walking), interacting: 100 * mean(interacting) };
}
