// Reads the CPU time of processes from /proc.
//
// A cluster's processes are its postmaster and the postmaster's children. What a child used until it ended is in the
// postmaster's account of awaited children, so the sum of both misses no process: backends, workers, autovacuum and
// checkpointer, whether they still live or not.

import { readFileSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const ATTEMPTS = 5;

// Returns fields of /proc/PID/stat, which stand behind the command's name (that may hold anything); undefined when the
// process is gone.
function statOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  return {
    parent: Number(fields[1]),
    own: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    ended: (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND,
  };
}

function titleOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function childrenOf(parent) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => statOf(pid)?.parent === parent);
}

// Returns what kind of server process it is: "walwriter", "npcsim worker", "client backend"…
function kindOf(title, isPostmaster) {
  if (isPostmaster) return 'postmaster';
  const role = title.match(/^postgres: (.*)$/)?.[1] ?? title;
  if (role.startsWith('npcsim worker')) return 'npcsim worker';
  if (role.startsWith('npcsim_gateway ')) return 'backends of the gateway';
  if (/^(checkpointer|background writer|walwriter|autovacuum|logical replication|npcsim launcher)/.test(role)) return role.replace(/ (worker|launcher)\b.*$/, ' $1');
  return 'other backends';
}

export const clusterProcesses = (postmaster) => [postmaster, ...childrenOf(postmaster)];

// Returns the seconds of CPU that a cluster has used so far, per process.
export function clusterUsage(postmaster) {
  for (let attempt = 1; ; attempt++) {
    const before = statOf(postmaster);
    if (!before) throw new Error(`process ${postmaster} is gone`);
    const living = childrenOf(postmaster).map((pid) => ({ pid, kind: kindOf(titleOf(pid), false), seconds: statOf(pid)?.own ?? 0 }));
    // a child that ended meanwhile may be in neither account, so this counts again
    if (statOf(postmaster)?.ended !== before.ended && attempt < ATTEMPTS) continue;
    return { own: before.own, ended: before.ended, living };
  }
}

// Returns the seconds used between two readings: { total, byKind }. Processes that ended in between are one kind, since the
// kernel keeps only their sum; what they had used before the first reading is subtracted.
export function clusterUsageBetween(before, after) {
  const byKind = new Map([['postmaster', after.own - before.own]]);
  const add = (kind, seconds) => byKind.set(kind, (byKind.get(kind) ?? 0) + seconds);
  const earlier = new Map(before.living.map((process) => [process.pid, process.seconds]));
  for (const { pid, kind, seconds } of after.living) {
    add(kind, seconds - (earlier.get(pid) ?? 0));
    earlier.delete(pid);
  }
  let ended = after.ended - before.ended;
  for (const seconds of earlier.values()) ended -= seconds;
  add('ended meanwhile (autovacuum workers, …)', Math.max(0, ended));
  const total = [...byKind.values()].reduce((sum, seconds) => sum + seconds, 0);
  return { total, byKind };
}

// Returns the seconds of CPU that a process has used so far, to the nanosecond where the kernel counts them.
export function processUsage(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
  } catch {
    const stat = statOf(pid);
    if (!stat) throw new Error(`process ${pid} is gone`);
    return stat.own;
  }
}

// Returns for how many seconds a process was ready and waited for a processor; undefined where the kernel does not count them.
export function processWait(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9;
  } catch {
    return undefined;
  }
}

// Returns for how many seconds the machine's processors were busy, and were used by other guests of its host.
export function machineUsage() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
  return { busy: (user + nice + system + irq + softirq) / TICKS_PER_SECOND, stolen: (steal ?? 0) / TICKS_PER_SECOND };
}
