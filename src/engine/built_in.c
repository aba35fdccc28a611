/*
 * built_in.c
 *	  The built-in mind at work: what NPCs see at this instant, what it decides for them, and how that is
 *	  carried out.
 *
 * How it decides is in sim/mind.c and sim/talk.c; when it does, in decide.c.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/image.h"
#include "engine/sight.h"
#include "sim/random.h"
#include "sim/talk.h"

/* The built-in mind thinks again this long after an action that turned out impossible, in microseconds. */
#define RETRY_PAUSE INT64_C(750000)

static IndexRows seen_items = {"items", "items_sight", {{"id", INT8OID}, {"x", INT2OID}, {"y", INT2OID}}};

typedef struct Look
{
	Npc		 *npc;
	Cell	  cell;
	MindView  view;
	SeenItem *items;
	int		  item_count;
	int		  item_room;
} Look;

/* Notes an item that is in sight and can be reached: the built-in mind does not want what is walled in. */
static void
see_item(World *world, Look *look, const WorldItem *item)
{
	int32			   distance = cell_distance_squared(look->cell, item->cell);
	const Interaction *running;

	if (distance > SIGHT_SQUARED || !grid_connected(world->grid, look->cell, item->cell))
		return;
	if (look->item_count == look->item_room)
	{
		look->item_room = Max(32, look->item_room * 2);
		look->items = look->items == NULL ? palloc(look->item_room * sizeof(SeenItem))
										  : repalloc(look->items, look->item_room * sizeof(SeenItem));
	}
	running = item_interaction(world, item);
	look->items[look->item_count++] =
		(SeenItem) {.id = item->id,
					.cell = item->cell,
					.distance_squared = distance,
					.type = item->type,
					.share_left = item->share_left,
					.taken = running != NULL,
					.joinable = running != NULL && interaction_joinable(running, running->type)
									? running->type
									: NULL};
}

static int
compare_seen_items(const void *a, const void *b)
{
	const SeenItem *left = a;
	const SeenItem *right = b;

	if (left->distance_squared != right->distance_squared)
		return left->distance_squared < right->distance_squared ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

/* The number of cells around a viewer on which an item can be in sight. */
#define CELLS_AROUND ((2 * SIGHT_CELLS + 1) * (2 * SIGHT_CELLS + 1))

/* Notes, for one viewer, the items around it that the index does not know yet, by looking at each cell. */
static void
see_unwritten_around(World *world, Look *look)
{
	for (int y = look->cell.y - SIGHT_CELLS; y <= look->cell.y + SIGHT_CELLS; y++)
		for (int x = look->cell.x - SIGHT_CELLS; x <= look->cell.x + SIGHT_CELLS; x++)
		{
			Cell			 cell = {(int16) x, (int16) y};
			const WorldItem *item = grid_has_item(world->grid, cell) ? world_item_at(world, cell) : NULL;

			for (; item != NULL; item = item->next_here)
				if (item->born)
					see_item(world, look, item);
		}
}

/*
 * The same for all viewers: by the list of dirty items while that is short, as it always is except in
 * replays.
 */
static void
see_unwritten(World *world, Look **looks, int count)
{
	if (world->things[ENTITY_items].dirty.count > CELLS_AROUND)
	{
		for (int i = 0; i < count; i++)
			see_unwritten_around(world, looks[i]);
		return;
	}
	for (int d = 0; d < world->things[ENTITY_items].dirty.count; d++)
	{
		const WorldItem *item = world->things[ENTITY_items].dirty.entries[d];

		for (int i = 0; item != NULL && item->born && i < count; i++)
			see_item(world, looks[i], item);
	}
}

/*
 * Notes the items that the index finds. Items do not move: the index alone rules out most of those that are
 * too far away.
 */
static void
see_written(World *world, Look **looks, int count)
{
	SightReading reading;

	sight_begin(&reading, &seen_items, world->id, world->lock->sight_plane, world->lock->sight_old_plane);
	for (int i = 0; i < count; i++)
	{
		sight_look_from(&reading, looks[i]->cell);
		while (sight_next(&reading))
		{
			const Datum		*row = reading.row.values;
			const Cell		 cell = {DatumGetInt16(row[1]), DatumGetInt16(row[2])};
			const WorldItem *item;

			if (cell_distance_squared(looks[i]->cell, cell) > SIGHT_SQUARED)
				continue;
			item = world_item(world, DatumGetInt64(row[0]));
			if (item != NULL && !item->born)
				see_item(world, looks[i], item);
		}
	}
	sight_end(&reading);
}

/*
 * Finds the items that each viewer sees at this instant: from the index, including what this transaction
 * wrote, and from what is not written yet.
 */
static void
look_around(World *world, Look **looks, int count)
{
	if (count == 0)
		return;
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	see_written(world, looks, count);
	PopActiveSnapshot();
	see_unwritten(world, looks, count);
	for (int i = 0; i < count; i++)
	{
		Look *look = looks[i];

		if (look->item_count > 1)
			qsort(look->items, look->item_count, sizeof(SeenItem), compare_seen_items);
		look->view.items = look->items;
		look->view.item_count = look->item_count;
	}
}

/* Fills in what the mind knows without looking around. */
static void
begin_look(World *world, Look *look, Npc *npc)
{
	MindView *view = &look->view;

	look->npc = npc;
	look->cell = npc_cell(npc, world->now);
	view->npc_id = npc->id;
	view->cell = look->cell;
	view->state = npc->state;
	view->approaching = npc->state == NPC_MOVING ? npc->target_id : 0;
	for (int need = 0; need < NEED_COUNT; need++)
		view->needs[need] =
			need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of, world->now);
	if (npc->interaction_id != 0)
	{
		const Interaction *interaction = npc_interaction(world, npc);
		const WorldItem	  *item = world_item(world, interaction->target_id);

		view->interaction = interaction->type;
		interaction_need_rates(interaction->type, item != NULL ? item->type : NULL, view->interaction_rates);
	}
}

/* Draws whether an idle NPC feels like talking, anew each time. */
static void
feel_like_talking(World *world, Look *look)
{
	Npc *npc = look->npc;

	if (npc->state != NPC_IDLE || world->talk == NULL ||
		(npc->conversed_at >= 0 && world->now - npc->conversed_at < TALK_COOLDOWN) ||
		sim_random_below(world->seed, npc->id, npc->draws++, 1000) >= TALK_CHANCE)
		return;
	look->view.talk = world->talk;
	look->view.talk_choice = (uint32) sim_random(world->seed, npc->id, npc->draws++);
}

/* Fills in the NPCs that are in sight. */
static void
look_for_company(World *world, Look *look)
{
	Npc	   **others;
	int		 count = npcs_in_sight(world, look->cell, look->npc, &others);
	SeenNpc *seen = palloc(Max(count, 1) * sizeof(SeenNpc));

	for (int i = 0; i < count; i++)
	{
		Npc	 *other = others[i];
		Cell  there = npc_cell(other, world->now);
		int32 distance = cell_distance_squared(look->cell, there);
		bool  free =
			state_is_free(other->state) || interaction_joinable(npc_interaction(world, other), world->talk);

		seen[i] = (SeenNpc) {.id = other->id,
							 .distance_squared = distance,
							 .open_to_talk = free && (distance <= TALK_SQUARED ||
													  grid_connected(world->grid, look->cell, there))};
	}
	look->view.npcs = seen;
	look->view.npc_count = count;
}

static void
try_again_later(World *world, Npc *npc)
{
	npc->last_decision_at = world->now;
	npc_schedule(world, npc, RETRY_PAUSE);
	if (npc->decision_at != SIM_NEVER)
		npc->decision_at = Max(npc->decision_at, world->now + RETRY_PAUSE);
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
}

/* From now on the built-in mind looks after what another mind began. */
static void
adopt_activity(World *world, Npc *npc)
{
	if (npc->decider != DECIDER_MIND)
		return;
	npc->decider = DECIDER_BUILT_IN;
	npc_touch(world, npc, NPC_DIRTY_STATUS);
	if (npc->interaction_id != 0)
		npc_plan_talk(world, npc);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

/*
 * Whether the mind is told of an action that the built-in one decided. That something the built-in mind began
 * goes on is not news.
 */
static bool
tells_of(const World *world, const Npc *npc, const Action *action)
{
	if (!npc_is_minded(npc))
		return false;
	return action->kind != ACTION_CONTINUE || npc->decider == DECIDER_MIND;
}

void
npcs_decide_built_in(World *world, Npc **npcs, int count)
{
	MemoryContext scratch;
	MemoryContext before;
	Look		 *looks;
	Look		**viewers;
	Action		 *actions;
	bool		 *leaves; /* what its own mind began is to end */
	int			  viewer_count = 0;

	if (count == 0)
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "npcsim looking", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(scratch);
	looks = palloc0(count * sizeof(Look));
	viewers = palloc(count * sizeof(Look *));
	actions = palloc(count * sizeof(Action));
	leaves = palloc(count * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		begin_look(world, &looks[i], npcs[i]);
		feel_like_talking(world, &looks[i]);
		if (looks[i].view.talk != NULL)
			look_for_company(world, &looks[i]);
		if (mind_needs_sight(&looks[i].view, world->served_needs))
			viewers[viewer_count++] = &looks[i];
	}
	look_around(world, viewers, viewer_count);
	for (int i = 0; i < count; i++)
	{
		leaves[i] = npc_is_to_leave(world, npcs[i]);
		actions[i] = leaves[i] ? (Action) {.kind = ACTION_CANCEL_INTERACTION} : mind_decide(&looks[i].view);
	}
	for (int i = 0; i < count; i++)
	{
		Refusal refusal;

		if (leaves[i] && !npc_is_to_leave(world, npcs[i]))
			/* Another NPC's leaving has ended it already. */
			continue;
		if (tells_of(world, npcs[i], &actions[i]))
			npc_tell(world, npcs[i], MIND_DECIDED_FOR_YOU,
					 psprintf("\"action\":\"%s\"", action_name(actions[i].kind)));
		refusal = world_act(world, npcs[i], &actions[i], DECIDER_BUILT_IN);
		if (is_refused(refusal))
			try_again_later(world, npcs[i]);
		else if (actions[i].kind == ACTION_CONTINUE)
			adopt_activity(world, npcs[i]);
		npc_keep_trace(world, npcs[i],
					   &(Trace) {.view = &looks[i].view,
								 .chosen = &actions[i],
								 .because = leaves[i] ? "its own mind is silent" : NULL,
								 .refused = refusal.message});
		world->result.decisions++;
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(scratch);
}
