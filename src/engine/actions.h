/*
 * actions.h
 *	  The engine's half of an action: how it is read and how it is carried out. The other half, which
 *	  needs no engine (name, parameters, states), is its entry in sim/action_list.h.
 *
 * NAME_rules is in the action_*.c of its family. All functions act at world->now.
 */
#ifndef NPCSIM_ACTIONS_RULES_H
#define NPCSIM_ACTIONS_RULES_H

#include "engine/image.h"

typedef struct ActionRules
{
	/*
	 * Fills in 'action' from 'object', an action of a decision (decision_json.h). NULL if the action has no
	 * parameters.
	 */
	Refusal (*read)(World *world, JsonbContainer *object, Action *action);
	/* Carries it out for an NPC in whose state it is legal. */
	Refusal (*carry_out)(World *world, Npc *npc, const Action *action, Decider decider);
} ActionRules;

#define ACTION(member_, name_, ...) extern const ActionRules name_##_rules;
#include "sim/action_list.h"
#undef ACTION

extern const ActionRules *action_rules(ActionKind kind);

/*
 * Reads an action whose name is not in the list: the name is that of an interaction, else the action is
 * refused.
 */
extern Refusal interaction_from_json(World *world, const char *name, JsonbContainer *object, Action *action);

#endif /* NPCSIM_ACTIONS_RULES_H */
