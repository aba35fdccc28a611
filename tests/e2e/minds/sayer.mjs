// An MCP server on stdio that answers decide_action with the answers of a module, one after the other. The module is named as
// its argument, and exports an array of functions from the request to the text that follows the id in the JSON-RPC message.
// It uses no SDK, because it has to send what no SDK would.
import { createInterface } from 'node:readline';

const { answers, inputSchema, era } = await import(process.argv[2]);
let next = 0;
const say = (id, rest) => process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}\n`);

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize')
    return say(id, `"result":{"protocolVersion":"${era ?? params.protocolVersion}","capabilities":{"tools":{}},"serverInfo":{"name":"sayer","version":"1"}}}`);
  if (method === 'tools/list')
    return say(id, `"result":{"tools":[{"name":"decide_action","inputSchema":${JSON.stringify(inputSchema ?? { type: 'object' })}}]}}`);
  if (method !== 'tools/call') return say(id, '"error":{"code":-32601,"message":"Method not found"}}');
  const request = params.arguments;
  const answer = answers[next++ % answers.length];
  process.stderr.write(`said ${answer.name} to ${request.request_id} ${JSON.stringify(Object.keys(request))}\n`);
  for (const { type, reason } of request.observations?.events ?? [])
    if (type === 'decision_failed') process.stderr.write(`was told: ${reason}\n`);
  return answer.whole ? process.stdout.write(`${answer.say(request, id)}\n`) : say(id, answer.say(request));
});
