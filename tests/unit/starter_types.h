/*
 * starter_types.h
 *	  Types of items and interactions like those with which worlds begin, for tests.
 */
#ifndef NPCSIM_TESTS_STARTER_KINDS_H
#define NPCSIM_TESTS_STARTER_KINDS_H

#include <string.h>

#include "sim/types.h"

/* Components of items, as far as the rules in src/sim know them. */
static const ItemComponent consumable = {.name = "consumable", .named = true, .uses_up = true};
static const ItemComponent sittable = {.name = "sittable", .named = true};
static const ItemComponent modifying = {.name = "need_modifying", .serves_uses = true};

/* Returns true for the interaction that a usable item names; part->own is that name. */
static inline bool
offers_named(const ItemType *type, const ItemPart *part, const InteractionType *interaction)
{
	return interaction->component == NULL && strcmp(part->own, interaction->name) == 0;
}

static const ItemComponent usable = {.name = "usable", .offers = offers_named};

/* The parts of an item's type. */
#define CONSUMED(time, ...) \
	{ \
		.component = &consumable, .whole_time = (time), .need_rate = __VA_ARGS__ \
	}
#define SAT_ON(...) \
	{ \
		.component = &sittable, .need_rate = __VA_ARGS__ \
	}
#define MODIFYING(...) \
	{ \
		.component = &modifying, .need_rate = __VA_ARGS__ \
	}
#define USABLE_FOR(name_) \
	{ \
		.component = &usable, .own = (name_) \
	}
/* A type of items that is made of these parts. */
#define KIND_OF(name_, ...) \
	{ \
		.name = (name_), .parts = (const ItemPart[]) {__VA_ARGS__}, \
		.part_count = (int) (sizeof((const ItemPart[]) {__VA_ARGS__}) / sizeof(ItemPart)) \
	}

static const InteractionType consume = {.number = 1,
										.name = "consume",
										.component = &consumable,
										.needs_adjacency = true,
										.min_participants = 1,
										.max_participants = 1};
static const InteractionType sit = {.number = 2,
									.name = "sit",
									.component = &sittable,
									.needs_adjacency = true,
									.locks_movement = true,
									.moves_onto_item = true,
									.min_participants = 1,
									.max_participants = 1};
static const InteractionType watch = {.number = 4,
									  .name = "watch",
									  .min_participants = 1,
									  .max_participants = 1};
static const InteractionType play = {.number = 7,
									 .name = "play",
									 .needs_adjacency = true,
									 .need_rate = {[2] = 6000000},
									 .duration = 60 * SIM_SECOND,
									 .min_participants = 2,
									 .max_participants = 4};
static const InteractionType conversation = {.number = 9,
											 .name = "conversation",
											 .target = TARGET_NPC,
											 .min_participants = 2,
											 .max_participants = 10};

static const InteractionType *const starter_interactions[] = {&consume, &sit, &watch, &play, &conversation};
#define STARTER_INTERACTIONS ((int) (sizeof(starter_interactions) / sizeof(starter_interactions[0])))

/* Returns a type that is linked with the interactions that it offers. */
static inline ItemType
linked(ItemType type)
{
	item_type_link(&type, starter_interactions, STARTER_INTERACTIONS);
	return type;
}

#endif /* NPCSIM_TESTS_STARTER_KINDS_H */
