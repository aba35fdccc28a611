/*
 * actions.h
 *	  What an NPC can be told to do, and in which of its states; bids for items.
 */
#ifndef NPCSIM_ACTIONS_H
#define NPCSIM_ACTIONS_H

#include "sim/types.h"

typedef enum NpcState /* The numbers are stored: append only. */
{
	NPC_IDLE,
	NPC_MOVING,
	NPC_REQUESTING,
	NPC_INTERACTING,
	NPC_WANDERING,
	NPC_WAITING,
	NPC_DORMANT /* nobody decides for it: it sleeps */
} NpcState;
#define NPC_STATE_COUNT 7

typedef enum ActionKind /* The numbers are stored; they stand in action_list.h. */
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

/* The most ids in one batch_reject_interaction_bids. */
#define ANSWERED_BIDS_MAX 32

/*
 * An action with its parameters; those that its kind does not have are 0. Plans keep many actions, so counts
 * are small numbers.
 */
typedef struct Action
{
	ActionKind			   kind;
	Cell				   cell;
	Direction			   direction;
	uint8_t				   partner_count;
	uint8_t				   id_count;
	bool				   accept;	 /* accepts the bid */
	bool				   all_bids; /* means all bids, in place of ids */
	int64_t				   target_id;
	const InteractionType *interaction;
	int64_t				   duration;
	const int64_t		  *partners; /* further NPCs that are to take part */
	/*
	 * The parameters of what is done inside the interaction, as jsonb, which is opaque here; NULL = nothing
	 * is done.
	 */
	void		  *act;
	int64_t		   bid_id; /* the bid that is answered, ... */
	const int64_t *ids;	   /* ... or those that are: ids of bids or of bidders */
	const char	  *text;   /* why a bid is rejected; NULL = no reason is given */
} Action;

/* A set of states of an NPC is made of these. */
#define IN_STATE(state_) (1U << NPC_##state_)
#define ON_FOOT			 (IN_STATE(IDLE) | IN_STATE(MOVING) | IN_STATE(WANDERING) | IN_STATE(WAITING))
#define ANYWHERE		 (ON_FOOT | IN_STATE(REQUESTING) | IN_STATE(INTERACTING))

/* How a parameter is written. A number may be a text, too; an id is a whole number. */
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

/* What must still be as the mind was told, so that its action makes sense. */
typedef enum ActionSubject
{
	SUBJECT_WORLD, /* nothing: it can be done, or it cannot */
	SUBJECT_STATE,
	SUBJECT_INTERACTION,
	SUBJECT_INVITATION
} ActionSubject;

#define ACTION_FORMS_MAX	  4
#define ACTION_PARAMETERS_MAX 8

/* An action as far as it can be described without the engine. */
typedef struct ActionEntry
{
	const char *name; /* in events and messages */
	/*
	 * The names by which minds mean it in every world; if there are none, it is its own name. NULL is behind
	 * the last.
	 */
	const char *forms[ACTION_FORMS_MAX + 1];
	/* Another name by which minds mean it, unless an interaction of the world has that name; or NULL. */
	const char *form_of_interaction;
	ActionParameter
		/* What it takes; an entry whose name is NULL is behind the last. */
				  parameters[ACTION_PARAMETERS_MAX + 1];
	bool		  takes_any_parameter; /* besides these */
	unsigned	  legal_in;			   /* IN_STATE() of states */
	unsigned	  keeps_plan_in;	   /* IN_STATE() of states in which it does not end the plan */
	ActionSubject subject;
	bool		  takes_no_time; /* it is over at once: an idle NPC goes on with its plan */
	/* What it is called in a list of choices, if that is always the same; else NULL. */
	const char *choice;
	bool		is_offered; /* as one of the last choices, wherever it is legal */
	bool		is_ranked;	/* how it ranks among the choices says something of its mind */
} ActionEntry;

extern const char *npc_state_name(NpcState state); /* "idle", … */
extern const char *action_name(ActionKind kind);   /* "move_to", … */
extern bool		   action_legal(NpcState state, ActionKind kind);
/* 'kind' must exist; ACTION_NONE has an entry. */
extern const ActionEntry *action_entry(ActionKind kind);
/* Returns the action that minds mean by a name in every world; ACTION_NONE if it is no such name. */
extern ActionKind action_meant(const char *form);
/* Whether the action has a parameter of this name. */
extern bool action_takes(ActionKind kind, const char *parameter);
extern Cell cell_towards(Cell from, Direction direction);

/*
 * Reads north/n/up, east/e/right, south/s/down or west/w/left, in upper or lower case. Returns false if it is
 * none.
 */
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
	BID_TOO_MANY, /* it has room for fewer participants */
	BID_USED_UP
} BidVerdict;

/*
 * Returns the item's answer. 'taken': somebody else uses it and cannot be joined; 'participants': how many
 * there would be.
 */
extern BidVerdict item_answers_bid(const ItemType *type, int64_t share_left, bool taken, Cell item,
								   Cell bidder_cell, const InteractionType *interaction, int participants);
/*
 * Whether an NPC that is invited is near enough to the bidder: as near as an interaction with NPCs demands,
 * else within hearing.
 */
extern bool partner_in_reach(const InteractionType *interaction, Cell bidder, Cell partner);
/* Returns BID_ACCEPTED, BID_TOO_FEW or BID_TOO_MANY. */
extern BidVerdict participants_verdict(const InteractionType *interaction, int participants);

/* Whether an NPC in this state can begin to interact, or be invited. */
static inline bool
state_is_free(NpcState state)
{
	return state != NPC_REQUESTING && state != NPC_INTERACTING && state != NPC_DORMANT;
}

/* Whether an NPC on a cell is near enough to interact with an item or NPC on another. */
extern bool		   interaction_reaches(const InteractionType *interaction, Cell from, Cell to);
extern const char *bid_verdict_reason(BidVerdict verdict); /* "item is occupied", … */

#endif /* NPCSIM_ACTIONS_H */
