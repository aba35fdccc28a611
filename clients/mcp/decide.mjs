// The mind: what an NPC sees and feels goes in, what it does next comes out. Nothing here knows of MCP; put a
// call to your language model here to have it decide. The fields of observations and the actions are those of
// "Deciding" in the protocol.

const LOOK_AFTER = 75; // a need below this is looked after when something in sight serves it
const URGENT = 25; // a need below this is worth getting up for
const SATISFIED = 95; // enough of it

export function decide({ reason, observations }) {
  const { needs, status, vision = [], events = [] } = observations;
  const chance = bestChance(needs, vision);

  switch (status.state) {
    case 'interacting':
      return inInteraction(status.current_interaction, needs, chance);
    case 'requesting':
      return { action: 'continue', reason: 'waiting for an answer' };
    case 'moving':
      if (reason !== 'need') return { action: 'continue', reason: 'on my way' };
  }

  // What has just been refused (taken, used up, out of reach) is left alone for now.
  const refused = events.some((event) => /failed|rejected|error/.test(event.type));
  if (chance && !refused) return { ...use(chance), then: [{ action: 'wander' }] };
  return explore(status, needs);
}

// Nothing to use: see more of the world, and look around sooner when something is lacking.
function explore(status, needs) {
  const lacking = Object.values(needs).some((value) => value < LOOK_AFTER);
  const next_decision_in_s = lacking ? 5 : 20;

  if (status.state === 'wandering') return { action: 'continue', reason: 'exploring', next_decision_in_s };
  return {
    action: 'wander',
    reason: lacking ? 'looking for what I need' : 'curious what is over there',
    then: [{ action: 'wait', parameters: { duration: 2 } }, { action: 'wander' }],
    next_decision_in_s,
  };
}

// The free item in sight that serves the lowest need; of equal ones the nearest. Vision lists the nearest first.
function bestChance(needs, vision) {
  let best;
  for (const item of vision) {
    if (item.type !== 'item' || item.occupied) continue;
    for (const [interaction, { fills = [], rates = {} }] of Object.entries(item.interactions ?? {})) {
      for (const need of fills) {
        if (needs[need] >= LOOK_AFTER || (best && needs[need] >= best.value)) continue;
        best = { item, interaction, need, value: needs[need], rate: rates[need] || 1 };
      }
    }
  }
  return best;
}

// The name of an interaction is an action: the NPC walks to the target first if it has to.
function use({ item, interaction, need, value, rate }) {
  return {
    action: interaction,
    target_id: item.id,
    reason: `${need} is at ${Math.round(value)}, there is a ${item.item_type}`,
    next_decision_in_s: secondsToFill(value, rate) + Math.ceil((item.distance ?? 0) / 4),
  };
}

function inInteraction(current, needs, chance) {
  const { fills = [], rates = {} } = current ?? {};
  const need = fills[0];

  if (chance && chance.value < URGENT && !fills.includes(chance.need)) {
    const { reason, ...next } = use(chance);
    return { action: 'cancel_interaction', reason, then: [next] };
  }
  if (need && needs[need] >= SATISFIED) {
    return { action: 'cancel_interaction', reason: `enough ${need}`, then: [{ action: 'wander' }] };
  }
  return { action: 'continue', next_decision_in_s: need ? secondsToFill(needs[need], rates[need] || 1) : 5 };
}

function secondsToFill(value, rate) {
  return Math.max(1, Math.ceil((100 - value) / rate));
}
