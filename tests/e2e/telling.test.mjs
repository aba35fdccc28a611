// Tests that a player is told what becomes of the decisions of its mind: npcsim-agent tells it in log lines and in the status
// file, and the gateway reports it only to those who asked for it.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { sleep } from './lib/cluster.mjs';
import { MINDS, startColony, waitFor } from './lib/colony.mjs';

let colony, directory, ada, agent, file, npcs;

const status = async () => JSON.parse(await readFile(file, 'utf8'));
const line = (pattern, timeout = 20_000) =>
  waitFor(() => agent.output.match(pattern), { timeout, what: () => `${pattern} in:\n${agent.output.split('\n').filter((text) => !text.includes('[mcp server]')).join('\n')}` });

before(async () => {
  colony = await startColony({ npcs: 12, policy: 'interval' });
  directory = await mkdtemp(join(tmpdir(), 'npcsim-telling.'));
  file = join(directory, 'status.json');
  npcs = await colony.query('SELECT id, name FROM npcsim.npcs ORDER BY id LIMIT 5');
  ada = await colony.player('ada', npcs.slice(0, 4).map(({ id }) => id));
  agent = colony.agent(ada, ['--mcp', `node '${MINDS}/troubled.mjs'`, '--status-file', file, '--log-level', 'debug'],
    { REFUSED_NPC: npcs[0].id, FAILED_NPC: npcs[1].id, SLOW_NPC: npcs[2].id });
});

after(async () => {
  await colony.stop();
  await rm(directory, { recursive: true });
});

test('which NPCs there are to decide for', async () => {
  const list = npcs.slice(0, 4).map(({ id, name }) => `${name} (${id})`).join(', ');
  await line(new RegExp(`notice: 4 NPCs to decide for: ${list.replace(/[()]/g, '\\$&')}\n`));
  const { state, npc_count: count, npcs: told, world, player, source, gateway } = await waitFor(async () => ((await status()).npcs ? status() : null), { what: 'the status' });
  assert.deepEqual({ state, count, source, gateway, world, player }, {
    state: 'connected', count: 4, source: 'player_mcp', gateway: `127.0.0.1:${colony.port}`,
    world: { id: Number(colony.worldId), name: 'Colony' }, player: { id: Number(ada.id), name: 'ada' } });
  assert.deepEqual(told, npcs.slice(0, 4).map(({ id, name }) => ({ id: Number(id), name })));
});

test('answers that are refused, questions that fail, time out or are answered too late, with the last reason', async () => {
  const named = ({ id, name }) => `NPC ${id} \\(${name}\\)`;
  await line(new RegExp(`warning: refused \\d+ answers? in \\d+ s, last: ${named(npcs[0])}: .*wander2.*\\[`));
  await line(new RegExp(`warning: the MCP server failed at \\d+ questions? in \\d+ s, last: ${named(npcs[1])}: .*no idea`));
  await line(new RegExp(`warning: timed out on \\d+ questions? in \\d+ s, last: ${named(npcs[2])}`), 40_000);
  await line(new RegExp(`warning: answered too late \\d+ questions? in \\d+ s, last: ${named(npcs[2])}`), 40_000);
  await line(/backing off: \d+ NPCs? (is|are) asked less often, last: NPC \d+ \(.*\): \d+ questions? in a row without an answer of use/);
  await line(new RegExp(`debug: request \\d+ refused: ${named(npcs[0])}`));

  const { counters, last } = await waitFor(async () => {
    const now = await status();
    return now.counters.late > 0 && now.counters.applied > 0 ? now : null;
  }, { what: 'the counters' });
  for (const kind of ['refused', 'failed', 'timed_out', 'late', 'applied']) assert.ok(counters[kind] > 0, kind);
  const { backing_off: backingOff } = await status();
  assert.ok(backingOff.some(({ npc_id: id, failures }) => id === Number(npcs[0].id) && failures > 0), JSON.stringify(backingOff));
  assert.equal(last.refused.npc_id, Number(npcs[0].id));
  assert.equal(last.refused.npc_name, npcs[0].name);
  assert.match(last.failed.reason, /no idea/);
  assert.match(last.failed.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  // not more than one line of a kind in ten seconds
  const times = [...agent.output.matchAll(/^(\S+Z) \[.*\] npcsim-agent: warning: refused /gm)].map(([, time]) => Date.parse(time));
  assert.ok(times.length > 0);
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] >= 9000, `${times}`);
});

test('NPCs that come and go, and budgets that are spent', async () => {
  await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, $3)', [colony.worldId, npcs[4].id, ada.id]);
  await line(new RegExp(`notice: gained ${npcs[4].name} \\(${npcs[4].id}\\); 5 now`));
  await colony.query('SELECT npcsim.assign_npc_to_player($1, $2, NULL)', [colony.worldId, npcs[0].id]);
  await line(new RegExp(`notice: lost ${npcs[0].name} \\(${npcs[0].id}\\); 4 now`));
  await colony.query('UPDATE npcsim.worlds SET max_tokens_per_player_per_day = 10 WHERE id = $1', [colony.worldId]);
  await line(/warning: budget spent: the player's tokens of the day are spent/);
  assert.equal((await waitFor(async () => ((await status()).budget_spent.player ? status() : null), { what: 'the file says so' })).npc_count, 4);
});

test('nobody else hears of it in a language it does not know', async () => {
  assert.doesNotMatch(agent.output, /heard npcsim/, 'the MCP server');
  const bo = await colony.player('bo', [npcs[0].id]);
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/mcp?source=self`, 'mcp', { headers: { authorization: `Bearer ${bo.token}` } });
  const methods = [];
  socket.on('message', (data) => {
    const { id, method } = JSON.parse(data);
    methods.push(method);
    if (method === 'server/discover') socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { supportedVersions: ['2026-07-28'] } }));
    else if (method === 'tools/list') socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [{ name: 'decide_action', inputSchema: { type: 'object' } }] } }));
    else socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { isError: true, content: [] } }));
  });
  await waitFor(() => methods.includes('tools/call'), { what: 'a question' });
  await sleep(4500);
  assert.ok(methods.every((method) => !method.startsWith('npcsim/')), methods.join());
  socket.terminate();
});

test('a mind on a connection of its own is told where it stands', async () => {
  const cy = await colony.player('cy', [npcs[0].id]);
  const mind = await colony.connect({ token: cy.token, purpose: 'compute', source: 'own' });
  const { world, player, npcs: list, budget_spent: spent, backing_off: backingOff } = await mind.frame('standing');
  assert.deepEqual({ world: world.name, player: player.name, list }, { world: 'Colony', player: 'cy', list: [{ id: Number(npcs[0].id), name: npcs[0].name }] });
  assert.deepEqual(spent, { world: false, player: false, npc_ids: [] });
  assert.deepEqual(backingOff, []);
  await sleep(4500);
  assert.equal(mind.frames.filter(({ type }) => type === 'standing').length, 1, 'once');
});

test('the status file is replaced as a whole, and says in the end that it is over', async () => {
  assert.deepEqual(await readdir(directory), ['status.json']);
  agent.kill('SIGTERM');
  const { code } = await agent.ended;
  const { state, exit_status: exitStatus, pid } = await status();
  assert.deepEqual({ state, exitStatus, pid }, { state: 'stopped', exitStatus: code, pid: agent.pid });
  assert.deepEqual(await readdir(directory), ['status.json']);
});

// Whose mind a line is about, as the gateway and the agent write it.
const subject = (player, name, source) => `player ${player.id} "${name}", world ${colony.worldId} "Colony", source "${source}"`;

test('every line of the agent has date, time and zone, and from when it is known, whose mind it is about', async () => {
  const lines = agent.output.split('\n').slice(0, -1);
  const known = lines.findIndex((text) => text.includes(subject(ada, 'ada', 'player_mcp')));
  assert.ok(known > 0 && lines.length > known + 2);
  const head = (who) => new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${who}(npcsim-agent: (error|warning|notice|info|debug): |\\[mcp server\\] )`);
  for (const [i, text] of lines.entries()) assert.match(text, head(i < known ? '(\\[source "player_mcp"\\] )?' : `\\[${subject(ada, 'ada', 'player_mcp')}\\] `));
});

test('the gateway has a line when a mind comes and one when it goes, and says whose it is in each', async () => {
  const bo = await colony.player('bo "the", player 1', [npcs[1].id]);
  const mind = await colony.connect({ token: bo.token, purpose: 'both', source: 'own "mind"' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: 2, decision_queue_length: 0, average_decision_time_ms: 1 });
  const who = subject(bo, String.raw`bo \"the\", player 1`, String.raw`own \"mind\"`);
  const has = (text) => waitFor(() => colony.gateway.output.split('\n').find((of) => of.endsWith(text)), { what: () => `${text} in:\n${colony.gateway.output}` });
  await has(`INFO: client 127.0.0.1, ${who}: its mind is here, for 2 decisions at a time (a client)`);
  mind.socket.close();
  await has(`${who}: its mind is gone: it closed the connection, or that broke`);

  // one that another takes the place of, and one that never was ready
  const first = colony.agent(bo, ['--mcp', `node '${MINDS}/troubled.mjs'`, '--source', 'twin']);
  const twins = subject(bo, String.raw`bo \"the\", player 1`, 'twin');
  await has(`${twins}: its mind is here, for 4 decisions at a time (an MCP server)`);
  colony.agent(bo, ['--mcp', `node '${MINDS}/troubled.mjs'`, '--source', 'twin']);
  await has(`${twins}: its mind is gone: replaced by a newer session`);
  await first.ended;
  const socket = new WebSocket(`ws://127.0.0.1:${colony.port}/mcp?source=mute`, 'mcp', { headers: { authorization: `Bearer ${bo.token}` } });
  await new Promise((resolve) => socket.once('message', resolve));
  socket.send('{"no":"JSON-RPC"}');
  socket.close();
  await has(`${subject(bo, String.raw`bo \"the\", player 1`, 'mute')}: its mind is gone before it was ready: it closed the connection, or that broke`);
});

test('a status file that cannot be written is told at once', async () => {
  const process = colony.agent(ada, ['--mcp', 'true', '--status-file', join(directory, 'none', 'status.json')]);
  assert.equal((await process.ended).code, 1);
  assert.match(process.output, /the status file ".*" cannot be written: No such file/);
});
