// Starts npcsim-gateway as a process, on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const START_MS = 20_000;
const STOP_MS = 5_000;

// Resolves to { pid, url, stop() }; log lines of level "warning" and above go to stderr.
export async function startGateway(cluster, database) {
  const child = spawn(process.env.NPCSIM_GATEWAY, ['--port=0', '--gateway-id=bench', '--log-level=warning'], {
    env: { ...process.env, ...cluster.env, PGUSER: 'npcsim_gateway', PGDATABASE: database },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the gateway does not start')), START_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = line.match(/listening on .*:(\d+)$/);
      if (match) resolve(Number(match[1]));
      clearTimeout(timer);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  return {
    pid: child.pid,
    url: `ws://127.0.0.1:${port}/ws`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await once(child, 'exit');
      clearTimeout(timer);
    },
  };
}
