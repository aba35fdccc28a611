/*
 * edit.c
 *	  Changes of NPCs, items and terrain from outside: they are created, altered and removed at lock->now.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "engine/entities.h"
#include "engine/image.h"
#include "errors.h"
#include "json.h"
#include "queue.h"
#include "sim/random.h"
#include "tables/arrays.h"

/* ---- cells ---- */

static void
require_inside(const World *world, Cell cell)
{
	if (!grid_contains(world->grid, cell))
		ereport(ERROR, errcode(ERRCODE_NS_CELL_OUTSIDE),
				errmsg("cell (%d, %d) is outside world %lld", cell.x, cell.y, (long long) world->id),
				errdetail("The world has %d by %d cells.", world->size_x, world->size_y),
				errhint("Cells are (0, 0), top left, to (%d, %d).", world->size_x - 1, world->size_y - 1));
}

static void
refuse_cell(const World *world, Cell cell, const char *why)
{
	ereport(ERROR, errcode(ERRCODE_NS_CELL_NOT_FREE),
			errmsg("cell (%d, %d) of world %lld is not free", cell.x, cell.y, (long long) world->id),
			errdetail("%s", why), errhint("Choose another cell."));
}

static void
require_unblocked(World *world, Cell cell)
{
	WorldItem *item;

	require_inside(world, cell);
	if (grid_terrain_blocked(world->grid, cell))
		refuse_cell(world, cell, "The terrain blocks it.");
	item = world_item_at(world, cell);
	if (item != NULL)
		refuse_cell(world, cell,
					psprintf("Item %lld (%s) is there.", (long long) item->id, item->type->name));
}

static void
require_free(World *world, Cell cell, const Npc *except)
{
	Npc *npc;

	require_unblocked(world, cell);
	npc = npc_on(world, cell, except);
	if (npc != NULL)
		refuse_cell(world, cell, psprintf("NPC %lld (%s) is there.", (long long) npc->id, npc->name));
}

/* ---- NPCs ---- */

Npc *
world_add_npc(World *world, const char *name, Cell cell)
{
	Npc	 *npc;
	int64 phase;

	world_enter(world);
	require_unblocked(world, cell);
	if (grid_standing(world->grid, cell) > 0)
		require_free(world, cell, NULL);
	npc = image_new_npc(world, world_new_id(world->lock));
	npc->name = MemoryContextStrdup(world->context, name);
	npc->born_at = world->now;
	npc->born = true;
	npc->decay = needs_draw_decay(world->seed, npc->id, world->need_decay_min, world->need_decay_max);
	npc->needs.as_of = world->now;
	for (int need = 0; need < NEED_COUNT; need++)
	{
		npc->needs.value[need] = NEED_MAX;
		npc->needs.rate[need] = -npc->decay;
	}
	npc->state = NPC_IDLE;
	npc->state_since = world->now;
	npc->leg[0] = cell;
	npc->departed_at = world->now;
	npc_touch(world, npc, ~0U & ~(NPC_DIRTY_MIND | NPC_DIRTY_REQUEST));
	/* Each NPC gets a random phase, so that those of a new world do not all think at once. */
	phase = sim_random_below(world->seed, npc->id, npc->draws++, (uint32) MIND_INTERVAL);
	npc_schedule(world, npc, phase);
	npc_settle(world, npc);
	world_event(world, WORLD_EVENT_NPC_CREATED, npc->id, 0, 0, json_text_member("name", npc->name));
	world_leave(world);
	return npc;
}

/* Takes an NPC out of its interaction against its will; therefore its plan ends, too. */
static void
leave_interaction(World *world, Npc *npc, const char *why)
{
	if (npc->interaction_id != 0)
	{
		npc_fail_plan(world, npc, why);
		npc_end_interaction(world, npc, INTERACTION_CANCELLED, 0);
	}
}

void
world_remove_npc(World *world, Npc *npc)
{
	world_enter(world);
	leave_interaction(world, npc, "the NPC was removed");
	npc_fail_plan(world, npc, "the NPC was removed");
	npc_drop_bids(world, npc, "the NPC was removed");
	world_event(world, WORLD_EVENT_NPC_REMOVED, npc->id, 0, 0, json_text_member("name", npc->name));
	if (npc->dirty != 0)
		pointer_list_drop(&world->things[ENTITY_npcs].dirty, npc->dirty_place);
	if (!npc->born)
		id_list_add(world, &world->things[ENTITY_npcs].removed, npc->id);
	if (npc->request_pending)
		queue_note_closed(world->id, npc->id, npc->request_id);
	image_free_npc(world, npc);
	world_leave(world);
}

void
world_place_npc(World *world, Npc *npc, Cell cell)
{
	world_enter(world);
	require_free(world, cell, npc);
	npc_fail_plan(world, npc, "the NPC was moved");
	leave_interaction(world, npc, "the NPC was moved");
	if (npc->state == NPC_REQUESTING)
		npc_drop_bids(world, npc, "the NPC was moved");
	npc_stand(world, npc);
	npc->leg[0] = cell;
	npc->leg_length = 1;
	npc->departed_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_MOTION);
	if (npc->state != NPC_DORMANT)
		npc_become_idle(world, npc, 0);
	npc_settle(world, npc);
	world_leave(world);
}

static bool
falls_below(int32 before, int32 after, int32 threshold)
{
	return before >= threshold && after < threshold;
}

void
world_set_need(World *world, Npc *npc, Need need, int32 value)
{
	bool falls;

	world_enter(world);
	Assert(value >= 0 && value <= NEED_MAX);
	needs_rebase(&npc->needs, world->now);
	falls = falls_below(npc->needs.value[need], value, MIND_LOW_NEED) ||
			falls_below(npc->needs.value[need], value, MIND_CRITICAL_NEED);
	npc->needs.value[need] = value;
	if (falls)
		npc_lacks(world, npc);
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
	if (npc_is_minded(npc) && npc->decision_reason != REASON_REQUESTED)
		npc_schedule(world, npc, 0);
	npc_settle(world, npc);
	world_leave(world);
}

void
world_set_controller(World *world, Npc *npc, int64 player_id)
{
	int64 pause = 0;

	if (npc->controller == player_id)
		return;
	world_enter(world);
	/* The NPC keeps its phase: a player who takes over many is not asked about all of them at once. */
	if (npc->decision_at != SIM_NEVER)
		pause = Min(Max(npc->decision_at - world->now, 0), MIND_INTERVAL);
	world_close_request(world, npc);
	npc->controller = player_id;
	npc->controller_since = player_id != 0 && world_lives_by(world->lock, RULES_0_8) ? world->now : -1;
	npc->assigned = false;
	/* What the former mind still wanted to do there is not done. */
	if (npc->state == NPC_INTERACTING)
		npc_forget_terms(world, npc);
	plan_clear(&npc->plan);
	json_list_clear(&npc->mind_events);
	json_list_clear(&npc->wake_on);
	npc->events_dropped = 0;
	npc->events_merged = 0;
	npc->unanswered_since = -1;
	/* Another mind has no failures, but is asked no sooner after the last question than this one would be. */
	npc->failures = 0;
	npc->asked_not_before = -1;
	npc->ask_again_at = world->now + pause;
	npc->decision_reason = REASON_IDLE;
	npc_touch(world, npc, NPC_DIRTY_IDENTITY | NPC_DIRTY_MIND | NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, pause);
	npc_settle(world, npc);
	npc_renew_invitations(world, npc);
	world_leave(world);
}

void
world_set_assigned(World *world, Npc *npc, bool assigned)
{
	if (!world_lives_by(world->lock, RULES_0_8))
		return;
	/* It came by older rules, by hand: from now on the market knows it. */
	if (npc->controller != 0 && npc->controller_since < 0)
		npc->controller_since = world->now;
	npc->assigned = assigned;
	npc_touch(world, npc, NPC_DIRTY_IDENTITY);
}

void
world_set_traced(World *world, Npc *npc, bool traced)
{
	npc->traced = traced;
	npc_touch(world, npc, NPC_DIRTY_IDENTITY);
}

void
world_set_dormant(World *world, Npc *npc, bool dormant)
{
	world_enter(world);
	if (!dormant)
		npc_wake_up(world, npc);
	else if (npc->state != NPC_DORMANT)
		npc_fall_asleep(world, npc, DECIDER_OPERATOR);
	else
	{
		npc->decider = DECIDER_OPERATOR;
		npc_touch(world, npc, NPC_DIRTY_STATUS);
	}
	world_leave(world);
}

void
world_let_sleep(World *world, Npc *npc)
{
	if (npc->state == NPC_DORMANT)
		return;
	world_enter(world);
	npc_fall_asleep(world, npc, DECIDER_NONE);
	world_leave(world);
}

bool
world_have_mind_asked(World *world, Npc *npc)
{
	if (!npc_mind_can_be_asked(world, npc))
		return false;
	world_enter(world);
	if (npc->state == NPC_DORMANT)
		npc_wake_up(world, npc);
	world_leave(world);
	world_open_request(world, npc, REASON_REQUESTED, npc_asked_through(world, npc));
	return npc->request_pending;
}

void
world_have_built_in_decide(World *world, Npc *npc)
{
	world_enter(world);
	world_close_request(world, npc);
	if (npc->state == NPC_DORMANT)
		npc_wake_up(world, npc);
	world_leave(world);
	world_decide_built_in(world, &npc, 1);
}

void
world_set_name(World *world, Npc *npc, const char *name)
{
	pfree(npc->name);
	npc->name = MemoryContextStrdup(world->context, name);
	npc_touch(world, npc, NPC_DIRTY_IDENTITY);
}

void
world_set_traits(World *world, Npc *npc, char *const *traits, int count)
{
	Datum		 *elements = palloc((count + 1) * sizeof(Datum));
	MemoryContext before;

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(traits[i]);
	if (npc->traits != NULL)
		pfree(npc->traits);
	before = MemoryContextSwitchTo(world->context);
	npc->traits = DatumGetArrayTypeP(array_of(elements, count, TEXTOID));
	MemoryContextSwitchTo(before);
	npc_touch(world, npc, NPC_DIRTY_IDENTITY);
}

void
world_set_number(World *world, Npc *npc, const RowColumn *column, int64 value)
{
	row_set_number(npc, column, value);
	npc_touch(world, npc, column->group);
}

/* ---- what a world begins with ---- */

void
world_begin_with(World *world, const char *kind)
{
	const Entity *entity = entity_named(kind);

	if (entity == NULL || entity->begin == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("no world begins with \"%s\"", kind),
				errdetail("This version of npcsim knows nothing of that name."),
				errhint("A later version may have run the world."));
	world_enter(world);
	entity->begin(world);
	world_leave(world);
}

/* ---- items ---- */

WorldItem *
world_add_item(World *world, const char *item_type, Cell cell, Jsonb *properties)
{
	const ItemType *type = image_item_type(world, item_type);
	WorldItem	   *item;

	world_enter(world);
	if (type == NULL)
		ereport(ERROR, errcode(ERRCODE_NS_NO_ITEM_TYPE),
				errmsg("world %lld has no item type \"%s\"", (long long) world->id, item_type),
				errdetail("Each world has item types of its own."),
				errhint("SELECT name FROM npcsim.item_types WHERE world_id = %lld lists them.",
						(long long) world->id));
	require_free(world, cell, NULL);
	item = item_appear(world, world_new_id(world->lock), type, cell, WORLD_EVENT_ITEM_CREATED);
	if (properties != NULL)
		item->properties = json_copy(properties, world->context);
	world_leave(world);
	return item;
}

void
world_remove_item(World *world, WorldItem *item)
{
	world_enter(world);
	if (item_interaction(world, item) != NULL)
		interaction_break_off(world, item_interaction(world, item), "the item was removed");
	item_drop_bids(world, item->id, "the item was removed");
	item_event(world, WORLD_EVENT_ITEM_REMOVED, item);
	item_drop(world, item);
	world_leave(world);
}

void
world_set_item_properties(World *world, WorldItem *item, Jsonb *properties)
{
	if (item->properties != NULL)
		pfree(item->properties);
	item->properties = json_copy(properties, world->context);
	item_touch(world, item);
}

void
world_renew_items(World *world, const char *item_type)
{
	world_enter(world);
	items_place_anew(world, item_type);
	world_leave(world);
}

/* ---- terrain ---- */

void
world_set_terrain(World *world, Cell cell, bool blocked)
{
	require_inside(world, cell);
	if (grid_terrain_blocked(world->grid, cell) == blocked)
		return;
	if (blocked)
		require_free(world, cell, NULL);
	grid_set_terrain(world->grid, cell, blocked);
	world->terrain_changed = world->ways_unchecked = true;
}
