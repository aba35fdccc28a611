// Tests streams: messages and events of a world reach those who subscribed, in order and once; when there are too many for a
// client, it is told how many are missing.
//
// The world is paused, so that things happen only when the test does them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join as joinTo } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

let colony;
let ada;
let bo;
const npcs = {};

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 240, sizeY: 240, policy: 'none', running: false });
  for (const [name, x] of [['Ada', 5], ['Cy', 200]]) npcs[name] = await colony.value('SELECT npcsim.create_npc($1, $2, $3, 5)', [colony.worldId, name, x]);
  await colony.query('UPDATE npcsim.worlds SET view_buffer = 0');
  ada = await colony.player('ada', []);
  bo = await colony.player('bo', []);
});

after(() => colony?.stop());

const join = (members) => joinTo(colony, members);

// One that follows, and what it was told of a stream.
async function watch(members = {}, subscription = {}) {
  const client = await join(members);
  client.send({ type: 'subscribe', id: 1, ...subscription });
  await client.frame('snapshot', (frame) => !frame.more);
  return client;
}
const snapshotOf = (client, stream) => client.of('snapshot').flatMap((frame) => frame[stream] ?? []);
const changesOf = (client, stream) => client.of('delta').map((frame) => frame[stream]).filter((change) => change !== undefined);
const told = (client, stream) => changesOf(client, stream).flatMap((change) => change.append);
const dropped = (client, stream) => changesOf(client, stream).reduce((sum, change) => sum + change.dropped, 0);
const heard = (client, text) => waitFor(() => told(client, 'messages').find((message) => message.text === text), { what: `"${text}"` });

const say = (client, text, id) => client.send({ type: 'chat', id, text });

const messages = () => colony.query('SELECT sequence, text FROM npcsim.messages WHERE world_id = $1 ORDER BY sequence', [colony.worldId]);
const lastEvent = () => colony.value('SELECT next_event - 1 FROM npcsim.world_clock WHERE world_id = $1', [colony.worldId]);

test('what a player says reaches everybody within a second, in a paused world too', async () => {
  const speaker = await watch({ token: ada.token });
  const spectator = await watch();
  const said = Date.now();
  say(speaker, 'Is anybody here?', 7);
  const message = await heard(spectator, 'Is anybody here?');
  assert.ok(Date.now() - said < 1000);
  const { size, ...result } = await speaker.frame('result');
  assert.deepEqual(result, { type: 'result', id: 7, ok: true, value: { sequence: message.sequence }, revision: message.revision });
  assert.deepEqual([message.kind, message.player_id, message.username, message.clock, message.tick], ['chat', ada.id, 'ada', 0, 0]);
  assert.ok(Math.abs(Date.parse(message.sent_at_real) - said) < 5000, message.sent_at_real);
  assert.deepEqual(changesOf(spectator, 'messages').map((change) => change.dropped), [0]);
  assert.deepEqual(await heard(speaker, 'Is anybody here?'), message, 'its own words too');
  say(speaker, 'Without an id');
  await heard(spectator, 'Without an id');
  assert.equal(speaker.of('result').length, 1, 'nobody asked for a result');

  const late = await watch();
  assert.deepEqual(snapshotOf(late, 'messages').map((row) => row.text), (await messages()).map((row) => row.text), 'who comes later is told what was said');
  for (const client of [speaker, spectator, late]) client.socket.close();
});

test('what cannot be said is refused and reaches nobody', async () => {
  const speaker = await watch({ token: ada.token });
  const spectator = await watch();
  const count = (await messages()).length;
  say(speaker, 'x'.repeat(501));
  assert.equal((await speaker.frame('result')).error.code, '22023', 'also without an id');
  speaker.send({ type: 'chat', id: 2 });
  assert.equal((await speaker.frame('result', (frame) => frame.id === 2)).error.code, '22023');
  speaker.send({ type: 'map_ping', id: 3, x: 240, y: 0 });
  assert.equal((await speaker.frame('result', (frame) => frame.id === 3)).error.code, 'NS210');
  say(spectator, 'I, too', 4);
  assert.equal((await spectator.frame('result', (frame) => frame.id === 4)).error.code, '42501');
  say(speaker, 'x'.repeat(500), 5);
  await heard(spectator, 'x'.repeat(500));
  assert.equal((await messages()).length, count + 1);
  speaker.socket.close();
  spectator.socket.close();
});

test('events come as they happen; a camera shows those in view, and what players do', async () => {
  const everything = await watch();
  const here = await watch({}, { camera: { min_x: 0, min_y: 0, max_x: 20, max_y: 20 } });
  const there = await watch({}, { camera: { min_x: 190, min_y: 0, max_x: 220, max_y: 20 }, tables: ['world_events'] });
  const speaker = await watch({ token: bo.token }, { tables: ['messages'] });
  for (const client of [everything, here, there]) assert.deepEqual(snapshotOf(client, 'world_events'), [], 'what was before is not told');

  const first = (await lastEvent()) + 1;
  for (const name of ['Ada', 'Cy']) await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, $3)', [colony.worldId, npcs[name], bo.id]);
  for (const name of ['Ada', 'Cy'])
    await colony.query(`SELECT npcsim.submit_npc_decision($1, jsonb_build_object('request_id', npcsim.request_npc_decision($2, $3), 'action', 'move_direction', 'direction', 'south'))`, [bo.id, colony.worldId, npcs[name]]);
  await colony.query('SELECT npcsim.tick_world($1, 1)', [colony.worldId]);
  speaker.send({ type: 'map_ping', x: 100, y: 100 });
  say(speaker, 'Look');
  await heard(everything, 'Look');
  await heard(here, 'Look');
  await heard(speaker, 'Look');
  const arrived = (name) => ({ kind: 'npc_arrived', npc_id: npcs[name], clock: 0.25, tick: 3 });
  const ping = { kind: 'map_ping', player_id: bo.id, x: 100, y: 100, data: { username: 'bo' } };
  const check = async (client, expected) => {
    await waitFor(() => told(client, 'world_events').length === expected.length, { what: `${expected.length} events` });
    for (const [i, event] of told(client, 'world_events').entries())
      for (const [key, value] of Object.entries(expected[i])) assert.deepEqual(event[key], value, `${key} of ${JSON.stringify(event)}`);
  };
  await check(everything, [{ ...arrived('Ada'), x: 5, y: 6, sequence: first }, { ...arrived('Cy'), x: 200, y: 6 }, ping]);
  await check(here, [arrived('Ada'), ping]);
  await check(there, [arrived('Cy'), ping]);
  await check(speaker, []);
  assert.deepEqual(told(there, 'messages'), [], 'messages were not asked for');
  for (const client of [everything, here, there, speaker]) {
    assert.ok(client.of('delta').every((frame) => Object.keys(frame).length > 4), 'no delta is empty');
    client.socket.close();
  }
});

test('who comes back is told what it missed, and nothing twice', async () => {
  const client = await watch({ token: ada.token });
  say(client, 'Before');
  const { revision } = await heard(client, 'Before');
  const { epoch } = client.welcome;
  client.socket.close();
  const speaker = await watch({ token: bo.token });
  say(speaker, 'Meanwhile');
  await heard(speaker, 'Meanwhile');
  await colony.query('SELECT npcsim.create_npc($1, $2, 9, 9)', [colony.worldId, 'Di']);
  await waitFor(() => told(speaker, 'world_events').some((event) => event.kind === 'npc_created'), { what: 'Di' });
  const back = await join({ token: ada.token });
  back.send({ type: 'subscribe', id: 2, since: revision, epoch });
  const delta = await back.frame('delta');
  assert.equal(delta.id, 2);
  assert.deepEqual(delta.messages.append.map((message) => message.text), ['Meanwhile']);
  assert.deepEqual(delta.world_events.append.map((event) => [event.kind, event.data.name]), [['npc_created', 'Di']]);
  assert.deepEqual([delta.messages.dropped, delta.world_events.dropped], [0, 0]);
  say(speaker, 'Afterwards');
  await heard(back, 'Afterwards');
  assert.equal(told(back, 'messages').length, 2);
  back.socket.close();
  speaker.socket.close();
});

test('a client that reads too slowly is told how many rows it misses; others miss none', async () => {
  const tables = ['world_events', 'messages'];
  const stalled = await watch({}, { tables });
  stalled.socket.pause();
  const healthy = await watch({}, { tables });
  const first = (await lastEvent()) + 1;
  // Until more than the gateway and the kernel keep was sent to it.
  for (let i = 0; i < 30; i++) {
    await colony.query('SELECT npcsim.populate_world($1, 250)', [colony.worldId]);
    const last = await lastEvent();
    await waitFor(() => told(healthy, 'world_events').at(-1)?.sequence === last, { what: `event ${last}` });
  }
  const last = await lastEvent();
  const numbers = (client) => told(client, 'world_events').map((event) => event.sequence);
  assert.deepEqual(numbers(healthy), Array.from({ length: last - first + 1 }, (_, i) => first + i), 'all, in order');
  assert.equal(dropped(healthy, 'world_events'), 0);

  assert.equal(stalled.closed, undefined, 'it is not put out');
  stalled.socket.resume();
  await waitFor(() => numbers(stalled).at(-1) === last, { what: 'the last event' });
  const some = numbers(stalled);
  assert.ok(some.every((number, i) => i === 0 || number > some[i - 1]), 'in order, none twice');
  assert.ok(dropped(stalled, 'world_events') > 0, 'some are missing');
  assert.equal(some.length + dropped(stalled, 'world_events'), last - first + 1, 'and counted');
  assert.ok(stalled.of('delta').every((frame) => frame.size < 600_000), 'no frame grows without bound');
  assert.equal(dropped(stalled, 'messages'), 0);
  stalled.socket.close();
  healthy.socket.close();
});

test('what the gateway itself comes too late for is counted', async () => {
  const client = await watch({}, { tables: ['world_events'] });
  const first = (await lastEvent()) + 1;
  // All of one revision: more than a delta brings.
  await colony.query('SELECT npcsim.populate_world($1, 1000)', [colony.worldId]);
  const last = await lastEvent();
  assert.ok(last - first > 3000);
  await waitFor(() => told(client, 'world_events').at(-1)?.sequence === last, { what: 'the last event' });
  assert.equal(told(client, 'world_events').length + dropped(client, 'world_events'), last - first + 1);
  assert.ok(dropped(client, 'world_events') >= last - first + 1 - 2000);
  client.socket.close();
});

test('after a restart of the database everything said is still there', async () => {
  const client = await watch({ token: ada.token });
  say(client, 'For posterity');
  await heard(client, 'For posterity');
  await colony.cluster.restart();
  colony.client = await colony.cluster.connect('colony');
  const late = await watch({ token: bo.token });
  assert.equal(snapshotOf(late, 'messages').at(-1).text, 'For posterity');
  await waitFor(() => {
    say(late, 'Still here');
    return sleep(300).then(() => told(client, 'messages').some((message) => message.text === 'Still here'));
  }, { timeout: 20_000, what: 'a message to one that stayed' });
  client.socket.close();
  late.socket.close();
});
