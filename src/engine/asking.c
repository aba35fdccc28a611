/*
 * asking.c
 *	  What else decides whether a mind is asked, besides the schedule (decide.c): events that it wants to be
 *	  woken by, and the tokens it may still spend.
 *
 * A mind that fails is left alone for a while that doubles up to a minute: questions cost its player money. The time
 * is real time, taken at the speed of the world at the moment of the failure. Invitations and messages are put to it all
 * the same, but only so many a minute; beyond that the built-in mind answers them.
 *
 * An event wakes a mind that named it in wake_on and has not been told of it. While a question is open nothing more
 * need be asked; what happened meanwhile is looked through when that question is done with.
 *
 * Tokens come from outside, and so does the day. What the world makes of them, that the budget of an NPC is
 * spent or no longer so, is an input: the same inputs make the same world on any day. (Budgets of players and of the
 * world are part of who can be asked: the input "presence".)
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "engine/image.h"

/* No event has so long a name: longer ones are not kept. */
#define EVENT_NAME_MAX 63

/* ---- events that wake a mind ---- */

static bool
wakes(const Npc *npc, MindEvent event)
{
	for (int i = 0; npc->wake_on != NULL && i < npc->wake_on->count; i++)
	{
		const char *name = npc->wake_on->item[i]; /* in quotes */
		MindEvent	named;

		if (mind_event_by_name(name + 1, strlen(name) - 2, &named) && named == event)
			return true;
	}
	return false;
}

/* Why a mind is to be asked: what is more urgent is not forgotten for what is less so. */
static int
urgency(DecisionReason reason)
{
	switch (reason)
	{
		case REASON_BID:
			return 3;
		case REASON_MESSAGE:
			return 2;
		case REASON_PLAN_FAILED:
		case REASON_REQUESTED:
			return 1;
		default:
			return 0;
	}
}

/* Its mind is to be asked about that, if nothing more urgent is to be asked. The caller schedules. */
void
npc_lacks(World *world, Npc *npc)
{
	if (npc->controller == 0 || npc->request_pending || urgency(npc->decision_reason) > 0)
		return;
	npc->decision_reason = REASON_NEED_WAITS;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
}

/* While a question is open only what cannot wait for the schedule is kept in mind. */
void
npc_call_mind(World *world, Npc *npc, DecisionReason reason)
{
	if (npc->controller == 0 || urgency(npc->decision_reason) >= urgency(reason) ||
		(npc->request_pending && reason != REASON_BID && reason != REASON_MESSAGE))
		return;
	npc->decision_reason = reason;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	/* No more than that: the NPC may be in the midst of a change. */
	due_set(&world->decisions, &npc->due_decision, npc->decision_at, 0);
}

/* An event was told. */
void
npc_wake(World *world, Npc *npc, MindEvent event)
{
	if (wakes(npc, event))
		npc_call_mind(world, npc, REASON_REQUESTED);
}

void
npc_wake_no_more(World *world, Npc *npc)
{
	if (npc->wake_on == NULL)
		return;
	json_list_clear(&npc->wake_on);
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

void
world_wake_for_news(World *world, Npc *npc, int known)
{
	const JsonList *events = npc->mind_events;

	if (npc->wake_on == NULL || events == NULL)
		return;
	for (int i = Max(known, 0); i < events->count; i++)
	{
		Jsonb	   *event = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(events->item[i])));
		JsonbValue *type = getKeyJsonValueFromContainer(&event->root, "type", strlen("type"), NULL);
		MindEvent	told;

		if (type != NULL && type->type == jbvString &&
			mind_event_by_name(type->val.string.val, type->val.string.len, &told) && wakes(npc, told))
		{
			npc_call_mind(world, npc, REASON_REQUESTED);
			return;
		}
	}
}

static void
set_wake_on(World *world, Npc *npc, const JsonbValue *names)
{
	JsonbContainer *array;
	int				count;

	if (names == NULL)
		return;
	array = names->val.binary.data;
	count = Min((int) JsonContainerSize(array), WAKE_ON_MAX);
	for (int i = 0; i < count; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(array, i);
		Jsonb	   *text;

		if (name->type != jbvString || name->val.string.len > EVENT_NAME_MAX)
			continue;
		text = JsonbValueToJsonb(name);
		json_list_append(&npc->wake_on, JsonbToCString(NULL, &text->root, VARSIZE(text)), world->context);
	}
}

Refusal
world_act_as_decided(World *world, Npc *npc, const Action *action, const ToldPlan *plan,
					 const JsonbValue *wake_on)
{
	JsonList *before = npc->wake_on;
	Refusal	  refusal;

	/* What the decision itself brings about is looked at when it is known whether it stands. */
	npc->wake_on = NULL;
	refusal = world_act_and_plan(world, npc, action, plan, DECIDER_MIND);
	if (is_refused(refusal))
		npc->wake_on = before;
	else
	{
		set_wake_on(world, npc, wake_on);
		if (before != NULL || npc->wake_on != NULL)
			npc_touch(world, npc, NPC_DIRTY_MIND);
		json_list_clear(&before);
		npc_was_answered(world, npc);
	}
	world_wake_for_news(world, npc, 0);
	return refusal;
}

/* ---- minds that fail, minds that are told much ---- */

#define BACK_OFF_FIRST (3 * SIM_SECOND)
#define BACK_OFF_MOST  (60 * SIM_SECOND)
/* Failures that are counted: BACK_OFF_FIRST, doubled so often, is more than BACK_OFF_MOST. */
#define FAILURES_MAX 6
/* In this time there are PRESSING_MAX questions that did not wait, at most. */
#define PRESSING_TIME (60 * SIM_SECOND)

void
world_note_outcome(World *world, Npc *npc, bool applied)
{
	if (!world_lives_by(world->lock, RULES_0_2) || (applied && npc->failures == 0))
		return;
	if (applied)
	{
		npc->failures = 0;
		npc->asked_not_before = -1;
	}
	else
	{
		npc->failures = Min(npc->failures + 1, FAILURES_MAX);
		npc->asked_not_before =
			world->now + world_patience(world, Min(BACK_OFF_FIRST << (npc->failures - 1), BACK_OFF_MOST));
	}
	npc_touch(world, npc, NPC_DIRTY_MIND);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

/* How many of those moments are so long ago that they count no more. */
static int
pressing_gone_by(const World *world, const Npc *npc)
{
	int64 since = world->now - world_patience(world, PRESSING_TIME);
	int	  gone = 0;

	while (gone < npc->pressing_count && npc->pressing[gone] <= since)
		gone++;
	return gone;
}

bool
npc_is_pressed(const World *world, const Npc *npc)
{
	return world_lives_by(world->lock, RULES_0_2) &&
		   npc->pressing_count - pressing_gone_by(world, npc) >= PRESSING_MAX;
}

void
npc_note_pressing(World *world, Npc *npc)
{
	int gone = Max(pressing_gone_by(world, npc), npc->pressing_count - PRESSING_MAX + 1);

	if (!world_lives_by(world->lock, RULES_0_2))
		return;
	npc->pressing_count -= gone;
	memmove(npc->pressing, npc->pressing + gone, npc->pressing_count * sizeof(int64));
	npc->pressing[npc->pressing_count++] = world->now;
	npc_touch(world, npc, NPC_DIRTY_MIND);
}

/* ---- budgets ---- */

void
world_count_tokens(World *world, Npc *npc, int64 tokens)
{
	int64 before = npc->tokens_day == world->today ? npc->tokens : 0;

	npc->tokens = Min(before + tokens, TOKENS_MAX);
	npc->tokens_day = world->today;
}

void
world_set_budget_spent(World *world, Npc *npc, bool spent)
{
	npc->budget_spent = spent;
	npc_touch(world, npc, NPC_DIRTY_MIND);
	world_input(world->lock, "budget",
				psprintf("{\"npc_id\":%lld,\"spent\":%s}", (long long) npc->id, spent ? "true" : "false"));
}

bool
npc_budget_spent(World *world, Npc *npc)
{
	bool spent = world->max_tokens_per_npc > 0 && npc->tokens_day == world->today &&
				 npc->tokens >= world->max_tokens_per_npc;

	if (spent != npc->budget_spent && !world->lock->replaying)
		world_set_budget_spent(world, npc, spent);
	return npc->budget_spent;
}
