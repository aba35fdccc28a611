/*
 * whole.c
 *	  Checks that the rows of a world belong together when its image was loaded.
 *
 * The rules follow references, take cells as indexes of the grid and states as cases without looking
 * twice. A restore or a replica that lost rows, or somebody who wrote past the guards, may leave
 * references that lead nowhere: such a world stands still, with an error that says why, before it
 * takes the server down. world_faults() (sql/85_replay.sql) lists those references.
 */
#include "postgres.h"

#include "engine/image.h"

static _Noreturn void
raise_damage(const World *world, const char *what)
{
	ereport(
		ERROR, errcode(ERRCODE_DATA_CORRUPTED),
		errmsg("world %lld is damaged: %s", (long long) world->id, what),
		errhint(
			"SELECT * FROM npcsim.world_faults(%lld) lists what is missing. Restore the world again, into "
			"another database.",
			(long long) world->id));
}

static bool
takes_part(const Interaction *interaction, const Npc *npc)
{
	for (int i = 0; i < interaction->participant_count; i++)
		if (interaction->participants[i].npc_id == npc->id)
			return true;
	return false;
}

/* Whether this version knows the NPC's values; a later version may have stored others. */
static bool
is_known(const Npc *npc)
{
	return npc->state >= NPC_IDLE && npc->state <= NPC_DORMANT && npc->event_kind >= EVENT_NONE &&
		   npc->event_kind <= EVENT_ACT && npc->decider >= DECIDER_NONE && npc->decider <= DECIDER_OPERATOR &&
		   npc->decision_reason >= REASON_IDLE && npc->decision_reason <= REASON_NEED_WAITS &&
		   npc->goal_action >= ACTION_NONE && (int) npc->goal_action < ACTION_COUNT;
}

/* Whether the NPC's next event goes with what it does. */
static bool
event_fits(const Npc *npc)
{
	if (npc->event_at == SIM_NEVER)
		return true;
	switch (npc->event_kind)
	{
		case EVENT_INTERACTION_END:
		case EVENT_SPEAK:
		case EVENT_LEAVE:
		case EVENT_ACT:
			return npc->state == NPC_INTERACTING;
		case EVENT_LEG_END:
			return npc->state == NPC_MOVING || npc->state == NPC_WANDERING;
		case EVENT_WAIT_OVER:
			return npc->state == NPC_WAITING;
		/* It is never stored. */
		case EVENT_GO_ON:
			return false;
		case EVENT_NONE:
			break;
	}
	return true;
}

static void
require_npc(World *world, const Npc *npc)
{
	const Interaction *interaction = npc_interaction(world, npc);

	if (npc->name == NULL || !ItemPointerIsValid(&npc->state_row) || !ItemPointerIsValid(&npc->track_row))
		raise_damage(world, psprintf("NPC %lld lacks a row", (long long) npc->id));
	if (!is_known(npc) || !event_fits(npc))
		raise_damage(world, psprintf("NPC %lld does what there is not", (long long) npc->id));
	for (int i = 0; i < npc->leg_length; i++)
		if (!grid_contains(world->grid, npc->leg[i]))
			raise_damage(world, psprintf("NPC %lld is outside", (long long) npc->id));
	if ((npc->state == NPC_INTERACTING) != (npc->interaction_id != 0) ||
		(npc->interaction_id != 0 && (interaction == NULL || !takes_part(interaction, npc))))
		raise_damage(world, psprintf("NPC %lld takes part in nothing that there is", (long long) npc->id));
}

static void
require_interaction(World *world, int64 id)
{
	const Interaction *interaction = image_find(world->things[ENTITY_interactions].by_id, id);

	for (int i = 0; i < interaction->participant_count; i++)
	{
		int64	   npc_id = interaction->participants[i].npc_id;
		const Npc *npc = world_npc(world, npc_id);
		bool	   again = false;

		for (int j = 0; j < i; j++)
			again = again || interaction->participants[j].npc_id == npc_id;
		if (npc == NULL || npc->interaction_id != id || again)
			raise_damage(world, psprintf("interaction %lld is without NPC %lld, which takes part",
										 (long long) id, (long long) npc_id));
	}
	if (interaction->participant_count == 0 ||
		(interaction->type->target == TARGET_ITEM && world_item(world, interaction->target_id) == NULL))
		raise_damage(world, psprintf("interaction %lld is with nothing that there is", (long long) id));
}

static void
require_bid(World *world, int64 id)
{
	const Bid *bid = image_find(world->things[ENTITY_bids].by_id, id);
	const Npc *bidder = world_npc(world, bid->bidder_id);

	if (bidder == NULL || bidder->state != NPC_REQUESTING)
		raise_damage(world, psprintf("bid %lld is nobody's", (long long) id));
	for (int i = 0; i < bid->invited_count; i++)
		if (world_npc(world, bid->invited[i]) == NULL || bid->invited[i] == bid->bidder_id ||
			bid->answers[i] < INVITATION_NEW || bid->answers[i] > INVITATION_ACCEPTED_FOR)
			raise_damage(world, psprintf("bid %lld is without NPC %lld, which is invited", (long long) id,
										 (long long) bid->invited[i]));
}

static void
require_each(World *world, ImageTable *table, void (*require)(World *world, int64 id))
{
	int	   count;
	int64 *ids = image_ids(table, &count);

	for (int i = 0; i < count; i++)
		require(world, ids[i]);
	pfree(ids);
}

static void
require_item(World *world, int64 id)
{
	const WorldItem *item = image_find(world->things[ENTITY_items].by_id, id);

	if (item->occupied_by != 0 && world_npc(world, item->occupied_by) == NULL)
		raise_damage(world, psprintf("item %lld is used by nobody that there is", (long long) id));
}

static void
require_absent_item(World *world, int64 id)
{
	const WorldItem *item = image_find(world->things[ENTITY_respawns].by_id, id);

	if (!grid_contains(world->grid, item->cell))
		raise_damage(world, psprintf("item %lld is to come back outside", (long long) id));
}

void
image_require_whole(World *world)
{
	for (int i = 0; i < world->everyone.count; i++)
		require_npc(world, world->everyone.entries[i]);
	require_each(world, world->things[ENTITY_interactions].by_id, require_interaction);
	require_each(world, world->things[ENTITY_bids].by_id, require_bid);
	require_each(world, world->things[ENTITY_items].by_id, require_item);
	require_each(world, world->things[ENTITY_respawns].by_id, require_absent_item);
}
