// Tests the spectators' page in a real browser: NPCs move, and the one that is clicked shows its needs.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';
import { placeOf } from '../../clients/web/talk.js';

const executablePath = process.env.NPCSIM_CHROMIUM || '/usr/bin/chromium';
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const results = join(process.env.NPCSIM_BUILD ?? 'build', 'results');

const covers = (a, b) => Math.min(a.left + a.width, b.left + b.width) > Math.max(a.left, b.left) && Math.min(a.top + a.height, b.top + b.height) > Math.max(a.top, b.top);

test('a bubble keeps clear of names and other bubbles, stays where it was while it can, and covers as little as can be', () => {
  const size = { width: 100, height: 40 };
  const name = (left, top) => ({ left, top, width: 60, height: 14 });
  assert.deepEqual(placeOf({ x: 200, y: 200 }, size, []), { left: 150, top: 160, ...size }, 'above its speaker');
  const row = [name(170, 170), name(150, 150), name(190, 120)];
  const place = placeOf({ x: 200, y: 200 }, size, row);
  assert.ok(!row.some((other) => covers(place, other)), JSON.stringify(place));
  const before = { dx: -80, dy: -90 };
  assert.deepEqual(placeOf({ x: 200, y: 200 }, size, [name(170, 170)], before), { left: 120, top: 110, ...size });
  assert.deepEqual(placeOf({ x: 200, y: 200 }, size, [], before), { left: 150, top: 160, ...size }, 'but right above when it can');
  assert.notDeepEqual(placeOf({ x: 200, y: 200 }, size, [name(170, 170), name(130, 120)], before), { left: 120, top: 110, ...size });
  const everywhere = Array.from({ length: 400 }, (_, i) => name((i % 20) * 60 - 400, Math.floor(i / 20) * 14 - 60));
  const crowded = placeOf({ x: 200, y: 200 }, size, everywhere);
  assert.ok(Number.isFinite(crowded.left) && crowded.top <= 160, 'somewhere it stands');
});

describe('the spectators\' page', () => {
  let colony;
  let browser;
  let page;
  const complaints = [];

  before(async () => {
    colony = await startColony({ npcs: 20, sizeX: 64, sizeY: 48 });
    browser = await chromium.launch({ executablePath, args });
    page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${colony.port}/?world=${colony.worldId}`);
    await waitFor(() => page.evaluate(() => window.npcsim?.npcs().length === 20), { timeout: 20_000, what: '20 NPCs on the page' });
  });

  after(async () => {
    await browser?.close();
    await colony?.stop();
  });

  const drawn = () => page.evaluate(() => window.npcsim.drawn());

  test('NPCs are drawn and move smoothly between updates', async () => {
    const first = new Map((await drawn()).map((npc) => [npc.id, npc]));
    const jumps = [];
    let last = first;
    for (let i = 0; i < 20; i++) {
      await sleep(100);
      const now = new Map((await drawn()).map((npc) => [npc.id, npc]));
      for (const [id, at] of now) jumps.push(Math.hypot(at.x - last.get(id).x, at.y - last.get(id).y));
      last = now;
    }
    const moved = [...last].filter(([id, at]) => Math.hypot(at.x - first.get(id).x, at.y - first.get(id).y) > 0.5);
    assert.ok(moved.length >= 5, `${moved.length} of 20 NPCs moved in 2 s`);
    assert.ok(jumps.filter((jump) => jump > 0.02 && jump < 0.98).length > 30, 'positions in between are drawn');
    // 4 cells per second: a machine that is busy draws less often, never faster.
    assert.ok(jumps.filter((jump) => jump > 4).length < jumps.length / 50, 'nobody leaps');
  });

  test('what is drawn is what SQL says', async () => {
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    const rows = await colony.query('SELECT id, position_x, position_y FROM npcsim.npcs WHERE world_id = $1', [colony.worldId]);
    await waitFor(async () => {
      const now = new Map((await page.evaluate(() => window.npcsim.npcs())).map((npc) => [npc.id, npc.position]));
      return rows.every((row) => Math.hypot(now.get(row.id).x - row.position_x, now.get(row.id).y - row.position_y) < 0.01);
    }, { what: 'the page stands where SQL stands' });
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
  });

  test('what players say and what happens is listed, as text', async () => {
    const ada = await colony.player('ada', []);
    const speaker = await colony.connect({ token: ada.token });
    speaker.send({ type: 'chat', text: 'Hello <b>there</b>' });
    await colony.query(`SELECT npcsim.create_npc($1, 'Newcomer', x, y) FROM npcsim.worlds w, generate_series(0, 9) x, generate_series(0, 9) y
      WHERE NOT EXISTS (SELECT FROM npcsim.world_items i WHERE i.position_x = x AND i.position_y = y) AND get_bit((SELECT blocked FROM npcsim.world_terrain), y * 64 + x) = 0
        AND NOT EXISTS (SELECT FROM npcsim.npcs n WHERE abs(n.position_x - x) < 1 AND abs(n.position_y - y) < 1) LIMIT 1`, [colony.worldId]);
    await waitFor(() => page.evaluate(() => document.getElementById('messages').innerText.includes('Hello <b>there</b>')), { what: 'the message' });
    assert.match(await page.evaluate(() => document.getElementById('messages').innerText), /ada/);
    await waitFor(() => page.evaluate(() => /Newcomer\s*is here/.test(document.getElementById('events').innerText)), { what: 'the newcomer' });
    await mkdir(results, { recursive: true });
    await page.screenshot({ path: join(results, 'page-lately.png') });
  });

  test('what NPCs say stands above them, and who talks with whom is to be seen', async () => {
    await colony.query('UPDATE npcsim.npcs SET hunger = 100, hygiene = 100, fun = 100, energy = 100');
    const talk = () => page.evaluate(() => {
      const circles = window.npcsim.talking();
      const said = window.npcsim.said().findLast(({ id }) => circles.some(({ participants }) => participants.includes(id)));
      return said && { ...said, ...circles.find(({ participants }) => participants.includes(said.id)), speaker: said.id };
    });
    await waitFor(talk, { timeout: 60_000, what: 'a bubble above somebody who talks' });
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    await waitFor(() => page.evaluate(() => /paused/.test(document.getElementById('connection-text').textContent)), { what: 'the page to know of the pause' });
    await sleep(500);
    const said = await talk();
    assert.ok(said, 'a bubble stays while the world stands');
    const [bubbles, labels] = await page.evaluate(() => [window.npcsim.said(), window.npcsim.names()]);
    assert.equal(labels.length, 20 + 1, 'names are shown: of all, and the newcomer');
    for (const bubble of bubbles) {
      const covered = [...labels, ...bubbles.filter((other) => other !== bubble)].filter((other) => covers(bubble, other));
      assert.deepEqual(covered.map(({ text }) => text), [], `what "${bubble.text}" covers`);
    }
    const [row] = await colony.query('SELECT to_jsonb(participants) AS participants, interaction_type FROM npcsim.interactions WHERE world_id = $1 AND id = $2', [colony.worldId, said.id]);
    assert.deepEqual([row.participants, row.interaction_type], [said.participants, 'conversation'], 'they talk who SQL says do');
    assert.equal(await colony.value(`SELECT text FROM npcsim.messages WHERE world_id = $1 AND npc_id = $2 ORDER BY sequence DESC LIMIT 1`,
      [colony.worldId, said.speaker]), said.text, 'it is the last thing that it said');
    const names = await colony.query('SELECT id, name FROM npcsim.npcs WHERE world_id = $1', [colony.worldId]);
    const name = new Map(names.map((npc) => [npc.id, npc.name]));
    assert.ok((await page.evaluate(() => document.getElementById('said').innerText)).includes(said.text), 'it is listed, too');

    // the speaker is chosen: its card tells with whom it talks
    const box = await page.locator('canvas').boundingBox();
    const { x, y } = await page.evaluate((npc) => window.npcsim.screenOf(npc), said.speaker);
    await page.mouse.click(box.x + x, box.y + y);
    await waitFor(() => page.evaluate(() => !document.getElementById('npc').hidden), { what: 'the card' });
    const doing = await page.evaluate(() => document.getElementById('npc-doing').textContent);
    for (const other of said.participants.filter((id) => id !== said.speaker)) assert.ok(doing.includes(name.get(other)), `"${doing}" names ${name.get(other)}`);
    await page.locator('#npc-follow').click();
    await sleep(300);
    await mkdir(results, { recursive: true });
    await page.screenshot({ path: join(results, 'page-talk.png') });
    await page.locator('#npc-follow').click();
    await page.locator('#npc-close').click();
    await page.locator('#zoom-fit').click();

    // nothing stays in the air
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await waitFor(() => page.evaluate((text) => !window.npcsim.said().some((bubble) => bubble.text === text[0] && bubble.id === text[1]), [said.text, said.speaker]),
      { timeout: 30_000, what: 'the bubble to be gone' });
  });

  // What the card of the chosen NPC says; null while there is none.
  const card = () => page.evaluate(() => {
    const shown = document.getElementById('npc');
    if (shown.hidden) return null;
    const facts = [...document.querySelectorAll('#npc-facts > *')].map((node) => node.textContent);
    return {
      name: document.getElementById('npc-name').textContent,
      needs: Object.fromEntries([...document.querySelectorAll('#npc-needs .need')].map((row) => [row.dataset.need, Number(row.querySelector('.trend').textContent.replace(/^\D+/, ''))])),
      facts: Object.fromEntries(facts.flatMap((text, i) => (i % 2 === 0 ? [[text, facts[i + 1]]] : []))),
    };
  });

  test('a click on an NPC shows its needs, as SQL has them', async () => {
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    await waitFor(() => page.evaluate(() => /paused/.test(document.getElementById('connection-text').textContent)), { what: 'the page to know of the pause' });
    await sleep(500);
    const box = await page.locator('canvas').boundingBox();
    const id = await page.evaluate(() => window.npcsim.npcs()[0].id);
    const target = await page.evaluate((npc) => window.npcsim.screenOf(npc), id);
    await page.mouse.click(box.x + target.x, box.y + target.y);
    const agrees = async () => {
      const [row] = await colony.query('SELECT * FROM npcsim.npcs WHERE world_id = $1 AND id = $2', [colony.worldId, id]);
      const shown = await card();
      return shown && shown.name === row.name && shown.facts.Id === `${id}` && shown.facts.State === row.state
        && ['hunger', 'hygiene', 'fun', 'energy'].every((need) => Math.abs(shown.needs[need] - row[need]) <= 0.501);
    };
    const what = async () => JSON.stringify(await card());
    await waitFor(agrees, { what: 'the card to say what SQL says' }).catch(async (error) => assert.fail(`${error.message}: ${await what()}`));
    await colony.query('UPDATE npcsim.npcs SET hunger = 37, energy = 4, name = $3 WHERE world_id = $1 AND id = $2', [colony.worldId, id, 'Zoe']);
    await waitFor(agrees, { what: 'the card to follow' }).catch(async (error) => assert.fail(`${error.message}: ${await what()}`));
    assert.deepEqual([(await card()).needs.hunger, (await card()).needs.energy], [37, 4]);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await mkdir(results, { recursive: true });
    await page.screenshot({ path: join(results, 'page.png') });
  });

  test('what is drawn beside NPCs is explained, and what is badly needed marked on the card, too', async () => {
    await page.evaluate(() => document.getElementById('npc-close').click()); // if one is open
    const signs = await page.evaluate(() => [...document.querySelectorAll('#signs li')].map((row) => [row.innerText.trim(), getComputedStyle(row.querySelector('.sign')).backgroundImage]));
    assert.deepEqual(signs.map(([text]) => text), ['a need is below 20', 'its mind is being asked', 'does something', 'do it together']);
    assert.ok(signs.every(([, picture]) => picture.includes('gradient')), 'each with its picture');
    const id = await page.evaluate(() => window.npcsim.npcs()[0].id);
    await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
    await colony.query('UPDATE npcsim.npcs SET hunger = 12, energy = 60, name = $3 WHERE world_id = $1 AND id = $2', [colony.worldId, id, 'Zoe']);
    await page.locator(`#roster button[data-npc="${id}"]`).click();
    const low = (need) => page.evaluate((name) => document.querySelector(`#npc-needs [data-need="${name}"]`)?.dataset.low, need);
    await waitFor(async () => (await low('hunger')) === 'true' && (await low('energy')) === 'false', { what: 'the mark' });
    await page.locator('#npc-close').click();
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
  });

  test('a search that finds nobody says so', async () => {
    const none = page.locator('#roster-none');
    await page.locator('#filter').fill('<b>nobody');
    await waitFor(() => none.isVisible(), { what: 'a sentence' });
    assert.equal(await none.innerText(), 'Nobody’s name has “<b>nobody” in it.');
    const { y, height } = await none.boundingBox();
    assert.ok(y > 0 && y + height < 800, 'where it can be seen');
    await mkdir(results, { recursive: true });
    await page.screenshot({ path: join(results, 'page-search.png') });
    await page.locator('#filter').fill(await page.evaluate(() => window.npcsim.npcs()[0].name.slice(0, 2).toLowerCase()));
    await waitFor(async () => !(await none.isVisible()) && (await page.locator('#roster button').count()) > 0, { what: 'who is found' });
    await page.locator('#filter').fill('');
  });

  test('a world that there is not is told, and which there are', async () => {
    const other = await colony.value(`SELECT npcsim.create_world('<i>Elsewhere</i>', 20, 20)`);
    for (const [query, told] of [['999', 'World 999 does not exist.'], ['abc', '“abc” is no world: worlds have numbers.'], ['-1', '“-1” is no world: worlds have numbers.']]) {
      const stranger = await browser.newPage();
      await stranger.goto(`http://127.0.0.1:${colony.port}/?world=${query}`);
      await waitFor(async () => (await stranger.locator('#notice-worlds a').count()) === 2, { what: 'the list' });
      assert.equal(await stranger.locator('#notice-text').innerText(), told);
      assert.deepEqual(await stranger.locator('#notice-worlds li').allInnerTexts(), [`Colony ${colony.worldId}, running`, `<i>Elsewhere</i> ${other}, paused`]);
      if (query === '999') {
        await mkdir(results, { recursive: true });
        await stranger.screenshot({ path: join(results, 'page-unknown.png') });
        await stranger.locator('#notice-worlds a').first().click();
        await waitFor(() => stranger.evaluate(() => window.npcsim?.npcs().length > 0), { timeout: 20_000, what: 'the world that was chosen' });
        assert.equal(await stranger.locator('#notice').isVisible(), false);
      }
      await stranger.close();
    }
  });

  test('the page works below a path of a proxy', async (t) => {
    const proxy = http.createServer((request, response) => {
      if (!request.url.startsWith('/colony/')) return void response.writeHead(404).end();
      http.get({ port: colony.port, path: request.url.slice('/colony'.length), headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
    });
    proxy.on('upgrade', (request, client) => {
      const gateway = net.connect(colony.port, '127.0.0.1', () => {
        gateway.write(`GET ${request.url.replace(/^\/colony/, '')} HTTP/1.1\r\n${request.rawHeaders.map((text, i) => text + (i % 2 ? '\r\n' : ': ')).join('')}\r\n`);
        gateway.pipe(client).pipe(gateway);
      });
      for (const end of [client, gateway]) end.on('error', () => {});
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const below = await browser.newPage();
    t.after(async () => {
      await below.close();
      proxy.closeAllConnections();
      proxy.close();
    });
    const failed = [];
    below.on('response', (answer) => answer.status() >= 400 && failed.push(answer.url()));
    await below.goto(`http://127.0.0.1:${proxy.address().port}/colony/?world=${colony.worldId}`);
    await waitFor(() => below.evaluate(() => window.npcsim?.npcs().length > 0), { timeout: 20_000, what: 'NPCs on the page' });
    await below.goto(`http://127.0.0.1:${proxy.address().port}/colony/?world=999`);
    await waitFor(async () => (await below.locator('#notice-worlds a').count()) > 0, { what: 'the list' });
    assert.deepEqual(failed, []);
  });

  test('the page complains of nothing', () => assert.deepEqual(complaints, []));
});
