/*
 * npcs.h
 *	  NPCs as rows: npc_identities, npc_states, npc_tracks, npc_minds, and the request of each in
 *	  decision_slots.
 */
#ifndef NPCSIM_TABLES_NPCS_H
#define NPCSIM_TABLES_NPCS_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "engine/due.h"
#include "sim/actions.h"
#include "sim/needs.h"
#include "sim/path.h"
#include "tables/geometries.h"
#include "tables/json_lists.h"
#include "tables/plans.h"
#include "tables/row_type.h"

/* The numbers are stored in npc_states.event_kind: append only. */
typedef enum NpcEvent
{
	EVENT_NONE,
	EVENT_LEG_END, /* arrival, or the next leg */
	/* The interaction has lasted as long as it can, or the item is used up. */
	EVENT_INTERACTION_END,
	EVENT_WAIT_OVER,
	EVENT_SPEAK, /* the built-in mind says something */
	EVENT_LEAVE, /* it said farewell */
	EVENT_ACT,	 /* an act that was held may be done */
	/* The kinds below are of one moment, and never stored. */
	EVENT_GO_ON /* what it did is over: its plan goes on */
} NpcEvent;

/* The numbers are stored in npc_states.decider: append only. */
typedef enum Decider
{
	DECIDER_NONE,
	DECIDER_BUILT_IN,
	DECIDER_MIND,
	DECIDER_OPERATOR
} Decider;

/* The numbers are stored in npc_states.decision_reason: append only. */
typedef enum DecisionReason
{
	REASON_IDLE,
	REASON_INTERVAL,
	REASON_NEED,
	REASON_PLAN_FAILED,
	REASON_REQUESTED,
	REASON_CHECK, /* nothing is asked: is its mind still there? */
	REASON_BID,
	REASON_MESSAGE,
	/* Nothing is asked: the built-in mind looks after it. */
	REASON_CARE,
	REASON_NEED_WAITS /* a need fell when its mind could not be asked yet */
} DecisionReason;
#define REASON_COUNT 10

/* The numbers are stored in decision_slots.status: append only. */
typedef enum RequestStatus
{
	REQUEST_CLOSED,
	REQUEST_OPEN,
	REQUEST_SENT
} RequestStatus;

/*
 * Groups of an NPC's columns that change together, in the order in which clients are shown them; npc_groups
 * describes each.
 */
typedef enum NpcGroup
{
	NPC_DIRTY_IDENTITY = 0x01,
	NPC_DIRTY_STATUS = 0x02,
	NPC_DIRTY_REQUEST = 0x04, /* decision_slots; shown with the status */
	NPC_DIRTY_MOTION = 0x08,
	NPC_DIRTY_NEEDS = 0x10,
	/* Columns of npc_states that nobody is shown; they have no revision. */
	NPC_DIRTY_HIDDEN = 0x20,
	NPC_DIRTY_MIND = 0x40 /* plan and events; it has no revision */
} NpcGroup;
#define NPC_GROUP_COUNT 7

#define WAKE_ON_MAX	   16
#define TOKENS_MAX	   INT64_C(1000000000000) /* the most that counters and budgets hold */
#define NPC_EVENTS_MAX JSON_LIST_MAX
#define PRESSING_MAX   20 /* the most questions a minute that do not wait */

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
	int16	   goal_interaction; /* number of its type; 0 = none */
	/*
	 * How it interacts at its goal, an action for action_from_json(); while it interacts, the act that is
	 * held, as parameters; NULL = none.
	 */
	Jsonb		  *goal_terms;
	int			   replans;
	int64		   conversed_at; /* end of its last conversation; -1 = never */
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
	int64 controller_since; /* when it came to its controller; -1 = not known, or it has none */
	/* its mind (only with a controller) */
	MindPlan *plan;		   /* NULL = none */
	JsonList *mind_events; /* NULL = empty */
	int		  events_dropped;
	int		  events_merged; /* merged into later ones since the last question */
	JsonList *wake_on;		 /* names of events, as JSON strings; NULL = none */
	int64	  asked_at;		 /* -1 = never */
	/* The first question without an answer that was carried out; -1 = none. */
	int64	unanswered_since;
	bool	paced;		  /* its last question could wait for its part of the day */
	int64	ask_again_at; /* SIM_NEVER = when an occasion comes */
	int64	tokens;		  /* its mind wrote on tokens_day */
	DateADT tokens_day;	  /* UTC */
	bool	budget_spent; /* as the world knows it by an input */
	bool	assigned;	  /* by an operator; see npc_is_assigned() */
	bool	traced;		  /* what the built-in mind decides for it is kept (engine/traced.c) */
	/* So many questions in a row came to nothing. */
	int	  failures;
	int64 asked_not_before; /* because it failed; -1 = it may be asked */
	/* When it was last asked what could not wait, ascending. */
	int64 pressing[PRESSING_MAX];
	int	  pressing_count;
	/* its request */
	bool		   request_pending; /* open or sent */
	DecisionReason request_reason;
	int64		   request_state; /* state_counter when it was opened */
	int64		   request_opened_at;
	int64		   request_player; /* whom it is for; POOL = any source that remembers nothing */
	int64		   request_id;	   /* of the last request; 0 = none yet */
	/* private to the engine */
	bool			born;	   /* has no rows yet */
	bool			pooled;	   /* its question is counted in World.pooled */
	ItemPointerData state_row; /* places of its rows; invalid if not known */
	ItemPointerData track_row;
	int				index;		 /* in World.everyone */
	uint32			dirty;		 /* NpcGroup: changes not written yet */
	int				dirty_place; /* in the list of what is to be written, if it is dirty */
	CellBox			sight_box;	 /* of the track in the index; it holds the leg */
	Due				due_event;
	Due				due_decision;
	Cell			standing_at; /* where the grid counts it */
	bool			standing;
	/* It pauses before it is decided for, if its plan is over (EVENT_GO_ON). */
	bool pauses;
	int	 district; /* in which it is listed; -1 = none (engine/nearby.c) */
	int	 district_place;
} Npc;

static inline Cell
npc_cell(const Npc *npc, int64 now)
{
	return npc->leg[leg_index_at(npc->leg_length, npc->departed_at, now)];
}

/*
 * Whether an operator has said who decides for it: then the market leaves it there. One that came to its controller by older rules
 * was given by hand.
 */
static inline bool
npc_is_assigned(const Npc *npc)
{
	return npc->assigned || (npc->controller != 0 && npc->controller_since < 0);
}

/* Whom a question is put to that no player's own source can answer: any source that remembers nothing (engine/presence.c). */
#define POOL INT64CONST(0)

/* Whether the NPC's last question was put to the pool. */
static inline bool
npc_asked_pool(const Npc *npc)
{
	return npc->request_id != 0 && npc->request_player == POOL;
}

/* Whether it has a mind outside: its player's, or since its last question the pool. */
static inline bool
npc_is_minded(const Npc *npc)
{
	return npc->controller != 0 || npc_asked_pool(npc);
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

/* Describe the tables. npc_trait_rows has the traits alone. */
extern RowType npc_identity_rows;
extern RowType npc_trait_rows;
extern RowType npc_state_rows;
extern RowType npc_track_rows;
extern RowType npc_mind_rows;
extern RowType npc_slot_rows;

extern const RowGroup npc_groups[NPC_GROUP_COUNT];

/*
 * Return the columns that operators write as they are: from 0 on, NULL behind the last one; or by name, NULL
 * = it is none.
 */
extern const RowColumn *npc_edited_column(int number);
extern const RowColumn *npc_edited_column_named(const char *name);

/* Returns the groups that a change of this kind shows to clients. */
extern uint32 npc_groups_shown(ChangeKind kind);

/* Moves tracks to another place of the sight index, which is no change of the NPCs. */
extern void npcs_move(int64 world_id, Npc **npcs, int count, SightShift shift);

/* Fills in where an NPC is at a moment, by the caller's snapshot. Returns false if there is no such NPC. */
extern bool npc_track_cell(int64 world_id, int64 npc_id, int64 now, Cell *cell);

extern const char	 *decision_reason_name(DecisionReason reason);
extern DecisionReason decision_reason_by_name(const char *name);

/* When requests are opened, by real time, whose rows are written next: all of a world at one moment. */
extern TimestampTz npc_slots_opened_at;

/*
 * Fills in the ids of NPCs whose track lies in a world's part of a plane of the sight index (engine/sight.h),
 * at most 'most', and returns how many.
 */
extern int npcs_in_plane(int64 world_id, SightShift shift, int32 size_x, int32 size_y, int64 *ids, int most);

/* Reads whose NPC it is, 0 = nobody's. Returns false if there is no such NPC. */
extern bool npc_controller_read(int64 world_id, int64 npc_id, int64 *player_id);

#endif /* NPCSIM_TABLES_NPCS_H */
