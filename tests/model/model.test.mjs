// Runs alone: it tells how long the model thinks.
// Tests that a language model of 135 million parameters can play a colony over WebSocket, as a player's client would let it.
// There are four ways, one after the other, each in a world of its own, and all of them with the compact observation:
//
//   grammar   the model is told in words how its NPC is and the numbered choices, and can write only {"choice": N} with an N of
//             the list, because the runtime enforces a JSON schema token by token. This way has to play well
//   text      it is told the same and writes what it likes; the first number in that is the choice
//   schema    it has no choices, but is told the observation and which actions there are; a JSON schema of an action with a
//             target is enforced
//   raw       it is told the same and writes what it likes, which is sent as it is
//
// NPCSIM_MODEL: the weights, a GGUF file ("make test-long" fetches them); NPCSIM_MODEL_ANSWERS: how many answers are given the
// first way, and half as many each other way; NPCSIM_MODEL_THREADS: how many threads the model uses.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { getLlama, LlamaChatSession } from 'node-llama-cpp';

import { join } from '../e2e/lib/client.mjs';
import { startColony, waitFor } from '../e2e/lib/colony.mjs';

const ANSWERS = Number(process.env.NPCSIM_MODEL_ANSWERS ?? 60);
const THREADS = Number(process.env.NPCSIM_MODEL_THREADS ?? 2);
const NPCS = 10;

const ROLE = 'You play a character in a village. You are told how they are and what they can do, and you decide what they do next.';
const llama = await getLlama({ build: 'never', gpu: false, logLevel: 'error', progressLogs: false, maxThreads: THREADS });
const model = await llama.loadModel({ modelPath: process.env.NPCSIM_MODEL });
const context = await model.createContext({ contextSize: 4096, threads: THREADS });
const sequence = context.getSequence();
after(() => llama.dispose());

// What the model says to a question; each is put to it without the ones before. The same questions get the same answers.
async function say(question, number, options = {}) {
  const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: ROLE });
  const text = await session.prompt(question, { maxTokens: 60, temperature: 0.7, seed: number, ...options });
  session.dispose({ disposeSequence: false });
  return text;
}

// An observation in words, as far as it bears on what to do.
function inWords({ self, needs, status, conversation }) {
  const said = conversation?.messages?.map(({ name, message }) => `${name} said: ${message}\n`).join('') ?? '';
  return `You are ${self.name}. You are ${status.state}. How you are, from 0 (very bad) to 100 (very good): `
    + `${Object.entries(needs).map(([need, value]) => `${need} ${Math.round(value)}`).join(', ')}.\n${said}`;
}

const choicesOf = ({ choices }) => choices.map(({ choice, text }) => `${choice}. ${text}`).join('\n');
const asked = (observations) => `${inWords(observations)}What you can do:\n${choicesOf(observations)}\nAnswer with the number of what you do next.`;

// Those that need no more than a target.
const ACTIONS = ['wander', 'wait', 'continue', 'cancel_interaction', 'consume', 'sit', 'wash', 'watch', 'start_conversation', 'move_to_item', 'move_to_npc'];
const open = (observations) => `${JSON.stringify(observations)}\nActions: ${ACTIONS.join(', ')}.\n`
  + 'Answer with one action as JSON, like {"action": "consume", "target_id": 19}.';

const WAYS = {
  grammar: {
    choices: true,
    async answer(observations, number) {
      const grammar = await llama.createGrammarForJsonSchema({
        type: 'object', properties: { choice: { enum: observations.choices.map(({ choice }) => choice) } },
      });
      return grammar.parse(await say(asked(observations), number, { grammar }));
    },
  },
  text: {
    choices: true,
    async answer(observations, number) {
      const [digits] = (await say(asked(observations), number)).match(/\d+/) ?? [];
      return { choice: digits === undefined ? undefined : Number(digits) };
    },
  },
  schema: {
    choices: false,
    async answer(observations, number) {
      const grammar = await llama.createGrammarForJsonSchema({
        type: 'object', properties: { action: { enum: ACTIONS }, target_id: { type: 'integer' } },
      });
      return { response: await say(open(observations), number, { grammar }) };
    },
  },
  raw: {
    choices: false,
    answer: async (observations, number) => ({ response: await say(open(observations), number) }),
  },
};

// Lets the model play until it has given so many answers: what became of each, as its player was told, and how long it thought.
async function play({ choices, answer }, wanted) {
  const colony = await startColony({ npcs: NPCS, sizeX: 32, sizeY: 24, preset: 'default', running: false });
  const answers = [];
  let beating;
  try {
    await colony.query('UPDATE npcsim.worlds SET idle_interval = 3 WHERE id = $1', [colony.worldId]);
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id', [colony.worldId])).map(({ id }) => id);
    const player = await colony.player('smol', npcs);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    const mind = await join(colony, { token: player.token, purpose: 'compute', source: 'smollm2' });
    const beat = () => mind.send({ type: 'compute_heartbeat', max_concurrency: 1, choices, compact: true });
    beat();
    beating = setInterval(beat, 5000);
    while (answers.length < wanted) {
      const request = await waitFor(() => mind.of('decision_request')[answers.length], { timeout: 90_000, what: `question ${answers.length + 1}` });
      const began = performance.now();
      const decision = await answer(request.observations, answers.length + 1);
      const seconds = (performance.now() - began) / 1000;
      const before = mind.of('error').length;
      mind.send({ type: 'decision_response', request_id: request.request_id, ...decision });
      const { status = 'unread', code, reason } = await waitFor(
        () => mind.of('decision_result').find(({ request_id: id }) => id === request.request_id) ?? mind.of('error')[before],
        { timeout: 20_000, what: () => `what became of ${JSON.stringify(decision)}: ${JSON.stringify(mind.frames.slice(-3))}` });
      answers.push({ decision, status, code, reason, seconds, offered: request.observations.choices?.length });
    }
    assert.equal(mind.closed, undefined, 'it was never hung up on');
    mind.socket.close();
  } finally {
    clearInterval(beating);
    await colony.stop();
  }
  return answers;
}

function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([value, count]) => `${value}: ${count}`).join(', ');
}

function report(t, answers) {
  const seconds = answers.map((answer) => answer.seconds).sort((a, b) => a - b);
  t.diagnostic(`${answers.length} answers: ${counted(answers.map(({ status, code }) => (code ? `${status} ${code}` : status)))}`);
  t.diagnostic(`thought for ${seconds[seconds.length >> 1].toFixed(1)} s (median), ${seconds.at(-1).toFixed(1)} s (longest), with ${THREADS} threads`);
  if (answers.some(({ offered }) => offered))
    t.diagnostic(`numbers: ${counted(answers.map(({ decision }) => decision.choice))}; out of ${counted(answers.map(({ offered }) => offered))}`);
  for (const { decision, status, reason } of answers.filter((answer) => answer.status !== 'applied').slice(0, 8))
    t.diagnostic(`${status}: ${JSON.stringify(decision)}: ${reason}`);
}

test('it plays through choices', async (t) => {
  const answers = await play(WAYS.grammar, ANSWERS);
  report(t, answers);
  const applied = answers.filter(({ status }) => status === 'applied');
  assert.ok(answers.length >= 30 && applied.length >= 0.7 * answers.length, `${applied.length} of ${answers.length} applied`);
  assert.ok(new Set(applied.map(({ decision }) => decision.choice)).size > 1, 'it does not always say the same number');
});

for (const way of ['text', 'schema', 'raw']) {
  test(`for comparison: ${way}`, async (t) => report(t, await play(WAYS[way], Math.ceil(ANSWERS / 2))));
}
