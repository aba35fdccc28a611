// An MCP server on stdio that answers decide_action with whatever the file named as its argument says, one answer after the other:
// a module whose default export is an array of functions from the request to the rest of the JSON-RPC message behind the id, as
// text. It is no SDK's: it says what no SDK would.
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
