// Tests whom the gateway lets in, what it lets a client do, and what a camera sees, in a paused world of three NPCs, of which
// Ada has a mind, with WebSocket clients that send what they should not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { dial as dialPort, hello as helloTo } from './lib/client.mjs';
import { SAMPLE, startColony, waitFor } from './lib/colony.mjs';

let colony;
let maud;
let otto;
let silent;
const npcs = {};

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 60, sizeY: 20, policy: 'none', running: false });
  for (const [name, x] of [['Ada', 5], ['Bo', 8], ['Cy', 50]]) npcs[name] = await colony.value('SELECT npcsim.create_npc($1, $2, $3, 5)', [colony.worldId, name, x]);
  await colony.query("UPDATE npcsim.worlds SET view_buffer = 0, allocation = 'manual'");
  maud = await colony.player('maud', [npcs.Ada]);
  otto = await colony.player('otto', []);
  silent = await dial();
});

after(() => colony?.stop());

const dial = (...options) => dialPort(colony.port, ...options);
const hello = (members) => helloTo(colony, members);

// Those that the database still has, once the gateway has had time to end them.
async function sessionsOf(player) {
  const count = () => colony.value('SELECT count(*) FROM npcsim.sessions WHERE player_id = $1', [player.id]);
  await waitFor(async () => (await count()) === 0, { timeout: 3000, what: 'no session' }).catch(() => {});
  return count();
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
  assert.equal(await client.ends(), 4002);
  await refused(await hello({ token: eve.token }), 4002, 'NS401');
  assert.equal(await sessionsOf(eve), 0, 'nothing is left of it');
});

test('one who is banned is put out and refused', async () => {
  const mallory = await colony.player('mallory', []);
  const client = await hello({ token: mallory.token });
  await client.frame('welcome');
  const agent = colony.agent(mallory, ['--mcp', `node '${SAMPLE}'`]);
  await waitFor(() => colony.value(`SELECT count(*) = 2 FROM npcsim.sessions WHERE player_id = $1`, [mallory.id]), { timeout: 20_000, what: 'the agent' });
  await colony.query(`UPDATE npcsim.players SET status = 'banned' WHERE id = $1`, [mallory.id]);
  assert.equal(await client.ends(), 4003);
  assert.deepEqual(await agent.ended, { code: 1, signal: null }, `the agent fails: ${agent.output}`);
  await refused(await hello({ token: mallory.token }), 4003, 'NS403');
  assert.equal(await sessionsOf(mallory), 0, 'nothing is left of them');
});

test('one who is banned and whose heartbeat is refused before the gateway hears of it leaves nothing behind', async () => {
  const moriarty = await colony.player('moriarty', []);
  const client = await hello({ token: moriarty.token, purpose: 'compute', source: 'test' });
  await client.frame('welcome');
  const beat = () => client.send({ type: 'compute_heartbeat', max_concurrency: 1 });
  const beating = setInterval(beat, 5); // so one is on its way at every moment
  try {
    await client.frame('heartbeat_ack');
    await colony.query(`UPDATE npcsim.players SET status = 'banned' WHERE id = $1`, [moriarty.id]);
    assert.equal(await client.ends(), 4003);
  } finally {
    clearInterval(beating);
  }
  assert.equal(await sessionsOf(moriarty), 0, 'nothing is left of it');
});

test('a newer session of the same player and purpose replaces the older', async () => {
  const older = await hello({ token: otto.token });
  await older.frame('welcome');
  const newer = await hello({ token: otto.token });
  await newer.frame('welcome');
  assert.equal(await older.ends(), 4001);
  assert.equal(newer.closed, undefined);
  newer.socket.close();
  assert.equal(await sessionsOf(otto), 0);
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
  await refused(rude, 4007, '08P01');
  const babbler = await dial();
  babbler.send('{"type": "hello", ');
  await refused(babbler, 4000, '22032');
});

test('after the welcome only the frame that cannot be read is lost', async () => {
  const client = await hello({ token: otto.token });
  await client.frame('welcome');
  for (const garbage of ['', '{', '[1', 'NaN', '{"type":"ping","t":"\\u0000"}', '{"type":"ping","t":9007199254740993}', '['.repeat(100), '7', '{"kind":"ping"}']) {
    client.frames.length = 0;
    client.send(garbage);
    await client.frame('error', (frame) => frame.retry === false && frame.message.length > 0);
  }
  client.send({ type: 'dance', id: 'x' });
  assert.equal((await client.frame('error', (frame) => frame.id === 'x')).code, '0A000');
  client.send({ type: 'dance' });
  client.send({ type: 'ping', t: 1 });
  await client.frame('pong');
  assert.equal(client.of('error').length, 2, 'what is not known and has no id is ignored');
  client.send(Buffer.from([1, 2, 3]));
  assert.equal(await client.ends(), 4000, 'binary frames are not');
});

test('a call with a key acts once', async () => {
  const client = await hello({ token: otto.token });
  await client.frame('welcome');
  const call = async (id, key, count) => {
    client.send({ type: 'call', id, reducer: 'request_npc_assignment', args: { desired_npc_count: count }, key });
    return client.frame('result', (frame) => frame.id === id);
  };
  const first = await call(1, 'k1', 1);
  assert.deepEqual([first.ok, first.value.assigned_npcs], [true, 1]);
  await call(2, 'k2', 0);
  assert.deepEqual((await call('3', 'k1', 1)).value, first.value, 'the first result again');
  assert.equal(await colony.value('SELECT count(*) FROM npcsim.npcs WHERE controller_player_id = $1', [otto.id]), 0, 'and nothing done');
  client.send({ type: 'call', id: 4, reducer: 'no_such_thing' });
  assert.equal((await client.frame('result', (frame) => frame.id === 4)).error.code, '42883');
  client.socket.close();
});

test('who unsubscribes is told nothing more, who comes back what it missed', async () => {
  const client = await hello({ token: otto.token });
  const { epoch } = await client.frame('welcome');
  client.send({ type: 'subscribe', id: 1 });
  const { revision } = await client.frame('snapshot', (frame) => !frame.more);
  client.send({ type: 'unsubscribe' });
  client.send({ type: 'ping', t: 1 });
  await client.frame('pong');
  client.frames.length = 0;
  await colony.query('UPDATE npcsim.npcs SET position_y = 7 WHERE id = $1', [npcs.Cy]);
  await client.frame('clock', (frame) => frame.revision > revision);
  assert.deepEqual(client.of('delta'), []);
  client.send({ type: 'subscribe', id: 2, since: revision, epoch });
  const delta = await client.frame('delta');
  assert.deepEqual([delta.id, delta.npcs.upsert.map((npc) => [npc.id, npc.y, npc.name])], [2, [[npcs.Cy, 7, undefined]]]);
  assert.deepEqual(delta.present.sort(), Object.values(npcs).sort(), 'who is there: ids of the world, none of players');
  client.send({ type: 'subscribe', id: 3, since: revision, epoch: 'another' });
  await client.frame('snapshot', (frame) => frame.id === 3);
  client.socket.close();
});

test('a camera that moves takes along what it sees', async () => {
  const client = await hello({});
  await client.frame('welcome');
  client.send({ type: 'subscribe', camera: { min_x: 0, min_y: 0, max_x: 10, max_y: 19 }, tables: ['npcs'] });
  await client.frame('snapshot', (frame) => !frame.more);
  client.send({ type: 'camera', min_x: 40, min_y: 0, max_x: 59, max_y: 19 });
  const { npcs: change } = await client.frame('delta');
  assert.deepEqual(change.leave.sort(), [npcs.Ada, npcs.Bo].sort());
  assert.deepEqual(change.upsert.map((npc) => npc.name), ['Cy'], 'whole');
  client.send({ type: 'camera', min_x: 40, min_y: 19, max_x: 59, max_y: 0 });
  assert.equal((await client.frame('error')).code, '22023');
  client.socket.close();
});

test('the gateway tells its health and version', async () => {
  const get = async (path) => {
    const answer = await fetch(`http://127.0.0.1:${colony.port}${path}`);
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await get('/healthz'), [200, 'ok\n']);
  const [status, version] = await get('/version');
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(version).protocols, ['npcsim.v1', 'mcp']);
  assert.match((await get('/metrics'))[1], /^npcsim_gateway_database_up 1$/m);
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

test('who says nothing for ten seconds is put out', async () => {
  assert.equal(await silent.ends(15_000), 4007);
});
