// Runs alone: the model has both cores.
// Tests that a player joins a colony with nothing but a language model: npcsim-agent --api asks a small one for three NPCs, through
// a front that speaks OpenAI's chat completions and holds it to the schema that the agent sends.
//
// NPCSIM_MODEL: the weights, a GGUF file ("make test-long" fetches them); NPCSIM_MODEL_SECONDS: how long it plays;
// NPCSIM_MODEL_THREADS: how many threads the model uses.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { getLlama, LlamaChatSession } from 'node-llama-cpp';

import { completion, Endpoint } from '../e2e/agent/endpoint.mjs';
import { startColony } from '../e2e/lib/colony.mjs';

const SECONDS = Number(process.env.NPCSIM_MODEL_SECONDS ?? 300);
const THREADS = Number(process.env.NPCSIM_MODEL_THREADS ?? 1);

const llama = await getLlama({ build: 'never', gpu: false, logLevel: 'error', progressLogs: false, maxThreads: THREADS });
const model = await llama.loadModel({ modelPath: process.env.NPCSIM_MODEL });
const context = await model.createContext({ contextSize: 4096, threads: THREADS });
const sequence = context.getSequence();
const memories = mkdtempSync(join(tmpdir(), 'npcsim-model-'));
after(async () => {
  rmSync(memories, { recursive: true, force: true });
  await llama.dispose();
});

// The model has room for one question at a time; others wait for it.
let turn = Promise.resolve();
function complete(body) {
  const answer = turn.then(async () => {
    const [system, user] = body.messages;
    const { schema } = body.response_format.json_schema;
    const grammar = await llama.createGrammarForJsonSchema(schema);
    const session = new LlamaChatSession({ contextSequence: sequence, systemPrompt: system.content });
    const { responseText, stopReason } = await session.promptWithMeta(user.content, { grammar, maxTokens: body.max_tokens, temperature: body.temperature });
    session.dispose({ disposeSequence: false });
    const value = completion(responseText, { usage: { prompt_tokens: 0, completion_tokens: model.tokenize(responseText).length, total_tokens: 0 } });
    value.choices[0].finish_reason = stopReason === 'maxTokens' ? 'length' : 'stop';
    return value;
  });
  turn = answer.catch(() => {});
  return answer;
}

test('three NPCs live by a small model on this machine', async (t) => {
  const endpoint = await Endpoint.open({ key: null, models: ['smollm2'], answer: complete });
  const colony = await startColony({ npcs: 10, sizeX: 32, sizeY: 24, preset: 'default', running: false });
  try {
    await colony.query('UPDATE npcsim.worlds SET idle_interval = 3 WHERE id = $1', [colony.worldId]);
    const npcs = (await colony.query('SELECT id FROM npcsim.npcs WHERE world_id = $1 ORDER BY id LIMIT 3', [colony.worldId])).map(({ id }) => id);
    const player = await colony.player('smol', npcs);
    await colony.query('SELECT npcsim.start_world($1)', [colony.worldId]);
    const agent = colony.agent(player, ['--api', endpoint.url, '--model', 'smollm2', '--max-concurrency', '1', '--max-tokens', '80',
      '--parameter', 'temperature=0.7', '--memory-dir', memories]);
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    const log = await colony.query(`SELECT status, count(*)::int, sum(tokens)::int AS tokens, min(detail) AS detail, count(DISTINCT decision->>'choice')::int AS numbers
      FROM npcsim.decision_log WHERE player_id = $1 GROUP BY status ORDER BY count DESC`, [player.id]);
    const [{ all, applied, npcs: deciding }] = await colony.query(`SELECT count(*)::int AS all, count(*) FILTER (WHERE status = 'applied')::int AS applied,
      count(DISTINCT npc_id) FILTER (WHERE status = 'applied')::int AS npcs FROM npcsim.decision_log WHERE player_id = $1`, [player.id]);
    for (const { status, count, tokens, detail, numbers } of log) t.diagnostic(`${status}: ${count}, ${numbers} different numbers, ${tokens} tokens${status === 'applied' ? '' : `: ${detail}`}`);
    t.diagnostic(`${endpoint.questions.length} questions in ${SECONDS} s with ${THREADS} threads, ${endpoint.faults.length} of them faulty`);
    assert.deepEqual(endpoint.faults, []);
    assert.ok(all >= SECONDS / 15 && applied >= 0.7 * all, `${applied} of ${all} applied: ${agent.output.slice(-2000)}`);
    assert.equal(deciding, 3, 'each of them was decided for');
    assert.equal(readdirSync(memories, { recursive: true }).filter((name) => name.endsWith('.diary')).length, 3);
    assert.match(endpoint.questions.at(-1).body.messages[1].content, /What you remember:\n- /);
  } finally {
    await colony.stop();
    await endpoint.close();
    await turn;
  }
});
