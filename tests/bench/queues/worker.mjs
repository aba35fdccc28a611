// Works off jobs of a queue in PostgreSQL, as somebody would who decides for NPCs by one job each: a job is claimed, updates one
// NPC by a statement of its own, and is completed. Ten workers, tuned for throughput as the queues' own pages tell.
//
//   worker.mjs graphile-worker|pg-boss npcs COUNT     makes the queue and a table of so many NPCs
//   worker.mjs graphile-worker|pg-boss drain COUNT    adds so many jobs, then works them off
//   worker.mjs graphile-worker|pg-boss pace RATE SECONDS    works off jobs that are added, ten times a second, RATE of them a second
//
// The database is told by libpq's variables. It writes a line of JSON when measuring begins, and one at its end: { "event": "begin" },
// { "event": "end", "jobs", "seconds" }. It waits for a line of its input after each, so that its parent can read clocks.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

const WORKERS = 10;
const BATCH = 50; // jobs that are claimed and completed together
const COMPLETE_DELAY_MS = 10; // for completing them together
const ADDED_AT_ONCE = 5000;
const ROUNDS_PER_SECOND = 10;
const QUEUE = 'decide';

const pool = new pg.Pool({ max: WORKERS });
pool.on('error', console.error);
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const DECIDE = {
  name: 'decide',
  text: 'UPDATE npcs SET state = $2, x = $3, y = $4, decisions = decisions + 1, decided_at = clock_timestamp() WHERE id = $1',
};
const STATES = ['idle', 'moving', 'interacting'];

// Answers at once, as the minds of the benchmark do.
async function decide({ npc, turn }) {
  await pool.query({ ...DECIDE, values: [npc, STATES[turn % STATES.length], (npc + turn) % 500, (npc * 7 + turn) % 500] });
}

const makeNpcs = async (count) => {
  await pool.query('CREATE TABLE npcs (id bigint PRIMARY KEY, state text NOT NULL, x integer NOT NULL, y integer NOT NULL, decisions bigint NOT NULL, decided_at timestamptz) WITH (fillfactor = 50)');
  await pool.query('INSERT INTO npcs SELECT id, \'idle\', id % 500, id / 500, 0 FROM generate_series(1, $1::bigint) id', [count]);
};

// The two queues by one shape: prepare() makes the tables, add() adds jobs by one statement, work() begins and returns how to stop.
const queues = {
  'graphile-worker': async () => {
    const { run, runMigrations } = await import('graphile-worker');
    return {
      prepare: () => runMigrations({ pgPool: pool }),
      add: (jobs) =>
        pool.query(
          `SELECT count(*) FROM graphile_worker.add_jobs((SELECT array_agg(json_populate_record(NULL::graphile_worker.job_spec, json_build_object('identifier', '${QUEUE}', 'payload', job))) FROM json_array_elements($1::json) job))`,
          [JSON.stringify(jobs)],
        ),
      work: async (done) => {
        const quiet = { debug() {}, info() {}, warning: console.error, error: console.error };
        const { Logger } = await import('graphile-worker');
        const runner = await run({
          pgPool: pool,
          noHandleSignals: true,
          logger: new Logger(() => (level, message) => (quiet[level] ?? (() => {}))(message)),
          preset: { worker: { concurrentJobs: WORKERS, pollInterval: 1000, localQueue: { size: WORKERS * BATCH }, completeJobBatchDelay: COMPLETE_DELAY_MS, failJobBatchDelay: COMPLETE_DELAY_MS } },
          taskList: {
            [QUEUE]: async (job) => {
              await decide(job);
              done(1);
            },
          },
        });
        return () => runner.stop();
      },
    };
  },
  'pg-boss': async () => {
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({ max: WORKERS });
    boss.on('error', console.error);
    await boss.start();
    return {
      prepare: () => boss.createQueue(QUEUE),
      add: (jobs) => boss.insert(QUEUE, jobs.map((data) => ({ data }))),
      work: async (done) => {
        await boss.work(QUEUE, { batchSize: BATCH, localConcurrency: WORKERS, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }, async (jobs) => {
          await Promise.all(jobs.map((job) => decide(job.data)));
          done(jobs.length);
        });
        return () => boss.stop({ graceful: true });
      },
    };
  },
};

const npcCount = async () => Number((await pool.query('SELECT count(*) FROM npcs')).rows[0].count);

async function drain(queue, count) {
  const npcs = await npcCount();
  for (let first = 0; first < count; first += ADDED_AT_ONCE) {
    const jobs = [];
    for (let turn = first; turn < Math.min(count, first + ADDED_AT_ONCE); turn++) jobs.push({ npc: 1 + (turn % npcs), turn });
    await queue.add(jobs);
  }
  tell({ event: 'begin' });
  await input.next();
  let left = count;
  const began = process.hrtime.bigint();
  const stop = await new Promise((resolve, reject) => {
    const stopping = queue.work((jobs) => {
      left -= jobs;
      if (left <= 0) resolve(stopping);
    });
    stopping.catch(reject);
  });
  await stop(); // what was done is completed, too
  return { result: { jobs: count, seconds: Number(process.hrtime.bigint() - began) / 1e9 }, stop: () => {} };
}

async function pace(queue, rate, seconds) {
  const npcs = await npcCount();
  let turn = 0;
  let jobs = 0;
  const stop = await queue.work((count) => (jobs += count));
  tell({ event: 'begin' });
  await input.next();
  const began = process.hrtime.bigint();
  for (let round = 1; round <= seconds * ROUNDS_PER_SECOND; round++) {
    const added = [];
    for (let job = 0; job < rate / ROUNDS_PER_SECOND; job++, turn++) added.push({ npc: 1 + (turn % npcs), turn });
    await queue.add(added);
    await sleep(Math.max(0, (1000 * round) / ROUNDS_PER_SECOND - Number(process.hrtime.bigint() - began) / 1e6));
  }
  return { result: { jobs, seconds: Number(process.hrtime.bigint() - began) / 1e9 }, stop };
}

const [kind, what, ...numbers] = process.argv.slice(2);
const [first, second] = numbers.map(Number);
const queue = await queues[kind]();
if (what === 'npcs') {
  await queue.prepare();
  await makeNpcs(first);
} else {
  const { result, stop } = what === 'drain' ? await drain(queue, first) : await pace(queue, first, second);
  tell({ event: 'end', ...result });
  await input.next();
  await stop();
}
await pool.end().catch(() => {});
process.exit(0);
