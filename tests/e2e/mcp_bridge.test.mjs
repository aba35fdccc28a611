// Tests the gateway's MCP client (in C) against servers made with the real SDKs, over stdio: both eras of MCP, refusals,
// cancellation, a server that dies. The client runs in mcp_harness.c, which this test compiles. It needs no database.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { decide } from '../../clients/mcp/decide.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const sample = join(root, 'clients/mcp/server.mjs');
const mind = (name) => join(here, 'minds', name);
const PATIENCE_MS = 20_000;
let directory;
let harness;
let processes = [];

before(() => {
  const gateway = join(root, 'workers/gateway');
  const within = (directory, wanted) => readdirSync(directory).filter((name) => wanted.test(name)).map((name) => join(directory, name));
  const sources = [...within(gateway, /^mcp\w*\.c$/), ...within(join(gateway, 'dialects'), /\.c$/),
    ...within(join(root, 'workers/common'), /\.c$/)];

  directory = mkdtempSync(join(tmpdir(), 'npcsim-mcp-'));
  harness = join(directory, 'mcp_harness');
  execFileSync('cc', ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-g', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror',
    '-fsanitize=address,undefined', '-fno-sanitize-recover=all', `-I${gateway}`, `-I${join(root, 'workers')}`, '-o', harness,
    join(here, 'mcp_harness.c'), ...sources, '-ljansson', '-lm'], { stdio: ['ignore', 'inherit', 'inherit'] });
});

// A test that failed leaves nothing running: a harness ends its server when its own input ends.
afterEach(() => {
  for (const child of processes) {
    if (child.stdin) child.stdin.end();
    else child.kill();
  }
  processes = [];
});

after(() => rmSync(directory, { recursive: true, force: true }));

// A running harness. Its events are kept; next(kind) waits for the next one of a kind and passes over others.
class Session {
  constructor(command, env = {}) {
    this.process = spawn(harness, command, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    processes.push(this.process);
    this.events = [];
    this.seen = 0;
    this.log = '';
    this.exited = once(this.process, 'exit');
    this.process.stderr.on('data', (text) => (this.log += text));
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line));
      this.wake?.();
    });
  }

  async next(kind) {
    const deadline = Date.now() + PATIENCE_MS;

    for (;;) {
      while (this.seen < this.events.length) {
        const event = this.events[this.seen++];
        if (event.event === kind) return event;
        if (event.event === 'closed' || event.event === 'broken') {
          assert.fail(`instead of ${kind}: ${JSON.stringify(event)}\n${this.log}`);
        }
      }
      const left = deadline - Date.now();
      if (left <= 0) assert.fail(`no ${kind} within ${PATIENCE_MS} ms, only ${JSON.stringify(this.events)}\n${this.log}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  decide(requestId, request) {
    this.process.stdin.write(`decide ${requestId} ${request.npc_id} ${JSON.stringify(request)}\n`);
  }

  cancel(requestId) {
    this.process.stdin.write(`cancel ${requestId}\n`);
  }

  sent(method) {
    return this.events.filter(({ event, message }) => event === 'sent' && message?.method === method)
      .map(({ message }) => message);
  }

  // The exit status, and with it what the sanitizers found.
  async end() {
    this.process.stdin.end();
    const [status] = await this.exited;
    assert.equal(status, 0, this.log);
  }
}

function request(requestId, changes = {}) {
  return {
    type: 'decision_request', request_id: requestId, npc_id: 12, world_id: 1, reason: 'idle', timeout_ms: 20000,
    observations: {
      self: { id: 12, name: 'Ada', traits: ['curious'], clock: 5231.4, game_time: 'Mar 4, Year 1, 21:11' },
      needs: { hunger: 90, hygiene: 80, fun: 80, energy: 90 },
      position: { x: 15, y: 23 },
      status: { state: 'idle', movement_locked: false, current_interaction: null, plan: [] },
      vision: [], available_interactions: [], events: [], conversation: null,
      ...changes,
    },
  };
}

const apple = {
  type: 'item', id: 789, distance: 2.2, item_type: 'apple', position: { x: 16, y: 25 }, occupied: false,
  interactions: { consume: { description: 'eat', fills: ['hunger'], drains: [], rates: { hunger: 5 }, duration: 5 } },
};
const chair = {
  type: 'item', id: 790, distance: 4, item_type: 'chair', position: { x: 19, y: 23 }, occupied: false,
  interactions: { sit: { description: 'rest', fills: ['energy'], drains: [], rates: { energy: 10 } } },
};

test('the sample server on SDK 2 is spoken to in the stateless revision', async () => {
  const session = new Session(['node', sample]);

  assert.equal((await session.next('ready')).revision, '2026-07-28');
  session.decide(991, request(991, { needs: { hunger: 30, energy: 80 }, vision: [apple, chair] }));
  const { request_id: requestId, decision } = await session.next('answered');
  assert.equal(requestId, 991);
  assert.equal(decision.request_id, 991);
  assert.equal(decision.npc_id, 12);
  assert.equal(decision.action, 'consume');
  assert.equal(decision.target_id, 789);
  assert.equal(decision.tokens, 0);
  assert.equal(session.sent('initialize').length, 0);
  const [call] = session.sent('tools/call');
  assert.equal(call.params._meta['io.modelcontextprotocol/protocolVersion'], '2026-07-28');
  assert.equal(call.params._meta['io.modelcontextprotocol/clientInfo'].name, 'npcsim-gateway');
  assert.equal(call.params.arguments.type, undefined);
  await session.end();
});

test('a server on SDK 1 is spoken to in the older revision', async () => {
  const session = new Session(['node', mind('old-era.mjs')]);

  assert.equal((await session.next('ready')).revision, '2025-11-25');
  session.decide(5, request(5));
  assert.deepEqual((await session.next('answered')).decision, { action: 'wander', request_id: 5, npc_id: 12 });
  assert.equal(session.sent('server/discover').length, 1);
  assert.equal(session.sent('initialize').length, 1);
  assert.equal(session.sent('notifications/initialized').length, 1);
  assert.equal(session.sent('tools/call')[0].params._meta, undefined);
  await session.end();
});

test('many calls at once are all answered, each for its own request', async () => {
  const session = new Session(['node', mind('wanderer.mjs')]);
  const answered = new Set();

  await session.next('ready');
  for (let id = 1; id <= 64; id++) session.decide(id, request(id));
  session.decide(65, request(65));
  while (answered.size < 64) answered.add((await session.next('answered')).decision.request_id);
  assert.equal(session.events.filter(({ event }) => event === 'failed').length, 0);
  await session.end();
});

test('a decision that the tool refuses has failed, the next one is asked all the same', async () => {
  const session = new Session(['node', mind('secret-cell.mjs')], { SECRET_X: 'here', SECRET_Y: '4' });

  await session.next('ready');
  session.decide(1, request(1));
  assert.match((await session.next('failed')).reason, /the tool failed: SECRET_X is not set to a number/);
  session.decide(2, { npc_id: 12, request_id: 2 });
  assert.match((await session.next('failed')).reason, /observations/);
  await session.end();
});

test('a mind can send its NPC to a cell', async () => {
  const session = new Session(['node', mind('secret-cell.mjs')], { SECRET_X: '3', SECRET_Y: '4' });

  await session.next('ready');
  session.decide(1, request(1));
  const { decision } = await session.next('answered');
  assert.equal(decision.action, 'move_to');
  assert.deepEqual(decision.parameters, { x: 3, y: 4 });
  await session.end();
});

test('a cancelled call does not fail, and those after it are answered', async () => {
  const session = new Session(['node', mind('wanderer.mjs')]);

  await session.next('ready');
  session.decide(1, request(1));
  session.cancel(1);
  session.decide(2, request(2));
  let event;
  do event = await session.next('answered'); while (event.request_id !== 2);
  assert.equal(session.sent('notifications/cancelled').length, 1);
  assert.equal(session.events.filter(({ event: kind }) => kind === 'failed').length, 0);
  await session.end();
});

test('a server that dies is noticed', async () => {
  const session = new Session(['node', mind('crasher.mjs')], { CRASH_AFTER: '1' });

  await session.next('ready');
  session.decide(1, request(1));
  await session.next('answered');
  session.decide(2, request(2));
  await session.next('closed');
  await session.exited;
});

test('a server of the older era that starts slowly is waited for', async () => {
  const session = new Session(['sh', '-c', `sleep 4; exec node '${mind('old-era.mjs')}'`]);

  assert.equal((await session.next('ready')).revision, '2025-11-25');
  session.decide(1, request(1));
  await session.next('answered');
  await session.end();
});

test('a server of both eras that starts slowly is usable', async () => {
  const session = new Session(['sh', '-c', `sleep 4; exec node '${sample}'`]);

  await session.next('ready');
  session.decide(1, request(1));
  await session.next('answered');
  await session.end();
});

// A server with one tool of that name, written where it is started.
function inlineServer(tool, options = {}, shell = ':') {
  const source = `
    import { McpServer } from '@modelcontextprotocol/server';
    import { serveStdio } from '@modelcontextprotocol/server/stdio';
    serveStdio(() => {
      const server = new McpServer({ name: 'inline', version: '1.0.0' });
      server.registerTool('${tool}', {}, () => ({ content: [{ type: 'text', text: '{"action":"wait"}' }] }));
      return server;
    }, ${JSON.stringify(options)});`;

  return new Session(['sh', '-c', `cd '${here}' && ${shell} && exec node --input-type=module -e "$SOURCE"`], { SOURCE: source });
}

test('a server of the stateless era only is usable, slow or not', async () => {
  for (const shell of [':', 'sleep 4']) {
    const session = inlineServer('decide_action', { legacy: 'reject' }, shell);

    assert.equal((await session.next('ready')).revision, '2026-07-28');
    session.decide(1, request(1));
    assert.equal((await session.next('answered')).decision.action, 'wait');
    await session.end();
  }
});

test('a server without the tool is refused', async () => {
  const session = inlineServer('something_else');

  assert.match((await session.next('broken')).reason, /no tool decide_action/);
  await session.exited;
});

test('the sample mind eats, rests, stays while it helps and explores', () => {
  const at = (changes, reason = 'idle') => decide({ ...request(1, changes), reason });
  const sitting = { state: 'interacting', movement_locked: true, plan: [],
    current_interaction: { id: 801, name: 'sit', target_id: 790, fills: ['energy'], rates: { energy: 10 } } };
  const needs = { hunger: 90, hygiene: 80, fun: 80, energy: 90 };

  assert.equal(at({ vision: [apple, chair] }).action, 'wander', 'nothing is lacking');
  assert.equal(at({ needs: { ...needs, hunger: 40 }, vision: [chair, apple] }).target_id, 789);
  assert.equal(at({ needs: { ...needs, hunger: 40, energy: 20 }, vision: [apple, chair] }).action, 'sit');
  assert.equal(at({ needs: { ...needs, hunger: 40 }, vision: [{ ...apple, occupied: true }] }).action, 'wander');
  assert.equal(at({ needs: { ...needs, hunger: 40 }, vision: [apple],
    events: [{ type: 'interaction_bid_rejected', interaction: 'consume' }] }).action, 'wander', 'not what was just refused');
  assert.equal(at({ status: { state: 'wandering' } }, 'interval').action, 'continue');
  assert.equal(at({ status: { state: 'requesting' } }).action, 'continue');
  assert.equal(at({ status: { state: 'moving' }, needs: { ...needs, hunger: 40 }, vision: [apple] }).action, 'continue');
  assert.equal(at({ status: { state: 'moving' }, needs: { ...needs, hunger: 40 }, vision: [apple] }, 'need').action, 'consume');
  const used = { ...chair, occupied: true };
  assert.equal(at({ status: sitting, vision: [used], needs: { ...needs, energy: 50 } }).action, 'continue');
  assert.equal(at({ status: sitting, vision: [used], needs: { ...needs, energy: 97 } }).action, 'cancel_interaction');
  const getUp = at({ status: sitting, vision: [used, apple], needs: { ...needs, energy: 50, hunger: 10 } });
  assert.equal(getUp.action, 'cancel_interaction');
  assert.equal(getUp.then[0].action, 'consume');
});

test('the sample mind answers invitations, and talks until it has said goodbye', () => {
  const at = (changes, reason = 'message') => decide({ ...request(1, changes), reason });
  const bid = { bid_id: 820, bidder_id: 67, bidder_name: 'Gus', interaction: 'conversation', target_id: 12, invited: [12], answer_by: 5236 };
  const needs = { hunger: 90, hygiene: 80, fun: 80, energy: 90 };

  assert.deepEqual(at({ bids: [bid] }, 'bid').parameters, { bid_id: 820, accept: true });
  const reject = at({ bids: [bid, { ...bid, bid_id: 821 }], needs: { ...needs, energy: 5 } }, 'bid');
  assert.deepEqual([reject.action, reject.parameters.ids], ['batch_reject_interaction_bids', [820, 821]], 'not when it is exhausted');
  assert.match(reject.parameters.reason, /energy/);
  assert.equal(at({ bids: [bid], status: { state: 'interacting' } }, 'bid').action, 'batch_reject_interaction_bids', 'nor when it is busy');
  const sit = { ...bid, interaction: 'sit', target_id: 790 };
  assert.equal(at({ bids: [sit], vision: [chair] }, 'bid').parameters.accept, true, 'it comes to sit down when it is not wide awake');
  assert.equal(at({ bids: [sit], vision: [chair], needs: { ...needs, energy: 99 } }, 'bid').action, 'batch_reject_interaction_bids');

  // in a conversation that began so many seconds ago, with messages [seconds ago, who, what]
  const talking = (began, messages, more = {}) => at({
    status: { state: 'interacting', movement_locked: true, plan: [], current_interaction: { id: 830, name: 'conversation', target_id: 12, started_at: 5231.4 - began } },
    conversation: { interaction_id: 830, participants: [67, 12], messages: messages.map(([ago, npc, message]) => ({ at: 5231.4 - ago, npc_id: npc, name: npc === 12 ? 'Ada' : 'Gus', message })) },
    ...more,
  });
  assert.match(talking(0, [[0, 67, 'Hello!']]).message, /Hello, Gus! I am Ada/, 'it greets back');
  assert.equal(talking(2, [[2, 12, 'Hello!'], [1, 67, 'Hi.']]).action, 'continue', 'no sooner than after 3 s');
  assert.match(talking(5, [[4, 12, 'Hello!'], [1, 67, 'Hi.']]).message, /Gus/, 'it answers');
  assert.equal(talking(5, [[4, 12, 'Hello!']]).action, 'continue', 'it waits to be answered');
  for (const [why, decision] of [['when nobody answers', talking(12, [[10, 12, 'Hello!']])], ['after a while', talking(20, [[5, 12, 'Hm.'], [2, 67, 'Well.']])],
    ['when something is urgent', talking(5, [[4, 12, 'Hello!'], [1, 67, 'Hi.']], { needs: { ...needs, hunger: 9 } })]]) {
    assert.match(decision.message, /Goodbye/, `it says goodbye ${why}`);
    assert.equal(talking(25, [[1, 12, decision.message], [0.5, 67, 'Bye.']]).action, 'cancel_interaction', '... and goes');
  }
});

test('the sample mind talks to whom it meets, now and then', (t) => {
  const gus = { type: 'npc', id: 67, distance: 3, name: 'Gus', npc_state: 'idle', interactions: { conversation: { participants: [2, 10] } } };
  const meets = (npc, more = {}) => decide({ ...request(1, { vision: [npc], ...more }), reason: 'idle' });
  const chance = t.mock.method(Math, 'random', () => 0.1);

  assert.deepEqual([meets(gus).action, meets(gus).target_id], ['start_conversation', 67]);
  assert.match(meets(gus).message, /Gus/);
  const circle = { id: 9, name: 'conversation', participants: [67, 68], max_participants: 10 };
  assert.equal(meets({ ...gus, npc_state: 'interacting', current_interaction: { ...circle, joinable: true } }).action, 'start_conversation', 'it joins in');
  assert.equal(meets({ ...gus, npc_state: 'interacting', current_interaction: { ...circle, joinable: false } }).action, 'wander');
  assert.equal(meets({ ...gus, npc_state: 'interacting', current_interaction: { ...circle, name: 'sit', joinable: false } }).action, 'wander');
  assert.equal(meets(gus, { events: [{ type: 'interaction_finished', interaction: 'conversation' }] }).action, 'wander', 'not at once again');
  chance.mock.mockImplementation(() => 0.9);
  assert.equal(meets(gus).action, 'wander');
});

// Starts a server that listens and gives its address, from its log.
async function startListener(command) {
  const server = spawn('node', command, { stdio: ['ignore', 'ignore', 'pipe'] });

  processes.push(server);
  for await (const line of createInterface({ input: server.stderr })) {
    const [address] = line.match(/http:\/\/\S+/) ?? [];
    if (address) return new URL(address);
  }
  assert.fail(`${command} does not listen`);
}

async function decideAs(transport) {
  const client = new Client({ name: 'test', version: '1.0.0' });

  await client.connect(transport);
  const { type, ...args } = request(1);
  const { structuredContent } = await client.callTool({ name: 'decide_action', arguments: args });
  await client.close();
  return structuredContent;
}

test('the sample server answers over Streamable HTTP in both eras', async () => {
  const url = await startListener([sample, '--http', '0']);
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 'decide_action',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call',
      params: { _meta: meta, name: 'decide_action', arguments: request(1) } }),
  });

  assert.equal((await response.json()).result.structuredContent.action, 'wander');
  assert.equal((await decideAs(new StreamableHTTPClientTransport(url))).action, 'wander');
  assert.equal((await fetch(url, { method: 'POST', headers: { Origin: 'http://evil.example' } })).status, 403);
});

test('the older test mind answers over Streamable HTTP and over HTTP + SSE', async () => {
  const http = await startListener([mind('old-era.mjs'), '--http', '0']);
  const sse = await startListener([mind('old-era.mjs'), '--sse', '0']);

  assert.equal((await decideAs(new StreamableHTTPClientTransport(http))).action, 'wander');
  assert.equal((await decideAs(new SSEClientTransport(sse))).action, 'wander');
});
