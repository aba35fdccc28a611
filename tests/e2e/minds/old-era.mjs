// A mind on the older SDK (1.x), which knows only "initialize".
//
//   node old-era.mjs                 stdio
//   node old-era.mjs --http PORT     Streamable HTTP with sessions, at /mcp
//   node old-era.mjs --sse PORT      the older HTTP + SSE: events at /sse, messages to /messages
//   … --mind wander|secret-cell|talk      how it decides (default: wander)
//
// PORT 0 means any free one; the address is logged. Logs go to standard error only.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { goToSecretCell, talk, wander } from './decisions.mjs';
import { listen, logger, TOOL, toolResult } from './serve.mjs';

const { values: options } = parseArgs({
  options: { http: { type: 'string' }, sse: { type: 'string' }, mind: { type: 'string', default: 'wander' } },
});
const decide = { wander, 'secret-cell': goToSecretCell, talk }[options.mind];
const log = logger('old-era');

function mind() {
  const server = new Server({ name: 'old-era', version: '0.1.0' }, { capabilities: { tools: {} } });

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [TOOL] }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => toolResult(decide, params.arguments ?? {}, log));
  server.oninitialized = () => log('initialized by', server.getClientVersion()?.name);
  return server;
}

// There is one transport per session, which is found by the session's id.
function httpServer() {
  const sessions = new Map();

  return createServer(async (request, response) => {
    let transport = sessions.get(request.headers['mcp-session-id']);

    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      transport.onclose = () => sessions.delete(transport.sessionId);
      await mind().connect(transport);
    }
    await transport.handleRequest(request, response);
  });
}

function sseServer() {
  const sessions = new Map();

  return createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');

    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      transport.onclose = () => sessions.delete(transport.sessionId);
      return mind().connect(transport);
    }
    const transport = sessions.get(url.searchParams.get('sessionId'));
    if (request.method === 'POST' && url.pathname === '/messages' && transport) {
      return transport.handlePostMessage(request, response);
    }
    response.writeHead(404).end();
  });
}

if (!decide) {
  log(`there is no mind ${options.mind}`);
  process.exit(2);
} else if (options.http !== undefined) {
  listen(httpServer(), options.http, '/mcp', log);
} else if (options.sse !== undefined) {
  listen(sseServer(), options.sse, '/sse', log);
} else {
  await mind().connect(new StdioServerTransport());
  log('serving standard input');
}
