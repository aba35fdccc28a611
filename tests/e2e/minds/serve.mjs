// Makes an MCP server of a function that decides, on SDK 2.x, which speaks both eras of MCP.
//
//   serve('name', decide)        stdio, or Streamable HTTP at /mcp with --http PORT (0: any free port)
//
// With --http the address is logged: "name: serving http://127.0.0.1:PORT/mcp". Logs go to standard error only.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

export const TOOL = {
  name: 'decide_action',
  description: 'Decides what an NPC does next.',
  inputSchema: { type: 'object', properties: { observations: { type: 'object' } }, required: ['observations'] },
};

export function logger(name) {
  return (...words) => console.error(`${name}:`, ...words);
}

// Returns the decision as a tool's result; what decide() throws becomes a result with isError.
export async function toolResult(decide, request, log) {
  try {
    const decision = await decide(request);
    return { structuredContent: decision, content: [{ type: 'text', text: JSON.stringify(decision) }] };
  } catch (error) {
    log(`request ${request.request_id} failed: ${error.message}`);
    return { isError: true, content: [{ type: 'text', text: error.message }] };
  }
}

// Listens on this machine, and logs the address.
export function listen(server, port, path, log) {
  server.on('error', (error) => {
    log(error.message);
    process.exit(1);
  });
  server.listen(Number(port), '127.0.0.1', () => log(`serving http://127.0.0.1:${server.address().port}${path}`));
}

export function serve(name, decide) {
  const { values: options } = parseArgs({ options: { http: { type: 'string' } } });
  const log = logger(name);
  const mind = () => {
    const server = new McpServer({ name, version: '0.1.0' });
    const { description, inputSchema } = TOOL;

    server.registerTool(TOOL.name, { description, inputSchema: fromJsonSchema(inputSchema) }, (request) =>
      toolResult(decide, request, log));
    return server;
  };

  if (options.http === undefined) {
    serveStdio(mind, { onerror: (error) => log(error.message) });
    log('serving standard input');
  } else {
    const handle = toNodeHandler(createMcpHandler(mind));
    listen(createServer((request, response) => handle(request, response)), options.http, '/mcp', log);
  }
}
