// A player whose mind answers every decision_request at once, over WebSocket.
//
// It decides like the built-in mind: it uses the nearest free item that fills an unmet need, and otherwise wanders, so that
// the world is as busy as one without players.

import { createRequire } from 'node:module';

const { WebSocket } = createRequire(new URL('../../e2e/package.json', import.meta.url))('ws');

const LOW = 50;
const CRITICAL = 20;
const SATISFIED = 99;
const HEARTBEAT_MS = 5_000;
const WELCOME_MS = 20_000;

const lowest = (needs, limit) => Object.entries(needs).filter(([, value]) => value < limit).sort((a, b) => a[1] - b[1])[0]?.[0];

function decide({ needs, status, vision }) {
  const current = status.current_interaction;
  if (current !== null) {
    const fills = Object.keys(current.rates ?? {}).find((need) => current.rates[need] > 0);
    if (fills === undefined || needs[fills] >= SATISFIED) return { action: 'cancel_interaction' };
    if (needs[fills] > LOW && lowest(needs, CRITICAL) !== undefined) return { action: 'cancel_interaction' };
    return { action: 'continue' };
  }
  if (status.state === 'moving') return { action: 'continue' };
  const wanted = Object.entries(needs).filter(([, value]) => value < LOW).sort((a, b) => a[1] - b[1]);
  for (const [need] of wanted) {
    for (const seen of vision) {
      if (seen.type !== 'item' || seen.occupied) continue;
      const name = Object.keys(seen.interactions).find((interaction) => seen.interactions[interaction].fills.includes(need));
      if (name !== undefined) return { action: name, target_id: seen.id };
    }
  }
  return { action: 'wander' };
}

// Counts and times what happens to requests; all minds of a run share it. Times are in milliseconds since 1970.
export class Ledger {
  requests = new Map(); // request id → { received, told, status, code }
  closed = [];

  forget() {
    this.requests.clear();
  }
}

export class Mind {
  #socket;
  #timer;

  constructor(url, token, slots, ledger) {
    this.ready = new Promise((resolve, reject) => {
      const socket = new WebSocket(url, 'npcsim.v1');
      this.#socket = socket;
      const timer = setTimeout(() => reject(new Error('no welcome from the gateway')), WELCOME_MS);
      const send = (frame) => socket.send(JSON.stringify(frame));
      const heartbeat = () =>
        send({ type: 'compute_heartbeat', token_output_rate: 0, decision_queue_length: 0, average_decision_time_ms: 1, max_concurrency: slots, source: 'bench', stateless: false });
      socket.on('open', () => send({ type: 'hello', token, purpose: 'compute', client: 'npcsim-bench' }));
      socket.on('error', reject);
      socket.on('close', (code, reason) => {
        clearInterval(this.#timer);
        clearTimeout(timer);
        if (code !== 1000) ledger.closed.push(`${code} ${reason}`);
        reject(new Error(`closed: ${code} ${reason}`));
      });
      socket.on('message', (data) => {
        const received = Date.now();
        const frame = JSON.parse(data);
        if (frame.type === 'decision_request') {
          ledger.requests.set(frame.request_id, { received });
          send({ type: 'decision_response', request_id: frame.request_id, npc_id: frame.npc_id, tokens: 1, ...decide(frame.observations) });
        } else if (frame.type === 'decision_result') {
          const request = ledger.requests.get(frame.request_id);
          if (request) Object.assign(request, { told: received, status: frame.status, code: frame.code });
        } else if (frame.type === 'welcome') {
          clearTimeout(timer);
          heartbeat();
          this.#timer = setInterval(heartbeat, HEARTBEAT_MS);
          resolve();
        } else if (frame.type === 'error') {
          reject(new Error(`${frame.code}: ${frame.message}`));
        }
      });
    });
  }

  close() {
    clearInterval(this.#timer);
    this.#socket.close(1000);
  }
}
