/*
 * tick.c
 *	  Time: events at their own moments, then everyone who is due decides.
 *
 * A tick ends at a multiple of the tick's length. First the events up to its
 * end happen, in the order (time, kind, id), each at its own time and seeing all earlier ones; then
 * whoever is due looks at the same instant, the end of the tick, and the actions are
 * carried out in order of id. So it does not matter how time is cut into calls.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "engine/image.h"

static void
npc_event(World *world, Npc *npc)
{
	switch (npc->event_kind)
	{
		case EVENT_LEG_END:
			npc_leg_ended(world, npc);
			break;
		case EVENT_INTERACTION_END:
			npc_end_interaction(world, npc, INTERACTION_FINISHED, MIND_PAUSE);
			break;
		case EVENT_WAIT_OVER:
			npc_become_idle(world, npc, 0);
			break;
		case EVENT_SPEAK:
			if (!npc_lets_think(world, npc))
				npc_speak(world, npc);
			break;
		case EVENT_LEAVE:
			if (!npc_lets_think(world, npc))
				npc_end_interaction(world, npc, INTERACTION_CANCELLED, MIND_PAUSE);
			break;
		case EVENT_ACT:
			npc_act_held(world, npc);
			break;
		case EVENT_NONE:
			npc->event_at = SIM_NEVER;
			npc_settle(world, npc);
			break;
	}
}

static void
run_events(World *world, int64 until)
{
	Due *due;

	while ((due = due_first(&world->events)) != NULL && due->at <= until)
	{
		/* what should have happened before this moment happens now: time does not go back */
		world->now = Max(world->now, due->at);
		if (due->kind == DUE_ITEM)
			item_due(world, due->owner);
		else if (due->kind == DUE_BID)
			bid_due(world, due->owner);
		else
			npc_event(world, due->owner);
	}
}

static void
run_tick(World *world, int64 end)
{
	CHECK_FOR_INTERRUPTS();
	world->in_tick = true;
	run_events(world, end);
	world->now = end;
	world_decide(world);
	world->in_tick = false;
	world->result.ticks++;
}

int64
world_advance(World *world, int64 clock, int max_ticks, TickResult *result)
{
	WorldLock *lock = world->lock;
	bool	   complete = true;

	Assert(clock >= lock->clock);
	memset(&world->result, 0, sizeof(world->result));
	while (lock->now + lock->tick_length <= clock)
	{
		if (world->result.ticks >= max_ticks)
		{
			complete = false;
			break;
		}
		run_tick(world, lock->now + lock->tick_length);
		lock->now += lock->tick_length;
		lock->clock = lock->now;
	}
	if (complete)
		lock->clock = clock;
	world->now = lock->now;
	*result = world->result;
	return lock->clock;
}

int64
world_run(WorldLock *lock, int64 clock, int max_ticks, TickResult *result)
{
	World *world = world_image(lock);

	clock = world_advance(world, clock, max_ticks, result);
	world_write(world);
	return clock;
}
