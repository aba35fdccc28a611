/*
 * starter_kinds.h
 *	  Kinds as worlds begin with them, for tests.
 */
#ifndef NPCSIM_TESTS_STARTER_KINDS_H
#define NPCSIM_TESTS_STARTER_KINDS_H

#include "sim/kinds.h"

static const InteractionKind consume = {.number = 1,
										.name = "consume",
										.component = COMPONENT_CONSUMABLE,
										.needs_adjacency = true,
										.min_participants = 1,
										.max_participants = 1};
static const InteractionKind sit = {.number = 2,
									.name = "sit",
									.component = COMPONENT_SITTABLE,
									.needs_adjacency = true,
									.locks_movement = true,
									.moves_onto_item = true,
									.min_participants = 1,
									.max_participants = 1};
static const InteractionKind watch = {.number = 4,
									  .name = "watch",
									  .min_participants = 1,
									  .max_participants = 1};
static const InteractionKind play = {.number = 7,
									 .name = "play",
									 .needs_adjacency = true,
									 .need_rate = {[2] = 6000000},
									 .duration = 60 * SIM_SECOND,
									 .min_participants = 2,
									 .max_participants = 4};
static const InteractionKind conversation = {.number = 9,
											 .name = "conversation",
											 .target = TARGET_NPC,
											 .min_participants = 2,
											 .max_participants = 10};

static const InteractionKind *const starter_interactions[] = {&consume, &sit, &watch, &play, &conversation};
#define STARTER_INTERACTIONS ((int) (sizeof(starter_interactions) / sizeof(starter_interactions[0])))

/* A kind with what it offers. */
static inline ItemKind
linked(ItemKind kind)
{
	item_kind_link(&kind, starter_interactions, STARTER_INTERACTIONS);
	return kind;
}

#endif /* NPCSIM_TESTS_STARTER_KINDS_H */
