/*
 * action_interact.c
 *	  The action interact_with: begins an interaction with an item or an NPC, or joins one; an NPC that is
 *	  not near enough walks there first.
 *
 * Besides its target it takes "participants": [ids], further NPCs that are to take part, and
 * "message", which is said when the interaction begins.
 */
#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "engine/actions.h"
#include "engine/decision_json.h"
#include "json.h"

/* ---- reading ---- */

/*
 * Reads the target. Of several "target_ids" the first is the target; the others go to partners, as NPCs that
 * are to take part as well.
 */
static bool
read_targets(JsonbContainer *object, int64 *target_id, int64 *partners, int *partner_count)
{
	JsonbValue *many = told_member(object, "target_ids");
	int64		ids[PARTICIPANTS_MAX];
	int			count;

	if (told_target(object, target_id))
		return true;
	if (many == NULL || !told_ids(many, ids, PARTICIPANTS_MAX, &count) || count == 0)
		return false;
	*target_id = ids[0];
	*partner_count = count - 1;
	memcpy(partners, ids + 1, *partner_count * sizeof(int64));
	return true;
}

static Refusal
read_interaction(World *world, JsonbContainer *object, const char *name, Action *action)
{
	int64 partners[PARTICIPANTS_MAX];
	int	  from_targets = 0;
	int	  count;

	action->interaction = world_interaction_type(world, name);
	if (action->interaction == NULL)
		return unreadable("there is no such interaction");
	if (!read_targets(object, &action->target_id, partners, &from_targets))
		return unreadable("the interaction needs a target_id");
	if (!told_ids(told_member(object, "participants"), partners + from_targets,
				  PARTICIPANTS_MAX - from_targets, &count))
		return unreadable("participants is not an array of at most 10 ids");
	action->partner_count = (uint8) (from_targets + count);
	action->partners = told_ids_kept(partners, action->partner_count);
	action->act = told_message(object);
	return NOT_REFUSED;
}

static Refusal
read_conversation(World *world, JsonbContainer *object, Action *action)
{
	if (world->talk == NULL)
		return unreadable("there are no conversations in this world");
	return read_interaction(world, object, world->talk->name, action);
}

Refusal
interaction_from_json(World *world, const char *name, JsonbContainer *object, Action *action)
{
	bool exists = world_interaction_type(world, name) != NULL;

	action->kind = ACTION_INTERACT_WITH;
	if (!exists && strcmp(name, action_entry(ACTION_INTERACT_WITH)->form_of_interaction) == 0)
		return read_conversation(world, object, action);
	if (!exists)
		return unreadable(psprintf("there is no action \"%s\"", name));
	return read_interaction(world, object, name, action);
}

static Refusal
read_interact_with(World *world, JsonbContainer *object, Action *action)
{
	char name[TYPE_NAME_SIZE];

	if (!told_word(object, "interaction_name", name, sizeof(name)) &&
		!told_word(object, "interaction", name, sizeof(name)))
		return unreadable("interact_with needs an interaction_name");
	return read_interaction(world, object, name, action);
}

/* ---- walking there ---- */

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue key = {.type = jbvString, .val.string = {.val = (char *) name, .len = (int) strlen(name)}};

	pushJsonbValue(state, WJB_KEY, &key);
}

static void
push_text(JsonbParseState **state, const char *text)
{
	JsonbValue value = {.type = jbvString, .val.string = {.val = (char *) text, .len = (int) strlen(text)}};

	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_id(JsonbParseState **state, JsonbIteratorToken token, int64 id)
{
	JsonbValue value = {.type = jbvNumeric, .val.numeric = int64_to_numeric(id)};

	pushJsonbValue(state, token, &value);
}

/*
 * Returns the terms of an interaction (its target, participants and parameters) as an action that
 * action_from_json() can read.
 */
static Jsonb *
terms_of(const Action *action)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, "action");
	push_text(&state, action_name(ACTION_INTERACT_WITH));
	push_key(&state, "target_id");
	push_id(&state, WJB_VALUE, action->target_id);
	push_key(&state, "interaction");
	push_text(&state, action->interaction->name);
	push_key(&state, "participants");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < action->partner_count; i++)
		push_id(&state, WJB_ELEM, action->partners[i]);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	if (action->act != NULL)
	{
		Jsonb	  *act = action->act;
		JsonbValue parameters = {.type = jbvBinary,
								 .val.binary = {.data = &act->root, .len = (int) VARSIZE(act) - VARHDRSZ}};

		push_key(&state, "parameters");
		pushJsonbValue(&state, WJB_VALUE, &parameters);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Remembers the terms for when the NPC arrives. An interaction without partners and act has none. */
static void
set_goal_terms(World *world, Npc *npc, const Action *action)
{
	if (action->partner_count == 0 && action->act == NULL)
		return;
	npc->goal_terms = json_copy(terms_of(action), world->context);
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

static Refusal
walk_to_interact(World *world, Npc *npc, const Action *action, Cell there, Decider decider)
{
	Refusal refusal = npc_walk(world, npc, there, NPC_MOVING, ACTION_INTERACT_WITH, action->interaction,
							   action->target_id, decider);

	if (!is_refused(refusal))
		set_goal_terms(world, npc, action);
	return refusal;
}

/*
 * Fills in the NPCs that an action names besides its target, each once. Refused if one does not exist or is
 * the NPC itself.
 */
static Refusal
find_partners(World *world, const Npc *npc, const Action *action, Npc **partners, int *count)
{
	for (int i = 0; i < action->partner_count; i++)
	{
		Npc *partner = world_npc(world, action->partners[i]);

		if (partner == NULL)
			return impossible(psprintf("there is no NPC %lld", (long long) action->partners[i]));
		if (partner == npc)
			return impossible("nobody interacts with himself");
		for (int j = 0; partner != NULL && j < *count; j++)
			if (partners[j] == partner)
				partner = NULL;
		if (partner != NULL)
			partners[(*count)++] = partner;
	}
	return NOT_REFUSED;
}

/*
 * Is refused if one of the NPCs is busy or, when the bidder is near its target, too far from it; 'here' is
 * the bidder's cell.
 */
static Refusal
refusal_of(const World *world, const InteractionType *type, Npc *const *invited, int count, Cell here,
		   bool near)
{
	for (int i = 0; i < count; i++)
	{
		if (!state_is_free(invited[i]->state))
			return impossible(psprintf("NPC %lld is busy", (long long) invited[i]->id));
		if (near && !partner_in_reach(type, here, npc_cell(invited[i], world->now)))
			return impossible(psprintf("NPC %lld is too far away", (long long) invited[i]->id));
	}
	return NOT_REFUSED;
}

static Refusal
interact_with_item(World *world, Npc *npc, WorldItem *item, const Action *action, bool may_walk,
				   Decider decider)
{
	const InteractionType *type = action->interaction;
	Interaction			  *running = item_interaction(world, item);
	bool				   joins = action->partner_count == 0 && interaction_joinable(running, type);
	Cell				   here = npc_cell(npc, world->now);
	bool				   near = type != NULL && interaction_reaches(type, here, item->cell);
	Npc					  *partners[PARTICIPANTS_MAX];
	int					   count = 0;
	Refusal				   refusal = find_partners(world, npc, action, partners, &count);
	BidVerdict			   verdict;

	if (is_refused(refusal))
		return refusal;
	/* The item is asked before the NPC sets out: an NPC does not walk to an item that would refuse it. */
	verdict = item_answers_bid(item->type, item->share_left, running != NULL && !joins, item->cell,
							   may_walk ? item->cell : here, type,
							   joins ? running->participant_count + 1 : 1 + count);
	if (verdict != BID_ACCEPTED)
		return impossible(bid_verdict_reason(verdict));
	refusal = refusal_of(world, type, partners, count, here, near);
	if (is_refused(refusal))
		return refusal;
	if (!near)
		return walk_to_interact(world, npc, action, item->cell, decider);
	if (count > 0)
	{
		bid_place(world, npc, action, partners, count, decider);
		return NOT_REFUSED;
	}
	if (joins)
		interaction_join(world, running, npc, decider);
	else
		interaction_begin(world, type, item->id, item, &npc, &decider, 1);
	if (action->act != NULL)
		return npc_act(world, npc, action->act);
	return NOT_REFUSED;
}

/* Returns the interaction in which all of these NPCs take part, if one more can join it; else NULL. */
static Interaction *
common_interaction(World *world, Npc *const *npcs, int count, const InteractionType *type)
{
	Interaction *running = npc_interaction(world, npcs[0]);

	for (int i = 1; i < count; i++)
		if (npcs[i]->interaction_id != npcs[0]->interaction_id)
			return NULL;
	return interaction_joinable(running, type) ? running : NULL;
}

static Refusal
interact_with_npc(World *world, Npc *npc, Npc *target, const Action *action, bool may_walk, Decider decider)
{
	const InteractionType *type = action->interaction;
	Cell				   here = npc_cell(npc, world->now);
	Cell				   there = npc_cell(target, world->now);
	Npc					  *invited[PARTICIPANTS_MAX + 1] = {target};
	int					   count = 1;
	Refusal				   refusal = find_partners(world, npc, action, invited, &count);
	BidVerdict			   verdict;
	Interaction			  *running;
	bool				   near;

	if (is_refused(refusal))
		return refusal;
	if (target == npc)
		return impossible("nobody interacts with himself");
	running = common_interaction(world, invited, count, type);
	verdict = participants_verdict(type, running != NULL ? running->participant_count + 1 : 1 + count);
	if (verdict != BID_ACCEPTED)
		return impossible(bid_verdict_reason(verdict));
	near = interaction_reaches(type, here, there);
	refusal = running == NULL ? refusal_of(world, type, invited, count, here, near) : NOT_REFUSED;
	if (count == 1 && target->state == NPC_REQUESTING && decider == DECIDER_MIND &&
		npc_did_not_know(npc, target))
	{
		if (npc_accepts_by_bidding(world, npc, target, type))
			return action->act != NULL && npc->state == NPC_INTERACTING ? npc_act(world, npc, action->act)
																		: NOT_REFUSED;
		/* The other NPC's own bid will be decided soon; it is asked then. */
		refusal = NOT_REFUSED;
	}
	if (is_refused(refusal))
		return refusal;
	if (!near)
	{
		if (!may_walk)
			return impossible(psprintf("NPC %lld is too far away", (long long) target->id));
		return walk_to_interact(world, npc, action, cell_beside(world, there, here), decider);
	}
	if (running == NULL)
	{
		bid_place(world, npc, action, invited, count, decider);
		return NOT_REFUSED;
	}
	interaction_join(world, running, npc, decider);
	return action->act != NULL ? npc_act(world, npc, action->act) : NOT_REFUSED;
}

Refusal
npc_interact(World *world, Npc *npc, const Action *action, bool may_walk, Decider decider)
{
	const InteractionType *type = action->interaction;
	bool				   with_npc = type != NULL && type->target == TARGET_NPC;
	WorldItem			  *item = with_npc ? NULL : world_item(world, action->target_id);
	Npc					  *target = with_npc ? world_npc(world, action->target_id) : NULL;
	Refusal				   refusal;

	if (item == NULL && target == NULL)
		return refuse(with_npc ? ERRCODE_NS_NO_NPC : ERRCODE_NS_NO_ITEM,
					  psprintf("there is no %s %lld", with_npc ? "NPC" : "item",
							   (long long) action->target_id));
	if (action->act != NULL && type != NULL)
	{
		refusal = interaction_check_act(type, action->act);
		if (is_refused(refusal))
			return refusal;
	}
	if (item != NULL)
		return interact_with_item(world, npc, item, action, may_walk, decider);
	return interact_with_npc(world, npc, target, action, may_walk, decider);
}

static Refusal
interact_with(World *world, Npc *npc, const Action *action, Decider decider)
{
	return npc_interact(world, npc, action, true, decider);
}

const ActionRules interact_with_rules = {.read = read_interact_with, .carry_out = interact_with};
