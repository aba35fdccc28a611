/*
 * kinds.h
 *	  What items are made of and which interactions they offer.
 */
#ifndef NPCSIM_KINDS_H
#define NPCSIM_KINDS_H

#include "sim/sim.h"

#define KIND_NAME_SIZE 64 /* bytes, terminator included */

/* The interactions there are rules for. */
typedef enum InteractionRule
{
	INTERACTION_NONE,
	INTERACTION_CONSUME,
	INTERACTION_SIT
} InteractionRule;

typedef struct ItemKind
{
	char name[KIND_NAME_SIZE];
	/* consumable */
	int64_t consumption_time;		   /* for a whole one; 0 = not consumable */
	int32_t consume_delta[NEED_COUNT]; /* total change by a whole one */
	/* sittable */
	bool	sittable;
	int32_t sit_rate[NEED_COUNT]; /* per second */
	/* respawning, after it was used up */
	int64_t respawn_after; /* 0 = it does not come back */
} ItemKind;

#define SHARE_WHOLE INT64_C(1000000) /* an item of which nothing is used */

/* The interaction an item of this kind offers; INTERACTION_NONE if it offers none. */
extern InteractionRule item_interaction(const ItemKind *kind);

/* Change per second that the interaction brings to each need while it lasts, rounded down. */
extern void item_need_rates(const ItemKind *kind, InteractionRule rule, int32_t rates[NEED_COUNT]);

/*
 * Time until a share (millionths) is consumed, and the share left after some
 * of it: at that time and not a microsecond sooner nothing is left.
 */
extern int64_t consume_time_for(const ItemKind *kind, int64_t share);
extern int64_t consume_share_left(const ItemKind *kind, int64_t share, int64_t elapsed);

/* "consume" / "sit" and back; NULL / INTERACTION_NONE if unknown. */
extern const char	  *interaction_name(InteractionRule rule);
extern InteractionRule interaction_by_name(const char *name);

#endif /* NPCSIM_KINDS_H */
