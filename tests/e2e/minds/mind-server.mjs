// A stand-in for the reference game's mind server: HTTP + SSE (official SDK 1.x), with a mind per NPC, and as strict as
// possible about what it is told. A call that breaks a rule gets an error, as it does there, and is reported.
//
//   node mind-server.mjs --port PORT --store FILE [--think MILLISECONDS] [--chatty]
//
// Events are sent at /sse, messages taken at /sse/?session_id=…, and the report is JSON at /report. The store is what it
// has on disk: which minds were created, and their consolidated memories. All else is lost when it ends, traits included: a
// mind that is relinked then has none until it is created again. PORT 0 means any free one; the address is logged. --think
// is how long it thinks about a decision (40). A chatty one speaks whenever it is asked in a conversation, another every
// 5 s at most.
//
// Each mind keeps a ledger of bids. It leaves every third invitation without an answer, rejects every fourth of the others
// and accepts the rest. After /quiet all minds finish what they do, begin nothing, and answer all invitations.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { listen, logger } from './serve.mjs';

const { values: options } = parseArgs({ options: { port: { type: 'string' }, store: { type: 'string' }, think: { type: 'string', default: '40' }, chatty: { type: 'boolean' } } });
const THINK = Number(options.think);
const log = logger('mind-server');

// ---- the schemas of its tools' arguments

const minutes = z.int();
const cell = z.tuple([z.int(), z.int()]);
const id = z.string().regex(/^\d+$/);
const texts = z.array(z.string());
const nothing = z.strictObject({});
const actParameters = z.record(z.string(), z.strictObject({ type: z.string(), default: z.unknown().optional(), description: z.string() }));
const interaction = z.strictObject({
  name: z.string(), description: z.string(), needs_filled: texts, needs_drained: texts, need_rates: z.record(z.string(), z.number()),
  act_in_interaction_parameters: actParameters,
});
const engagement = z.strictObject({
  interaction_id: z.string(), interaction_name: z.string(), participant_ids: z.array(id), participant_names: texts,
  participant_count: z.int().min(1), min_participants: z.int().min(1), max_participants: z.int().min(1),
  duration_minutes: z.number().min(0), is_joinable: z.boolean(), joinable_reason: z.enum(['', 'at_capacity', 'requesting']),
}).refine((run) => run.participant_names.length === run.participant_ids.length && run.participant_names.every((name) => name !== ''),
  'each participant has a name').refine((run) => run.is_joinable === (run.joinable_reason === ''), 'what cannot be joined has a reason');
const observation = z.strictObject({
  entity_id: id,
  current_simulation_time: minutes,
  status: z.strictObject({
    position: cell, movement_locked: z.boolean(), current_interaction: z.union([nothing, interaction]),
    activity_state: z.strictObject({ state_name: z.enum(['idle', 'moving', 'requesting', 'interacting', 'wandering', 'waiting']) }),
  }),
  needs: z.strictObject({ needs: z.record(z.enum(['hunger', 'hygiene', 'fun', 'energy']), z.number().min(0).max(100)), max_value: z.literal(100) }),
  vision: z.strictObject({
    visible_entities: z.array(z.strictObject({
      entity_id: id, display_name: z.string(), position: cell, interactions: z.record(z.string(), interaction),
      current_interaction: z.union([nothing, engagement]),
    })),
  }),
});
const named = { interaction_name: z.string() };
const ended = z.strictObject({ ...named, interaction_id: id });
const payloads = {
  INTERACTION_BID_PENDING: z.strictObject({ ...named, bid_id: id, bidder_id: id, provider_id: id.optional() }),
  INTERACTION_BID_REJECTED: z.strictObject({ ...named, bid_id: id.optional(), reason: z.string() }),
  INTERACTION_BID_RECEIVED: z.strictObject({ ...named, bid_id: id, bidder_id: id, bidder_name: z.string().optional() }),
  INTERACTION_BID_CANCELED: z.strictObject({ ...named, bid_id: id, reason: z.string().optional() }),
  INTERACTION_STARTED: ended,
  INTERACTION_CANCELED: ended,
  INTERACTION_FINISHED: ended,
  INTERACTION_OBSERVATION: z.strictObject({
    ...named, interaction_id: id, participants: z.array(id).min(1), initiator_id: id.optional(),
    conversation_history: z.array(z.strictObject({
      speaker_id: id, speaker_name: z.string(), message: z.string(), timestamp: z.int(), is_system: z.literal(true).optional(),
    })),
  }),
  MOVEMENT_COMPLETED: z.strictObject({ status: z.enum(['ARRIVED', 'STOPPED_SHORT', 'BLOCKED']), intended_destination: cell, actual_destination: cell }),
  ERROR: z.strictObject({ message: z.string().min(1) }),
};
const events = z.array(z.union(Object.entries(payloads).map(([name, payload]) =>
  z.strictObject({ timestamp: minutes, event_type: z.literal(name), payload }))));
const call = { mind_id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,56}[A-Za-z0-9]$/) };
const config = z.strictObject({ traits: texts, initial_long_term_memories: z.array(z.string()) });
const tools = {
  create_mind: z.strictObject({ ...call, entity_id: id, config }),
  relink_mind: z.strictObject({ ...call, entity_id: id }),
  decide_action: z.strictObject({ ...call, observation, events }),
  consolidate_memories: z.strictObject(call),
  cleanup_mind: z.strictObject(call),
  forget_mind: z.strictObject(call),
};

// ---- its state

const stored = existsSync(options.store) ? JSON.parse(readFileSync(options.store, 'utf8')) : {};
const minds = new Map(); // those in memory, by id
const busy = new Set();
const report = {
  violations: [], calls: {}, minds: {}, events: {}, actions: {}, unmetered: 0, messages: 0, conversations: 0,
  // what it was told: states of its NPCs, why those in sight could not be joined; and how many memories were lost
  states: {}, unjoinable: {}, engaged: 0, forgotten: 0,
  // how bids of its NPCs and invitations ended: started, accepted, rejected, cancelled, spoken for (it did not answer)
  own: {}, invited: {},
};
let invitations = 0;
let quiet = false;

class Violation extends Error {}

function check(holds, words) {
  if (!holds) throw new Violation(words);
}

// Puts a mind into memory. If there was one with this id, its memories that were not stored are lost.
function reside(mindId, entityId, traits) {
  report.forgotten += minds.get(mindId)?.daily ?? 0;
  minds.set(mindId, { entityId, traits, daily: 0, bids: new Map(), conversations: new Map(), said: 0, saidAt: 0, lastStamp: 0, decisions: 0 });
}

// ---- the ledger of bids: who waits for whose answer

function count(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

// Opens a bid in the ledger. A bid may be told again, until a question that told it was answered, or when the answer did
// not reach the world.
function open(mind, { bid_id: id, bidder_id: bidder, interaction_name: interaction }) {
  if (mind.bids.has(id)) return;
  const mine = bidder === mind.entityId;
  mind.bids.set(id, { id, bidder, interaction, mine, since: Date.now(), plan: mine ? undefined : plan() });
}

function plan() {
  invitations++;
  if (!quiet && invitations % 3 === 1) return 'ignore';
  return invitations % 4 === 2 ? 'reject' : 'accept';
}

function close(mind, id, outcome) {
  const bid = mind.bids.get(id);
  if (!bid) return;
  mind.bids.delete(id);
  count(bid.mine ? report.own : report.invited, bid.plan === 'ignore' ? 'spoken for' : outcome);
}

// Closes the bids for an interaction that has begun, since they need no answer any more.
function begin(mind, { interaction_name: interaction }) {
  for (const bid of [...mind.bids.values()]) if (bid.interaction === interaction) close(mind, bid.id, 'started');
}

// Takes the messages of an event. Messages are told apart by their time stamps, and so are the events that bring them;
// stamps must be ascending.
function hear(mind, { timestamp, payload }) {
  const { interaction_id: id, conversation_history: history } = payload;
  const conversation = join(mind, id);
  let fresh = false;

  for (const message of history) {
    const { timestamp: when, speaker_id: speaker, message: words } = message;
    const said = `${speaker}: ${words}`;
    const same = conversation.messages.get(when);
    check(same === undefined || same === said, `two messages at ${when}: "${same}" and "${said}"`);
    if (same !== undefined) continue;
    fresh = true;
    conversation.messages.set(when, said);
    if (message.is_system) continue;
    // these include what the built-in mind said for it while it was thinking
    if (speaker === mind.entityId) mind.saidAt = Math.max(mind.saidAt, Math.ceil(when / 1e6));
    check(when > conversation.last, `a message of ${id} at ${when}, after one at ${conversation.last}`);
    conversation.last = when;
    report.messages++;
  }
  if (!fresh) return;
  check(timestamp > mind.lastStamp, `a message's event at ${timestamp}, after one at ${mind.lastStamp}`);
  mind.lastStamp = timestamp;
}

function join(mind, id) {
  if (!mind.conversations.has(id)) {
    mind.conversations.set(id, { messages: new Map(), last: 0 });
    mind.said = 0;
    report.conversations++;
  }
  return mind.conversations.get(id);
}

function take(mind, told) {
  for (const event of told) {
    const { event_type: type, payload } = event;

    count(report.events, type);
    switch (type) {
      case 'INTERACTION_BID_RECEIVED':
        check(payload.bidder_id !== mind.entityId, `${mind.entityId} invites itself`);
        open(mind, payload);
        break;
      case 'INTERACTION_BID_PENDING':
        check(payload.bidder_id === mind.entityId, `${mind.entityId} is told of a bid of ${payload.bidder_id}'s`);
        open(mind, payload);
        break;
      case 'INTERACTION_BID_CANCELED':
        close(mind, payload.bid_id, 'cancelled');
        break;
      case 'INTERACTION_BID_REJECTED':
        check(payload.reason !== '', 'a bid is rejected without a reason');
        close(mind, payload.bid_id, 'rejected');
        break;
      case 'INTERACTION_STARTED':
        begin(mind, payload);
        if (payload.interaction_name === 'conversation') join(mind, payload.interaction_id);
        break;
      case 'INTERACTION_OBSERVATION':
        hear(mind, event);
        break;
      case 'INTERACTION_FINISHED':
      case 'INTERACTION_CANCELED':
        mind.conversations.delete(payload.interaction_id);
    }
  }
}

function look({ status, vision }) {
  count(report.states, status.activity_state.state_name);
  for (const { current_interaction: use } of vision.visible_entities) {
    if (use.interaction_name === undefined) continue;
    if (use.duration_minutes > 0) report.engaged++;
    if (!use.is_joinable) count(report.unjoinable, use.joinable_reason);
  }
}

// ---- its decisions

function choose(mind, seen) {
  const { status, needs, vision } = seen;
  const { state_name: state } = status.activity_state;
  const doing = status.current_interaction;
  const reply = answerInvitations(mind);
  if (reply) return reply;
  if (state === 'requesting') return { action: 'continue', parameters: {} };
  if (state === 'interacting') return act(mind, doing, seen);
  if (quiet) return { action: 'wait', parameters: {} };
  const reachable = vision.visible_entities.filter(({ current_interaction: use }) => use.interaction_name === undefined || use.is_joinable);
  const [neediest] = Object.entries(needs.needs).sort((a, b) => a[1] - b[1]);
  const remedy = neediest?.[1] < 60 && find(reachable, (details) => details.needs_filled.includes(neediest[0]));
  const talk = find(reachable, (_, name) => name === 'conversation');
  if (remedy && mind.decisions % 2) return { action: 'interact_with', parameters: remedy };
  if (talk && mind.decisions % 3 === 0) return { action: 'interact_with', parameters: talk };
  if (status.movement_locked || mind.decisions % 5 === 4) return { action: 'wait', parameters: {} };
  if (state === 'moving') return { action: 'continue', parameters: {} };
  const [x, y] = status.position;
  return mind.decisions % 2 ? { action: 'wander', parameters: {} } : { action: 'move_to', parameters: { destination: [x > 4 ? x - 3 : x + 3, y] } };
}

// Answers one invitation; if more than two wait, it rejects all of them together.
function answerInvitations(mind) {
  const waiting = [...mind.bids.values()].filter((bid) => !bid.mine && (quiet || bid.plan !== 'ignore'));
  const [bid] = waiting;
  if (!bid) return undefined;
  if (waiting.length > 2) {
    for (const { id } of waiting) close(mind, id, 'rejected');
    return { action: 'batch_reject_interaction_bids', parameters: { ids: waiting.map(({ id }) => id), reason: 'too many at once' } };
  }
  if (bid.plan === 'accept' && !quiet) {
    close(mind, bid.id, 'accepted');
    return { action: 'respond_to_interaction_bid', parameters: { bid_id: bid.id, accept: true } };
  }
  close(mind, bid.id, 'rejected');
  return { action: 'respond_to_interaction_bid', parameters: { bid_id: bid.id, accept: false, reason: 'I want to be alone' } };
}

function find(entities, wanted) {
  for (const { entity_id: entityId, interactions } of entities) {
    const [name] = Object.entries(interactions).find(([key, details]) => wanted(details, key)) ?? [];
    if (name !== undefined) return { entity_id: entityId, interaction_name: name };
  }
  return undefined;
}

// In a conversation it says four messages, with pauses unless it is chatty, and leaves; in any other interaction it stays
// until the needs that it fills are satisfied.
function act(mind, doing, { needs: { needs }, current_simulation_time: now }) {
  if (doing.act_in_interaction_parameters?.message) {
    if (quiet || mind.said >= 4) return { action: 'cancel_interaction', parameters: {} };
    if (!options.chatty && now < mind.saidAt + 5) return { action: 'continue', parameters: {} };
    mind.said++;
    mind.saidAt = now;
    return { action: 'act_in_interaction', parameters: { message: `Thought ${mind.said} of ${mind.entityId}` } };
  }
  const satisfied = doing.needs_filled?.every((need) => needs[need] > 95) ?? true;
  return { action: satisfied ? 'cancel_interaction' : 'continue', parameters: {} };
}

// ---- its tools

const handlers = {
  create_mind({ mind_id: mindId, entity_id: entityId, config: { traits, initial_long_term_memories: seeds } }) {
    check(!stored[mindId] || seeds.length === 0, `${mindId} was created before: its memories are seeded again`);
    stored[mindId] ??= { memories: seeds.length };
    writeFileSync(options.store, JSON.stringify(stored));
    reside(mindId, entityId, traits);
    return { status: 'created', mind_id: mindId, entity_id: entityId, message: null };
  },
  relink_mind({ mind_id: mindId, entity_id: entityId }) {
    if (!minds.has(mindId) && !stored[mindId]) return { status: 'not_found', mind_id: mindId, entity_id: entityId, message: null };
    if (minds.has(mindId)) minds.get(mindId).entityId = entityId;
    else reside(mindId, entityId, []);
    return { status: 'relinked', mind_id: mindId, entity_id: entityId, message: null };
  },
  async decide_action({ mind_id: mindId, observation: seen, events: told }) {
    const requestId = Math.random().toString(16).slice(2, 10);
    const mind = minds.get(mindId);
    if (!mind) return { status: 'error', action: null, error_message: `Mind ${mindId} not found`, request_id: requestId, protocol_version: 1 };
    check(seen.entity_id === mind.entityId, `${mindId} drives ${mind.entityId}, not ${seen.entity_id}`);
    take(mind, told);
    look(seen);
    await sleep(THINK / 2); // the real server calls its model twice
    const action = choose(mind, seen);
    await sleep(THINK / 2);
    mind.decisions++;
    mind.daily++;
    count(report.actions, action.action);
    const result = { status: 'success', action, error_message: null, request_id: requestId, protocol_version: 1 };
    if (mind.decisions % 4 === 0) {
      report.unmetered++;
      return result;
    }
    return { ...result, telemetry: { provenance: 'metered', prompt_tokens: 400, completion_tokens: 12, total_tokens: 412, model_calls: 2 } };
  },
  consolidate_memories({ mind_id: mindId }) {
    const mind = minds.get(mindId);
    if (!mind) return { status: 'error', consolidated_count: 0 };
    const count = mind.daily;
    stored[mindId].memories += count;
    mind.daily = 0;
    writeFileSync(options.store, JSON.stringify(stored));
    return { status: 'success', consolidated_count: count };
  },
  cleanup_mind({ mind_id: mindId }) {
    minds.delete(mindId);
    return { status: 'released', mind_id: mindId, entity_id: null, message: null };
  },
  forget_mind: () => check(false, 'memories are the player\'s to delete'),
};

async function run(tool, args) {
  const mindId = args?.mind_id;
  count(report.calls, tool);
  count((report.minds[mindId] ??= {}), tool);
  try {
    check(tools[tool], `there is no tool ${tool}`);
    check(!busy.has(mindId), `two calls at a time for ${mindId}`);
    busy.add(mindId);
    try {
      return await handlers[tool](tools[tool].parse(args));
    } finally {
      busy.delete(mindId);
    }
  } catch (error) {
    const words = error instanceof Violation ? error.message : z.prettifyError(error);
    report.violations.push({ tool, words, args });
    log(`${tool}: ${words}`);
    return { status: 'error', action: null, error_message: words };
  }
}

function server() {
  const mcp = new Server({ name: 'NPC Mind Server', version: '1' }, { capabilities: { tools: {} } });
  mcp.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(tools).map(([name, schema]) => {
      const properties = Object.fromEntries(Object.keys(schema.shape).map((key) => [key, key.endsWith('_id') ? { type: 'string' } : {}]));
      return { name, description: name, inputSchema: { type: 'object', properties, required: Object.keys(properties) } };
    }),
  }));
  mcp.setRequestHandler(CallToolRequestSchema, async ({ params }) =>
    ({ content: [{ type: 'text', text: JSON.stringify(await run(params.name, params.arguments)) }] }));
  return mcp;
}

const sessions = new Map();

async function answer(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const transport = sessions.get(url.searchParams.get('sessionId'));

  // the method is not checked, as on the real server, so a POST begins an event stream, too
  if (url.pathname === '/sse') {
    const fresh = new SSEServerTransport('/sse/', response);
    sessions.set(fresh.sessionId, fresh);
    fresh.onclose = () => sessions.delete(fresh.sessionId);
    return server().connect(fresh);
  }
  if (request.method === 'POST' && url.pathname === '/sse/' && transport) return transport.handlePostMessage(request, response);
  if (url.pathname === '/quiet') {
    quiet = true;
    return response.end();
  }
  if (url.pathname === '/report') {
    const pending = [...minds.values()].flatMap(({ bids }) => [...bids.values()]);
    const traits = Object.fromEntries([...minds.values()].map((mind) => [mind.entityId, mind.traits]));
    const memories = Object.values(stored).reduce((sum, mind) => sum + mind.memories, 0);
    return response.end(JSON.stringify({ ...report, resident: [...minds.keys()], traits, memories, pending }));
  }
  return response.writeHead(404).end();
}

listen(createServer(answer), options.port, '/sse', log);
