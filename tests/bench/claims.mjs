// Measures what it costs to hand out questions, of which many are open, in a small and in a large world: a claim must not look at
// those of whom nobody is asked. Worlds stand, but for the clock.

import { DATABASE, createWorld } from './lib/world.mjs';
import { Report, median } from './lib/report.mjs';
import { openClaims } from './lib/claims.mjs';
import { processUsage } from './lib/usage.mjs';

const SIZES = [1000, 20_000];
const OPEN = 1000;
const BATCH = 30;
const ROUNDS = 31;
const CAMERAS = 200;

// Gives so many players a camera each that sees a part of the world.
async function watch(client, world, count) {
  await client.query('UPDATE npcsim.worlds SET max_players = 1000 WHERE id = $1', [world]);
  for (let n = 0; n < count; n++) {
    const { rows: [{ player_id: player }] } = await client.query('SELECT player_id FROM npcsim.create_player($1, $2)', [world, `viewer ${n}`]);
    const [x, y] = [(n * 37) % 100, (n * 53) % 100];
    await client.query('SELECT npcsim.client_connected(\'bench\', $1, $2, \'watch\')', [player, world]);
    await client.query('SELECT npcsim.update_player_camera($1, $2, $3, $4, $5)', [player, x, y, x + 60, y + 40]);
  }
}

// Returns the median of the CPU time of a claim, in microseconds.
async function claimTime(client, pid, claims, ids) {
  const taken = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = processUsage(pid);
    const began = process.hrtime.bigint();
    const { count } = await claims.claim(BATCH);
    const real = Number(process.hrtime.bigint() - began) / 1e3;
    if (count !== BATCH) throw new Error(`${count} questions were handed out`);
    taken.push({ cpu: (processUsage(pid) - before) * 1e6, real });
    const { rows } = await client.query('SELECT npc_id FROM npcsim.decision_requests WHERE status = \'sent\' AND world_id = $1', [ids.world]);
    await claims.giveBack();
    await claims.open(rows.map((row) => row.npc_id));
  }
  return { cpu: median(taken.map((time) => time.cpu)), real: median(taken.map((time) => time.real)) };
}

export async function claims(bench) {
  const { cluster } = bench;
  const report = new Report('claims', `a claim of ${BATCH} of ${OPEN} open questions, medians of ${ROUNDS}`);
  const without = [];
  const show = (name, { cpu, real }) => report.figure(name, `${(cpu / 1000).toFixed(2)} (${(real / 1000).toFixed(2)})`, 'ms, CPU (real)');
  for (const npcs of SIZES) {
    const world = await createWorld(cluster, `World of ${npcs}`, npcs);
    const client = await cluster.connect(DATABASE, { name: 'bench claims' });
    const { rows: [{ pid }] } = await client.query('SELECT pg_backend_pid() AS pid');
    await client.query('SELECT npcsim.set_decision_policy($1, \'none\')', [world]);
    const claiming = await openClaims({ cluster, world }, client);
    const { rows } = await client.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [world]);
    await claiming.open(rows.filter((_, place) => place % (npcs / OPEN) === 0).map((row) => row.id));
    await client.query('VACUUM ANALYZE npcsim.decision_slots');
    const ids = { world };
    const alone = await claimTime(client, pid, claiming, ids);
    show(`in a world of ${npcs} NPCs`, alone);
    without.push(alone.real);
    await watch(client, world, CAMERAS);
    show(`… while ${CAMERAS} cameras look on`, await claimTime(client, pid, claiming, ids));
    await claiming.close();
    await client.query('SELECT npcsim.drop_world($1)', [world]);
    await client.end();
  }
  report.figure(`${SIZES[1]} NPCs / ${SIZES[0]} NPCs`, without[1] / without[0], '', { atMost: 1.3 });
  report.note('Observations are part of it. Times are those of the server process; seen from a client over the Unix socket, commits included.');
  return report;
}
