/*
 * image.h
 *	  The members of a world's image, for the engine alone.
 *
 * Invariants between two calls from outside:
 *	- what is written equals the tables at 'revision' of the lock that was held;
 *	- every NPC is in the heaps exactly when it has an event or a decision due,
 *	  counted in the grid exactly when it stands, and listed in the district its leg begins in;
 *	- items, respawns and interactions of the image have their kinds.
 */
#ifndef NPCSIM_IMAGE_H
#define NPCSIM_IMAGE_H

#include "postgres.h"

#include "lib/ilist.h"
#include "utils/hsearch.h"

#include "engine/due.h"
#include "engine/world.h"
#include "entity_list.h"
#include "errors.h"
#include "sim/grid.h"
#include "sim/path.h"

/* How often a walker whose way was blocked plans anew before it gives up. */
#define REPLANS_MAX 1

/* An action that can be read, but not be carried out as things are. */
static inline Refusal
impossible(const char *message)
{
	return refuse(ERRCODE_NS_ACTION_IMPOSSIBLE, message);
}

/* A growing array of pointers (NULL where one was dropped) or ids. */
typedef struct PointerList
{
	void **entries;
	int	   count;
	int	   room;
} PointerList;

typedef struct IdList
{
	int64 *ids;
	int	   count;
	int	   room;
} IdList;

typedef enum Policy
{
	POLICY_OCCASIONS,
	POLICY_INTERVAL,
	POLICY_NONE
} Policy;
#define POLICY_COUNT 3

typedef struct District	  District;
typedef struct ImageTable ImageTable; /* objects by id (containers.c) */

/* What there is of one kind (entity_list.h), and what is to be written of that. */
typedef struct Things
{
	ImageTable *by_id;	 /* absent items are not among the others */
	PointerList dirty;	 /* new or changed */
	IdList		removed; /* gone, with a row that is still there */
} Things;

struct World
{
	dlist_node	  node; /* in the backend's list of images, most recently used first */
	MemoryContext context;
	int64		  id;
	char		  home[128];
	int64		  revision; /* the image is valid for */
	WorldLock	 *lock;		/* under which it is used now, or NULL */

	/* settings */
	uint64 seed;
	int32  size_x;
	int32  size_y;
	Policy policy;
	int64  idle_interval;  /* µs after which an NPC without a plan is asked again */
	int32  need_decay_min; /* millionths of a unit a second */
	int32  need_decay_max;
	int64  max_tokens_per_npc;	 /* and day; 0 = no limit */
	bool   players_have_budgets; /* each of them, or all together */

	/* contents */
	Things		things[ENTITY_COUNT];	  /* of each kind: Npc, WorldItem, Interaction, Bid, … */
	PointerList everyone;				  /* all NPCs, in no order */
	ImageTable *cells;					  /* cell -> items on it */
	PointerList item_types;				  /* ItemType */
	bool		served_needs[NEED_COUNT]; /* by some of these kinds */
	PointerList interaction_types;		  /* InteractionType in their InteractionRow, in order of number */
	const InteractionType *talk;		  /* the first of them that is a conversation, or NULL */
	Grid				  *grid;
	PathFinder			  *finder;
	SimAllocator		   allocator;
	DueHeap				   events;
	DueHeap				   decisions;
	District			  *districts; /* who is listed there; row by row (nearby.c) */
	int					   districts_x;
	int					   districts_y;

	/* what is to be written besides */
	IdList		  removed_item_places; /* of each that is removed: item_place_number() */
	bool		  terrain_changed;
	bool		  ways_unchecked; /* nobody was told of new walls yet */
	TransactionId turn_xid;		  /* when it was last asked whether the sight index is to move on */

	/* the moment that is being worked on */
	int64	now;
	DateADT today; /* UTC, when the transaction began */
	/* players whose minds can be asked, read at most once per transaction */
	IdList	   present;
	bool	   present_known;
	bool	   present_read;
	HTAB	  *response_times; /* of players' minds, as the world knows them: response_times.c */
	uint64	   turn;		   /* counts the transactions in which it was used */
	bool	   in_tick;		   /* a tick is run; else something comes from outside */
	bool	   in_rule;		   /* a rule runs: no other may be entered (tick.c) */
	TickResult result;
};

/* Kinds in the heap of events: of one moment, what is due to items happens before NPCs do anything. */
#define DUE_ITEM	 0
#define DUE_NPC_BASE 1	/* + NpcEvent */
#define DUE_BID		 64 /* it is put to those invited, or answered for who did not */
#define DUE_THING	 65 /* + EntityNumber: of those whose description has a rule for it (entities.h) */
StaticAssertDecl(DUE_NPC_BASE + EVENT_GO_ON < DUE_BID, "events of NPCs come before bids");

/* containers.c */
extern ImageTable *image_new_table(World *world);
extern void		  *image_find(ImageTable *table, int64 id); /* NULL = not there */
extern void		   image_put(ImageTable *table, int64 id, void *object);
extern void		   image_drop(ImageTable *table, int64 id);
extern bool		   image_is_empty(const ImageTable *table);
extern int64	  *image_ids(ImageTable *table, int *count); /* in no order; palloc'd */
extern int		   pointer_list_add(World *world, PointerList *list, void *pointer); /* its place */
extern void		   pointer_list_drop(PointerList *list, int place);
extern void		   pointer_list_close_up(PointerList *list); /* no places are known afterwards */
extern void		   id_list_add(World *world, IdList *list, int64 id);

/* contents.c: the image and its indexes, without rules */
extern Npc		   *image_new_npc(World *world, int64 id);
extern void			image_free_npc(World *world, Npc *npc);
extern Interaction *image_new_interaction(World *world, int64 id);
extern void			image_free_interaction(World *world, Interaction *interaction);
extern Bid		   *image_new_bid(World *world, int64 id);
extern void			image_free_bid(World *world, Bid *bid);

/* After the fields of an NPC were assigned: its places in the heaps, the grid and the districts. */
extern void npc_settle(World *world, Npc *npc);
extern void npc_touch(World *world, Npc *npc, uint32 dirty);

/* item_cells.c */
extern void image_put_item(World *world, WorldItem *item); /* into the tables and the grid */
extern void image_free_item(World *world, WorldItem *item);
extern void item_touch(World *world, WorldItem *item);
extern void image_put_absent_item(World *world, WorldItem *item);
extern void image_free_absent_item(World *world, WorldItem *item);

/* image_queries.c */
extern const ItemType		 *image_item_type(const World *world, const char *name);
extern const InteractionType *image_interaction_type(const World *world,
													 int		  number); /* NULL = there is none */
/* The same, of which there must be one. */
extern const InteractionType *image_type_of_number(const World *world, int number);
extern Interaction			 *npc_interaction(World *world, const Npc *npc);		 /* NULL = none */
extern Interaction			 *item_interaction(World *world, const WorldItem *item); /* NULL = none */
/* Whether one more can take part in it, who wants this. */
extern bool interaction_joinable(const Interaction *interaction, const InteractionType *type);

/* nearby.c */
extern void npcs_sort(Npc **npcs, int count); /* by id */
extern void image_lay_out_districts(World *world);
extern void npc_enter_district(World *world, Npc *npc);
extern void npc_leave_district(World *world, Npc *npc);
/* Everybody whose leg has this cell (standing: who is on it), by id; palloc'd, NULL when there is nobody. */
extern int npcs_over(World *world, Cell cell, Npc ***found);
/* The first NPC, by id, that is on a cell, standing or walking; NULL if there is none. */
extern Npc *npc_on(World *world, Cell cell, const Npc *except);

/*
 * Everybody but one who is in sight of a cell, nearest first, then by id; palloc'd, NULL when there is nobody.
 */
extern int npcs_in_sight(World *world, Cell cell, const Npc *except, Npc ***found);

/* load.c */
extern void image_discard(World *world);
extern void image_load(World *world);
extern bool image_catch_up(World *world, int64 revision); /* false: the log does not have it all */

/* whole.c: raises an error if what was loaded does not belong together */
extern void image_require_whole(World *world);

/* policies.c */
extern Policy policy_by_name(const char *name); /* a CHECK holds the names */

/* ---- rules ---- */

/* invited.c */
/* The ids of all bids under way, ascending; palloc'd. Not the bids: what happens when one of them ends may end others. */
extern int64 *world_bids(World *world, int *count);
extern int	  bid_place_of(const Bid *bid, const Npc *npc); /* among those invited, -1 = it is not */
extern bool	  bid_is_new(const Bid *bid);					/* it is not put to all of them yet */
/* After it was put or loaded: its place in the heap. */
extern void bid_settle(World *world, Bid *bid);
/* Until when an NPC that is invited stays where it is, at most; -1 = it is not invited. */
extern int64 npc_invited_until(World *world, const Npc *npc);

/* care.c */
/* Minds live in real time: so long a mind is waited for in the world's time. */
extern int64 world_patience(const World *world, int64 limit);
/* At another speed as much real time lies between now and a moment, past or to come. */
extern int64 world_stretched(const World *world, int64 moment, int32 before, int32 after);
/* Until when what the built-in mind began is left to the NPC's mind, which thinks; -1 = it does not. */
extern int64 npc_thinks_until(const World *world, const Npc *npc);
/* When the built-in mind looks after one whose mind is there; SIM_NEVER = it need not. */
extern int64 npc_care_due(World *world, const Npc *npc);
/* It is time to leave the interaction that its mind began. */
extern bool npc_is_to_leave(World *world, const Npc *npc);
/* When its mind is to be asked although nothing happened. */
extern int64 npc_goes_without(World *world, const Npc *npc);
extern void	 npc_was_asked(World *world, Npc *npc);

/* schedule.c */
extern void npc_schedule(World *world, Npc *npc, int64 pause);
/* Invitations and what is said to an NPC are put to its mind at once, however short ago it was asked. */
extern bool reason_cannot_wait(DecisionReason reason);
/*
 * When the mind is to be asked, and why; 'pause' is how long an idle NPC takes to think of it. A need may fall before the mind
 * can be asked about it: then it waits from there on.
 */
extern int64 npc_next_question(World *world, const Npc *npc, int64 pause, DecisionReason *reason);
/* When the built-in mind acts for an NPC whose mind is not asked before 'question'. */
extern int64 npc_next_look_between(const World *world, const Npc *npc, int64 pause, int64 question);

/* waking.c */
extern void npc_wake(World *world, Npc *npc, MindEvent event);
extern void npc_wake_no_more(World *world, Npc *npc); /* no event wakes its mind any more */
/* The mind is due, as soon as it may be asked. */
extern void npc_call_mind(World *world, Npc *npc, DecisionReason reason);
/* A need fell at one blow. */
extern void npc_lacks(World *world, Npc *npc);

/* requests.c */
extern bool npc_budget_spent(World *world, Npc *npc);
/* Of invitations and messages it was asked as often as it may be. */
extern bool npc_is_pressed(const World *world, const Npc *npc);
extern void npc_note_pressing(World *world, Npc *npc);

/* presence.c */
extern bool npc_mind_can_be_asked(World *world, Npc *npc);

/* npc.c */
extern void npc_become(World *world, Npc *npc, NpcState state, Decider decider);
extern void npc_stand(World *world, Npc *npc);
/* It has nothing more to do where it gets, or in what it takes part in. */
extern void npc_forget_terms(World *world, Npc *npc);
extern void npc_fail_plan(World *world, Npc *npc, const char *reason);
/* One that is idle: its plan goes on at this moment, or a decision is due after 'pause'. */
extern void npc_go_on(World *world, Npc *npc, int64 pause);
/* What it did is over: the same. */
extern void npc_become_idle(World *world, Npc *npc, int64 pause);

/* walk.c */
/* The cell an NPC is on, and since when (a walker that changes its mind loses no time). */
extern Cell npc_present_cell(const World *world, const Npc *npc, int64 *since);
extern void npc_take_leg(World *world, Npc *npc, const Cell *leg, int length, int64 departed_at);
/* A free cell beside one that an NPC is on; the cell itself when there is none. */
extern Cell cell_beside(World *world, Cell there, Cell from);
/* Sets out for a cell, or for the cell next to it when it is blocked, unless there is no way. */
extern Refusal npc_walk(World *world, Npc *npc, Cell target, NpcState state, ActionKind action,
						const InteractionType *interaction, int64 target_id, Decider decider);
/* Who is invited and on its way stops where it is. */
extern void npc_halt(World *world, Npc *npc);
/* It goes on, or is decided for again. */
extern void npc_walk_on(World *world, Npc *npc);

/* arrive.c */
extern void npc_leg_ended(World *world, Npc *npc);
extern void world_stop_blocked_walkers(World *world, Cell cell);
extern void world_check_ways(World *world);

/* act.c */
/* Carries out an action for an NPC. */
extern Refusal world_act(World *world, Npc *npc, const Action *action, Decider decider);
/* Interacts, or bids for it; walks there first if it may. */
extern Refusal npc_interact(World *world, Npc *npc, const Action *action, bool may_walk, Decider decider);

/* plan.c */
extern void npc_next_step(World *world, Npc *npc);
/* Carries out an action with a new plan, which may be empty. What was not begun keeps the old one. */
extern Refusal world_act_and_plan(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
								  Decider decider);

/* item_use.c */
/* When something happens to it by itself (SIM_NEVER: it does not). */
extern void item_set_due(World *world, WorldItem *item, int64 at);
/* An interaction with it begins. */
extern void item_is_used(World *world, WorldItem *item, const Interaction *interaction);
/* ... is over. When nothing is left of the item, that is due at once. */
extern void item_was_used(World *world, WorldItem *item, const Interaction *interaction);

/* interact.c */
typedef enum InteractionEnd
{
	INTERACTION_FINISHED, /* it has lasted as long as it can: for all who take part */
	INTERACTION_CANCELLED /* for one, and for the others if they are too few then */
} InteractionEnd;

/* 'item' is NULL when it is with NPCs. The first participant is the initiator. */
extern Interaction *interaction_begin(World *world, const InteractionType *type, int64 target_id,
									  WorldItem *item, Npc **participants, const Decider *deciders,
									  int count);
extern void			interaction_join(World *world, Interaction *interaction, Npc *npc, Decider decider);
/* Not of the will of any of them. */
extern void interaction_break_off(World *world, Interaction *interaction, const char *why);
extern void npc_end_interaction(World *world, Npc *npc, InteractionEnd how, int64 pause);
/* 'act': parameters, an object. */
extern Refusal npc_act(World *world, Npc *npc, Jsonb *act);
/* The same, checked only. */
extern Refusal interaction_check_act(const InteractionType *type, Jsonb *act);
/* The same, now or as soon as it may: until then it is held, in place of what was held before. */
extern Refusal npc_act_or_hold(World *world, Npc *npc, Jsonb *act);
/* It may: what was held is done. */
extern void npc_act_held(World *world, Npc *npc);
/* The built-in mind takes part in a conversation. */
extern void npc_plan_talk(World *world, Npc *npc);
extern void npc_speak(World *world, Npc *npc);
/* Its own mind thinks of what to say: true if the built-in mind waits for that. */
extern bool npc_lets_think(World *world, Npc *npc);

/* bids.c */
/* Invites NPCs, who are free and near enough. */
extern void	   bid_place(World *world, Npc *bidder, const Action *action, Npc **invited, int count,
						 Decider decider);
extern void	   bid_due(World *world, Bid *bid);
extern Refusal npc_answer_bid(World *world, Npc *npc, const Action *action);
/* Whether the other one (or it itself) does what it does only since the NPC's own mind was asked. */
extern bool npc_did_not_know(const Npc *npc, const Npc *other);
/* Who bids for what the other one, who is requesting, has invited it to accepts that: true if there was such a bid. */
extern bool	   npc_accepts_by_bidding(World *world, Npc *npc, const Npc *other, const InteractionType *type);
extern Refusal npc_reject_bids(World *world, Npc *npc, const Action *action);
/* The NPC is moved or goes away: its bid is withdrawn, those to it are rejected. */
extern void npc_drop_bids(World *world, Npc *npc, const char *why);
extern void item_drop_bids(World *world, int64 item_id, const char *why);
/* The speed is another: what was set in real time. */
extern void world_stretch_bids(World *world, int32 before, int32 after);
/* It has another mind, or none: it is invited anew. */
extern void npc_renew_invitations(World *world, Npc *npc);

/* built_in.c */
/* The built-in mind decides for those NPCs, all of them seeing the same instant. */
extern void npcs_decide_built_in(World *world, Npc **npcs, int count);

/* decide.c */
extern void world_decide(World *world);

/* item_life.c */
extern void item_event(World *world, WorldEventKind kind, const WorldItem *item);
/* It begins to be, or is back. */
extern WorldItem *item_appear(World *world, int64 id, const ItemType *type, Cell cell, WorldEventKind event);
/* Out of the image and, when it is written, out of the table. */
extern void item_drop(World *world, WorldItem *item);
/* The same of one that is absent. */
extern void item_drop_absent(World *world, WorldItem *item);
/* It is not there, and something is due to it at this moment: it comes back, or not. */
extern void item_await(World *world, int64 id, const ItemType *type, Cell cell, int64 at);
/* One that nobody uses is of another kind from now on, as if new. */
extern void item_become(World *world, WorldItem *item, const ItemType *type);
/* All of a type that was defined anew: what happens to them in time begins anew. */
extern void items_place_anew(World *world, const char *item_type);
/* Its moment has come, or nothing is left of it. */
extern void item_due(World *world, WorldItem *item);

/* write.c */
extern void image_write(World *world);

/* ---- what comes from outside ---- */

/* tick.c */
/* Around everything that changes a world from outside: what it leaves due at once is handed out with it. */
extern void world_enter(World *world);
extern void world_leave(World *world);

#endif /* NPCSIM_IMAGE_H */
