// Tests that clients of gateways hear of a change whose NOTIFY never comes, because the worker died between its commit and the
// notification, or PostgreSQL did not take the notification.
//
// That moment is held with PostgreSQL's own means. Notifications are put in order by a lock that a transaction holds from just
// before its commit until it is done. A transaction that has written something and then waits for a standby that does not
// exist keeps the lock, and all other notifications wait. Ticks do not, since they are committed locally.
//
// Runs alone: it holds others' commits for moments that a busy machine stretches.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

let colony;
let ada; // a player, of whose NPC this test decides
let walker;
let stander;

before(async () => {
  colony = await startColony({ npcs: 0, sizeX: 40, sizeY: 12, policy: 'none', settings: { synchronous_commit: 'local' } });
  walker = await colony.value(`SELECT npcsim.create_npc($1, 'Ada', 3, 3)`, [colony.worldId]);
  stander = await colony.value(`SELECT npcsim.create_npc($1, 'Bo', 30, 9)`, [colony.worldId]);
  ada = await colony.player('ada', [walker]);
});

after(() => colony?.stop());

const allowStandby = async (client, name) => {
  await client.query(name ? `ALTER SYSTEM SET synchronous_standby_names = '${name}'` : 'ALTER SYSTEM RESET synchronous_standby_names');
  await client.query('SELECT pg_reload_conf()');
};

// Nobody's notifications are sent until release() was called, or the server has gone down. Nothing else tells the worker
// of the release; forget() is called when that does not matter any more.
async function holdNotifications() {
  await allowStandby(colony.client, 'nobody');
  const holder = await colony.cluster.connect('colony', { name: 'holder' });
  await waitFor(async () => (await holder.query('SHOW synchronous_standby_names')).rows[0].synchronous_standby_names === 'nobody');
  await holder.query('SET synchronous_commit = on');
  // Until the checkpointer has read the setting, too, nobody waits: then it is written once more.
  let ended = null;
  const write = () => {
    const written = holder.query(`SELECT pg_logical_emit_message(true, 'test', 'written'); NOTIFY nobody`).catch(() => {}).then(() => {
      if (ended === written) ended = null;
    });
    ended = written;
  };
  await waitFor(() => {
    if (ended === null) write();
    return colony.value(`SELECT true FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'SyncRep'`);
  }, { what: 'the lock of notifications to be held' });
  return {
    release: async () => {
      await colony.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'`);
      await ended;
    },
    forget: async () => {
      await allowStandby(colony.client, null);
      await holder.end();
    },
  };
}

// Sends Ada's NPC on its way, by the answer of a mind that is connected for as long.
async function sendTo(x, y) {
  const mind = await join(colony, { token: ada.token, purpose: 'compute', source: 'test' });
  mind.send({ type: 'compute_heartbeat', max_concurrency: 1 });
  await mind.frame('heartbeat_ack');
  await colony.query('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, walker]);
  const { request_id } = await mind.frame('decision_request');
  mind.send({ type: 'decision_response', request_id, action: 'move_to', parameters: { x, y } });
  assert.equal((await mind.frame('decision_result')).status, 'applied');
  mind.socket.close();
  await mind.ends();
}

const arrived = (x) => colony.value(`SELECT true FROM npcsim.npcs WHERE id = $1 AND state = 'idle' AND position_x = $2`, [walker, x]);

const revision = () => colony.value('SELECT revision FROM npcsim.worlds WHERE id = $1', [colony.worldId]);

// What SQL says clients are to have.
async function assertUpToDate(watcher) {
  const snapshot = await colony.value('SELECT npcsim.world_snapshot($1)', [colony.worldId]);
  await waitFor(() => watcher.store.revision === snapshot.revision && watcher.store.epoch === snapshot.epoch,
    { timeout: 20_000, what: () => `revision ${snapshot.revision} of epoch ${snapshot.epoch}; the client has ${watcher.store.revision} of ${watcher.store.epoch}` });
  assert.deepEqual([...watcher.store.npcs.values()].sort((a, b) => a.id - b.id), snapshot.npcs.sort((a, b) => a.id - b.id));
}

// Payloads of the world's wake-ups, as they come.
async function listen() {
  const listener = await colony.cluster.connect('colony');
  const heard = [];
  listener.on('notification', ({ payload }) => heard.push(payload));
  await listener.query('LISTEN npcsim_world');
  return heard;
}

test('while no notification can be sent the world goes on, and gateways find out what changed', async () => {
  const watcher = await colony.watch();
  await sendTo(8, 3);
  const heard = await listen();
  const hold = await holdNotifications();
  await colony.query('UPDATE npcsim.npcs SET fun = 12.5 WHERE id = $1', [stander]);
  const changed = await revision();
  const clock = await colony.value('SELECT clock FROM npcsim.worlds');
  await waitFor(() => watcher.store.npcs.get(stander).needs.fun.value === 12.5, { timeout: 5000, what: 'the need arrives' });
  await waitFor(() => arrived(8), { what: 'the walk to end' });
  await assertUpToDate(watcher);
  await sleep(500);
  assert.ok((await colony.value('SELECT clock FROM npcsim.worlds')) > clock + 0.4, 'the clock moves');
  assert.deepEqual(heard.filter((payload) => Number(payload.split(':')[1]) >= changed), [], 'without a notification');
  await hold.release();
  await waitFor(() => heard.some((payload) => Number(payload.split(':')[1]) >= changed), { timeout: 4000, what: 'the notification that was held back' });
  await hold.forget();
  watcher.socket.close();
});

test('a worker killed between commit and NOTIFY: watching clients end up with what was committed', async () => {
  const watcher = await colony.watch();
  await sendTo(22, 3);
  const heard = await listen();
  await holdNotifications();
  const worker = await colony.value('SELECT worker_pid FROM npcsim.world_status');
  const before = await revision();
  assert.equal(watcher.store.npcs.get(walker).state, 'moving');
  // The end of the walk is the world's last change: nothing after it could tell of it.
  await waitFor(() => arrived(22), { every: 1, timeout: 20_000, what: 'the walk to end' });
  process.kill(worker, 'SIGKILL');
  assert.ok(!heard.some((payload) => Number(payload.split(':')[1]) > before), `nothing was told of it: ${heard}`);

  colony.client = await waitFor(async () => {
    // the server ends connections that came before it noticed
    const client = await colony.cluster.connect('colony').catch(() => null);
    const { rows: [status] = [] } = await client?.query('SELECT worker_pid FROM npcsim.world_status').catch(() => ({})) ?? {};
    if (status?.worker_pid && status.worker_pid !== worker) return client;
    await client?.end().catch(() => {});
    return null;
  }, { timeout: 30_000, what: 'the server to be back, with another worker' });
  await allowStandby(colony.client, null);
  assert.ok(await arrived(22), 'what was committed is there');
  await assertUpToDate(watcher);
  assert.equal(watcher.store.npcs.get(walker).state, 'idle');
  const clock = await colony.value('SELECT clock FROM npcsim.worlds');
  await waitFor(() => watcher.frames.at(-1).type === 'clock' && watcher.frames.at(-1).status === 'running' && watcher.frames.at(-1).clock > clock + 1,
    { timeout: 20_000, what: 'the clock to move on' });
  assert.equal(watcher.socket.readyState, 1, 'on the connection it had');
  watcher.socket.close();
});
