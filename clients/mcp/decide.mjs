// The mind: it takes what an NPC sees and feels, and returns what it does next. Nothing here knows of MCP. To have a
// language model decide, call it here. The protocol's section "Deciding" explains the fields of observations and the
// actions.

const LOOK_AFTER = 75; // a need below this is served when something in sight serves it
const URGENT = 25; // a need below this is worth interrupting something else
const SATISFIED = 95; // a need from here on needs nothing
const TALK_CHANCE = 0.3; // the chance to begin a conversation with somebody in sight when there is nothing better to do
const TALK_SECONDS = 15; // after so many seconds of the world it says goodbye
const PATIENCE = 8; // how many seconds it waits for an answer to what it said
const SPEECH_PAUSE = 3; // the least seconds between two messages of an NPC; the world refuses what comes sooner
const FAREWELL = 'I must go now. Goodbye!';

export function decide({ reason, observations }) {
  const { needs, status, vision = [], events = [], bids = [] } = observations;
  const chance = bestChance(needs, vision);

  if (bids.length > 0) return answerInvitations(bids, observations);
  switch (status.state) {
    case 'interacting':
      if (observations.conversation) return converse(observations);
      return inInteraction(status.current_interaction, needs, chance);
    case 'requesting':
      return { action: 'continue', reason: 'waiting for an answer' };
    case 'moving':
      if (reason !== 'need') return { action: 'continue', reason: 'on my way' };
  }

  // After a refusal (the item is taken, used up or out of reach) nothing is used or begun for now.
  const refused = events.some((event) => /failed|rejected|error/.test(event.type));
  if (chance && !refused) return { ...use(chance), then: [{ action: 'wander' }] };
  const partner = reason === 'idle' && !refused && partnerInSight(observations);
  if (partner && Math.random() < TALK_CHANCE) {
    return { action: 'start_conversation', target_id: partner.id, message: `Hello, ${partner.name}!`, reason: 'I feel like talking' };
  }
  return explore(status, needs);
}

// ---- invitations and conversations ----

// Answers one invitation, or rejects all of them if the NPC is busy, has an urgent need, or wants none of them.
function answerInvitations(bids, { needs, status, vision = [] }) {
  const [need, value] = neediest(needs);
  const wanted = bids.find((bid) => bid.interaction === 'conversation' || isOfUse(bid, needs, vision));
  let excuse;

  if (['interacting', 'requesting'].includes(status.state)) excuse = 'I am busy';
  else if (value < URGENT) excuse = `I have to see to my ${need} first`;
  else if (!wanted) excuse = 'I do not need that now';
  if (excuse) return { action: 'batch_reject_interaction_bids', parameters: { ids: bids.map((bid) => bid.bid_id), reason: excuse } };
  return { action: 'respond_to_interaction_bid', parameters: { bid_id: wanted.bid_id, accept: true }, reason: `${wanted.bidder_name} asks me` };
}

// Tells whether the item fills a need that is not satisfied.
function isOfUse({ target_id: target, interaction }, needs, vision) {
  const item = vision.find(({ type, id }) => type === 'item' && id === target);
  return item?.interactions?.[interaction]?.fills?.some((need) => needs[need] < SATISFIED) ?? false;
}

// Returns the nearest NPC that could talk, unless a conversation has just ended.
function partnerInSight({ vision = [], events = [] }) {
  if (events.some(({ interaction }) => interaction === 'conversation')) return undefined;
  return vision.find((npc) => npc.type === 'npc' && npc.interactions?.conversation &&
    (npc.current_interaction
      ? npc.current_interaction.name === 'conversation' && npc.current_interaction.joinable
      : npc.npc_state !== 'requesting'));
}

// Takes part in a conversation: greets, answers what is said, and after a while says goodbye and leaves.
function converse({ self, needs, status, conversation }) {
  const { messages } = conversation;
  const mine = messages.filter((message) => message.npc_id === self.id).at(-1);
  const last = messages.at(-1);
  const since = mine ? self.clock - mine.at : Infinity;
  const [need, value] = neediest(needs);

  if (mine?.message === FAREWELL) return { action: 'cancel_interaction', reason: 'I said goodbye', then: [{ action: 'wander' }] };
  if (since < SPEECH_PAUSE) return { action: 'continue', next_decision_in_s: SPEECH_PAUSE };
  if (last === mine && mine && since < PATIENCE) return { action: 'continue', reason: 'waiting for an answer', next_decision_in_s: SPEECH_PAUSE };
  const over = self.clock - status.current_interaction.started_at > TALK_SECONDS || (last === mine && mine) || value < URGENT;
  return { action: 'act_in_interaction', message: over ? FAREWELL : words(mine, last, self, need, value), next_decision_in_s: SPEECH_PAUSE };
}

// Finds words; a language model would find better ones.
function words(mine, last, self, need, value) {
  if (!mine) return last ? `Hello, ${last.name}! I am ${self.name}.` : `Hello! I am ${self.name}.`;
  if (value < LOOK_AFTER) return `You know, ${last.name}, my ${need} could be better.`;
  return `I am fine, ${last.name}. What a day: ${self.game_time}!`;
}

function neediest(needs) {
  return Object.entries(needs).reduce((least, entry) => (entry[1] < least[1] ? entry : least), ['hunger', 100]);
}

// ---- everything else ----

// Looks for something to use: walks around, and asks to be asked again sooner when a need is low.
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

// Returns the free item in sight that serves the lowest need; of equal ones the nearest, which vision lists first.
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

// Returns the action that uses an item. It is the name of an interaction; the NPC walks to the target first if needed.
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
