/*
 * judging.c
 *	  Judges one answer of a mind, and carries it out.
 *
 * Each answer is judged alone: who gave it, for which request, whether it can be read, whether it can
 * be done. A request is closed by its first answer; a second one changes nothing. An answer that comes
 * after its request was given up is also carried out if the NPC's mind was not asked again since and
 * the answer still fits; else it is only credited. What an answer is about may have ended while its
 * mind thought: it is moot then, which is no fault of the mind, and the mind is asked again.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "engine/decision_json.h"
#include "engine/world.h"
#include "errors.h"
#include "json.h"
#include "reducers/answer_read.h"
#include "reducers/effect.h"
#include "reducers/judging.h"
#include "reducers/npcs.h"
#include "sim/talk.h"

#define ASK_AGAIN_MAX (86400 * SIM_SECOND)
#define ASK_AGAIN_MIN (3 * SIM_SECOND)

/* A decision as it was read. */
typedef struct Decision
{
	Action		action;
	ToldPlan	plan;
	JsonbValue *wake_on;   /* an array of names of events; NULL = none */
	int64		ask_again; /* µs from now, at the latest; -1 = it does not say */
} Decision;

static Refusal
read_plan(World *world, Npc *npc, JsonbContainer *object, Decision *decision)
{
	JsonbValue	   *then = getKeyJsonValueFromContainer(object, "then", strlen("then"), NULL);
	JsonbContainer *array;

	if (then == NULL || then->type == jbvNull)
		return NOT_REFUSED;
	if (then->type != jbvBinary || !JsonContainerIsArray(then->val.binary.data) ||
		JsonContainerSize(then->val.binary.data) > PLAN_ACTIONS_MAX)
		return unreadable("then is not an array of at most 8 actions");
	array = then->val.binary.data;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *step = getIthJsonbValueFromContainer(array, i);
		Refusal		refusal = unreadable("it is not an object");

		if (step->type == jbvBinary && JsonContainerIsObject(step->val.binary.data))
			refusal = action_from_json(world, npc, step->val.binary.data, &decision->plan.steps[i]);
		if (is_refused(refusal))
			return unreadable(psprintf("action %u of then cannot be read: %s", i + 1, refusal.message));
	}
	decision->plan.count = (int) JsonContainerSize(array);
	decision->plan.told = JsonbValueToJsonb(then);
	return NOT_REFUSED;
}

static Refusal
read_wake_on(JsonbContainer *object, Decision *decision)
{
	JsonbValue *names = getKeyJsonValueFromContainer(object, "wake_on", strlen("wake_on"), NULL);
	bool		valid;

	if (names == NULL || names->type == jbvNull)
		return NOT_REFUSED;
	valid = names->type == jbvBinary && JsonContainerIsArray(names->val.binary.data) &&
			JsonContainerSize(names->val.binary.data) <= WAKE_ON_MAX;
	for (uint32 i = 0; valid && i < JsonContainerSize(names->val.binary.data); i++)
		valid = getIthJsonbValueFromContainer(names->val.binary.data, i)->type == jbvString;
	if (!valid)
		return unreadable("wake_on is not an array of at most 16 strings");
	decision->wake_on = names;
	return NOT_REFUSED;
}

static Refusal
read_decision(World *world, Npc *npc, const Answer *answer, Decision *decision)
{
	JsonbContainer *object;
	Refusal			refusal;

	if (answer->flaw != NULL)
		return unreadable(answer->flaw);
	object = &answer->effect->root;
	memset(decision, 0, sizeof(*decision));
	refusal = action_from_json(world, npc, object, &decision->action);
	if (!is_refused(refusal))
		refusal = read_plan(world, npc, object, decision);
	if (!is_refused(refusal) &&
		!decision_amount(object, "next_decision_in_s", SIM_SECOND, ASK_AGAIN_MAX, -1, &decision->ask_again))
		refusal = unreadable("next_decision_in_s is not a number from 0 to 86400");
	if (!is_refused(refusal))
		refusal = read_wake_on(object, decision);
	return refusal;
}

/* The input: an answer that takes effect. */
typedef struct Decided
{
	int64  npc_id;
	int32  told_events;
	int64  state_counter;
	Jsonb *effect;
} Decided;

static const Argument decided_arguments[] = {
	ID_ARGUMENT(Decided, npc_id),
	NUMBER_ARGUMENT(Decided, told_events, 0, PG_INT32_MAX),
	NUMBER_ARGUMENT(Decided, state_counter, 0, PG_INT64_MAX),
	MEMBERS_ARGUMENT(Decided, effect),
};

static void
store_input(World *world, const Answer *answer)
{
	world_input(world_image_lock(world), &reducer_decision,
				&(Decided) {.npc_id = answer->npc_id,
							.told_events = answer->told_events,
							.state_counter = answer->state_counter,
							.effect = answer->effect});
}

/* Whether all invitations that the action rejects are over. */
static bool
rejects_in_vain(const Npc *npc, const Action *action)
{
	for (int i = 0; i < action->id_count; i++)
		if (!npc_invitation_is_over(npc, action->ids[i]))
			return false;
	return !action->all_bids;
}

/*
 * Returns what has ended since the mind was told, so that its answer has lost its object; NULL if nothing
 * has. Events that the mind was told are forgotten by now, so the remaining ones are what it did not know.
 */
static const char *
ended_meanwhile(World *world, const Npc *npc, const Answer *answer, const Action *action)
{
	const char *passed =
		answer->state_counter != npc->state_counter ? "the state it was given for has passed" : NULL;

	switch (action_entry(action->kind)->subject)
	{
		case SUBJECT_STATE:
			return passed;
		case SUBJECT_INTERACTION:
			return answer->state_counter != npc->state_counter && npc_interaction_is_over(npc)
					   ? "the interaction it was given for is over"
					   : NULL;
		case SUBJECT_INVITATION:
			if (action->bid_id != 0)
				return npc_invitation_is_over(npc, action->bid_id) ? "the invitation is over" : NULL;
			return rejects_in_vain(npc, action) ? "the invitations are over" : NULL;
		case SUBJECT_WORLD:
			return action_legal(npc->state, action->kind) ? NULL : passed;
	}
	return NULL;
}

/* Does nothing: the mind, which is not at fault, is asked about what there is now. */
static void
take_as_moot(World *world, Npc *npc, Answer *answer, const char *what)
{
	if (answer->status == ANSWER_PENDING)
		answer->status = ANSWER_APPLIED;
	answer->reason = psprintf("moot: %s", what);
	world_decision_invalidated(world, npc, what);
	npc_was_answered(world, npc);
	npc_request_decision(world, npc);
}

/* Tells that an act in the interaction is held until it may be done. */
static void
tell_of_hold(Answer *answer, const Npc *npc, const Action *action, bool replaces)
{
	StringInfoData reason;

	if (action->kind != ACTION_ACT_IN_INTERACTION || npc_acts_at(npc) < 0)
		return;
	initStringInfo(&reason);
	json_literal(&reason, "held: it is done at ");
	json_millionths(&reason, npc_acts_at(npc));
	appendStringInfo(&reason, ", %d s after its last act%s", (int) (ACT_COOLDOWN / SIM_SECOND),
					 replaces ? ", in place of what was held before" : "");
	answer->reason = reason.data;
}

/* Closes the request, and forgets the events that the mind was told with it. */
static void
close_question(World *world, Npc *npc, int told_events)
{
	npc_forget_events(world, npc, told_events);
	world_close_request(world, npc);
}

/* The input: an answer that counts for nothing, and what its mind is told (NULL: nothing). */
typedef struct DecisionRefused
{
	int64		npc_id;
	int32		told_events;
	const char *message;
} DecisionRefused;

static const Argument refused_arguments[] = {
	ID_ARGUMENT(DecisionRefused, npc_id),
	NUMBER_ARGUMENT(DecisionRefused, told_events, 0, PG_INT32_MAX),
	TEXT_ARGUMENT(DecisionRefused, message, 0, .optional = true, .stored_as_null = true),
};

/* Stores the input, and tells the mind why its answer counts for nothing (NULL: it is not told). */
static void
tell_refusal(World *world, Npc *npc, int told_events, const char *message)
{
	if (message != NULL)
	{
		StringInfoData members;

		initStringInfo(&members);
		json_literal(&members, "\"message\":");
		json_string(&members, message);
		npc_tell(world, npc, MIND_ERROR, members.data);
		pfree(members.data);
	}
	world_input(world_image_lock(world), &reducer_decision_refused,
				&(DecisionRefused) {.npc_id = npc->id, .told_events = told_events, .message = message});
	if (message != NULL)
		world_wake_for_news(world, npc, 0);
}

/* Carries out an answer to the NPC's present request, or to its last one. */
static void
carry_out(World *world, Npc *npc, Answer *answer)
{
	Decision	decision;
	Refusal		refusal;
	const char *ended;
	bool		held = npc_acts_at(npc) >= 0;

	if (!answer->tokens_valid)
	{
		answer_refuse(answer, unreadable("tokens is not a number from 0 to 1000000000"));
		tell_refusal(world, npc, answer->told_events, NULL);
		return;
	}
	refusal = read_decision(world, npc, answer, &decision);
	if (is_refused(refusal))
	{
		/* The request is closed all the same, and the mind is told why. */
		answer_refuse(answer, refusal);
		tell_refusal(world, npc, answer->told_events, refusal.message);
		return;
	}
	answer->action = ranked_action(&decision.action);
	store_input(world, answer);
	ended = ended_meanwhile(world, npc, answer, &decision.action);
	if (ended != NULL)
	{
		take_as_moot(world, npc, answer, ended);
		return;
	}
	refusal = world_act_as_decided(world, npc, &decision.action, &decision.plan, decision.wake_on);
	if (is_refused(refusal))
	{
		answer_refuse(answer, refusal);
		return;
	}
	tell_of_hold(answer, npc, &decision.action, held);
	if (decision.ask_again >= 0)
		world_ask_again(world, npc, world_image_lock(world)->now + Max(decision.ask_again, ASK_AGAIN_MIN));
	if (answer->status == ANSWER_PENDING)
		answer->status = ANSWER_APPLIED;
}

Refusal
decision_carry_out(World *world, Npc *npc, Jsonb *effect)
{
	Decision decision;
	Refusal	 refusal = read_decision(world, npc, &(Answer) {.npc_id = npc->id, .effect = effect}, &decision);

	if (!is_refused(refusal))
		refusal = world_act_as_decided(world, npc, &decision.action, &decision.plan, decision.wake_on);
	if (!is_refused(refusal) && decision.ask_again >= 0)
		world_ask_again(world, npc, world_image_lock(world)->now + Max(decision.ask_again, ASK_AGAIN_MIN));
	return refusal;
}

static void
answer_apply(World *world, Npc *npc, Answer *answer)
{
	/* If the request was given up before, its outcome is noted already. */
	bool in_time = npc->request_pending;

	close_question(world, npc, answer->told_events);
	carry_out(world, npc, answer);
	if (in_time)
		world_note_outcome(world, npc, answer->status == ANSWER_APPLIED);
}

/* In a replay the answer is judged again as it was; carrying it out stores the input. */
static bool
decide_again(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const Decided *decided = arguments;
	Answer		   answer = {.npc_id = decided->npc_id,
							 .effect = decision_effect(decided->effect),
							 .tokens_valid = true,
							 .state_counter = decided->state_counter,
							 .told_events = decided->told_events};

	answer_apply(lock->image, npc_require(lock->image, decided->npc_id), &answer);
	return false;
}

const Reducer reducer_decision = {
	WORLD_REDUCER(decision, decide_again),
	REDUCER_ARGUMENTS(Decided, decided_arguments),
};

static bool
refuse_again(WorldLock *lock, void *arguments, ReducerResult *result)
{
	const DecisionRefused *refused = arguments;
	Npc					  *npc = npc_require(lock->image, refused->npc_id);
	bool				   in_time = npc->request_pending;

	close_question(lock->image, npc, refused->told_events);
	tell_refusal(lock->image, npc, refused->told_events, refused->message);
	if (in_time)
		world_note_outcome(lock->image, npc, false);
	return false;
}

const Reducer reducer_decision_refused = {
	WORLD_REDUCER(decision_refused, refuse_again),
	REDUCER_ARGUMENTS(DecisionRefused, refused_arguments),
};

/* Whether an NPC is there whose questions were never put to the player, nor are to be. One that changed hands is none. */
static bool
npc_is_foreign(World *world, int64 npc_id, int64 player_id)
{
	Npc	 *npc = world_npc(world, npc_id);
	Slot *slot;
	int	  count;

	if (npc == NULL || npc->controller == player_id || npc->request_player == player_id)
		return false;
	slot = slots_read(world_image_lock(world)->world_id, &npc_id, 1, &count);
	return count == 0 || slot->former_player_id != player_id;
}

/* Refuses an answer that its player was not asked for: 'asked' is the player who was, or 0. */
static void
refuse_unasked(World *world, Answer *answer, int64 asked, Refusal refusal)
{
	answer_refuse(answer, refusal);
	answer->unasked = asked != answer->player_id;
	answer->foreign = npc_is_foreign(world, answer->npc_id, answer->player_id);
}

/* Refuses an answer of a player who was asked, but had to leave the request to another. */
static void
refuse_passed_on(Answer *answer)
{
	answer_refuse(answer, refuse(ERRCODE_NS_NOT_CONTROLLER, "the request was passed on to another"));
}

/* Whether the request was put to the answer's player before it was put to another. */
static bool
was_passed_on(World *world, const Answer *answer, const Slot *slot)
{
	int			 count;
	PastRequest *past = past_requests_read(world_image_lock(world)->world_id, &slot->request_id, 1, &count);

	for (int i = 0; i < count; i++)
		if (past[i].player_id == answer->player_id)
			return true;
	return false;
}

void
answer_judge_past(World *world, Answer *answer, PastRequest *past)
{
	if (past == NULL)
	{
		refuse_unasked(world, answer, 0, refuse(ERRCODE_NS_NO_REQUEST, "no request was open for it"));
		return;
	}
	answer->npc_id = past->npc_id;
	if (past->player_id != answer->player_id)
	{
		refuse_unasked(world, answer, past->player_id,
					   refuse(ERRCODE_NS_NOT_CONTROLLER, "the request was not put to this player"));
		return;
	}
	if (past->passed_on)
	{
		refuse_passed_on(answer);
		return;
	}
	answer->status = past->answered ? ANSWER_DUPLICATE : ANSWER_LATE;
	answer->pooled = past->pooled;
	answer->reason = past->answered ? "the request was answered already" : "the mind was asked again since";
	answer->reason_asked = past->reason;
	answer->opened_at_real = past->opened_at_real;
	answer->sent_at_real = past->sent_at_real;
	answer->source_id = past->source_id;
	answer->credit = past->credit;
	past->answered = true;
}

/* Whether the NPC came to another player since its question was put, to its player or to the pool. */
static bool
has_changed_hands(const Npc *npc, const Slot *slot)
{
	if (slot->player_id == POOL)
		return npc->controller != 0 && npc->controller_since > npc->request_opened_at;
	return npc->controller != slot->player_id;
}

void
answer_judge(World *world, Answer *answer, Slot *slot)
{
	Npc *npc;

	if (slot == NULL)
	{
		refuse_unasked(world, answer, 0, refuse(ERRCODE_NS_NO_REQUEST, "no request was open for it"));
		return;
	}
	answer->npc_id = slot->npc_id;
	npc = world_npc(world, slot->npc_id);
	if (slot->asked_player_id != answer->player_id || npc == NULL || has_changed_hands(npc, slot))
	{
		if (slot->asked_player_id != answer->player_id && was_passed_on(world, answer, slot))
			refuse_passed_on(answer);
		else
			refuse_unasked(world, answer, slot->asked_player_id,
						   refuse(ERRCODE_NS_NOT_CONTROLLER, "the request was not put to this player"));
		return;
	}
	if (answer->request_id == 0)
		answer->request_id = slot->request_id;
	answer_take_request(answer, slot);
	answer->state_counter = slot->state_counter;
	if (slot->answered)
	{
		answer->status = ANSWER_DUPLICATE;
		answer->reason = "the request was answered already";
		return;
	}
	if (slot->status == REQUEST_CLOSED)
		answer->status = ANSWER_LATE;
	slot->answered = true;
	answer_read_choice(answer, slot);
	answer->told_events = Max(slot->told_events - npc->events_dropped - npc->events_merged, 0);
	answer_apply(world, npc, answer);
}
