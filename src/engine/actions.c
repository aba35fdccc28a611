/*
 * actions.c
 *	  Finds the rules of each action of the list, and reads an action of a decision by them.
 *
 * These are accepted:
 *	  {"action": "move_to", "parameters": {"x": 3, "y": 4}}		also "destination": [3, 4]
 *	  {"action": "move_direction", "parameters": {"direction": "north"}}
 *	  {"action": "interact_with", "parameters": {"entity_id": 789, "interaction_name": "consume"}}
 *	  {"action": "wait", "parameters": {"duration": 2.5}}
 *	  {"action": "wander"}, "continue", "cancel_interaction", "act_in_interaction"
 *	  {"action": "move_to_item", "target_id": 789}, "move_to_npc"
 *	  {"action": "consume", "target_id": 789}, or any interaction an item or an NPC offers
 *	  {"action": "start_conversation", "target_id": 12, "message": "Hello"}, also "target_ids": [12, 13]
 *	  {"action": "act_in_interaction", "parameters": {"message": "Hello"}}
 *	  {"action": "respond_to_interaction_bid", "parameters": {"bid_id": 5, "accept": false, "reason": "I am tired"}}
 *	  {"action": "batch_reject_interaction_bids", "parameters": {"ids": [5, 6], "reason": "…"}}, also "ids": "*"
 */
#include "postgres.h"

#include "engine/actions.h"
#include "engine/decision_json.h"

static const ActionRules *const rules[] = {
	[ACTION_NONE] = NULL,
#define ACTION(member_, name_, number_, ...) [number_] = &name_##_rules,
#include "sim/action_list.h"
#undef ACTION
};
StaticAssertDecl(lengthof(rules) == ACTION_COUNT, "every action has its rules");

const ActionRules *
action_rules(ActionKind kind)
{
	/* ACTION_NONE is legal in no state, so it is never carried out. */
	Assert(rules[kind] != NULL);
	return rules[kind];
}

Refusal
action_from_json(World *world, Npc *npc, JsonbContainer *object, Action *action)
{
	char name[TYPE_NAME_SIZE];

	memset(action, 0, sizeof(*action));
	if (!JsonContainerIsObject(object) || !told_word(object, "action", name, sizeof(name)))
		return unreadable("the decision has no action");
	action->kind = action_meant(name);
	if (action->kind == ACTION_NONE)
		return interaction_from_json(world, name, object, action);
	return rules[action->kind]->read != NULL ? rules[action->kind]->read(world, object, action) : NOT_REFUSED;
}
