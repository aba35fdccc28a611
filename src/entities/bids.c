/*
 * bids.c
 *	  The entity bids: invitations to interact that not everybody has answered, in a world's image and as
 *	  rows.
 */
#include "postgres.h"

#include "engine/entities.h"

static void
forget_bid(World *world, void *thing)
{
	image_free_bid(world, thing);
}

static void
enter_bid(World *world, void *read)
{
	Bid *bid;
	Due	 due;

	thing_forget(world, &bids_entity, ((Bid *) read)->id);
	bid = image_new_bid(world, ((Bid *) read)->id);
	due = bid->due;
	*bid = *(Bid *) read;
	bid->due = due;
	bid->type = image_type_of_number(world, bid->number);
	bid_settle(world, bid);
}

const Entity bids_entity = {
	ENTITY_OF(bids, Bid),
	ENTITY_ROWS(CHANGE_BID, bid_rows),
	.removed = CHANGE_BID_REMOVED,
	/* Its type is found by its number, and its moment by what became of it. */
	.enter = enter_bid,
	.forget = forget_bid,
};
