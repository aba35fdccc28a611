// Tests the gateway's settings, from file, environment and flags, each of which overrides the one before; its help and
// version; and wrong settings. It needs no database.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { start, waitFor } from './lib/colony.mjs';

const build = process.env.NPCSIM_BUILD ?? join(import.meta.dirname, '..', '..', 'build');
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(build, 'npcsim-gateway');

// Every setting, with a value that is not its default.
const SETTINGS = {
  database: 'host=/nonexistent dbname=x', gateway_id: 'east-1', listen_address: '127.0.0.2', port: '0', web_root: tmpdir(),
  allowed_origins: 'https://a.example http://b.example:8000', allowed_hosts: 'c.example, d.example', trusted_proxies: '127.0.0.1, 10.0.0.0/8 ::1',
  connections: '3', query_timeout_ms: '5000', lock_timeout_ms: '500', hello_timeout_ms: '5000', stuck_timeout_ms: '9000',
  silence_timeout_ms: '20000', submit_delay_ms: '2', max_frame: '4096', max_queue: '131072', message_rate: '10', message_burst: '20',
  player_message_rate: '20', player_message_burst: '40', subscribe_rate: '10', subscribe_burst: '5', wrong_token_rate: '5', wrong_token_burst: '0',
  join_rate: '30', join_burst: '0', max_per_address: '7', max_spectators_per_address: '3', log_level: 'debug',
};

let directory;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'npcsim-settings.'));
});

after(() => rm(directory, { recursive: true }));

async function file(text) {
  const path = join(directory, 'gateway.conf');
  await writeFile(path, text);
  return path;
}

const flag = (name) => `--${name.replaceAll('_', '-')}`;
const variable = (name) => `NPCSIM_GATEWAY_${name.toUpperCase()}`;

// Ends by itself.
async function usage(args, env = {}) {
  const gateway = start(GATEWAY, args, env);
  const timer = setTimeout(() => gateway.kill('SIGKILL'), 5000);
  const { code } = await gateway.ended;
  clearTimeout(timer);
  return { code, output: gateway.output };
}

// Listens; where?
async function listens(args, env = {}) {
  const gateway = start(GATEWAY, args, env);
  try {
    const [, address] = await waitFor(() => gateway.output.match(/listening on (\S+:\d+)/), { what: () => `the gateway to listen; it says: ${gateway.output}` });
    return address;
  } finally {
    gateway.kill('SIGTERM');
    assert.equal((await gateway.ended).code, 0);
  }
}

async function freePorts(count) {
  const servers = [];
  for (let i = 0; i < count; i++) {
    servers.push(createServer().listen(0, '127.0.0.1'));
    await new Promise((resolve) => servers[i].once('listening', resolve));
  }
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

test('--help names every setting, --version the version', async () => {
  for (const asked of ['--help', '-h']) {
    const { code, output } = await usage([asked]);
    assert.equal(code, 0);
    const named = [...output.matchAll(/^ +--([a-z-]+)=/gm)].map(([, name]) => name.replaceAll('-', '_')).filter((name) => name !== 'config');
    assert.deepEqual(named.sort(), Object.keys(SETTINGS).sort(), 'every setting is tried below');
    for (const name of ['--config=FILE', '--help', '--version']) assert.ok(output.includes(name), name);
  }
  for (const asked of ['--version', '-V']) assert.deepEqual(await usage([asked]).then(({ code, output }) => [code, /^npcsim-gateway \d+\.\d+\.\d+\n$/.test(output)]), [0, true]);
});

test('the manual has the options as --help does', async () => {
  const { output } = await usage(['--help']);
  const helped = [...output.matchAll(/^ +--([a-z-]+)=([A-Z]+) +(.*)$/gm)].map(([, name, value, text]) => `--${name} ${value}: ${text}`);
  const manual = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'gateway.md'), 'utf8');
  const told = [...manual.matchAll(/^\| `(--[a-z-]+ [A-Z]+)` \| (.*?) ?\| (.*) \|$/gm)].map(([, option, initial, text]) => `${option}: ${text}${initial && ` (${initial})`}`);
  assert.deepEqual(told.filter((text) => !text.startsWith('--config ')), helped.filter((text) => !text.startsWith('--config ')));
});

test('every setting is taken from the file, the environment and flags', async () => {
  const conf = await file(`# all of them\n\n${Object.entries(SETTINGS).map(([name, value]) => `  ${name} = '${value}'  \n`).join('')}`);
  assert.match(await listens(['--config', conf]), /^127\.0\.0\.2:\d+$/);
  assert.match(await listens([], { NPCSIM_GATEWAY_CONFIG: conf }), /^127\.0\.0\.2:\d+$/);
  const variables = Object.fromEntries(Object.entries(SETTINGS).map(([name, value]) => [variable(name), value]));
  assert.match(await listens([], variables), /^127\.0\.0\.2:\d+$/);
  assert.match(await listens(Object.entries(SETTINGS).map(([name, value]) => `${flag(name)}=${value}`)), /^127\.0\.0\.2:\d+$/);
});

test('flags win over the environment, the environment over the file', async () => {
  const [inFile, inEnvironment, onLine] = await freePorts(3);
  const conf = await file(`port = ${inFile}\ndatabase = 'host=/nonexistent'\n`);
  assert.equal(await listens(['--config', conf]), `127.0.0.1:${inFile}`);
  assert.equal(await listens(['--config', conf], { NPCSIM_GATEWAY_PORT: `${inEnvironment}` }), `127.0.0.1:${inEnvironment}`);
  assert.equal(await listens(['--config', conf, '--port', `${onLine}`], { NPCSIM_GATEWAY_PORT: `${inEnvironment}` }), `127.0.0.1:${onLine}`);
  const other = join(directory, 'other.conf');
  await writeFile(other, `port = ${onLine}\ndatabase = 'host=/nonexistent'\n`);
  assert.equal(await listens(['--config', other], { NPCSIM_GATEWAY_CONFIG: conf }), `127.0.0.1:${onLine}`, 'so does --config');
});

// What a line says behind its date, time and zone.
const said = ({ output }) => output.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /gm, '');

test('a wrong value is told with where it stands, from every source, and ends with status 2', async () => {
  const wrong = {
    port: ['65536', '-1', '8O80', '', '99999999999999999999'], connections: ['0', '17', '2.5'], query_timeout_ms: ['99'], lock_timeout_ms: ['9'],
    hello_timeout_ms: ['600001'], stuck_timeout_ms: ['99'], silence_timeout_ms: ['999'], submit_delay_ms: ['-1', '1001'], max_frame: ['1023'],
    max_queue: ['65535'], message_rate: ['0'], message_burst: ['0'], max_per_address: ['0'], log_level: ['loud', 'INFO'],
    player_message_rate: ['0'], player_message_burst: ['0'], subscribe_rate: ['0'], subscribe_burst: ['0'], wrong_token_rate: ['0'], wrong_token_burst: ['-1', '100001'], join_rate: ['0'], join_burst: ['-1'], max_spectators_per_address: ['0'],
    trusted_proxies: ['10.0.0.1/8', 'localhost', '127.0.0.1:80', '*'],
    gateway_id: ['a gateway', 'x'.repeat(65)], listen_address: [''], web_root: ['/nonexistent'],
    allowed_origins: ['a.example', 'https://a.example/', '*', 'null'], allowed_hosts: ['https://a.example', 'a.example:80', 'a b/c'], database: ['host=x nonsense=1', "host='x", 'x'.repeat(4097)],
  };
  assert.deepEqual(Object.keys(wrong).sort(), Object.keys(SETTINGS).sort());
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) {
      const byFlag = await usage([`${flag(name)}=${value}`]);
      assert.deepEqual([byFlag.code, byFlag.output.includes(`: ${name}: `)], [2, true], `${flag(name)}=${value.slice(0, 40)}: ${byFlag.output}`);
    }
  const inEnvironment = await usage([], { NPCSIM_GATEWAY_PORT: 'http' });
  assert.deepEqual([inEnvironment.code, said(inEnvironment)], [2, 'npcsim-gateway ERROR: NPCSIM_GATEWAY_PORT: port: "http" is not a whole number\n']);
  const conf = await file('\n# the port\nport = 70000\n');
  const inFile = await usage(['--config', conf]);
  assert.deepEqual([inFile.code, said(inFile)], [2, `npcsim-gateway ERROR: ${conf}:3: port: 70000 is outside the range 0 .. 65535\n`]);
  assert.equal((await usage(['--max-frame=1000000', '--max-queue=65536'])).code, 2, 'a queue holds a frame');
});

test('what is no setting is refused', async () => {
  for (const [text, complaint] of [
    ['prot = 8080\n', /gateway\.conf:1: prot: there is no such setting/],
    ['port\n', /gateway\.conf:1: port: expected "name = value"/],
    [`web_root = '/tmp\n`, /gateway\.conf:1: web_root: the quoted value does not end with its quote/],
    [`web_root = '/tmp' x\n`, /gateway\.conf:1: web_root/],
    [`# ${'x'.repeat(5000)}\n`, /gateway\.conf:1: line: is longer than 4096 characters/],
  ]) {
    const { code, output } = await usage(['--config', await file(text)]);
    assert.equal(code, 2, text.slice(0, 40));
    assert.match(output, complaint);
  }
  for (const [args, complaint] of [
    [['--config', '/nonexistent/gateway.conf'], /cannot be read: No such file/],
    [['--config', directory], /cannot be read/],
    [['--nonsense'], /--help/],
    [['--port'], /--help/],
    [['8080'], /command line: 8080: is not expected/],
  ]) {
    const { code, output } = await usage(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(output, complaint);
  }
});

test('passwords can be read neither in the environment nor in the command line of a gateway that runs', async (t) => {
  const gateway = start(GATEWAY, ['--port=0', '--database=host=/nonexistent password=secret-of-flag'],
    { NPCSIM_GATEWAY_DATABASE: 'host=/nonexistent password=secret-of-variable', PGPASSWORD: 'secret-of-libpq' });
  t.after(() => gateway.kill('SIGKILL'));
  await waitFor(() => gateway.output.includes('listening on'), { what: 'it listens' });
  for (const file of ['environ', 'cmdline']) assert.doesNotMatch(await readFile(`/proc/${gateway.pid}/${file}`, 'latin1'), /secret-of/, file);
});
