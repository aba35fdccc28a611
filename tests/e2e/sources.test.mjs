// Tests that a source that its player pauses over the wire is asked no more, is told so, and goes on when it is resumed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { join } from './lib/client.mjs';
import { startColony, waitFor } from './lib/colony.mjs';

let colony, mind;
let calls = 0;

before(async () => {
  colony = await startColony({ npcs: 4, policy: 'interval' });
  const npcs = (await colony.query('SELECT id FROM npcsim.npcs ORDER BY id')).map(({ id }) => id);
  const ada = await colony.player('ada', npcs);
  mind = await join(colony, { token: ada.token, purpose: 'compute', source: 'lamp' });
});

after(() => colony.stop());

const call = async (reducer, args) => {
  const id = ++calls;
  mind.send({ type: 'call', id, reducer, args });
  return waitFor(() => mind.of('result').find((frame) => frame.id === id), { what: `the result of ${reducer}` });
};
const beat = async (heartbeat) => {
  const before = mind.of('heartbeat_ack').length;
  mind.send({ type: 'compute_heartbeat', max_concurrency: 4, ...heartbeat });
  return waitFor(() => mind.of('heartbeat_ack')[before], { what: 'the answer to a heartbeat' });
};
const asked = () => mind.of('decision_request').length;

test('a source that is paused over the wire is asked no more, and again when it is resumed', async () => {
  const { source } = await beat({ kind: 'player_api_key', models: ['tiny'], stateless: true });
  assert.deepEqual({ ...source, id: 0 }, { id: 0, state: 'active', reason: null, until: null, idle: 'no_demand' });
  assert.deepEqual(await colony.query('SELECT name, kind, models, stateless, slots FROM npcsim.compute_sources'),
    [{ name: 'lamp', kind: 'player_api_key', models: ['tiny'], stateless: true, slots: 4 }]);
  await waitFor(() => asked() > 0, { what: 'questions' });

  assert.equal((await call('pause_compute_source', { source_id: source.id, reason: 'the fan is loud' })).ok, true);
  const paused = asked();
  await new Promise((resolve) => setTimeout(resolve, 5000)); // longer than the interval of questions
  assert.equal(asked(), paused, 'nothing is asked');
  assert.deepEqual((await beat({ kind: 'player_api_key', models: ['tiny'], stateless: true })).source,
    { id: source.id, state: 'paused', reason: 'the fan is loud', until: null, idle: 'paused' });
  assert.equal(mind.of('decision_cancelled').length, paused, 'what was asked is awaited no more');

  assert.equal((await call('resume_compute_source', { source_id: source.id })).ok, true);
  await waitFor(() => asked() > paused, { what: 'questions again' });
  assert.equal((await call('pause_compute_source', { source_id: source.id + 1 })).error.code, 'NS205');
});

test('a heartbeat that is not understood is refused by the gateway', async () => {
  for (const member of [{ kind: 'free' }, { kind: 7 }, { models: 'tiny' }, { models: [''] }, { models: Array(17).fill('m') }, { models: ['x'.repeat(101)] }]) {
    const before = mind.of('error').length;
    mind.send({ type: 'compute_heartbeat', ...member });
    const error = await waitFor(() => mind.of('error')[before], { what: JSON.stringify(member) });
    assert.equal(error.code ?? error.error?.code, '22023', JSON.stringify(member));
  }
  mind.send({ type: 'compute_heartbeat', kind: 'server_api_key' });
  await waitFor(() => mind.of('error').some((error) => (error.code ?? error.error?.code) === '42501'), { what: 'a player lends nothing of the operators' });
});
