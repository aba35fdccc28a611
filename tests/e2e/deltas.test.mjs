// Tests that deltas are bounded: a long one comes in pages, which together are what one frame would be; a client that breaks
// off in the middle comes back with the revision before. The world is paused, so that it changes only when the test does so.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Store } from '../../clients/web/store.js';
import { dial, hello, join as joinTo } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const DEFAULT = 65536;
const LEAST = 16384;
const MOST = 1048576;

let colony;

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 300, sizeY: 300, policy: 'none', running: false });
  await colony.query('SELECT npcsim.populate_world($1, 1500)', [colony.worldId]);
});

after(() => colony?.stop());

const isWatched = ({ type }) => type === 'snapshot' || type === 'delta';
const pagesOf = (client, revision) => client.of('delta').filter((frame) => frame.revision === revision);

// One that watches, with the page's own store.
async function watch(members = {}, subscription = {}) {
  const client = await joinTo(colony, members);
  client.store = new Store();
  client.store.receive(client.welcome, 0);
  client.socket.on('message', (data) => client.store.receive(JSON.parse(data), 0));
  client.send({ type: 'subscribe', id: 1, ...subscription });
  await client.frame('snapshot', (frame) => !frame.more).catch(() => {});
  return client;
}

const revision = () => colony.value('SELECT revision FROM npcsim.worlds WHERE id = $1', [colony.worldId]).then(Number);
const reaches = (client, wanted) => waitFor(() => client.store.revision === wanted, { timeout: 20_000, what: () => `revision ${wanted}, not ${client.store.revision}` });

// Both know the same of the world.
function same(store, other) {
  for (const table of ['npcs', 'world_items', 'interactions', 'players']) {
    assert.equal(store[table].size, other[table].size, table);
    for (const [id, row] of other[table]) assert.deepEqual(store[table].get(id), row);
  }
  assert.deepEqual(store.terrain.blocked, other.terrain.blocked);
}

const change = () => colony.query('UPDATE npcsim.npcs SET hunger = 20 + 60 * random() WHERE world_id = $1', [colony.worldId]);

test('a long delta comes in pages of 64 KiB, or of what the hello asked for, and counts with the last', async () => {
  const clients = [[await watch(), DEFAULT], [await watch({ page: LEAST }), LEAST], [await watch({ page: MOST }), MOST], [await watch({ page: 100_000 }), 100_000],
    [await watch({ page: LEAST }, { camera: { min_x: 0, min_y: 0, max_x: 299, max_y: 299 } }), LEAST]];
  await change();
  const now = await revision();
  const fresh = await watch();
  for (const [client, most] of clients) {
    assert.equal(client.welcome.limits.page, most);
    await reaches(client, now);
    const watched = client.frames.filter(isWatched);
    assert.ok(watched.every(({ size }) => size <= most), `${watched.map(({ size }) => size)} bytes, at most ${most}`);
    const pages = pagesOf(client, now);
    assert.ok(pages.length > 100_000 / most, `${pages.length} pages of ${most} bytes`);
    if (pages.length > 1) assert.deepEqual(pages.map(({ page, more }) => [page, more]), pages.map((_, i) => [i + 1, i + 1 < pages.length]));
    else assert.deepEqual([pages[0].page, pages[0].more], [undefined, undefined]);
    const rows = pages.flatMap(({ npcs }) => npcs?.upsert ?? []);
    assert.deepEqual([rows.length, new Set(rows.map(({ id }) => id)).size], [1500, 1500], 'every NPC once');
    const first = client.frames.indexOf(pages[0]);
    assert.deepEqual(client.frames.slice(first, first + pages.length), pages, 'and nothing in between');
    const last = client.frames.indexOf(pages.at(-1));
    assert.ok(client.of('clock').every((frame) => frame.revision < now || client.frames.indexOf(frame) > last), 'no clock runs ahead of the last page');
    same(client.store, fresh.store);
    client.socket.close();
  }
  fresh.socket.close();
});

test('what no page can be is refused', async () => {
  for (const page of [LEAST - 1, MOST + 1, -1, 0, 1.5, '65536', true, [], {}]) {
    const client = await hello(colony, { page });
    assert.equal(await client.ends(), 4000, JSON.stringify(page));
    assert.deepEqual([client.of('error')[0].code, client.of('error')[0].message], ['22023', 'hello: page must be a whole number from 16384 to 1048576']);
  }
  const client = await joinTo(colony, { page: null });
  assert.equal(client.welcome.limits.page, DEFAULT);
  client.socket.close();
});

test('who breaks off in the middle of a delta goes on from the revision before', async () => {
  const client = await watch({ page: LEAST });
  const { revision: had, epoch } = client.store;
  const stopped = new Promise((resolve) => client.socket.on('message', (data) => {
    const frame = JSON.parse(data);
    if (frame.type === 'delta' && frame.page === 3) {
      client.socket.terminate();
      resolve();
    }
  }));
  const [gone] = await colony.query('SELECT id FROM npcsim.npcs ORDER BY id DESC LIMIT 1');
  await change();
  await stopped;
  assert.equal(client.store.revision, had, 'it has the old revision still');
  await colony.query('SELECT npcsim.remove_npc($1, $2)', [colony.worldId, gone.id]);

  const back = await joinTo(colony, { page: LEAST });
  back.socket.on('message', (data) => client.store.receive(JSON.parse(data), 0));
  back.send({ type: 'subscribe', id: 'again', since: had, epoch });
  await reaches(client, await revision());
  assert.equal(back.of('snapshot').length, 0, 'it is told what changed');
  const pages = back.of('delta');
  assert.ok(pages.length > 5 && pages.every(({ size, id }) => size <= LEAST && id === 'again'), `${pages.map(({ size }) => size)}`);
  const present = pages.flatMap((page) => page.present ?? []);
  assert.ok(pages.filter((page) => page.present).length > 1, 'who is there does not fit one page');
  assert.deepEqual([present.includes(Number(gone.id)), new Set(present).size], [false, present.length]);
  const fresh = await watch();
  same(client.store, fresh.store);
  for (const one of [back, fresh]) one.socket.close();
});

test('a terrain of many runs comes in pages, too', async () => {
  const walls = Number(await colony.value(`SELECT npcsim.create_world('Walls', 300, 300)`));
  const clients = [await watch({ world_id: walls, page: LEAST }), await watch({ world_id: walls })];
  // every other column: as many runs as can be
  await colony.query('SELECT npcsim.set_terrain($1, x, 0, true, 1, 300) FROM generate_series(0, 299, 2) x', [walls]);
  const now = Number(await colony.value('SELECT revision FROM npcsim.worlds WHERE id = $1', [walls]));
  for (const client of clients) await reaches(client, now);
  clients.push(await watch({ world_id: walls, page: LEAST }));
  for (const client of clients) {
    assert.equal(client.store.terrain.blocked.length, 150 * 300);
    assert.deepEqual(client.store.terrain.blocked, clients[0].store.terrain.blocked);
    const watched = client.frames.filter(isWatched);
    assert.ok(watched.filter(({ terrain }) => terrain).length > 5, 'in several');
    assert.ok(watched.every(({ size }) => size <= client.welcome.limits.page), `${watched.map(({ size }) => size)}`);
    client.socket.close();
  }
});

test('those who leave the view, all at once, do so in pages', async () => {
  const camera = await watch({ page: LEAST }, { camera: { min_x: 0, min_y: 0, max_x: 299, max_y: 299 }, tables: ['npcs', 'world_items'] });
  camera.send({ type: 'camera', min_x: 5000, min_y: 0, max_x: 5001, max_y: 1 });
  const left = (table) => camera.of('delta').flatMap((frame) => frame[table]?.leave ?? []);
  const had = (table) => camera.of('snapshot').flatMap((frame) => frame[table] ?? []);
  await waitFor(() => left('npcs').length === had('npcs').length && left('world_items').length === had('world_items').length, { what: 'all to leave' });
  assert.ok(camera.of('delta').every(({ size }) => size <= LEAST));
  assert.ok(camera.of('delta').length > 1, 'in several pages');
  camera.frames.length = 0;
  camera.send({ type: 'camera', min_x: 0, min_y: 0, max_x: 299, max_y: 299 });
  camera.send({ type: 'camera', min_x: 0, min_y: 0, max_x: 10, max_y: 10 });
  camera.send({ type: 'camera', min_x: 100, min_y: 0, max_x: 299, max_y: 299 });
  camera.send({ type: 'ping', t: 1 });
  await camera.frame('pong');
  camera.socket.close();
});

test('one that reads nothing while long deltas come is brought up to date, in pages', async () => {
  const client = await watch({ page: LEAST });
  client.socket.pause();
  for (let i = 0; i < 8; i++) await change();
  const now = await revision();
  client.socket.resume();
  await reaches(client, now);
  assert.ok(client.frames.filter(isWatched).every(({ size }) => size <= LEAST));
  const fresh = await watch();
  same(client.store, fresh.store);
  for (const one of [client, fresh]) one.socket.close();
});

test('a subscription may end, or begin anew, in the middle of a delta', async () => {
  const client = await dial(colony.port);
  client.send({ type: 'hello', world_id: colony.worldId, page: LEAST });
  await client.frame('welcome');
  for (let i = 0; i < 6; i++) {
    client.send({ type: 'subscribe', id: i, ...(i % 2 ? { camera: { min_x: 0, min_y: 0, max_x: 299, max_y: 299 } } : {}) });
    await client.frame('snapshot', (frame) => frame.id === i && !frame.more);
    await change();
    await client.frame('delta', (frame) => frame.more);
    client.send(i % 3 ? { type: 'unsubscribe' } : { type: 'camera', min_x: 0, min_y: 0, max_x: 50, max_y: 50 });
    client.frames.length = 0;
  }
  client.send({ type: 'ping', t: 1 });
  await client.frame('pong');
  assert.equal(client.closed, undefined);
  client.socket.close();
});
