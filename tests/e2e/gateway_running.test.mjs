// Tests the gateway with worlds that run: their clocks, also while somebody holds them; snapshots in pages; minds whose
// request is superseded; and what a stop or a restart of the database does to what is under way.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { WorldClock } from '../../clients/web/motion.js';
import { dial, join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const NPCS = 300;
const PAGE = 48 * 1024;

let colony;
let otherWorld; // which nobody visits
let ada;
let bo;
let crowd; // who has as many NPCs as one claim does not hand out

before(async () => {
  colony = await startColony({ npcs: NPCS, sizeX: 96, sizeY: 80, policy: 'none' });
  const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 94')).map((row) => row.id);
  ada = await colony.player('ada', ids.slice(0, 3));
  bo = await colony.player('bo', ids.slice(3, 4));
  crowd = await colony.player('crowd', ids.slice(4));
  otherWorld = await colony.value(`SELECT npcsim.create_world('Other', 20, 20, 5, preset => 'reference')`);
  await colony.query('SELECT npcsim.start_world($1)', [otherWorld]);
});

after(() => colony?.stop());

async function health() {
  const answer = await fetch(`http://127.0.0.1:${colony.port}/healthz`);
  return { status: answer.status, text: await answer.text() };
}

// How often the gateway asked for requests, and how often there were none.
async function claims() {
  const text = await (await fetch(`http://127.0.0.1:${colony.port}/metrics`)).text();
  const value = (name) => Number(text.match(new RegExp(`^npcsim_gateway_decision_${name}_total (\\d+)$`, 'm'))[1]);
  return { all: value('claims'), empty: value('claims_empty') };
}

// A connection that decides, with so many slots.
async function mind(player, slots = 1, source = 'test') {
  const client = await join(colony, { token: player.token, purpose: 'compute', source });
  client.send({ type: 'compute_heartbeat', max_concurrency: slots });
  await client.frame('heartbeat_ack');
  return client;
}

const ask = (npc) => colony.query('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, npc]);
const request = (client, npc, timeout) => client.frame('decision_request', (frame) => frame.npc_id === npc, timeout);

test('a snapshot comes in pages of at most 48 KiB, what is nearest first', async () => {
  const client = await join(colony);
  client.send({ type: 'subscribe', id: 1, camera: { min_x: 10, min_y: 10, max_x: 20, max_y: 20 } });
  await client.frame('snapshot', (frame) => !frame.more);
  const pages = client.of('snapshot');
  assert.ok(pages.length > 2, `${pages.length} pages`);
  assert.ok(pages.every((page) => page.size <= PAGE), `pages of ${pages.map((page) => page.size)} bytes`);
  assert.deepEqual(pages.map((page) => [page.id, page.page, page.revision]), pages.map((_, i) => [1, i + 1, pages[0].revision]));
  const first = client.frames.indexOf(pages[0]);
  assert.deepEqual(client.frames.slice(first, first + pages.length), pages, 'and nothing in between but pages');
  const npcs = pages.flatMap((page) => page.npcs ?? []);
  assert.equal(new Set(npcs.map((npc) => npc.id)).size, npcs.length, 'each once');
  const distance = (npc) => Math.hypot(npc.x - 15, npc.y - 15);
  const walk = 34; // a walker may be anywhere on its leg
  npcs.reduce((far, npc) => (assert.ok(distance(npc) > far - 2 * walk), Math.max(far, distance(npc))), 0);
  const standing = npcs.filter((npc) => npc.path.length === 1).map(distance);
  assert.deepEqual(standing, [...standing].sort((a, b) => a - b), 'nearest first');
  client.socket.close();
});

test('the first clock that one is told is not older than its welcome', async () => {
  const watcher = await join(colony);
  watcher.send({ type: 'subscribe', id: 1 });
  await watcher.frame('snapshot', (frame) => !frame.more);
  for (let i = 0; i < 15; i++) {
    const client = await join(colony);
    const { clock } = await client.frame('clock');
    assert.ok(clock >= client.welcome.clock, `${clock} after ${client.welcome.clock}`);
    client.socket.close();
  }
  watcher.socket.close();
});

test('while a world is held its clock stands, everybody is told, and no clock goes back', async () => {
  const client = await join(colony, { token: ada.token });
  const clock = new WorldClock();
  const heard = [];
  client.socket.on('message', (data) => {
    const frame = JSON.parse(data);
    clock.frame(frame, performance.now());
    heard.push(frame.clock ?? -Infinity);
  });
  const drawn = [];
  const drawing = setInterval(() => drawn.push(clock.now(performance.now())), 20);
  const holder = await colony.cluster.connect('colony');
  await sleep(1500);
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT npcsim.lock_world($1), npcsim.lock_world($2)', [colony.worldId, otherWorld]);
    const held = await client.frame('clock', (frame) => frame.speed === 0, 3000);
    assert.equal(held.status, 'running');
    client.send({ type: 'call', id: 1, reducer: 'request_npc_decision', args: { npc_id: ada.npcIds[0] } });
    const { error } = await client.frame('result');
    assert.deepEqual([error.code, error.retry], ['55P03', true]);
    assert.ok(error.detail && error.hint, 'with what to do');
    const sick = await waitFor(async () => ((await health()).status === 503 ? health() : undefined), { timeout: 9000, what: 'a failing /healthz' });
    assert.match(sick.text, new RegExp(`world ${colony.worldId}: its clock`));
    const both = await waitFor(async () => ((await health()).text.includes(`world ${otherWorld}: its clock`)), { timeout: 3000, what: 'the world that nobody visits' });
    assert.ok(both);
    const standing = client.of('clock').slice(client.of('clock').indexOf(held));
    assert.ok(standing.length >= 3 && standing.every((frame) => frame.speed === 0 && frame.clock === held.clock), 'it stands');
    await holder.query('COMMIT');
    await client.frame('clock', (frame) => frame.speed === 1 && frame.clock > held.clock);
    await waitFor(async () => (await health()).status === 200, { what: 'health' });
    await sleep(1500);
  } finally {
    clearInterval(drawing);
    await holder.end();
    client.socket.close();
  }
  const clocks = heard.filter(Number.isFinite);
  assert.ok(clocks.length > 8 && clocks.every((at, i) => i === 0 || at >= clocks[i - 1]), `told: ${clocks}`);
  assert.ok(drawn.every((at, i) => i === 0 || at >= drawn[i - 1]), 'nor does the page step back');
});

test('a connection may offer 64 slots and no more', async () => {
  const client = await mind(bo, 64);
  client.send({ type: 'compute_heartbeat', max_concurrency: 65 });
  assert.equal((await client.frame('error')).code, '22023');
  client.socket.close();
});

test('more requests than are handed out at once come all the same, and while there are none they are not asked for at every change', async () => {
  const minds = [await mind(crowd, 64), await mind(crowd, crowd.npcIds.length - 64, 'another')];
  const given = () => minds.flatMap((client) => client.of('decision_request'));
  await colony.query('SELECT npcsim.request_npc_decision($1, id) FROM unnest($2::bigint[]) AS id', [colony.worldId, crowd.npcIds]);
  await waitFor(() => given().length >= crowd.npcIds.length, { what: 'all requests' });
  assert.deepEqual(given().map((frame) => frame.npc_id).sort((a, b) => a - b), crowd.npcIds, 'each once');
  assert.equal(minds[0].of('decision_request').length, 64, 'to as many slots as there are');
  for (const client of minds)
    for (const { request_id } of client.of('decision_request')) client.send({ type: 'decision_response', request_id, action: 'wait', parameters: { duration: 60 } });
  const applied = () => minds.flatMap((client) => client.of('decision_result')).filter((frame) => frame.status === 'applied').length;
  await waitFor(() => applied() === crowd.npcIds.length, { what: 'all of them applied' });

  const before = await claims();
  const began = Date.now();
  for (let change = 0; change < 60; change++) {
    await colony.query('UPDATE npcsim.npcs SET hunger = $2 WHERE world_id = $1 AND id = $3', [colony.worldId, 50 + change % 2, bo.npcIds[0]]);
    await sleep(40);
  }
  const later = await claims();
  const asked = later.all - before.all;
  const most = 4 + (5 * (Date.now() - began)) / 1000; // polls, heartbeats, and what was on its way
  assert.ok(asked > 0 && asked <= most, `${asked} claims, not more than ${most}`);
  assert.equal(later.empty - before.empty, asked, 'and all of them for nothing');
  for (const client of minds) client.socket.close();
});

test('when an NPC gets another controller the request to the former is taken back', async () => {
  const [first, second] = ada.npcIds;
  const client = await mind(ada, 1);
  await ask(first);
  const { request_id: taken, timeout_ms: timeout } = await request(client, first);
  await ask(second);
  await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, $3)', [colony.worldId, first, bo.id]);
  const cancelled = await client.frame('decision_cancelled', () => true, Math.min(3000, timeout / 2));
  assert.deepEqual([cancelled.request_id, cancelled.reason], [taken, 'superseded']);
  const { request_id } = await request(client, second, 3000);
  client.send({ type: 'decision_response', request_id, action: 'wait', parameters: { duration: 1 } });
  assert.equal((await client.frame('decision_result')).status, 'applied', 'and its slot is free for the next');
  await sleep(2500);
  assert.equal(client.of('decision_cancelled').length, 1, 'what was answered is not taken back');
  client.socket.close();
});

test('a client that takes nothing delays no other', async () => {
  const stalled = await join(colony);
  stalled.socket.pause();
  stalled.send({ type: 'subscribe', id: 1 });
  const client = await join(colony);
  client.send({ type: 'subscribe', id: 1, tables: ['npcs'] });
  await client.frame('snapshot', (frame) => !frame.more);
  // More than the kernel keeps for one that does not read.
  for (let hunger = 90; hunger > 70; hunger--) {
    await colony.query('UPDATE npcsim.npcs SET hunger = $1 WHERE world_id = $2', [hunger, colony.worldId]);
    const changed = Date.now();
    await client.frame('delta', (frame) => frame.npcs?.upsert?.some((npc) => npc.needs && Math.abs(npc.needs.hunger.value - hunger) < 0.5));
    assert.ok(Date.now() - changed < 1000, 'a delta takes no second');
  }
  // What it missed reaches it as one, when it reads again.
  stalled.socket.resume();
  await stalled.frame('delta', (frame) => frame.revision >= client.of('delta').at(-1).revision);
  assert.ok(stalled.of('delta').length < client.of('delta').length, `${stalled.of('delta').length} deltas instead of ${client.of('delta').length}`);
  stalled.socket.close();
  client.socket.close();
});

// Longer than the gateway waits (10 s, for a mind that says it is fast), and than the database does (5 s more).
test('a pause times no mind out, however long; silence does', async () => {
  const npc = ada.npcIds[1];
  const client = await mind(ada, 1);
  client.send({ type: 'compute_heartbeat', max_concurrency: 1, average_decision_time_ms: 100 });
  await waitFor(() => client.of('heartbeat_ack').length > 1, { what: 'the second heartbeat' });
  await ask(npc);
  const { request_id, timeout_ms: timeout } = await request(client, npc);
  assert.equal(timeout, 10_000);
  const beating = setInterval(() => client.send({ type: 'compute_heartbeat', max_concurrency: 1 }), 5000);
  try {
    await sleep(2000);
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    await sleep(timeout + 6000);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await sleep(3000);
    assert.deepEqual(client.of('decision_cancelled'), []);
    assert.equal(await colony.value('SELECT status FROM npcsim.decision_requests WHERE request_id = $1', [request_id]), 'sent');
    const silent = Date.now();
    assert.equal((await client.frame('decision_cancelled', () => true, timeout)).reason, 'timeout');
    assert.ok(Date.now() - silent > 2000, 'when it has run for as long as the mind had');
    const logged = () => colony.value('SELECT status FROM npcsim.decision_log WHERE request_id = $1', [request_id]);
    assert.equal(await waitFor(logged, { what: 'the line of the log' }), 'timeout');
  } finally {
    clearInterval(beating);
    client.socket.close();
  }
});

test('minds outlive a restart of the database, and are asked again', async () => {
  const npc = ada.npcIds[2];
  const client = await mind(ada, 2);
  await ask(npc);
  const { request_id } = await request(client, npc);
  await colony.cluster.restart();
  colony.client = await colony.cluster.connect('colony');
  const { reason } = await client.frame('decision_cancelled', (frame) => frame.request_id === request_id);
  assert.equal(reason, 'the session was lost');
  assert.ok(client.of('clock').some((frame) => frame.status === 'unreachable' && frame.speed === 0));
  const again = await waitFor(() => client.of('decision_request').filter((frame) => frame.npc_id === npc)[1], { timeout: 20_000, what: 'the request again' });
  client.send({ type: 'decision_response', request_id: again.request_id, action: 'wait', parameters: { duration: 1 } });
  assert.equal((await client.frame('decision_result', () => true, 20_000)).status, 'applied');
  assert.equal(client.closed, undefined);
  client.socket.close();
});

test('a gateway that is told to stop ends well, whatever is under way', async () => {
  const client = await mind(ada, 2);
  const watcher = await join(colony);
  watcher.send({ type: 'subscribe', id: 1 });
  const silent = await dial(colony.port);
  await ask(ada.npcIds[1]);
  await ask(ada.npcIds[2]);
  await request(client, ada.npcIds[1]);
  const { request_id } = await request(client, ada.npcIds[2]);
  // One is out, an answer and a call wait for a world that is held.
  await waitFor(() => colony.gateway.output.lastIndexOf('connection 2 is up') > colony.gateway.output.lastIndexOf('connection 2 is down'),
    { what: 'the connection for what may wait' });
  const holder = await colony.cluster.connect('colony');
  await holder.query('BEGIN');
  await holder.query('SELECT npcsim.lock_world($1)', [colony.worldId]);
  client.send({ type: 'decision_response', request_id, action: 'wait', parameters: { duration: 1 } });
  client.send({ type: 'call', id: 1, reducer: 'request_npc_decision', args: { npc_id: ada.npcIds[1] } });
  await sleep(200);
  const { gateway } = colony;
  assert.deepEqual(await colony.end(gateway, 'SIGTERM'), { code: 0, signal: null }, gateway.output);
  assert.deepEqual([await client.ends(), await watcher.ends(), await silent.ends()], [1001, 1001, 1001]);
  await holder.query('COMMIT');
  assert.equal(await colony.value('SELECT count(*) FROM npcsim.sessions'), 0, 'the database knows');
});
