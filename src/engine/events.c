/*
 * events.c
 *	  Records what happens in a world, in world_event_log.
 *
 * What the minds of NPCs are told is something else (npc_tell() in told.c).
 */
#include "postgres.h"

#include "engine/image.h"
#include "json.h"

void
world_event(World *world, WorldEventKind kind, int64 npc_id, int64 target_id, int64 interaction_id,
			const char *members)
{
	WorldEvent		 event = {.kind = kind,
							  .clock = world->now,
							  .npc_id = npc_id,
							  .target_id = target_id,
							  .interaction_id = interaction_id};
	const Npc		*npc = npc_id != 0 ? world_npc(world, npc_id) : NULL;
	const WorldItem *item = npc == NULL && target_id != 0 ? world_item(world, target_id) : NULL;

	event.placed = npc != NULL || item != NULL;
	if (npc != NULL)
		event.cell = npc_cell(npc, world->now);
	else if (item != NULL)
		event.cell = item->cell;
	if (members != NULL)
		event.data = psprintf("{%s}", members);
	world_record(world->lock, &event);
	if (event.data != NULL)
		pfree(event.data);
}

void
world_decision_invalidated(World *world, const Npc *npc, const char *reason)
{
	world_event(world, WORLD_EVENT_DECISION_INVALIDATED, npc->id, 0, 0, json_text_member("reason", reason));
}

void
world_message(World *world, int64 npc_id, int64 interaction_id, const char *text)
{
	world_event(world, WORLD_EVENT_NPC_SAID, npc_id, 0, interaction_id, json_text_member("text", text));
}
