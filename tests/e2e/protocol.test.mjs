// Tests that the manual's page on the wire protocol and the gateway agree: the client's frames on the page are accepted, and
// the gateway's frames have the same shape as those on the page. The examples are read from the page itself.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { hello, join as joinTo } from './lib/client.mjs';
import { start, startColony, waitFor } from './lib/colony.mjs';

const root = process.env.NPCSIM_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const page = readFileSync(join(root, 'docs', 'protocol.md'), 'utf8');

// Stands for whatever the page leaves out.
const LEFT_OUT = '…';

// {…} and […] as JSON; so are the runs of the terrain, which the page writes with names.
const asJson = (text) => JSON.parse(text.replaceAll('[[x,y,length],…]', '[[0,0,1]]').replaceAll('{…}', '{"…":0}').replaceAll('[…]', '["…"]')
  .replaceAll('},…]', '}]').replaceAll('[ids]', '[1]'));

// The objects of a text that stand for themselves, one behind the other.
function* objectsOf(text) {
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
    let depth = 0;
    let inString = false;
    let end = at;
    do {
      if (text[end] === '"' && text[end - 1] !== '\\') inString = !inString;
      if (!inString) depth += { '{': 1, '}': -1 }[text[end]] ?? 0;
      end++;
    } while (depth > 0 && end < text.length);
    yield text.slice(at, end);
    at = end;
  }
}

const examples = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].flatMap(([, block]) => [...objectsOf(block)].map(asJson));
// Rows of tables, and answers, inside the text: the object that follows a name in bold, or a path.
const inlineOf = (name) => asJson(page.match(new RegExp(`(?:^\\*\\*${name}\\*\\*|^\\| \`${name}\` \\|)[^{]*?\`(\\{.*?\\})\``, 'm'))[1]);

const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
// Members that are there only when there is something to tell: the page says so of each.
const OPTIONAL = new Set(['id', 'detail', 'hint', 'clock', 'dropped', 'upsert', 'remove', 'leave', 'interaction_id', 'parameters', 'shower', 'needs', 'as_of']);
// By names that are data.
const MAPS = new Set(['observations', 'components', 'properties', 'data', 'args', 'need_rates', 'parameters', 'counts', 'value', 'needs']);

// What is wrong with something that was sent when the page shows the example: null, or a sentence.
function differs(example, sent, path = '') {
  const [wanted, got] = [typeOf(example), typeOf(sent)];
  if (wanted === 'null' || got === 'null') return null;
  if (wanted !== got) return `${path} is of type ${got}, not ${wanted}`;
  if (wanted === 'array') {
    if (example.length === 0 || sent.length === 0 || example[0] === LEFT_OUT) return null;
    return differs(example[0], sent[0], `${path}[]`);
  }
  if (wanted !== 'object' || LEFT_OUT in example || MAPS.has(path.split('.').at(-1))) return null;
  for (const name of Object.keys(example)) {
    if (!(name in sent) && !OPTIONAL.has(name)) return `${path}.${name} was not sent`;
    const inner = name in sent ? differs(example[name], sent[name], `${path}.${name}`) : null;
    if (inner) return inner;
  }
  const more = Object.keys(sent).find((name) => !(name in example) && !OPTIONAL.has(name));
  return more ? `${path}.${more} is not on the page` : null;
}

// Is there something sent that has the example's shape?
function isSent(example, sent, what) {
  const reasons = sent.map((one) => differs(example, one));
  assert.ok(reasons.includes(null), `${what} ${JSON.stringify(example)}: ${[...new Set(reasons)].join('; ') || 'nothing like it was sent'}`);
}

let colony;
let ada;
let bo;
let client; // watches and computes
const told = []; // JSON-RPC notifications to a bridge

before(async () => {
  colony = await startColony({ npcs: 8, sizeX: 40, sizeY: 40, policy: 'interval' });
  const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map((row) => row.id);
  ada = await colony.player('ada', ids.slice(0, 4));
  bo = await colony.player('bo', ids.slice(4, 6));
  client = await joinTo(colony, { token: ada.token, purpose: 'both', source: 'test' });
});

after(() => colony?.stop());

const own = (frame) => frame.type && ['hello', 'subscribe', 'camera', 'unsubscribe', 'ping', 'call', 'chat', 'map_ping', 'compute_heartbeat', 'decision_response'].includes(frame.type);

// Frames that servers send.
const offers = (frame) => frame.method === 'npcsim/offer';

// A bridge that asks for reports and answers one question wrongly.
function bridge(source = 'bridge') {
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/mcp?source=${source}`, 'mcp', { headers: { Authorization: `Bearer ${bo.token}`, 'Npcsim-Reports': '1' } });
  socket.on('error', () => {});
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    const result = (value) => socket.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { resultType: 'complete', ...value } }));
    if (message.method === 'server/discover') result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
    else if (message.method === 'tools/list') result({ tools: [{ name: 'decide_action', inputSchema: { type: 'object' } }] });
    else if (message.method === 'tools/call') result({ content: [], structuredContent: { action: 'wander2' } });
    else told.push(message);
  });
  return socket;
}

test('the page has examples', () => {
  assert.ok(examples.length >= 24, `${examples.length} examples`);
  assert.ok(examples.filter(own).length >= 8);
});

test('what the page shows of a client\'s frames is taken', async () => {
  for (const example of examples.filter(own)) {
    if (example.type === 'hello') {
      const hello = await joinTo(colony, { ...example, ...('token' in example ? { token: ada.token } : {}), ...('world_id' in example ? { world_id: colony.worldId } : {}) });
      assert.equal(hello.welcome.type, 'welcome', JSON.stringify(example));
      hello.socket.close();
    }
  }
  client = await joinTo(colony, { token: ada.token, purpose: 'both', source: 'test' });
  for (const [i, example] of examples.filter((frame) => own(frame) && frame.type !== 'hello').entries()) {
    client.send({ ...example, ...('id' in example ? { id: 1000 + i } : {}) });
    client.send({ type: 'ping', t: i });
    await client.frame('pong', (frame) => frame.t === i);
  }
  assert.deepEqual(client.of('error'), []);
  assert.ok(!client.frames.some((frame) => ['22023', '0A000', '42883'].includes(frame.error?.code)), JSON.stringify(client.of('result')));
});

test('what the page shows of a server\'s offers is taken', async () => {
  const [offer] = examples.filter(offers);
  const dialled = bridge('offering');
  const source = async () => (await colony.query('SELECT kind, models, slots FROM npcsim.compute_sources WHERE name = \'offering\''))[0];
  await waitFor(source, { timeout: 20_000, what: 'the source' });
  dialled.send(JSON.stringify(offer));
  await waitFor(async () => (await source()).models.length > 0, { timeout: 20_000, what: 'the offer' });
  const { max_concurrency: slots, kind, models } = offer.params;
  assert.deepEqual(await source(), { kind, models, slots });
  dialled.terminate();
});

test('what the gateway sends has the shapes that the page shows', async () => {
  const dialled = bridge();
  client.send({ type: 'subscribe', id: 1 });
  await client.frame('snapshot', (frame) => !frame.more);
  client.send({ type: 'compute_heartbeat', max_concurrency: 2 });
  await client.frame('heartbeat_ack');
  client.send({ type: 'chat', id: 2, text: 'Hello' });
  client.send({ type: 'call', id: 3, reducer: 'request_npc_assignment', args: { desired_npc_count: 4 } });
  client.send({ type: 'call', id: 4, reducer: 'request_npc_decision', args: { npc_id: bo.npcIds[0] } });
  client.send({ type: 'subscribe', id: 5, since: -1 });
  for (const npc of ada.npcIds) await colony.query('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, npc]);
  const first = await client.frame('decision_request');
  client.send({ type: 'decision_response', request_id: first.request_id, action: 'wander' });
  await client.frame('decision_result', (frame) => frame.request_id === first.request_id);
  const second = await client.frame('decision_request', (frame) => frame.request_id !== first.request_id);
  client.send({ type: 'decision_response', request_id: second.request_id, action: 'consume', target_id: 1 });
  await client.frame('decision_result', (frame) => frame.request_id === second.request_id && frame.status === 'rejected');
  const third = await client.frame('decision_request', (frame) => ![first.request_id, second.request_id].includes(frame.request_id));
  await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, NULL)', [colony.worldId, third.npc_id]);
  await client.frame('decision_cancelled');
  await client.frame('standing');
  await client.frame('delta', (frame) => frame.world_events && frame.messages === undefined);
  await client.frame('delta', (frame) => frame.interactions, 20_000);
  await waitFor(() => ['npcsim/outcomes', 'npcsim/standing'].every((method) => told.some((message) => message.method === method && (method !== 'npcsim/outcomes' || message.params.outcomes.length > 0))),
    { timeout: 20_000, what: 'reports' });
  dialled.terminate();
  client.send({ type: 'subscribe', id: 6, since: client.of('snapshot').at(-1).revision, epoch: client.welcome.epoch });
  await client.frame('delta', (frame) => frame.present && frame.id === 6);

  // what was sent, without what the test's client adds
  const sent = [client.welcome, ...client.frames].map(({ size, ...frame }) => frame);
  const merged = (frames) => Object.assign({}, ...frames); // of a snapshot or delta no frame has all tables
  for (const example of examples.filter((frame) => !own(frame) && !offers(frame))) {
    if (example.method) isSent(example, told.filter(({ method }) => method === example.method), example.method);
    else if (example.type === undefined) isSent(example, sent.filter(({ type }) => type === 'snapshot').flatMap(({ npcs = [] }) => npcs), 'a row of npcs');
    else if (example.type === 'snapshot' || example.type === 'delta') {
      const frames = sent.filter(({ type }) => type === example.type);
      for (const [name, value] of Object.entries(example)) {
        const having = frames.filter((frame) => name in frame).map((frame) => ({ [name]: frame[name] }));
        const mayBeMissing = OPTIONAL.has(name) || value?.upsert?.[0] === LEFT_OUT; // of that the page shows no more than the name
        if (having.length > 0 || !mayBeMissing) rowsAgree(name, value, having);
      }
      const names = Object.keys(merged(frames));
      assert.ok(names.every((name) => page.includes(`"${name}"`) || page.includes(`\`${name}\``)), names.join());
    } else if (example.type === 'decision_result') isSent(example, sent.filter(({ type, status }) => type === example.type && status === example.status), example.type);
    else if (example.type === 'result') isSent(example, sent.filter(({ type, ok }) => type === 'result' && ok === example.ok), 'result');
    else isSent(example, sent.filter(({ type }) => type === example.type), example.type);
  }
  const types = new Set(sent.map(({ type }) => type));
  for (const type of types) assert.ok(page.includes(`"type":"${type}"`), `${type} is on the page`);

  // rows of tables, each of which the page shows in its text
  const rows = (table) => sent.filter(({ type }) => type === 'snapshot').flatMap((frame) => frame[table] ?? []);
  for (const table of ['world_items', 'players', 'item_types', 'interaction_types', 'terrain']) isSent(inlineOf(table), rows(table), table);
  const interactions = [...rows('interactions'), ...sent.flatMap((frame) => (frame.type === 'delta' ? frame.interactions?.upsert ?? [] : []))];
  isSent(inlineOf('interactions'), interactions, 'interactions');
});

// One member of a snapshot or a delta: lists of rows by the first row that the page shows.
function rowsAgree(name, example, having) {
  if (['world_events', 'messages'].includes(name)) {
    const [shown] = example.append;
    const rows = having.flatMap((frame) => frame[name].append).filter(({ kind }) => kind === shown.kind);
    isSent(shown, rows, name);
  } else if (example?.upsert && example.upsert[0] !== LEFT_OUT) {
    const rows = having.flatMap((frame) => frame[name].upsert ?? []);
    // a changed row has some of the groups: each of its members is one that the row's example has
    const known = new Set(Object.keys(examples.find((row) => row.type === undefined && row.path)));
    for (const row of rows) assert.ok(Object.keys(row).every((member) => known.has(member)), JSON.stringify(row));
  } else isSent({ [name]: example }, having, name);
}

test('answers to plain requests have the shapes that the page shows', async () => {
  for (const path of ['/version', '/worlds']) {
    const answer = await (await fetch(`http://127.0.0.1:${colony.port}${path}`)).json();
    assert.equal(differs(inlineOf(path), answer), null, path);
  }
});

test('messages may be as long as the page says, and no longer; the agent takes as much', async () => {
  const [, frame, message] = page.match(/^\| frame from a client \| (\d+) KiB \(an MCP server: (\d+) KiB\b/m).map(Number);
  assert.equal(Number(page.match(/^text frame, up to (\d+) KiB\./m)[1]), message, 'the page says it twice');
  const [head, tail] = ['{"jsonrpc":"2.0","method":"notifications/x","params":{"padding":"', '"}}'];
  for (const [open, limit] of [[() => hello(colony, { token: bo.token }), frame], [async () => ({ socket: bridge() }), message]])
    for (const [bytes, wanted] of [[limit * 1024, undefined], [limit * 1024 + 1, 1009]]) {
      const { socket } = await open();
      let closed;
      socket.on('close', (code) => (closed = code));
      await waitFor(() => socket.readyState === WebSocket.OPEN, { what: 'the connection' });
      socket.send(head + 'x'.repeat(bytes - head.length - tail.length) + tail);
      if (wanted) await waitFor(() => closed, { what: 'the close' });
      else await new Promise((resolve) => socket.once('pong', resolve).ping());
      assert.equal(closed, wanted, `${bytes} bytes`);
      socket.terminate();
    }
  const help = start(process.env.NPCSIM_AGENT ?? join(root, 'build', 'npcsim-agent'), ['--help']);
  await help.ended;
  assert.equal(Number(help.output.match(/--max-message [^]*?\(default (\d+),/)[1]), message * 1024);
  assert.match(readFileSync(join(root, 'docs', 'agent.md'), 'utf8'), new RegExp(`--max-message BYTES.*\\(default ${message * 1024},`));
});
