// Tests npcsim-agent --api against an endpoint and a gateway that this file plays, and in a real colony.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { completion, Endpoint, KEY, MODEL, refusal, stream } from './agent/endpoint.mjs';
import { Gateway } from './agent/gateway.mjs';
import { agent, cleanUp, directory, PATIENCE, until } from './agent/process.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 * PATIENCE }, body);

after(cleanUp);

const CHOICES = [
  { choice: 1, action: 'consume', target_id: 19, text: 'consume apple, 4.2 away, fills hunger' },
  { choice: 2, action: 'wander', text: 'walk around and look for more' },
  { choice: 3, action: 'interact_with', target_id: 67, interaction_name: 'conversation', message: 'How are you?', text: 'conversation Gus, 5 away' },
];
const QUIET = CHOICES.slice(0, 2);

let asked = 0;
const question = ({ npc = 52, clock = 100, choices = QUIET, timeout = 10_000, world = 1, ...more } = {}) => ({
  request_id: ++asked, npc_id: npc, world_id: world, reason: 'idle', timeout_ms: timeout,
  observations: {
    self: { id: npc, name: 'Zoe', clock }, needs: { hunger: 8.3, energy: 49.9 }, position: { x: 1, y: 2 },
    status: { state: 'idle', target_id: null, current_interaction: null }, choices, ...more,
  },
});

let directories = 0;
const keyFile = (key = KEY, mode = 0o600) => {
  const file = join(directory, `key-${++directories}`);
  writeFileSync(file, `${key}\n`);
  chmodSync(file, mode);
  return file;
};
const memoryDir = () => join(directory, `memories-${++directories}`);

// Starts an endpoint, a gateway and an agent between them; resolves when the session has begun.
async function connect(t, { answer, args = [], env = {}, concurrency = 4, memory = memoryDir(), gatewayPort = 0, ...endpointOptions } = {}) {
  const endpoint = await Endpoint.open({ answer, ...endpointOptions });
  const gateway = await Gateway.open(gatewayPort);
  const opened = gateway.session();
  const process = agent(gateway, ['--api', endpoint.url, '--model', MODEL, '--api-key-file', keyFile(), '--memory-dir', memory,
    '--max-concurrency', `${concurrency}`, ...args], env);
  t.after(async () => {
    process.kill('SIGKILL');
    await process.ended;
    if (gateway.http.listening) await gateway.close();
    if (endpoint.http.listening) await endpoint.close();
  });
  const session = await Promise.race([opened, process.ended.then(({ code }) => assert.fail(`the agent ended with status ${code}: ${process.output}`))]);
  assert.equal(await session.start(), 'modern');
  const { result } = await session.request('tools/list');
  assert.deepEqual(result.tools.map(({ name }) => name), ['decide_action']);
  return { endpoint, gateway, process, session, memory };
}

const decisionOf = async (session, options) => (await session.call(question(options))).result.structuredContent;
const offers = (session) => session.unasked.filter(({ method }) => method === 'npcsim/offer').map(({ params }) => params);
const room = (session) => offers(session).map(({ max_concurrency: number }) => number).filter((number) => number !== undefined);

// ---------- requests and answers ----------

test('a question becomes a request that OpenAI would take, and its answer a decision with what it cost', async (t) => {
  const { endpoint, gateway, session } = await connect(t);
  assert.equal(gateway.dials[0].url, '/mcp?source=player_api_key&max_concurrency=4&choices=1&compact=1');
  assert.deepEqual(await decisionOf(session), { choice: 1, tokens: 9 });
  assert.deepEqual(offers(session), [{ kind: 'player_api_key', models: [MODEL] }]);
  assert.deepEqual(endpoint.faults, []);
  const [{ url, headers, body }] = endpoint.questions;
  assert.equal(url, '/v1/chat/completions');
  assert.equal(headers.authorization, `Bearer ${KEY}`);
  assert.equal(body.model, MODEL);
  assert.equal(body.max_tokens, 512);
  assert.deepEqual(body.response_format.json_schema.schema.properties.choice.enum, [1, 2]);
  assert.deepEqual(body.messages.map(({ role }) => role), ['system', 'user']);
  const [, { content }] = body.messages;
  for (const part of ['You are Zoe. You are idle.', 'hunger 8, energy 50', '\n1. consume apple, 4.2 away, fills hunger\n2. walk around'])
    assert.ok(content.includes(part), content);
  assert.doesNotMatch(content, /Your character|remember|said|invites|\{[a-z]+\}/, 'what there is nothing to tell of is left out');
});

test('it may say its own words where the choice has some', async (t) => {
  const said = ['{"choice": 3, "message": "Lovely day, Gus!"}', '{"choice": 1, "message": "mm"}', '{"choice": 3, "message": "  "}',
    JSON.stringify({ choice: 3, message: 'ü'.repeat(400) })];
  const { endpoint, session } = await connect(t, { answer: () => completion(said.shift()) });
  assert.deepEqual(await decisionOf(session, { choices: CHOICES }), { choice: 3, message: 'Lovely day, Gus!', tokens: 9 });
  assert.deepEqual(await decisionOf(session, { choices: CHOICES }), { choice: 1, tokens: 9 });
  assert.deepEqual(await decisionOf(session, { choices: CHOICES }), { choice: 3, tokens: 9 });
  assert.equal((await decisionOf(session, { choices: CHOICES })).message, 'ü'.repeat(250));
  assert.deepEqual(endpoint.questions[0].body.response_format.json_schema.schema.required, ['choice', 'message']);
  assert.deepEqual(endpoint.faults, []);
});

test('what models answer is read', async (t) => {
  const answers = ['2', '2.', '**2.**', 'Choice: 2', '```json\n{"choice": 2}\n```', '<think>1? No.</think>\n{"choice": 2}', '{"choice": "2"}',
    '2. walk around and look for more', 'Walk around and look for more!', '{"Action": "wander"}', '\n\n2\n',
    '<think>hm, 1. consume apple, 4.2 away, fills hunger?</think> 2. Walk around and look for more'];
  const left = [...answers];
  const { session } = await connect(t, { answer: () => completion(left.shift()) });
  for (const text of answers) {
    const { choice, Action } = await decisionOf(session);
    assert.ok(choice === 2 || Action === undefined, text);
  }
});

test('what cannot be meant is a failure, at once, that tells what was said', async (t) => {
  const answers = [['', /says nothing/], ['I like apples.', /apples/], ['7', /not offered/], ['{"choice": 99}', /not offered/], ['{"choice"', /breaks off/],
    ['1 or 2', /no decision/]];
  const left = answers.map(([text]) => text);
  const { session } = await connect(t, { answer: () => completion(left.shift()) });
  for (const [text, message] of answers) assert.match((await session.call(question())).error.message, message, text);
});

test('other shapes of answers are read', async (t) => {
  const shapes = [
    { ...completion(''), choices: [{ message: { role: 'assistant', content: [{ type: 'text', text: '{"choice":' }, { type: 'text', text: ' 2}' }] } }] },
    { ...completion(''), choices: [{ message: { content: null, tool_calls: [{ function: { name: 'decide', arguments: '{"choice": 2}' } }] } }] },
    { choices: [{ text: '2' }] },
    { choices: [{ message: { content: '{"choice": 2}', reasoning_content: '{"choice": 1}' } }], usage: { prompt_tokens: 5, total_tokens: 8 } },
    { choices: [{ message: { content: '{"choice": 2}' } }], usage: { completion_tokens: 'many' } },
    { choices: [{ message: { content: '{"choice": 2, "message": "and so on' }, finish_reason: 'length' }] },
  ];
  const left = [...shapes];
  const { session } = await connect(t, { answer: () => left.shift() });
  const tokens = [];
  for (const shape of shapes) {
    const decision = await decisionOf(session);
    assert.equal(decision.choice, 2, JSON.stringify(shape));
    tokens.push(decision.tokens);
  }
  assert.deepEqual(tokens, [9, 9, undefined, 3, undefined, undefined]);
});

test('streams are read, slow ones and those that do not say what they are', async (t) => {
  const ways = [{}, { pause: 20 }, { eol: '\r\n' }, { type: 'application/json', pause: 0 }, { end: '' }, { type: 'text/plain', pause: 0 }];
  const left = [...ways];
  const { session } = await connect(t, { answer: (body, response) => stream(response, '{"choice": 2}', left.shift()) });
  for (const way of ways) assert.deepEqual(await decisionOf(session), { choice: 2, tokens: 7 }, JSON.stringify(way));
});

test('a stream that breaks off is asked for once more, and no half of it counts', async (t) => {
  let count = 0;
  const { session, endpoint } = await connect(t, {
    answer: (body, response) => (count++ === 0 ? stream(response, '{"choice": 1', { end: '', finish: '' }) : completion('{"choice": 2}')),
  });
  assert.deepEqual(await decisionOf(session), { choice: 2, tokens: 9 });
  assert.equal(endpoint.questions.length, 2);
});

test('an endpoint that takes no schema is asked for an object, then for nothing, and that is remembered', async (t) => {
  const wants = ['json_schema', 'json_object'];
  const { endpoint, session, process } = await connect(t, {
    answer: (body, response) => {
      if (wants.includes(body.response_format?.type)) return endpoint.json(response, 400, refusal(`response_format ${body.response_format.type} is not supported`));
      return completion('2.');
    },
  });
  assert.equal((await decisionOf(session)).choice, 2);
  assert.deepEqual(endpoint.questions.map(({ body }) => body.response_format?.type), ['json_schema', 'json_object', undefined]);
  assert.equal((await decisionOf(session)).choice, 2);
  assert.equal(endpoint.questions.length, 4);
  assert.match(process.output, /takes requests in another form/);
});

test('a refusal that has nothing to do with the form does not change it', async (t) => {
  let refuse = true;
  const { endpoint, session } = await connect(t, {
    answer: (body, response) => (refuse ? endpoint.json(response, 400, refusal('the context is too long')) : completion('1')),
  });
  assert.match((await session.call(question())).error.message, /HTTP status 400: the context is too long/);
  refuse = false;
  await decisionOf(session);
  assert.equal(endpoint.questions.at(-1).body.response_format.type, 'json_schema');
});

test('other members are sent as wanted, left out where they are not known, and the limit has the name that is known', async (t) => {
  const { endpoint, session } = await connect(t, {
    args: ['--parameter', 'temperature=0.7', '--parameter', 'stop=now', '--max-tokens', '64'],
    answer: (body, response) => {
      if (body.max_tokens) return endpoint.json(response, 400, refusal('Unsupported parameter: \'max_tokens\' is not supported with this model. Use \'max_completion_tokens\' instead.'));
      if (body.messages[0].role === 'system') return endpoint.json(response, 400, refusal('System role not supported'));
      return completion('{"choice": 1}');
    },
  });
  assert.equal((await decisionOf(session)).choice, 1);
  const { body } = endpoint.questions.at(-1);
  assert.deepEqual([body.max_completion_tokens, body.temperature, body.messages.length, body.response_format.type], [64, undefined, 1, 'json_schema']);
  assert.equal(endpoint.questions[0].body.temperature, 0.7);
  assert.deepEqual(new Set(endpoint.faults), new Set(['Unrecognized request argument supplied: stop']));
});

test('a prompt of the player\'s own is filled in', async (t) => {
  const file = join(directory, 'prompt.txt');
  writeFileSync(file, 'Be {name}, {"not": this} {nor this}.\r\n---\nSeen: {vision}\nHeard: {conversation}\n{needs} {reason}\n{observation}\n');
  const { endpoint, session } = await connect(t, { args: ['--prompt-file', file] });
  await decisionOf(session, { vision: [{ type: 'item', id: 19, distance: 4.25, item_type: 'apple', occupied: true }] });
  const [system, user] = endpoint.questions[0].body.messages.map(({ content }) => content);
  assert.equal(system, 'Be Zoe, {"not": this} {nor this}.\n');
  assert.match(user, /^Seen: \n- apple, 4.25 away, in use\nhunger 8, energy 50 idle\n\{"self":/);
});

// ---------- where it is ----------

for (const [name, path, given] of [
  ['without a version', '/v1', ''], ['with one', '/v1', '/v1'], ['with a slash', '/v1', '/v1/'], ['whole', '/v1', '/v1/chat/completions'],
  ['of one that has none', '', ''], ['below a path', '/api/v1', '/api'], ['with another version', '/v1beta/openai', '/v1beta/openai'], ['with a query', '/openai/v1', '/openai/v1?api-version=1'],
]) {
  test(`the address may be given ${name}`, async (t) => {
    const endpoint = await Endpoint.open({ path });
    const gateway = await Gateway.open();
    t.after(() => Promise.all([endpoint.close(), gateway.close()]));
    const process = agent(gateway, ['--api', `${endpoint.url}${given}`, '--model', MODEL, '--no-memory'], { NPCSIM_API_KEY: KEY });
    const session = await gateway.session();
    await session.start();
    assert.equal((await decisionOf(session)).choice, 1);
    assert.ok(endpoint.questions.at(-1).url.startsWith(`${path}/chat/completions`));
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
  });
}

test('an endpoint that shows no list of models is asked for a word', async (t) => {
  const { endpoint } = await connect(t, { list: (response) => response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":{"message":"Missing scopes: api.model.read"}}') });
  assert.equal(endpoint.questions.length, 1);
});

test('a model that is not in the list is told', async (t) => {
  const { process } = await connect(t, { models: ['llama3.2:latest', 'other'] });
  assert.match(process.output, /lists no model "tiny-model"; it has llama3.2:latest, other/);
});

test('an endpoint that is not there, or not ready, is tried again, and the gateway is not dialled', async (t) => {
  const gateway = await Gateway.open();
  const { port } = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address));
    });
  });
  const process = agent(gateway, ['--api', `http://127.0.0.1:${port}`, '--model', MODEL, '--no-memory'], { NPCSIM_API_KEY: KEY });
  await until(() => /the endpoint is gone: it cannot be reached/.test(process.output), 'it is missed');
  let loading = true;
  const endpoint = await Endpoint.open({
    port,
    list: (response) => (loading ? endpoint.json(response, 503, refusal('Loading model')) : endpoint.json(response, 200, { data: [] })),
  });
  t.after(() => Promise.all([endpoint.close(), gateway.close()]));
  await until(() => /it is not ready: HTTP status 503: Loading model/.test(process.output), 'it is not ready');
  assert.equal(gateway.dials.length, 0);
  loading = false;
  await (await gateway.session()).start();
  process.kill('SIGTERM');
  await process.ended;
});

test('an endpoint that goes away costs the connection, and is found again', async (t) => {
  const { endpoint, gateway, session, process } = await connect(t);
  await decisionOf(session);
  const { port } = endpoint;
  await endpoint.close();
  const next = gateway.session();
  session.call(question()).catch(() => {});
  assert.match((await session.closed).reason, /the endpoint is gone/);
  const again = await Endpoint.open({ port });
  t.after(() => again.close());
  const session2 = await next;
  await session2.start();
  assert.equal((await decisionOf(session2)).choice, 1);
  assert.match(process.output, /the endpoint is gone: it cannot be reached/);
});

// ---------- trouble ----------

for (const [name, header, least, most] of [['seconds', () => '2', 1900, 8000], ['a date', () => new Date(Date.now() + 3000).toUTCString(), 1000, 8000], ['nothing', () => undefined, 900, 8000],
  ['nonsense', () => 'soon', 900, 8000], ['zero', () => '0', 900, 8000]]) {
  test(`429 with Retry-After ${name} is waited for, and the question is answered`, async (t) => {
    let count = 0;
    const { endpoint, session } = await connect(t, {
      answer: (body, response) => {
        if (count++ > 0) return completion('{"choice": 2}');
        const value = header();
        return endpoint.json(response, 429, refusal('slow down'), value === undefined ? {} : { 'retry-after': value });
      },
    });
    assert.equal((await decisionOf(session)).choice, 2);
    const [first, second] = endpoint.questions.map(({ at }) => at);
    assert.ok(second - first >= least && second - first < most, `${second - first} ms`);
  });
}

test('a question that cannot be answered in time is refused at once, and the gateway is told that there is no room', async (t) => {
  let busy = true;
  const { endpoint, session } = await connect(t, {
    answer: (body, response) => (busy ? endpoint.json(response, 429, refusal('quota'), { 'retry-after': '10' }) : completion('{"choice": 1}')),
  });
  const began = Date.now();
  const [first, second] = await Promise.all([session.call(question({ timeout: 5000 })), session.call(question({ npc: 53, timeout: 5000 }))]);
  assert.match(first.error.message, /refused: HTTP status 429: quota; the endpoint is left alone for 10 s/);
  assert.match(second.error.message, /refused/);
  assert.ok(Date.now() - began < 3000 * PATIENCE, 'at once');
  assert.match((await session.call(question({ timeout: 5000 }))).error.message, /refused/);
  const { length } = endpoint.questions;
  assert.ok(length <= 2, 'nothing is asked meanwhile');
  assert.deepEqual(room(session), [0]);
  busy = false;
  await until(() => room(session).length === 2, 'the pause is over', 15_000);
  assert.deepEqual(room(session), [0, 1]);
  assert.equal((await decisionOf(session)).choice, 1);
  await until(() => room(session).length === 3, 'there is more room again');
  assert.deepEqual(room(session), [0, 1, 2]);
});

test('500, a closed socket, half an answer and an error in an answer of status 200 are tried again', async (t) => {
  const ways = [
    (response) => response.writeHead(500).end('it broke'),
    (response) => response.socket.destroy(),
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"choices": [');
      setTimeout(() => response.socket?.destroy(), 50);
    },
    (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message: 'overloaded', code: 503 } })),
  ];
  for (const way of ways) {
    let count = 0;
    const { session, endpoint, process } = await connect(t, { answer: (body, response) => (count++ === 0 ? void way(response) : completion('{"choice": 2}')) });
    assert.equal((await decisionOf(session)).choice, 2, process.output);
    assert.equal(endpoint.questions.length, 2);
    process.kill('SIGKILL');
  }
});

test('what is no answer at all is a failure that tells why', async (t) => {
  const ways = [
    [(response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>'), /no chat completion/],
    [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": []}'), /says nothing/],
    [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[1,2'), /no chat completion/],
    [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end(), /no chat completion/],
    [(response) => response.writeHead(200, { 'content-type': 'application/json' }).end(`{"choices":${'['.repeat(100_000)}`), /no chat completion/],
    [(response) => response.writeHead(422, { 'content-type': 'application/json' }).end('{"detail":"no"}'), /HTTP status 422/],
  ];
  const left = [];
  const { session } = await connect(t, { answer: (body, response) => void left[0](response) });
  for (const [way, message] of ways) {
    left[0] = way;
    assert.match((await session.call(question())).error.message, message);
  }
});

test('bodies without end are cut off', async (t) => {
  const ways = [
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => { while (!response.destroyed && response.write(' '.repeat(65536))); };
      response.on('drain', more);
      more();
    },
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => { while (!response.destroyed && response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(1000) } }] })}\n\n`)); };
      response.on('drain', more);
      more();
    },
    (response) => {
      response.socket.write('HTTP/1.1 200 OK\r\n');
      for (let i = 0; i < 3000; i++) response.socket.write(`x-header-${i}: ${'y'.repeat(100)}\r\n`);
    },
  ];
  const left = [...ways];
  const { session, process } = await connect(t, { answer: (body, response) => void left[0](response) });
  for (const way of ways) {
    left[0] = way;
    assert.match((await session.call(question({ timeout: 3000 }))).error.message, way === ways[2] ? /refused: its answer broke off/ : /too long/);
  }
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))[1]) / 1024;
  assert.ok(peak < Number(globalThis.process.env.NPCSIM_AGENT_MEGABYTES ?? 60), `${peak} MB`);
});

test('no more questions than wanted are asked at a time, in their order', async (t) => {
  const { endpoint, session } = await connect(t, { concurrency: 2, answer: () => new Promise((resolve) => setTimeout(resolve, 150, completion('1'))) });
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => session.call(question({ npc: 60 + i }))));
  assert.ok(answers.every(({ result }) => result), JSON.stringify(answers.find(({ error }) => error)));
  assert.equal(endpoint.most, 2);
});

test('a question that is given up is let go, but one that is late may come late', async (t) => {
  const closed = [];
  const { endpoint, session } = await connect(t, {
    answer: (body, response) => new Promise((resolve) => {
      response.on('close', () => closed.push(!response.writableEnded));
      setTimeout(resolve, 1500, completion('{"choice": 2}'));
    }),
  });
  const call = session.call(question());
  const late = session.call(question({ timeout: 1000 }));
  await until(() => endpoint.questions.length === 2, 'both are asked');
  session.send({ method: 'notifications/cancelled', params: { requestId: call.id, reason: 'superseded' } });
  session.send({ method: 'notifications/cancelled', params: { requestId: late.id, reason: 'timeout' } });
  await until(() => closed.length === 1, 'the first is let go', 1200);
  assert.deepEqual(closed, [true]);
  assert.equal((await late).result.structuredContent.choice, 2);
});

// ---------- the key ----------

test('the key goes to the endpoint and nowhere else', async (t) => {
  const status = join(directory, 'api-status.json');
  const echo = [(response, endpoint) => endpoint.json(response, 400, refusal(`bad key ${KEY}`)), (response, endpoint) => endpoint.json(response, 200, completion(`{"choice": 3, "message": "${KEY}"}`)),
    (response, endpoint) => endpoint.json(response, 503, refusal(`${KEY}`)), (response) => response.writeHead(200).end(KEY),
    (response, endpoint) => endpoint.json(response, 400, refusal(`${'x'.repeat(290)}${KEY}`)), (response) => response.writeHead(418).end(`${'x'.repeat(150)}${KEY}`)];
  const { endpoint, session, process, memory, gateway } = await connect(t, {
    args: ['--status-file', status, '--log-level', 'debug'], env: { NPCSIM_API_KEY: 'sk-another-key' },
    answer: (body, response) => void echo[0](response, endpoint),
  });
  const heard = [];
  session.socket.on('message', (data) => heard.push(String(data)));
  for (let i = 0; i < 6; i++) {
    await session.call(question({ choices: CHOICES, timeout: 1500 }));
    echo.push(echo.shift());
  }
  const environment = existsSync(`/proc/${process.pid}/environ`) ? (() => { try { return readFileSync(`/proc/${process.pid}/environ`, 'latin1'); } catch { return ''; } })() : '';
  const diaries = readdirSync(memory, { recursive: true }).filter((name) => name.endsWith('.diary')).map((name) => readFileSync(join(memory, name), 'utf8'));
  assert.ok(diaries.length > 0);
  for (const [what, text] of Object.entries({
    'the log': process.output, 'the status file': readFileSync(status, 'utf8'), 'the gateway': heard.join() + JSON.stringify(gateway.dials), 'the environment': environment,
    'the command line': readFileSync(`/proc/${process.pid}/cmdline`, 'latin1'), memories: diaries.join(),
  })) assert.ok(!text.includes(KEY.slice(0, 8)) && !text.includes('sk-another-key'), `${what} has it, or a part of it`);
  assert.ok(endpoint.requests.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
});

test('a wrong key ends the agent, which says what to do', async () => {
  const endpoint = await Endpoint.open();
  const gateway = await Gateway.open();
  for (const [args, env, message] of [
    [['--api-key-file', keyFile('sk-wrong')], {}, /refuses the key \(HTTP status 401: .*\): check the file ".*" of --api-key-file/],
    [[], { NPCSIM_API_KEY: 'sk-wrong' }, /refuses the key .*: check NPCSIM_API_KEY/],
    [[], {}, /wants a key .*: give it by --api-key-file FILE, or NPCSIM_API_KEY/],
  ]) {
    const process = agent(gateway, ['--api', endpoint.url, '--model', MODEL, '--no-memory', ...args], env);
    assert.deepEqual(await process.ended, { code: 1, signal: null });
    assert.match(process.output, message);
    assert.doesNotMatch(process.output, /sk-wrong/);
  }
  assert.ok(endpoint.requests.length <= 6);
  assert.equal(gateway.dials.length, 0);
  await endpoint.close();
  await gateway.close();
});

test('a key that is refused later ends the agent, too, without a hot loop', async (t) => {
  const { endpoint, session, process } = await connect(t);
  await decisionOf(session);
  endpoint.key = 'sk-rotated';
  session.call(question()).catch(() => {});
  assert.deepEqual(await process.ended, { code: 1, signal: null });
  assert.match(process.output, /refuses the key/);
  assert.ok(endpoint.requests.length < 10);
});

test('a key file that others may read is told', async (t) => {
  const { process } = await connect(t, { args: ['--api-key-file', keyFile(KEY, 0o644)] });
  assert.match(process.output, /key file ".*" is open to others \(mode 0644\): chmod 600 it/);
});

// ---------- memories ----------

test('it remembers what it did and heard, on the disk, for itself alone', async (t) => {
  const memory = memoryDir();
  const first = await connect(t, { memory, answer: () => completion('{"choice": 3, "message": "Hello Gus"}') });
  await decisionOf(first.session, { clock: 100, choices: CHOICES });
  await decisionOf(first.session, {
    clock: 110, choices: CHOICES, events: [{ at: 105, type: 'interaction_started', interaction: 'conversation', interaction_id: 1, target_id: 67 }],
    conversation: [{ name: 'Zoe', message: 'Hello Gus' }, { name: 'Gus', message: 'Nice weather' }],
  });
  await decisionOf(first.session, { npc: 53, clock: 111, choices: CHOICES });
  first.process.kill('SIGTERM');
  await first.process.ended;
  const [, { content: before }] = first.endpoint.questions[1].body.messages;
  assert.match(before, /What you remember:\n- you said: Hello Gus\n- interaction started: conversation\n- Gus said: Nice weather\n/);
  assert.doesNotMatch(first.endpoint.questions[2].body.messages[1].content, /remember/, 'nobody remembers for others');

  const gatewayPort = first.gateway.port;
  await first.gateway.close();
  const second = await connect(t, { memory, gatewayPort });
  await decisionOf(second.session, { clock: 200, conversation: [{ name: 'Gus', message: 'Nice weather' }, { name: 'Gus', message: 'Bye' }] });
  const [, { content }] = second.endpoint.questions[0].body.messages;
  assert.match(content, /- Gus said: Nice weather\n- you said: Hello Gus\n- Gus said: Bye\n/);
  const files = readdirSync(memory, { recursive: true }).filter((name) => name.endsWith('.diary'));
  assert.deepEqual(files.map((name) => name.split('/').at(-1)).sort(), ['1-52.diary', '1-53.diary']);

  const elsewhere = await connect(t, { memory });
  await decisionOf(elsewhere.session, { clock: 300 });
  assert.doesNotMatch(elsewhere.endpoint.questions[0].body.messages[1].content, /remember/, 'the NPCs of another gateway are others');
});

test('memories that are damaged or not ours are not read, and nothing is written through links', async (t) => {
  const gateway = await Gateway.open();
  const endpoint = await Endpoint.open();
  t.after(() => Promise.all([endpoint.close(), gateway.close()]));
  const memory = memoryDir();
  const place = join(memory, `127.0.0.1_${gateway.port}`);
  const target = join(directory, 'not-ours');
  mkdirSync(place, { recursive: true });
  writeFileSync(target, 'precious');
  const good = (npc) => ({ npcsim_diary: 1, world: 1, npc, heard_until: 1, last_message: '', entries: [{ at: 1, text: 'you chose: to whistle' }] });
  const texts = [JSON.stringify(good(52)), 'garbage', JSON.stringify(good(1)), '[]', `${JSON.stringify(good(56)).slice(0, -1)},"x":"${'y'.repeat(20_000)}"}`,
    JSON.stringify({ ...good(57), entries: [{ at: 'now', text: 'whistle' }] }), JSON.stringify({ ...good(58), entries: Array(500).fill({ at: 1, text: 'whistle' }) }),
    JSON.stringify({ ...good(59), heard_until: 1e9 })];
  texts.forEach((text, i) => writeFileSync(join(place, `1-${52 + i}.diary`), text));
  symlinkSync(target, join(place, '1-60.diary'));
  const process = agent(gateway, ['--api', endpoint.url, '--model', MODEL, '--memory-dir', memory, '--max-concurrency', '4'], { NPCSIM_API_KEY: KEY });
  const session = await gateway.session();
  await session.start();
  for (let npc = 52; npc <= 60; npc++) await decisionOf(session, { npc });
  const told = endpoint.questions.map(({ body }) => /whistle/.test(body.messages[1].content));
  assert.deepEqual(told, [true, ...Array(8).fill(false)]);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
  for (let npc = 52; npc <= 60; npc++) {
    const file = join(place, `1-${npc}.diary`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).npc, npc);
  }
  process.kill('SIGTERM');
  await process.ended;
});

// ---------- wrong usage ----------

test('wrong usage is told and ends with status 2', async () => {
  const long = 'x'.repeat(300);
  const bad = join(directory, 'bad-prompt');
  writeFileSync(bad, Buffer.from([0xff, 0xfe]));
  for (const [args, message] of [
    [['--api', 'http://h'], /--api needs --model/],
    [['--api', 'ftp://h', '--model', 'm'], /must begin with http/],
    [['--api', 'http://u:p@h', '--model', 'm'], /a key goes into --api-key-file/],
    [['--api', 'http://h', '--model', long], /--model must be/],
    [['--api', 'http://h', '--model', 'm', '--mcp', 'true'], /not more/],
    [['--mind', 'builtin', '--model', 'm'], /go with --api/],
    [['--mind', 'clever'], /must be builtin/],
    [['--api', 'http://h', '--model', 'm', '--api-key', 'sk-oops'], /--api-key is not taken/],
    [['--api', 'http://h', '--model', 'm', '--api-key=sk-oops'], /--api-key is not taken/],
    [['--api', 'http://h', '--model', 'm', '--api-key-file', '/nonexistent'], /cannot read key file/],
    [['--api', 'http://h', '--model', 'm', '--prompt-file', '/nonexistent'], /cannot read prompt file/],
    [['--api', 'http://h', '--model', 'm', '--prompt-file', bad], /no text in UTF-8/],
    [['--api', 'http://h', '--model', 'm', '--prompt-file', '/dev/zero'], /more than 64 KiB/],
    [['--api', 'http://h', '--model', 'm', '--parameter', 'stream=true'], /the agent sets it itself/],
    [['--api', 'http://h', '--model', 'm', '--parameter', 'temperature'], /NAME=VALUE/],
    [['--api', 'http://h', '--model', 'm', '--max-tokens', '1'], /from 16 to 32768/],
    [['--api', 'http://h', '--model', 'm', '--memory-dir', '/x', '--no-memory'], /do not go together/],
  ]) {
    const process = agent('ws://127.0.0.1:1', args);
    assert.deepEqual(await process.ended, { code: 2, signal: null }, args.join(' '));
    assert.match(process.output, message);
    assert.doesNotMatch(process.output, /sk-oops/);
  }
});

// ---------- without a mind ----------

test('--mind builtin answers with the first of the choices', async (t) => {
  const gateway = await Gateway.open();
  t.after(() => gateway.close());
  const process = agent(gateway, ['--mind', 'builtin', '--max-concurrency', '8']);
  const session = await gateway.session();
  assert.equal(gateway.dials[0].url, '/mcp?source=builtin&max_concurrency=8&choices=1&compact=1');
  assert.equal(await session.start(), 'modern');
  assert.deepEqual(await decisionOf(session), { choice: 1, tokens: 0 });
  assert.deepEqual(await decisionOf(session, { choices: null }), { action: 'continue', tokens: 0 });
  assert.equal((await session.request('nonsense')).error.code, -32601);
  assert.equal((await session.request('tools/call', { name: 'other', arguments: {} })).error.code, -32602);
  assert.equal((await session.call({ observations: 'none' })).error.code, -32602);
  process.kill('SIGTERM');
  assert.deepEqual(await process.ended, { code: 0, signal: null });
});

// ---------- with a real gateway ----------

test('NPCs live by an endpoint, and by no mind, in a real colony', async () => {
  const colony = await startColony({ npcs: 8, preset: 'default', running: false });
  const endpoint = await Endpoint.open({
    answer: (body) => completion(JSON.stringify({ choice: body.response_format.json_schema.schema.properties.choice.enum.length > 1 ? 2 : 1, message: 'Good day to you' })),
  });
  try {
    await colony.query('UPDATE npcsim.worlds SET idle_interval = 3 WHERE id = $1', [colony.worldId]);
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [colony.worldId])).map(({ id }) => id);
    const ada = await colony.player('ada', npcs.slice(0, 4));
    const bob = await colony.player('bob', npcs.slice(4));
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    const lender = colony.agent(ada, ['--api', endpoint.url, '--model', MODEL, '--memory-dir', memoryDir()], { NPCSIM_API_KEY: KEY });
    colony.agent(bob, ['--mind', 'builtin', '--stateless']);
    const applied = (player) => colony.value('SELECT count(*)::int FROM npcsim.decision_log WHERE player_id = $1 AND status = \'applied\'', [player.id]);
    await waitFor(async () => (await applied(ada)) >= 6 && (await applied(bob)) >= 6, { timeout: 45_000 * PATIENCE, what: () => `decisions: ${lender.output}` });
    const [{ tokens, refused }] = await colony.query('SELECT sum(tokens)::int AS tokens, count(*) FILTER (WHERE status IN (\'rejected\', \'failed\'))::int AS refused FROM npcsim.decision_log WHERE player_id = $1', [ada.id]);
    assert.ok(tokens >= 6 * 9, `${tokens} tokens`);
    assert.ok(refused <= 2, `${refused} were refused: ${lender.output}`);
    assert.deepEqual(endpoint.faults, []);
    assert.deepEqual(await colony.query('SELECT name, kind, models, stateless FROM npcsim.compute_sources ORDER BY name'), [
      { name: 'builtin', kind: 'player_mcp', models: [], stateless: true }, { name: 'player_api_key', kind: 'player_api_key', models: [MODEL], stateless: false }]);
    // an endpoint that wants to be left alone gets no questions, and its NPCs are looked after
    endpoint.answer = (body, response) => endpoint.json(response, 429, refusal('come back later'), { 'retry-after': '60' });
    await waitFor(() => colony.value('SELECT max_concurrency = 0 FROM npcsim.sessions WHERE player_id = $1', [ada.id]), { timeout: 20_000 * PATIENCE, what: 'no room is offered' });
    const { length } = endpoint.questions;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(endpoint.questions.length, length);
  } finally {
    await colony.stop();
    await endpoint.close();
  }
});
