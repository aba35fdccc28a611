/*
 * world.h
 *	  The image of a world in a backend's memory, and what can be done to it.
 *
 * An image holds everything the rules need, and a heap of what is due. It is valid for one revision:
 * world_image() brings it up to the revision of the locked row, from the change log when that reaches
 * back far enough, else by loading it anew; when nothing changed elsewhere it reads nothing. All
 * changes of a world's NPCs, items, interactions and terrain are made to the image and written by
 * world_write(). An image that was changed in a transaction which is rolled back is thrown away.
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
/* The most images a backend keeps; a worker sets it to the number of worlds it serves. */
extern int	  world_images_max;
extern World *world_image(WorldLock *lock);
/* Writes the rows, the change log and world_clock. */
extern void world_write(World *world);
/*
 * Lets changes take effect on others: walkers whose way is blocked by new walls turn or stop. world_write()
 * does it first.
 */
extern void world_settle(World *world);
extern void world_forget(int64 world_id); /* drops this backend's image */
/* Deletes all rows of what an image holds. SPI must be connected. */
extern void world_delete_contents(int64 world_id);

/* ---- looking ---- */
extern WorldLock			 *world_image_lock(World *world);
extern uint64				  world_seed(const World *world);
extern Grid					 *world_grid(World *world);
extern Npc					 *world_npc(World *world, int64 npc_id); /* NULL if there is none */
extern WorldItem			 *world_item(World *world, int64 item_id);
extern int					  world_npc_count(const World *world);
extern int32				  world_need_decay_max(const World *world); /* millionths of a unit a second */
extern const ItemType		 *world_item_type(World *world, const char *name);
extern const InteractionType *world_interaction_type(World *world, const char *name);
extern Cell					  npc_cell(const Npc *npc, int64 now);
extern WorldItem			 *world_item_at(World *world, Cell cell);
/*
 * Fills in the NPCs whose last requests have these ids, each once, in ascending order, and returns how many
 * there are. 'npc_ids' has room for 'count'.
 */
extern int world_npcs_of_requests(World *world, const int64 *request_ids, int count, int64 *npc_ids);
/* Calls visit for every NPC in order of id. */
extern void world_each_npc(World *world, void (*visit)(World *world, Npc *npc, void *arg), void *arg);
/* Returns when something is due next (events, decisions, respawns); SIM_NEVER if nothing is. */
extern int64 world_next_due(const World *world);
/*
 * Fills in the same for the image this backend has of a world, without a lock, and the revision the image is
 * valid for. Returns false if the backend has none.
 */
extern bool world_next_due_cached(int64 world_id, int64 *revision, int64 *due);

/* ---- what a world begins with ---- */
/*
 * Returns the name of the n-th entity (from 0) of which a world has something when it begins
 * (engine/entities.h); NULL if there are no more.
 */
extern const char *world_beginning(int number);
/* Makes what a world has of this entity when it begins. */
extern void world_begin_with(World *world, const char *kind);

/* ---- changing; every function takes effect at lock->now and raises the errors named in errors.h ---- */
extern Npc		 *world_add_npc(World *world, const char *name, Cell cell);
extern void		  world_remove_npc(World *world, Npc *npc);
extern WorldItem *world_add_item(World *world, const char *item_type, Cell cell,
								 Jsonb *properties); /* NULL for {} */
extern void		  world_remove_item(World *world, WorldItem *item);
/* Begins anew what happens in time to the items of a type that was redefined. */
extern void world_renew_items(World *world, const char *item_type);
extern void world_set_item_properties(World *world, WorldItem *item, Jsonb *properties);
extern void world_set_terrain(World *world, Cell cell,
							  bool blocked); /* a cell that becomes blocked must hold neither item nor NPC */
/* Ends what the NPC does and moves it to a cell, which must be free. */
extern void world_place_npc(World *world, Npc *npc, Cell cell);
extern void world_set_need(World *world, Npc *npc, Need need, int32 value);
/*
 * Sets how fast needs fall from now on, in millionths of a unit per second. The caller writes world_settings.
 */
extern void world_set_need_decay(World *world, int32 least, int32 most);
/* 'player_id' is 0 for none; the caller has checked the player. The market may move the NPC on. */
extern void world_set_controller(World *world, Npc *npc, int64 player_id);
/* Says whether the market leaves the NPC where it is; by rules before 0.8 nothing is said. */
extern void world_set_assigned(World *world, Npc *npc, bool assigned);
/* Records that what a mind decided for an NPC does not hold any more (events.c). */
extern void world_decision_invalidated(World *world, const Npc *npc, const char *reason);
/* Says whether what the built-in mind decides for an NPC is kept (traced.c). */
extern void world_set_traced(World *world, Npc *npc, bool traced);
extern void world_set_name(World *world, Npc *npc, const char *name);
extern void world_set_traits(World *world, Npc *npc, char *const *traits, int count);
/* Sets a column that operators write (npc_edited_column()) to a value within its limits. */
extern void world_set_number(World *world, Npc *npc, const RowColumn *column, int64 value);
/*
 * Sets who is asked and when, so that decisions become due or no longer are. The caller writes
 * world_settings.
 */
extern void world_set_policy(World *world, const char *policy);
/* Sets the speed, in thousandths. The caller writes world_clock and notes the input. */
extern void world_change_speed(World *world, int32 speed);
/* Sets how often idle NPCs without a plan are asked. The caller writes world_settings. */
extern void world_set_idle_interval(World *world, int32 seconds);
/*
 * Sets whether the built-in mind stands in for minds that cannot be asked; who has nobody then sleeps. The
 * caller writes world_settings.
 */
extern void world_set_built_in_fallback(World *world, bool stands_in);
/* Puts an NPC to sleep until it is woken, or wakes it, which sleeps. */
extern void world_set_dormant(World *world, Npc *npc, bool dormant);
/* Puts an NPC to sleep that wakes when a mind can be asked. Does nothing if it sleeps. */
extern void world_let_sleep(World *world, Npc *npc);
/*
 * Has the mind of an NPC, or the pool, asked now, which wakes it; the built-in one decide for it now, whatever was asked. The first returns
 * whether somebody is asked: not when nobody can be, or its tokens are spent.
 */
extern bool world_have_mind_asked(World *world, Npc *npc);
extern void world_have_built_in_decide(World *world, Npc *npc);
/* Reads the world's choices again after the caller has written the policy or budgets. */
extern void world_read_choices(World *world);

/* ---- the record of what happened: engine/events.c ---- */

/*
 * Records an event that happens now, where the NPC is, or where the item is if there is no NPC. Ids are 0
 * where there is none; 'target_id' is an item or an NPC. 'members' are the members of a JSON object, or NULL.
 */
extern void world_event(World *world, WorldEventKind kind, int64 npc_id, int64 target_id,
						int64 interaction_id, const char *members);
/* Records what an NPC says aloud; 'interaction_id' is 0 outside of interactions. */
extern void world_message(World *world, int64 npc_id, int64 interaction_id, const char *text);

/* ---- time: engine/tick.c ---- */

typedef struct TickResult
{
	int	  ticks;	 /* finished by this call */
	int64 decisions; /* made by the built-in mind */
	int64 requests;	 /* opened to other minds */
} TickResult;

/*
 * Moves the world on to 'clock' (µs, at least lock->clock), running the ticks that end by then, at most
 * max_ticks of them; when there are more, the clock stops at the end of the last one that ran. Writes
 * everything. Returns the clock reached.
 */
extern int64 world_run(WorldLock *lock, int64 clock, int max_ticks, TickResult *result);
/*
 * Does the same in memory alone; the caller calls world_write(). Its other allocations are in the current
 * memory context.
 */
extern int64 world_advance(World *world, int64 clock, int max_ticks, TickResult *result);

/* ---- decisions from outside: engine/decided.c ---- */

/*
 * Carries out a mind's decision at lock->now: an action with a new plan ("continue", acts and answers to bids
 * that come without a plan keep the old one), and the events (a JSON array of names, NULL for none) that wake
 * the mind from now on. If the action is refused, the old plan and events remain.
 */
extern Refusal world_act_as_decided(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
									const JsonbValue *wake_on);
/*
 * Wakes the mind if it wants to be woken by any of its events after the first 'known', which it knows
 * already.
 */
extern void world_wake_for_news(World *world, Npc *npc, int known);
/* Counts the tokens that the NPC's mind wrote. The caller writes decision_slots. */
extern void world_count_tokens(World *world, Npc *npc, int64 tokens);
/* Has the mind asked again at this moment at the latest; SIM_NEVER for when something calls for it. */
extern void world_ask_again(World *world, Npc *npc, int64 at);
/*
 * Adds an event for the NPC's mind. 'members' are those of a JSON object after "at" and "type", e.g.
 * "\"reason\":\"…\"", or NULL. Does nothing for an NPC without controller.
 */
extern void npc_tell(World *world, Npc *npc, MindEvent type, const char *members);
/*
 * Whether the interaction in which a mind was told to be is over, or an invitation is (it came to nothing, or
 * was answered for the NPC), when the mind has just answered and does not know it. This is read from the
 * events that the mind was not told of yet.
 */
extern bool npc_interaction_is_over(const Npc *npc);
extern bool npc_invitation_is_over(const Npc *npc, int64 bid_id);
/* Returns when the NPC performs the act that its mind wanted too early; -1 if there is none. */
extern int64 npc_acts_at(const Npc *npc);
/* Puts a question to a player, or to the POOL, about the NPC now, unless one is open or its budget is spent. */
extern void world_open_request(World *world, Npc *npc, DecisionReason reason, int64 player_id);
/* Notes that the mind is not silent: it gave an answer that was carried out, or is not there. */
extern void npc_was_answered(World *world, Npc *npc);
/* Closes the request; its slot's row is written with the image. */
extern void world_close_request(World *world, Npc *npc);
/* Notes whether anything came of a question, which after a failure delays the next one. */
extern void world_note_outcome(World *world, Npc *npc, bool applied);
/* Drops the first 'count' events, which the mind knows by now. */
extern void npc_forget_events(World *world, Npc *npc, int count);
/* Has the mind asked as soon as it may be (reason "requested"). */
extern void npc_request_decision(World *world, Npc *npc);

/* Parses one action of a decision (members "action", "target_id", "parameters", … of the protocol). */
extern Refusal action_from_json(World *world, Npc *npc, JsonbContainer *object, Action *action);

/* Has the built-in mind decide at lock->now for these NPCs, all of which see the world as it was before. */
extern void world_decide_built_in(World *world, Npc **npcs, int count);

#endif /* NPCSIM_WORLD_H */
