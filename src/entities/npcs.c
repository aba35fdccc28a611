/*
 * npcs.c
 *	  The entity npcs: NPCs, in a world's image and as rows of several tables.
 */
#include "postgres.h"

#include "engine/entities.h"
#include "queue.h"

static void *
make_npc(World *world, int64 id)
{
	return image_new_npc(world, id);
}

static void
settle_npc(World *world, void *thing)
{
	npc_settle(world, thing);
}

static void
forget_npc(World *world, void *thing)
{
	image_free_npc(world, thing);
}

/* Writes traits that were set, and drops them: the image does not keep them. */
static void
write_traits(World *world, void **things, int count)
{
	void **some = palloc(count * sizeof(void *));
	int	   given = 0;

	for (int i = 0; i < count; i++)
		if (((Npc *) things[i])->traits != NULL)
			some[given++] = things[i];
	if (given > 0)
		rows_update(&npc_trait_rows, world->id, some, given);
	for (int i = 0; i < given; i++)
	{
		pfree(((Npc *) some[i])->traits);
		((Npc *) some[i])->traits = NULL;
	}
	pfree(some);
}

/* Notes what became of an NPC's question, for those who hand questions out. */
static void
note_question(const World *world, const Npc *npc)
{
	CellBox where = leg_box(npc->leg, npc->leg_length);
	bool	in_interaction = npc->state == NPC_INTERACTING;

	if ((npc->dirty & NPC_DIRTY_REQUEST) != 0 && npc->request_pending)
		queue_note_opened(world->id, &(QueuedQuestion) {.npc_id = npc->id,
														.request_id = npc->request_id,
														.player_id = npc->request_player,
														.opened_at = npc_slots_opened_at,
														.where = where,
														.reason = npc->request_reason,
														.in_interaction = in_interaction});
	else if ((npc->dirty & NPC_DIRTY_REQUEST) != 0)
		queue_note_closed(world->id, npc->id, npc->request_id);
	else if (npc->request_pending && (npc->dirty & (NPC_DIRTY_STATUS | NPC_DIRTY_MOTION)) != 0)
		queue_note_moved(world->id, npc->id, where, in_interaction);
}

static void
write_rest(World *world, void **things, int count)
{
	write_traits(world, things, count);
	for (int i = 0; i < count; i++)
		note_question(world, things[i]);
}

const Entity npcs_entity = {
	ENTITY_NAME(npcs),
	.groups = npc_groups,
	.group_count = NPC_GROUP_COUNT,
	.born_at = offsetof(Npc, born),
	.groups_at = offsetof(Npc, dirty),
	.dirty_place_at = offsetof(Npc, dirty_place),
	.born = CHANGE_NPC_BORN,
	.removed = CHANGE_NPC_REMOVED,
	.make = make_npc,
	.settle = settle_npc,
	.forget = forget_npc,
	.write_rest = write_rest,
};
