// Lets a host vanish, for gateway_tcp.test.mjs: a gateway and its database talk over TCP in a network namespace of their own
// (unshare -n), whose only device goes down, so that neither end hears anything any more, not even the end of a
// connection. It prints after how many milliseconds each end has noticed.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startColony, waitFor } from './colony.mjs';

const PORT = 5999;
const device = (state) => execFileSync('ip', ['link', 'set', 'lo', state]);

device('up');
const colony = await startColony({ npcs: 2 });
try {
  const rules = join(colony.cluster.dataDir, 'pg_hba.conf');
  await writeFile(rules, `host colony npcsim_gateway 127.0.0.1/32 trust\n${await readFile(rules, 'utf8')}`);
  await colony.cluster.restart('fast', { listen_addresses: '127.0.0.1', port: PORT });
  colony.cluster.port = PORT;
  colony.client = await colony.cluster.connect('colony');
  const gateway = colony.process(process.env.NPCSIM_GATEWAY, ['--database', `host=127.0.0.1 port=${PORT} dbname=colony user=npcsim_gateway`, '--gateway-id', 'far', '--port', '0']);
  await waitFor(() => gateway.output.includes('connection 2 is up') && gateway.output.includes('registered as far'), { what: () => gateway.output });
  const held = () => colony.value(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 'npcsim.gateways'::regclass
    AND objid = (hashtext('far')::bigint & 4294967295)::oid`);
  if ((await held()) !== 1) throw new Error('the gateway does not hold its id');
  device('down');
  const began = Date.now();
  const after = { gateway: 0, server: 0 };
  await waitFor(async () => {
    after.server ||= (await held()) === 0 && Date.now() - began;
    after.gateway ||= /connection 0 is down/.test(gateway.output) && Date.now() - began;
    return after.server && after.gateway;
  }, { timeout: 20_000, what: () => `both ends to know: ${JSON.stringify(after)}` });
  console.log(JSON.stringify(after));
} finally {
  device('up');
  await colony.stop();
}
