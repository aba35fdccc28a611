/*
 * decide.c
 *	  Who decides when: the schedule of looks, and requests to minds outside.
 *
 * An NPC without a controller is decided for by the built-in mind: at once when it is
 * idle, else every 3 s. One with a controller is looked at when there is an occasion to ask its mind
 * (idle, the interval, a need falling below 50 or 20, the time or an event the mind asked for); if
 * then its mind is not there, or may spend no more, the built-in one decides. While an answer
 * is awaited the NPC goes on with what it does; when the built-in mind steps in meanwhile is in care.c, and the mind is
 * told so.
 *
 * Questions keep their distance: what can wait is asked ASK_INTERVAL after the last question at the earliest, whatever became
 * of that, and after a failure not before the mind has been left alone for a while (asking.c). When nothing calls for its
 * mind, an NPC without a plan is asked every idle_interval of its world. In between the built-in mind acts, as it does for
 * NPCs without a controller, and looks after what it began; what the NPC's own mind began is left alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "engine/image.h"
#include "json.h"
#include "sim/random.h"
#include "spi.h"
#include "tables/id_lists.h"

/* An NPC's mind is asked at most this often. */
#define ASK_INTERVAL (3 * SIM_SECOND)
/* By the rules of 0.1.0 an NPC whose mind is silent stands idle this long, per unit of speed. */
#define IDLE_LIMIT_0_1 (10 * SIM_SECOND)
/* How often it is checked whether the mind behind a long activity is still there. */
#define CHECK_INTERVAL (30 * SIM_SECOND)

static SpiStatement present_statement =
	{"SELECT p.player_id FROM npcsim_internal.present_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};
/* The same for worlds in which players have budgets: those who may still spend something. */
static SpiStatement askable_statement =
	{"SELECT p.player_id FROM npcsim_internal.askable_players($1) AS p(player_id) ORDER BY 1", 1, {INT8OID}};

/* ---- the schedule ---- */

/* The first moment after now at which a need falls below a threshold. */
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

/* A need fell when the mind could not be asked yet: that it began to do something since is no reason to forget it. */
static bool
need_waits(const World *world, const Npc *npc, int64 earliest)
{
	if (npc->decision_reason != REASON_NEED || npc->decision_at > earliest)
		return false;
	for (int need = 0; need < NEED_COUNT; need++)
		if (need_at(npc->needs.value[need], npc->needs.rate[need], npc->needs.as_of, world->now) <
			MIND_LOW_NEED)
			return true;
	return false;
}

/* While an answer is awaited: when the built-in mind steps in. */
static int64
patience_ends(World *world, const Npc *npc)
{
	if (world_lives_by(world->lock, RULES_0_2))
		return npc_care_due(world, npc);
	if (npc->state != NPC_IDLE)
		return SIM_NEVER;
	return Min(Max(Max(npc->state_since, npc->asked_at) + world_patience(world, IDLE_LIMIT_0_1), world->now),
			   needs_fall_below(world, npc, MIND_CRITICAL_NEED));
}

/* Invitations and what is said to an NPC are put to its mind at once, however short ago it was asked. */
static bool
cannot_wait(DecisionReason reason)
{
	return reason == REASON_BID || reason == REASON_MESSAGE;
}

/* When it is checked whether its mind is there: whatever else happens does not put that off. */
static int64
next_check(const World *world, const Npc *npc)
{
	int64 at = world->now + CHECK_INTERVAL;

	return npc->decision_reason == REASON_CHECK ? Min(at, Max(npc->decision_at, world->now)) : at;
}

/* When the mind is to be asked, and why: in worlds that live by the rules of 0.1.0. */
static int64
next_occasion_0_1(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 earliest = npc->asked_at < 0 ? world->now : Max(world->now, npc->asked_at + ASK_INTERVAL);
	int64 at;

	if (cannot_wait(npc->decision_reason))
	{
		*reason = npc->decision_reason;
		return world->now;
	}
	if (npc->decision_reason == REASON_PLAN_FAILED || npc->decision_reason == REASON_REQUESTED)
	{
		*reason = npc->decision_reason;
		return earliest;
	}
	if (npc->state == NPC_IDLE)
	{
		*reason = REASON_IDLE;
		return Max(earliest, world->now + pause);
	}
	if (world->policy == POLICY_INTERVAL)
	{
		*reason = REASON_INTERVAL;
		return npc->decider == DECIDER_BUILT_IN ? Max(earliest, npc->last_decision_at + MIND_INTERVAL)
												: earliest;
	}
	if (need_waits(world, npc, earliest))
	{
		*reason = REASON_NEED;
		return earliest;
	}
	/* What the built-in mind began is looked after as the built-in mind does. */
	if (npc->decider == DECIDER_BUILT_IN)
	{
		*reason = REASON_CHECK;
		at = Max(world->now, npc->last_decision_at + MIND_INTERVAL);
	}
	else
	{
		*reason = REASON_CHECK;
		at = world->now + CHECK_INTERVAL;
	}
	if (npc->ask_again_at != SIM_NEVER && Max(npc->ask_again_at, earliest) <= at)
	{
		*reason = REASON_INTERVAL;
		at = Max(npc->ask_again_at, earliest);
	}
	for (int i = 0; i < 2; i++)
	{
		int64 falls = needs_fall_below(world, npc, i == 0 ? MIND_LOW_NEED : MIND_CRITICAL_NEED);

		if (falls != SIM_NEVER && Max(falls, earliest) <= at)
		{
			*reason = REASON_NEED;
			at = Max(falls, earliest);
		}
	}
	return at;
}

/* The first moment at which its mind may be asked what can wait. */
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

/* Is there something to ask its mind as soon as that may be asked? */
static bool
question_waits(const World *world, const Npc *npc)
{
	return npc->decision_reason == REASON_PLAN_FAILED || npc->decision_reason == REASON_REQUESTED ||
		   (npc->decision_reason == REASON_NEED_WAITS && has_low_need(world, npc));
}

/* Nobody's choice, or the built-in mind's: its own mind is to choose. */
static bool
is_unguided(const Npc *npc)
{
	return npc->state == NPC_IDLE || npc->decider == DECIDER_BUILT_IN;
}

/* The same question again: 'pause' is how long an idle NPC takes to think of it. */
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
		/* What the built-in mind has just begun is let be. */
		at = Max(at, npc->last_decision_at + MIND_INTERVAL);
		if (world->policy == POLICY_INTERVAL)
			*reason = REASON_INTERVAL;
	}
	if (world->policy == POLICY_OCCASIONS && npc->asked_at >= 0)
		at = Max(at, npc->asked_at + world->idle_interval);
	return at;
}

/* When the mind wants to be asked again. One that was not there then is asked when it is, at the built-in mind's looks. */
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

/* When the mind is to be asked, and why. A need may fall before the mind can be asked about it: then it waits from there on. */
static int64
next_question(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at;
	int64 wanted;
	int64 falls;

	if (cannot_wait(npc->decision_reason) || question_waits(world, npc))
	{
		*reason = npc->decision_reason;
		return cannot_wait(*reason) ? world->now : may_be_asked_at(world, npc);
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

/* When the built-in mind acts for an NPC whose mind is not asked before 'question'. */
static int64
next_look_between(const World *world, const Npc *npc, int64 pause, int64 question)
{
	int64 at;

	if (npc->state == NPC_IDLE)
	{
		at = world->now + pause;
		/* It does not begin anything for a moment. */
		return question - at > ASK_INTERVAL ? at : SIM_NEVER;
	}
	if (npc->decider == DECIDER_BUILT_IN)
		return Max(world->now, npc->last_decision_at + MIND_INTERVAL);
	return SIM_NEVER;
}

/* When the NPC is to be looked at, and what its mind is to be asked then, or as soon as it may be. */
static int64
next_occasion(World *world, const Npc *npc, int64 pause, DecisionReason *reason)
{
	int64 at = next_question(world, npc, pause, reason);
	int64 look = next_look_between(world, npc, pause, at);

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

/* It is to be asked on this occasion or looked after before that; the reason is not forgotten for it. */
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
	if (world->policy == POLICY_NONE)
		return SIM_NEVER;
	if (npc->controller != 0 && !npc->request_pending)
		return world_lives_by(world->lock, RULES_0_2) ? next_occasion_or_care(world, npc, pause, reason)
													  : next_occasion_0_1(world, npc, pause, reason);
	if (npc->controller != 0)
	{
		/* It is asked again as soon as this question is done with. */
		if (cannot_wait(npc->decision_reason))
			*reason = npc->decision_reason;
		return patience_ends(world, npc);
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

void
npc_request_decision(World *world, Npc *npc)
{
	if (world->policy == POLICY_NONE || npc->request_pending)
		return;
	npc->decision_reason = REASON_REQUESTED;
	if (world_lives_by(world->lock, RULES_0_2))
		npc_schedule(world, npc, 0);
	else
		npc->decision_at = world->now;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
}

void
world_ask_again(World *world, Npc *npc, int64 at)
{
	npc->ask_again_at = at;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
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
	world_each_npc(world, schedule_anew, NULL);
}

/* Whose mind is waited for, or who has none, is looked at when it would be anyway. */
static void
schedule_question(World *world, Npc *npc, void *arg)
{
	if (npc->controller == 0 || npc->request_pending)
		return;
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
world_set_idle_interval(World *world, int32 seconds)
{
	world->idle_interval = seconds * SIM_SECOND;
	world_each_npc(world, schedule_question, NULL);
}

/* ---- requests ---- */

void
world_open_request(World *world, Npc *npc, DecisionReason reason)
{
	if (npc->request_pending || npc->controller == 0 || npc_budget_spent(world, npc))
		return;
	npc->request_pending = true;
	npc->request_id = world_new_id(world->lock);
	npc->request_reason = reason;
	npc->request_state = npc->state_counter;
	npc->request_opened_at = world->now;
	npc->request_player = npc->controller;
	npc->asked_at = world->now;
	npc_was_asked(world, npc);
	npc->events_merged = 0;
	npc->ask_again_at = SIM_NEVER;
	if (cannot_wait(reason))
		npc_note_pressing(world, npc);
	npc->decision_reason = REASON_IDLE;
	npc_touch(world, npc, NPC_DIRTY_REQUEST | NPC_DIRTY_MIND | NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
	world->result.requests++;
	world->lock->requests = true;
}

void
world_close_request(World *world, Npc *npc)
{
	if (!npc->request_pending)
		return;
	npc->request_pending = false;
	npc_touch(world, npc, NPC_DIRTY_REQUEST | NPC_DIRTY_HIDDEN);
	npc_schedule(world, npc, 0);
	npc_settle(world, npc);
}

void
npc_forget_events(World *world, Npc *npc, int count)
{
	if (npc->mind_events == NULL || count <= 0)
		return;
	while (count-- > 0 && npc->mind_events != NULL)
		json_list_drop_first(&npc->mind_events);
	npc->events_dropped = 0;
	npc->events_merged = 0;
	npc_touch(world, npc, NPC_DIRTY_MIND);
	/* The question that was open has told it of the invitation, of what was said: no need to ask for that again. */
	if (npc->mind_events == NULL && cannot_wait(npc->decision_reason))
	{
		npc->decision_reason = REASON_IDLE;
		npc_schedule(world, npc, 0);
		npc_settle(world, npc);
	}
}

static bool
id_list_equal(const IdList *list, const int64 *ids, int count)
{
	return list->count == count && (count == 0 || memcmp(list->ids, ids, count * sizeof(int64)) == 0);
}

void
world_set_present(World *world, const int64 *player_ids, int count)
{
	StringInfoData payload;

	world->present.count = 0;
	for (int i = 0; i < count; i++)
		id_list_add(world, &world->present, player_ids[i]);
	world->present_known = true;
	initStringInfo(&payload);
	json_literal(&payload, "{\"present\":");
	json_ids(&payload, player_ids, count);
	appendStringInfoChar(&payload, '}');
	world_input(world->lock, "presence", payload.data);
	pfree(payload.data);
}

/* Whose minds can be asked: read once per transaction; a change is an input. */
static void
read_present(World *world)
{
	uint64 rows;
	int64 *ids;

	if (world->present_read || world->lock->replaying)
		return;
	spi_begin();
	rows = spi_run(world->players_have_budgets ? &askable_statement : &present_statement,
				   (Datum[]) {Int64GetDatum(world->id)}, NULL, SPI_OK_SELECT);
	ids = palloc(Max(rows, 1) * sizeof(int64));
	for (uint64 row = 0; row < rows; row++)
		ids[row] = spi_int64(row, 1, 0);
	if (!world->present_known || !id_list_equal(&world->present, ids, (int) rows))
		world_set_present(world, ids, (int) rows);
	world->present_read = true;
	spi_end();
}

bool
npc_mind_can_be_asked(World *world, Npc *npc)
{
	read_present(world);
	return world->present.count > 0 &&
		   id_list_find(world->present.ids, world->present.count, npc->controller) >= 0 &&
		   !npc_budget_spent(world, npc);
}

/* ---- everyone who is due ---- */

/*
 * Its mind is there and has not been asked: true if the built-in mind is to decide now, as it is when somebody has to look after
 * the NPC ('care').
 */
static bool
ask_or_act(World *world, Npc *npc, DecisionReason reason, bool care)
{
	DecisionReason why;
	int64		   at;

	if (cannot_wait(reason) && npc_is_pressed(world, npc))
	{
		/* The built-in mind answers for it: to invitations at once, to messages by going on with the conversation. */
		if (reason == REASON_BID)
			npc_renew_invitations(world, npc);
		else if (npc->interaction_id != 0)
			return true;
		reason = REASON_IDLE;
	}
	npc->decision_reason = reason == REASON_NEED ? REASON_NEED_WAITS : reason;
	at = next_question(world, npc, 0, &why);
	if (at <= world->now)
		world_open_request(world, npc, why == REASON_NEED_WAITS ? REASON_NEED : why);
	else
		care |= next_look_between(world, npc, 0, at) <= world->now;
	return care;
}

/* The same in worlds that live by the rules of 0.1.0, in which nobody looks after an NPC whose mind is silent. */
static bool
ask_or_act_0_1(World *world, Npc *npc, DecisionReason reason)
{
	if (reason != REASON_CHECK)
		world_open_request(world, npc, reason);
	else if (npc->decider == DECIDER_BUILT_IN)
		world_open_request(world, npc, REASON_IDLE); /* what it does is not its mind's choice */
	return false;
}

/* True if the built-in mind is to decide now; else its mind was asked or there is nothing to do yet. */
static bool
look_at_controlled(World *world, Npc *npc, DecisionReason reason)
{
	bool renewed = world_lives_by(world->lock, RULES_0_2);
	bool act;

	if (!npc_mind_can_be_asked(world, npc))
	{
		/* When it is there again it is asked. */
		npc->ask_again_at = renewed ? Min(npc->ask_again_at, world->now) : SIM_NEVER;
		npc_was_answered(world, npc); /* nobody is silent who is not there */
		npc_wake_no_more(world, npc);
		world_close_request(world, npc);
		if (reason == REASON_BID)
			npc_renew_invitations(world, npc);
		return true;
	}
	act = npc_care_due(world, npc) <= world->now;
	if (npc->request_pending)
	{
		if (cannot_wait(reason))
			npc->decision_reason = reason;
		if (npc->state == NPC_IDLE)
			return true;
	}
	else
		act = renewed ? ask_or_act(world, npc, reason, act) : ask_or_act_0_1(world, npc, reason);
	if (!act)
	{
		npc_schedule(world, npc, 0);
		npc_settle(world, npc);
	}
	return act;
}

/* Nothing is begun for one that was invited: it is looked at again when that is decided. */
static bool
stays_for_invitation(World *world, Npc *npc)
{
	int64 until = state_is_free(npc->state) ? npc_invited_until(world, npc) : -1;

	if (until < 0)
		return false;
	npc->decision_at = until;
	if (npc->decision_reason == REASON_IDLE)
		npc->decision_reason = REASON_CARE;
	npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	npc_settle(world, npc);
	return true;
}

void
world_decide(World *world)
{
	int	  room = 64;
	int	  count = 0;
	int	  built_in = 0;
	Npc **due;
	Due	 *first = due_first(&world->decisions);

	if (first == NULL || first->at > world->now)
		return;
	due = palloc(room * sizeof(Npc *));
	while ((first = due_first(&world->decisions)) != NULL && first->at <= world->now)
	{
		Npc *npc = first->owner;

		if (count == room)
		{
			room *= 2;
			due = repalloc_huge(due, room * sizeof(Npc *));
		}
		due[count++] = npc;
		due_set(&world->decisions, &npc->due_decision, SIM_NEVER, 0);
		npc->decision_at = SIM_NEVER;
		npc_touch(world, npc, NPC_DIRTY_HIDDEN);
	}
	npcs_sort(due, count);
	for (int i = 0; i < count; i++)
	{
		DecisionReason reason = due[i]->decision_reason;

		/* Whatever it was that made it due, it is looked after now. */
		due[i]->decision_reason = REASON_IDLE;
		if ((due[i]->controller == 0 || look_at_controlled(world, due[i], reason)) &&
			!stays_for_invitation(world, due[i]))
			due[built_in++] = due[i];
	}
	world_decide_built_in(world, due, built_in);
	pfree(due);
}
