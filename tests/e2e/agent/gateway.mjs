// Plays the gateway's side of the WebSocket protocol "mcp" in the tests of npcsim-agent: a server that agents connect to,
// and that then is the MCP client.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createSocketServer } from 'node:net';
import { WebSocketServer } from 'ws';

export const TOKEN = 'secret-token-of-ada';
const MODERN = '2026-07-28';

export class Gateway {
  constructor(port, handshake, tls) {
    this.sessions = [];
    this.dials = []; // url and headers of every handshake
    this.waiting = [];
    this.http = tls ? createTlsServer(tls) : createServer();
    this.server = new WebSocketServer({
      server: this.http,
      maxPayload: 256 * 1024, // the same as the real gateway's
      handleProtocols: (offered) => (offered.has('mcp') ? 'mcp' : false),
      verifyClient: ({ req }, callback) => {
        this.dials.push({ url: req.url, headers: req.headers });
        const status = handshake?.(req) ?? (req.headers.authorization === `Bearer ${TOKEN}` ? 0 : 401);
        callback(!status, status);
      },
    });
    this.server.on('connection', (socket) => {
      const session = new Session(socket);
      this.sessions.push(session);
      this.waiting.shift()?.(session);
    });
    this.ready = new Promise((resolve, reject) => {
      this.http.on('error', reject).listen(port, '127.0.0.1', () => resolve(this));
    });
  }

  // "handshake" returns the HTTP status with which a handshake is refused, or 0; by default it checks the token.
  static open(port = 0, handshake = undefined, tls = undefined) {
    return new Gateway(port, handshake, tls).ready;
  }

  get port() {
    return this.http.address().port;
  }

  // Returns the next session that an agent opens.
  session() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async close() {
    for (const socket of this.server.clients) socket.terminate();
    this.http.close();
    this.http.closeAllConnections();
    await once(this.http, 'close');
  }
}

export class Session {
  constructor(socket) {
    this.socket = socket;
    this.nextId = 1;
    this.open = new Map();
    this.unasked = []; // messages of the server that answer no request
    this.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    socket.on('message', (data) => this.receive(JSON.parse(data)));
    socket.on('error', () => {}); // "close" follows and is handled
    this.closed.then(() => {
      for (const { reject } of this.open.values()) reject(new Error('the session is closed'));
    });
  }

  receive(message) {
    const request = message.method === undefined ? this.open.get(message.id) : undefined;
    if (!request) return this.unasked.push(message);
    this.open.delete(message.id);
    request.resolve(message);
  }

  send(message, pretty) {
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }, null, pretty));
  }

  get meta() {
    return {
      'io.modelcontextprotocol/protocolVersion': this.version,
      'io.modelcontextprotocol/clientInfo': { name: 'test-gateway', version: '0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
  }

  // Sends a request and resolves with the whole answer, be it a result or an error. The promise has the request's id.
  request(method, params = {}, { pretty, modern = this.modern } = {}) {
    const id = this.nextId++;
    const answer = new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      setTimeout(reject, 20_000, new Error(`no answer to ${method} ${id}`)).unref();
    });
    answer.catch(() => {});
    this.send({ id, method, params: modern ? { ...params, _meta: this.meta } : params }, pretty);
    answer.id = id;
    return answer;
  }

  // Finds out the server's era as the gateway does; resolves with 'modern' or the version agreed on.
  async start({ silence = 3000 } = {}) {
    this.version = MODERN;
    const discovery = this.request('server/discover', {}, { modern: true });
    const answer = await Promise.race([discovery, new Promise((resolve) => setTimeout(resolve, silence, {}))]);
    this.modern = answer.result !== undefined;
    if (this.modern) return 'modern';
    const { result, error } = await this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test-gateway', version: '0' },
    });
    if (error) throw new Error(`initialize: ${error.message}`);
    this.send({ method: 'notifications/initialized' });
    return result.protocolVersion;
  }

  call(args, options) {
    return this.request('tools/call', { name: 'decide_action', arguments: args }, options);
  }

  cancel(id) {
    this.send({ method: 'notifications/cancelled', params: { requestId: id, reason: 'timeout' } });
  }
}

// A gateway that keeps to no protocol: on its n-th connection it runs the n-th script (and the last one on all that
// follow). A script gets the bare socket and the request's head.
export class HostileGateway {
  constructor(scripts) {
    this.dials = 0;
    this.sockets = new Set();
    this.server = createSocketServer((socket) => {
      const script = scripts[Math.min(this.dials++, scripts.length - 1)];
      let head = '';
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
      socket.on('data', (data) => {
        if (head.includes('\r\n\r\n')) return;
        head += data.toString('latin1');
        if (head.includes('\r\n\r\n')) script(socket, head);
      });
    });
    this.ready = new Promise((resolve, reject) => this.server.on('error', reject).listen(0, '127.0.0.1', () => resolve(this)));
  }

  static open(...scripts) {
    return new HostileGateway(scripts).ready;
  }

  get port() {
    return this.server.address().port;
  }

  async close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

// Returns a good answer to the handshake; the headers are added or replace its own.
export function acceptance(head, headers = {}) {
  const key = /sec-websocket-key: *(\S+)/i.exec(head)[1];
  const all = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
    'Sec-WebSocket-Protocol': 'mcp',
    ...headers,
  };
  return `HTTP/1.1 101 Switching Protocols\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

// Returns a WebSocket frame; "length" is the length that its header claims.
export function frame(opcode, payload = '', { fin = 1, rsv = 0, mask = false, length } = {}) {
  const body = Buffer.from(payload);
  const claimed = length ?? body.length;
  const head = Buffer.alloc(14);
  let size = 2;
  head[0] = (fin << 7) | (rsv << 4) | opcode;
  if (claimed < 126) head[1] = claimed;
  else if (claimed < 65536) {
    head[1] = 126;
    size = head.writeUInt16BE(claimed, 2);
  } else {
    head[1] = 127;
    size = head.writeBigUInt64BE(BigInt(claimed), 2);
  }
  if (mask) {
    head[1] |= 0x80;
    Buffer.from([1, 2, 3, 4]).copy(head, size);
    size += 4;
    for (let i = 0; i < body.length; i++) body[i] ^= (i % 4) + 1;
  }
  return Buffer.concat([head.subarray(0, size), body]);
}
