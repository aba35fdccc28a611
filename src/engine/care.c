/*
 * care.c
 *	  When the built-in mind looks after an NPC whose mind is there but silent.
 *
 * A mind is silent from the first question on that it left without an answer that was carried out: it
 * may be thinking, have failed, have been refused, or not be asked again yet. The NPC goes on with
 * what its mind began; none of that ends without need, and none lasts for ever for want of an answer:
 *
 *	idle				decided for when that lasted IDLE_LIMIT, or a need falls below 20; one that is in need is not waited
 *						for a second time, nor one whose question waits for its part of the day's tokens
 *	moving, wandering	end by themselves
 *	requesting			ends with the bid, which is answered in time (bids.c)
 *	waiting				ends when the mind was silent for SILENCE_LIMIT and a need is below 20
 *	interacting			the same of a need that the interaction does not fill; besides, a conversation is left after
 *						WORDLESS_LIMIT without a word from anybody
 *
 * What the built-in mind began, it looks after as it does for everybody, but not while the NPC's own
 * mind thinks, for IDLE_LIMIT at most, so that the answer still fits what that mind was shown. For an
 * NPC that is invited it begins nothing until the bid is decided. Minds live in real time: a faster
 * world waits longer for them, and when its speed changes, the moments that were measured out to them
 * are kept as far away in real time as they were (moments that minds chose, and those that rows show,
 * stay). Only the rows decide; the wall clock is never read.
 */
#include "postgres.h"

#include "engine/image.h"

/* An NPC whose mind is silent stands idle this long, in world time at speed 1 (world_patience()). */
#define IDLE_LIMIT (10 * SIM_SECOND)
/* A mind is silent this long, at speed 1, before what it began ends for the sake of a need. */
#define SILENCE_LIMIT (30 * SIM_SECOND)
/* Nobody says anything for this long, at speed 1, before a conversation is left. */
#define WORDLESS_LIMIT (60 * SIM_SECOND)
/* A moment farther away than this is not stretched further. */
#define STRETCHED_MOST (INT64_C(1000000) * SIM_SECOND)

int64
world_patience(const World *world, int64 limit)
{
	return limit * Max(world->lock->speed, 1000) / 1000;
}

int64
world_stretched(const World *world, int64 moment, int32 before, int32 after)
{
	int64 away = Min(Max(moment - world->now, -STRETCHED_MOST), STRETCHED_MOST);

	return world->now + away * Max(after, 1000) / Max(before, 1000);
}

int64
npc_thinks_until(const World *world, const Npc *npc)
{
	if (!npc->request_pending || npc->unanswered_since < 0)
		return -1;
	return npc->unanswered_since + world_patience(world, IDLE_LIMIT);
}

static int32
need_now(const World *world, const Npc *npc, int need)
{
	return need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of, world->now);
}

/* Fills in what the NPC's interaction adds to each need per second, without the decay. */
static void
rates_of(World *world, const Npc *npc, int32 rates[NEED_COUNT])
{
	const Interaction *interaction = npc_interaction(world, npc);
	const WorldItem	  *item;

	memset(rates, 0, NEED_COUNT * sizeof(int32));
	if (interaction == NULL)
		return;
	item = interaction->type->target == TARGET_ITEM ? world_item(world, interaction->target_id) : NULL;
	interaction_need_rates(interaction->type, item != NULL ? item->type : NULL, rates);
}

/*
 * Returns when a need is below 20 that the NPC's interaction does not fill; SIM_NEVER if none will be. While
 * a need that it fills is lower still, the NPC is where it has to be and is looked at again later.
 */
static int64
needs_something_else(World *world, const Npc *npc)
{
	int32 rates[NEED_COUNT];
	int32 lowest = MIND_CRITICAL_NEED;
	int32 lowest_filled = NEED_MAX;
	int64 at = SIM_NEVER;

	rates_of(world, npc, rates);
	for (int need = 0; need < NEED_COUNT; need++)
	{
		int32 value = need_now(world, npc, need);

		if (rates[need] > 0)
			lowest_filled = Min(lowest_filled, value);
		else if (value < MIND_CRITICAL_NEED)
			lowest = Min(lowest, value);
		else if (npc->needs.rate[need] < 0)
			at = Min(at, need_crosses(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of,
									  world->now, MIND_CRITICAL_NEED));
	}
	if (lowest == MIND_CRITICAL_NEED)
		return at;
	return lowest_filled < lowest ? Min(at, world->now + MIND_INTERVAL) : world->now;
}

/*
 * Returns when a conversation has gone on without a word for too long; SIM_NEVER if the NPC is in none. A
 * game of several may be silent while minds think.
 */
static int64
wordless_ends(World *world, const Npc *npc)
{
	const Interaction *interaction = npc_interaction(world, npc);
	int64			   since;

	if (interaction == NULL || !interaction->type->takes_messages || interaction->participant_count < 2)
		return SIM_NEVER;
	since = Max(npc->state_since, interaction->last_act_at);
	if (!interaction_is_talk(interaction->type))
	{
		if (npc->unanswered_since < 0)
			return SIM_NEVER;
		since = Max(since, npc->unanswered_since);
	}
	return since + world_patience(world, WORDLESS_LIMIT);
}

static bool
is_in_need(const World *world, const Npc *npc)
{
	for (int need = 0; need < NEED_COUNT; need++)
		if (need_now(world, npc, need) < MIND_CRITICAL_NEED)
			return true;
	return false;
}

/* Returns when an NPC that is idle is decided for. */
static int64
idle_ends(World *world, const Npc *npc)
{
	/* A question that was open when such moments were not stored yet has no other moment. */
	int64 since = npc->unanswered_since >= 0 ? npc->unanswered_since : npc->asked_at;
	int64 at;

	if (npc->unanswered_since < 0 && !npc->request_pending)
		return SIM_NEVER;
	/* A question that waits for its part of the day may wait for hours: the NPC stands for it only once. */
	if (!npc->paced && !is_in_need(world, npc))
		since = Max(since, npc->state_since);
	at = Max(world->now, since + world_patience(world, IDLE_LIMIT));
	for (int need = 0; need < NEED_COUNT; need++)
		if (npc->needs.rate[need] < 0)
			at = Min(at, need_crosses(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of,
									  world->now, MIND_CRITICAL_NEED));
	return at;
}

int64
npc_care_due(World *world, const Npc *npc)
{
	int64 at = SIM_NEVER;

	if (!npc_is_minded(npc) || npc->state == NPC_REQUESTING)
		return SIM_NEVER;
	if (npc->state == NPC_IDLE)
		return idle_ends(world, npc);
	if (npc->decider == DECIDER_BUILT_IN)
		return Max(world->now, Max(npc->last_decision_at + MIND_INTERVAL, npc_thinks_until(world, npc)));
	if (npc->state != NPC_WAITING && npc->state != NPC_INTERACTING)
		return SIM_NEVER;
	if (npc->unanswered_since >= 0)
		at = Max(Max(npc->state_since, npc->unanswered_since) + world_patience(world, SILENCE_LIMIT),
				 needs_something_else(world, npc));
	return Max(world->now, Min(at, wordless_ends(world, npc)));
}

bool
npc_is_to_leave(World *world, const Npc *npc)
{
	return npc->decider == DECIDER_MIND && npc->state == NPC_INTERACTING &&
		   npc_care_due(world, npc) <= world->now;
}

/*
 * A mind that saw a need below 20 and began something else that has no end is asked about it once more, since
 * nothing else shows whether it has fallen silent.
 */
int64
npc_goes_without(World *world, const Npc *npc)
{
	if (npc->asked_at > npc->state_since || npc->event_at != SIM_NEVER ||
		(npc->state != NPC_WAITING && npc->state != NPC_INTERACTING) ||
		needs_something_else(world, npc) > world->now)
		return SIM_NEVER;
	return npc->state_since + world_patience(world, SILENCE_LIMIT);
}

/* ---- silence ---- */

void
npc_was_asked(World *world, Npc *npc)
{
	if (npc->unanswered_since < 0)
		npc->unanswered_since = world->now;
}

void
npc_was_answered(World *world, Npc *npc)
{
	if (npc->unanswered_since < 0)
		return;
	npc->unanswered_since = -1;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}
