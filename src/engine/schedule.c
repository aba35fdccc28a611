/*
 * schedule.c
 *	  The schedule: when an NPC is looked at next, and why.
 *
 * For an NPC without a controller the built-in mind decides: at once when it is idle, else every 3 s.
 * An NPC with a controller is looked at when there is an occasion to ask its mind (it is idle, the
 * interval is over, a need falls below 50 or 20, a moment or an event has come that the mind asked
 * for); decide.c says what happens then.
 *
 * Questions keep a distance: one that can wait is asked ASK_INTERVAL after the last question at the
 * earliest, whatever became of that, and after a failure not before the mind has been left alone for a
 * while (requests.c). When nothing calls for its mind, an NPC without a plan is asked every
 * idle_interval of its world. In between the built-in mind acts, as it does for NPCs without a
 * controller, and looks after what it began; what the NPC's own mind began is left alone.
 */
#include "postgres.h"

#include "engine/image.h"

/* The least time between two questions to an NPC's mind that can wait. */
#define ASK_INTERVAL (3 * SIM_SECOND)
/* How often it is checked whether the mind behind a long activity is still there. */
#define CHECK_INTERVAL (30 * SIM_SECOND)

/* Returns the first moment after now at which a need falls below a threshold. */
static int64
needs_fall_below(const World *world, const Npc *npc, int32 threshold)
{
	int64 first = SIM_NEVER;

	for (int need = 0; need < NEED_COUNT; need++)
		if (npc->needs.rate[need] < 0)
			first = Min(first, need_crosses(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of,
											world->now, threshold));
	return first;
}

bool
reason_cannot_wait(DecisionReason reason)
{
	return reason == REASON_BID || reason == REASON_MESSAGE;
}

/* Returns when it is checked whether the NPC's mind is there. Other occasions do not put that off. */
static int64
next_check(const World *world, const Npc *npc)
{
	int64 at = world->now + CHECK_INTERVAL;

	return npc->decision_reason == REASON_CHECK ? Min(at, Max(npc->decision_at, world->now)) : at;
}

/* Returns the first moment at which the mind may be asked a question that can wait. */
static int64
may_be_asked_at(const World *world, const Npc *npc)
{
	int64 at = npc->asked_at < 0 ? world->now : Max(world->now, npc->asked_at + ASK_INTERVAL);

	return Max(at, npc->asked_not_before);
}

static bool
has_low_need(const World *world, const Npc *npc)
{
	for (int need = 0; need < NEED_COUNT; need++)
		if (need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of, world->now) <
			MIND_LOW_NEED)
			return true;
	return false;
}

/* Whether there is something to ask the mind as soon as it may be asked. */
static bool
question_waits(const World *world, const Npc *npc)
{
	return npc->decision_reason == REASON_PLAN_FAILED || npc->decision_reason == REASON_REQUESTED ||
		   (npc->decision_reason == REASON_NEED_WAITS && has_low_need(world, npc));
}

/* Whether its own mind has not chosen what the NPC does: it does nothing, or what the built-in mind chose. */
static bool
is_unguided(const Npc *npc)
{
	return npc->state == NPC_IDLE || npc->decider == DECIDER_BUILT_IN;
}

/*
 * Returns when the mind is asked although nothing calls for it; 'pause' is how long an NPC stays idle first.
 */
static int64
next_routine_question(const World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at = may_be_asked_at(world, npc);

	if (!is_unguided(npc))
	{
		*reason = REASON_INTERVAL;
		return world->policy == POLICY_INTERVAL ? at : SIM_NEVER;
	}
	*reason = REASON_IDLE;
	if (npc->state == NPC_IDLE)
		at = Max(at, world->now + pause);
	else
	{
		/* What the built-in mind has just begun is left alone. */
		at = Max(at, npc->last_decision_at + MIND_INTERVAL);
		if (world->policy == POLICY_INTERVAL)
			*reason = REASON_INTERVAL;
	}
	if (world->policy == POLICY_OCCASIONS && npc->asked_at >= 0)
		at = Max(at, npc->asked_at + world->idle_interval);
	return at;
}

/*
 * Returns when the mind wants to be asked again. A mind that was not there then is asked when it is, at the
 * looks of the built-in mind.
 */
static int64
next_wanted_question(const World *world, const Npc *npc, int64 pause)
{
	int64 at = npc->ask_again_at;

	if (at == SIM_NEVER)
		return SIM_NEVER;
	if (npc->state == NPC_IDLE)
		at = Max(at, world->now + pause);
	else if (npc->decider == DECIDER_BUILT_IN && at <= npc->last_decision_at)
		at = npc->last_decision_at + MIND_INTERVAL;
	return Max(at, may_be_asked_at(world, npc));
}

int64
npc_next_question(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at;
	int64 wanted;
	int64 falls;

	if (reason_cannot_wait(npc->decision_reason) || question_waits(world, npc))
	{
		*reason = npc->decision_reason;
		return reason_cannot_wait(*reason) ? world->now : may_be_asked_at(world, npc);
	}
	at = next_routine_question(world, npc, pause, reason);
	wanted = next_wanted_question(world, npc, pause);
	if (wanted < at)
	{
		*reason = is_unguided(npc) ? REASON_IDLE : REASON_INTERVAL;
		at = wanted;
	}
	for (int i = 0; i < 2; i++)
	{
		falls = needs_fall_below(world, npc, i == 0 ? MIND_LOW_NEED : MIND_CRITICAL_NEED);
		if (falls <= at && falls != SIM_NEVER)
		{
			*reason = REASON_NEED;
			at = falls;
		}
	}
	falls = npc_goes_without(world, npc);
	if (falls <= at && falls != SIM_NEVER)
	{
		*reason = REASON_NEED;
		at = Max(falls, world->now);
	}
	return at;
}

int64
npc_next_look_between(const World *world, const Npc *npc, int64 pause, int64 question)
{
	int64 at;

	if (npc->state == NPC_IDLE)
	{
		at = world->now + pause;
		/* The built-in mind begins nothing shortly before the NPC's own mind is asked. */
		return question - at > ASK_INTERVAL ? at : SIM_NEVER;
	}
	if (npc->decider == DECIDER_BUILT_IN)
		return Max(world->now, npc->last_decision_at + MIND_INTERVAL);
	return SIM_NEVER;
}

/* Returns when the NPC is to be looked at, and what its mind is to be asked then, or as soon as it may be. */
static int64
next_occasion(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at = npc_next_question(world, npc, pause, reason);
	int64 look = npc_next_look_between(world, npc, pause, at);

	if (!is_unguided(npc))
		look = next_check(world, npc);
	if (look < at)
	{
		at = look;
		if (!question_waits(world, npc))
			*reason = REASON_CHECK;
	}
	return at;
}

/*
 * Returns when the NPC is to be asked, or looked after if that comes first. A question that waits keeps its
 * reason.
 */
static int64
next_occasion_or_care(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at = next_occasion(world, npc, pause, reason);
	int64 care = npc_care_due(world, npc);

	if (care >= at)
		return at;
	if (!question_waits(world, npc))
		*reason = REASON_CARE;
	return care;
}

static int64
next_look(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	*reason = REASON_IDLE;
	if (world->policy == POLICY_NONE || npc->state == NPC_DORMANT)
		return SIM_NEVER;
	if (npc_is_minded(npc) && !npc->request_pending)
		return next_occasion_or_care(world, npc, pause, reason);
	if (npc_is_minded(npc))
	{
		/* It is asked again as soon as the open question is done with. */
		if (reason_cannot_wait(npc->decision_reason))
			*reason = npc->decision_reason;
		return npc_care_due(world, npc);
	}
	if (npc->state == NPC_IDLE || npc->last_decision_at < 0)
		return world->now + pause;
	return Max(world->now, npc->last_decision_at + MIND_INTERVAL);
}

void
npc_schedule(World *world, Npc *npc, int64 pause)
{
	DecisionReason reason;
	int64		   at = next_look(world, npc, pause, &reason);

	if (at == npc->decision_at && reason == npc->decision_reason)
		return;
	npc->decision_at = at;
	npc->decision_reason = reason;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
}
