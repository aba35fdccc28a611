// A WebSocket client of a gateway that can send anything, and keeps what it was sent and how it ended.
//
//   const client = await dial(colony.port);                      // has sent nothing yet
//   const client = await hello(colony, { token });               // has sent its hello
//   client.send({ type: 'ping' });  client.send('no JSON');
//   await client.frame('pong');                                   // the first frame of that type, received or awaited
//   await client.ends();                                          // the close code
import WebSocket from 'ws';

import { waitFor } from './cluster.mjs';

export async function dial(port, path = '/ws', protocol = 'npcsim.v1', options = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol, options);
  const client = {
    socket,
    frames: [],
    closed: undefined,
    reason: undefined,
    send: (frame) => socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    of: (type) => client.frames.filter((frame) => frame.type === type),
    frame: (type, wanted = () => true, timeout = 10_000) =>
      waitFor(() => client.frames.find((frame) => frame.type === type && wanted(frame)), { timeout, what: `a frame ${type}` }),
    ends: (timeout = 10_000) => waitFor(() => client.closed, { timeout, what: 'the connection to end' }),
  };
  socket.on('message', (data) => client.frames.push({ ...JSON.parse(data), size: data.length }));
  socket.on('close', (code, reason) => Object.assign(client, { closed: code, reason: String(reason) }));
  socket.on('error', (error) => (client.error = error));
  await waitFor(() => socket.readyState === WebSocket.OPEN || client.closed || client.error, { what: 'the connection' });
  return client;
}

export async function hello(colony, members = {}) {
  const client = await dial(colony.port);
  client.send({ type: 'hello', world_id: colony.worldId, ...members });
  return client;
}

// Returns a client that was welcomed.
export async function join(colony, members = {}) {
  const client = await hello(colony, members);
  client.welcome = await client.frame('welcome');
  return client;
}
