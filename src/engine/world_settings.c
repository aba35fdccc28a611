/*
 * world_settings.c
 *	  Changes the settings that operators may change while a world runs: its speed, when minds are asked,
 *	  how fast needs decay.
 */
#include "postgres.h"

#include "engine/image.h"
#include "sim/random.h"

typedef struct Speeds
{
	int32 before;
	int32 after;
} Speeds;

static void
stretch_moments(World *world, Npc *npc, void *arg)
{
	const Speeds *speeds = arg;

	if (npc->asked_not_before < 0 && npc->unanswered_since < 0 && npc->pressing_count == 0)
		return;
	if (npc->asked_not_before >= 0)
		npc->asked_not_before =
			Max(0, world_stretched(world, npc->asked_not_before, speeds->before, speeds->after));
	if (npc->unanswered_since >= 0)
		npc->unanswered_since =
			Max(0, world_stretched(world, npc->unanswered_since, speeds->before, speeds->after));
	for (int i = 0; i < npc->pressing_count; i++)
		npc->pressing[i] = Max(0, world_stretched(world, npc->pressing[i], speeds->before, speeds->after));
	npc_touch(world, npc, NPC_DIRTY_MIND);
	if (npc_is_minded(npc))
		npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
world_change_speed(World *world, int32 speed)
{
	Speeds speeds = {world->lock->speed, speed};

	world->lock->speed = speed;
	if (Max(speeds.before, 1000) == Max(speeds.after, 1000))
		return;
	world_enter(world);
	world_each_npc(world, stretch_moments, &speeds);
	world_stretch_bids(world, speeds.before, speeds.after);
	world_leave(world);
}

static void
schedule_anew(World *world, Npc *npc, void *arg)
{
	int64 phase = sim_random_below(world->seed, npc->id, npc->draws++, (uint32) MIND_INTERVAL);

	npc->decision_reason = REASON_IDLE;
	npc_schedule(world, npc, phase);
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
}

void
world_set_policy(World *world, const char *policy)
{
	world->policy = policy_by_name(policy);
	world_enter(world);
	world_each_npc(world, schedule_anew, NULL);
	world_leave(world);
}

/* An NPC without a mind, or with an open question, is looked at when it would be anyway. */
static void
schedule_question(World *world, Npc *npc, void *arg)
{
	if (!npc_is_minded(npc) || npc->request_pending)
		return;
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
world_set_idle_interval(World *world, int32 seconds)
{
	world->idle_interval = seconds * SIM_SECOND;
	world_enter(world);
	world_each_npc(world, schedule_question, NULL);
	world_leave(world);
}

void
world_set_built_in_fallback(World *world, bool stands_in)
{
	world->built_in_fallback = stands_in;
	world_enter(world);
	if (stands_in)
		world_look_for_minds(world);
	world_leave(world);
}

/* What an NPC takes part in goes on; only the decay beneath it changes. */
static void
set_decay(World *world, Npc *npc, void *arg)
{
	int32 decay = needs_draw_decay(world->seed, npc->id, world->need_decay_min, world->need_decay_max);

	if (decay == npc->decay)
		return;
	needs_rebase(&npc->needs, world->now);
	/* Those of a sleeper stand still. */
	for (int need = 0; need < NEED_COUNT; need++)
		npc->needs.rate[need] += npc->state == NPC_DORMANT ? 0 : npc->decay - decay;
	npc->decay = decay;
	npc_touch(world, npc, NPC_DIRTY_NEEDS);
	if (npc_is_minded(npc) && npc->decision_reason != REASON_REQUESTED)
		npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
world_set_need_decay(World *world, int32 least, int32 most)
{
	world->need_decay_min = least;
	world->need_decay_max = most;
	world_enter(world);
	world_each_npc(world, set_decay, NULL);
	world_leave(world);
}
