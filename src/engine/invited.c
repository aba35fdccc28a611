/*
 * invited.c
 *	  Questions about bids: which are open, when they are due, how long the NPCs that are invited stay.
 */
#include "postgres.h"

#include "engine/image.h"
#include "tables/id_lists.h"

/*
 * The built-in mind answers for a mind that did not in the last part of the time for answers, which is one of
 * so many.
 */
#define LAST_PART 10

int
bid_place_of(const Bid *bid, const Npc *npc)
{
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->invited[i] == npc->id)
			return i;
	return -1;
}

int64 *
world_bids(World *world, int *count)
{
	int64 *ids = image_ids(world->things[ENTITY_bids].by_id, count);

	*count = id_list_sort(ids, *count);
	return ids;
}

bool
bid_is_new(const Bid *bid)
{
	for (int i = 0; i < bid->invited_count; i++)
		if (bid->answers[i] == INVITATION_NEW)
			return true;
	return false;
}

/*
 * A bid that is new is due when it is to be put; one that was put is due when the last part of the time for
 * answers begins.
 */
void
bid_settle(World *world, Bid *bid)
{
	int64 at = bid->due_at;
	int64 since = bid->put_at >= 0 ? bid->put_at : bid->made_at;

	if (!bid_is_new(bid))
		at = Max(world->now, at - (at - since) / LAST_PART);
	due_set(&world->events, &bid->due, at, DUE_BID);
}

int64
npc_invited_until(World *world, const Npc *npc)
{
	int64  until = -1;
	int	   count;
	int64 *ids;

	if (image_is_empty(world->things[ENTITY_bids].by_id))
		return -1;
	ids = image_ids(world->things[ENTITY_bids].by_id, &count);
	for (int i = 0; i < count; i++)
	{
		const Bid *bid = image_find(world->things[ENTITY_bids].by_id, ids[i]);

		/* A bid that is due is decided at this moment; the NPC is looked at again after it. */
		if (bid_place_of(bid, npc) >= 0)
			until = Max(until, Max(bid->due_at, world->now + CELL_TIME));
	}
	pfree(ids);
	return until;
}
