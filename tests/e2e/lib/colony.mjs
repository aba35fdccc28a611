// Starts a whole colony for tests, all in real processes: cluster, world, gateway, players' agents, watching clients.
//
//   const colony = await startColony({ npcs: 12 });        // a populated world, running, and a gateway
//   const ada = await colony.player('ada', npcIds);        // an account and the NPCs it controls
//   const agent = colony.agent(ada, ['--mcp', 'node mind.mjs']);
//   const watcher = await colony.watch();                  // a WebSocket client with the page's own store
//   await colony.stop();                                   // ends everything it started
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { Store } from '../../../clients/web/store.js';
import { startCluster, waitFor } from './cluster.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = process.env.NPCSIM_ROOT ?? join(here, '..', '..', '..');
const build = process.env.NPCSIM_BUILD ?? join(root, 'build');
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(build, 'npcsim-gateway');
const AGENT = process.env.NPCSIM_AGENT ?? join(build, 'npcsim-agent');
export const WEB = process.env.NPCSIM_WEB ?? join(root, 'clients', 'web');

export const MINDS = join(here, '..', 'minds');
export const SAMPLE = join(root, 'clients', 'mcp', 'server.mjs');

// A child process whose output is kept, and that can be waited for.
export function start(program, args, env) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  child.output = '';
  child.stdout.on('data', (data) => (child.output += data));
  child.stderr.on('data', (data) => (child.output += data));
  child.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  return child;
}

async function end(child, signal = 'SIGTERM') {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  const result = await child.ended;
  clearTimeout(timer);
  return result;
}

const isDated = (line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ./.test(line);

// Returns what gateways and agents wrote, without the unfinished last line of one that was killed.
function checkDates(children) {
  for (const { spawnfile, output } of children) {
    if (![GATEWAY, AGENT].includes(spawnfile)) continue;
    const undated = output.split('\n').slice(0, -1).find((line) => !isDated(line));
    if (undated !== undefined) throw new Error(`${spawnfile} wrote a line without date, time and zone: ${undated}`);
  }
}

class Watcher {
  frames = [];
  store = new Store();

  constructor(socket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse(data);
      this.frames.push(frame);
      this.store.receive(frame, performance.now());
    });
  }

  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  frame(type, what = type) {
    return waitFor(() => this.frames.find((frame) => frame.type === type), { what });
  }
}

class Colony {
  #children = new Set();
  #watchers = new Set();

  constructor(cluster, database, worldId) {
    this.cluster = cluster;
    this.database = database;
    this.worldId = worldId;
  }

  query(sql, parameters) {
    return this.client.query(sql, parameters).then((result) => result.rows);
  }

  async value(sql, parameters) {
    const [row] = await this.query(sql, parameters);
    return row === undefined ? undefined : Object.values(row)[0];
  }

  async startGateway() {
    this.gateway = await this.gatewayOf(this.cluster, 'test', this.port);
    this.port = this.gateway.port;
  }

  // Starts a gateway for any cluster that has the colony's database, such as a standby.
  async gatewayOf(cluster, id, port = 0) {
    const gateway = this.process(GATEWAY, [
      '--database', `dbname=${this.database} user=npcsim_gateway`, '--gateway-id', id, '--port', `${port}`, '--web-root', WEB,
    ], cluster.env);
    const [, listening] = await waitFor(() => gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/), { what: 'the gateway listens' });
    return Object.assign(gateway, { port: Number(listening) });
  }

  async player(username, npcIds) {
    const [{ player_id: id, token }] = await this.query('SELECT * FROM npcsim.create_player($1, $2)', [this.worldId, username]);
    for (const npc of npcIds) await this.query('SELECT npcsim.assign_npc_to_player($1, $2, $3)', [this.worldId, npc, id]);
    return { id, token, npcIds };
  }

  process(program, args, env = {}) {
    const child = start(program, args, env);
    this.#children.add(child);
    return child;
  }

  agent(player, args, env = {}) {
    return this.process(AGENT, ['--gateway', `ws://127.0.0.1:${this.port}/mcp`, '--max-concurrency', '4', ...args],
      { NPCSIM_TOKEN: player.token, ...env });
  }

  // Returns a client at /ws that has sent its hello; options are another gateway's port, another localAddress, another world.
  async connect(hello, { port = this.port, localAddress, world = this.worldId } = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'npcsim.v1', { localAddress });
    const watcher = new Watcher(socket);
    this.#watchers.add(watcher);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    watcher.send({ type: 'hello', world_id: world, ...hello });
    await watcher.frame('welcome');
    return watcher;
  }

  async watch(subscription = {}, options = {}) {
    const watcher = await this.connect({ purpose: 'watch' }, options);
    watcher.send({ type: 'subscribe', id: 1, ...subscription });
    await waitFor(() => watcher.frames.some((frame) => frame.type === 'snapshot' && !frame.more), { what: 'the snapshot' });
    return watcher;
  }

  // Ends a child process and waits for it.
  async end(child, signal) {
    this.#children.delete(child);
    return end(child, signal);
  }

  async stop() {
    for (const watcher of this.#watchers) watcher.socket.terminate();
    const gateway = this.#children.has(this.gateway) ? this.gateway : undefined;
    const ends = new Map(await Promise.all([...this.#children].map(async (child) => [child, await end(child)])));
    await this.client?.end();
    await this.cluster.stop();
    checkDates(ends.keys());
    if (gateway && ends.get(gateway).code !== 0)
      throw new Error(`the gateway ended with ${JSON.stringify(ends.get(gateway))}: ${gateway.output.slice(-1000)}`);
  }
}

// Starts a colony: a populated world that runs, and a gateway. "settings" are the server's.
export async function startColony({ npcs = 12, sizeX = 48, sizeY = 40, seed = 7, policy, preset = 'reference', running = true, settings } = {}) {
  const cluster = await startCluster({ settings });
  const colony = new Colony(cluster, 'colony', undefined);
  try {
    await cluster.createDatabase('colony');
    colony.client = await cluster.connect('colony');
    colony.worldId = await colony.value('SELECT npcsim.create_world($1, $2, $3, $4, preset => $5)', ['Colony', sizeX, sizeY, seed, preset]);
    if (npcs > 0) await colony.query('SELECT npcsim.populate_world($1, $2)', [colony.worldId, npcs]);
    if (policy) await colony.query('SELECT npcsim.set_decision_policy($1, $2)', [colony.worldId, policy]);
    if (running) await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    await colony.startGateway();
  } catch (error) {
    await colony.stop().catch(() => {});
    throw error;
  }
  return colony;
}

export { waitFor };
