/*
 * actions.h
 *	  What an NPC can be told to do, and in which state it may.
 */
#ifndef NPCSIM_ACTIONS_H
#define NPCSIM_ACTIONS_H

#include "sim/kinds.h"

typedef enum NpcState /* stored: append only */
{
	NPC_IDLE,
	NPC_MOVING,
	NPC_REQUESTING,
	NPC_INTERACTING,
	NPC_WANDERING,
	NPC_WAITING
} NpcState;
#define NPC_STATE_COUNT 6

typedef enum ActionKind /* stored: append only */
{
	ACTION_NONE,
	ACTION_MOVE_TO,		   /* cell */
	ACTION_MOVE_DIRECTION, /* direction */
	ACTION_INTERACT_WITH,  /* target_id, interaction; walks there first if needed */
	ACTION_APPROACH,	   /* target_id: walk next to it, no more (move_to_item, move_to_npc) */
	ACTION_WANDER,
	ACTION_WAIT, /* duration, SIM_NEVER = until another action */
	ACTION_CONTINUE,
	ACTION_ACT_IN_INTERACTION, /* act */
	ACTION_CANCEL_INTERACTION,
	ACTION_RESPOND_TO_BID, /* bid_id, accept, reason */
	ACTION_REJECT_BIDS	   /* ids, all_bids, reason */
} ActionKind;
#define ACTION_COUNT 12

typedef enum Direction
{
	DIRECTION_NORTH,
	DIRECTION_EAST,
	DIRECTION_SOUTH,
	DIRECTION_WEST
} Direction;

/* Ids in one batch_reject_interaction_bids. */
#define ANSWERED_BIDS_MAX 32

typedef struct Action
{
	ActionKind			   kind;
	Cell				   cell;
	Direction			   direction;
	int64_t				   target_id;
	const InteractionKind *interaction;
	int64_t				   duration;
	/* further NPCs that are to take part */
	const int64_t *partners;
	int			   partner_count;
	/* what is done inside the interaction, its parameters: jsonb, of which nothing is known here; NULL = nothing */
	void *act;
	/* answers to bids; ids are of bids or of bidders */
	int64_t		   bid_id;
	bool		   accept;
	const char	  *reason; /* NULL = none */
	const int64_t *ids;
	int			   id_count;
	bool		   all_bids;
} Action;

extern const char *npc_state_name(NpcState state); /* "idle", … */
extern const char *action_name(ActionKind kind);   /* "move_to", … */
extern bool		   action_legal(NpcState state, ActionKind kind);
extern Cell		   cell_towards(Cell from, Direction direction);

/* north/n/up, east/e/right, south/s/down, west/w/left, in any case */
extern bool direction_by_name(const char *name, Direction *direction);

/*
 * Why an item refuses a bid; BID_ACCEPTED if it does not.
 */
typedef enum BidVerdict
{
	BID_ACCEPTED,
	BID_OCCUPIED,	 /* somebody uses it */
	BID_NOT_OFFERED, /* it has no such interaction */
	BID_NOT_ADJACENT,
	BID_NOT_IN_SIGHT,
	BID_TOO_FEW,  /* it needs more participants */
	BID_TOO_MANY, /* so many cannot take part */
	BID_USED_UP
} BidVerdict;

/* 'taken': somebody else uses it, and cannot be joined; 'participants': how many there would be. */
extern BidVerdict item_answers_bid(const ItemKind *kind, int64_t share_left, bool taken, Cell item,
								   Cell bidder_cell, const InteractionKind *interaction, int participants);
/* BID_ACCEPTED, BID_TOO_FEW or BID_TOO_MANY. */
/* Whether one who is invited is near enough to the bidder: as near as the interaction is with NPCs, else to hear him. */
extern bool		  partner_in_reach(const InteractionKind *interaction, Cell bidder, Cell partner);
extern BidVerdict participants_verdict(const InteractionKind *interaction, int participants);

/* Whether one in this state can begin to interact, or be asked to. */
static inline bool
state_is_free(NpcState state)
{
	return state != NPC_REQUESTING && state != NPC_INTERACTING;
}

/* Whether one on a cell is near enough to interact with what, or whom, is on another. */
extern bool		   interaction_reaches(const InteractionKind *interaction, Cell from, Cell to);
extern const char *bid_verdict_reason(BidVerdict verdict); /* "item is occupied", … */

#endif /* NPCSIM_ACTIONS_H */
