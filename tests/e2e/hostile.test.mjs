// Tests what hostile clients and MCP servers cannot do to others: take up connections without joining, keep players out, make
// another player's requests vanish.

import assert from 'node:assert/strict';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { startColony, waitFor } from './lib/colony.mjs';

const root = process.env.NPCSIM_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(process.env.NPCSIM_BUILD ?? join(root, 'build'), 'npcsim-gateway');

let colony;
let ada;
let bob;
let second; // the port of a second gateway, which lets an address try fewer tokens and forgives sooner

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 40, sizeY: 40, policy: 'interval', settings: { track_functions: 'all' } });
  const gateway = colony.process(GATEWAY, ['--database', `dbname=${colony.database} user=npcsim_gateway`, '--gateway-id', 'second', '--port', '0',
    '--wrong-token-burst', '20', '--wrong-token-rate', '600'], colony.cluster.env);
  second = Number((await waitFor(() => gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/), { what: 'the second gateway listens' }))[1]);
  const npcs = [];
  for (let i = 0; i < 8; i++) npcs.push(await colony.value('SELECT npcsim.create_npc($1, $2, $3, $4)', [colony.worldId, `N${i}`, 4 * i + 2, 5]));
  ada = await colony.player('ada', npcs.slice(0, 4));
  bob = await colony.player('bob', npcs.slice(4));
});

after(() => colony?.stop());

// The answer to an upgrade, as raw bytes.
async function upgrade(path, protocol, headers = {}) {
  const socket = net.connect(colony.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ${protocol}\r\n` +
    `${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  const timer = setTimeout(() => socket.destroy(), 2000);
  await closed;
  clearTimeout(timer);
  return answer;
}

// An MCP server that dials in, in one line: what it says to a call.
function server(player, source, answer) {
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/mcp?source=${source}&max_concurrency=4`, 'mcp',
    { headers: { Authorization: `Bearer ${player.token}` } });
  const result = (id, value) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: value }));
  const mind = { socket, calls: 0, closed: undefined };
  socket.on('error', () => {});
  socket.on('close', (code) => (mind.closed = code));
  socket.on('message', (data) => {
    const { id, method, params } = JSON.parse(data);
    if (method === 'server/discover') result(id, { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
    else if (method === 'tools/list') result(id, { resultType: 'complete', tools: [{ name: 'decide_action', inputSchema: { type: 'object' } }] });
    else if (method === 'tools/call') {
      mind.calls++;
      answer(result, id, params.arguments);
    }
  });
  return mind;
}

// What the server's log has had to complain of since it was that long.
const complaints = async (since) => (await colony.cluster.log()).slice(since).split('\n').filter((line) => /(ERROR|FATAL|PANIC|WARNING):/.test(line));

const logged = (player, status) =>
  colony.value('SELECT count(*)::int FROM npcsim.decision_log WHERE player_id = $1 AND status = $2', [player.id, status]);

test('the name of the gateway\'s own protocol opens no connection', async () => {
  assert.match(await upgrade('/ws', 'npcsim.v1'), /^HTTP\/1\.1 101 /);
  for (const path of ['/ws', '/mcp', '/']) assert.doesNotMatch(await upgrade(path, 'npcsim-database'), / 101 /);
});

test('neither refused handshakes nor heartbeats that make no sense fill the logs', async () => {
  const output = (pattern) => colony.gateway.output.split('\n').filter((line) => pattern.test(line)).length;
  for (let i = 0; i < 40; i++) await upgrade('/ws', 'nonsense');
  await waitFor(() => output(/refused with 400/) > 0, { what: 'a line about refused handshakes' });
  assert.ok(output(/refused/) <= 8, `${output(/refused/)} lines about 40 refused handshakes`);
  const mind = await colony.connect({ token: ada.token, purpose: 'compute', source: 'odd' });
  for (let i = 0; i < 20; i++) mind.send({ type: 'compute_heartbeat', id: i, max_concurrency: 1, token_output_rate: -i - 1 });
  await waitFor(() => mind.frames.filter(({ type }) => type === 'error').length === 20, { what: 'an error for each' });
  const { code, message } = await mind.frame('error');
  assert.deepEqual([code, message], ['22023', 'token_output_rate must be a number from 0 to 1000000000']);
  mind.send({ type: 'compute_heartbeat', max_concurrency: 1, token_output_rate: 12.5 });
  await mind.frame('heartbeat_ack');
  assert.equal(output(/heartbeat/), 0, 'the gateway has nothing to say about them');
  assert.doesNotMatch(await colony.cluster.log(), /ERROR:.*heartbeat/, 'and the database does not hear of them');
  mind.socket.close();
});

// A text frame as a client sends it, its mask all zero.
function textFrame(object) {
  const payload = Buffer.from(JSON.stringify(object));
  return Buffer.concat([Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]), payload]);
}

test('what comes in one packet with the handshake and the hello is answered in its order, byte by byte too', async () => {
  const padded = (object) => textFrame({ ...object, padding: 'x'.repeat(120) });
  const bytes = Buffer.concat([
    Buffer.from('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: npcsim.v1\r\n\r\n'),
    padded({ type: 'hello', world_id: colony.worldId }), ...Array.from({ length: 60 }, (_, t) => padded({ type: 'ping', t })),
  ]);
  for (const size of [bytes.length, 4096, 1]) {
    const socket = net.connect(colony.port, '127.0.0.1').setNoDelay();
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => {});
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
    await waitFor(() => answer.includes('"t":59'), { what: () => `all answers, ${size} bytes at a time: ${answer.slice(-300)}` });
    assert.deepEqual([...answer.matchAll(/"type":"pong","t":(\d+)/g)].map(([, t]) => Number(t)), [...Array(60).keys()]);
    assert.ok(answer.indexOf('"type":"welcome"') < answer.indexOf('"type":"pong"'), 'and none before the welcome');
    socket.destroy();
  }
});

test('who is refused is let go at once', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/ws`, 'npcsim.v1');
  await new Promise((resolve) => socket.on('open', resolve));
  const began = performance.now();
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.send(JSON.stringify({ type: 'hello', token: 'npc_nobody' }));
  assert.equal(await closed, 4002);
  assert.ok(performance.now() - began < 1500, 'without waiting for the end of the grace');
});

test('the reason for a close ends with a whole character', async () => {
  for (const pad of ['', 'x']) {
    const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/ws`, 'npcsim.v1');
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
    socket.on('error', () => {});
    socket.send(`{"type":"hello","token":"${pad}${'é'.repeat(100)}\\u0000"}`);
    assert.equal(await closed, 4000);
  }
});

test('spectators do not keep players out', async () => {
  await colony.query('UPDATE npcsim.worlds SET max_players = 3');
  const watchers = [];
  for (let i = 0; i < 3; i++) watchers.push(await colony.connect({}));
  const player = await colony.connect({ token: ada.token });
  assert.equal(player.frames.find((frame) => frame.type === 'welcome').username, 'ada');
  for (const watcher of [...watchers, player]) watcher.socket.close();
  await colony.query('UPDATE npcsim.worlds SET max_players = 100');
});

test('a failure with a long foreign reason is kept, and so are the others of its batch', async () => {
  const liar = server(ada, 'liar', (result, id) => result(id, { isError: true, content: [{ type: 'text', text: `${'x'.repeat(id % 2)}${'é'.repeat(900)}` }] }));
  const other = server(bob, 'failing', (result, id) => result(id, { isError: true, content: [{ type: 'text', text: 'no idea' }] }));
  await waitFor(async () => (await logged(ada, 'failed')) >= 4 && (await logged(bob, 'failed')) >= 4, { what: 'failures of both', timeout: 20000 });
  assert.doesNotMatch(colony.gateway.output, /invalid byte sequence/);
  liar.socket.close();
  other.socket.close();
});

test('an MCP server that answers twice, for others and with nonsense decides once, for its own', async () => {
  const before = await logged(bob, 'applied');
  const liar = server(ada, 'twice', (result, id, asked) => {
    const decision = { action: 'wander', request_id: asked.request_id - 1, npc_id: bob.npcIds[0] };
    for (const answered of [id + 1000, id - 1, null, 'x', id, id, id]) result(answered, { resultType: 'complete', structuredContent: decision, content: [] });
  });
  await waitFor(async () => (await logged(ada, 'applied')) >= 5, { what: 'decisions', timeout: 20000 });
  assert.equal(await logged(bob, 'applied'), before, 'nothing was decided for another player');
  assert.equal(await colony.value(`SELECT count(*)::int FROM (SELECT FROM npcsim.decision_log WHERE status = 'applied'
                                    GROUP BY request_id HAVING count(*) > 1) twice`), 0);
  liar.socket.close();
});

test('answers far larger than a socket takes at once reach the database', async () => {
  const mind = await colony.connect({ token: ada.token, purpose: 'compute', source: 'wordy' });
  const holder = await colony.cluster.connect(colony.database);
  await holder.query('BEGIN');
  await holder.query('SELECT npcsim.lock_world($1)', [colony.worldId]);
  for (let i = 0; i < 40; i++) mind.send({ type: 'decision_response', request_id: 9e15, npc_id: ada.npcIds[0], action: 'wait', reason: 'x'.repeat(60000) });
  mind.send({ type: 'ping', t: 'last' });
  await mind.frame('pong');
  await holder.query('COMMIT');
  await holder.end();
  const results = () => mind.frames.filter((frame) => frame.type === 'decision_result');
  await waitFor(() => results().length === 40, { what: 'an answer to each', timeout: 8000 });
  assert.ok(results().every((frame) => frame.code === 'NS301'), 'no request was open for them');
  assert.doesNotMatch(colony.gateway.output, /not answered in time/);
  mind.socket.close();
});

test('nothing that a client sends is an error of the server', async () => {
  const before = (await colony.cluster.log()).length;
  const closes = (path, protocol, token) => new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${colony.port}${path}`, protocol, { headers: { Authorization: `Bearer ${token}` } });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => resolve([code, String(reason)]));
  });
  const source = 'the argument source of the address';
  for (const [query, reason] of [[`source=${'x'.repeat(300)}`, `${source} is too long`], ['source=%zz', `${source} is not encoded as it should be`],
    ['source=a&source=b', `${source} is given twice`], ['sorce=a', 'the address has an argument that is not known: sorce'],
    ['max_concurrency=64000000000000000', 'the argument max_concurrency of the address is too long'], ['max_concurrency=65', 'max_concurrency must be from 1 to 64'],
    ['source=%E2%80%8F', '"source" has nothing to see'], ['source=a%E2%80%8Fb', '"source" has a character that cannot be seen']]) {
    const [code, told] = await closes(`/mcp?${query}`, 'mcp', ada.token);
    assert.equal(code, 4000, query);
    if (!query.startsWith('source=%E2%80%8F')) assert.equal(told, reason);
  }
  assert.equal((await closes('/ws?token=x', 'npcsim.v1', ''))[0], 4000);

  const hellos = [{ token: 'npc_nobody' }, { token: 'x'.repeat(500) }, { world_id: 9007199254740991 }, { world_id: 99 }, { token: ada.token, source: 'x'.repeat(100), purpose: 'compute' },
    { token: ada.token, client: 'a\u200fb' }, { token: ada.token, source: '\u3164', purpose: 'compute' }, { purpose: 'compute' }];
  await Promise.all(hellos.map(async (hello) => {
    const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/ws`, 'npcsim.v1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', ...hello })));
    assert.ok([4000, 4002, 4004].includes(await closed), JSON.stringify(hello));
  }));

  const client = await colony.connect({ token: bob.token, purpose: 'both', source: 'hostile' });
  const odd = [null, true, -1, 1e308, 9007199254740991, 0.5, '', ' ', 'x'.repeat(9000), 'a\u200fb', '\u0007', [], {}, [[[[1]]]]];
  let sent = 0;
  for (const value of odd) {
    const frames = [{ type: 'call', reducer: value, args: {} }, { type: 'call', reducer: 'send_chat', args: value }, { type: 'call', reducer: 'map_ping', args: { x: value, y: value } },
      { type: 'call', reducer: 'send_chat', args: { text: 'x' }, key: value }, { type: 'camera', min_x: value, min_y: 0, max_x: value, max_y: 1 },
      { type: 'subscribe', since: value, epoch: value }, { type: 'compute_heartbeat', max_concurrency: value }, { type: 'compute_heartbeat', source: value },
      { type: 'compute_heartbeat', padding: value }, { type: 'decision_response', request_id: value, npc_id: value, action: value }, { type: 'chat', text: value }];
    for (const frame of frames) client.send({ ...frame, id: ++sent });
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  for (const text of ['{"type":"decision_response","request_id":1,"action":"\\u0000"}', '{"type":"chat","text":"a","text":"b"}', `{"type":"x","a":${'['.repeat(5000)}1${']'.repeat(5000)}}`, '{"type":"chat","text":1e999}'])
    client.socket.send(text);
  client.send({ type: 'ping', t: 'last' });
  await client.frame('pong');
  await waitFor(() => client.frames.filter(({ type }) => type === 'error' || type === 'result').length > odd.length * 8, { what: 'answers' });
  client.socket.close();
  assert.deepEqual(await complaints(before), []);
  await assert.rejects(colony.query('SELECT 1 / 0'));
  assert.equal((await complaints(before)).length, 1, 'an error would have been found');
});

test('nothing that an MCP server answers, or that an address says, is an error of the server', async () => {
  const before = (await colony.cluster.log()).length;
  const text = (value) => `{"resultType":"complete","content":[{"type":"text","text":${JSON.stringify(value)}}]}`;
  const decision = (fields) => `{"resultType":"complete","content":[],"structuredContent":${fields}}`;
  const results = ['null', 'true', '1e999', '-0', '[]', '{}', '"x"', '""', '[[[[]]]]', `${'['.repeat(3000)}1${']'.repeat(3000)}`,
    '{"isError":true}', '{"isError":true,"content":null}', '{"isError":true,"content":[{"type":"text","text":"\\u0000"}]}', '{"isError":"yes"}',
    '{"isError":true,"content":[{"type":"text","text":"\\ud800"}]}', `{"isError":true,"content":[{"type":"text","text":"${'x'.repeat(100000)}"}]}`,
    '{"isError":true,"isError":false}', '{"content":{}}', '{"content":[null,1,"x",{}]}', '{"content":[{"type":"image","data":7}]}',
    text('{"action":"\u0000"}'), text('{"action":"wait","parameters":{"duration":1e308}}'), text('{"action":'), text('x'.repeat(100000)), text('\u200f{}'),
    decision('null'), decision('[]'), decision('7'), decision('"wait"'), decision('{"action":null}'), decision('{"action":"\\u0000"}'), decision('{"action":"\\udc00"}'),
    decision('{"action":"wait","parameters":{"duration":-1}}'), decision('{"action":"wait","reason":{"a":[1]}}'), decision('{"action":"wait","tokens":1e18}'),
    decision(`{"action":"${'x'.repeat(100000)}"}`), decision(`{"action":"wait","parameters":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`),
    decision('{"action":"wait","action":"wander"}'), decision('{"action":"talk_to","parameters":{"npc_id":9223372036854775808}}')];
  const ids = [(id) => `"${id}"`, (id) => `${id}.5`, () => '-1', () => '9223372036854775808', () => '{}', () => 'null'];
  let next = 0;
  const answer = (mind, id) => {
    const value = results[next++ % results.length];
    for (const wrong of ids) mind.socket.send(`{"jsonrpc":"2.0","id":${wrong(id)},"result":${text('{"action":"wait"}')}}`);
    mind.socket.send(`{"jsonrpc":"2.0","id":${id},"result":${value}}`);
  };
  let mind;
  for (let round = 0; round < 300 && next < results.length; round++) {
    if (!mind || mind.closed !== undefined) mind = server(bob, `odd${round}`, (result, id) => answer(mind, id));
    for (const npc of bob.npcIds) await colony.query('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, npc]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(next >= results.length, `${next} of ${results.length} results were asked for`);
  mind.socket.close();

  const queries = ['', '?', '?&', '?=', '?source', '?source=', '?source=%00', '?source=%ff', '?source=%ED%A0%80', '?source=a%00b', `?source=${'%41'.repeat(900)}`, '?source=\'', '?source="',
    '?max_concurrency=', '?max_concurrency=-1', '?max_concurrency=1e3', '?max_concurrency=0x1', '?max_concurrency=%31', `?${'a'.repeat(1500)}=1`, `?${'a=1&'.repeat(200)}`, '?token=%00', '#x', '/', '/../ws', '/%2e%2e/%2e%2e', ';x', '%00', '%'];
  const asked = ['/ws', '/mcp', '/metrics', '/healthz'].flatMap((path) => queries.map((query) => path + query));
  await Promise.all(asked.map((path) => upgrade(path, path.startsWith('/mcp') ? 'mcp' : 'npcsim.v1', { Authorization: `Bearer ${bob.token}` })));
  assert.match(await upgrade('/ws', 'npcsim.v1'), / 101 /, 'the gateway goes on');
  assert.deepEqual(await complaints(before), []);
});

test('a flood of wrong tokens from an address neither reaches the database nor keeps known players out', async () => {
  const before = (await colony.cluster.log()).length;
  const tried = () => colony.value(`SELECT calls::int FROM pg_stat_user_functions WHERE funcname = 'try_authenticate'`);
  const flooder = { port: second, localAddress: '127.0.0.7' };
  (await colony.connect({ token: ada.token, purpose: 'compute', source: 'early' }, flooder)).socket.close();
  await new Promise((resolve) => setTimeout(resolve, 1500)); // counts reach the view a second later
  const sofar = await tried();
  const codes = new Map();
  const wrong = (n) => new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${second}/ws`, 'npcsim.v1', { localAddress: flooder.localAddress });
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'hello', token: `npc_wrong${n}` }));
      if (n % 4 === 3) setTimeout(() => socket.terminate(), 5); // without waiting for the answer
    });
    socket.on('close', (code) => resolve(codes.set(code, (codes.get(code) ?? 0) + 1)));
  });
  const began = performance.now();
  let sent = 0;
  const flood = Promise.all(Array.from({ length: 40 }, async () => {
    while (sent < 600 && performance.now() - began < 5000) await wrong(sent++);
  }));
  await waitFor(() => sent >= 60, { what: 'the flood to begin' });
  const known = performance.now();
  const player = await colony.connect({ token: ada.token, purpose: 'compute', source: 'late' }, flooder);
  assert.ok(performance.now() - known < 2000, 'a known player gets in at once');
  player.socket.close();
  await flood;
  const seconds = (performance.now() - began) / 1000;
  await waitFor(async () => (await colony.connect({ token: bob.token, purpose: 'compute', source: 'new' }, flooder).catch(() => {}))?.socket.close() === undefined,
    { what: 'a player who is new here to get in afterwards' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const reached = (await tried()) - sofar;
  assert.ok(reached <= 23 + 10 * (seconds + 3), `${reached} of ${sent} wrong tokens reached the database in ${seconds} s`);
  assert.deepEqual([...codes.keys()].sort(), [1006, 4002, 4006]);
  assert.deepEqual(await complaints(before), []);
});

test('who chats over many connections, and over two gateways, says no more than over one', async () => {
  const clients = [];
  for (let i = 0; i < 8; i++) clients.push(await colony.connect({ token: ada.token, purpose: 'compute', source: `c${i}` }, { port: i % 2 ? second : colony.port }));
  for (let n = 0; n < 10; n++) for (const client of clients) client.send({ type: 'chat', id: n, text: 'y'.repeat(500) });
  const results = () => clients.flatMap(({ frames }) => frames.filter(({ type }) => type === 'result'));
  await waitFor(() => results().length === 80, { what: 'a result for each' });
  const refused = results().filter(({ ok }) => !ok);
  assert.ok(results().length - refused.length <= 26, `${80 - refused.length} were said`);
  assert.ok(refused.every(({ error }) => error.code === 'NS431' && error.retry && error.retry_after > 0));
  for (const client of clients) client.socket.close();
});

test('a database that is not in UTF-8 is refused, with a sentence', async () => {
  const { cluster } = colony;
  for (const encoding of ['SQL_ASCII', 'LATIN1']) {
    const name = `in_${encoding.toLowerCase()}`;
    await cluster.query('postgres', `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`);
    await assert.rejects(cluster.query(name, 'CREATE EXTENSION npcsim CASCADE'),
      { code: '0A000', message: `npcsim needs a database whose encoding is UTF8, and that of this one is ${encoding}`, hint: /ENCODING 'UTF8'/ });
    assert.equal(await cluster.value(name, `SELECT count(*)::int FROM pg_namespace WHERE nspname = 'npcsim'`), 0);
  }
});

test('a world runs where PostGIS has a schema of its own', async () => {
  const { cluster } = colony;
  await cluster.createDatabase('apart', { extension: false });
  const client = await cluster.connect('apart');
  for (const statement of ['CREATE SCHEMA "Geo S"', 'CREATE EXTENSION postgis SCHEMA "Geo S"', 'CREATE EXTENSION npcsim',
    `SELECT npcsim.create_world('Apart', 40, 30, 1, preset => 'reference')`, 'SELECT npcsim.populate_world(1, 10)']) await client.query(statement);
  await assert.rejects(client.query('SELECT npcsim.start_world(1)'), { code: '42501', hint: 'Run docs/roles.sql in this database.' });
  await client.query('GRANT USAGE ON SCHEMA npcsim, npcsim_internal TO npcsim_worker');
  await assert.rejects(client.query('SELECT npcsim.start_world(1)'), { code: '42501', message: /schema of PostGIS/ });
  await cluster.runFile('apart', join(root, 'docs', 'roles.sql'));
  await client.query('SELECT npcsim.start_world(1)');
  await waitFor(async () => (await client.query('SELECT clock FROM npcsim.worlds')).rows[0].clock >= 1, { what: 'the clock to move' });
  await client.end();
});
