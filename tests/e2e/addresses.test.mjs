// Tests the gateway's limits per address: how often it may join, how many of its connections may watch, and which address a
// connection behind a proxy counts for.

import assert from 'node:assert/strict';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { startColony, waitFor } from './lib/colony.mjs';
import { sleep } from './lib/cluster.mjs';

const root = process.env.NPCSIM_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(process.env.NPCSIM_BUILD ?? join(root, 'build'), 'npcsim-gateway');

let colony;
let ada;
let bo;
let strict; // the port of a gateway that lets an address do little
let proxied; // and of one that believes the proxy at 127.0.0.2

before(async () => {
  colony = await startColony({ npcs: 2, sizeX: 20, sizeY: 20, policy: 'none', running: false, settings: { track_functions: 'all' } });
  ada = await colony.player('ada', []);
  bo = await colony.player('bo', []);
  strict = await another('strict', ['--join-burst', '10', '--join-rate', '6', '--max-spectators-per-address', '3']);
  proxied = await another('proxied', ['--trusted-proxies', '127.0.0.2 10.0.0.0/8', '--join-burst', '10', '--join-rate', '60',
    '--max-spectators-per-address', '2', '--max-per-address', '4', '--wrong-token-burst', '2', '--wrong-token-rate', '1', '--log-level', 'debug']);
});

after(() => colony?.stop());

let proxyOutput = () => '';
async function another(id, args) {
  const gateway = colony.process(GATEWAY, ['--database', `dbname=${colony.database} user=npcsim_gateway`, '--gateway-id', id, '--port', '0', ...args], colony.cluster.env);
  await waitFor(() => gateway.output.includes(`registered as ${id}`), { what: () => `the gateway to register: ${gateway.output}` });
  proxyOutput = () => gateway.output;
  return Number(gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/)[1]);
}

// A connection that says hello: resolves when it was welcomed, or ended.
function dial(port, hello, { localAddress = '127.0.0.1', forwarded } = {}) {
  const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'npcsim.v1', { localAddress, headers });
  const client = { socket, frames: [], code: undefined, status: undefined };
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('unexpected-response', (_, response) => {
      client.status = response.statusCode;
      resolve(client);
    });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', world_id: Number(colony.worldId), ...hello })));
    socket.on('message', (data) => {
      client.frames.push(JSON.parse(data));
      if (client.frames.at(-1).type === 'welcome') resolve(client);
    });
    socket.on('close', (code, reason) => {
      Object.assign(client, { code, reason: String(reason) });
      resolve(client);
    });
  });
}

const joined = (client) => client.frames.some(({ type }) => type === 'welcome');
const error = (client) => client.frames.find(({ type }) => type === 'error');

test('an address joins so often and no more, with good tokens and without; others join meanwhile', async () => {
  const calls = () => colony.value(`SELECT coalesce(sum(calls), 0)::int FROM pg_stat_user_functions WHERE funcname IN ('try_authenticate', 'try_client_connected')`);
  await sleep(1200);
  const before = await calls();
  const began = performance.now();
  const clients = await Promise.all(Array.from({ length: 60 }, (_, i) =>
    dial(strict, i % 2 ? { token: bo.token } : { purpose: 'watch' }, { localAddress: '127.0.0.9' }).then((client) => {
      client.socket.close();
      return client;
    })));
  const seconds = (performance.now() - began) / 1000;
  const refused = clients.filter(({ code, frames }) => code === 4006 && frames.some(({ code: sqlstate }) => sqlstate === '53400'));
  assert.ok(refused.length >= 12, `${refused.length} of 60 were refused`);
  for (const client of refused) {
    const { retry, retry_after: wait, message } = error(client);
    assert.deepEqual([retry, wait > 0 && wait < 20, message], [true, true, 'too many connections were made from this address lately']);
  }
  // the neighbour is not kept waiting, nor is a player who is known
  const neighbour = await dial(strict, {}, { localAddress: '127.0.0.10' });
  assert.ok(joined(neighbour));
  neighbour.socket.close();
  await sleep(1200);
  // a token that is known joins 30 times at once by itself
  const reached = (await calls()) - before;
  assert.ok(reached <= 2 * (10 + 0.1 * (seconds + 1) + 30) + 4, `${reached} calls reached the database in ${seconds} s`);
});

test('a player who was here before joins through the flood of its address', async () => {
  const from = { localAddress: '127.0.0.11' };
  const first = await dial(strict, { token: ada.token }, from);
  assert.ok(joined(first));
  first.socket.close();
  const flood = Array.from({ length: 40 }, () => dial(strict, {}, from));
  await sleep(300);
  const began = performance.now();
  const player = await dial(strict, { token: ada.token }, from);
  assert.ok(joined(player), player.reason);
  assert.ok(performance.now() - began < 1000, 'at once');
  player.socket.close();
  for (const client of await Promise.all(flood)) client.socket.terminate();
});

test('an address has so many spectators, and players besides', async () => {
  const from = { localAddress: '127.0.0.12' };
  const watchers = [];
  for (let i = 0; i < 3; i++) watchers.push(await dial(strict, {}, from));
  assert.ok(watchers.every(joined));
  const fourth = await dial(strict, {}, from);
  assert.deepEqual([fourth.code, error(fourth).code, fourth.reason], [4004, '53300', 'too many spectators watch from this address']);
  assert.ok(joined(await dial(strict, { token: bo.token }, from)), 'who has a token is none');
  assert.ok(joined(await dial(strict, {}, { localAddress: '127.0.0.13' })), 'others may');
  watchers[0].socket.terminate();
  await waitFor(async () => joined(await dial(strict, {}, from)), { every: 600, what: 'the place of one who left' });
});

test('X-Forwarded-For is believed of a trusted proxy and of nobody else', async () => {
  const proxy = (forwarded) => ({ localAddress: '127.0.0.2', forwarded });
  // each of them counts for itself, whatever it writes to the left
  const held = [];
  for (const client of ['198.51.100.1', '198.51.100.2']) {
    for (let i = 0; i < 2; i++) held.push(await dial(proxied, {}, proxy(`203.0.113.${i}, ${client}`)));
    const third = await dial(proxied, {}, proxy(`203.0.113.9, ${client}, 10.0.0.3`));
    assert.equal(third.reason, 'too many spectators watch from this address');
  }
  assert.ok(held.every(joined));
  assert.match(proxyOutput(), /client 198\.51\.100\.1\b.*: closed with 4004/, 'the log names the client');
  // so do connections, which are counted when it is known whose they are
  const players = [];
  for (let i = 0; i < 2; i++) players.push(await dial(proxied, { token: ada.token, purpose: 'compute', source: `s${i}` }, proxy('198.51.100.1')));
  assert.ok(players.every(joined));
  assert.equal((await dial(proxied, { token: ada.token }, proxy('198.51.100.1'))).status, 429);
  // an IPv6 client counts by its /64
  for (let i = 0; i < 2; i++) assert.ok(joined(await dial(proxied, {}, proxy(`2001:db8::${i}`))));
  assert.equal((await dial(proxied, {}, proxy('[2001:db8::7]:4711'))).code, 4004);
  // from anybody else it is a header like any other
  const stranger = (i) => ({ localAddress: '127.0.0.3', forwarded: `198.51.100.${100 + i}` });
  for (let i = 0; i < 2; i++) assert.ok(joined(await dial(proxied, {}, stranger(i))));
  assert.equal((await dial(proxied, {}, stranger(3))).code, 4004, 'a stranger cannot choose its address');
  // nor choose whose tokens are wrong
  const codes = [];
  for (let i = 0; i < 4; i++) codes.push((await dial(proxied, { token: 'npc_wrong' }, proxy('198.51.100.66'))).code);
  assert.deepEqual(codes, [4002, 4002, 4006, 4006]);
  assert.equal((await dial(proxied, { token: 'npc_wrong' }, proxy('198.51.100.67'))).code, 4002, 'the next client is not to blame');
  for (const client of [...held, ...players]) client.socket.terminate();
});

test('a proxy that does not say for whom it asks has no limit of connections', async () => {
  const own = await Promise.all(Array.from({ length: 8 }, () => dial(proxied, {}, { localAddress: '127.0.0.2', forwarded: 'unknown' })));
  assert.deepEqual(own.map(({ status }) => status), own.map(() => undefined), 'its connections are not counted');
  for (const { socket } of own) socket.terminate();
});

test('connections of many addresses leave descriptors for the database, and are told in the log', async () => {
  const gateway = colony.process('bash', ['-c', 'ulimit -n 100; exec "$@"', 'few', GATEWAY, '--database', `dbname=${colony.database} user=npcsim_gateway`,
    '--gateway-id', 'few', '--port', '0'], colony.cluster.env);
  await waitFor(() => gateway.output.includes('registered as few'), { what: () => `the gateway to register: ${gateway.output}` });
  const port = Number(gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/)[1]);
  const sockets = [];
  for (let i = 0; i < 150; i++) sockets.push(net.connect({ port, host: '127.0.0.1', localAddress: `127.0.3.${1 + (i % 4)}` }).on('error', () => {}));
  await waitFor(() => /are all that the limit of open files allows/.test(gateway.output), { what: 'a line about it' });
  await colony.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'npcsim-gateway'`);
  await waitFor(() => gateway.output.match(/registered as few/g).length === 2, { timeout: 6000, what: () => `another registration, while they are all held: ${gateway.output}` });
  for (const socket of sockets) socket.destroy();
  // the other gateway lost its connections, too
  for (const healthy of [port, colony.port]) {
    await waitFor(() => fetch(`http://127.0.0.1:${healthy}/healthz`).then(({ status }) => status === 200, () => false), { what: 'health' });
  }
  assert.doesNotMatch(gateway.output, /accept/, 'nor does accept() fail');
});

test('the worlds that may be watched are listed', async () => {
  const list = async () => (await (await fetch(`http://127.0.0.1:${colony.port}/worlds`)).json()).worlds;
  assert.deepEqual(await list(), [{ id: Number(colony.worldId), name: 'Colony', status: 'paused', size_x: 20, size_y: 20 }]);
  const other = Number(await colony.value(`SELECT npcsim.create_world('<b>Other</b>', 30, 40)`));
  const hidden = Number(await colony.value(`SELECT npcsim.create_world('Hidden', 30, 40)`));
  await colony.query('UPDATE npcsim.worlds SET spectators = false WHERE id = $1', [hidden]);
  await colony.query('SELECT npcsim.start_world($1)', [other]);
  await waitFor(async () => (await list()).length === 2, { what: 'the new world' });
  assert.deepEqual((await list())[1], { id: other, name: '<b>Other</b>', status: 'running', size_x: 30, size_y: 40 });
  const unknown = await dial(colony.port, { world_id: 99 });
  assert.deepEqual([unknown.code, error(unknown).code, unknown.reason], [4004, 'NS404', 'world 99 does not exist']);
  assert.match(error(unknown).hint, /GET \/worlds/);

  // many at once are one question
  await sleep(1200);
  const calls = () => colony.value(`SELECT coalesce(sum(calls), 0)::int FROM pg_stat_user_functions WHERE funcname = 'worlds_to_watch'`);
  const before = await calls();
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`http://127.0.0.1:${colony.port}/worlds`)));
  assert.ok(answers.every(({ status, headers }) => status === 200 && headers.get('content-type') === 'application/json'));
  await sleep(1200);
  assert.ok((await calls()) - before <= 1 + (performance.now() - began) / 1000, 'asked at most once a second');
  // also to who ends its own half behind the request
  await sleep(1200);
  const answer = await new Promise((resolve) => {
    const socket = net.connect({ port: colony.port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end('GET /worlds HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    let text = '';
    socket.on('data', (data) => (text += data)).on('end', () => resolve(text)).on('error', () => {});
  });
  assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).worlds.length, 2, answer);
  const head = await fetch(`http://127.0.0.1:${colony.port}/worlds`, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});
