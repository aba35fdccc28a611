// The spectators' page in a real browser: NPCs move, the clicked one tells its needs.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { chromium } from 'playwright-core';

import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const executablePath = process.env.NPCSIM_CHROMIUM || '/usr/bin/chromium';
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const results = join(process.env.NPCSIM_BUILD ?? 'build', 'results');

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

  test('the page complains of nothing', () => assert.deepEqual(complaints, []));
});
