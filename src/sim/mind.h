/*
 * mind.h
 *	  The built-in mind, which decides for an NPC that nobody else decides for.
 */
#ifndef NPCSIM_MIND_H
#define NPCSIM_MIND_H

#include "sim/actions.h"
#include "sim/needs.h"

#define MIND_INTERVAL	   (3 * SIM_SECOND)
#define MIND_LOW_NEED	   (50 * NEED_UNIT)
#define MIND_CRITICAL_NEED (20 * NEED_UNIT)
#define MIND_PAUSE		   INT64_C(750000) /* after an interaction has ended */

typedef struct SeenItem
{
	int64_t			id;
	Cell			cell;
	int32_t			distance_squared;
	const ItemType *type;
	int64_t			share_left;
	bool			taken; /* somebody else uses it */
	/* The interaction of others with it that can be joined; NULL = there is none. */
	const InteractionType *joinable;
} SeenItem;

typedef struct SeenNpc
{
	int64_t id;
	int32_t distance_squared;
	/* It can be reached, and is free or in a conversation that can be joined. */
	bool open_to_talk;
} SeenNpc;

/* What the mind knows at this instant. Items and NPCs are nearest first, then by id. */
typedef struct MindView
{
	int64_t				   npc_id;
	Cell				   cell;
	NpcState			   state;
	int32_t				   needs[NEED_COUNT];
	const InteractionType *interaction; /* the one it is in, or NULL */
	/* What that adds to needs per second, without the decay. */
	int32_t interaction_rates[NEED_COUNT];
	/* The target of the present walk; 0 = none. */
	int64_t			approaching;
	const SeenItem *items;
	int				item_count;
	/* The conversation of its world; NULL = it does not want to talk now. */
	const InteractionType *talk;
	/* Whom it talks to, drawn from 0 .. 2^32 - 1. */
	uint32_t	   talk_choice;
	const SeenNpc *npcs;
	int			   npc_count;
} MindView;

/*
 * Decides by the rules of the reference game, chapter "The built-in mind": an NPC in an interaction leaves or
 * stays; one that is idle and wants to talk (the draw is the caller's) turns to somebody in sight and talks
 * if that one is not busy; else a need below 50 is served by a visible free item (score 50 - value, ties to
 * the nearest, then the lower id), else it wanders. What is said in conversations is in talk.h.
 *
 * A walker that approaches something that still stands free, or that it does not see at the moment,
 * continues; one that walks elsewhere is stopped by a low need it can serve, else continues. A wanderer keeps
 * looking; a waiting NPC is like an idle one; one that waits for the answer to its bid continues.
 */
extern Action mind_decide(const MindView *view);

/* Whether the NPC could do this with the item once it is there, by itself or with those who do it already. */
extern bool mind_offer_usable(const SeenItem *item, const InteractionType *interaction);

/*
 * Returns how much the neediest need that the interaction with the item fills is below 'level'; 0 if none is.
 * For MIND_LOW_NEED it is the score by which the mind chooses.
 */
extern int32_t mind_offer_lack(const MindView *view, const SeenItem *item, const InteractionType *interaction,
							   int32_t level);

/* Whether the item ranks before another of the same score. */
extern bool mind_item_nearer(const SeenItem *item, const SeenItem *other);

/*
 * Whether an NPC that is free accepts an invitation to an interaction that would change its needs by these
 * rates (per second).
 */
extern bool mind_accepts(const InteractionType *interaction, const int32_t rates[NEED_COUNT],
						 const int32_t needs[NEED_COUNT]);

/*
 * Whether what mind_decide() answers can depend on the items in sight: an NPC that uses something or wants
 * nothing does not look. 'served' tells which needs some item of the world fills.
 */
extern bool mind_needs_sight(const MindView *view, const bool served[NEED_COUNT]);

#endif /* NPCSIM_MIND_H */
