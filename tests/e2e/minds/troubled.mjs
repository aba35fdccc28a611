// A mind in trouble, without any SDK. For REFUSED_NPC it answers with an action that does not exist, for FAILED_NPC with
// isError, and for SLOW_NPC 12 s too late; all others wander. It writes the name of every method that it is called with to
// standard error.
import { createInterface } from 'node:readline';

import { wander } from './decisions.mjs';

const tools = [{ name: 'decide_action', inputSchema: { type: 'object' } }];
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const decision = (content) => ({ structuredContent: content, content: [{ type: 'text', text: JSON.stringify(content) }] });
const is = (npcId, name) => String(npcId) === process.env[name];

function decide(request) {
  if (is(request.npc_id, 'REFUSED_NPC')) return decision({ action: 'wander2' });
  if (is(request.npc_id, 'FAILED_NPC')) return { isError: true, content: [{ type: 'text', text: 'no idea' }] };
  return decision({ ...wander(request), tokens: 100 });
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  process.stderr.write(`heard ${method}\n`);
  if (id === undefined) return;
  if (method === 'initialize') send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'troubled', version: '1' } } });
  else if (method === 'tools/list') send({ id, result: { tools } });
  else if (method === 'tools/call') setTimeout(() => send({ id, result: decide(params.arguments) }), is(params.arguments.npc_id, 'SLOW_NPC') ? 12_000 : 0);
  else send({ id, error: { code: -32601, message: 'unknown' } });
});
