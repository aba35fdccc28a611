/*
 * types.h
 *	  The types of items and of interactions, which are data of a world.
 *
 * An item is built from components. An interaction is with an item or with NPCs; an item offers an
 * interaction by the component the interaction names, or because it is usable for it by name. What an
 * interaction adds to needs is the sum of what the item gives and of what the interaction itself
 * gives.
 */
#ifndef NPCSIM_TYPES_H
#define NPCSIM_TYPES_H

#include "sim/sim.h"

#define TYPE_NAME_SIZE 64 /* in bytes, with the terminator */

/* The most participants of an interaction, and the most interactions for which an item is usable. */
#define PARTICIPANTS_MAX 10
#define USABLE_MAX		 8
#define OFFERS_MAX		 (USABLE_MAX + 1)

typedef struct ItemType		   ItemType;
typedef struct ItemPart		   ItemPart;
typedef struct InteractionType InteractionType;

typedef enum InteractionTarget
{
	TARGET_ITEM,
	TARGET_NPC
} InteractionTarget;

/*
 * A component of items, as far as the rules here need it. src/components has all of them, and the rest of
 * what they do (tables/item_types.h).
 */
typedef struct ItemComponent
{
	const char *name;
	/* Interactions can name it, and are offered by items that have it. */
	bool named;
	/* Interactions that name it use the item up. */
	bool uses_up;
	/* What it gives is had in the interactions that name no component. */
	bool serves_uses;
	/*
	 * Whether an item whose type has it offers an interaction; NULL: it offers the interactions that name it.
	 */
	bool (*offers)(const ItemType *type, const ItemPart *part, const InteractionType *interaction);
} ItemComponent;

/* A component that a type of items has. */
struct ItemPart
{
	const ItemComponent *component;
	int64_t				 need_rate[NEED_COUNT]; /* what it gives, per second */
	int64_t				 whole_time;			/* in which a whole item is used up; 0 = it is not */
	const void			*own; /* parsed parameters for the component's own functions; or NULL */
};

/* The C types of columns that are numbers, by their kinds (sim/interaction_columns.h). */
typedef bool	InteractionNumberFLAG;
typedef int32_t InteractionNumberWHOLE;
typedef int64_t InteractionNumberSECONDS;

struct InteractionType
{
	int16_t			  number; /* unique in its world, > 0; 0 = none */
	char			  name[TYPE_NAME_SIZE];
	InteractionTarget target;
	/* The component by which an item offers it; NULL = items that are usable offer it by name. */
	const ItemComponent *component;
	int32_t				 need_rate[NEED_COUNT]; /* per second, besides what the item gives */
	bool				 takes_acts;			/* has parameters for act_in_interaction */
	bool				 takes_messages;		/* one of which is the text "message", said aloud */
#define INTERACTION_GIVEN(kind_, member_, ...)
#define INTERACTION_NUMBER(kind_, member_, ...) InteractionNumber##kind_ member_;
#include "sim/interaction_columns.h"
#undef INTERACTION_GIVEN
#undef INTERACTION_NUMBER
};

struct ItemType
{
	char			name[TYPE_NAME_SIZE];
	const ItemPart *parts;
	int				part_count;
	/* What it offers, by number; item_type_link() fills it in. */
	const InteractionType *offers[OFFERS_MAX];
	int					   offer_count;
};

#define SHARE_WHOLE INT64_C(1000000) /* the share of an item of which nothing is used */

/* Finds what the item offers among the interactions of its world, which are in order of number. */
extern void item_type_link(ItemType *type, const InteractionType *const *interactions, int count);

extern bool item_offers(const ItemType *type, const InteractionType *interaction);

/* Return the interaction of that name or number; NULL if there is none. */
extern const InteractionType *interaction_by_name(const InteractionType *const *interactions, int count,
												  const char *name);
extern const InteractionType *interaction_by_number(const InteractionType *const *interactions, int count,
													int number);

/*
 * Fills in the change per second that an interaction adds to each need while it lasts, rounded down. 'type'
 * is the item's; NULL when it is with NPCs.
 */
extern void interaction_need_rates(const InteractionType *interaction, const ItemType *type,
								   int32_t rates[NEED_COUNT]);

/* Returns a change over a time (> 0) as a change per second, rounded down. */
extern int64_t need_spread(int32_t delta, int64_t time);

/*
 * Returns how long it lasts when nobody leaves, with a share (millionths) of the item left; SIM_NEVER = for
 * ever.
 */
extern int64_t interaction_lasts(const InteractionType *interaction, const ItemType *type, int64_t share);

/* Whether it is a conversation: NPCs say something to one another. */
static inline bool
interaction_is_talk(const InteractionType *interaction)
{
	return interaction->target == TARGET_NPC && interaction->takes_messages;
}

/* Whether it uses the item up. */
static inline bool
interaction_consumes(const InteractionType *interaction)
{
	return interaction->component != NULL && interaction->component->uses_up;
}

/* Returns the time in which a whole item is used up; 0 = it is not. */
extern int64_t item_whole_time(const ItemType *type);

/*
 * Return the time until a share (millionths) is consumed, and the share left after some of it. At that time,
 * and not a microsecond sooner, nothing is left.
 */
extern int64_t consume_time_for(const ItemType *type, int64_t share);
extern int64_t consume_share_left(const ItemType *type, int64_t share, int64_t elapsed);

#endif /* NPCSIM_TYPES_H */
