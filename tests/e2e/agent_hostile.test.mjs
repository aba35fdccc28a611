// Tests npcsim-agent against gateways that keep to no protocol, or stop answering: whatever comes, the agent survives,
// dials again, and ends when it is asked to. It is best run with the programs of SANITIZE=1 and under valgrind
// (scripts/test-e2e.sh), which see errors in their use of memory.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { acceptance, frame, Gateway, HostileGateway, TOKEN } from './agent/gateway.mjs';
import { AGENT, agent, cleanUp, PATIENCE, start, until } from './agent/process.mjs';

after(cleanUp);

// A server that is up at once and says nothing more.
const QUIET = `sh -c 'echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\\"npcsim-agent-probe\\",\\"result\\":{}}"; while read -r line; do :; done'`;

const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const message = (length) => JSON.stringify({ jsonrpc: '2.0', method: 'x'.repeat(length - 33) });

// What follows a fault, at once and a moment later: more than any buffer holds, of all kinds.
const MORE = Buffer.concat([
  frame(TEXT, message(70_000)), frame(PING, 'there?'), frame(TEXT, message(200)), frame(BINARY, Buffer.alloc(100_000, 7)), frame(PONG),
  frame(TEXT, message(3_000_000)), frame(CLOSE, Buffer.from([0x03, 0xe8])), frame(TEXT, message(200_000)),
]);

const greet = (bytes, headers) => (socket, head) => {
  socket.write(Buffer.concat([Buffer.from(acceptance(head, headers)), bytes, MORE]));
  setTimeout(() => socket.write(MORE), 50);
  setTimeout(() => socket.write(MORE), 300);
};

const frames = {
  'nothing wrong but all at once': Buffer.alloc(0),
  'a binary frame of 100,000 bytes': frame(BINARY, Buffer.alloc(100_000, 1)),
  'a binary frame of one byte': frame(BINARY, 'x'),
  'an empty binary frame': frame(BINARY),
  'a text of more than 4 MiB': frame(TEXT, Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)),
  'a text of more than 4 MiB in fragments': Buffer.concat([frame(TEXT, Buffer.alloc(3_000_000, 0x20), { fin: 0 }), frame(0, Buffer.alloc(3_000_000, 0x20))]),
  'a frame that claims to be 2^62 long': frame(TEXT, 'x', { length: 2 ** 62 }),
  'a length with its highest bit': Buffer.from([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]),
  'fragments with pings and a pong between': Buffer.concat([frame(TEXT, '{"a":', { fin: 0 }), frame(PING, 'p'.repeat(125)), frame(0, '1', { fin: 0 }), frame(PONG, 'q'), frame(0, '}')]),
  'fragments without an end': Buffer.concat(Array.from({ length: 300 }, (_, i) => frame(i ? 0 : TEXT, ' '.repeat(30_000), { fin: 0 }))),
  'thousands of empty fragments': Buffer.concat([frame(TEXT, '', { fin: 0 }), ...Array.from({ length: 20_000 }, () => frame(0, '', { fin: 0 }))]),
  'a text within a text': Buffer.concat([frame(TEXT, 'a', { fin: 0 }), frame(TEXT, 'b')]),
  'a continuation of nothing': frame(0, 'x'),
  'a control frame of 126 bytes': frame(PING, 'x'.repeat(126)),
  'a control frame of 70,000 bytes': frame(PING, 'x'.repeat(70_000)),
  'a control frame in fragments': frame(PING, 'x', { fin: 0 }),
  'ten thousand pings': Buffer.concat(Array.from({ length: 10_000 }, () => frame(PING, 'x'.repeat(125)))),
  'reserved bits': frame(TEXT, 'x', { rsv: 4 }),
  'a masked frame': frame(TEXT, message(1000), { mask: true }),
  'a masked binary frame': frame(BINARY, Buffer.alloc(100_000, 1), { mask: true }),
  'bad UTF-8': frame(TEXT, Buffer.from([0xff, 0xfe, 0xc0, 0x80])),
  'a NUL and no JSON': frame(TEXT, Buffer.from('{"a\u0000')),
  'JSON of 5,000 levels': frame(TEXT, '['.repeat(5000)),
  'a close frame and more after it': frame(CLOSE, Buffer.concat([Buffer.from([0x0f, 0xa5]), Buffer.from('x'.repeat(123))])),
  'a close frame of one byte': frame(CLOSE, 'x'),
  'an empty close frame': frame(CLOSE),
  'a close frame with an impossible code': frame(CLOSE, Buffer.from([0x03, 0xed])),
  'a close frame of 126 bytes': frame(CLOSE, 'x'.repeat(126)),
  'two close frames': Buffer.concat([frame(CLOSE, Buffer.from([0x03, 0xe8])), frame(CLOSE, Buffer.from([0x03, 0xe9]))]),
  ...Object.fromEntries([3, 7, 11, 15].map((opcode) => [`the reserved opcode ${opcode}`, frame(opcode, 'x'.repeat(1000))])),
};

const answer = (text) => (socket) => {
  socket.write(text);
  setTimeout(() => socket.write(MORE), 50);
};

const handshakes = {
  'half an answer': (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgr'),
  'half an answer, and then the end': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgr'),
  'no answer but the end': (socket) => socket.end(),
  'a reset': (socket) => socket.resetAndDestroy(),
  'frames instead of an answer': answer(MORE),
  'noise': answer(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))),
  'a wrong accept key': greet(Buffer.alloc(0), { 'Sec-WebSocket-Accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
  'no accept key': (socket, head) => socket.write(acceptance(head).replace(/Sec-WebSocket-Accept.*\r\n/, '')),
  'another subprotocol': greet(Buffer.alloc(0), { 'Sec-WebSocket-Protocol': 'npcsim.v1' }),
  'an extension nobody asked for': greet(Buffer.alloc(0), { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=15' }),
  'no upgrade': greet(Buffer.alloc(0), { Upgrade: 'h2c' }),
  'a header of 100,000 bytes': greet(Buffer.alloc(0), { 'X-Long': 'x'.repeat(100_000) }),
  '100 Continue and nothing more': answer('HTTP/1.1 100 Continue\r\n\r\n'),
  '103 Early Hints, then the answer': (socket, head) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n' + acceptance(head)),
  '200 with a body': answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  '204': answer('HTTP/1.1 204 No Content\r\n\r\n'),
  '302 to itself': (socket, head) => socket.end(`HTTP/1.1 302 Found\r\nLocation: http://${/host: *(\S+)/i.exec(head)[1]}/mcp\r\nContent-Length: 0\r\n\r\n`),
  '426': answer('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'),
  '503 with a body without end': (socket) => {
    socket.write('HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n');
    const timer = setInterval(() => socket.write('1000\r\n' + 'x'.repeat(4096) + '\r\n'), 2);
    socket.on('close', () => clearInterval(timer));
  },
  'HTTP/9.9': answer('HTTP/9.9 101 Hm\r\n\r\n'),
  'a status that is no number': answer('HTTP/1.1 abc Hm\r\n\r\n'),
};

async function dialsAgain(t, script) {
  const gateway = await HostileGateway.open(script);
  const process = agent(gateway, ['--mcp', QUIET]);
  t.after(async () => {
    process.kill('SIGKILL');
    await gateway.close();
  });
  await Promise.race([
    until(() => gateway.dials > 1, 'it dials again', 30_000),
    process.ended.then((end) => assert.fail(`the agent ended: ${JSON.stringify(end)}: ${process.output}`)),
  ]);
  const asked = Date.now();
  process.kill('SIGTERM');
  assert.deepEqual(await process.ended, { code: 0, signal: null }, process.output);
  assert.ok(Date.now() - asked < 6000 * PATIENCE, `it ended ${Date.now() - asked} ms after SIGTERM`);
}

describe('a gateway that is not what it should be', { concurrency: PATIENCE > 1 ? 3 : 8 }, () => {
  test('headers without end', { timeout: 60_000 * PATIENCE }, (t) =>
    dialsAgain(t, (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n');
      const timer = setInterval(() => socket.write('X-More: and more\r\n'), 100);
      socket.on('close', () => clearInterval(timer));
    }));

  test('TLS without an answer', { timeout: 60_000 * PATIENCE }, async (t) => {
    const sockets = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const process = agent(`wss://127.0.0.1:${server.address().port}`, ['--mcp', QUIET]);
    t.after(() => {
      process.kill('SIGKILL');
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await until(() => sockets.length > 1, 'it dials again', 30_000);
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
  });

  // A gateway that was stopped: the kernel takes connections, and nobody answers.
  test('a gateway that is stopped while it is dialled, and goes on', { timeout: 90_000 * PATIENCE }, async (t) => {
    const { gateway, go } = await stoppedGateway(t, true);
    const process = agent({ port: gateway.port }, ['--mcp', QUIET]);
    t.after(() => process.kill('SIGKILL'));
    await until(() => process.output.split('not connected to the gateway').length > 2, 'it dials twice in vain', 50_000);
    go();
    await until(() => process.output.includes('connected to the gateway at 127.0.0.1') && gateway.child.output.includes('a session'), 'it gets through', 40_000);
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
  });

  test('SIGTERM while the handshake is not answered', { timeout: 30_000 * PATIENCE }, async (t) => {
    const { gateway } = await stoppedGateway(t, true);
    const process = agent({ port: gateway.port }, ['--mcp', QUIET, '--log-level', 'debug']);
    t.after(() => process.kill('SIGKILL'));
    await until(() => process.output.includes('the MCP server is up'), 'it dials');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const asked = Date.now();
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
    assert.ok(Date.now() - asked < 6000 * PATIENCE);
  });

  test('a gateway that freezes while it is connected is given up, and found again', { timeout: 120_000 * PATIENCE }, async (t) => {
    const { gateway, stop, go } = await stoppedGateway(t, false);
    const process = agent({ port: gateway.port }, ['--mcp', QUIET]);
    t.after(() => process.kill('SIGKILL'));
    await until(() => gateway.child.output.includes('a session'), 'it is connected');
    stop();
    await until(() => process.output.includes('nothing was heard from it for 30 s'), 'it is missed', 45_000);
    go();
    await until(() => gateway.child.output.split('a session').length > 2, 'it is found again', 40_000);
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
  });

  test('SIGTERM while the gateway is frozen', { timeout: 30_000 * PATIENCE }, async (t) => {
    const { gateway, stop } = await stoppedGateway(t, false);
    const process = agent({ port: gateway.port }, ['--mcp', QUIET]);
    t.after(() => process.kill('SIGKILL'));
    await until(() => gateway.child.output.includes('a session'), 'it is connected');
    stop();
    const asked = Date.now();
    process.kill('SIGTERM');
    assert.deepEqual(await process.ended, { code: 0, signal: null });
    assert.ok(Date.now() - asked < 6000 * PATIENCE);
  });

  test('SIGTERM while nobody reads what the agent says', { timeout: 30_000 * PATIENCE }, async (t) => {
    const child = spawn(AGENT, ['--gateway', 'ws://127.0.0.1:1', '--log-level', 'debug', '--mcp', `sh -c 'while :; do echo "$0" >&2; done' ${'x'.repeat(1000)}`], {
      stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NPCSIM_TOKEN: TOKEN } });
    t.after(() => child.kill('SIGKILL'));
    child.stderr.pause();
    const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
    await new Promise((resolve) => child.stderr.once('readable', resolve)); // it runs, however long that took
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGTERM');
    assert.equal(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 12_000 * PATIENCE, 'it goes on'))]), 0);
  });

  test('every address of the gateway is tried', { timeout: 30_000 * PATIENCE }, async (t) => {
    const gateway = await Gateway.open(); // at 127.0.0.1 alone, while "localhost" may be ::1 first
    const opened = gateway.session();
    const process = agent(`ws://localhost:${gateway.port}`, ['--mcp', QUIET]);
    t.after(async () => {
      process.kill('SIGKILL');
      await gateway.close();
    });
    await opened;
    const stranger = agent('ws://no-such-host.invalid:8080', ['--mcp', QUIET]);
    t.after(() => stranger.kill('SIGKILL'));
    await until(() => /its address (cannot be|is not) found/.test(stranger.output), 'it is told', 20_000);
    stranger.kill('SIGTERM');
    assert.deepEqual(await stranger.ended, { code: 0, signal: null });
  });

  for (const [name, script] of Object.entries(handshakes)) test(`instead of a handshake: ${name}`, { timeout: 60_000 * PATIENCE }, (t) => dialsAgain(t, script));
  for (const [name, bytes] of Object.entries(frames)) test(`after the handshake: ${name}, and more`, { timeout: 60_000 * PATIENCE }, (t) => dialsAgain(t, greet(bytes)));
});

// A gateway in a process of its own, to be stopped.
async function stoppedGateway(t, atOnce) {
  const program = `import('${new URL('./agent/gateway.mjs', import.meta.url)}').then(async ({ Gateway }) => {
    const gateway = await Gateway.open();
    gateway.server.on('connection', () => console.log('a session'));
    console.log('port', gateway.port);
  })`;
  const child = start(process.execPath, ['-e', program]);
  t.after(() => child.kill('SIGKILL'));
  const [, port] = await until(() => child.output.match(/port (\d+)/), 'the gateway listens');
  const gateway = { child, port: Number(port) };
  if (atOnce) child.kill('SIGSTOP');
  return { gateway, stop: () => child.kill('SIGSTOP'), go: () => child.kill('SIGCONT') };
}
