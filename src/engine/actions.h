/*
 * actions.h
 *	  What NPCs can be told to do: of each action how it is read and what comes of it. What there is to know without that stands in
 *	  sim/action_list.h, which has an entry for each.
 *
 * NAME_rules is in the file action_*.c of its family. All functions act at world->now.
 */
#ifndef NPCSIM_ACTIONS_RULES_H
#define NPCSIM_ACTIONS_RULES_H

#include "engine/image.h"

typedef struct ActionRules
{
	/* Fills in what 'object', an action of a decision, says of it (decision_json.h); NULL: its name says all. */
	Refusal (*read)(World *world, JsonbContainer *object, Action *action);
	/* Of an NPC in whose state it is legal. */
	Refusal (*carry_out)(World *world, Npc *npc, const Action *action, Decider decider);
} ActionRules;

#define ACTION(member_, name_, ...) extern const ActionRules name_##_rules;
#include "sim/action_list.h"
#undef ACTION

extern const ActionRules *action_rules(ActionKind kind);

/* A name that is no action's is an interaction's, or none. */
extern Refusal interaction_from_json(World *world, const char *name, JsonbContainer *object, Action *action);

#endif /* NPCSIM_ACTIONS_RULES_H */
