// Plays an OpenAI-compatible endpoint in the tests of npcsim-agent --api. It is strict: a request that OpenAI's own would refuse
// is refused with 400 here, and kept in "faults".
import { once } from 'node:events';
import { createServer } from 'node:http';

export const MODEL = 'tiny-model';
export const KEY = 'sk-secret-key-of-ada';

const MEMBERS = ['model', 'messages', 'stream', 'max_tokens', 'max_completion_tokens', 'response_format', 'temperature', 'top_p', 'seed'];

// Returns what is wrong with a request to /chat/completions, or undefined.
function faultOf({ headers }, body) {
  if (headers['content-type'] !== 'application/json') return `content-type is ${headers['content-type']}`;
  const unknown = Object.keys(body).find((name) => !MEMBERS.includes(name));
  if (unknown) return `Unrecognized request argument supplied: ${unknown}`;
  if (typeof body.model !== 'string' || body.model === '') return 'model is missing';
  if (!Array.isArray(body.messages) || body.messages.length === 0) return 'messages are missing';
  for (const message of body.messages) {
    if (Object.keys(message).sort().join() !== 'content,role') return 'a message has other members than role and content';
    if (!['system', 'user'].includes(message.role)) return `the role ${message.role}`;
    if (typeof message.content !== 'string' || message.content === '') return 'a content is no text';
  }
  if (body.stream !== false) return 'stream is not false';
  for (const limit of ['max_tokens', 'max_completion_tokens']) {
    if (body[limit] !== undefined && !(Number.isInteger(body[limit]) && body[limit] > 0)) return `${limit} is no number`;
  }
  return faultOfFormat(body);
}

function faultOfFormat({ response_format: format, messages }) {
  if (format === undefined) return undefined;
  if (format.type === 'json_object') {
    return messages.some(({ content }) => content.includes('JSON')) ? undefined : '\'messages\' must contain the word \'json\'';
  }
  if (format.type !== 'json_schema') return `response_format ${format.type}`;
  const { name, strict, schema, ...others } = format.json_schema;
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name) || strict !== true || Object.keys(others).length > 0) return 'json_schema is not of the form';
  if (schema.type !== 'object' || schema.additionalProperties !== false) return 'the schema must be of an object and forbid additional properties';
  if (Object.keys(schema.properties).sort().join() !== [...schema.required].sort().join()) return 'all properties must be required';
  return undefined;
}

export const completion = (content, more = {}) => ({
  id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: MODEL,
  choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 300, completion_tokens: 9, total_tokens: 309 }, ...more,
});

export const refusal = (message, type = 'invalid_request_error') => ({ error: { message, type, param: null, code: null } });

export class Endpoint {
  // "answer" gets (body, response, request) for each question that is no fault, and answers it: an object is sent as JSON.
  constructor({ port = 0, key = KEY, models = [MODEL], path = '/v1', answer, list } = {}) {
    Object.assign(this, { key, models, path, list });
    this.answer = answer ?? (() => completion('{"choice": 1}'));
    this.requests = []; // each with method, url, headers, body and when it came
    this.faults = [];
    this.most = 0; // questions at a time
    this.now = 0;
    this.http = createServer((request, response) => this.#take(request, response));
    this.ready = new Promise((resolve, reject) => {
      this.http.on('error', reject).listen(port, '127.0.0.1', () => resolve(this));
    });
  }

  static open(options) {
    return new Endpoint(options).ready;
  }

  get port() {
    return this.http.address().port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get questions() {
    return this.requests.filter(({ method }) => method === 'POST');
  }

  json(response, status, value, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  }

  async #take(request, response) {
    const { method, url, headers } = request;
    const entry = { method, url, headers, at: Date.now() };
    let text = '';
    this.requests.push(entry);
    response.on('error', () => {});
    for await (const piece of request) text += piece;
    if (this.key && headers.authorization !== `Bearer ${this.key}`) return this.json(response, 401, refusal(`Incorrect API key provided: ${headers.authorization?.slice(7)}`));
    const [path] = url.split('?');
    if (method === 'GET' && path === `${this.path}/models`) {
      if (this.list) return this.list(response);
      return this.json(response, 200, { object: 'list', data: this.models.map((id) => ({ id, object: 'model' })) });
    }
    if (method !== 'POST' || path !== `${this.path}/chat/completions`) return response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
    entry.body = JSON.parse(text);
    const fault = faultOf(request, entry.body);
    if (fault) {
      this.faults.push(fault);
      return this.json(response, 400, refusal(fault));
    }
    this.most = Math.max(this.most, ++this.now);
    response.on('close', () => this.now--);
    const value = await this.answer(entry.body, response, request);
    if (value !== undefined && !response.headersSent) this.json(response, 200, value);
    return undefined;
  }

  async close() {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }
}

// Writes an answer as a stream of events, a few characters at a time.
export async function stream(response, content, { pause = 1, end = '[DONE]', finish = 'stop', eol = '\n', type = 'text/event-stream' } = {}) {
  const send = (value) => response.write(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}${eol}${eol}`);
  const chunk = (delta, more = {}) => ({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: null, ...more }] });
  response.writeHead(200, { 'content-type': type });
  response.write(`: OPENROUTER PROCESSING${eol}${eol}`);
  send(chunk({ role: 'assistant', content: '' }));
  for (let at = 0; at < content.length; at += 3) {
    send(chunk({ content: content.slice(at, at + 3) }));
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  if (finish) send(chunk({}, { finish_reason: finish }));
  send({ id: 'c', choices: [], usage: { prompt_tokens: 300, completion_tokens: 7, total_tokens: 307 } });
  if (end) send(end);
  response.end();
}
