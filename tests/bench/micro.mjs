// Measures what single operations cost on a paused world: the time of the server process that does them, as medians of
// rounds.

import { DATABASE, settings } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { openClaims } from './lib/claims.mjs';
import { processUsage } from './lib/usage.mjs';

const ROUNDS = 9;
const WARM_SECONDS = 60;

// Returns the CPU microseconds that the client's server process spends on body(), and the real ones.
async function timed(client, pid, body) {
  const began = process.hrtime.bigint();
  const before = processUsage(pid);
  const result = await body(client);
  return { cpu: (processUsage(pid) - before) * 1e6, real: Number(process.hrtime.bigint() - began) / 1e3, result };
}

// Returns medians over rounds per operation; body() returns how many operations it did.
async function rounds(client, pid, body) {
  const cpu = [];
  const real = [];
  let size;
  for (let round = 0; round < ROUNDS; round++) {
    const run = await timed(client, pid, body);
    const { count, bytes } = typeof run.result === 'number' ? { count: run.result } : run.result;
    if (count > 0) {
      cpu.push(run.cpu / count);
      real.push(run.real / count);
    }
    size = bytes ?? size;
  }
  return { cpu: median(cpu), real: median(real), size };
}

export async function micro(bench) {
  const { cluster, world } = bench;
  const report = new Report('micro', `single operations on a paused world of ${settings.npcs} NPCs, medians of ${ROUNDS} rounds`);
  const client = await cluster.connect(DATABASE, { name: 'bench micro' });
  const value = async (sql, parameters = []) => Object.values((await client.query(sql, parameters)).rows[0])[0];
  const pid = await value('SELECT pg_backend_pid()');
  const show = (name, { cpu, real }, unit = 'µs') => report.figure(name, `${cpu.toFixed(1)} (${real.toFixed(1)})`, `${unit}, CPU (real)`);

  for (let second = 0; second < WARM_SECONDS; second++) await client.query('SELECT npcsim.tick_world($1, 1)', [world]);
  await client.query('VACUUM ANALYZE npcsim.npc_states, npcsim.npc_tracks, npcsim.items, npcsim.item_respawns, npcsim.interaction_runs');

  const decided = (since) => value('SELECT count(*) FROM npcsim.npcs WHERE world_id = $1 AND last_decision_time > $2', [world, since]);
  const clock = () => value('SELECT clock FROM npcsim.worlds WHERE id = $1', [world]);
  // A round takes two world seconds, in which no NPC decides twice.
  const stepping = (ticks) => async () => {
    for (let tick = 0; tick < 20; tick += ticks) await client.query('SELECT npcsim.tick_world($1, $2)', [world, ticks / 10]);
  };
  const perDecision = async (ticks) => {
    const cpu = [];
    const real = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = await clock();
      const run = await timed(client, pid, stepping(ticks));
      const count = await decided(from);
      cpu.push(run.cpu / count);
      real.push(run.real / count);
    }
    return { cpu: median(cpu), real: median(real) };
  };
  show('a decision with all that follows, transactions of 1 tick', await perDecision(1));
  show('… of 10 ticks', await perDecision(10));

  const image = await value(`SELECT sum(used_bytes) FROM pg_backend_memory_contexts WHERE name = 'npcsim world image'`);
  report.figure('memory of the image of a world', (Number(image) / settings.npcs).toFixed(0), 'bytes an NPC, items and all');

  await vision(client, pid, world, show);
  show(
    'observations of one NPC (observe_npc)',
    await rounds(client, pid, async () => {
      const { rows: [row] } = await client.query('SELECT count(*) AS count, sum(length(npcsim.observe_npc(world_id, id)::text)) / count(*) AS bytes FROM npcsim.npcs WHERE world_id = $1', [world]);
      return { count: row.count, bytes: Number(row.bytes) };
    }).then((run) => {
      report.figure('  length of the observations', run.size, 'bytes');
      return run;
    }),
  );

  await claimed(bench, client, pid, show);

  show('world_snapshot', await rounds(client, pid, async () => {
    const bytes = await value('SELECT length(npcsim.world_snapshot($1)::text)', [world]);
    return { count: 1, bytes };
  }).then((run) => {
    report.figure('  length of the snapshot', run.size / 1024, 'KiB');
    return { cpu: run.cpu / 1000, real: run.real / 1000 };
  }), 'ms');
  const deltas = [];
  let bytes;
  for (let tick = 0; tick < 10 * ROUNDS; tick++) {
    const since = await value('SELECT revision FROM npcsim.worlds WHERE id = $1', [world]);
    await client.query('SELECT npcsim.tick_world($1, 0.1)', [world]);
    const run = await timed(client, pid, () => value('SELECT length(npcsim.world_delta($1, $2)::text)', [world, since]));
    deltas.push(run);
    bytes = run.result;
  }
  show('world_delta of one tick', { cpu: median(deltas.map((run) => run.cpu)), real: median(deltas.map((run) => run.real)) });
  report.figure('  length of the last delta', bytes / 1024, 'KiB');
  report.note('CPU is the server process\'s, real time is seen from a client over the Unix socket, commits included.');
  await client.end();
  return report;
}

// Asks what src/engine/sight.c asks, for all NPCs at once: what has a box within 8 cells of them. Worlds lie 8,192 apart in
// the index; an NPC is taken to be in the middle of its leg's box.
async function vision(client, pid, world, show) {
  const { rows: viewers } = await client.query(
    'SELECT floor((st_xmin(sight) + st_xmax(sight)) / 2)::float8 AS x, floor((st_ymin(sight) + st_ymax(sight)) / 2)::float8 AS y FROM npcsim.npc_tracks WHERE world_id = $1',
    [world],
  );
  const numbers = viewers.map((_, index) => index);
  const { rows: [origin] } = await client.query(
    'SELECT 8192 * floor(st_x(sight) / 8192) AS x, 8192 * floor(st_y(sight) / 8192) AS y FROM npcsim.items WHERE world_id = $1 LIMIT 1',
    [world],
  );
  const among = { npc_tracks: viewers, items: viewers.map(({ x, y }) => ({ x: origin.x + (x % 8192), y: origin.y + (y % 8192) })) };
  const planner = ['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan', 'enable_bitmapscan'];
  for (const setting of planner) await client.query(`SET ${setting} = off`);
  for (const [table, places] of Object.entries(among)) {
    let seen;
    const run = await rounds(client, pid, async () => {
      const { rows: [row] } = await client.query(
        `SELECT count(t.sight) AS seen
           FROM ROWS FROM (unnest($1::int[]), unnest($2::float8[]), unnest($3::float8[])) AS v(viewer, x, y)
           JOIN npcsim.${table} t ON t.sight && st_makeenvelope(v.x - 8, v.y - 8, v.x + 8, v.y + 8)
          WHERE t.world_id + 0 = $4`,
        [numbers, places.map((place) => place.x), places.map((place) => place.y), world],
      );
      seen = row.seen / viewers.length;
      return viewers.length;
    });
    show(`what one NPC has around it: ${table}, ${seen.toFixed(0)} of them, in one query for all`, run);
  }
  for (const setting of planner) await client.query(`RESET ${setting}`);
}

// Claims requests with their observations, 30 at a time.
async function claimed(bench, client, pid, show) {
  const batch = 30;
  const ids = (await client.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [bench.world])).rows.map((row) => row.id);
  const claims = await openClaims(bench, client);
  const runs = [];
  for (let round = 0; round < ROUNDS; round++) {
    await claims.open(ids.slice(round * batch, (round + 1) * batch));
    const run = await timed(client, pid, async () => (await claims.claim(batch)).count);
    if (run.result > 0) runs.push({ cpu: run.cpu / run.result, real: run.real / run.result });
    await claims.giveBack();
  }
  await claims.close();
  show(`a request claimed with its observations, ${batch} at a time`, { cpu: median(runs.map((run) => run.cpu)), real: median(runs.map((run) => run.real)) });
}
