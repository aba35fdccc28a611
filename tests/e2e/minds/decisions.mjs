// The decisions of test minds. Each function takes a decision request and returns a decision that is legal in the NPC's
// state, so that a rejection in a test has its cause in the world and not in the mind.

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

// Talks: it accepts every invitation, says TALK_WORDS messages (default: 3) as soon as it may, and leaves. With TALK_TO it
// invites that NPC whenever it is not talking; else it waits until it is invited.
const said = new Map(); // NPC → how many messages it said in this conversation

export function talk({ npc_id: npcId, observations }) {
  const { self, status, bids = [], conversation } = observations;
  const wait = { action: 'wait', next_decision_in_s: 5 };

  if (bids.length > 0) return { action: 'respond_to_interaction_bid', parameters: { bid_id: bids[0].bid_id, accept: true } };
  if (status.state === 'requesting') return { action: 'continue' };
  if (!conversation) {
    if (status.state === 'interacting') return { action: 'cancel_interaction' };
    said.set(npcId, 0);
    if (!process.env.TALK_TO) return wait;
    said.set(npcId, 1);
    return { action: 'start_conversation', target_id: Number(process.env.TALK_TO), message: `First words of ${npcId}` };
  }
  const mine = conversation.messages.findLast((message) => message.npc_id === npcId);
  if ((mine && self.clock - mine.at < 3) || (mine && conversation.messages.at(-1) === mine)) return { action: 'continue', next_decision_in_s: 3 };
  const count = said.get(npcId) ?? 0;
  if (count >= Number(process.env.TALK_WORDS ?? 3)) return { action: 'cancel_interaction', then: [{ action: 'wait' }] };
  said.set(npcId, count + 1);
  return { action: 'act_in_interaction', message: `Words ${count + 1} of ${npcId}`, next_decision_in_s: 3 };
}

// Sends the NPC SECRET_NPC (default: every NPC it is asked about) to the cell SECRET_X, SECRET_Y and lets it stay there.
// Other NPCs stay where they are.
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
