/*
 * moves.c
 *	  Which NPCs change hands so that everybody holds its share.
 */
#include "market/moves.h"

#include "market/numbers.h"

#include <stdlib.h>

static int
by_id(const void *a, const void *b)
{
	int64_t left = ((const HeldNpc *) a)->id;
	int64_t right = ((const HeldNpc *) b)->id;

	return (left > right) - (left < right);
}

/* In the order in which they are given up. */
static int
by_attachment(const void *a, const void *b)
{
	const HeldNpc *left = a;
	const HeldNpc *right = b;

	if (left->decided != right->decided)
		return left->decided ? 1 : -1;
	if (left->stateless != right->stateless)
		return left->stateless ? -1 : 1;
	if (left->since != right->since)
		return left->since < right->since ? 1 : -1;
	return by_id(a, b);
}

static bool
may_go(const HeldNpc *npc, const Holder *holder, int64_t now, int64_t tenure)
{
	return !npc->assigned && (holder->gone || elapsed(npc->since, now) >= tenure);
}

/* Who lacks most, of several who has priority, and of these the first; NO_PLAYER when nobody lacks any. */
static int32_t
neediest(const Holder *holders, int holder_count)
{
	int32_t found = NO_PLAYER;
	int32_t most = 0;

	for (int32_t i = 0; i < holder_count; i++)
	{
		const Holder *holder = &holders[i];
		int32_t		  lack = holder->gone ? 0 : holder->share - holder->held;

		if (lack < most || lack <= 0)
			continue;
		if (lack == most && (!holder->priority || holders[found].priority))
			continue;
		most = lack;
		found = i;
	}
	return found;
}

int
market_moves(HeldNpc *npcs, int count, Holder *holders, int holder_count, int64_t now, int64_t tenure)
{
	int moved = 0;

	if (count == 0)
		return 0;
	for (int i = 0; i < holder_count; i++)
		holders[i].held = 0;
	for (int i = 0; i < count; i++)
	{
		npcs[i].to = npcs[i].holder;
		if (npcs[i].holder != NO_PLAYER)
			holders[npcs[i].holder].held++;
	}
	qsort(npcs, (size_t) count, sizeof(HeldNpc), by_attachment);
	for (int i = 0; i < count; i++)
	{
		Holder *holder = npcs[i].holder == NO_PLAYER ? NULL : &holders[npcs[i].holder];

		if (holder == NULL || holder->held <= (holder->gone ? 0 : holder->share) ||
			!may_go(&npcs[i], holder, now, tenure))
			continue;
		npcs[i].to = NO_PLAYER;
		holder->held--;
	}
	/* Those that had nobody before come first: they move in any case. */
	for (int given_up = 0; given_up <= 1; given_up++)
		for (int i = 0; i < count; i++)
		{
			int32_t to;

			if (npcs[i].to != NO_PLAYER || npcs[i].assigned || (npcs[i].holder != NO_PLAYER) != given_up)
				continue;
			to = neediest(holders, holder_count);
			if (to == NO_PLAYER)
				break;
			npcs[i].to = to;
			holders[to].held++;
		}
	for (int i = 0; i < count; i++)
		moved += npcs[i].to != npcs[i].holder;
	qsort(npcs, (size_t) count, sizeof(HeldNpc), by_id);
	return moved;
}
