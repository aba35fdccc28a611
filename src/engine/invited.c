/*
 * invited.c
 *	  Bids as such: which there are, when they are due, how long those who are invited stay.
 */
#include "postgres.h"

#include "engine/image.h"
#include "tables/id_lists.h"

/* The last part of the time for answers, in which the built-in mind answers for a mind that did not: a tenth. */
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
	int64 *ids = image_ids(world->bids, count);

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

/* It is put at its moment; once that is done, the last part of the time for answers begins then. */
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

	if (image_is_empty(world->bids))
		return -1;
	ids = image_ids(world->bids, &count);
	for (int i = 0; i < count; i++)
	{
		const Bid *bid = image_find(world->bids, ids[i]);

		/* One that is due is decided at this moment: who looks again does so after it. */
		if (bid_place_of(bid, npc) >= 0)
			until = Max(until, Max(bid->due_at, world->now + CELL_TIME));
	}
	pfree(ids);
	return until;
}
