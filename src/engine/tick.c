/*
 * tick.c
 *	  Time: events happen at their own moments, then everyone who is due decides.
 *
 * A tick ends at a multiple of the tick's length. First the events up to its end happen, in the order
 * (time, kind, id), each at its own time and seeing all earlier ones; then all NPCs that are due look
 * at the same instant, the end of the tick, and the actions are carried out in order of id. So it does
 * not matter how time is cut into calls.
 *
 * No rule is entered while another runs. What a rule brings about that is the business of another rule
 * (an NPC is idle: its plan goes on; nothing is left of an item) it leaves as an event that is due at
 * once. That event is handed out when the rule has ended, before anything else. The same holds for
 * what comes from outside: each input is done with when the next one comes, here and in a replay.
 * Nothing that is due at once is ever written.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine/entities.h"
#include "engine/image.h"

/* ---- one rule after another ---- */

static void
begin_rule(World *world)
{
	if (world->in_rule)
		elog(ERROR, "a rule of world %lld was entered while one runs", (long long) world->id);
	world->in_rule = true;
}

static void
end_rule(World *world)
{
	world->in_rule = false;
}

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
		case EVENT_GO_ON:
			npc_next_step(world, npc);
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
		/* An event that should have happened before this moment happens now: time does not go back. */
		world->now = Max(world->now, due->at);
		begin_rule(world);
		if (due->kind == DUE_ITEM)
			item_due(world, due->owner);
		else if (due->kind == DUE_BID)
			bid_due(world, due->owner);
		else if (due->kind >= DUE_THING)
			thing_is_due(world, due->kind - DUE_THING, due->owner);
		else
			npc_event(world, due->owner);
		end_rule(world);
	}
}

static bool
is_settled(const World *world)
{
	const Due *first = due_first(&world->events);

	return first == NULL || first->at > AT_ONCE;
}

/* ---- what comes from outside ---- */

void
world_enter(World *world)
{
	Assert(is_settled(world));
	begin_rule(world);
}

void
world_leave(World *world)
{
	end_rule(world);
	run_events(world, AT_ONCE);
}

void
world_settle(World *world)
{
	bool unchecked = world->ways_unchecked;

	world->ways_unchecked = false;
	if (!unchecked)
		return;
	world_enter(world);
	world_check_ways(world);
	world_leave(world);
}

void
world_write(World *world)
{
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "npcsim writing", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(scratch);

	world_settle(world);
	if (world->in_rule || !is_settled(world))
		elog(ERROR, "world %lld is to be written in the midst of a moment", (long long) world->id);
	image_write(world);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(scratch);
}

/* ---- ticks ---- */

static void
run_tick(World *world, int64 end)
{
	CHECK_FOR_INTERRUPTS();
	world->in_tick = true;
	run_events(world, end);
	world->now = end;
	begin_rule(world);
	if (world->look_for_minds_at <= end)
		world_look_for_minds(world);
	world_decide(world);
	end_rule(world);
	run_events(world, AT_ONCE);
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
