// Measures the way of a decision without what minds are told: due, handed out, answered, applied and logged, durably; and beside it,
// on the same server, the same number of workers of two job queues in PostgreSQL, each of whose jobs updates one NPC.
//
// Ten players' minds stand behind connections that claim and answer in batches, as those of a gateway; they take no time to think. What makes
// decisions due, the world's ticks, is charged to npcsim; what adds jobs is charged to the queues at the paced rate alone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { DATABASE, createWorld, measure, pass, settings } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { waitFor } from '../e2e/lib/cluster.mjs';

const WORKERS = 10;
const BATCH = 64; // decisions that are claimed and answered together, the most that a claim gives
const ROUNDS = 3;
const QUEUES = ['graphile-worker', 'pg-boss'];
const PACE = 100; // decisions a second
const INTERVAL = 3; // seconds of the world in which each NPC is asked once by policy "interval"
const SUPPLY = 4; // speed of the world whose decisions are never answered fast enough
const LANES = 2; // connections that claim and answer, as many as a gateway has by default
const BEAT_MS = 5000;
const POLL_MS = 1000;
const worker = join(dirname(fileURLToPath(import.meta.url)), 'queues', 'worker.mjs');

// ---- job queues ----

// Starts a program of queues/ on a database; step() resolves to the next thing it tells, go() lets it go on.
function startQueue(bench, database, ...args) {
  const child = spawn(process.execPath, [worker, ...args.map(String)], { env: { ...process.env, ...bench.cluster.env, PGDATABASE: database }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${args[0]} ended before it told anything`);
      return JSON.parse(value);
    },
    go: () => child.stdin.write('\n'),
    async end() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (child.exitCode !== 0) throw new Error(`${args[0]} ended with ${child.exitCode ?? child.signalCode}`);
    },
  };
}

// Runs one program of queues/ from where it begins to measure to its end; returns its figures and what PostgreSQL used.
async function measureQueue(bench, database, ...args) {
  const queue = startQueue(bench, database, ...args);
  await queue.step();
  let told;
  const usage = await measure(bench, {}, async () => {
    queue.go();
    told = await queue.step();
  });
  queue.go();
  await queue.end();
  return { perSecond: told.jobs / told.seconds, cpu: (usage.postgres * usage.seconds * 1e4) / told.jobs, foreign: usage.foreign };
}

async function makeQueue(bench, kind) {
  const database = kind.replaceAll('-', '_');
  await bench.cluster.createDatabase(database, { extension: false });
  await startQueue(bench, database, kind, 'npcs', settings.largeNpcs).end();
  return database;
}

// ---- npcsim ----

// The minds of so many players, behind one connection that LISTENs and some that claim and answer, as those of a gateway.
class Lenders {
  answered = 0;
  #stopping = false;
  #sessions = [];
  #awake = [];

  async begin(bench, world) {
    const { cluster } = bench;
    this.gateway = await cluster.connect(DATABASE, { name: 'bench gateway' });
    this.lanes = await Promise.all(Array.from({ length: LANES }, (_, number) => cluster.connect(DATABASE, { name: `bench lane ${number + 1}` })));
    await this.gateway.query('SELECT npcsim.register_gateway(\'bench\')');
    await this.gateway.query('LISTEN npcsim_decisions');
    this.gateway.on('notification', () => this.#wake());
    for (let number = 0; number < WORKERS; number++) this.#sessions.push(await this.#join(world, number));
    await this.#beat();
    this.beating = setInterval(() => this.#beat().catch(() => {}), BEAT_MS);
    this.polling = setInterval(() => this.gateway.query('SELECT npcsim.gateway_poll(\'bench\', \'{}\')').then(() => this.#wake(), () => {}), POLL_MS);
  }

  // Returns a player that decides for its part of the NPCs, and its session.
  async #join(world, number) {
    const row = async (sql, parameters) => (await this.gateway.query(sql, parameters)).rows[0];
    const { player_id: player } = await row('SELECT player_id FROM npcsim.create_player($1, $2)', [world, `lender ${number + 1}`]);
    await this.gateway.query(
      'SELECT npcsim.assign_npc_to_player($1, id, $2) FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM npcsim.npcs WHERE world_id = $1) n WHERE number % $3 = $4',
      [world, player, WORKERS, number],
    );
    const { value } = await row('SELECT npcsim.client_connected(\'bench\', $1, $2, \'compute\', \'bench\', \'bench\') AS value', [player, world]);
    return { player, session: value.session_id };
  }

  async #beat() {
    for (const { player } of this.#sessions) await this.gateway.query('SELECT npcsim.update_player_heartbeat($1, $2)', [player, JSON.stringify({ source: 'bench', max_concurrency: BATCH, observations: false })]);
  }

  #wake() {
    for (const resolve of this.#awake.splice(0)) resolve();
  }

  async #work(client) {
    const sessions = [this.#sessions.map(({ session }) => session), this.#sessions.map(() => BATCH)];
    while (!this.#stopping) {
      const { rows } = await client.query({ name: 'claim', text: 'SELECT request_id, npc_id, player_id FROM npcsim.claim_decisions(\'bench\', $1, $2)', values: sessions });
      if (rows.length === 0) {
        await new Promise((resolve) => this.#awake.push(resolve));
        continue;
      }
      const answers = rows.map(({ request_id, npc_id }) => `{"request_id":${request_id},"npc_id":${npc_id},"action":"wait","tokens":1}`);
      await client.query({ name: 'submit', text: 'SELECT ord FROM npcsim.submit_npc_decisions($1, $2)', values: [rows.map((row) => row.player_id), answers] });
      this.answered += rows.length;
    }
  }

  run() {
    this.running = Promise.all(this.lanes.map((client) => this.#work(client)));
    this.running.catch(() => {}); // stop() tells
  }

  async stop() {
    this.#stopping = true;
    clearInterval(this.beating);
    clearInterval(this.polling);
    this.#wake();
    try {
      await this.running;
    } finally {
      for (const { session } of this.#sessions) await this.gateway.query('SELECT npcsim.client_disconnected($1)', [session]);
      await Promise.all([this.gateway, ...this.lanes].map((client) => client.end()));
    }
  }
}

// Runs a world of so many NPCs at a speed, all of whose decisions lenders answer.
async function withWorld(bench, npcs, speed, body) {
  const { cluster } = bench;
  const world = await createWorld(cluster, `Pipeline ${npcs}`, npcs);
  await cluster.query(DATABASE, 'SELECT npcsim.set_decision_policy($1, \'interval\')', [world]);
  const lenders = new Lenders();
  await lenders.begin(bench, world);
  await cluster.query(DATABASE, 'SELECT npcsim.set_world_speed($1, $2)', [world, speed]);
  await cluster.query(DATABASE, 'SELECT npcsim.start_world($1)', [world]);
  await waitFor(() => cluster.value(DATABASE, 'SELECT worker_pid FROM npcsim.world_status WHERE world_id = $1', [world]), { what: 'a worker' });
  lenders.run();
  await pass(settings.stepSeconds / 3, `${npcs} NPCs at speed ${speed}, warming up`);
  try {
    return await body(world, lenders);
  } finally {
    await lenders.stop();
    await cluster.query(DATABASE, 'SELECT npcsim.pause_world($1)', [world]);
    await cluster.query(DATABASE, 'SELECT npcsim.drop_world($1)', [world]);
  }
}

async function measureLenders(bench, world, lenders) {
  const applied = () => bench.cluster.value(DATABASE, 'SELECT count(*) FROM npcsim.decision_log WHERE world_id = $1 AND status = \'applied\'', [world]);
  const before = { answered: lenders.answered, applied: await applied() };
  const usage = await measure(bench, {}, () => pass(settings.stepSeconds, 'measuring'));
  const count = lenders.answered - before.answered;
  return { perSecond: count / usage.seconds, cpu: (usage.postgres * usage.seconds * 1e4) / count, applied: (await applied()) - before.applied, foreign: usage.foreign };
}

// ---- the report ----

const middle = (runs, name) => median(runs.map((run) => run[name]));

export async function pipeline(bench) {
  const report = new Report('pipeline', `decisions without observations, ${WORKERS} workers, ${settings.largeNpcs} NPCs; medians of ${ROUNDS} rounds in turns`);
  const databases = new Map();
  for (const kind of QUEUES) databases.set(kind, await makeQueue(bench, kind));
  const full = new Map();
  const paced = new Map();
  const add = (map, name, run) => map.set(name, [...(map.get(name) ?? []), run]);
  for (let round = 1; round <= ROUNDS; round++) {
    add(full, 'npcsim', await withWorld(bench, settings.largeNpcs, SUPPLY, (world, lenders) => measureLenders(bench, world, lenders)));
    for (const [kind, database] of databases) add(full, kind, await measureQueue(bench, database, kind, 'drain', settings.jobs));
    add(paced, 'npcsim', await withWorld(bench, PACE * INTERVAL, 1, (world, lenders) => measureLenders(bench, world, lenders)));
    for (const [kind, database] of databases) add(paced, kind, await measureQueue(bench, database, kind, 'pace', PACE, settings.stepSeconds));
  }
  for (const [kind, runs] of full) {
    report.figure(`${kind}: decisions as fast as they go`, middle(runs, 'perSecond'), '/s');
    report.figure('  CPU of PostgreSQL for each', middle(runs, 'cpu'), 'µs');
  }
  for (const [kind, runs] of paced) {
    report.figure(`${kind}: CPU of PostgreSQL for each at ${PACE} a second`, middle(runs, 'cpu'), 'µs');
    report.figure('  which were', middle(runs, 'perSecond'), '/s');
  }
  for (const kind of QUEUES) {
    report.figure(`npcsim / ${kind}, as fast as they go`, middle(full.get('npcsim'), 'perSecond') / middle(full.get(kind), 'perSecond'), '', { atLeast: 5 });
    report.figure(`CPU of npcsim / ${kind} at ${PACE} a second`, middle(paced.get('npcsim'), 'cpu') / middle(paced.get(kind), 'cpu'), '', { atMost: 0.1 });
  }
  report.figure('applied, of what npcsim was answered', (100 * middle(full.get('npcsim'), 'applied')) / (middle(full.get('npcsim'), 'perSecond') * settings.stepSeconds), '%');
  report.figure('CPU of all other processes meanwhile, at most', Math.max(...[...full.values(), ...paced.values()].flat().map((run) => run.foreign)), '% (the workers of queues and minds among them)');
  return report;
}
