/*
 * actions.h
 *	  What an NPC can be told to do, and in which state it may.
 */
#ifndef NPCSIM_ACTIONS_H
#define NPCSIM_ACTIONS_H

#include "sim/types.h"

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

typedef enum ActionKind /* stored; the numbers are told in the list */
{
	ACTION_NONE,
#define ACTION(member_, name_, number_, ...) ACTION_##member_ = (number_),
#include "sim/action_list.h"
#undef ACTION
} ActionKind;

enum
{
	ACTION_COUNT = 1
#define ACTION(member_, name_, number_, ...) +1
#include "sim/action_list.h"
#undef ACTION
};

typedef enum Direction
{
	DIRECTION_NORTH,
	DIRECTION_EAST,
	DIRECTION_SOUTH,
	DIRECTION_WEST
} Direction;

/* Ids in one batch_reject_interaction_bids. */
#define ANSWERED_BIDS_MAX 32

/* What belongs to a kind is in its entry; the rest is 0. Plans keep many of them: of what there are few, small numbers. */
typedef struct Action
{
	ActionKind			   kind;
	Cell				   cell;
	Direction			   direction;
	uint8_t				   partner_count;
	uint8_t				   id_count;
	bool				   accept;	 /* a bid */
	bool				   all_bids; /* in place of ids */
	int64_t				   target_id;
	const InteractionType *interaction;
	int64_t				   duration;
	const int64_t		  *partners; /* further NPCs that are to take part */
	/* what is done inside the interaction, its parameters: jsonb, of which nothing is known here; NULL = nothing */
	void		  *act;
	int64_t		   bid_id; /* whose answer it is, */
	const int64_t *ids;	   /* ... or those of many: of bids or of bidders */
	const char	  *text;   /* what is said of it: why a bid is rejected; NULL = nothing */
} Action;

/* States of an NPC, as a set. */
#define IN_STATE(state_) (1U << NPC_##state_)
#define ON_FOOT			 (IN_STATE(IDLE) | IN_STATE(MOVING) | IN_STATE(WANDERING) | IN_STATE(WAITING))
#define ANYWHERE		 (ON_FOOT | IN_STATE(REQUESTING) | IN_STATE(INTERACTING))

/* What a parameter is written as. Of numbers the text will do, too; ids are whole ones. */
typedef enum ParameterType
{
	PARAMETER_NUMBER,
	PARAMETER_ID,
	PARAMETER_IDS,
	PARAMETER_WORD,
	PARAMETER_TEXT,
	PARAMETER_FLAG,
	PARAMETER_CELL /* [x, y] */
} ParameterType;

typedef struct ActionParameter
{
	const char	 *name;
	ParameterType type;
} ActionParameter;

/* What must still be as its mind was told it, for an action to make sense. */
typedef enum ActionSubject
{
	SUBJECT_WORLD, /* nothing: it can be done, or it cannot */
	SUBJECT_STATE,
	SUBJECT_INTERACTION,
	SUBJECT_INVITATION
} ActionSubject;

#define ACTION_FORMS_MAX	  4
#define ACTION_PARAMETERS_MAX 8

/* What there is to know of an action without doing it. */
typedef struct ActionEntry
{
	const char *name; /* by which it is told of */
	/* Names by which minds mean it, whatever interactions a world has; none: its own name. NULL is behind the last. */
	const char *forms[ACTION_FORMS_MAX + 1];
	/* A name by which they mean it, too, unless an interaction of the world has that; or NULL. */
	const char *form_of_interaction;
	ActionParameter
			 parameters[ACTION_PARAMETERS_MAX + 1]; /* of what it takes; a name of NULL is behind the last */
	bool	 takes_any_parameter;					/* besides */
	unsigned legal_in;								/* states */
	unsigned keeps_plan_in; /* states: it is beside what the NPC is doing, whose plan goes on */
	ActionSubject subject;
	bool		  takes_no_time; /* it is over at once: who is idle then goes on with its plan */
	/* What it is called in a list of choices, if that is always the same; else NULL. */
	const char *choice;
	bool		is_offered; /* it is among the last choices wherever it is legal */
} ActionEntry;

extern const char *npc_state_name(NpcState state); /* "idle", … */
extern const char *action_name(ActionKind kind);   /* "move_to", … */
extern bool		   action_legal(NpcState state, ActionKind kind);
/* Of an action that there is. */
extern const ActionEntry *action_entry(ActionKind kind);
/* Which action minds mean by a name in every world; ACTION_NONE if that is no such name. */
extern ActionKind action_meant(const char *form);
/* Whether an action of minds has a parameter of this name. */
extern bool action_takes(ActionKind kind, const char *parameter);
extern Cell cell_towards(Cell from, Direction direction);

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
extern BidVerdict item_answers_bid(const ItemType *type, int64_t share_left, bool taken, Cell item,
								   Cell bidder_cell, const InteractionType *interaction, int participants);
/* Whether one who is invited is near enough to the bidder: as near as the interaction is with NPCs, else to hear him. */
extern bool partner_in_reach(const InteractionType *interaction, Cell bidder, Cell partner);
/* BID_ACCEPTED, BID_TOO_FEW or BID_TOO_MANY. */
extern BidVerdict participants_verdict(const InteractionType *interaction, int participants);

/* Whether one in this state can begin to interact, or be asked to. */
static inline bool
state_is_free(NpcState state)
{
	return state != NPC_REQUESTING && state != NPC_INTERACTING;
}

/* Whether one on a cell is near enough to interact with what, or whom, is on another. */
extern bool		   interaction_reaches(const InteractionType *interaction, Cell from, Cell to);
extern const char *bid_verdict_reason(BidVerdict verdict); /* "item is occupied", … */

#endif /* NPCSIM_ACTIONS_H */
