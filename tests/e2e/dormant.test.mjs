// Tests that NPCs for whom nobody decides sleep, cost nothing, are drawn asleep, and wake when a mind comes.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join as path } from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const NPCS = 12;
const results = path(process.env.NPCSIM_BUILD ?? 'build', 'results');
const browserArgs = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let colony;
let browser;

before(async () => {
  colony = await startColony({ npcs: NPCS, sizeX: 24, sizeY: 16, policy: 'occasions' });
  browser = await chromium.launch({ executablePath: process.env.NPCSIM_CHROMIUM || '/usr/bin/chromium', args: browserArgs });
});

after(async () => {
  await browser?.close();
  await colony?.stop();
});

const asleep = () => colony.value('SELECT count(*) FROM npcsim.npcs WHERE state = \'dormant\'');
const inputs = () => colony.query('SELECT kind FROM npcsim.world_inputs WHERE kind IN (\'set_npc_dormant\', \'set_built_in_fallback\') ORDER BY sequence');

test('where the built-in mind stands in for nobody, all sleep, and nothing is written for them', async () => {
  await colony.query('UPDATE npcsim.worlds SET built_in_fallback = false');
  await waitFor(async () => (await asleep()) === NPCS, { timeout: 60_000, what: 'all to sleep' });
  const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
  await page.goto(`http://127.0.0.1:${colony.port}/?world=${colony.worldId}`);
  await waitFor(() => page.evaluate((npcs) => window.npcsim?.npcs().filter((npc) => npc.state === 'dormant').length === npcs, NPCS), { timeout: 20_000, what: 'sleepers on the page' });
  await sleep(500);
  await mkdir(results, { recursive: true });
  await page.screenshot({ path: path(results, 'dormant.png') });
  await page.close();
  const revision = () => colony.value('SELECT revision FROM npcsim.worlds');
  const before = await revision();
  await sleep(7000);
  assert.equal(await revision(), before, 'the world has changed in no row');
});

test('they wake when a mind comes, and sleep when it goes', async () => {
  const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 3')).map((row) => row.id);
  const ada = await colony.player('ada', ids);
  assert.equal(await asleep(), NPCS, 'a player who is not there wakes nobody');
  const mind = await join(colony, { token: ada.token, purpose: 'compute', source: 'test' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: 8 });
  await mind.frame('heartbeat_ack');
  await waitFor(() => new Set(mind.of('decision_request').map((frame) => frame.npc_id)).size === ids.length, { timeout: 20_000, what: 'all three to be asked about' });
  assert.equal(await asleep(), NPCS - ids.length);
  mind.socket.close();
  await mind.ends();
  await waitFor(async () => (await asleep()) === NPCS, { timeout: 60_000, what: 'them to sleep again' });
  assert.deepEqual((await inputs()).map((row) => row.kind), ['set_built_in_fallback'], 'by rules alone');
});

test('an operator puts one to sleep that has a mind, and wakes it', async () => {
  await colony.query('UPDATE npcsim.worlds SET built_in_fallback = true');
  await waitFor(async () => (await asleep()) === 0, { what: 'all to wake' });
  const id = await colony.value('SELECT min(id) FROM npcsim.npcs');
  await colony.query('SELECT npcsim.set_npc_dormant($1, $2)', [colony.worldId, id]);
  await sleep(4000);
  assert.equal(await asleep(), 1);
  await colony.query('SELECT npcsim.set_npc_dormant($1, $2, false)', [colony.worldId, id]);
  assert.equal(await asleep(), 0);
});
