// What the test minds decide. Each takes a decision request and gives a decision that is legal in the NPC's state,
// so that a rejection in a test is the world's doing and not the mind's.

export function wander({ observations }) {
  switch (observations.status.state) {
    case 'requesting':
      return { action: 'continue' };
    case 'interacting':
      return { action: 'cancel_interaction', then: [{ action: 'wander' }] };
    default:
      return { action: 'wander' };
  }
}

// Sends NPC SECRET_NPC (default: every NPC it is asked about) to the cell SECRET_X, SECRET_Y and lets it stay there.
// The other NPCs stay where they are.
export function goToSecretCell({ npc_id: npcId, observations }) {
  const secret = { x: numberFrom('SECRET_X'), y: numberFrom('SECRET_Y') };
  const chosen = process.env.SECRET_NPC;
  const { position, status } = observations;
  const go = { action: 'move_to', parameters: secret };
  const stay = { action: 'wait', parameters: { duration: 5 } };

  switch (status.state) {
    case 'requesting':
      return { action: 'continue' };
    case 'interacting':
      return { action: 'cancel_interaction', then: [go] };
  }
  if (chosen !== undefined && Number(chosen) !== npcId) return stay;
  if (position.x === secret.x && position.y === secret.y) return stay;
  return status.state === 'moving' ? { action: 'continue' } : go;
}

function numberFrom(name) {
  const value = Number(process.env[name]);
  if (process.env[name] === undefined || !Number.isFinite(value)) throw new Error(`${name} is not set to a number`);
  return value;
}
