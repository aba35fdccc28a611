// Starts the processes of the tests of npcsim-agent, keeps their output, and ends them after the test.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATIENCE } from '../lib/patience.mjs';
import { TOKEN } from './gateway.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');
export const AGENT = process.env.NPCSIM_AGENT ?? join(process.env.NPCSIM_BUILD ?? join(root, 'build'), 'npcsim-agent');
export const MIND = join(here, 'mind.mjs');
export const directory = mkdtempSync(join(tmpdir(), 'npcsim-agent-test-'));

export { PATIENCE };

const running = new Set();

export function start(program, args, env = {}, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env }, ...options });
  running.add(child);
  child.output = '';
  child.stdout.on('data', (data) => (child.output += data));
  child.stderr.on('data', (data) => (child.output += data));
  child.ended = new Promise((resolve) =>
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    }),
  );
  return child;
}

export function agent(gateway, args, env = {}) {
  const url = typeof gateway === 'string' ? gateway : `ws://127.0.0.1:${gateway.port}`;
  return start(AGENT, ['--gateway', url, '--log-level', 'info', ...args], { NPCSIM_TOKEN: TOKEN, ...env });
}

// Returns the words for --mcp that start the mind, whose log tells what has happened to it.
let logs = 0;
export function mind(...args) {
  const log = join(directory, `mind-${++logs}.log`);
  const command = [process.execPath, MIND, '--log', log, ...args];
  return {
    command: command.map((word) => `'${word}'`).join(' '),
    words: command,
    events: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
        : [],
  };
}

// Starts a mind over HTTP and waits until it listens.
export async function httpMind(...args) {
  const server = mind(...args);
  const child = start(server.words[0], server.words.slice(1));
  await until(() => server.events().some(({ event }) => event === 'listening'), 'the mind listens');
  const { port } = server.events().find(({ event }) => event === 'listening');
  return { ...server, child, port };
}

export async function until(condition, what, ms = 15000) {
  const end = Date.now() + ms * PATIENCE;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`it did not come to this in ${ms * PATIENCE} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function alive(pid) {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function cleanUp() {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return child.ended;
    }),
  );
  rmSync(directory, { recursive: true, force: true });
}
