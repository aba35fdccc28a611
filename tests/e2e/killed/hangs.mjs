// hangs.mjs [cluster]: starts what end-to-end tests start, says so, and then does nothing.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startCluster } from '../lib/cluster.mjs';
import { start } from '../lib/colony.mjs';

const pids = [spawn('sleep', ['600'], { stdio: 'ignore', detached: true }).pid];
const files = [mkdtempSync(join(tmpdir(), 'npcsim-hangs.'))];
if (process.argv[2]) {
  const cluster = await startCluster();
  const client = await cluster.connect('postgres');
  const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows;
  const gateway = start(join(process.env.NPCSIM_BUILD, 'npcsim-gateway'), ['--database', 'dbname=postgres', '--port', '0'], cluster.env);
  pids.push(pid, gateway.pid);
  files.push(cluster.dataDir, cluster.socketDir);
  process.kill(pid, 'SIGSTOP');
}
console.log(`# started ${JSON.stringify({ pids, files })}`);
setInterval(() => {}, 1000);
