// Measures a world all of whose decisions (policy "interval") are answered at once, by the minds of ten players behind
// npcsim-gateway.

import { DATABASE, census, measure, pass, prefer, reportUsage, settings, startWorld, status } from './lib/world.mjs';
import { Ledger, Mind } from './lib/mind.mjs';
import { Report, percentile } from './lib/report.mjs';
import { processUsage } from './lib/usage.mjs';
import { profile } from './lib/profile.mjs';
import { sleep } from '../e2e/lib/cluster.mjs';
import { startGateway } from './lib/gateway.mjs';

const PLAYERS = 10;
const SLOTS_MAX = 64; // per connection, as the gateway's manual says

async function createPlayers(bench) {
  const { cluster, world } = bench;
  const tokens = [];
  for (let index = 0; index < PLAYERS; index++) {
    const [player] = await cluster.query(DATABASE, 'SELECT * FROM npcsim.create_player($1, $2)', [world, `player ${index + 1}`]);
    tokens.push(player.token);
    await cluster.query(
      DATABASE,
      `SELECT npcsim.assign_npc_to_player($1, id, $2)
         FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM npcsim.npcs WHERE world_id = $1) n
        WHERE number % $3 = $4`,
      [world, player.player_id, PLAYERS, index],
    );
  }
  return tokens;
}

// Returns how often the gateway has asked for requests since it was started, and how often there were none.
async function readClaims(gateway) {
  const metrics = await (await fetch(gateway.url.replace(/^ws(.*)\/ws$/, 'http$1/metrics'))).text();
  const value = (name) => Number(metrics.match(new RegExp(`^npcsim_gateway_decision_${name} (\\d+)`, 'm'))[1]);
  return { claims: value('claims_total'), empty: value('claims_empty_total'), batches: value('batches_total') };
}

// Returns what the decision log has of the requests that were finished in a span of time.
async function readLog(bench, from, to) {
  return bench.cluster.query(
    DATABASE,
    `SELECT request_id, status, code,
            1000 * extract(epoch FROM opened_at_real)::float8 AS opened,
            1000 * extract(epoch FROM sent_at_real)::float8 AS sent,
            1000 * extract(epoch FROM finished_at_real)::float8 AS finished
       FROM npcsim.decision_log
      WHERE world_id = $1 AND finished_at_real >= to_timestamp($2::float8 / 1000) AND finished_at_real < to_timestamp($3::float8 / 1000)`,
    [bench.world, from, to],
  );
}

function tally(rows) {
  const counts = new Map();
  for (const { status: outcome, code } of rows) {
    const name = code === null ? outcome : `${outcome} ${code}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`).join(', ');
}

// A decision takes effect when its transaction is committed, which the log, written before that, cannot tell. The mind is
// told afterwards, so its clock, on the same machine, tells the time of the commit and of the way to the mind.
function reportLatency(report, rows, ledger, length) {
  const span = (from, to) => rows.map((row) => row[to] - row[from]).filter(Number.isFinite);
  const joined = rows.map((row) => ({ ...row, ...ledger.requests.get(row.request_id) }));
  const spanJoined = (from, to) => joined.map((row) => row[to] - row[from]).filter(Number.isFinite);
  const applied = rows.filter((row) => row.status === 'applied').length;
  const untold = joined.filter((row) => !Number.isFinite(row.told)).length;
  report.figure('decisions answered', rows.length / length, '/s');
  report.figure('applied', (100 * applied) / rows.length, '%');
  const latency = joined.map((row) => (row.told ?? row.finished) - row.opened);
  report.figure('due → applied, committed and told, median', percentile(latency, 0.5), 'ms');
  report.figure('due → applied, committed and told, p99', percentile(latency, 0.99), 'ms', { atMost: 50 });
  report.figure('due → applied, committed and told, worst', percentile(latency, 1), 'ms');
  report.figure('  of which no mind was told', untold);
  const parts = [
    ['  opened → claimed by the gateway', span('opened', 'sent')],
    ['  claimed → with the mind', spanJoined('sent', 'received')],
    ['  with the mind → applied', spanJoined('received', 'finished')],
    ['  applied → the mind is told (committed)', spanJoined('finished', 'told')],
  ];
  for (const [name, values] of parts) report.figure(name, `${percentile(values, 0.5).toFixed(2)} / ${percentile(values, 0.99).toFixed(2)}`, 'ms (median / p99)');
}

const walPosition = (bench) => bench.cluster.value(DATABASE, 'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), \'0/0\')::float8');

export async function answered(bench) {
  const { cluster, world } = bench;
  const report = new Report('answered', `${settings.npcs} NPCs of ${PLAYERS} players, policy "interval", answered at once, ${settings.seconds} s after ${settings.warmUp} s of warm-up`);
  const tokens = await createPlayers(bench);
  await cluster.query(DATABASE, 'SELECT npcsim.set_decision_policy($1, \'interval\')', [world]);
  const gateway = await startGateway(cluster, DATABASE);
  prefer(gateway.pid);
  const ledger = new Ledger();
  const slots = Math.min(SLOTS_MAX, Math.ceil(settings.npcs / PLAYERS));
  let minds = [];
  try {
    minds = tokens.map((token) => new Mind(gateway.url, token, slots, ledger));
    await Promise.all(minds.map((mind) => mind.ready));
    await sleep(500);
    await startWorld(bench);
    await pass(settings.warmUp, 'warming up');

    ledger.forget();
    const before = await status(bench);
    const asked = await readClaims(gateway);
    const walBefore = await walPosition(bench);
    const from = Date.now();
    const others = {
      'npcsim-gateway': () => processUsage(gateway.pid),
      'load clients (not counted)': () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    };
    const usage = await measure(bench, others, () => pass(settings.seconds, 'measuring'));
    const to = Date.now();
    const written = (await walPosition(bench)) - walBefore;
    const after = await status(bench);
    const asks = await readClaims(gateway);
    await sleep(1000);
    const rows = await readLog(bench, from, to);
    if (rows.length === 0) throw new Error(`nothing was decided; connections closed: ${ledger.closed.join('; ') || 'none'}`);
    const people = await census(bench);
    const share = usage.others['npcsim-gateway'];
    report.figure('CPU of PostgreSQL and gateway', usage.postgres + share, '%', { atMost: 25 });
    report.figure('  of it: npcsim-gateway', share, '%');
    report.figure('  of it: PostgreSQL', usage.postgres, '%');
    reportUsage(report, usage, '  ');
    report.figure('CPU of the load clients (not counted)', usage.others['load clients (not counted)'], '%');
    reportLatency(report, rows, ledger, (to - from) / 1000);
    const perSecond = (name) => (1000 * (asks[name] - asked[name])) / (to - from);
    report.figure('claims of the gateway', perSecond('claims'), '/s');
    report.figure('  of which there was nothing to hand out', perSecond('empty'), '/s');
    report.figure('batches of answers', perSecond('batches'), '/s');
    report.figure('CPU of PostgreSQL and gateway by answer', (1e4 * (usage.postgres + share) * (to - from)) / 1000 / rows.length, 'µs');
    report.figure('WAL by answer', written / rows.length / 1024, 'KiB');
    report.figure('NPCs walking', people.walking, '%');
    report.figure('NPCs interacting', people.interacting, '%');
    report.figure('tick, median', after.tick_ms_p50, 'ms');
    report.figure('tick, p99', after.tick_ms_p99, 'ms');
    report.figure('late ticks', after.late_ticks - before.late_ticks);
    report.note(`what became of the answers: ${tally(rows)}`);
    report.note('Latency: from opened_at_real in decision_log (written when the tick has found the NPC due and stores the request) to the moment at which the mind was told what became of its answer, after the commit; for what no mind was told, to finished_at_real.');
    if (ledger.closed.length > 0) report.note(`connections closed: ${ledger.closed.join('; ')}`);
    if (after.last_error) report.note(`last error of the world: ${after.last_error}`);
    const backends = await cluster.query(DATABASE, 'SELECT pid FROM pg_stat_activity WHERE usename = \'npcsim_gateway\' ORDER BY pid');
    await profile(bench, report, 'answered', { worker: after.worker_pid, gateway: gateway.pid, backends: backends.map((row) => row.pid) });
  } finally {
    for (const mind of minds) mind.close();
    await gateway.stop();
  }
  return report;
}
