// Tests the gateway and its database: which gateway holds an id, what defaults and poolers do to it, and a database that does
// not answer.
//
// Runs alone: it measures how soon clients hear of a database that is gone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { join } from './lib/client.mjs';
import { sleep } from './lib/cluster.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const build = process.env.NPCSIM_BUILD ?? 'build';
const GATEWAY = process.env.NPCSIM_GATEWAY ?? joinPath(build, 'npcsim-gateway');

let colony;
let ada;

before(async () => {
  colony = await startColony({ npcs: 6, policy: 'none' });
  ada = await colony.player('ada', (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map((row) => row.id));
});

after(() => colony?.stop());

// Another gateway of the same database.
async function another(id, { database = 'dbname=colony user=npcsim_gateway', args = [], env = {} } = {}) {
  const gateway = colony.process(GATEWAY, ['--database', database, '--gateway-id', id, '--port', '0', ...args], { ...colony.cluster.env, ...env });
  await waitFor(() => gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/), { what: () => `a port: ${gateway.output}` });
  gateway.port = Number(gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/)[1]);
  return gateway;
}

// One that is refused ends by itself, and soon.
async function ended(gateway) {
  await waitFor(() => gateway.exitCode !== null || gateway.signalCode !== null, { timeout: 15_000, what: () => `the gateway to end: ${gateway.output}` });
  return gateway.ended;
}

const registered = (gateway, id, timeout = 10_000) =>
  waitFor(() => gateway.output.includes(`registered as ${id}`), { timeout, what: () => `a registration: ${gateway.output}` });

const at = (gateway) => ({ port: gateway.port, worldId: colony.worldId });

async function mind(place, player, source, slots = 8) {
  const client = await join(place, { token: player.token, purpose: 'compute', source });
  client.send({ type: 'compute_heartbeat', max_concurrency: slots });
  await client.frame('heartbeat_ack');
  return client;
}

async function health(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  return { status: answer.status, text: await answer.text() };
}

const metric = async (port, name) =>
  Number((await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).match(new RegExp(`^npcsim_gateway_${name} (\\d+)$`, 'm'))[1]);

const ask = (npc) => colony.value('SELECT npcsim.request_npc_decision($1, $2)', [colony.worldId, npc]);
const errors = async () => (await colony.cluster.log()).split('\n').filter((line) => /ERROR:/.test(line));

// Asked, it answers.
async function decides(client, npc) {
  const request = Number(await ask(npc));
  await client.frame('decision_request', (frame) => frame.request_id === request, 5000);
  client.send({ type: 'decision_response', request_id: request, action: 'wait', parameters: { duration: 1 } });
  assert.equal((await client.frame('decision_result', (frame) => frame.request_id === request)).status, 'applied');
}

test('a second gateway with the id of a living one is refused, with a sentence, and takes nothing', async () => {
  const client = await mind(colony, ada, 'one');
  const before = (await errors()).length;
  const second = await another('test');
  const began = Date.now();
  assert.deepEqual(await ended(second), { code: 1, signal: null }, second.output);
  assert.ok(Date.now() - began < 6000, 'soon');
  assert.match(second.output, /refused: gateway "test" is there already\. It is held by backend \d+.*\. Give each gateway an id of its own \(gateway_id\), or stop the other one\./);
  assert.equal(second.output.match(/refused/g).length, 1, 'said once');
  assert.equal((await errors()).length, before, 'and the server\'s log has no error of it');
  await decides(client, ada.npcIds[0]);
  assert.equal(client.of('decision_cancelled').length, 0);
  client.socket.close();
});

test('kill -9 of a gateway: within a second its requests are with others, and a gateway of that id may start', async () => {
  const doomed = await another('doomed');
  await registered(doomed, 'doomed');
  const lost = await mind(at(doomed), ada, 'lost');
  const request = Number(await ask(ada.npcIds[1]));
  await lost.frame('decision_request', (frame) => frame.request_id === request);
  const other = await mind(colony, ada, 'other');
  const killed = Date.now();
  doomed.kill('SIGKILL');
  await other.frame('decision_request', (frame) => frame.request_id === request, 3000);
  assert.ok(Date.now() - killed < 1000, `after ${Date.now() - killed} ms`);
  assert.equal(await colony.value(`SELECT count(*) FROM npcsim.sessions WHERE gateway_id = 'doomed' AND NOT ended`), 0);
  await doomed.ended;
  const again = await another('doomed');
  await registered(again, 'doomed', 3000);
  // killed and started at once: the old one's session of the server is still ending
  again.kill('SIGKILL');
  const third = await another('doomed');
  await registered(third, 'doomed', 3000);
  await colony.end(third);
  other.socket.close();
});

test('a gateway that loses the connection that listens has its clients back at once', async () => {
  const client = await mind(colony, ada, 'back');
  const held = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 'npcsim.gateways'::regclass AND objid = (hashtext('test')::bigint & 4294967295)::oid`;
  const pid = await colony.value(held);
  assert.match(await colony.value('SELECT query FROM pg_stat_activity WHERE pid = $1', [pid]), /./);
  await colony.query('SELECT pg_terminate_backend($1)', [pid]);
  const next = await waitFor(async () => { const now = await colony.value(held); return now !== pid && now; }, { timeout: 3000, what: 'another holder' });
  assert.notEqual(next, pid);
  await waitFor(async () => (await health(colony.port)).status === 200, { what: 'health' });
  await waitFor(() => colony.value(`SELECT count(*) = 1 FROM npcsim.sessions WHERE source = 'back' AND max_concurrency = 8 AND NOT ended`), { what: 'its session' });
  await decides(client, ada.npcIds[2]);
  client.socket.close();
});

test('a heartbeat of a session that the database does not know makes the gateway join it again', async () => {
  const client = await mind(colony, ada, 'unknown');
  const before = (await errors()).length;
  await colony.query(`DELETE FROM npcsim.sessions WHERE source = 'unknown'`);
  client.send({ type: 'compute_heartbeat', max_concurrency: 8 });
  await waitFor(() => colony.value(`SELECT count(*) = 1 FROM npcsim.sessions WHERE source = 'unknown' AND max_concurrency = 8 AND NOT ended`), { timeout: 3000, what: 'a session' });
  assert.deepEqual(client.of('error'), []);
  assert.equal((await errors()).length, before);
  await decides(client, ada.npcIds[3]);
  client.socket.close();
});

test('who only watches, and whose session the database does not know, is joined again without noticing', async () => {
  const watchers = [await join(colony), await join(colony, { token: ada.token })];
  for (const client of watchers) {
    client.send({ type: 'subscribe', id: 1 });
    await client.frame('snapshot', (frame) => !frame.more);
  }
  const before = (await errors()).length;
  const sessions = () => colony.query(`SELECT id FROM npcsim.sessions WHERE gateway_id = 'test' AND purpose = 'watch' AND NOT ended ORDER BY id`);
  const [{ id: last }] = (await sessions()).slice(-1);
  await colony.query(`DELETE FROM npcsim.sessions WHERE purpose = 'watch'`);
  await waitFor(async () => {
    const now = await sessions();
    return now.length === 2 && now.every(({ id }) => Number(id) > Number(last));
  }, { timeout: 8000, what: 'both to have a session' });
  await colony.query('SELECT npcsim.rotate_player_token($1)', [(await colony.player('brief', [])).id]);
  for (const client of watchers) {
    assert.equal(client.closed, undefined);
    assert.deepEqual(client.of('error'), []);
    assert.equal(client.of('snapshot').filter((frame) => frame.page === 1).length, 1, 'it goes on where it was');
    client.socket.close();
  }
  assert.equal((await errors()).length, before);
  await waitFor(async () => (await sessions()).length === 0, { what: 'the sessions to end with their clients' });
});

test('connections without a session show in /healthz and /metrics', async () => {
  const client = await mind(colony, ada, 'without');
  assert.equal(await metric(colony.port, 'clients_without_session'), 0);
  // it cannot join while somebody has its world's place in the queue of those who join
  const holder = await colony.cluster.connect('colony');
  await holder.query('BEGIN');
  await holder.query(`SELECT pg_advisory_xact_lock('npcsim.sessions'::regclass::oid::int4, $1)`, [colony.worldId]);
  await colony.query(`DELETE FROM npcsim.sessions WHERE source = 'without'`);
  client.send({ type: 'compute_heartbeat', max_concurrency: 8 });
  await waitFor(async () => (await metric(colony.port, 'clients_without_session')) === 1, { what: 'the metric' });
  const sick = await waitFor(async () => { const now = await health(colony.port); return now.status === 503 && now; }, { timeout: 9000, what: '503' });
  assert.match(sick.text, /^1 connections without a session, for up to \d+ s$/m);
  await holder.end();
  await waitFor(async () => (await health(colony.port)).status === 200, { what: 'health' });
  assert.equal(await metric(colony.port, 'clients_without_session'), 0);
  client.socket.close();
});

// ---- defaults ----

const ODD = {
  default_transaction_isolation: 'serializable', default_transaction_read_only: 'on', default_transaction_deferrable: 'on',
  statement_timeout: '1min', idle_session_timeout: '300ms', idle_in_transaction_session_timeout: '1ms', exit_on_error: 'on',
  search_path: 'public', client_encoding: 'LATIN1', client_min_messages: 'debug1', DateStyle: 'German, DMY', IntervalStyle: 'sql_standard', TimeZone: 'Pacific/Apia',
  extra_float_digits: '-15', bytea_output: 'escape', standard_conforming_strings: 'off', array_nulls: 'off', transform_null_equals: 'on',
  row_security: 'off', jit_above_cost: '0', jit: 'on', plan_cache_mode: 'force_custom_plan', max_parallel_workers_per_gather: '4',
};

test('no default of a role, a database, the environment or the server bears on gateway and workers', async () => {
  await colony.query('CREATE ROLE nobody_at_all');
  await colony.query('GRANT nobody_at_all TO npcsim_gateway, npcsim_worker');
  for (const [name, value] of Object.entries(ODD)) await colony.query(`ALTER DATABASE colony SET ${name} = '${value}'`);
  for (const role of ['npcsim_gateway', 'npcsim_worker']) await colony.query(`ALTER ROLE ${role} SET role = 'nobody_at_all'`);
  await colony.query(`ALTER ROLE npcsim_worker SET session_replication_role = 'replica'`);
  const odd = await another('odd', { env: { PGOPTIONS: '-c default_transaction_read_only=on -c default_transaction_isolation=serializable -c statement_timeout=1min', PGTZ: 'Asia/Tokyo', PGDATESTYLE: 'SQL' } });
  try {
    // workers that come anew, under the eyes of a transaction that would keep a deferrable one waiting
    const writer = await colony.cluster.connect('colony');
    await writer.query('SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0; SET exit_on_error = off');
    await writer.query('BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE');
    await writer.query('CREATE TABLE public.written (a int)');
    for (const { pid } of await colony.query(`SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'npcsim worker%'`)) await colony.query('SELECT pg_terminate_backend($1)', [pid]);
    await registered(odd, 'odd');
    const clock = await colony.value('SELECT clock FROM npcsim.worlds');
    await waitFor(async () => (await colony.value('SELECT clock FROM npcsim.worlds')) > clock + 1, { what: 'the clock' });
    const client = await mind(at(odd), ada, 'odd');
    await decides(client, ada.npcIds[4]);
    client.send({ type: 'call', id: 1, reducer: 'send_chat', args: { text: 'Grüße 日本' } });
    assert.equal((await client.frame('result')).ok, true);
    client.send({ type: 'subscribe', id: 2 });
    await writer.query('ROLLBACK');
    await writer.end();
    const pids = () => colony.value(`SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity WHERE application_name = 'npcsim-gateway'`);
    const before = await pids();
    await sleep(800);
    assert.deepEqual(await pids(), before, 'no connection ends for having been idle');
    assert.equal((await health(odd.port)).status, 200);
    assert.doesNotMatch(odd.output, /DEBUG|WARNING|ERROR/i);
    client.socket.close();
    await colony.end(odd);
  } finally {
    await colony.query('ALTER DATABASE colony RESET ALL');
    for (const role of ['npcsim_gateway', 'npcsim_worker']) await colony.query(`ALTER ROLE ${role} RESET ALL`);
    await colony.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'npcsim worker%'`);
  }
});

// ---- a database that says nothing ----

// All processes of a cluster.
function processes() {
  const postmaster = Number(readFileSync(joinPath(colony.cluster.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).filter((pid) => {
    try {
      return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[1]) === postmaster;
    } catch {
      return false;
    }
  });
  return [postmaster, ...children];
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {} // ended meanwhile
  }
}

for (const [length, args, seconds] of [['', [], 3], [' for longer than any query may take', ['--query-timeout-ms', '2000'], 5]])
  test(`clients of a database that is frozen${length} are told within 2 s, and afterwards nothing is lost or done twice`, async () => {
    const gateway = await another('patient', { args });
    await registered(gateway, 'patient');
    const client = await mind(at(gateway), ada, 'frozen');
    const watcher = await join(at(gateway));
    watcher.send({ type: 'subscribe', id: 1 });
    await watcher.frame('snapshot', (frame) => !frame.more);
    const request = Number(await ask(ada.npcIds[5]));
    await client.frame('decision_request', (frame) => frame.request_id === request);
    const frozen = processes();
    const stopped = Date.now();
    signal(frozen, 'SIGSTOP');
    const listed = fetch(`http://127.0.0.1:${gateway.port}/worlds`).then(({ status }) => [status, Date.now() - stopped]);
    try {
      client.send({ type: 'decision_response', request_id: request, action: 'wait', parameters: { duration: 1 } });
      client.send({ type: 'call', id: 7, key: `frozen ${seconds}`, reducer: 'send_chat', args: { text: `frozen ${seconds}` } });
      for (const one of [client, watcher]) assert.equal((await one.frame('clock', (frame) => frame.status === 'unreachable', 3000)).speed, 0);
      assert.ok(Date.now() - stopped < 2000, `told after ${Date.now() - stopped} ms`);
      assert.equal((await health(gateway.port)).status, 503, 'and so is monitoring');
      const [status, after] = await listed;
      assert.ok(status === 503 && after < 3000, `the list of worlds is refused with ${status} after ${after} ms`);
      await sleep(seconds * 1000 - (Date.now() - stopped));
      assert.ok(watcher.of('clock').filter((frame) => frame.status === 'unreachable').length >= seconds - 2, 'a clock each second');
    } finally {
      signal(frozen, 'SIGCONT');
    }
    const went = Date.now();
    await waitFor(() => client.of('clock').at(-1).status === 'running', { timeout: 12_000, what: 'the clock to go on' });
    if (args.length === 0) assert.ok(Date.now() - went < 2000, `${Date.now() - went} ms after it went on`);
    await client.frame('decision_result', (frame) => frame.request_id === request, 12_000);
    const result = await client.frame('result', (frame) => frame.id === 7, 12_000);
    if (result.ok !== true) {
      assert.equal(result.error.retry, true);
      client.send({ type: 'call', id: 8, key: `frozen ${seconds}`, reducer: 'send_chat', args: { text: `frozen ${seconds}` } });
      assert.equal((await client.frame('result', (frame) => frame.id === 8)).ok, true);
    }
    assert.equal(await colony.value('SELECT count(*) FROM npcsim.messages WHERE text = $1', [`frozen ${seconds}`]), 1, 'said once');
    assert.equal(await colony.value(`SELECT count(*) FROM npcsim.decision_log WHERE request_id = $1 AND status <> 'cut_off'`, [request]), 1, 'answered once');
    await waitFor(async () => (await health(gateway.port)).status === 200, { what: 'health' });
    assert.equal(client.closed, undefined);
    client.socket.close();
    watcher.socket.close();
    await colony.end(gateway);
  });

// ---- poolers ----

// PgBouncer in front of the database; refuses to be root's.
async function pgbouncer(mode, size, more = '') {
  const directory = await mkdtemp(joinPath(tmpdir(), 'npcsim-pool.'));
  const file = joinPath(directory, 'pgbouncer.ini');
  const user = colony.cluster.env.NPCSIM_SERVER_USER;
  await writeFile(file, `[databases]
colony = host=${colony.cluster.socketDir} port=${colony.cluster.port} dbname=colony user=npcsim_gateway
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = ${directory}
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
${more}
`);
  const program = '/usr/sbin/pgbouncer';
  if (user) await promisify(execFile)('chown', ['-R', user, directory]);
  const pooler = user ? colony.process('setpriv', [`--reuid=${user}`, '--clear-groups', program, file]) : colony.process(program, [file]);
  await waitFor(() => existsSync(joinPath(directory, '.s.PGSQL.6432')), { what: () => `PgBouncer: ${pooler.output}` });
  return {
    database: `host=${directory} port=6432 dbname=colony user=npcsim_gateway`,
    stop: async () => {
      await colony.end(pooler, 'SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

for (const [mode, size, more] of [['transaction', 1], ['transaction', 2], ['transaction', 20], ['transaction', 20, 'server_round_robin = 1'], ['statement', 2]])
  test(`PgBouncer in ${mode} mode with ${size} connections is refused in a sentence${more ? ` (${more})` : ''}`, async () => {
    const pooler = await pgbouncer(mode, size, more);
    try {
      const gateway = await another('pooled', { database: pooler.database });
      assert.deepEqual(await ended(gateway), { code: 1, signal: null }, gateway.output);
      assert.match(gateway.output, /refused: the database hands out its sessions by the transaction or statement: .*pool_mode = session/);
      assert.equal(gateway.output.match(/refused/g).length, 1, gateway.output);
      assert.equal(await colony.value(`SELECT count(*) FROM npcsim.gateways WHERE id = 'pooled'`), 0, 'it was not registered');
    } finally {
      await pooler.stop();
    }
  });

test('PgBouncer in session mode works, and what was killed before it is noticed within a second', async () => {
  const pooler = await pgbouncer('session', 8);
  try {
    const gateway = await another('pooled', { database: pooler.database });
    await registered(gateway, 'pooled');
    const client = await mind(at(gateway), ada, 'pooled');
    await decides(client, ada.npcIds[0]);
    const other = await mind(colony, ada, 'beside');
    const given = [];
    for (const npc of ada.npcIds.slice(1, 3)) given.push(Number(await ask(npc)));
    const all = () => [client, other].flatMap((one) => one.of('decision_request')).filter((frame) => given.includes(frame.request_id));
    await waitFor(() => all().length === 2, { what: 'both requests' });
    const killed = Date.now();
    gateway.kill('SIGKILL');
    await waitFor(() => colony.value(`SELECT count(*) = 0 FROM npcsim.sessions WHERE gateway_id = 'pooled' AND NOT ended`), { timeout: 3000, every: 20, what: 'its sessions to end' });
    assert.ok(Date.now() - killed < 1000, `after ${Date.now() - killed} ms`);
    await waitFor(() => given.every((request) => other.of('decision_request').some((frame) => frame.request_id === request)), { timeout: 3000, what: 'its requests' });
    other.socket.close();
  } finally {
    await pooler.stop();
  }
});
