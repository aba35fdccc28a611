// Tests npcsim-agent against a gateway that this file plays, and MCP servers on the official SDKs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { Gateway, TOKEN } from './agent/gateway.mjs';
import { AGENT, agent, alive, cleanUp, directory, httpMind, mind, PATIENCE, start, until } from './agent/process.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 * PATIENCE }, body);

after(cleanUp);

// An agent and its session, to be ended by the test's end.
async function connect(t, args, gateway) {
  const ours = gateway ?? (await Gateway.open());
  const opened = ours.session();
  const process = agent(ours, args);
  t.after(async () => {
    process.kill('SIGKILL');
    await process.ended;
    if (!gateway && ours.http.listening) await ours.close();
  });
  const session = await Promise.race([
    opened,
    process.ended.then(({ code }) => assert.fail(`the agent ended with status ${code}: ${process.output}`)),
  ]);
  return { gateway: ours, process, session };
}

async function answersCalls(session, count = 8) {
  const { result } = await session.request('tools/list');
  assert.deepEqual(result.tools.map(({ name }) => name), ['decide_action']);
  const calls = Array.from({ length: count }, (_, i) => session.call({ request_id: i, behaviour: 'slow', ms: 100 }));
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map((answer) => answer.result.structuredContent.request_id), answers.map((_, i) => i));
}

// ---------- stdio ----------

for (const [sdk, era] of [['2', 'modern'], ['1', '2025-11-25']]) {
  test(`an MCP server of SDK ${sdk}.x on stdio answers in its era`, async (t) => {
    const { gateway, session } = await connect(t, ['--mcp', mind('--sdk', sdk, '--stdio').command, '--source', 'my mind&1', '--max-concurrency', '4']);
    assert.equal(gateway.dials[0].url, '/mcp?source=my%20mind%261&max_concurrency=4');
    assert.equal(gateway.dials[0].headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(gateway.dials[0].headers['sec-websocket-protocol'], 'mcp');
    assert.equal(await session.start(), era);
    await answersCalls(session);
    assert.deepEqual(session.unasked, [], 'the answer to the question of the agent stays with the agent');
  });
}

test('line feeds within a frame do not break a message in two', async (t) => {
  const { session } = await connect(t, ['--mcp', mind('--stdio').command]);
  await session.start();
  const { result } = await session.call({ request_id: 5 }, { pretty: 2 });
  assert.equal(result.structuredContent.request_id, 5);
});

test('what the server prints that is no JSON-RPC is dropped and told', async (t) => {
  const { process, session } = await connect(t, ['--mcp', mind('--stdio', '--greet').command]);
  await session.start();
  const { result } = await session.call({ behaviour: 'garbage', request_id: 1 });
  assert.equal(result.structuredContent.request_id, 1);
  assert.deepEqual(session.unasked, []);
  await until(() => process.output.includes('[mcp server] a word on stderr'), 'stderr is passed on');
  for (const line of ['Welcome to the mind!', 'this is not JSON', '[1,2]', '{"half":', '42'])
    assert.match(process.output, new RegExp(`no JSON-RPC message: ${line.replace(/[[\]{}]/g, '\\$&')}\n`));
});

test('a line longer than any message is dropped, and what follows is not', async (t) => {
  const { process, session } = await connect(t, ['--mcp', mind('--stdio').command]);
  await session.start();
  const { result } = await session.call({ behaviour: 'huge line', bytes: 5_000_000, request_id: 2 });
  assert.equal(result.structuredContent.request_id, 2);
  assert.match(process.output, /dropped a line of 5000000 bytes/);
});

test('an answer longer than the gateway takes becomes an error, and the session lives', async (t) => {
  const { session } = await connect(t, ['--mcp', mind('--stdio').command]);
  await session.start();
  const { error } = await session.call({ behaviour: 'huge answer', bytes: 300_000 });
  assert.match(error.message, /more than the 262144 allowed/);
  assert.ok((await session.call({ behaviour: 'huge answer', bytes: 100_000 })).result);
});

test('thousands of calls pass, with long arguments', async (t) => {
  const { session } = await connect(t, ['--mcp', mind('--stdio').command]);
  await session.start();
  const text = 'z'.repeat(50_000);
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => session.call({ request_id: i, behaviour: i % 10 ? '' : text })));
    assert.deepEqual(answers.map(({ result }) => result.structuredContent.request_id), answers.map((_, i) => i));
  }
});

test('a server that dies costs the connection, and a new one comes with a new connection', async (t) => {
  const server = mind('--stdio');
  const { gateway, process: agentProcess, session } = await connect(t, ['--mcp', server.command]);
  await session.start();
  const { pid } = server.events()[0];
  const next = gateway.session();
  process.kill(pid, 'SIGKILL');
  const { code, reason } = await session.closed;
  assert.equal(code, 1001);
  assert.equal(reason, 'the MCP server is gone');
  const again = await next;
  assert.equal(await again.start(), 'modern');
  await answersCalls(again);
  assert.match(agentProcess.output, /killed by signal 9/);
  const pids = server.events().filter(({ event }) => event === 'start').map((event) => event.pid);
  assert.equal(pids.length, 2);
  assert.notEqual(pids[0], pids[1]);
});

test('a server that exits during a call costs the connection', async (t) => {
  const { process, session } = await connect(t, ['--mcp', mind('--stdio').command]);
  await session.start();
  await assert.rejects(session.call({ behaviour: 'die' }), /closed/);
  assert.match(process.output, /exited with status 7/);
});

test('a server that never comes up is tried again, and the gateway is not dialled', async (t) => {
  const gateway = await Gateway.open();
  t.after(() => gateway.close());
  const process = agent(gateway, ['--mcp', 'sh -c "echo hopeless >&2; exit 9"']);
  await until(() => process.output.split('exited with status 9').length > 2, 'it is started twice');
  assert.match(process.output, /\[mcp server\] hopeless/);
  assert.equal(gateway.dials.length, 0);
  process.kill('SIGTERM');
  assert.deepEqual(await process.ended, { code: 0, signal: null });
});

test('a server that stands nothing before initialize is served all the same', async (t) => {
  const { session, process } = await connect(t, ['--mcp', mind('--sdk', '1', '--stdio', '--strict').command]);
  assert.equal(await session.start(), '2025-11-25');
  await answersCalls(session);
  assert.match(process.output, /it is not asked any more/);
});

test('when the agent is killed, the server and what it started are gone', async (t) => {
  const server = mind('--stdio', '--stubborn');
  const { process: agentProcess, session } = await connect(t, ['--mcp', `sh -c "sleep 1000 & echo sleeper $! >&2; ${server.command}; true"`]);
  await session.start();
  const { pid } = server.events()[0];
  const sleeper = Number(/sleeper (\d+)/.exec(agentProcess.output)[1]);
  assert.ok(alive(pid) && alive(sleeper));
  agentProcess.kill('SIGKILL');
  await until(() => !alive(pid) && !alive(sleeper), 'all are gone', 3000);
});

test('on SIGTERM the server is asked to end, by the end of its stdin', async (t) => {
  const server = mind('--stdio');
  const { process, session } = await connect(t, ['--mcp', server.command]);
  await session.start();
  process.kill('SIGTERM');
  assert.equal((await session.closed).code, 1001);
  assert.deepEqual(await process.ended, { code: 0, signal: null });
  assert.ok(!alive(server.events()[0].pid));
  assert.doesNotMatch(process.output, /SIGTERM: it is killed|it gets SIGTERM/);
});

test('a server that does not want to end is made to', async (t) => {
  const server = mind('--stdio', '--stubborn');
  const { process, session } = await connect(t, ['--mcp', server.command]);
  await session.start();
  process.kill('SIGINT');
  assert.deepEqual(await process.ended, { code: 0, signal: null });
  assert.ok(!alive(server.events()[0].pid));
  assert.ok(server.events().some(({ event }) => event === 'SIGTERM'));
  assert.match(process.output, /does not end on SIGTERM: it is killed/);
});

test('a second signal leaves the server no time', async (t) => {
  const server = mind('--stdio', '--stubborn');
  const { process, session } = await connect(t, ['--mcp', server.command]);
  await session.start();
  process.kill('SIGINT');
  await session.closed;
  const asked = Date.now();
  process.kill('SIGINT');
  assert.deepEqual(await process.ended, { code: 0, signal: null });
  assert.ok(Date.now() - asked < 1500 * PATIENCE);
});

// Memory of a process that is held back must not grow, so its peak tells.
function peakMegabytes(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

function script(name, text) {
  const file = join(directory, name);
  writeFileSync(file, text);
  return `'${process.execPath}' '${file}'`;
}

const ready = `console.log(JSON.stringify({ jsonrpc: '2.0', id: 'npcsim-agent-probe', result: {} }));`;
const MEGABYTES = Number(process.env.NPCSIM_AGENT_MEGABYTES ?? 60);

test('a server that talks without end is held back while the gateway does not read', async (t) => {
  const command = script('talker.mjs', `${ready}
    let n = 0;
    const talk = () => { while (process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { n: n++, text: 'q'.repeat(20000) } }) + '\\n')); };
    process.stdout.on('drain', talk);
    process.stdin.resume().on('end', () => process.exit());
    setTimeout(talk, 200);`);
  const { process: agentProcess, session } = await connect(t, ['--mcp', command]);
  let count = 0;
  let lost = 0;
  session.receive = ({ params }) => {
    lost += params.n !== count;
    count = params.n + 1;
  };
  session.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const seen = count;
  session.socket.resume();
  await until(() => count > seen + 3000, 'it goes on', 60000);
  assert.equal(lost, 0);
  assert.ok(peakMegabytes(agentProcess.pid) < MEGABYTES, `${peakMegabytes(agentProcess.pid)} MB`);
});

test('the gateway is held back while the server does not read', async (t) => {
  const command = script('deaf.mjs', `${ready}
    let n = 0;
    setTimeout(() => process.stdin.on('data', (data) => { n += data.length; if (data.includes('the end')) console.error('bytes: ' + n); }), 2000);
    setInterval(() => {}, 1000);`);
  const { process: agentProcess, session } = await connect(t, ['--mcp', command]);
  const message = JSON.stringify({ jsonrpc: '2.0', method: 'x', params: 'p'.repeat(60000) });
  for (let i = 0; i < 1500; i++) session.socket.send(message);
  session.socket.send('{"jsonrpc":"2.0","method":"the end"}');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.ok(session.socket.bufferedAmount > 60e6, 'most still waits at the gateway');
  const { 1: bytes } = await until(() => /bytes: (\d+)/.exec(agentProcess.output), 'all arrives', 30000);
  assert.ok(Number(bytes) >= 1500 * (message.length + 1));
  assert.ok(peakMegabytes(agentProcess.pid) < MEGABYTES, `${peakMegabytes(agentProcess.pid)} MB`);
});

test('an HTTP server that talks without end is held back too', async (t) => {
  let stream;
  let count = 0;
  const talk = () => {
    while (stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { n: count++, text: 'q'.repeat(20000) } })}\n\n`));
  };
  const web = createServer((request, response) => {
    if (request.method !== 'GET') return response.writeHead(404).end();
    stream = response.writeHead(200, { 'content-type': 'text/event-stream' }).on('drain', talk);
    stream.write('event: endpoint\ndata: /messages?session=1\n\n');
    setTimeout(talk, 300);
  });
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    web.closeAllConnections();
    web.close();
  });
  const { process: agentProcess, session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${web.address().port}/sse`]);
  let seen = 0;
  let lost = 0;
  session.receive = ({ params }) => {
    lost += seen > 0 && params.n !== seen;
    seen = params.n + 1;
  };
  session.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const before = seen;
  session.socket.resume();
  await until(() => seen > before + 2000, 'it goes on');
  assert.equal(lost, 0);
  assert.ok(peakMegabytes(agentProcess.pid) < MEGABYTES, `${peakMegabytes(agentProcess.pid)} MB`);
});

test('the server does not see the token', async (t) => {
  const { process } = await connect(t, ['--mcp', `sh -c "env | grep -c NPCSIM_TOKEN >&2; ${mind('--stdio').command}; true"`]);
  assert.match(process.output, /\[mcp server\] 0\n/);
});

// ---------- HTTP ----------

const httpKinds = [
  ['SDK 2.x over Streamable HTTP', ['--sdk', '2', '--http', '0'], 'mcp', [], 'modern'],
  ['SDK 1.x over Streamable HTTP, event streams', ['--sdk', '1', '--http', '0'], 'mcp', [], '2025-11-25'],
  ['SDK 1.x over Streamable HTTP, JSON', ['--sdk', '1', '--http', '0', '--json'], 'mcp', ['--mcp-transport', 'streamable'], '2025-11-25'],
  ['SDK 1.x over HTTP + SSE, detected', ['--sdk', '1', '--sse', '0'], 'sse', [], '2025-11-25'],
  ['SDK 1.x over HTTP + SSE, by choice', ['--sdk', '1', '--sse', '0'], 'sse', ['--mcp-transport', 'sse'], '2025-11-25'],
];

for (const [name, serverArgs, path, agentArgs, era] of httpKinds) {
  test(`an MCP server of ${name} answers`, async (t) => {
    const server = await httpMind(...serverArgs);
    const { session, process } = await connect(t, ['--mcp-url', `http://127.0.0.1:${server.port}/${path}`, ...agentArgs]);
    assert.equal(await session.start(), era);
    const begun = Date.now();
    await answersCalls(session, 16);
    assert.ok(Date.now() - begun < 1400 * PATIENCE, 'calls are under way side by side');
    assert.deepEqual(session.unasked, []);
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
  });
}

test('a session of the older era is opened afresh for each connection, and closed after it', async (t) => {
  const server = await httpMind('--sdk', '1', '--http', '0');
  const { gateway, session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${server.port}/mcp`]);
  await session.start();
  await answersCalls(session, 1);
  const next = gateway.session();
  session.socket.close(1001);
  const again = await next;
  await again.start();
  await answersCalls(again, 1);
  await until(() => server.events().some(({ event }) => event === 'session closed'), 'the session is closed');
  const posts = server.events().filter(({ method, headers }) => method === 'POST' && headers['mcp-session-id']);
  assert.equal(new Set(posts.map(({ headers }) => headers['mcp-session-id'])).size, 2);
  assert.ok(posts.every(({ headers }) => headers['mcp-protocol-version'] === '2025-11-25'));
  await until(() => server.events().some(({ method }) => method === 'GET'), 'its own stream is opened');
});

test('without sessions, requests are mirrored in headers and cancelled by closing their stream', async (t) => {
  const server = await httpMind('--sdk', '2', '--http', '0', '--wide');
  const { session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${server.port}/mcp`]);
  await session.start();
  await answersCalls(session, 1);
  assert.ok((await session.call({ behaviour: 'grüß', request_id: 3 })).result);
  const posts = server.events().filter(({ method }) => method === 'POST');
  const last = posts.at(-1).headers;
  assert.equal(last['mcp-protocol-version'], '2026-07-28');
  assert.equal(last['mcp-method'], 'tools/call');
  assert.equal(last['mcp-name'], 'decide_action');
  assert.equal(last['mcp-param-behaviour'], `=?base64?${Buffer.from('grüß').toString('base64')}?=`);

  const call = session.call({ behaviour: 'slow', ms: 5000, request_id: 77 });
  await until(() => server.events().some(({ event, request_id }) => event === 'call' && request_id === 77), 'it is under way');
  session.cancel(call.id);
  await until(() => server.events().some(({ event, request_id }) => event === 'aborted' && request_id === 77), 'it is aborted', 3000);
});

test('a cancelled call of the older era is told by its notification', async (t) => {
  const server = await httpMind('--sdk', '1', '--http', '0');
  const { session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${server.port}/mcp`]);
  await session.start();
  const call = session.call({ behaviour: 'slow', ms: 5000, request_id: 78 });
  await until(() => server.events().some(({ event }) => event === 'call'), 'it is under way');
  session.cancel(call.id);
  await until(() => server.events().some(({ event }) => event === 'aborted'), 'it is aborted', 3000);
});

test('an HTTP server that goes away costs the connection, and is found again', async (t) => {
  const server = await httpMind('--sdk', '2', '--http', '0');
  const { gateway, process, session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${server.port}/mcp`]);
  await session.start();
  const call = session.call({ behaviour: 'slow', ms: 5000 });
  await until(() => server.events().some(({ event }) => event === 'call'), 'it is under way');
  server.child.kill('SIGKILL');
  await session.closed;
  await call.catch(() => {});
  const dials = gateway.dials.length;
  await until(() => process.output.includes('cannot be reached'), 'it is missed');
  assert.equal(gateway.dials.length, dials, 'the gateway is not dialled without a server');
  const next = gateway.session();
  await httpMind('--sdk', '2', '--http', String(server.port));
  await (await next).start();
});

test('what HTTP refuses becomes an error with the id of the request', async (t) => {
  const web = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const { id, method } = JSON.parse(body);
      if (method === 'server/discover') return response.writeHead(400, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":["2027-01-01"]}}}');
      if (method === 'a') return response.writeHead(500).end('it broke');
      if (method === 'b') return response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n');
      if (method === 'c') return response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
      return response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
    });
  });
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    web.closeAllConnections();
    web.close();
  });
  const { session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${web.address().port}/`]);
  const { error } = await session.request('server/discover');
  assert.deepEqual([error.code, error.data], [-32022, { supported: ['2027-01-01'] }]);
  assert.match((await session.request('a')).error.message, /HTTP status 500: it broke/);
  assert.match((await session.request('b')).error.message, /ended its answer early/);
  assert.match((await session.request('c')).error.message, /neither JSON nor an event stream/);
  assert.deepEqual((await session.request('d')).result, {});
});

// Servers that let nothing pass before "initialize", each in its own words.
for (const [status, type, body] of [
  [400, 'text/plain', 'Bad Request: No valid session ID provided'],
  [400, 'application/json', '{"error":"not initialized"}'],
  [404, 'text/plain', 'invalid session'],
  [404, 'application/json', '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}'],
  [405, 'text/html', '<h1>Method Not Allowed</h1>'],
  [406, 'text/html', '<h1>Not Acceptable</h1>'],
  [415, 'application/json', '[]'],
  [422, 'application/json', '{"detail":[{"msg":"field required"}]}'],
  [500, 'text/plain', 'Internal Server Error'],
  [200, 'application/json', '{"jsonrpc":"2.0","id":"npcsim-agent-probe","error":{"code":-31999,"message":"?"}}'],
]) {
  test(`a server that refuses what comes before initialize with ${status} ${body} is initialized`, async (t) => {
    const web = createServer((request, response) => {
      let text = '';
      request.on('data', (data) => (text += data));
      request.on('end', () => {
        const { id, method, params } = text ? JSON.parse(text) : {};
        const answer = (result) => response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
        if (request.method !== 'POST') return response.writeHead(405).end();
        if (method === 'initialize') return answer({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'own', version: '1' } });
        if (request.headers['mcp-session-id'] !== 's') return response.writeHead(status, { 'content-type': type }).end(status === 200 ? body.replace('"npcsim-agent-probe"', JSON.stringify(id)) : body);
        if (id === undefined) return response.writeHead(202).end();
        return answer({ tools: [{ name: 'decide_action', inputSchema: { type: 'object' } }] });
      });
    });
    await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      web.closeAllConnections();
      web.close();
    });
    const { session } = await connect(t, ['--mcp-url', `http://127.0.0.1:${web.address().port}/mcp`]);
    assert.equal(await session.start(), '2025-11-25');
    assert.equal((await session.request('tools/list')).result.tools[0].name, 'decide_action');
  });
}

for (const status of [401, 403]) {
  test(`a server that refuses us with ${status} is not asked again in another way`, async (t) => {
    const methods = [];
    const web = createServer((request, response) => {
      let text = '';
      request.on('data', (data) => (text += data));
      request.on('end', () => {
        methods.push(JSON.parse(text || '{}').method);
        response.writeHead(status).end('who are you?');
      });
    });
    await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
    const gateway = await Gateway.open();
    const process = agent(gateway, ['--mcp-url', `http://127.0.0.1:${web.address().port}/mcp`]);
    t.after(async () => {
      process.kill('SIGKILL');
      web.close();
      await gateway.close();
    });
    await until(() => process.output.includes(`it refuses us with HTTP status ${status}`), 'it is told');
    assert.deepEqual([...new Set(methods)], ['server/discover']);
    assert.equal(gateway.dials.length, 0);
  });
}

test('an address where no MCP server is: the gateway is not dialled', async (t) => {
  const web = createServer((request, response) => response.writeHead(404).end('nothing here'));
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  const gateway = await Gateway.open();
  t.after(async () => {
    web.close();
    await gateway.close();
  });
  const process = agent(gateway, ['--mcp-url', `http://127.0.0.1:${web.address().port}/mcp`]);
  await until(() => process.output.includes('it is no MCP server: POST gives HTTP status 404, GET gives HTTP status 404'), 'it is told');
  assert.equal(gateway.dials.length, 0);
  process.kill('SIGTERM');
  assert.deepEqual(await process.ended, { code: 0, signal: null });
});

// ---------- the gateway ----------

test('a gateway that is started again finds the agent back, with a fresh server', async (t) => {
  const server = mind('--stdio');
  const { gateway, session } = await connect(t, ['--mcp', server.command]);
  await session.start();
  const { port } = gateway;
  await gateway.close();
  await session.closed;
  const second = await Gateway.open(port);
  t.after(() => second.close());
  const again = second.sessions[0] ?? (await second.session());
  assert.equal(await again.start(), 'modern');
  await answersCalls(again);
  assert.equal(server.events().filter(({ event }) => event === 'start').length, 2);
});

test('an agent waits for a gateway that is not there yet, and keeps its server', async (t) => {
  const first = await Gateway.open();
  const { port } = first;
  await first.close();
  const server = mind('--stdio');
  const process = agent({ port }, ['--mcp', server.command]);
  t.after(() => process.kill('SIGKILL'));
  await until(() => process.output.includes('not connected to the gateway'), 'the first dial fails');
  const gateway = await Gateway.open(port);
  t.after(() => gateway.close());
  await (await gateway.session()).start();
  assert.equal(server.events().filter(({ event }) => event === 'start').length, 1);
});

for (const status of [401, 403]) {
  test(`a token that is refused with HTTP ${status} ends the agent`, async (t) => {
    const gateway = await Gateway.open(0, () => status);
    t.after(() => gateway.close());
    const process = agent(gateway, ['--mcp', mind('--stdio').command]);
    assert.deepEqual(await process.ended, { code: 1, signal: null });
    assert.match(process.output, new RegExp(`refuses this player: .*HTTP status ${status}; check the token`));
    assert.equal(gateway.dials.length, 1);
    assert.ok(!process.output.includes(TOKEN));
  });
}

for (const [code, status, text] of [[4001, 0, /newer agent .* has taken over/], [4002, 1, /refuses this player: .*4002 bad token/], [4003, 1, /4003/]]) {
  test(`close code ${code} ends the agent with status ${status}`, async (t) => {
    const server = mind('--stdio');
    const { process, session } = await connect(t, ['--mcp', server.command]);
    session.socket.close(code, code === 4002 ? 'bad token' : '');
    assert.deepEqual(await process.ended, { code: status, signal: null });
    assert.match(process.output, text);
    assert.ok(!alive(server.events()[0].pid));
  });
}

test('other refusals are tried again', async (t) => {
  let count = 0;
  const gateway = await Gateway.open(0, () => (count++ < 1 ? 503 : 0));
  const { process } = await connect(t, ['--mcp', mind('--stdio').command], gateway);
  t.after(() => gateway.close());
  assert.match(process.output, /HTTP status 503/);
});

test('a redirect is not followed: the token goes nowhere else', async (t) => {
  let seen = 0;
  const other = createServer((request, response) => {
    seen++;
    response.end();
  });
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const web = createServer();
  web.on('upgrade', (request, socket) =>
    socket.end(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${other.address().port}/mcp\r\nContent-Length: 0\r\n\r\n`));
  await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
  const process = agent({ port: web.address().port }, ['--mcp', mind('--stdio').command]);
  t.after(() => {
    process.kill('SIGKILL');
    other.close();
    web.close();
  });
  await until(() => process.output.includes('not connected'), 'the dial fails');
  assert.equal(seen, 0);
});

test('over TLS, the gateway must have a certificate for its name', async (t) => {
  const file = (name) => join(directory, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key.pem'), '-out', file('cert.pem')], { stdio: 'ignore' });
  const gateway = await Gateway.open(0, undefined, { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) });
  t.after(() => gateway.close());
  const server = mind('--stdio').command;

  const stranger = agent(`wss://localhost:${gateway.port}`, ['--mcp', server]);
  await until(() => stranger.output.includes('not connected'), 'an unknown certificate is refused');
  const other = agent(`wss://127.0.0.1:${gateway.port}`, ['--mcp', server], { SSL_CERT_FILE: file('cert.pem') });
  await until(() => other.output.includes('not connected'), 'a certificate of another name is refused');
  assert.equal(gateway.dials.length, 0);

  const opened = gateway.session();
  const friend = agent(`wss://localhost:${gateway.port}`, ['--mcp', server], { SSL_CERT_FILE: file('cert.pem') });
  const session = await opened;
  assert.equal(await session.start(), 'modern');
  await answersCalls(session);
  for (const each of [stranger, other, friend]) {
    each.kill('SIGTERM');
    assert.equal((await each.ended).code, 0);
  }
});

test('a ping is answered', async (t) => {
  const { session } = await connect(t, ['--mcp', mind('--stdio').command]);
  const pong = new Promise((resolve) => session.socket.on('pong', (data) => resolve(data.toString())));
  session.socket.ping('are you there');
  assert.equal(await pong, 'are you there');
});

test('a message larger than any is refused with 1009', async (t) => {
  const { session } = await connect(t, ['--mcp', mind('--stdio').command]);
  session.socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'x'.repeat(5_000_000) }));
  assert.equal((await session.closed).code, 1009);
});

test('the status file is written within a second or two, however often the gateway tells something', async (t) => {
  const file = join(directory, 'busy.json');
  const { session } = await connect(t, ['--mcp', mind('--stdio').command, '--status-file', file]);
  const telling = setInterval(() => session.send({ method: 'npcsim/standing', params: { npc_count: 7, npcs: [] } }), 200);
  t.after(() => clearInterval(telling));
  await until(() => JSON.parse(readFileSync(file, 'utf8')).npc_count === 7, 'the file has what the gateway told', 4000);
});

// ---------- the command line ----------

const usage = async (args, env = {}) => {
  const process = start(AGENT, args, { NPCSIM_TOKEN: TOKEN, NPCSIM_GATEWAY: 'ws://127.0.0.1:1', ...env });
  return { ...(await process.ended), output: process.output };
};

test('wrong usage is told and ends with status 2', async () => {
  for (const [args, text, env] of [
    [['--token', 'x', '--mcp', 'true'], /--token is not taken/],
    [['--token=x', '--mcp', 'true'], /--token is not taken/],
    [['--mcp', 'true', '--mcp-url', 'http://x'], /one of --mcp, --mcp-url, --api and --mind/],
    [[], /one of --mcp, --mcp-url, --api and --mind/],
    [['--mcp', ' '], /names no program/],
    [['--mcp', 'node "x'], /left open/],
    [['--mcp', 'true', 'stray-secret'], /belongs to no option/],
    [['--mcp', 'true', '--max-concurrency', '65'], /from 1 to 64/],
    [['--mcp', 'true', '--max-concurrency', '4x'], /from 1 to 64/],
    [['--mcp', 'true', '--gateway', 'http://x'], /ws:\/\/ or wss:\/\//],
    [['--mcp', 'true', '--mcp-transport', 'sse'], /goes with --mcp-url/],
    [['--mcp-url', 'ftp://x'], /http:\/\//],
    [['--mcp', 'true', '--log-level', 'loud'], /--log-level/],
    [['--mcp', 'true', '--source', ''], /--source/],
    [['--nonsense'], /nonsense/],
    [['--mcp', 'true', '--token-file', '/nonexistent'], /cannot read token file/],
    [['--mcp', 'true'], /NPCSIM_TOKEN cannot be used/, { NPCSIM_TOKEN: 'two words' }],
  ]) {
    const { code, output } = await usage(args, env);
    assert.equal(code, 2, args.join(' '));
    assert.match(output, text);
    assert.ok(!output.includes('stray-secret'));
  }
});

test('--help and --version are answered', async () => {
  assert.match((await usage(['--help'])).output, /--mcp-url URL/);
  assert.match((await usage(['--version'])).output, /^npcsim-agent \d/);
});

test('a program that is not there ends the agent with status 1', async () => {
  const { code, output } = await usage(['--mcp', 'no-such-program-anywhere --stdio']);
  assert.equal(code, 1);
  assert.match(output, /cannot be started: no such program is in PATH/);
});

// What a server can learn of the processes above it, which run as the same user: the keeper, and the agent.
const SPY = `#!/bin/sh
echo '{"jsonrpc":"2.0","id":"npcsim-agent-probe","result":{}}'
keeper=$PPID agent=$(awk '/^PPid/ { print $2 }' "/proc/$PPID/status")
for pid in $$ $keeper $agent; do
  for file in environ cmdline; do
    if grep -qa secret-token "/proc/$pid/$file" 2>/dev/null; then echo "$file of $pid has the token" >&2; fi
  done
done
for pid in $keeper $agent; do
  if head -c 0 "/proc/$pid/mem" 2>/dev/null; then echo "the memory of $pid is open" >&2; fi
done
echo "done, as $(id -u), below $keeper and $agent" >&2
while read -r line; do :; done
`;

test('the MCP server can read the token in no process of the agent', async (t) => {
  const spy = join(directory, 'spy.sh'), program = join(directory, 'agent-of-nobody'), file = join(directory, 'nobodys-token');
  chmodSync(directory, 0o755);
  writeFileSync(spy, SPY);
  copyFileSync(AGENT, program);
  chmodSync(program, 0o755);
  writeFileSync(file, TOKEN);
  chmodSync(file, 0o600);
  const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {}; // what holds for a user need not hold for root
  if (user.uid) chownSync(file, user.uid, user.gid);
  for (const more of [[], ['--token-file', file]]) {
    const gateway = await Gateway.open();
    t.after(() => gateway.close());
    const opened = gateway.session();
    const child = start(program, ['--gateway', `ws://127.0.0.1:${gateway.port}`, '--mcp', `sh '${spy}'`, ...more], { NPCSIM_TOKEN: TOKEN }, user);
    await opened;
    await until(() => child.output.includes('done, as'), 'the server has looked around');
    assert.doesNotMatch(child.output, /has the token/, 'the token stands nowhere');
    // a build with the sanitizer has to read its own memory
    if (user.uid && !process.env.NPCSIM_SANITIZE && !process.env.NPCSIM_VALGRIND) assert.doesNotMatch(child.output, /is open/, 'nobody may look');
    const [, keeper] = /below (\d+) and/.exec(child.output);
    for (const pid of user.uid ? [child.pid, keeper] : [])
      // valgrind's own environment is as it was
      for (const name of process.env.NPCSIM_VALGRIND ? ['cmdline'] : ['environ', 'cmdline']) assert.ok(!readFileSync(`/proc/${pid}/${name}`, 'latin1').includes(TOKEN), name);
    child.kill('SIGTERM');
    assert.equal((await child.ended).code, 0);
  }
});

test('the token comes from a file, which others should not read', async (t) => {
  const file = join(directory, 'token');
  writeFileSync(file, `  ${TOKEN}\n`);
  const gateway = await Gateway.open();
  t.after(() => gateway.close());
  for (const [mode, warned] of [[0o644, true], [0o600, false]]) {
    chmodSync(file, mode);
    const opened = gateway.session();
    const process = agent(gateway, ['--mcp', mind('--stdio').command, '--token-file', file], { NPCSIM_TOKEN: 'not this one' });
    await opened;
    assert.equal(process.output.includes('is open to others'), warned);
    process.kill('SIGTERM');
    assert.equal((await process.ended).code, 0);
  }
});
