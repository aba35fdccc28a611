// Tests that the reference game's mind server can decide for a player's NPCs without any change: a stand-in on the official SDK
// (HTTP + SSE) enforces that server's types and rules. It is reached by npcsim-agent --mcp-url, and restarted in the middle. It
// invites and is invited, talks, and keeps a ledger in which no bid may stay open.
//
// NPCSIM_MIND_SERVER_SECONDS: how long the colony plays, in seconds of the world, half of them after the restart;
// NPCSIM_MIND_SERVER_SPEED: the world's speed; NPCSIM_MIND_SERVER_DECISIONS: how many decisions each of two slow servers makes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { sleep } from './lib/cluster.mjs';
import { MINDS, startColony, waitFor } from './lib/colony.mjs';

const SECONDS = Number(process.env.NPCSIM_MIND_SERVER_SECONDS ?? 300);
const SPEED = Number(process.env.NPCSIM_MIND_SERVER_SPEED ?? 8);
const DECISIONS = Number(process.env.NPCSIM_MIND_SERVER_DECISIONS ?? 110);

class MindServer {
  constructor(colony, store, ...options) {
    this.colony = colony;
    this.store = store;
    this.options = options;
    this.port = 0;
  }

  async start() {
    this.process = this.colony.process(process.execPath, [join(MINDS, 'mind-server.mjs'), '--port', `${this.port}`, '--store', this.store, ...this.options]);
    const [, port] = await waitFor(() => this.process.output.match(/http:\/\/127\.0\.0\.1:(\d+)\/sse/), { what: 'the mind server listens' });
    this.port = Number(port);
    this.url = `http://127.0.0.1:${port}/sse`;
  }

  async report() {
    return (await fetch(`http://127.0.0.1:${this.port}/report`)).json();
  }

  async quieten() {
    await fetch(`http://127.0.0.1:${this.port}/quiet`);
  }
}

// Lets the world go on for so many of its seconds.
async function play(colony, seconds) {
  const clock = () => colony.value('SELECT clock FROM npcsim.worlds WHERE id = $1', [colony.worldId]);
  const end = await clock() + seconds;
  while (await clock() < end) await sleep(500);
}

function told(report) {
  return JSON.stringify(report, null, 1).slice(0, 4000);
}

// What becomes of bids, of its own and of those that it is invited by, as the server counts it.
const BIDS = [['own', 'started'], ['own', 'rejected'], ['invited', 'accepted'], ['invited', 'rejected'], ['invited', 'spoken for']];
const ROUNDS_MOST = 5;

test('the reference game\'s mind server plays a colony, and goes on after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'npcsim-minds-'));
  const colony = await startColony({ npcs: 12, sizeX: 24, sizeY: 20, running: false });
  try {
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 8')).map((row) => row.id);
    const ada = await colony.player('ada', npcs);
    await colony.query("UPDATE npcsim.npcs SET hunger = 70, energy = 70, traits = ARRAY['curious', name] WHERE id = ANY ($1)", [npcs]);
    const traits = Object.fromEntries((await colony.query('SELECT id::text, traits FROM npcsim.npcs WHERE id = ANY ($1)', [npcs])).map((row) => [row.id, row.traits]));
    await colony.query('SELECT npcsim.set_world_speed($1, $2)', [colony.worldId, SPEED]);
    const server = new MindServer(colony, join(directory, 'minds.json'));
    await server.start();
    const agent = colony.agent(ada, ['--mcp-url', server.url, '--max-concurrency', '8']);
    await waitFor(() => colony.value('SELECT count(*) FROM npcsim.sessions WHERE max_concurrency > 0'),
      { timeout: 20_000, what: () => `the mind server is connected; the agent says: ${agent.output}` });
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);

    // how many decisions of the server were applied, and what they cost
    const applied = async () => (await colony.query(
      `SELECT count(*) AS all, count(*) FILTER (WHERE tokens = 412) AS metered, count(*) FILTER (WHERE tokens IS NULL) AS unmetered,
              count(DISTINCT npc_id) AS npcs
         FROM npcsim.decision_log WHERE player_id = $1 AND status = 'applied'`, [ada.id]))[0];
    await play(colony, SECONDS / 2);
    const before = await server.report();
    const first = await applied();
    assert.deepEqual(before.violations, [], 'before the restart it is told nothing that breaks its rules');
    assert.deepEqual([before.calls.relink_mind, before.calls.create_mind], [npcs.length, npcs.length],
      `each mind was looked for, not found and created, once: ${told(before)}`);
    assert.equal(first.npcs, npcs.length, 'it decides for each of its player\'s NPCs');
    assert.ok(first.all >= npcs.length * SECONDS / 2 / 15, `${first.all} decisions were applied`);
    assert.ok(before.unmetered > 0 && first.unmetered > 0, 'a decision whose cost is not known has none in the log');
    assert.equal(first.metered + first.unmetered, first.all, '... and the others have theirs');
    assert.ok(before.events.MOVEMENT_COMPLETED > 0 && before.events.INTERACTION_STARTED > 0, `it is told what happened: ${told(before)}`);

    await colony.end(server.process, 'SIGKILL');
    await waitFor(() => colony.value('SELECT count(*) = 0 FROM npcsim.sessions WHERE max_concurrency > 0'), { timeout: 20_000, what: 'the server is missed' });
    await server.start();
    await waitFor(async () => (await server.report()).calls.decide_action > 0,
      { timeout: 45_000, what: () => `it is asked again; the agent says: ${agent.output.slice(-2000)}` });
    // bids are few, and what becomes of them is chance: it plays on until there was one of each
    for (let round = 0; round < ROUNDS_MOST; round++) {
      await play(colony, SECONDS / 2);
      const now = await server.report();
      if (BIDS.every(([part, name]) => (before[part][name] ?? 0) + (now[part][name] ?? 0) > 0)) break;
    }

    // everybody comes to an end with what he is in, and every bid has one
    await server.quieten();
    // (who does something without an end, and wants nothing, would not be asked again)
    await colony.query('SELECT npcsim.request_npc_decision(world_id, id) FROM npcsim.npcs WHERE controller_player_id = $1', [ada.id]);
    let after;
    await waitFor(async () => {
      after = await server.report();
      return after.pending.length === 0 && Object.keys(after.minds).length === npcs.length;
    }, { timeout: 30_000, what: () => `everybody to be asked, and no bid to be pending: ${told(after)}` });
    const second = await applied();
    assert.deepEqual(after.violations, [], 'after the restart too');
    assert.deepEqual(Object.values(after.minds).map(({ relink_mind: relinked, create_mind: created }) => [relinked, created]), npcs.map(() => [1, 1]),
      'each is relinked, and created on what it remembers, once');
    assert.deepEqual([before.traits, after.traits], [traits, traits], 'so it has its traits again');
    assert.ok(after.memories >= before.memories && after.forgotten === 0, `and nothing is forgotten: ${told(after)}`);
    assert.ok(before.engaged + after.engaged > 0, 'it sees for how long others have been at what they do');
    assert.equal(after.resident.length, npcs.length);
    assert.ok(second.all > first.all, 'decisions go on');
    assert.deepEqual(await colony.query("SELECT detail, decision FROM npcsim.decision_log WHERE player_id = $1 AND code = 'NS304'", [ada.id]), [],
      'the world can read whatever it decides');
    assert.equal(after.calls.forget_mind, undefined, 'nothing is forgotten');

    const of = (part) => (name) => (before[part][name] ?? 0) + (after[part][name] ?? 0);
    const [events, own, invited, actions] = ['events', 'own', 'invited', 'actions'].map(of);
    const happened = `${told({ ...before, minds: {}, pending: [] })} and ${told({ ...after, minds: {} })}`;
    assert.ok(own('started') > 0 && own('rejected') > 0, `its own bids are accepted and rejected: ${happened}`);
    assert.ok(invited('accepted') > 0 && invited('rejected') > 0 && invited('spoken for') > 0, `it accepts and rejects bids, and those that it ignores are answered for it: ${happened}`);
    assert.ok(actions('act_in_interaction') > 0 && actions('cancel_interaction') > 0, `it talks and leaves: ${happened}`);
    assert.ok(before.messages > 0 && after.messages > 0, `it hears what is said, after the restart too: ${happened}`);
    assert.ok(events('INTERACTION_FINISHED') + events('INTERACTION_CANCELED') > 0, `conversations end: ${happened}`);
  } finally {
    await colony.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

// What stopped an answer was not known yet when its mind was told what to decide by: somebody else was quicker.
const OVERTAKEN = /NPC \d+ is (busy|too far away)|item is (occupied|used up)|is not valid in state|cannot accept a bid/;

test('mind servers that think for 2 s and follow what they are shown are followed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'npcsim-minds-'));
  const colony = await startColony({ npcs: 48, sizeX: 56, sizeY: 44, preset: 'default', running: false });
  try {
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id LIMIT 40')).map((row) => row.id);
    await colony.query('UPDATE npcsim.npcs SET hunger = 70, energy = 70 WHERE id = ANY ($1)', [npcs]);
    const minds = [];
    // one waits before it speaks again, one says something whenever it is asked
    for (const [name, ...options] of [['calm'], ['chatty', '--chatty']]) {
      const player = await colony.player(name, npcs.filter((_, n) => n % 2 === minds.length));
      const server = new MindServer(colony, join(directory, `${name}.json`), '--think', '2000', ...options);
      await server.start();
      minds.push({ name, player, server, agent: colony.agent(player, ['--mcp-url', server.url, '--max-concurrency', `${npcs.length}`]) });
    }
    await waitFor(() => colony.value('SELECT count(*) = 2 FROM npcsim.sessions WHERE max_concurrency > 0'),
      { timeout: 20_000, what: () => `the mind servers are connected; the agents say: ${minds.map(({ agent }) => agent.output)}` });
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await waitFor(() => colony.value('SELECT count(*) = 2 FROM (SELECT FROM npcsim.decision_log GROUP BY player_id HAVING count(*) >= $1) p', [DECISIONS]),
      { timeout: 60_000 + DECISIONS * 600, what: `${DECISIONS} decisions of each` });

    for (const { name, player, server } of minds) {
      const log = await colony.query(
        `SELECT concat_ws(' ', status, code, regexp_replace(detail, '[0-9.]+', '…', 'g'), decision ->> 'action') AS became, count(*) AS times,
                count(*) FILTER (WHERE status = 'applied') AS applied, count(*) FILTER (WHERE detail LIKE 'moot: %') AS moot,
                count(*) FILTER (WHERE detail LIKE 'held: %') AS held
           FROM npcsim.decision_log WHERE player_id = $1 GROUP BY 1 ORDER BY 2 DESC`, [player.id]);
      const [all, applied, moot, held] = ['times', 'applied', 'moot', 'held'].map((column) => log.reduce((total, row) => total + row[column], 0));
      const report = await server.report();
      const happened = `${name}: ${JSON.stringify(log, null, 1)} and ${told({ ...report, minds: {}, pending: [] })}`;
      console.log(`# ${name}: ${applied} of ${all} decisions applied, of these ${moot} moot, ${held} held`);
      assert.ok(applied >= 0.95 * all, `${applied} of ${all} decisions were applied; ${happened}`);
      assert.ok(moot <= 0.1 * all, `${moot} of ${all} came to nothing; ${happened}`);
      assert.equal(held > 0, name === 'chatty', `something was said too early; ${happened}`);
      const refused = await colony.query("SELECT detail, decision FROM npcsim.decision_log WHERE player_id = $1 AND status NOT IN ('applied', 'late')", [player.id]);
      assert.deepEqual(refused.filter(({ detail }) => !OVERTAKEN.test(detail)), [], 'what is refused somebody else was quicker at');
      assert.ok((report.own.started ?? 0) > 0 && (report.invited.started ?? 0) + (report.invited.accepted ?? 0) > 0, `bids come to something; ${happened}`);
      assert.deepEqual(report.violations, []);
    }
    const failed = await colony.query(
      `SELECT detail FROM npcsim.decision_log WHERE decision ->> 'action' = 'respond_to_interaction_bid' AND detail LIKE '%too far away%'`);
    assert.deepEqual(failed, [], 'nobody walks off while an invitation is thought about');
  } finally {
    await colony.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
