/*
 * dormant.c
 *	  NPCs that nobody decides for: they sleep, and their needs stand still.
 *
 * Where the built-in mind does not stand in (built_in_fallback of the world), an NPC whose own mind cannot be
 * asked falls asleep when somebody would have to decide for it, and wakes when a mind can be asked again. Whom an operator put to
 * sleep (DECIDER_OPERATOR) an operator wakes.
 *
 * Sleepers have nothing due, so whether minds have returned is looked at for all of them at once, at multiples of
 * SLEEPERS_LOOK (contents.c): a world all of whose NPCs sleep does next to nothing.
 */
#include "postgres.h"

#include "engine/image.h"
#include "sim/random.h"

static const char asleep_reason[] = "the NPC fell asleep";

static void
set_need_rates(World *world, Npc *npc, int32 rate)
{
	needs_rebase(&npc->needs, world->now);
	for (int need = 0; need < NEED_COUNT; need++)
		npc->needs.rate[need] = rate;
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
}

void
npc_fall_asleep(World *world, Npc *npc, Decider decider)
{
	npc_fail_plan(world, npc, asleep_reason);
	if (npc->interaction_id != 0)
		npc_end_interaction(world, npc, INTERACTION_CANCELLED, 0);
	npc_drop_bids(world, npc, asleep_reason);
	npc_stand(world, npc);
	world_close_request(world, npc);
	npc_was_answered(world, npc);
	npc_wake_no_more(world, npc);
	npc_become(world, npc, NPC_DORMANT, decider);
	set_need_rates(world, npc, 0);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
npc_wake_up(World *world, Npc *npc)
{
	/* Those who wake together are not all asked at the same moment. */
	int64 phase = sim_random_below(world->seed, npc->id, npc->draws++, (uint32) MIND_INTERVAL);

	set_need_rates(world, npc, -npc->decay);
	npc->ask_again_at = Min(npc->ask_again_at, world->now);
	npc_become_idle(world, npc, phase);
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
}

/* Whether somebody decides for the NPC. */
static bool
has_mind(World *world, Npc *npc)
{
	return world->built_in_fallback || npc_mind_can_be_asked(world, npc);
}

bool
npc_goes_to_sleep(World *world, Npc *npc)
{
	if (has_mind(world, npc))
		return false;
	npc_fall_asleep(world, npc, DECIDER_NONE);
	return true;
}

static void
wake_if_minded(World *world, Npc *npc, void *arg)
{
	if (!npc_sleeps_lightly(npc))
		return;
	if (has_mind(world, npc))
		npc_wake_up(world, npc);
	else
		npc_settle(world, npc);
}

void
world_look_for_minds(World *world)
{
	world->look_for_minds_at = SIM_NEVER;
	world_each_npc(world, wake_if_minded, NULL);
}
