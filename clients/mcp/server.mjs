#!/usr/bin/env node
// A mind for NPCs of npcsim: an MCP server with one tool, decide_action.
//
// With stdio the agent starts and ends it:
//   npcsim-agent … --mcp 'node server.mjs'
// With Streamable HTTP, on this machine only:
//   node server.mjs --http 3000
//   npcsim-agent … --mcp-url http://127.0.0.1:3000/mcp
//
// --think MS lets it take its time, as a language model does.
//
// Standard output belongs to MCP, so log to standard error only.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { decide } from './decide.mjs';

const inputSchema = fromJsonSchema({
  type: 'object',
  properties: {
    request_id: { type: 'integer' },
    npc_id: { type: 'integer' },
    reason: { type: 'string', description: 'why the NPC is asked: idle, interval, need, bid, message, plan_failed, …' },
    observations: {
      type: 'object',
      properties: { needs: { type: 'object' }, status: { type: 'object' }, vision: { type: 'array' } },
      required: ['needs', 'status'],
    },
  },
  required: ['observations'],
});

function mind() {
  const server = new McpServer({ name: 'npcsim-sample-mind', version: '0.1.0' });
  const description = 'Decides what an NPC does next, from what it sees and feels.';
  server.registerTool('decide_action', { description, inputSchema }, async (request) => {
    // Ask a language model here; "tokens" is what its answer cost.
    await sleep(think);
    const decision = { ...decide(request), confidence: 0.9, tokens: 0 };
    return { structuredContent: decision, content: [{ type: 'text', text: JSON.stringify(decision) }] };
  });
  return server;
}

const { values: options } = parseArgs({ options: { http: { type: 'string' }, think: { type: 'string', default: '0' } } });
const port = Number(options.http ?? 0);
const think = Number(options.think);
if (![options.http ?? '0', options.think].every((text) => /^[0-9]{1,5}$/.test(text)) || port > 65535) {
  console.error('usage: server.mjs [--http PORT] [--think MS]');
  process.exitCode = 2;
} else if (options.http === undefined) {
  serveStdio(mind, { onerror: (error) => console.error(`npcsim-sample-mind: ${error.message}`) });
} else {
  const handle = toNodeHandler(createMcpHandler(mind));
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();

  createServer((request, response) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    if (new URL(request.url, 'http://localhost').pathname === '/mcp') return handle(request, response);
    response.writeHead(404).end();
  })
    .on('error', (error) => {
      console.error(`npcsim-sample-mind: ${error.message}`);
      process.exitCode = 1;
    })
    .listen(port, '127.0.0.1', function () {
      console.error(`npcsim-sample-mind: serving http://127.0.0.1:${this.address().port}/mcp`);
    });
}
