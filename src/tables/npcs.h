/*
 * npcs.h
 *	  NPCs as rows: npc_identities, npc_states, npc_tracks, npc_minds, and the
 *	  request of each in decision_slots.
 */
#ifndef NPCSIM_TABLES_NPCS_H
#define NPCSIM_TABLES_NPCS_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/array.h"
#include "utils/date.h"

#include "engine/due.h"
#include "sim/actions.h"
#include "sim/needs.h"
#include "sim/path.h"
#include "tables/geometries.h"
#include "tables/json_lists.h"
#include "tables/plans.h"
#include "tables/row_type.h"

typedef enum NpcEvent /* stored in npc_states.event_kind: append only */
{
	EVENT_NONE,
	EVENT_LEG_END,		   /* arrival, or the next leg */
	EVENT_INTERACTION_END, /* it has lasted as long as it can, or the item is used up */
	EVENT_WAIT_OVER,
	EVENT_SPEAK, /* the built-in mind says something */
	EVENT_LEAVE, /* it said farewell */
	EVENT_ACT,	 /* what it is to do in its interaction may be done */
	/* of one moment, never stored */
	EVENT_GO_ON /* what it did is over: its plan goes on */
} NpcEvent;

typedef enum Decider /* stored in npc_states.decider: append only */
{
	DECIDER_NONE,
	DECIDER_BUILT_IN,
	DECIDER_MIND
} Decider;

typedef enum DecisionReason /* stored in npc_states.decision_reason: append only */
{
	REASON_IDLE,
	REASON_INTERVAL,
	REASON_NEED,
	REASON_PLAN_FAILED,
	REASON_REQUESTED,
	REASON_CHECK, /* nothing to ask: is its mind still there? */
	REASON_BID,
	REASON_MESSAGE,
	REASON_CARE,	  /* nothing to ask: the built-in mind looks after it */
	REASON_NEED_WAITS /* a need fell when its mind could not be asked yet */
} DecisionReason;
#define REASON_COUNT 10

typedef enum RequestStatus /* stored in decision_slots.status: append only */
{
	REQUEST_CLOSED,
	REQUEST_OPEN,
	REQUEST_SENT
} RequestStatus;

/* Groups in which columns of an NPC change, in the order in which clients are shown them: npc_groups tells of each. */
typedef enum NpcGroup
{
	NPC_DIRTY_IDENTITY = 0x01,
	NPC_DIRTY_STATUS = 0x02,
	NPC_DIRTY_REQUEST = 0x04, /* decision_slots; shown with the status */
	NPC_DIRTY_MOTION = 0x08,
	NPC_DIRTY_NEEDS = 0x10,
	NPC_DIRTY_HIDDEN = 0x20, /* columns of npc_states that nobody is shown: no revision */
	NPC_DIRTY_MIND = 0x40	 /* plan, events: no revision */
} NpcGroup;
#define NPC_GROUP_COUNT 7

#define WAKE_ON_MAX	   16
#define TOKENS_MAX	   INT64_C(1000000000000) /* what counters and budgets go up to */
#define NPC_EVENTS_MAX JSON_LIST_MAX
#define PRESSING_MAX   20 /* questions a minute that do not wait for the schedule */

/* Box of cells, both ends included. */
typedef struct CellBox
{
	Cell min;
	Cell max;
} CellBox;

typedef struct Npc
{
	int64 id;
#define IDENTITY_NUMBER(ctype_, member_, column_, type_, attributes_) ctype_ member_;
#define STATE_NUMBER(ctype_, member_, column_, type_, attributes_)	  ctype_ member_;
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	/* identity */
	char	  *name;
	ArrayType *traits; /* to be written, or NULL */
	int64	   born_at;
	int64	   identity_revision;
	/* needs */
	Needs needs;
	int32 decay;
	int64 needs_revision;
	/* status */
	int64	   state_since;
	Decider	   decider;
	Cell	   goal;
	ActionKind goal_action;
	int16	   goal_interaction; /* number of its kind, 0 = none */
	/* with whom and how, an action for action_from_json(); of one that interacts what it is to do there, as soon as it may:
	 * parameters; NULL = nothing to say */
	Jsonb		  *goal_terms;
	int			   replans;
	int64		   conversed_at; /* when its last conversation ended; -1 = never */
	NpcEvent	   event_kind;
	int64		   decision_at; /* SIM_NEVER = not due */
	DecisionReason decision_reason;
	uint64		   draws;
	int64		   status_revision;
	/* motion: leg_length 1 = standing */
	Cell  leg[LEG_CELLS];
	int	  leg_length;
	int64 departed_at;
	int64 motion_revision;
	/* its mind (only with a controller) */
	MindPlan *plan;		   /* NULL = none */
	JsonList *mind_events; /* NULL = empty */
	int		  events_dropped;
	int		  events_merged;	/* became part of later ones since the last question */
	JsonList *wake_on;			/* names of events, as JSON strings; NULL = none */
	int64	  asked_at;			/* -1 = never */
	int64	  unanswered_since; /* the first question without an answer that was carried out; -1 = none */
	int64	  ask_again_at;		/* SIM_NEVER = when an occasion comes */
	int64	  tokens;			/* its mind wrote on tokens_day */
	DateADT	  tokens_day;		/* UTC */
	bool	  budget_spent;		/* as the world knows it: an input */
	int		  failures;			/* in a row, of its mind: nothing came of so many questions */
	int64	  asked_not_before; /* since it failed; -1 = it may be asked */
	int64	  pressing[PRESSING_MAX]; /* when it was last asked what could not wait, ascending */
	int		  pressing_count;
	/* its request */
	bool		   request_pending; /* open or sent */
	DecisionReason request_reason;
	int64		   request_state; /* state_counter when it was opened */
	int64		   request_opened_at;
	int64		   request_player; /* whom it is for */
	int64		   request_id;	   /* the last one, 0 = none yet */
	/* private to the engine */
	bool			born;	   /* has no rows yet */
	ItemPointerData state_row; /* where its present rows are, invalid if not known */
	ItemPointerData track_row;
	int				index;		 /* in World.everyone */
	uint32			dirty;		 /* NpcGroup: changes that are not written yet */
	int				dirty_place; /* in World.dirty_npcs, if it is dirty */
	CellBox			sight_box;	 /* of the track in the index; holds the leg */
	Due				due_event;
	Due				due_decision;
	Cell			standing_at; /* counted there in the grid */
	bool			standing;
	bool			pauses;	  /* before it is decided for, if its plan is over (EVENT_GO_ON) */
	int				district; /* it is listed in, -1 = none (engine/nearby.c) */
	int				district_place;
} Npc;

static inline Cell
npc_cell(const Npc *npc, int64 now)
{
	return npc->leg[leg_index_at(npc->leg_length, npc->departed_at, now)];
}

static inline CellBox
leg_box(const Cell *leg, int length)
{
	CellBox box = {leg[0], leg[0]};

	for (int i = 1; i < length; i++)
	{
		box.min.x = Min(box.min.x, leg[i].x);
		box.min.y = Min(box.min.y, leg[i].y);
		box.max.x = Max(box.max.x, leg[i].x);
		box.max.y = Max(box.max.y, leg[i].y);
	}
	return box;
}

/* Their tables, described. */
extern RowType npc_identity_rows;
extern RowType npc_trait_rows;
extern RowType npc_state_rows;
extern RowType npc_track_rows;
extern RowType npc_mind_rows;
extern RowType npc_slot_rows;

extern const RowGroup npc_groups[NPC_GROUP_COUNT];

/* The columns that operators write as they are: from 0 on, NULL behind the last one; or by name, NULL = it is none. */
extern const RowColumn *npc_edited_column(int number);
extern const RowColumn *npc_edited_column_named(const char *name);

/* The groups of which a change of this kind tells clients. */
extern uint32 npc_groups_shown(ChangeKind kind);

/* To another place of the sight index; not a change of the NPC. */
extern void npcs_move(int64 world_id, Npc **npcs, int count, SightShift shift);

extern const char *decision_reason_name(DecisionReason reason);

/* Ids of those whose track lies in the part of a world in a plane of the sight index (engine/sight.h), at most so many. */
extern int npcs_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most);

#endif /* NPCSIM_TABLES_NPCS_H */
