// An MCP server for the tests of npcsim-agent, on either official SDK and over any transport.
//
//   node mind.mjs --sdk 2 --stdio              @modelcontextprotocol/server 2.x (both eras of MCP)
//   node mind.mjs --sdk 1 --stdio              @modelcontextprotocol/sdk 1.x (the older era)
//   node mind.mjs --sdk 1|2 --http PORT        Streamable HTTP at /mcp (1.x with sessions)
//   node mind.mjs --sdk 1 --sse PORT           the older HTTP + SSE, at /sse
//
// --log FILE writes what happens, with one JSON object per line. The tool decide_action does what its arguments say.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const { values: options } = parseArgs({
  options: {
    sdk: { type: 'string', default: '2' },
    stdio: { type: 'boolean', default: false },
    http: { type: 'string' },
    sse: { type: 'string' },
    log: { type: 'string' },
    greet: { type: 'boolean', default: false }, // it writes garbage to stdout before anything else
    json: { type: 'boolean', default: false }, // with 1.x over HTTP it answers in JSON instead of event streams
    stubborn: { type: 'boolean', default: false }, // it ends neither when stdin ends nor on SIGTERM
    strict: { type: 'boolean', default: false }, // it ends when the first message is not "initialize"
    wide: { type: 'boolean', default: false }, // its tool wants an argument as a header, and another tool is faulty
  },
});

function note(event, more = {}) {
  if (options.log) appendFileSync(options.log, JSON.stringify({ event, pid: process.pid, ...more }) + '\n');
}

const inputSchema = {
  type: 'object',
  properties: {
    request_id: { type: 'integer' },
    behaviour: { type: 'string', ...(options.wide && { 'x-mcp-header': 'Behaviour' }) },
    ms: { type: 'integer' },
    bytes: { type: 'integer' },
  },
};

async function decide({ behaviour, ms, bytes, ...rest }, signal) {
  note('call', { behaviour, request_id: rest.request_id });
  signal?.addEventListener('abort', () => note('aborted', { request_id: rest.request_id }));
  if (behaviour === 'garbage') {
    process.stdout.write('this is not JSON\n\n[1,2]\n{"half":\n42\n');
    process.stderr.write('a word on stderr\n');
  }
  if (behaviour === 'huge line') process.stdout.write('x'.repeat(bytes) + '\n');
  if (behaviour === 'die') process.exit(7);
  if (behaviour === 'slow') await sleep(ms);
  const decision = { action: 'wait', confidence: 1, ...rest };
  if (behaviour === 'huge answer') decision.reason = 'y'.repeat(bytes);
  return { structuredContent: decision, content: [{ type: 'text', text: behaviour === 'huge answer' ? '' : JSON.stringify(decision) }] };
}

async function makeServer1() {
  const { Server } = await import('@modelcontextprotocol/sdk/server/index.js');
  const { CallToolRequestSchema, ListToolsRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
  const server = new Server({ name: 'mind-1', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: 'decide_action', inputSchema }] }));
  server.setRequestHandler(CallToolRequestSchema, (request, extra) => decide(request.params.arguments, extra.signal));
  return server;
}

const two = options.sdk === '2' ? await import('@modelcontextprotocol/server') : undefined;
function makeServer2() {
  const server = new two.McpServer({ name: 'mind-2', version: '2' });
  const schema = two.fromJsonSchema(inputSchema);
  server.registerTool('decide_action', { inputSchema: schema }, (args, context) => decide(args, context?.mcpReq?.signal));
  return server;
}

if (options.greet) process.stdout.write('Welcome to the mind!\n');
if (options.stubborn) {
  process.on('SIGTERM', () => note('SIGTERM'));
  setInterval(() => {}, 1000);
}
note('start');

if (options.stdio && options.sdk === '2') {
  const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
  serveStdio(makeServer2);
} else if (options.stdio) {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const server = await makeServer1();
  // Adding a listener makes stdin flow, so nothing is awaited between this and the server's own listener.
  if (options.strict) {
    process.stdin.once('data', (data) => {
      if (!data.toString().includes('"initialize"')) process.exit(3);
    });
  }
  await server.connect(new StdioServerTransport());
} else if (options.http) {
  await serveHttp(Number(options.http));
} else {
  await serveSse(Number(options.sse));
}

async function listen(port, handler) {
  const server = createServer((request, response) => {
    note('http', { method: request.method, url: request.url, headers: request.headers });
    handler(request, response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  console.error(`listening on ${server.address().port}`);
  note('listening', { port: server.address().port });
}

async function serveHttp(port) {
  if (options.sdk === '2') {
    const { toNodeHandler } = await import('@modelcontextprotocol/node');
    const handle = toNodeHandler(two.createMcpHandler(makeServer2));
    return listen(port, (request, response) => handle(request, response));
  }
  const { StreamableHTTPServerTransport } = await import('@modelcontextprotocol/sdk/server/streamableHttp.js');
  const sessions = new Map();
  return listen(port, async (request, response) => {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (!transport && request.headers['mcp-session-id']) return response.writeHead(404).end('no such session');
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        enableJsonResponse: options.json,
        onsessioninitialized: (id) => sessions.set(id, transport),
        onsessionclosed: (id) => {
          note('session closed', { id });
          sessions.delete(id);
        },
      });
      await (await makeServer1()).connect(transport);
    }
    return transport.handleRequest(request, response);
  });
}

async function serveSse(port) {
  const { SSEServerTransport } = await import('@modelcontextprotocol/sdk/server/sse.js');
  const sessions = new Map();
  return listen(port, async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      response.on('close', () => note('stream closed'));
      return (await makeServer1()).connect(transport);
    }
    const transport = sessions.get(url.searchParams.get('sessionId'));
    if (request.method === 'POST' && url.pathname === '/messages' && transport) return transport.handlePostMessage(request, response);
    return response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Cannot POST /sse</h1>');
  });
}
