// Tests a living colony from end to end: real servers, gateways, agents and MCP servers on the real SDKs.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { positionAt } from '../../clients/web/motion.js';
import { MINDS, SAMPLE, startColony, waitFor } from './lib/colony.mjs';
import { sleep } from './lib/cluster.mjs';

// How long minds play; the manual's figure is 60.
const SECONDS = Number(process.env.NPCSIM_TEST_SECONDS ?? 15);

// From now on the decisions that the built-in mind makes for NPCs of players are kept in the table step_ins: whoever
// is decided for is told, and what it is told is stored.
async function watchStepIns(colony) {
  await colony.query(`
    CREATE TABLE public.step_ins (npc_id bigint, at numeric, real timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (npc_id, at));
    CREATE FUNCTION public.note_step_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.step_ins SELECT NEW.npc_id, (e ->> 'at')::numeric
          FROM jsonb_array_elements(NEW.events) e WHERE e ->> 'type' = 'decided_for_you' ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_step_ins AFTER INSERT OR UPDATE ON npcsim.npc_minds FOR EACH ROW EXECUTE FUNCTION public.note_step_ins()`);
}

// Decisions of controlled NPCs since a moment: those the MCP server made and were applied, those it was asked for, and
// those that the built-in mind made in its place.
async function share(colony, player, since) {
  const [counts] = await colony.query(
    `SELECT count(*) FILTER (WHERE status = 'applied') AS applied, count(*) AS asked,
            (SELECT count(*) FROM public.step_ins WHERE real >= $2) AS built_in
       FROM npcsim.decision_log WHERE player_id = $1 AND opened_at_real >= $2`, [player.id, since]);
  return counts;
}

const servers = [
  ['the sample server on stdio (SDK 2, stateless era)', () => ['--mcp', `node '${SAMPLE}'`]],
  ['a server of the older era on stdio (SDK 1)', () => ['--mcp', `node '${MINDS}/old-era.mjs'`]],
  ['a server over Streamable HTTP (SDK 2)', async (colony) => ['--mcp-url', await address(colony, [`${MINDS}/wanderer.mjs`, '--http', '0'])]],
  ['a server over Streamable HTTP of the older era (SDK 1)', async (colony) => ['--mcp-url', await address(colony, [`${MINDS}/old-era.mjs`, '--http', '0'])]],
  ['a server over HTTP + SSE (SDK 1)', async (colony) => ['--mcp-url', await address(colony, [`${MINDS}/old-era.mjs`, '--sse', '0'])]],
];

// Starts a mind that listens, and tells its address.
async function address(colony, args) {
  const server = colony.process(process.execPath, args);
  const [url] = await waitFor(() => server.output.match(/http:\/\/127\.0\.0\.1:\d+\/\w+/), { what: 'the mind listens' });
  return url;
}

describe('decisions of MCP servers', { concurrency: false }, () => {
  for (const [name, args] of servers) {
    test(`at least 95 % of the decisions of controlled NPCs are those of ${name}`, async () => {
      const colony = await startColony({ npcs: 10, policy: 'interval' });
      try {
        const ids = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 6')).map((row) => row.id);
        const ada = await colony.player('ada', ids);
        await watchStepIns(colony);
        const agent = colony.agent(ada, await args(colony));
        await waitFor(async () => (await share(colony, ada, new Date(0))).applied > 0,
          { timeout: 20_000, what: () => `a first decision; the agent says: ${agent.output}` });
        await sleep(4000); // what the built-in mind began before is over
        const since = new Date();
        await sleep(SECONDS * 1000);
        const { applied, asked, built_in: builtIn } = await share(colony, ada, since);
        assert.ok(applied >= ids.length * (SECONDS / 3 - 2), `${applied} decisions in ${SECONDS} s for ${ids.length} NPCs`);
        assert.ok(applied >= 0.95 * (asked + builtIn), `${applied} of ${asked} were applied, and the built-in mind made ${builtIn}`);
      } finally {
        await colony.stop();
      }
    });
  }
});

describe('what minds decide is what happens', { concurrency: false }, () => {
  test('a server that sends its NPC to a secret cell finds it there', async () => {
    const colony = await startColony({ npcs: 6 });
    try {
      const [{ x, y }] = await colony.query(
        `SELECT (t.cells)[1]::int AS x, (t.cells)[2]::int AS y FROM npcsim.npc_tracks t
          WHERE t.npc_id = (SELECT max(id) FROM npcsim.npcs) `);
      const npc = await colony.value('SELECT min(id) FROM npcsim.npcs');
      await colony.query('SELECT npcsim.remove_npc($1, (SELECT max(id) FROM npcsim.npcs))', [colony.worldId]);
      const ada = await colony.player('ada', [npc]);
      const agent = colony.agent(ada, ['--mcp', `node '${MINDS}/secret-cell.mjs'`], { SECRET_X: `${x}`, SECRET_Y: `${y}`, SECRET_NPC: `${npc}` });
      await waitFor(async () => {
        const [there] = await colony.query('SELECT position_x, position_y FROM npcsim.npcs WHERE id = $1', [npc]);
        return there.position_x === x && there.position_y === y;
      }, { timeout: 45_000, every: 200, what: () => `the NPC reaches (${x}, ${y}); the agent says: ${agent.output}` });
    } finally {
      await colony.stop();
    }
  });

  test('minds that always wander leave every apple uneaten, while the built-in mind\'s NPCs eat', async () => {
    const eaten = async (controlled) => {
      const colony = await startColony({ npcs: 8, running: false });
      try {
        await colony.query('UPDATE npcsim.npcs SET hunger = 45, energy = 90, fun = 90, hygiene = 90');
        const whole = () => colony.value("SELECT count(*) FROM npcsim.items WHERE item_type = 'apple' AND share_left = 1000000 AND occupied_by_npc_id IS NULL");
        const start = await whole();
        if (controlled) {
          const ids = (await colony.query('SELECT id FROM npcsim.npcs')).map((row) => row.id);
          const ada = await colony.player('ada', ids);
          colony.agent(ada, ['--mcp', `node '${MINDS}/wanderer.mjs'`]);
          await waitFor(() => colony.value('SELECT count(*) FROM npcsim.sessions WHERE max_concurrency > 0'), { what: 'the mind is connected' });
        }
        await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
        let least = start;
        for (let i = 0; i < SECONDS * 2; i++) {
          await sleep(500);
          least = Math.min(least, await whole());
        }
        return start - least;
      } finally {
        await colony.stop();
      }
    };
    assert.equal(await eaten(true), 0, 'wanderers touched no apple');
    assert.ok(await eaten(false) > 0, 'the built-in mind ate');
  });
});

describe('a colony that is watched', { concurrency: false }, () => {
  let colony;
  before(async () => {
    colony = await startColony({ npcs: 20 });
  });
  after(() => colony?.stop());

  test('positions computed by a client equal SQL\'s at the same clock, mid-walk', async () => {
    const watcher = await colony.watch();
    let compared = 0;
    for (let round = 0; round < 12; round++) {
      await sleep(300);
      const rows = await colony.query('SELECT w.clock, w.revision, n.id, n.position_x, n.position_y, n.motion_revision ' +
        'FROM npcsim.worlds w JOIN npcsim.npcs n ON n.world_id = w.id WHERE w.id = $1', [colony.worldId]);
      await waitFor(() => watcher.store.revision >= rows[0].revision, { what: 'the client has the revision' });
      const seen = new Map(rows.map((row) => [row.id, positionAt(watcher.store.npcs.get(row.id), row.clock)]));
      // Whose leg is the same before the client looked and after it is compared, others in another round.
      const now = new Map((await colony.query('SELECT npc_id AS id, motion_revision FROM npcsim.npc_tracks WHERE world_id = $1', [colony.worldId]))
        .map((row) => [row.id, row.motion_revision]));
      for (const row of rows) {
        if (now.get(row.id) !== row.motion_revision) continue;
        const at = seen.get(row.id);
        const moved = Math.hypot(at.x - row.position_x, at.y - row.position_y);
        if (at.moving) compared++;
        assert.ok(moved < 0.01, `NPC ${row.id} at ${row.clock}: client (${at.x}, ${at.y}), SQL (${row.position_x}, ${row.position_y})`);
      }
    }
    assert.ok(compared > 20, `only ${compared} walkers were compared`);
    watcher.socket.close();
  });

  // On some free cell.
  async function insert(statement, parameters) {
    for (let x = 1; x < 48; x++) {
      try {
        return (await colony.query(statement, [colony.worldId, x, 20, ...parameters]))[0].id;
      } catch (error) {
        if (error.code !== 'NS211') throw error;
      }
    }
    throw new Error('no cell of the row is free');
  }

  for (const status of ['running', 'paused'])
    test(`what an operator writes reaches a watching client of a ${status} world`, async () => {
      const eve = await colony.player(`eve of the ${status}`, []);
      const watcher = await colony.watch();
      const { store } = watcher;
      if (status === 'paused') await colony.query('SELECT npcsim.pause_world($1)', [colony.worldId]);
      const arrives = (probe, what) => waitFor(probe, { timeout: 5000, what });
      const npc = await colony.value('SELECT min(id) FROM npcsim.npcs');
      await colony.query('UPDATE npcsim.npcs SET name = $2 WHERE id = $1', [npc, `Renamed ${status}`]);
      await arrives(() => store.npcs.get(npc).name === `Renamed ${status}`, 'the name');
      await colony.query('UPDATE npcsim.npcs SET fun = 12.5 WHERE id = $1', [npc]);
      await arrives(() => store.npcs.get(npc).needs.fun.value <= 12.5, 'the need');
      await colony.query('UPDATE npcsim.npcs SET controller_player_id = $2 WHERE id = $1', [npc, eve.id]);
      await arrives(() => store.npcs.get(npc).controller_player_id === eve.id, 'the controller');
      await arrives(() => store.players.get(eve.id)?.controlled_npc_count === 1, 'and how many NPCs the player has');

      const comer = await insert('INSERT INTO npcsim.npcs (world_id, position_x, position_y, name) VALUES ($1, $2, $3, $4) RETURNING id', ['Comer']);
      await arrives(() => store.npcs.get(comer)?.name === 'Comer', 'the NPC that was inserted');
      await colony.query('DELETE FROM npcsim.npcs WHERE id = $1', [comer]);
      await arrives(() => !store.npcs.has(comer), 'that it is gone');
      const chair = await insert('INSERT INTO npcsim.world_items (world_id, position_x, position_y, item_type, properties) VALUES ($1, $2, $3, $4, $5) RETURNING id', ['chair', '{"colour": "red"}']);
      await arrives(() => store.world_items.get(chair)?.properties.colour === 'red', 'the item that was inserted');
      await colony.query('UPDATE npcsim.world_items SET properties = $2 WHERE id = $1', [chair, '{"colour": "green"}']);
      await arrives(() => store.world_items.get(chair).properties.colour === 'green', 'its properties');
      await colony.query('DELETE FROM npcsim.world_items WHERE id = $1', [chair]);
      await arrives(() => !store.world_items.has(chair), 'that it is gone, too');
      assert.equal(store.status, status);
      if (status === 'paused') await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
      watcher.socket.close();
    });

  test('a client that comes back with its revision is told only what changed', async () => {
    const first = await colony.watch();
    const { revision, epoch } = first.store;
    first.socket.close();
    await sleep(1500);
    const again = await colony.connect({ purpose: 'watch' });
    again.send({ type: 'subscribe', id: 2, since: revision, epoch });
    const delta = await waitFor(() => again.frames.find((frame) => frame.type === 'delta' && frame.present), { what: 'the resumption' });
    assert.equal(delta.present.length >= 20, true);
    assert.equal(again.frames.some((frame) => frame.type === 'snapshot'), false);
    again.socket.close();
  });
});

describe('when something dies', { concurrency: false }, () => {
  let colony;
  let ada;
  let scratch;
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'npcsim-colony.'));
    colony = await startColony({ npcs: 10, policy: 'interval' });
    ada = await colony.player('ada', (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 5')).map((row) => row.id));
    await watchStepIns(colony);
  });
  after(async () => {
    await colony?.stop();
    if (scratch) await rm(scratch, { recursive: true });
  });

  const applied = async (since) => (await share(colony, ada, since)).applied;

  // A mind that is dead while the file is there.
  const death = () => join(scratch, 'death');
  const mortal = (action) => colony.agent(ada, ['--mcp', `node '${MINDS}/mortal.mjs'`], { ACTION: action, DEATH: death() });

  test('a gateway that is killed and started again asks everyone anew, and no request waits for ever', async () => {
    const agent = mortal('wait'); // who waits is never too idle for the built-in mind, which would take the request back
    const states = () => colony.query('SELECT DISTINCT state FROM npcsim.npcs WHERE controller_player_id = $1', [ada.id]);
    await waitFor(async () => (await states()).every(({ state }) => state === 'waiting') && await applied(new Date(0)) >= 5, { timeout: 20_000, what: 'everyone to wait' });
    await colony.end(colony.gateway, 'SIGKILL');
    // Its sessions end with it, and nobody is asked until it is back.
    const open = await colony.query('SELECT npc_id, request_id FROM npcsim.decision_slots WHERE status <> 0');
    await waitFor(async () => (await colony.value('SELECT count(*) FROM npcsim.sessions WHERE NOT ended')) === 0, { timeout: 5000, what: 'its sessions to end' });
    await waitFor(async () => (await colony.value('SELECT count(*) FROM npcsim.decision_slots WHERE status <> 0')) === 0, { timeout: 20_000, what: 'what was asked to be given up' });
    await colony.startGateway();
    const back = new Date();
    const decided = () => colony.value(`SELECT count(DISTINCT npc_id) FROM npcsim.decision_log WHERE status = 'applied' AND finished_at_real >= $1`, [back]);
    await waitFor(async () => (await decided()) === 5, { timeout: 45_000, every: 250, what: () => `everyone to be decided for by its mind again; the agent says: ${agent.output}` });
    for (const { npc_id: npc, request_id: request } of open)
      assert.equal(await colony.value('SELECT count(*) FROM npcsim.decision_slots WHERE request_id = $1 AND status <> 0', [request]), 0, `request ${request} of NPC ${npc} has an end`);
    await colony.end(agent);
  });

  test('when the MCP server dies its NPCs keep living, and when it is back it takes over again', async () => {
    const agent = mortal('wander');
    const began = new Date();
    await waitFor(async () => await applied(began) >= 5, { timeout: 20_000, what: 'decisions' });
    await writeFile(death(), '');
    await waitFor(async () => (await colony.value('SELECT count(*) FROM npcsim.sessions')) === 0, { timeout: 20_000, what: 'the mind to be gone' });
    const died = new Date();
    const decidedFor = () => colony.value('SELECT count(DISTINCT npc_id) FROM public.step_ins WHERE real > $1', [died]);
    await waitFor(async () => (await decidedFor()) === 5, { timeout: 45_000, every: 250, what: 'everyone to be decided for' });
    await waitFor(async () => (await colony.value(`SELECT count(*) FROM npcsim.npcs
      WHERE controller_player_id = $1 AND decider = 'built_in' AND state <> 'idle'`, [ada.id])) >= 3, { what: 'life' });
    assert.equal(await applied(died), 0, 'nobody else decided');
    assert.ok(agent.output.match(/dying, as told/g).length >= 2, `the server was started again, and died again: ${agent.output}`);
    assert.equal(agent.exitCode, null, 'the agent lives');
    await rm(death());
    const back = new Date();
    await waitFor(async () => await applied(back) >= 5, { timeout: 60_000, what: () => `the mind takes over; the agent says: ${agent.output}` });
    await colony.end(agent);
  });

  test('a database that is restarted is found again', async () => {
    const agent = colony.agent(ada, ['--mcp', `node '${SAMPLE}'`]);
    await waitFor(async () => await applied(new Date(0)) > 5, { timeout: 20_000, what: 'decisions' });
    await colony.cluster.restart('fast');
    colony.client = await colony.cluster.connect('colony');
    const since = new Date();
    await waitFor(async () => await applied(since) >= 5, { timeout: 45_000, every: 250, what: () => `decisions go on; the gateway says: ${colony.gateway.output.slice(-2000)}` });
    await colony.end(agent);
  });
});
