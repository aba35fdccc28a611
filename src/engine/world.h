/*
 * world.h
 *	  The image of a world in a backend's memory, and what can be done to it.
 *
 * An image holds everything the rules need, and a heap of what is due. It is
 * valid for one revision: world_image() brings it up to that of the locked row,
 * from the change log when that reaches back far enough, else by loading
 * it anew; when nothing changed elsewhere it reads nothing. All changes of a world's NPCs, items,
 * interactions and terrain are made to the image and written by world_write().
 * An image that was changed in a transaction which is rolled back is thrown away.
 */
#ifndef NPCSIM_WORLD_H
#define NPCSIM_WORLD_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/lock.h"
#include "refusal.h"
#include "sim/actions.h"
#include "sim/mind.h"
#include "sim/mind_events.h"
#include "sim/needs.h"
#include "sim/path.h"
#include "tables/bids.h"
#include "tables/interactions.h"
#include "tables/items.h"
#include "tables/npcs.h"
#include "tables/world_events.h"

typedef struct World World; /* members in engine/image.h, for the engine alone */

/* ---- getting and writing ---- */
/* Images a backend keeps; a worker sets it to what it serves. */
extern int	  world_images_max;
extern World *world_image(WorldLock *lock);
extern void	  world_write(World *world); /* rows, change log, world_clock */
/* What a change brings with it for others: walkers before new walls. world_write() begins with it. */
extern void world_settle(World *world);
extern void world_forget(int64 world_id); /* drops this backend's image */
/* All rows of what an image holds; SPI must be connected. */
extern void world_delete_contents(int64 world_id);

/* ---- looking ---- */
extern WorldLock			 *world_image_lock(World *world);
extern uint64				  world_seed(const World *world);
extern Grid					 *world_grid(World *world);
extern Npc					 *world_npc(World *world, int64 npc_id); /* NULL = there is none */
extern WorldItem			 *world_item(World *world, int64 item_id);
extern int					  world_npc_count(const World *world);
extern int32				  world_need_decay_max(const World *world); /* millionths of a unit a second */
extern const ItemType		 *world_item_type(World *world, const char *name);
extern const InteractionType *world_interaction_type(World *world, const char *name);
extern Cell					  npc_cell(const Npc *npc, int64 now);
extern WorldItem			 *world_item_at(World *world, Cell cell);
/*
 * NPCs whose last requests these are, room for count of them: how many. The ids are ascending, each once.
 */
extern int world_npcs_of_requests(World *world, const int64 *request_ids, int count, int64 *npc_ids);
/* Calls visit for every NPC in order of id. */
extern void world_each_npc(World *world, void (*visit)(World *world, Npc *npc, void *arg), void *arg);
/* When something is due next (events, decisions, respawns): SIM_NEVER = never. */
extern int64 world_next_due(const World *world);
/* The same for the image this backend has of a world, without a lock, and the revision it is valid for; false if it has none. */
extern bool world_next_due_cached(int64 world_id, int64 *revision, int64 *due);

/* ---- beginning ---- */
/* Those kinds of things that worlds begin with some of (engine/entities.h), by name, from 0 on; NULL = there are no more. */
extern const char *world_beginning(int number);
/* Makes what a world has of that kind when it begins. */
extern void world_begin_with(World *world, const char *kind);

/* ---- changing; every function takes effect at lock->now and raises the errors named in errors.h ---- */
extern Npc		 *world_add_npc(World *world, const char *name, Cell cell);
extern void		  world_remove_npc(World *world, Npc *npc);
extern WorldItem *world_add_item(World *world, const char *item_type, Cell cell,
								 Jsonb *properties); /* NULL = {} */
extern void		  world_remove_item(World *world, WorldItem *item);
/* The type of these items was defined anew: what happens to them in time begins anew. */
extern void world_renew_items(World *world, const char *item_type);
extern void world_set_item_properties(World *world, WorldItem *item, Jsonb *properties);
extern void world_set_terrain(World *world, Cell cell,
							  bool blocked); /* blocked: the cell must have neither item nor NPC */
extern void world_place_npc(World *world, Npc *npc, Cell cell); /* ends what it does; the cell must be free */
extern void world_set_need(World *world, Npc *npc, Need need, int32 value);
/* What everybody lives by from now on, millionths of a unit a second; the caller writes world_settings. */
extern void world_set_need_decay(World *world, int32 least, int32 most);
extern void world_set_controller(World *world, Npc *npc,
								 int64 player_id); /* 0 = none; caller checked the player */
extern void world_set_name(World *world, Npc *npc, const char *name);
extern void world_set_traits(World *world, Npc *npc, char *const *traits, int count);
/* A column that operators write (npc_edited_column()), within its limits. */
extern void world_set_number(World *world, Npc *npc, const RowColumn *column, int64 value);
extern void world_set_policy(
	World *world, const char *policy); /* decisions become due or not; the caller writes world_settings */
/* Other speed, thousandths; the caller writes world_clock and notes the input. */
extern void world_change_speed(World *world, int32 speed);
/* Questions to minds of idle NPCs become due earlier or later; the caller writes world_settings. */
extern void world_set_idle_interval(World *world, int32 seconds);
extern void world_read_choices(World *world); /* the caller has written policy or budgets */

/* ---- the record of what happened: engine/events.c ---- */

/*
 * Something happens now. Ids are 0 where there is none; target_id is an item or an NPC. It happens where the NPC is, else where
 * the item is. 'members' are those of a JSON object, or NULL.
 */
extern void world_event(World *world, WorldEventKind kind, int64 npc_id, int64 target_id,
						int64 interaction_id, const char *members);
/* An NPC says something aloud, in an interaction or (0) outside. */
extern void world_message(World *world, int64 npc_id, int64 interaction_id, const char *text);

/* ---- time: engine/tick.c ---- */

typedef struct TickResult
{
	int	  ticks;	 /* finished by this call */
	int64 decisions; /* made by the built-in mind */
	int64 requests;	 /* opened to other minds */
} TickResult;

/*
 * Moves the world on to 'clock' (µs, >= lock->clock), running the ticks whose end falls into that, at most
 * max_ticks of them (the clock then stands at the end of the last one). Writes everything. Returns the clock reached.
 */
extern int64 world_run(WorldLock *lock, int64 clock, int max_ticks, TickResult *result);
/* The same in memory alone: world_write() is the caller's. What it allocates besides is in the current memory context. */
extern int64 world_advance(World *world, int64 clock, int max_ticks, TickResult *result);

/* ---- decisions from outside: engine/decided.c ---- */

/*
 * Carries out a mind's decision at lock->now: an action, with a new plan ("continue", an act and answers to bids without one keep
 * the old plan), and the events (a JSON array of names, NULL = none) that are an occasion to ask the mind from
 * now on. What was not begun leaves the former ones in place.
 */
extern Refusal world_act_as_decided(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
									const JsonbValue *wake_on);
/* The first 'known' of its events are no news to the mind: is any of the others an occasion to ask it? */
extern void world_wake_for_news(World *world, Npc *npc, int known);
/* The NPC's mind wrote so many tokens; the caller writes decision_slots. */
extern void world_count_tokens(World *world, Npc *npc, int64 tokens);
/* The mind is to be asked again at this moment at the latest (SIM_NEVER: when an occasion comes). */
extern void world_ask_again(World *world, Npc *npc, int64 at);
/* An event for the NPC's mind; json is an object's members after "at" and "type", e.g. "\"reason\":\"…\"", or NULL. Nothing happens for NPCs without controller. */
extern void npc_tell(World *world, Npc *npc, MindEvent type, const char *members);
/*
 * What a mind that has just answered does not know, by the events that it was not told yet: whether the interaction in
 * which it was told to be is over, whether an invitation is (it came to nothing, or was answered for the NPC).
 */
extern bool npc_interaction_is_over(const Npc *npc);
extern bool npc_invitation_is_over(const Npc *npc, int64 bid_id);
/* When the NPC does in its interaction what its mind wanted it to do too early; -1 = there is nothing of the kind. */
extern int64 npc_acts_at(const Npc *npc);
/* Opens a request for the NPC's mind now, unless one is open or its budget is spent. */
extern void world_open_request(World *world, Npc *npc, DecisionReason reason);
/* Its mind is not silent: it gave an answer that counts, or is not there. */
extern void npc_was_answered(World *world, Npc *npc);
/* Closes the request (its slot's row is written with the image). */
extern void world_close_request(World *world, Npc *npc);
/* What became of a question: something was done with the answer, or nothing came of it. */
extern void world_note_outcome(World *world, Npc *npc, bool applied);
/* The mind knows the first 'count' of its events. */
extern void npc_forget_events(World *world, Npc *npc, int count);
/* A decision is due as soon as its mind may be asked (reason "requested"). */
extern void npc_request_decision(World *world, Npc *npc);

/* Parses one action of a decision (protocol: "action", "target_id", "parameters", …). */
extern Refusal action_from_json(World *world, Npc *npc, JsonbContainer *object, Action *action);

/*
 * The built-in mind decides at lock->now for those NPCs, all of them seeing
 * the same instant.
 */
extern void world_decide_built_in(World *world, Npc **npcs, int count);

#endif /* NPCSIM_WORLD_H */
