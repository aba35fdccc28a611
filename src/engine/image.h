/*
 * image.h
 *	  The members of a world's image, for the engine alone.
 *
 * The following holds between any two calls from outside:
 *	- what is written equals the tables at 'revision' of the lock that was held;
 *	- every NPC is in the heaps exactly when it has an event or a decision due,
 *	  counted in the grid exactly when it stands, and listed in the district its leg begins in;
 *	- the types of all items, respawns and interactions of the image are in it.
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
#include "sim/mind.h"
#include "sim/path.h"

/* How often a walker whose way was blocked looks for another one before it gives up. */
#define REPLANS_MAX 1

/* Returns the refusal of an action that can be read but not carried out as things are. */
static inline Refusal
impossible(const char *message)
{
	return refuse(ERRCODE_NS_ACTION_IMPOSSIBLE, message);
}

/* Growing arrays of pointers, which are NULL where one was dropped, and of ids. */
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

/* The things of one entity (entity_list.h), and which of them are to be written. */
typedef struct Things
{
	ImageTable *by_id;	 /* by id; absent items are in their own entity's */
	PointerList dirty;	 /* new or changed */
	IdList		removed; /* removed, while their rows still exist */
} Things;

struct World
{
	dlist_node	  node; /* in the backend's list of images, most recently used first */
	MemoryContext context;
	int64		  id;
	char		  home[128];
	int64		  revision; /* that the image is valid for */
	WorldLock	 *lock;		/* under which it is used now, or NULL */

	/* settings */
	uint64 seed;
	int32  size_x;
	int32  size_y;
	Policy policy;
	int64  idle_interval;  /* µs after which an NPC without a plan is asked again */
	int32  need_decay_min; /* millionths of a unit per second */
	int32  need_decay_max;
	int64  max_tokens_per_npc; /* per day; 0 for no limit */
	bool   built_in_fallback;  /* the built-in mind stands in for minds that cannot be asked */

	/* contents */
	Things				   things[ENTITY_COUNT]; /* Npc, WorldItem, Interaction, Bid, …, by EntityNumber */
	PointerList			   everyone;			 /* all NPCs, in no particular order */
	ImageTable			  *cells;				 /* cell -> items on it */
	PointerList			   item_types;			 /* ItemType */
	bool				   served_needs[NEED_COUNT]; /* that some of these types fill */
	PointerList			   interaction_types; /* InteractionType, each in an InteractionRow, by number */
	const InteractionType *talk;			  /* the first conversation among them, or NULL */
	Grid				  *grid;
	PathFinder			  *finder;
	SimAllocator		   allocator;
	DueHeap				   events;
	DueHeap				   decisions;
	int64				   look_for_minds_at; /* for those who sleep; SIM_NEVER = nobody waits for one */
	District			  *districts;		  /* row by row; lists the NPCs in each (nearby.c) */
	int					   districts_x;
	int					   districts_y;

	/* what else is to be written */
	IdList removed_item_places; /* item_place_number() of each removed item */
	bool   terrain_changed;
	bool   ways_unchecked; /* walkers were not told of new walls yet */
	/* the transaction that last checked whether the sight index is to be advanced */
	TransactionId turn_xid;

	/* the moment that is being worked on */
	int64	now;
	DateADT today; /* UTC */
	/* whose minds can be asked, read at most once per transaction (presence.c) */
	IdList	   present; /* players */
	IdList	   paced;	/* of these, those whose questions may wait, since their tokens are to last the day */
	IdList	   draining;	 /* players who may still answer what they were asked */
	int32	   pool_slots;	 /* questions that the pool takes at a time; 0 = there is none */
	bool	   pool_for_all; /* it is there for NPCs without a player, too */
	bool	   pool_drains;	 /* a source of it may still answer what it was asked */
	bool	   pool_known;	 /* it was there for all once: before, nothing is told of it being away */
	bool	   no_pool_read; /* that it is not was read in this transaction */
	bool	   present_known;
	bool	   present_read;
	int32	   pooled;		   /* questions that are put to the pool, open or sent */
	HTAB	  *response_times; /* of players' minds, as far as the world knows them (response_times.c) */
	uint64	   turn;		   /* the number of transactions in which the image was used */
	bool	   in_tick;		   /* a tick is running; else something comes from outside */
	bool	   in_rule;		   /* a rule is running, and no other may be entered (tick.c) */
	TickResult result;
};

/* Kinds of events in the heap. What is due to items at some moment happens before NPCs do anything. */
#define DUE_ITEM	 0
#define DUE_NPC_BASE 1	/* + NpcEvent */
#define DUE_BID		 64 /* the bid is put to those invited, or answered for those who did not answer */
#define DUE_THING	 65 /* + EntityNumber, for entities with a rule for what is due (entities.h) */
StaticAssertDecl(DUE_NPC_BASE + EVENT_GO_ON < DUE_BID, "events of NPCs come before bids");

/* containers.c */
extern ImageTable *image_new_table(World *world);
extern void		  *image_find(ImageTable *table, int64 id); /* NULL if there is none */
extern void		   image_put(ImageTable *table, int64 id, void *object);
extern void		   image_drop(ImageTable *table, int64 id);
extern bool		   image_is_empty(const ImageTable *table);
extern int64	  *image_ids(ImageTable *table, int *count); /* in no particular order; palloc'd */
extern int		   pointer_list_add(World *world, PointerList *list, void *pointer); /* returns its place */
extern void		   pointer_list_drop(PointerList *list, int place);
extern void		   pointer_list_close_up(PointerList *list); /* invalidates all places */
extern void		   id_list_add(World *world, IdList *list, int64 id);

/* contents.c: the image and its indexes, without rules */
extern Npc		   *image_new_npc(World *world, int64 id);
extern void			image_free_npc(World *world, Npc *npc);
extern Interaction *image_new_interaction(World *world, int64 id);
extern void			image_free_interaction(World *world, Interaction *interaction);
extern Bid		   *image_new_bid(World *world, int64 id);
extern void			image_free_bid(World *world, Bid *bid);

/* Puts an NPC into the heaps, the grid and the districts where it belongs after its fields were assigned. */
extern void npc_settle(World *world, Npc *npc);
extern void npc_touch(World *world, Npc *npc, uint32 dirty);

/* Whether the NPC sleeps and wakes by itself when there is a mind for it. */
static inline bool
npc_sleeps_lightly(const Npc *npc)
{
	return npc->state == NPC_DORMANT && npc->decider != DECIDER_OPERATOR;
}

/* item_cells.c */
extern void image_put_item(World *world, WorldItem *item); /* into the tables and the grid */
extern void image_free_item(World *world, WorldItem *item);
extern void item_touch(World *world, WorldItem *item);
extern void image_put_absent_item(World *world, WorldItem *item);
extern void image_free_absent_item(World *world, WorldItem *item);

/* image_queries.c */
extern const ItemType		 *image_item_type(const World *world, const char *name);
extern const InteractionType *image_interaction_type(const World *world,
													 int		  number); /* NULL if there is none */
/* Returns the type of this number; raises an error if there is none. */
extern const InteractionType *image_type_of_number(const World *world, int number);
/* NULL if there is none */
extern Interaction *npc_interaction(World *world, const Npc *npc);
/* NULL if there is none */
extern Interaction *item_interaction(World *world, const WorldItem *item);
/* Whether another NPC that wants this type of interaction can join one that is going on. */
extern bool interaction_joinable(const Interaction *interaction, const InteractionType *type);

/* traced.c: a decision of the built-in mind. */
typedef struct Trace
{
	const MindView *view; /* by which it decided */
	const Action   *chosen;
	const char	   *because; /* why it was not the mind's own wish, or NULL */
	const char	   *refused; /* why it could not be done, or NULL */
} Trace;

/* Keeps it, if the NPC is traced. */
extern void npc_keep_trace(World *world, const Npc *npc, const Trace *trace);

/* nearby.c */
extern void npcs_sort(Npc **npcs, int count); /* by id */
extern void image_lay_out_districts(World *world);
extern void npc_enter_district(World *world, Npc *npc);
extern void npc_leave_district(World *world, Npc *npc);
/*
 * Fills in all NPCs whose leg contains this cell (standing NPCs are on theirs), by id, and returns their
 * number. The array is palloc'd; NULL if there are none.
 */
extern int npcs_over(World *world, Cell cell, Npc ***found);
/*
 * Returns the first NPC by id, other than 'except', that stands on a cell or walks over it now; NULL if there
 * is none.
 */
extern Npc *npc_on(World *world, Cell cell, const Npc *except);

/*
 * Fills in all NPCs but 'except' that are in sight of a cell, the nearest first, then by id, and returns
 * their number. The array is palloc'd; NULL if there are none.
 */
extern int npcs_in_sight(World *world, Cell cell, const Npc *except, Npc ***found);

/* load.c */
extern void image_discard(World *world);
extern void image_load(World *world);
extern bool image_catch_up(World *world, int64 revision); /* false if the log does not reach back to it */

/* whole.c: raises an error if what was loaded is not consistent */
extern void image_require_whole(World *world);

/* policies.c */
extern Policy policy_by_name(const char *name); /* a CHECK constraint allows no other names */

/* ---- rules ---- */

/* invited.c */
/*
 * Returns the ids of all open bids, ascending and palloc'd. It does not return the bids, since what follows
 * from the end of one may end others.
 */
extern int64 *world_bids(World *world, int *count);
extern int	  bid_place_of(const Bid *bid, const Npc *npc); /* its place among those invited, or -1 */
extern bool	  bid_is_new(const Bid *bid);					/* it was not put to all of them yet */
/* Puts a bid into the heap after it was put to NPCs or loaded. */
extern void bid_settle(World *world, Bid *bid);
/* Returns until when, at most, an NPC that is invited stays where it is; -1 if it is not invited. */
extern int64 npc_invited_until(World *world, const Npc *npc);

/* care.c */
/*
 * Returns how long in world time a mind is waited for that has so long at speed 1, since minds live in real
 * time.
 */
extern int64 world_patience(const World *world, int64 limit);
/*
 * Returns the moment that is, at another speed, as far from now in real time as this one is; it may be past.
 */
extern int64 world_stretched(const World *world, int64 moment, int32 before, int32 after);
/*
 * Returns until when what the built-in mind began is left to the NPC's own mind, which is thinking; -1 if it
 * is not.
 */
extern int64 npc_thinks_until(const World *world, const Npc *npc);
/* Returns when the built-in mind looks after an NPC whose own mind is there; SIM_NEVER if it need not. */
extern int64 npc_care_due(World *world, const Npc *npc);
/* Whether it is time to leave the interaction that the NPC's own mind began. */
extern bool npc_is_to_leave(World *world, const Npc *npc);
/* Returns when the mind is asked once more about a need that it did nothing about; SIM_NEVER if it is not. */
extern int64 npc_goes_without(World *world, const Npc *npc);
extern void	 npc_was_asked(World *world, Npc *npc);

/* schedule.c */
extern void npc_schedule(World *world, Npc *npc, int64 pause);
/*
 * Whether a question is put to a mind at once, however recently it was asked: invitations, and what is said
 * to the NPC.
 */
extern bool reason_cannot_wait(DecisionReason reason);
/*
 * Returns when the mind is to be asked, and fills in why; 'pause' is how long an NPC stays idle first. If a
 * need falls before the mind can be asked about it, the question waits from then on.
 */
extern int64 npc_next_question(World *world, const Npc *npc, int64 pause, DecisionReason *reason);
/*
 * Returns when the built-in mind acts for an NPC whose own mind is not asked before 'question'; SIM_NEVER if
 * it does not.
 */
extern int64 npc_next_look_between(const World *world, const Npc *npc, int64 pause, int64 question);

/* waking.c */
extern void npc_wake(World *world, Npc *npc, MindEvent event);
extern void npc_wake_no_more(World *world, Npc *npc); /* Has no event wake the mind any more. */
/* Has the mind asked as soon as it may be. */
extern void npc_call_mind(World *world, Npc *npc, DecisionReason reason);
/* Notes that a need fell suddenly. */
extern void npc_lacks(World *world, Npc *npc);

/* requests.c */
extern bool npc_budget_spent(World *world, Npc *npc);
/* Whether the mind was asked as many questions that cannot wait as it may be for now. */
extern bool npc_is_pressed(const World *world, const Npc *npc);
extern void npc_note_pressing(World *world, Npc *npc);

/* presence.c */
extern bool npc_mind_can_be_asked(World *world, Npc *npc);
/* Whether a question to the mind may wait for its part of the day. */
extern bool npc_mind_is_paced(World *world, const Npc *npc);
/* Returns whom an NPC is to be asked through whose mind can be asked: its player, or POOL. */
extern int64 npc_asked_through(const World *world, const Npc *npc);
/* Whether the NPC's question may be answered although its mind is asked nothing new: its source is draining. */
extern bool npc_question_is_awaited(const World *world, const Npc *npc);

/* npc.c */
extern void npc_become(World *world, Npc *npc, NpcState state, Decider decider);
extern void npc_stand(World *world, Npc *npc);
/* Drops the parameters or acts that were kept for where the NPC is going, or for later in its interaction. */
extern void npc_forget_terms(World *world, Npc *npc);
extern void npc_fail_plan(World *world, Npc *npc, const char *reason);
/* Has an idle NPC go on with its plan at this moment, or be decided for after 'pause'. */
extern void npc_go_on(World *world, Npc *npc, int64 pause);
/* Ends what the NPC does and makes it go on the same way. */
extern void npc_become_idle(World *world, Npc *npc, int64 pause);

/* walk.c */
/*
 * Returns the cell an NPC is on; fills in since when, so that a walker that changes its mind loses no time.
 */
extern Cell npc_present_cell(const World *world, const Npc *npc, int64 *since);
extern void npc_take_leg(World *world, Npc *npc, const Cell *leg, int length, int64 departed_at);
/*
 * Returns a free cell beside the cell of an NPC, as near to 'from' as there is; that cell itself if there is
 * none.
 */
extern Cell cell_beside(World *world, Cell there, Cell from);
/* Sets out for a cell, or for a cell next to it when it is blocked, unless there is no way. */
extern Refusal npc_walk(World *world, Npc *npc, Cell target, NpcState state, ActionKind action,
						const InteractionType *interaction, int64 target_id, Decider decider);
/* Stops an NPC where it is if it is walking and was invited. */
extern void npc_halt(World *world, Npc *npc);
/* Lets the NPC walk on where npc_halt() stopped it, and schedules it. */
extern void npc_walk_on(World *world, Npc *npc);

/* arrive.c */
extern void npc_leg_ended(World *world, Npc *npc);
extern void world_stop_blocked_walkers(World *world, Cell cell);
extern void world_check_ways(World *world);

/* act.c */
/* Carries out an action for an NPC. */
extern Refusal world_act(World *world, Npc *npc, const Action *action, Decider decider);
/* Interacts, or bids for it; walks there first if 'may_walk'. */
extern Refusal npc_interact(World *world, Npc *npc, const Action *action, bool may_walk, Decider decider);

/* plan.c */
extern void npc_next_step(World *world, Npc *npc);
/*
 * Carries out an action with a new plan, which may be empty. If the action is refused, the old plan remains.
 */
extern Refusal world_act_and_plan(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
								  Decider decider);

/* item_use.c */
/* Sets when something happens to the item by itself; SIM_NEVER for never. */
extern void item_set_due(World *world, WorldItem *item, int64 at);
/* Tells the item's components that an interaction with it begins. */
extern void item_is_used(World *world, WorldItem *item, const Interaction *interaction);
/* Tells them that one has ended. If nothing is left of the item, its end is due at once. */
extern void item_was_used(World *world, WorldItem *item, const Interaction *interaction);

/* interact.c */
typedef enum InteractionEnd
{
	INTERACTION_FINISHED, /* it has lasted as long as it can, and ends for all who take part */
	INTERACTION_CANCELLED /* it ends for one, and for the others if too few remain */
} InteractionEnd;

/* 'item' is NULL for an interaction with NPCs. The first participant is the initiator. */
extern Interaction *interaction_begin(World *world, const InteractionType *type, int64 target_id,
									  WorldItem *item, Npc **participants, const Decider *deciders,
									  int count);
extern void			interaction_join(World *world, Interaction *interaction, Npc *npc, Decider decider);
/* Ends an interaction that none of its participants ended. */
extern void interaction_break_off(World *world, Interaction *interaction, const char *why);
extern void npc_end_interaction(World *world, Npc *npc, InteractionEnd how, int64 pause);
/* Acts in the interaction; 'act' is the object of its parameters. */
extern Refusal npc_act(World *world, Npc *npc, Jsonb *act);
/* Only checks an act. */
extern Refusal interaction_check_act(const InteractionType *type, Jsonb *act);
/* Acts now or as soon as the NPC may; until then the act is held, and replaces one that was held before. */
extern Refusal npc_act_or_hold(World *world, Npc *npc, Jsonb *act);
/* Performs the act that was held. */
extern void npc_act_held(World *world, Npc *npc);
/* Sets when the built-in mind, if it takes part in the conversation, says something next. */
extern void npc_plan_talk(World *world, Npc *npc);
extern void npc_speak(World *world, Npc *npc);
/* Returns true if the built-in mind waits because the NPC's own mind is thinking of what to say. */
extern bool npc_lets_think(World *world, Npc *npc);

/* bids.c */
/* Invites NPCs that are free and near enough. */
extern void	   bid_place(World *world, Npc *bidder, const Action *action, Npc **invited, int count,
						 Decider decider);
extern void	   bid_due(World *world, Bid *bid);
extern Refusal npc_answer_bid(World *world, Npc *npc, const Action *action);
/* Whether the other NPC (or the NPC itself) began what it does only after the NPC's own mind was asked. */
extern bool npc_did_not_know(const Npc *npc, const Npc *other);
/*
 * Accepts what the other NPC, which is requesting, has invited this one to, since it bids for the same.
 * Returns whether there was such a bid.
 */
extern bool	   npc_accepts_by_bidding(World *world, Npc *npc, const Npc *other, const InteractionType *type);
extern Refusal npc_reject_bids(World *world, Npc *npc, const Action *action);
/* Withdraws the NPC's bid and rejects those to it, because it is moved or goes away. */
extern void npc_drop_bids(World *world, Npc *npc, const char *why);
extern void item_drop_bids(World *world, int64 item_id, const char *why);
/* Keeps the moments of bids that were set in real time as far away when the speed changes. */
extern void world_stretch_bids(World *world, int32 before, int32 after);
/* Invites the NPC again, because it has another mind or none now. */
extern void npc_renew_invitations(World *world, Npc *npc);

/* dormant.c */
/* Has an NPC leave what it does and sleep. */
extern void npc_fall_asleep(World *world, Npc *npc, Decider decider);
/* Whether nobody decides for an NPC that is due; it sleeps then. */
extern bool npc_goes_to_sleep(World *world, Npc *npc);
extern void npc_wake_up(World *world, Npc *npc); /* of one that sleeps */
/* Wakes those for whom somebody decides now. */
extern void world_look_for_minds(World *world);

/* built_in.c */
/* Has the built-in mind decide for these NPCs, all of which see the world as it was before. */
extern void npcs_decide_built_in(World *world, Npc **npcs, int count);

/* decide.c */
extern void world_decide(World *world);

/* item_life.c */
extern void item_event(World *world, WorldEventKind kind, const WorldItem *item);
/* Adds an item to the image, and lets its existence begin or go on. */
extern WorldItem *item_appear(World *world, int64 id, const ItemType *type, Cell cell, WorldEventKind event);
/* Takes an item out of the image, and out of its table when the image is written. */
extern void item_drop(World *world, WorldItem *item);
/* Does the same with an absent item. */
extern void item_drop_absent(World *world, WorldItem *item);
/* Adds an absent item that comes back, or not, at this moment. */
extern void item_await(World *world, int64 id, const ItemType *type, Cell cell, int64 at);
/* Gives an item that is not in use another type, as if it were new. */
extern void item_become(World *world, WorldItem *item, const ItemType *type);
/* Places the items of a redefined type again, so that what happens to them in time begins anew. */
extern void items_place_anew(World *world, const char *item_type);
/* Does what is due to an item now, or ends an item of which nothing is left. */
extern void item_due(World *world, WorldItem *item);

/* write.c */
extern void image_write(World *world);

/* ---- what comes from outside ---- */

/* tick.c */
/*
 * These stand around everything that changes a world from outside; world_leave() hands out what it makes due
 * at once.
 */
extern void world_enter(World *world);
extern void world_leave(World *world);

#endif /* NPCSIM_IMAGE_H */
