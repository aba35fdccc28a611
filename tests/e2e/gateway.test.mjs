// What the gateway lets in, what it lets a client do, and what a camera sees: a paused world of three NPCs, of which Ada has
// a mind, and WebSocket clients that say what they should not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { startColony, waitFor } from './lib/colony.mjs';

let colony;
let maud;
let otto;
const npcs = {};

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 60, sizeY: 20, policy: 'none', running: false });
  for (const [name, x] of [['Ada', 5], ['Bo', 8], ['Cy', 50]]) npcs[name] = await colony.value('SELECT npcsim.create_npc($1, $2, $3, 5)', [colony.worldId, name, x]);
  await colony.query('UPDATE npcsim.worlds SET view_buffer = 0');
  maud = await colony.player('maud', [npcs.Ada]);
  otto = await colony.player('otto', []);
});

after(() => colony?.stop());

// A connection that has said nothing yet: its frames, and how it ends.
async function dial(path = '/ws', protocol = 'npcsim.v1', options = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}${path}`, protocol, options);
  const client = { socket, frames: [], closed: undefined, send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)) };
  socket.on('message', (data) => client.frames.push(JSON.parse(data)));
  socket.on('close', (code) => (client.closed = code));
  socket.on('error', (error) => (client.error = error));
  client.frame = (type, wanted = () => true) => waitFor(() => client.frames.find((frame) => frame.type === type && wanted(frame)), { what: `a frame ${type}` });
  client.ends = () => waitFor(() => client.closed, { what: 'the connection to end' });
  await waitFor(() => socket.readyState === WebSocket.OPEN || client.closed || client.error, { what: 'the connection' });
  return client;
}

async function hello(members) {
  const client = await dial();
  client.send({ type: 'hello', world_id: colony.worldId, ...members });
  return client;
}

async function refused(client, code, sqlstate) {
  assert.equal(await client.ends(), code);
  assert.equal(client.frames.find((frame) => frame.type === 'error')?.code, sqlstate);
  assert.ok(!client.frames.some((frame) => frame.type === 'welcome'), 'without a welcome');
}

test('who has a token is who it belongs to', async () => {
  const client = await hello({ token: maud.token });
  const welcome = await client.frame('welcome');
  assert.deepEqual([welcome.player_id, welcome.username, welcome.role], [maud.id, 'maud', 'player']);
  client.socket.close();
});

test('a token that nobody has is refused', async () => {
  await refused(await hello({ token: 'npc_nobody' }), 4002, 'NS401');
  await refused(await hello({ token: `${maud.token}x` }), 4002, 'NS401');
});

test('an old token is refused, and its connection ends', async () => {
  const eve = await colony.player('eve', []);
  const client = await hello({ token: eve.token });
  await client.frame('welcome');
  await colony.query('SELECT npcsim.rotate_player_token($1)', [eve.id]);
  await client.ends();
  await refused(await hello({ token: eve.token }), 4002, 'NS401');
});

test('one who is banned is refused', async () => {
  const mallory = await colony.player('mallory', []);
  await colony.query(`UPDATE npcsim.players SET status = 'banned' WHERE id = $1`, [mallory.id]);
  await refused(await hello({ token: mallory.token }), 4003, 'NS403');
});

test('without a token one may watch, where the world allows it, and nothing else', async () => {
  const spectator = await hello({});
  assert.equal((await spectator.frame('welcome')).role, 'spectator');
  spectator.send({ type: 'call', id: 1, reducer: 'request_npc_decision', args: { npc_id: npcs.Ada } });
  assert.equal((await spectator.frame('result')).error.code, '42501');
  spectator.socket.close();
  await refused(await hello({ purpose: 'compute' }), 4002, 'NS401');
  await colony.query('UPDATE npcsim.worlds SET spectators = false');
  await refused(await hello({}), 4002, 'NS401');
  await colony.query('UPDATE npcsim.worlds SET spectators = true');
  const mind = await dial('/mcp', 'mcp');
  assert.ok(mind.error || (await mind.ends()) === 4002, 'a mind needs a token');
});

test('a player answers for its own NPCs alone', async () => {
  const client = await hello({ token: otto.token, purpose: 'both', source: 'test' });
  await client.frame('welcome');
  client.send({ type: 'decision_response', npc_id: npcs.Ada, action: 'move_to', parameters: { x: 5, y: 12 } });
  const result = await client.frame('decision_result');
  assert.equal(result.status, 'rejected');
  client.send({ type: 'call', id: 2, reducer: 'request_npc_decision', args: { npc_id: npcs.Ada } });
  const call = await client.frame('result');
  assert.equal(call.ok, false);
  client.send({ type: 'call', id: 3, reducer: 'pause_world', args: {} });
  assert.equal((await client.frame('result', (frame) => frame.id === 3)).error.code, '42501', 'and runs no world');
  assert.equal(await colony.value(`SELECT position_y FROM npcsim.npcs WHERE name = 'Ada'`), 5);
  client.socket.close();
});

test('who does not greet, or sends what is no frame, is put out', async () => {
  const rude = await dial();
  rude.send({ type: 'subscribe', id: 1 });
  assert.ok((await rude.ends()) >= 4000);
  const babbler = await dial();
  babbler.send('{"type": "hello", ');
  assert.ok((await babbler.ends()) >= 4000);
});

test('who sends too much too fast is put out; the others are not', async () => {
  const quiet = await hello({ token: maud.token });
  const noisy = await hello({ token: otto.token });
  const { limits } = await noisy.frame('welcome');
  await quiet.frame('welcome');
  const ping = (client, count) => {
    for (let i = 0; i < count; i++) client.send({ type: 'ping', t: i });
  };
  ping(quiet, Math.floor(limits.burst / 2));
  ping(noisy, limits.burst + 5 * limits.messages_per_second);
  assert.equal(await noisy.ends(), 4006);
  await waitFor(() => quiet.frames.filter((frame) => frame.type === 'pong').length === Math.floor(limits.burst / 2), { what: 'all pongs' });
  assert.equal(quiet.closed, undefined);
  quiet.send(JSON.stringify({ type: 'ping', t: 'x'.repeat(limits.frame) }));
  assert.equal(await quiet.ends(), 1009, 'nor may a frame be too large');
});

test('an NPC is told of from where the camera sees it until it is 10 cells beyond', async () => {
  const client = await hello({});
  await client.frame('welcome');
  client.send({ type: 'subscribe', id: 1, camera: { min_x: 0, min_y: 0, max_x: 10, max_y: 19 } });
  await client.frame('snapshot', (frame) => !frame.more);
  const told = client.frames.filter((frame) => frame.type === 'snapshot').flatMap((frame) => frame.npcs ?? []).map((npc) => npc.name);
  assert.deepEqual(told.sort(), ['Ada', 'Bo'], 'Cy is out of view');
  // Moves Bo, and returns what is told of it; Ada, who is in view, tells when to look.
  let y = 5;
  const move = async (x) => {
    client.frames.length = 0;
    await colony.query('UPDATE npcsim.npcs SET position_x = $1 WHERE id = $2', [x, npcs.Bo]);
    y += 1;
    await colony.query('UPDATE npcsim.npcs SET position_y = $1 WHERE id = $2', [y, npcs.Ada]);
    await client.frame('delta', (frame) => frame.npcs?.upsert?.some((npc) => npc.id === npcs.Ada && npc.y === y));
    const deltas = client.frames.filter((frame) => frame.type === 'delta').map((frame) => frame.npcs);
    const row = deltas.flatMap((delta) => delta.upsert ?? []).find((npc) => npc.id === npcs.Bo);
    if (deltas.some((delta) => delta.leave?.includes(npcs.Bo))) return 'leaves';
    return row === undefined ? 'nothing' : row.name === undefined ? 'moves' : 'enters';
  };
  assert.equal(await move(9), 'moves');
  assert.equal(await move(15), 'moves', 'beyond the camera, but not 10 cells');
  assert.equal(await move(25), 'leaves');
  assert.equal(await move(15), 'nothing', 'it is not told of again before it is in view');
  assert.equal(await move(10), 'enters', 'then all of it');
  client.socket.close();
});
