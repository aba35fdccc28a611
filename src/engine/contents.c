/*
 * contents.c
 *	  NPCs, interactions and bids as contents of an image: made, freed, and kept in its indexes (hash
 *	  tables, grid, heaps), without rules.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "engine/image.h"

/* ---- NPCs ---- */

Npc *
image_new_npc(World *world, int64 id)
{
	Npc *npc = MemoryContextAllocZero(world->context, sizeof(Npc));

	npc->id = id;
	npc->event_at = SIM_NEVER;
	npc->decision_at = SIM_NEVER;
	npc->ask_again_at = SIM_NEVER;
	npc->last_decision_at = -1;
	npc->controller_since = -1;
	npc->asked_at = -1;
	npc->unanswered_since = -1;
	npc->asked_not_before = -1;
	npc->conversed_at = -1;
	npc->leg_length = 1;
	ItemPointerSetInvalid(&npc->state_row);
	ItemPointerSetInvalid(&npc->track_row);
	npc->due_event = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = npc};
	npc->due_decision = npc->due_event;
	npc->district = -1;
	npc->index = pointer_list_add(world, &world->everyone, npc);
	image_put(world->things[ENTITY_npcs].by_id, id, npc);
	return npc;
}

static void
leave_grid(World *world, Npc *npc)
{
	if (npc->standing)
		grid_remove_standing(world->grid, npc->standing_at);
	npc->standing = false;
}

/* Keeps World.pooled true: 'pending' tells whether the NPC has a question. */
static void
count_pooled(World *world, Npc *npc, bool pending)
{
	bool pooled = pending && npc_asked_pool(npc);

	if (pooled != npc->pooled)
		world->pooled += pooled ? 1 : -1;
	npc->pooled = pooled;
}

void
image_free_npc(World *world, Npc *npc)
{
	Npc *last = world->everyone.entries[--world->everyone.count];

	world->everyone.entries[npc->index] = last;
	last->index = npc->index;
	leave_grid(world, npc);
	npc_leave_district(world, npc);
	count_pooled(world, npc, false);
	due_set(&world->events, &npc->due_event, SIM_NEVER, 0);
	due_set(&world->decisions, &npc->due_decision, SIM_NEVER, 0);
	image_drop(world->things[ENTITY_npcs].by_id, npc->id);
	plan_clear(&npc->plan);
	json_list_clear(&npc->mind_events);
	json_list_clear(&npc->wake_on);
	if (npc->goal_terms != NULL)
		pfree(npc->goal_terms);
	if (npc->name != NULL)
		pfree(npc->name);
	if (npc->traits != NULL)
		pfree(npc->traits);
	pfree(npc);
}

/* At multiples of it whether there is a mind for those who sleep is looked at. */
#define SLEEPERS_LOOK (3 * SIM_SECOND)

void
npc_settle(World *world, Npc *npc)
{
	if (npc->standing && (npc->leg_length > 1 || !cell_equal(npc->standing_at, npc->leg[0])))
		leave_grid(world, npc);
	if (!npc->standing && npc->leg_length == 1)
	{
		npc->standing = true;
		npc->standing_at = npc->leg[0];
		grid_add_standing(world->grid, npc->standing_at);
	}
	npc_enter_district(world, npc);
	count_pooled(world, npc, npc->request_pending);
	due_set(&world->events, &npc->due_event, npc->event_at, DUE_NPC_BASE + (int32) npc->event_kind);
	due_set(&world->decisions, &npc->due_decision, npc->decision_at, 0);
	if (npc_sleeps_lightly(npc))
		world->look_for_minds_at =
			Min(world->look_for_minds_at, (world->now / SLEEPERS_LOOK + 1) * SLEEPERS_LOOK);
}

void
npc_touch(World *world, Npc *npc, uint32 dirty)
{
	if (npc->dirty == 0)
		npc->dirty_place = pointer_list_add(world, &world->things[ENTITY_npcs].dirty, npc);
	npc->dirty |= dirty;
}

/* ---- interactions ---- */

Interaction *
image_new_interaction(World *world, int64 id)
{
	Interaction *interaction = MemoryContextAllocZero(world->context, sizeof(Interaction));

	interaction->id = id;
	ItemPointerSetInvalid(&interaction->row);
	image_put(world->things[ENTITY_interactions].by_id, id, interaction);
	return interaction;
}

void
image_free_interaction(World *world, Interaction *interaction)
{
	image_drop(world->things[ENTITY_interactions].by_id, interaction->id);
	json_list_clear(&interaction->acts);
	pfree(interaction);
}

/* ---- bids ---- */

Bid *
image_new_bid(World *world, int64 id)
{
	Bid *bid = MemoryContextAllocZero(world->context, sizeof(Bid));

	bid->id = id;
	bid->due_at = SIM_NEVER;
	bid->put_at = -1;
	bid->due = (Due) {.at = SIM_NEVER, .index = -1, .id = id, .owner = bid};
	ItemPointerSetInvalid(&bid->row);
	image_put(world->things[ENTITY_bids].by_id, id, bid);
	return bid;
}

void
image_free_bid(World *world, Bid *bid)
{
	due_set(&world->events, &bid->due, SIM_NEVER, 0);
	image_drop(world->things[ENTITY_bids].by_id, bid->id);
	if (bid->act != NULL)
		pfree(bid->act);
	pfree(bid);
}
