// Tests that the gateway's listener speaks HTTP/1.1 without bodies, WebSocket of version 13, and nothing else. Every case is
// bytes on a socket and the exact answer to them; the same gateway process serves all cases.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { start } from './lib/colony.mjs';
import { waitFor } from './lib/cluster.mjs';

const root = process.env.NPCSIM_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const GATEWAY = process.env.NPCSIM_GATEWAY ?? join(root, 'build', 'npcsim-gateway');
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

// No database is needed for what is refused before anybody is asked: the gateway serves without one.
let gateway;
let port;
let web;

before(async () => {
  web = await mkdtemp(join(tmpdir(), 'npcsim-wire-'));
  await chmod(web, 0o755);
  const page = join(web, 'page');
  await mkdir(join(page, 'sub'), { recursive: true });
  await mkdir(join(page, '.git'));
  await mkdir(join(web, 'outside'));
  await Promise.all([
    writeFile(join(page, 'index.html'), '<!doctype html>the page'), writeFile(join(page, 'sub', 'a.js'), 'script'), writeFile(join(page, 'blob'), 'x'),
    writeFile(join(page, 'large.bin'), randomBytes(3_000_000)), writeFile(join(page, '.env'), 'secret'), writeFile(join(page, 'endless.bin'), '').then(() => truncate(join(page, 'endless.bin'), 1e9)), writeFile(join(page, '.git', 'config'), 'secret'),
    writeFile(join(web, 'outside', 'secret'), 'secret'), symlink(join(web, 'outside', 'secret'), join(page, 'link')), symlink(join(web, 'outside'), join(page, 'out')),
    symlink('index.html', join(page, 'inside')), symlink('/dev/zero', join(page, 'zero')),
  ]);
  assert.equal(spawnSync('mkfifo', [join(page, 'fifo')]).status, 0);
  gateway = start(GATEWAY, ['--database', 'host=/nonexistent dbname=none', '--gateway-id', 'wire', '--port', '0', '--web-root', page, '--hello-timeout-ms', '1500',
    '--allowed-origins', 'https://worlds.example.org', '--allowed-hosts', 'lan.example', '--max-per-address', '400']);
  port = Number((await waitFor(() => gateway.output.match(/listening on 127\.0\.0\.1:(\d+)/), { what: () => `the gateway listens: ${gateway.output}` }))[1]);
});

after(async () => {
  gateway?.kill('SIGTERM');
  const ended = await gateway?.ended;
  if (web) await rm(web, { recursive: true, force: true });
  assert.deepEqual(ended, { code: 0, signal: null }, `the gateway ends as it should: ${gateway.output.slice(-4000)}`);
  assert.doesNotMatch(gateway.output, /AddressSanitizer|runtime error|Assertion/);
});

// Sends bytes, all at once or piece by piece, and reads to the end: what came, and whether the gateway ended it.
function talk(pieces, { wait = 3500, half = false } = {}) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks = [];
  socket.on('data', (data) => chunks.push(data));
  socket.on('error', () => {});
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), wait);
    let ended = false;
    socket.on('end', () => {
      ended = true;
      socket.end();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ answer: Buffer.concat(chunks), ended });
    });
    socket.on('connect', async () => {
      for (const piece of [pieces].flat()) {
        socket.write(piece);
        if (Array.isArray(pieces)) await new Promise((next) => setTimeout(next, 5));
      }
      if (half) socket.end();
    });
  });
}

const text = (answer) => answer.toString('latin1');
const statuses = (answer) => [...text(answer).matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]));

async function serves() {
  assert.equal(gateway.exitCode, null, `the gateway lives: ${gateway.output.slice(-4000)}`);
  const { answer } = await talk('GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.deepEqual(statuses(answer), [200], 'and serves the next');
}

// One request: its status, and that the connection is ended without a second answer.
async function refuses(name, request, status) {
  const { answer, ended } = await talk(request);
  assert.deepEqual([statuses(answer), ended], [[status], true], `${name}: ${text(answer).slice(0, 300)}`);
  assert.match(text(answer), /\r\nconnection: close/, name);
  await serves();
}

const get = (target, ...headers) => ['GET', 'HTTP/1.1'].join(` ${target} `) + `\r\n${['Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
const upgrade = (path, { host = 'localhost', key = KEY, version = 13, protocol = path === '/mcp' ? 'mcp' : 'npcsim.v1', headers = [] } = {}) =>
  [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Upgrade: websocket', 'Connection: Upgrade', ...(key === null ? [] : [`Sec-WebSocket-Key: ${key}`]),
    ...(version === null ? [] : [`Sec-WebSocket-Version: ${version}`]), ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]), ...headers, '', ''].join('\r\n');

test('the log tells whose page was refused', async () => {
  await refuses('a page', upgrade('/ws', { headers: ['Origin: http://evil.example\xff\t"'] }), 403);
  await refuses('a name', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403);
  assert.match(gateway.output, /\(origin http:\/\/evil\.example[ -~]*, host localhost\) refused with 403: .*allowed/);
  assert.match(gateway.output, /\(origin none, host evil\.example\) refused with 403: .*allowed_hosts/);
});

const SETTINGS = 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA';
const H2_FRAME = (type, flags, stream, payload = Buffer.alloc(0)) => Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);

test('an upgrade to HTTP/2 is none, whatever follows', async () => {
  const h2c = get('/healthz', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', SETTINGS);
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const follows of [H2_FRAME(0, 0, 1, Buffer.from('data')), H2_FRAME(4, 0, 0), H2_FRAME(1, 5, 1, Buffer.from([0x82])), Buffer.from(preface),
    Buffer.concat([Buffer.from(preface), H2_FRAME(4, 0, 0), H2_FRAME(0, 0, 1, Buffer.from('data'))])]) {
    for (const whole of [true, false]) {
      await refuses('h2c', whole ? Buffer.concat([Buffer.from(h2c), follows]) : [h2c, follows], 503);
      await refuses('prior knowledge', whole ? Buffer.concat([Buffer.from(preface), follows]) : [preface, follows], 505);
    }
  }
  for (const both of ['Upgrade: websocket, h2c', 'Upgrade: h2c\r\nUpgrade: websocket']) {
    const request = upgrade('/ws').replace('Upgrade: websocket', both);
    await refuses(both, [request, H2_FRAME(0, 0, 1)], 426);
  }
  await refuses('TLS with ALPN', Buffer.from('16030100c4010000c00303', 'hex'), 400);
});

test('a request has no body, and nothing behind it is another one', async () => {
  const second = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const body = (length) => `Content-Length: ${length}`;
  await refuses('a body', get('/version', body(second.length)) + second, 413);
  await refuses('two lengths', get('/version', body(0), body(second.length)) + second, 400);
  await refuses('two equal lengths', get('/version', body(0), body(0)) + second, 400);
  await refuses('a list of lengths', get('/version', body('0, 0')) + second, 400);
  await refuses('chunks', get('/version', 'Transfer-Encoding: chunked') + `0\r\n\r\n${second}`, 413);
  await refuses('chunks and a length', get('/version', 'Transfer-Encoding: chunked', body(5)) + `0\r\n\r\n${second}`, 413);
  await refuses('a hidden length', get('/version', `Content-Length : ${second.length}`) + second, 400);
  await refuses('100-continue', get('/version', 'Expect: 100-continue') + second, 417);
  await refuses('a body of nothing, and a second request', get('/version', body(0)) + second, 200);
  await refuses('a second request', get('/version') + second, 200);
  await refuses('a hundred of them', get('/version').repeat(100), 200);
  await refuses('a second request after a while', [get('/version', 'Connection: keep-alive'), second], 200);
});

test('only well-formed requests for what is served', async () => {
  const line = (first, ...headers) => `${first}\r\n${['Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
  const cases = [
    ['HTTP/0.9', 'GET /version\r\n', 400],
    ['HTTP/1.0 without Host', 'GET /version HTTP/1.0\r\n\r\n', 200],
    ['HTTP/1.1 without Host', 'GET /version HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', get('/version', 'Host: localhost'), 400],
    ['HTTP/1.2', line('GET /version HTTP/1.2'), 505], ['HTTP/3.0', line('GET /version HTTP/3.0'), 505], ['no version', line('GET /version FTP/1.1'), 400],
    ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get', 'FOO'].map((method) => [method, line(`${method} /version HTTP/1.1`), 405]),
    ['OPTIONS *', line('OPTIONS * HTTP/1.1'), 405], ['CONNECT', line('CONNECT localhost:80 HTTP/1.1'), 405],
    ['GET *', line('GET * HTTP/1.1'), 400], ['absolute', line('GET http://localhost/version HTTP/1.1'), 400], ['no slash', line('GET version HTTP/1.1'), 400],
    ['bare LF', 'GET /version HTTP/1.1\nHost: localhost\n\n', 400], ['bare CR', 'GET /version HTTP/1.1\rHost: localhost\r\r', 400],
    ['NUL', get('/version', 'X: \0'), 400], ['folded', get('/version', 'X: a', ' b'), 400], ['folded by a tab', get('/version', 'X: a', '\tb'), 400],
    ['no name', get('/version', ': b'), 400], ['no colon', get('/version', 'b'), 400], ['an empty line first', `\r\n${get('/version')}`, 400],
    ['a long address', line(`GET /${'a'.repeat(3000)} HTTP/1.1`), 414], ['an endless address', `GET /${'a'.repeat(300_000)}`, 414],
    ['a long header', get('/version', `X: ${'a'.repeat(9000)}`), 431], ['an endless header', `GET / HTTP/1.1\r\nX: ${'a'.repeat(200_000)}`, 431],
    ['many headers', get('/version', ...Array(100).fill('X: a')), 431], ['many short headers', get('/version', ...Array(6000).fill('a:')), 431],
  ];
  for (const [name, request, status] of cases) await refuses(name, request, status);
  const head = await talk(get('/version').replace('GET', 'HEAD'));
  assert.deepEqual(statuses(head.answer), [200]);
  for (const [path, status] of [['/nothing', 404], ['/ws', 426]]) {
    const { answer } = await talk(get(path).replace('GET', 'HEAD'));
    assert.deepEqual([statuses(answer), text(answer).endsWith('\r\n\r\n')], [[status], true], `HEAD ${path}`);
  }
  assert.match(text(head.answer), /content-length: [1-9]\d*\r\n[^]*\r\n\r\n$/, 'HEAD has the length and no body');
  const { answer } = await talk(get('/version').split(''));
  assert.deepEqual(statuses(answer), [200], 'byte by byte');
});

test('only regular files of the page are served', async () => {
  const found = async (path) => {
    const { answer, ended } = await talk(get(path));
    assert.ok(ended);
    await serves();
    return [statuses(answer)[0], answer.subarray(answer.indexOf('\r\n\r\n') + 4), text(answer)];
  };
  const [status, body, whole] = await found('/');
  assert.deepEqual([status, text(body)], [200, '<!doctype html>the page']);
  for (const header of [/content-type: text\/html/, /content-security-policy: default-src 'none';/, /x-content-type-options: nosniff/, /referrer-policy: no-referrer/, /content-length: 23\r/])
    assert.match(whole, header);
  assert.match((await found('/sub/a.js?v=1'))[2], /content-type: text\/javascript[^]*script$/);
  assert.match((await found('/%73ub/a.js'))[2], /script$/);
  assert.match((await found('/blob'))[2], /application\/octet-stream/);
  const large = await found('/large.bin');
  assert.equal(large[1].length, 3_000_000, 'a large one comes whole');
  for (const path of ['/nothing', '/sub', '/sub/', '/.env', '/.git/config', '/link', '/out/secret', '/out', '/inside', '/zero', '/fifo', '//index.html', '/sub//a.js', '/index.html/', `/${'a'.repeat(300)}`])
    assert.equal((await found(path))[0], 404, path);
  for (const path of ['/../outside/secret', '/sub/../../outside/secret', '/%2e%2e/outside/secret', '/..%2foutside/secret', '/sub/..', '/.', '/index.html%00.js', '/%', '/%g0', '/a%0d%0ab', '/a\\..\\b'])
    assert.equal((await found(path))[0], 400, path);
});

test('who ends its own half behind the request is answered whole', async () => {
  for (let i = 0; i < 10; i++) {
    for (const [path, length] of [['/', 23], ['/sub/a.js', 6], ['/large.bin', 3_000_000]]) {
      const { answer } = await talk(get(path), { half: true });
      const body = answer.length - answer.indexOf('\r\n\r\n') - 4;
      if (length < 100_000) assert.equal(body, length, path);
      else assert.ok(body > 0, 'as much of a large one as the socket takes');
    }
  }
});

test('slow requests and answers that nobody takes have their end', async () => {
  const began = performance.now();
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (data) => (answer += data));
  const drip = setInterval(() => socket.write('X: a\r\n'), 100);
  socket.write('GET / HTTP/1.1\r\n');
  const silent = talk('');
  await new Promise((resolve) => socket.on('close', resolve));
  clearInterval(drip);
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.ok(performance.now() - began < 4500, 'a header at a time');
  assert.deepEqual(await silent.then(({ answer: nothing, ended }) => [nothing.length, ended]), [0, true], 'and none at all');
  await serves();
});

test('who takes no answer and goes on sending is let go', async () => {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(get('/endless.bin'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.pause();
  const closed = new Promise((resolve) => socket.on('close', resolve));
  for (let i = 0; i < 40 && !socket.destroyed; i++) {
    socket.write(Buffer.alloc(16_384, 97));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const cut = await Promise.race([closed.then(() => true), new Promise((resolve) => setTimeout(resolve, 1000, false))]);
  socket.destroy();
  assert.ok(cut, 'before the answer had its time');
  await serves();
});

// ---------------------------------------------------------------------------------------------------------------------

test('a handshake is of version 13, with one key and the subprotocol', async () => {
  const cases = [
    ['version 12', upgrade('/ws', { version: 12 }), 426], ['version 8', upgrade('/ws', { version: 8 }), 426], ['version 013', upgrade('/ws', { version: '013' }), 426],
    ['no version', upgrade('/ws', { version: null }), 426], ['two versions', upgrade('/ws', { headers: ['Sec-WebSocket-Version: 13'] }), 400],
    ['no key', upgrade('/ws', { key: null }), 400], ['an empty key', upgrade('/ws', { key: '' }), 400], ['a short key', upgrade('/ws', { key: 'dGhlIHNhbXBsZQ==' }), 400],
    ['a long key', upgrade('/ws', { key: `AAAA${KEY}` }), 400], ['a key of other characters', upgrade('/ws', { key: 'dGhl!HNhbXBsZSBub25jZQ==' }), 400],
    ['two keys', upgrade('/ws', { headers: [`Sec-WebSocket-Key: ${KEY}`] }), 400],
    ['no subprotocol', upgrade('/ws', { protocol: null }), 400], ['another subprotocol', upgrade('/ws', { protocol: 'mcp' }), 400], ['the database\'s', upgrade('/ws', { protocol: 'npcsim-database' }), 400],
    ['the wrong address', upgrade('/mcp', { protocol: 'npcsim.v1' }), 400], ['no WebSocket', get('/ws'), 426], ['no Connection', upgrade('/ws').replace('Connection: Upgrade\r\n', ''), 426],
    ['HTTP/1.0', upgrade('/ws').replace('HTTP/1.1', 'HTTP/1.0'), 400], ['HEAD', upgrade('/ws').replace('GET', 'HEAD'), 400], ['POST', upgrade('/ws').replace('GET', 'POST'), 405],
    ['a body', upgrade('/ws', { headers: ['Content-Length: 5'] }), 413],
  ];
  for (const [name, request, status] of cases) {
    await refuses(name, request, status);
    if (status === 426) assert.match(text((await talk(request)).answer), /\r\nsec-websocket-version: 13\r\n/, name);
  }
  const socket = await open('/ws', { headers: ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] });
  assert.match(socket.head, /^HTTP\/1\.1 101 [^]*sec-websocket-protocol: npcsim\.v1\r\n/);
  assert.ok(socket.head.includes(`sec-websocket-accept: ${createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')}\r\n`));
  assert.doesNotMatch(socket.head, /extensions/i, 'no extension is agreed on');
  socket.end();
});

test('pages of other sites are refused, and names that are not ours', async () => {
  const status = async (request) => {
    const { answer } = await talk(request, { wait: 150 });
    return statuses(answer)[0];
  };
  const page = (host, origin) => [upgrade('/ws', { host, headers: origin === null ? [] : [`Origin: ${origin}`] }), upgrade('/mcp', { host, headers: origin === null ? [] : [`Origin: ${origin}`] })];
  const here = `127.0.0.1:${port}`;
  const cases = [
    [here, null, 101], ['x', null, 101], ['game.example', null, 101], [here, `http://${here}`, 101], [`LOCALHOST:${port}`, `HTTP://localhost:${port}`, 101], ['localhost', 'http://localhost:80', 101],
    [here, 'https://worlds.example.org', 101], [here, 'https://worlds.example.org:443', 101], ['worlds.example.org', 'https://worlds.example.org', 101], ['lan.example:80', 'http://lan.example', 101],
    [`[::1]:${port}`, `http://[0::1]:${port}`, 101],
    [here, 'http://evil.example', 403], [here, `http://127.0.0.1:${port + 1}`, 403], [here, 'http://127.0.0.1', 403], [here, `http://localhost:${port}`, 403], [here, 'null', 403],
    [here, `http://${here}/`, 403], [here, `http://user@${here}`, 403], [here, `http://${here}, http://${here}`, 403], [here, `http://${here}\r\nOrigin: http://${here}`, 403], [here, '', 403],
    [here, 'http://worlds.example.org', 403], [here, 'https://worlds.example.org.evil.example', 403],
    ['evil.example', 'http://evil.example', 403], [`evil.example:${port}`, `http://evil.example:${port}`, 403], ['bad host', null, 403], ['127.1', 'http://127.1', 403],
  ];
  for (const [host, origin, expected] of cases)
    for (const request of page(host, origin)) assert.equal(await status(request), expected, `${request.slice(4, 8)} of ${origin} at ${host}`);
  for (const path of ['/healthz', '/metrics', '/version', '/', '/sub/a.js']) {
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', 'a b'])
      assert.equal(await status(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 403, `${path} at ${host}`);
    for (const host of [here, 'localhost', 'gateway:8080', 'lan.example', 'worlds.example.org', '[::1]'])
      assert.notEqual(await status(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 403, `${path} at ${host}`);
    assert.equal(await status(get(path, 'Origin: http://evil.example')), 403, `${path} for another page`);
  }
  await serves();
});

// ---------------------------------------------------------------------------------------------------------------------

// A frame as a client sends it; each part of its header can be made wrong.
function frame(opcode, payload = Buffer.alloc(0), { fin = 1, rsv = 0, masked = true, length, wide } = {}) {
  const bytes = Buffer.from(payload);
  const size = BigInt(length ?? bytes.length);
  const width = wide ?? (size < 126n ? 0 : size < 65536n ? 2 : 8);
  const header = [fin << 7 | rsv << 4 | opcode, (masked ? 0x80 : 0) | (width === 0 ? Number(size) : width === 2 ? 126 : 127)];
  for (let i = width - 1; i >= 0; i--) header.push(Number(size >> BigInt(8 * i) & 0xffn));
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(header), ...(masked ? [mask, bytes.map((byte, i) => byte ^ mask[i & 3])] : [bytes])]);
}

const code = (number, reason = '') => Buffer.concat([Buffer.from([number >> 8, number & 255]), Buffer.from(reason)]);

// A WebSocket by hand: frames that came, and how it ended.
async function open(path = '/ws', options = {}) {
  const socket = net.connect(port, '127.0.0.1');
  const self = { socket, head: '', frames: [], closed: undefined, write: (...data) => socket.write(Buffer.concat(data)), end: () => socket.destroy() };
  let bytes = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('close', () => (self.closed = true));
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    if (!self.head) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      self.head = text(bytes.subarray(0, end + 4));
      bytes = bytes.subarray(end + 4);
    }
    for (;;) {
      if (bytes.length < 2) return;
      const size = bytes[1] < 126 ? bytes[1] : bytes.readUInt16BE(2);
      const start = bytes[1] < 126 ? 2 : 4;
      if (bytes.length < start + size) return;
      self.frames.push({ opcode: bytes[0] & 15, payload: bytes.subarray(start, start + size) });
      bytes = bytes.subarray(start + size);
    }
  });
  socket.write(upgrade(path, options));
  await waitFor(() => self.head, { what: 'an answer' });
  return self;
}

// What the gateway does about frames: "closed with CODE".
async function closes(name, bytes, expected, path = '/ws') {
  for (const pieces of bytes.length > 400 ? [[bytes]] : [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
    const socket = await open(path, { headers: ['Authorization: Bearer npc_somebody'] });
    for (const piece of pieces) socket.write(piece);
    const { payload } = await waitFor(() => socket.frames.find(({ opcode }) => opcode === 8), { what: `a close frame for ${name}`, timeout: 4000 });
    assert.equal(payload.length >= 2 ? payload.readUInt16BE(0) : 0, expected, `${name}: ${payload.subarray(2)}`);
    socket.write(frame(8, code(expected || 1000)));
    await waitFor(() => socket.closed, { what: `the end after ${name}`, timeout: 4000 });
    assert.equal(gateway.exitCode, null, `the gateway lives after ${name}: ${gateway.output.slice(-4000)}`);
  }
}

test('frames that break the protocol are answered with their code', async () => {
  const cases = [
    ['not masked', frame(1, '{}', { masked: false }), 1002], ['a ping that is not masked', frame(9, '', { masked: false }), 1002], ['a close that is not masked', frame(8, '', { masked: false }), 1002],
    ...[1, 2, 4, 7].map((rsv) => [`reserved bits ${rsv}`, frame(1, '{}', { rsv }), 1002]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`kind ${opcode}`, frame(opcode, ''), 1002]),
    ['a ping in pieces', frame(9, 'a', { fin: 0 }), 1002], ['a close in pieces', frame(8, code(1000), { fin: 0 }), 1002],
    ['a long ping', frame(9, Buffer.alloc(126)), 1002], ['a long close', frame(8, Buffer.concat([code(1000), Buffer.alloc(124, 97)])), 1002], ['a ping of a width', frame(9, 'a', { wide: 2 }), 1002],
    ['a continuation of nothing', frame(0, 'a'), 1002], ['... nor of a whole one', Buffer.concat([frame(9, ''), frame(0, 'a', { fin: 0 })]), 1002],
    ['a message inside another', Buffer.concat([frame(1, '{', { fin: 0 }), frame(1, '}')]), 1002],
    ['a length with its highest bit', frame(1, 'a', { length: 1n << 63n, wide: 8 }), 1002], ['all bits', frame(1, 'a', { length: (1n << 64n) - 1n, wide: 8 }), 1002],
    ['a wide length', frame(1, 'a', { wide: 2 }), 1002], ['a wider length', frame(1, 'a', { wide: 8 }), 1002],
    ['no UTF-8', frame(1, Buffer.from([0xff])), 1007], ['a surrogate', frame(1, Buffer.from([0xed, 0xa0, 0x80])), 1007], ['a long form', frame(1, Buffer.from([0xc0, 0x80])), 1007],
    ['half a character', frame(1, Buffer.from([0xe2, 0x82])), 1007], ['half of one over two pieces', Buffer.concat([frame(1, Buffer.from([0xe2]), { fin: 0 }), frame(0, Buffer.from([0x82]))]), 1007],
    ['a close of one byte', frame(8, Buffer.from([3])), 1002],
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535].map((number) => [`code ${number}`, frame(8, code(number)), 1002]),
    ['a reason that is no UTF-8', frame(8, Buffer.concat([code(1000), Buffer.from([0xff])])), 1007],
    ['a binary frame', frame(2, 'a'), 4000],
    ['a message in too many pieces', Buffer.concat([frame(1, '', { fin: 0 }), ...Array(5000).fill(frame(0, '', { fin: 0 }))]), 1009],
    ...[1000, 1001, 1003, 1007, 1014, 3000, 4999].map((number) => [`code ${number}`, frame(8, code(number, 'bye')), number]), ['a close of nothing', frame(8, ''), 0],
  ];
  await Promise.all(cases.map(([name, bytes, expected]) => closes(name, bytes, expected)));
  await Promise.all(cases.map(([name, bytes, expected]) => closes(`${name}, of a mind`, bytes, expected, '/mcp')));
  await closes('too large a message', frame(1, Buffer.alloc(70_000, 32)), 1009);
  await serves();
});

test('pings are answered, the last one if there are many, and a flood of them ends', async () => {
  const socket = await open();
  socket.write(frame(9, 'hello'));
  await waitFor(() => socket.frames.find(({ opcode, payload }) => opcode === 10 && payload.toString() === 'hello'), { what: 'a pong' });
  socket.write(...Array(1000).fill(frame(9, 'x'.repeat(125))));
  const { payload } = await waitFor(() => socket.frames.find(({ opcode }) => opcode === 8), { what: 'the end of a flood' });
  assert.equal(payload.readUInt16BE(0), 4006);
  assert.ok(socket.frames.length < 250, `${socket.frames.length} frames in answer`);
  const pongs = await open();
  pongs.write(...Array(1000).fill(frame(10, 'x')));
  await waitFor(() => pongs.frames.find(({ opcode, payload: reason }) => opcode === 8 && reason.readUInt16BE(0) === 4006), { what: 'the end of a flood of pongs' });
  socket.end();
  pongs.end();
  await serves();
});

test('requests and frames with changed bytes end nothing but their own connection', async () => {
  let seed = 20261129;
  const random = (below) => (seed = Math.imul(seed, 1664525) + 1013904223 >>> 0) % below;
  const change = (bytes) => {
    const changed = Buffer.from(bytes);
    for (let i = 0; i < 1 + random(4); i++) changed[random(changed.length)] = random(256);
    return random(3) ? changed : changed.subarray(0, random(changed.length));
  };
  const requests = [get('/version'), get('/healthz', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', SETTINGS), get('/sub/a.js', 'Content-Length: 0'), upgrade('/ws'), upgrade('/mcp')].map(Buffer.from);
  const frames = [frame(1, '{"type":"ping"}'), frame(9, 'x'), frame(8, code(1000)), frame(1, 'a', { fin: 0 }), frame(0, 'b'), frame(1, Buffer.alloc(300, 32)), frame(2, 'x')];
  const tries = [];
  for (let i = 0; i < 600; i++) {
    const bytes = i % 2 ? change(requests[random(requests.length)]) : Buffer.concat([Buffer.from(upgrade('/ws')), ...Array.from({ length: 4 }, () => change(frames[random(frames.length)]))]);
    tries.push(bytes);
  }
  for (let i = 0; i < tries.length; i += 60) {
    await Promise.all(tries.slice(i, i + 60).map((bytes) => talk(bytes, { wait: 120 })));
    await serves();
  }
});
