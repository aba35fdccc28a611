// Tells what must not change while code is only moved: it runs random colonies of tests/pgtap/lib/colonies.sql, and prints for
// each seed a line of digests of everything that can be seen of it from outside:
//
//   rows          world_rows at the end
//   frames        every frame that a gateway sent to a client that watches the whole world, and to one that sees a part of it
//   observations  what minds would be shown whenever they are asked
//   outcomes      what was done, what became of every answer, and every refusal with its words
//
// tests/digests/run.sh explains how it is called. What differs between two runs of the same program (the wall clock, epochs) is
// left out.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startColony } from '../e2e/lib/colony.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const COLONIES = join(here, '..', 'pgtap', 'lib', 'colonies.sql');
const RECORDED = join(here, 'recorded.txt');
const KINDS = ['rows', 'frames', 'observations', 'outcomes'];
const AT_ONCE = 8; // how many colonies run at a time; they mostly wait for frames
const CAMERA = { min_x: 8, min_y: 6, max_x: 21, max_y: 17 };
const FRAME_WAIT = 30_000; // ms

const number = (name, otherwise) => {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a number from 1 on`);
  return value;
};
const seeds = number('NPCSIM_SEEDS', 200);
const first = number('NPCSIM_SEED', 1);
const seconds = number('NPCSIM_SECONDS', 300);
const kept = process.env.NPCSIM_KEEP;
const isRecording = process.argv.includes('--record');

const isReal = (name) => name === 'epoch' || name.endsWith('_at_real');
const seen = (value) => JSON.stringify(value, (name, member) => (isReal(name) ? undefined : member));

// Resolves when a watching client was sent this revision, or was told that it has nothing for that client.
function reached(watcher, revision) {
  return new Promise((resolve, reject) => {
    const look = () => {
      const frame = watcher.frames.at(-1);
      if (frame.type !== 'clock' && frame.type !== 'delta' && frame.type !== 'snapshot' || frame.more || frame.revision < revision) return;
      clearTimeout(timer);
      watcher.socket.off('message', look);
      resolve();
    };
    const timer = setTimeout(() => reject(new Error(`revision ${watcher.frames.at(-1).revision} instead of ${revision} after ${FRAME_WAIT} ms`)), FRAME_WAIT);
    watcher.socket.on('message', look);
    look();
  });
}

class Life {
  observations = [];

  constructor(colony, session, seed) {
    Object.assign(this, { colony, session, seed });
  }

  async rows(sql, ...parameters) {
    return (await this.session.query({ text: sql, values: parameters, rowMode: 'array' })).rows;
  }

  async value(sql, ...parameters) {
    const [row] = await this.rows(sql, ...parameters);
    return row?.[0];
  }

  // Runs one transaction and waits for the frames that follow from it.
  async does(sql, ...parameters) {
    const result = await this.value(sql, ...parameters);
    const revision = await this.value('SELECT revision FROM npcsim.world_clock WHERE world_id = $1', this.world);
    await Promise.all(this.watchers.map((watcher) => reached(watcher, revision)));
    return result;
  }

  // Ids of worlds and players depend on the seed, so that a seed gives the same digests whichever others run.
  async found() {
    await this.rows(`SELECT setval('npcsim.world_settings_id_seq', $1), setval('npcsim.player_accounts_id_seq', $1)`, this.seed * 1000);
    this.world = await this.value('SELECT property.found($1)', this.seed);
  }

  async live() {
    this.watchers = await Promise.all([{}, { camera: CAMERA }].map((subscription) => this.colony.watch(subscription, { world: this.world })));
    while ((await this.value('SELECT clock FROM npcsim.world_clock WHERE world_id = $1', this.world)) < seconds * 1e6) {
      await this.rows('SELECT property.attend($1)', this.world);
      await this.does('SELECT property.pass($1, $2)', this.seed, this.world);
      for (const row of await this.rows(`SELECT npc_id, npcsim.observe_npc(world_id, npc_id) FROM npcsim.decision_requests WHERE world_id = $1 ORDER BY npc_id`, this.world))
        this.observations.push(seen(row));
      await this.does('SELECT property.answer_some($1, $2)', this.seed, this.world);
      for (let left = await this.value('SELECT property.pick(3)'); left >= 0; left--) await this.does('SELECT property.operate($1, $2)', this.seed, this.world);
    }
    for (const watcher of this.watchers) watcher.socket.close();
  }

  async report() {
    const frames = this.watchers.flatMap((watcher) => watcher.frames.filter(({ type }) => type === 'snapshot' || type === 'delta').map(seen));
    return {
      rows: (await this.rows('SELECT relation, key, content::text FROM npcsim.world_rows($1) ORDER BY relation COLLATE "C", key COLLATE "C"', this.world)).map((row) => row.join(' ')),
      frames,
      observations: this.observations,
      outcomes: (await this.rows('SELECT clock, statement, outcome FROM property.history WHERE seed = $1 ORDER BY n', this.seed)).map((row) => row.join(' ')),
    };
  }
}

const digest = (lines) => createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);

// Runs all colonies, some at a time, and calls told(seed, report) for each.
async function live(told) {
  const colony = await startColony({ npcs: 0, running: false, settings: { autovacuum: 'off' } });
  try {
    await colony.query(readFileSync(COLONIES, 'utf8'));
    // With these settings statements of operators take rows in the order of their keys, not of their places.
    for (const setting of ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_hashagg', 'jit'])
      await colony.query(`ALTER DATABASE ${colony.database} SET ${setting} = off`);
    const waiting = Array.from({ length: seeds }, (_, i) => first + i);
    let founding = Promise.resolve();
    const one = async () => {
      const session = await colony.cluster.connect(colony.database);
      await session.query('SELECT property.connect_other()');
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        const its = new Life(colony, session, seed);
        founding = founding.then(() => its.found());
        await founding;
        await its.live();
        told(seed, await its.report());
        await session.query('SELECT npcsim.drop_world($1)', [its.world]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    await colony.stop();
  }
}

const lines = new Map();
await live((seed, report) => {
  lines.set(seed, `${seed} ${KINDS.map((kind) => digest(report[kind])).join(' ')}`);
  if (!kept) return;
  mkdirSync(kept, { recursive: true });
  for (const kind of KINDS) writeFileSync(join(kept, `${seed}.${kind}`), `${report[kind].join('\n')}\n`);
});
const now = [...lines.keys()].sort((a, b) => a - b).map((seed) => lines.get(seed));

const HEAD = `# Made by tests/digests/run.sh --record: ${seconds} s of each seed.\n# seed ${KINDS.join(' ')}\n`;
if (isRecording) {
  writeFileSync(RECORDED, `${HEAD}${now.join('\n')}\n`);
  console.log(`${now.length} seeds recorded`);
} else {
  const recorded = readFileSync(RECORDED, 'utf8');
  if (!recorded.startsWith(HEAD)) throw new Error('what is recorded was made with other lengths: see its first line');
  const known = new Map(recorded.slice(HEAD.length).trim().split('\n').map((line) => [Number(line.split(' ')[0]), line]));
  let differing = 0;
  for (const line of now) {
    const seed = Number(line.split(' ')[0]);
    const [was, is] = [known.get(seed)?.split(' '), line.split(' ')];
    const differs = was ? KINDS.filter((_, i) => was[i + 1] !== is[i + 1]) : ['not recorded'];
    if (differs.length === 0) continue;
    differing++;
    console.log(`seed ${seed}: ${differs.join(', ')}`);
  }
  console.log(`${now.length} seeds, ${differing} differ`);
  process.exitCode = differing === 0 ? 0 : 1;
}
