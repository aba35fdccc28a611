// Tests that the gateway reaches its database over TCP, with a password, as it does on another machine.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startColony, waitFor } from './lib/colony.mjs';

const build = process.env.NPCSIM_BUILD ?? 'build';
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(build, 'npcsim-gateway');

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

test('the gateway connects over TCP with a password, and serves the world', async () => {
  const colony = await startColony({ npcs: 6 });
  try {
    await colony.query("ALTER ROLE npcsim_gateway PASSWORD 'secret of the gateway'");
    const rules = join(colony.cluster.dataDir, 'pg_hba.conf'); // the first that fits counts
    await writeFile(rules, `host colony npcsim_gateway 127.0.0.1/32 scram-sha-256\n${await readFile(rules, 'utf8')}`);
    const port = await freePort();
    await colony.cluster.restart('fast', { listen_addresses: '127.0.0.1', port });
    const gateway = colony.process(GATEWAY, ['--database', `host=127.0.0.1 port=${port} dbname=colony user=npcsim_gateway`,
      '--gateway-id', 'remote', '--port', '0'], { PGPASSWORD: 'secret of the gateway' });
    await waitFor(() => gateway.output.includes('registered as remote'), { timeout: 20_000, what: () => `a connection; the gateway says: ${gateway.output}` });
    const [, http] = gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/);
    await waitFor(async () => (await fetch(`http://127.0.0.1:${http}/healthz`)).status === 200, { what: 'health' });
    colony.port = Number(http);
    const watcher = await colony.watch();
    assert.equal(watcher.store.npcs.size, 6);
    watcher.socket.close();
  } finally {
    await colony.stop();
  }
});

const alone = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

test('a host that vanishes is noticed within 10 s, at both ends', { skip: !alone && 'a network namespace takes root' }, async () => {
  const program = fileURLToPath(new URL('lib/vanish.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, program], { timeout: 60_000, env: { ...process.env, NPCSIM_GATEWAY: GATEWAY } });
  const after = JSON.parse(stdout);
  for (const end of ['server', 'gateway']) assert.ok(after[end] > 0 && after[end] < 10_000, `the ${end} knew after ${after[end]} ms`);
});
