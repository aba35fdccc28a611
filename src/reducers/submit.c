/*
 * submit.c
 *	  Answers of minds: submit_npc_decisions, fail_decisions, expire_decisions.
 *
 * A batch is taken world by world in ascending order of id, under the world's lock, and within a
 * world in the order given. Each answer is judged alone: who gave it, for which request, whether it can be read, whether
 * it can be done. A request is closed by its first answer; a second one changes nothing. An answer that comes
 * after its request was given up is carried out too when the NPC's mind was not asked again since
 * and it still fits; else it is only credited. What an answer is about may have ended while its mind thought: it is moot then,
 * which is no fault of the mind, and the mind is asked again. Everything is written once per world; then the log.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "engine/world.h"
#include "errors.h"
#include "json.h"
#include "quiet.h"
#include "reducers/args.h"
#include "reducers/answers.h"
#include "reducers/choices.h"
#include "reducers/effect.h"
#include "reducers/inputs.h"
#include "reducers/submit.h"
#include "sim/talk.h"
#include "sim/texts.h"
#include "spi.h"
#include "tables/arrays.h"

PG_FUNCTION_INFO_V1(npcsim_submit_npc_decisions);
PG_FUNCTION_INFO_V1(npcsim_fail_decisions);
PG_FUNCTION_INFO_V1(npcsim_expire_decisions);

#define BATCH_MAX		   10000
#define DECISION_BYTES_MAX 65536
#define REASON_CHARS_MAX   500
#define ASK_AGAIN_MAX	   (86400 * SIM_SECOND)
#define ASK_AGAIN_MIN	   (3 * SIM_SECOND)
#define EXPIRE_MAX		   1000
#define TOLD_REASON_BYTES  200 /* of why a decision failed */

static SpiStatement players_statement =
	{"SELECT p.id, p.world_id, p.status, c.home = $2 FROM npcsim.player_accounts p "
	 "JOIN npcsim.world_clock c ON c.world_id = p.world_id WHERE p.id = ANY ($1)",
	 2,
	 {INT8ARRAYOID, TEXTOID}};

/*
 * Requests that nobody will answer: sent long ago, or open and never fetched. Only of running worlds, and not for
 * the time before a world was last started: pauses do not count.
 */
static SpiStatement expired_statement =
	{"SELECT d.world_id, d.npc_id, d.request_id, d.player_id, "
	 "CASE WHEN d.status = 2 THEN '" TIMED_OUT "' ELSE 'nobody fetched it' END, d.status = 1 "
	 "FROM npcsim.decision_slots d JOIN npcsim.world_clock c ON c.world_id = d.world_id "
	 "WHERE c.status = 'running' AND c.home = $1 AND "
	 "((d.status = 2 AND greatest(d.sent_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- pg_catalog.make_interval(secs => d.timeout_ms / 1000.0 + 5)) "
	 "OR (d.status = 1 AND greatest(d.opened_at_real, c.started_at_real) < pg_catalog.clock_timestamp() "
	 "- interval '60 s' "
	 "AND d.player_id NOT IN (SELECT p.player_id FROM npcsim_internal.askable_players(d.world_id) AS "
	 "p(player_id)))) "
	 "ORDER BY d.world_id, d.npc_id LIMIT 1000",
	 1,
	 {TEXTOID}};

/* ---- reading the batch ---- */

/* jsonb of a text; NULL when it is none. An error of the parser is confined to a subtransaction, which writes nothing. */
static Jsonb *
parse_json(const char *text)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	Jsonb *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		result = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		/* Not the text's fault. */
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return result;
}

static Jsonb *
read_decision(const char *text)
{
	Jsonb *decision;

	if (strlen(text) > DECISION_BYTES_MAX)
		return NULL;
	decision = parse_json(text);
	return decision != NULL && JB_ROOT_IS_OBJECT(decision) ? decision : NULL;
}

static void
read_id(JsonbContainer *object, const char *name, int64 *id)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);

	*id = 0;
	if (value != NULL && value->type == jbvNumeric)
	{
		Datum number = NumericGetDatum(value->val.numeric);

		if (DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(1)))) &&
			DatumGetBool(DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(ID_MAX)))))
			*id = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	}
}

/* Optional number of a decision within 0 .. max as an integer of 'scale'; false if it is there and is none. */
static bool
read_amount(JsonbContainer *object, const char *name, int64 scale, int64 max, int64 if_absent, int64 *amount)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
	Datum		number;

	*amount = if_absent;
	if (value == NULL || value->type == jbvNull)
		return true;
	if (value->type != jbvNumeric)
		return false;
	/* Compared before it is scaled: the product of a huge number would be an error. */
	number = NumericGetDatum(value->val.numeric);
	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(0)))) ||
		!DatumGetBool(
			DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(max / scale)))))
		return false;
	number = DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(scale)));
	*amount = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return true;
}

/* What of the decision takes effect, or the flaw for which it cannot be taken. */
static void
read_effect(Answer *answer, Jsonb *decision)
{
	answer->effect = effect_with_plain_texts(decision_effect(decision), &answer->flaw);
	if (answer->flaw == NULL)
		answer->flaw = effect_size_flaw(answer->effect);
}

static void
read_answer(Answer *answer, const char *text)
{
	answer->decision = read_decision(text);
	if (answer->decision == NULL)
	{
		answer_refuse(answer, ERRCODE_NS_BAD_DECISION, "the decision is not a JSON object of at most 64 KiB");
		return;
	}
	read_id(&answer->decision->root, "request_id", &answer->request_id);
	answer->names_request = answer->request_id != 0;
	read_id(&answer->decision->root, "npc_id", &answer->npc_id);
	answer->tokens_valid =
		read_amount(&answer->decision->root, "tokens", 1, INT64_C(1000000000), -1, &answer->tokens);
	answer->tokens_known = answer->tokens >= 0;
	if (!answer->tokens_known)
		answer->tokens = 0;
	if (answer->request_id == 0 && answer->npc_id == 0)
		answer_refuse(answer, ERRCODE_NS_BAD_DECISION, "the decision names neither request_id nor npc_id");
	answer->flaw = decision_number_flaw(answer->decision);
	if (answer->flaw != NULL)
	{
		answer->decision = NULL;
		return;
	}
	read_effect(answer, answer->decision);
}

/* A choice by number is the action that was offered by it with this question, and is kept in the log as that, too. */
static void
read_choice(Answer *answer, const Slot *slot)
{
	Jsonb *chosen;

	if (answer->flaw != NULL || answer->decision == NULL || !decision_is_choice(answer->decision))
		return;
	if (!answer->names_request)
	{
		answer->flaw = "a choice is the answer to one question: its request_id is missing";
		return;
	}
	chosen = decision_chosen(answer->decision, slot->choices, &answer->flaw);
	if (answer->flaw != NULL)
		return;
	read_effect(answer, chosen);
	answer->decision = DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(answer->decision), JsonbPGetDatum(chosen)));
}

/* The worlds of the players who answered. */
static void
find_players(Answer *answers, int count)
{
	int64 *ids = palloc(Max(count, 1) * sizeof(int64));
	uint64 rows;

	for (int i = 0; i < count; i++)
		ids[i] = answers[i].player_id;
	rows = spi_run(&players_statement, (Datum[]) {int64_array(ids, count), CStringGetTextDatum(world_home())},
				   NULL, SPI_OK_SELECT);
	for (int i = 0; i < count; i++)
	{
		for (uint64 row = 0; row < rows && answers[i].world_id == 0; row++)
			if (spi_int64(row, 1, 0) == answers[i].player_id)
			{
				answers[i].world_id = spi_int64(row, 2, 0);
				if (strcmp(spi_text(row, 3, CurrentMemoryContext), "active") != 0)
					answer_refuse(&answers[i], ERRCODE_NS_BANNED, "the player is banned");
				else if (!spi_bool(row, 4, false))
					answer_refuse(&answers[i], ERRCODE_NS_WORLD_PARKED, "the world is parked");
			}
		if (answers[i].world_id == 0)
			answer_refuse(&answers[i], ERRCODE_NS_NO_PLAYER, "there is no such player");
	}
}

/* ---- one answer ---- */

/* The further actions, NULL = none; *failure says why they cannot be read. */
static JsonbValue *
read_plan(World *world, Npc *npc, JsonbContainer *decision, const char **failure)
{
	JsonbValue	   *then = getKeyJsonValueFromContainer(decision, "then", strlen("then"), NULL);
	JsonbContainer *array;

	*failure = NULL;
	if (then == NULL || then->type == jbvNull)
		return NULL;
	if (then->type != jbvBinary || !JsonContainerIsArray(then->val.binary.data) ||
		JsonContainerSize(then->val.binary.data) > PLAN_ACTIONS_MAX)
	{
		*failure = "then is not an array of at most 8 actions";
		return NULL;
	}
	array = then->val.binary.data;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue *step = getIthJsonbValueFromContainer(array, i);
		const char *reason = "it is not an object";
		Action		action;
		int			sqlstate;

		if (step->type == jbvBinary && JsonContainerIsObject(step->val.binary.data))
			reason = action_from_json(world, npc, step->val.binary.data, &action, &sqlstate);
		if (reason != NULL)
		{
			*failure = psprintf("action %u of then cannot be read: %s", i + 1, reason);
			return NULL;
		}
	}
	return JsonContainerSize(array) > 0 ? then : NULL;
}

/* Names of events, NULL = none; *valid is false if they are no such thing. */
static JsonbValue *
read_wake_on(JsonbContainer *decision, bool *valid)
{
	JsonbValue	   *names = getKeyJsonValueFromContainer(decision, "wake_on", strlen("wake_on"), NULL);
	JsonbContainer *array;

	*valid = true;
	if (names == NULL || names->type == jbvNull)
		return NULL;
	*valid = false;
	if (names->type != jbvBinary || !JsonContainerIsArray(names->val.binary.data))
		return NULL;
	array = names->val.binary.data;
	if (JsonContainerSize(array) > WAKE_ON_MAX)
		return NULL;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
		if (getIthJsonbValueFromContainer(array, i)->type != jbvString)
			return NULL;
	*valid = true;
	return names;
}

static void
store_input(World *world, const Answer *answer)
{
	input_begin(world_image_lock(world), "decision");
	input_id("npc_id", answer->npc_id);
	input_number("told_events", answer->told_events);
	input_number("state_counter", answer->state_counter);
	input_members(answer->effect);
	input_end();
}

/* All invitations that are meant are over. */
static bool
rejects_in_vain(const Npc *npc, const Action *action)
{
	for (int i = 0; i < action->id_count; i++)
		if (!npc_invitation_is_over(npc, action->ids[i]))
			return false;
	return !action->all_bids;
}

/*
 * What has ended since the mind was told, so that nothing is left to do for its answer; NULL if there is something. Events
 * that it was told are forgotten by now: what it did not know is in the others.
 */
static const char *
ended_meanwhile(World *world, const Npc *npc, const Answer *answer, const Action *action)
{
	bool renewed = world_lives_by(world_image_lock(world), RULES_0_4);

	switch (action->kind)
	{
		case ACTION_CONTINUE:
		case ACTION_WAIT:
			return answer->state_counter != npc->state_counter ? "the state it was given for has passed"
															   : NULL;
		case ACTION_ACT_IN_INTERACTION:
		case ACTION_CANCEL_INTERACTION:
			return renewed && answer->state_counter != npc->state_counter && npc_interaction_is_over(npc)
					   ? "the interaction it was given for is over"
					   : NULL;
		case ACTION_RESPOND_TO_BID:
			return renewed && npc_invitation_is_over(npc, action->bid_id) ? "the invitation is over" : NULL;
		case ACTION_REJECT_BIDS:
			return renewed && rejects_in_vain(npc, action) ? "the invitations are over" : NULL;
		case ACTION_NONE:
		case ACTION_MOVE_TO:
		case ACTION_MOVE_DIRECTION:
		case ACTION_INTERACT_WITH:
		case ACTION_APPROACH:
		case ACTION_WANDER:
			break;
	}
	return NULL;
}

/* Nothing is done; the mind, which did what it could, is asked about what there is now. */
static void
take_as_moot(World *world, Npc *npc, Answer *answer, const char *what)
{
	if (!world_lives_by(world_image_lock(world), RULES_0_4))
		answer->status = ANSWER_CANCELLED;
	else if (answer->status == ANSWER_PENDING)
		answer->status = ANSWER_APPLIED;
	answer->reason = psprintf("moot: %s", what);
	npc_was_answered(world, npc);
	npc_request_decision(world, npc);
}

/* What it does in its interaction is done later. */
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

/* The question is spent; what the mind was told with it, it knows. */
static void
close_question(World *world, Npc *npc, int told_events)
{
	npc_forget_events(world, npc, told_events);
	world_close_request(world, npc);
}

/* Tells the mind why its answer counts for nothing (NULL: it is not told). */
static void
tell_refusal(World *world, Npc *npc, int told_events, const char *message)
{
	if (message != NULL)
	{
		StringInfoData members;

		initStringInfo(&members);
		json_literal(&members, "\"message\":");
		json_string(&members, message);
		npc_tell(world, npc, "error", members.data);
		pfree(members.data);
	}
	input_begin(world_image_lock(world), "decision_refused");
	input_id("npc_id", npc->id);
	input_number("told_events", told_events);
	input_text("message", message);
	input_end();
	if (message != NULL)
		world_wake_for_news(world, npc, 0);
}

void
answer_apply_refusal(World *world, Npc *npc, int told_events, const char *message)
{
	bool in_time = npc->request_pending;

	close_question(world, npc, told_events);
	tell_refusal(world, npc, told_events, message);
	if (in_time)
		world_note_outcome(world, npc, false);
}

/* An answer that cannot be read: the request is spent, and the mind is told why. */
static void
refuse_unreadable(World *world, Npc *npc, Answer *answer, int sqlstate, const char *reason)
{
	answer_refuse(answer, sqlstate, reason);
	tell_refusal(world, npc, answer->told_events, reason);
}

/* Carries out an answer whose request is its NPC's. */
static void
carry_out(World *world, Npc *npc, Answer *answer)
{
	JsonbContainer *decision;
	WorldLock	   *lock = world_image_lock(world);
	Action			action;
	JsonbValue	   *plan;
	JsonbValue	   *wake_on;
	const char	   *failure;
	const char	   *ended;
	int				sqlstate = 0;
	int64			ask_again;
	bool			valid;
	bool			held = npc_acts_at(npc) >= 0;

	if (!answer->tokens_valid)
	{
		answer_refuse(answer, ERRCODE_NS_BAD_DECISION, "tokens is not a number from 0 to 1000000000");
		tell_refusal(world, npc, answer->told_events, NULL);
		return;
	}
	if (answer->flaw != NULL)
	{
		refuse_unreadable(world, npc, answer, ERRCODE_NS_BAD_DECISION, answer->flaw);
		return;
	}
	decision = &answer->effect->root;
	failure = action_from_json(world, npc, decision, &action, &sqlstate);
	if (failure != NULL)
	{
		refuse_unreadable(world, npc, answer, sqlstate, failure);
		return;
	}
	plan = read_plan(world, npc, decision, &failure);
	if (failure != NULL)
	{
		refuse_unreadable(world, npc, answer, ERRCODE_NS_BAD_DECISION, failure);
		return;
	}
	if (!read_amount(decision, "next_decision_in_s", SIM_SECOND, ASK_AGAIN_MAX, -1, &ask_again))
	{
		refuse_unreadable(world, npc, answer, ERRCODE_NS_BAD_DECISION,
						  "next_decision_in_s is not a number from 0 to 86400");
		return;
	}
	wake_on = read_wake_on(decision, &valid);
	if (!valid)
	{
		refuse_unreadable(world, npc, answer, ERRCODE_NS_BAD_DECISION,
						  "wake_on is not an array of at most 16 strings");
		return;
	}
	store_input(world, answer);
	ended = ended_meanwhile(world, npc, answer, &action);
	if (ended != NULL)
	{
		take_as_moot(world, npc, answer, ended);
		return;
	}
	failure = world_act_as_decided(world, npc, &action, plan, wake_on, &sqlstate);
	if (failure != NULL)
	{
		answer_refuse(answer, sqlstate, failure);
		return;
	}
	tell_of_hold(answer, npc, &action, held);
	if (ask_again >= 0)
		world_ask_again(world, npc, lock->now + Max(ask_again, ASK_AGAIN_MIN));
	if (answer->status == ANSWER_PENDING)
		answer->status = ANSWER_APPLIED;
}

void
answer_apply(World *world, Npc *npc, Answer *answer)
{
	/* Else it is known what became of the question. */
	bool in_time = npc->request_pending;

	close_question(world, npc, answer->told_events);
	carry_out(world, npc, answer);
	if (in_time && answer->status != ANSWER_CANCELLED)
		world_note_outcome(world, npc, answer->status == ANSWER_APPLIED);
}

/* An answer to an older question than the last: too late to be carried out, but credited once. */
static void
judge_past(Answer *answer, PastRequest *past)
{
	if (past == NULL)
	{
		answer_refuse(answer, ERRCODE_NS_NO_REQUEST, "no request was open for it");
		return;
	}
	answer->npc_id = past->npc_id;
	if (past->player_id != answer->player_id)
	{
		answer_refuse(answer, ERRCODE_NS_NOT_CONTROLLER, "the request was not put to this player");
		return;
	}
	answer->status = past->answered ? ANSWER_DUPLICATE : ANSWER_LATE;
	answer->reason = past->answered ? "the request was answered already" : "the mind was asked again since";
	answer->reason_asked = past->reason;
	answer->opened_at_real = past->opened_at_real;
	answer->sent_at_real = past->sent_at_real;
	past->answered = true;
}

static void
judge(World *world, Answer *answer, Slot *slot)
{
	Npc *npc;

	if (slot == NULL || slot->player_id == 0)
	{
		answer_refuse(answer, ERRCODE_NS_NO_REQUEST, "no request was open for it");
		return;
	}
	answer->npc_id = slot->npc_id;
	npc = world_npc(world, slot->npc_id);
	if (slot->player_id != answer->player_id || npc == NULL || npc->controller != answer->player_id)
	{
		answer_refuse(answer, ERRCODE_NS_NOT_CONTROLLER, "the request was not put to this player");
		return;
	}
	if (answer->request_id == 0)
		answer->request_id = slot->request_id;
	answer->reason_asked = slot->reason;
	answer->opened_at_real = slot->opened_at_real;
	answer->sent_at_real = slot->sent_at_real;
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
	read_choice(answer, slot);
	answer->told_events = Max(slot->told_events - npc->events_dropped - npc->events_merged, 0);
	answer_apply(world, npc, answer);
}

/* The row is written with the log. */
static void
count_tokens(World *world, const Answer *answer)
{
	Npc *npc = answer_is_logged(answer) ? world_npc(world, answer->npc_id) : NULL;

	if (npc != NULL)
		world_count_tokens(world, npc, answer->tokens);
}

/* ---- a world's part of the batch ---- */

static void
apply_world(int64 world_id, Answer *answers, int count, WorldWait wait)
{
	WorldLock	*lock = world_lock(world_id, wait);
	World		*world;
	Slot		*slots;
	PastRequest *past;
	int			 slot_count;
	int			 past_count;

	if (lock == NULL)
		return;
	world = world_image(lock);
	slots = slots_read(world, answers, count, &slot_count);
	past = past_requests_read(world_id, answers, count, slots, slot_count, &past_count);
	for (int i = 0; i < count; i++)
	{
		Slot *slot;

		if (answers[i].world_id != world_id || answers[i].status != ANSWER_PENDING)
			continue;
		slot = slot_find(slots, slot_count, &answers[i]);
		if (answer_is_past(&answers[i], slot))
			judge_past(&answers[i], past_request_find(past, past_count, &answers[i]));
		else
			judge(world, &answers[i], slot);
		count_tokens(world, &answers[i]);
	}
	world_write(world);
	for (int i = 0; i < count; i++)
		if (answers[i].world_id == world_id)
		{
			answers[i].revision = lock->revision;
			answers[i].clock = lock->now;
		}
}

/* The lowest world above 'after' that has something to do; 0 if there is none. */
static int64
next_world(const Answer *answers, int count, int64 after)
{
	int64 next = 0;

	for (int i = 0; i < count; i++)
		if (answers[i].status == ANSWER_PENDING && answers[i].world_id > after &&
			(next == 0 || answers[i].world_id < next))
			next = answers[i].world_id;
	return next;
}

static int
batch_size(FunctionCallInfo fcinfo, int n, const char *name, ArrayType **array)
{
	int count;

	arg_not_null(fcinfo, n, name);
	*array = PG_GETARG_ARRAYTYPE_P(n);
	count = ArrayGetNItems(ARR_NDIM(*array), ARR_DIMS(*array));
	if (ARR_NDIM(*array) > 1 || array_contains_nulls(*array))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("%s must be a one-dimensional array without nulls", name),
				errdetail(ARR_NDIM(*array) > 1 ? "It has %d dimensions." : "One of its elements is null.",
						  ARR_NDIM(*array)),
				errhint("Leave out what has no value."));
	if (count > BATCH_MAX)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("%s has too many elements", name),
				errdetail("%d were given, at most %d are allowed.", count, BATCH_MAX),
				errhint("Call again with the rest."));
	return count;
}

static void
require_same_length(int count, int other, const char *names)
{
	if (count != other)
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				errmsg("%s must have the same number of elements", names),
				errdetail("They have %d and %d.", count, other), errhint("Give one of each per decision."));
}

static char **
text_elements(ArrayType *array, int count)
{
	Datum *values;
	char **texts = palloc(Max(count, 1) * sizeof(char *));
	int	   n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
		texts[i] = TextDatumGetCString(values[i]);
	return texts;
}

static Datum
submit_decisions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayType	  *players;
	ArrayType	  *decisions;
	int			   count = batch_size(fcinfo, 0, "player_ids", &players);
	Answer		  *answers;
	char		 **texts;
	int64		   world_id = 0;

	require_same_length(count, batch_size(fcinfo, 1, "decisions", &decisions), "player_ids and decisions");
	InitMaterializedSRF(fcinfo, 0);
	answers = palloc0(Max(count, 1) * sizeof(Answer));
	texts = text_elements(decisions, count);
	for (int i = 0; i < count; i++)
	{
		answers[i].player_id = ((int64 *) ARR_DATA_PTR(players))[i];
		read_answer(&answers[i], texts[i]);
	}
	spi_begin();
	find_players(answers, count);
	while ((world_id = next_world(answers, count, world_id)) != 0)
		apply_world(world_id, answers, count, WORLD_WAIT);
	answers_log(answers, count);
	/* Before spi_end(): reasons live in its memory. */
	for (int i = 0; i < count; i++)
		tuplestore_putvalues(result->setResult, result->setDesc,
							 (Datum[]) {Int32GetDatum(i + 1), answer_json(&answers[i])},
							 (bool[]) {false, false});
	spi_end();
	return (Datum) 0;
}

Datum
npcsim_submit_npc_decisions(PG_FUNCTION_ARGS)
{
	return call_quietly(submit_decisions, fcinfo);
}

/* ---- answers that will not come ---- */

/* The mind is told with its next question that it answered nothing to this one, and why. */
static void
tell_failure(World *world, Npc *npc, const char *reason)
{
	if (strcmp(reason, TIMED_OUT) == 0)
		npc_tell(world, npc, "decision_timed_out", NULL);
	else
		npc_tell(world, npc, "decision_failed", json_text_member("reason", reason));
}

void
decisions_fail(World *world, Npc **npcs, const int64 *known_events, char *const *reasons, const bool *absent,
			   int count)
{
	int64 *ids = palloc(Max(count, 1) * sizeof(int64));
	int64 *absent_ids = palloc(Max(count, 1) * sizeof(int64));
	Npc	 **idle = palloc(Max(count, 1) * sizeof(Npc *));
	int	   absent_count = 0;
	int	   idle_count = 0;

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		ids[i] = npcs[i]->id;
		world_close_request(world, npcs[i]);
		if (absent[i])
			absent_ids[absent_count++] = ids[i];
		else
			world_note_outcome(world, npcs[i], false);
		world_wake_for_news(world, npcs[i], (int) known_events[i]);
		if (reasons != NULL)
			tell_failure(world, npcs[i], reasons[i]);
		if (npcs[i]->state == NPC_IDLE)
			idle[idle_count++] = npcs[i];
	}
	input_begin(world_image_lock(world), "decision_failed");
	input_ids("npc_ids", ids, count);
	input_ids("known_events", known_events, count);
	if (reasons != NULL)
		input_texts("reasons", reasons, count);
	if (absent_count > 0)
		input_ids("absent", absent_ids, absent_count);
	input_end();
	world_decide_built_in(world, idle, idle_count);
}

/* What its mind is told of it: a long one from the beginning. */
static char *
told_reason(const char *reason)
{
	return pnstrdup(reason, pg_mbcliplen(reason, strlen(reason), TOLD_REASON_BYTES));
}

/* Closes requests of one world; NPCs that stand idle are decided for. */
static void
give_up_world(int64 world_id, Answer *answers, int count, WorldWait wait)
{
	WorldLock *lock = world_lock(world_id, wait);
	World	  *world;
	Slot	  *slots;
	Npc		 **failed;
	int64	  *known_events;
	char	 **reasons;
	bool	  *absent;
	int		   failed_count = 0;
	int		   slot_count;

	if (lock == NULL)
		return;
	world = world_image(lock);
	slots = slots_read(world, answers, count, &slot_count);
	failed = palloc(Max(count, 1) * sizeof(Npc *));
	known_events = palloc(Max(count, 1) * sizeof(int64));
	reasons = palloc(Max(count, 1) * sizeof(char *));
	absent = palloc(Max(count, 1) * sizeof(bool));
	for (int i = 0; i < count; i++)
	{
		Answer *answer = &answers[i];
		Slot   *slot = answer->world_id == world_id ? slot_find(slots, slot_count, answer) : NULL;
		Npc	   *npc = slot != NULL ? world_npc(world, slot->npc_id) : NULL;

		if (npc == NULL || slot->answered || slot->status == REQUEST_CLOSED ||
			slot->request_id != answer->request_id || slot->player_id != answer->player_id)
			continue;
		slot->answered = true;
		answer->status = ANSWER_FAILED;
		answer->npc_id = npc->id;
		answer->reason_asked = slot->reason;
		answer->opened_at_real = slot->opened_at_real;
		answer->sent_at_real = slot->sent_at_real;
		answer->clock = lock->now;
		absent[failed_count] = answer->absent;
		known_events[failed_count] = Max(slot->told_events - npc->events_dropped, 0);
		reasons[failed_count] = told_reason(answer->reason);
		failed[failed_count++] = npc;
	}
	decisions_fail(world, failed, known_events, reasons, absent, failed_count);
	world_write(world);
}

static void
give_up(Answer *answers, int count, WorldWait wait)
{
	int64 world_id = 0;

	while ((world_id = next_world(answers, count, world_id)) != 0)
		give_up_world(world_id, answers, count, wait);
	answers_log(answers, count);
}

/* What is written of a failure: no odd character that a mind says it with keeps the others of the batch from being told. */
static const char *
plain_reason(char *reason)
{
	if (GetDatabaseEncoding() == PG_UTF8 && !text_blank_flaws(reason, strlen(reason)))
		return "no reason was given";
	check_text(reason, "reasons", REASON_CHARS_MAX);
	return reason;
}

static Datum
fail_decisions(PG_FUNCTION_ARGS)
{
	ArrayType *players;
	ArrayType *requests;
	ArrayType *reasons;
	int		   count = batch_size(fcinfo, 0, "player_ids", &players);
	Answer	  *answers;
	char	 **texts;

	require_same_length(count, batch_size(fcinfo, 1, "request_ids", &requests), "player_ids and request_ids");
	require_same_length(count, batch_size(fcinfo, 2, "reasons", &reasons), "player_ids and reasons");
	answers = palloc0(Max(count, 1) * sizeof(Answer));
	texts = text_elements(reasons, count);
	for (int i = 0; i < count; i++)
	{
		answers[i].player_id = ((int64 *) ARR_DATA_PTR(players))[i];
		answers[i].request_id = ((int64 *) ARR_DATA_PTR(requests))[i];
		answers[i].reason = plain_reason(texts[i]);
	}
	spi_begin();
	find_players(answers, count);
	give_up(answers, count, WORLD_WAIT);
	spi_end();
	PG_RETURN_VOID();
}

Datum
npcsim_fail_decisions(PG_FUNCTION_ARGS)
{
	return call_quietly(fail_decisions, fcinfo);
}

Datum
npcsim_expire_decisions(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Answer		 *answers;
	uint64		  rows;
	int64		  expired = 0;

	spi_begin();
	rows = spi_run_limit(&expired_statement, (Datum[]) {CStringGetTextDatum(world_home())}, NULL,
						 SPI_OK_SELECT, EXPIRE_MAX);
	answers = MemoryContextAllocZero(caller, Max(rows, 1) * sizeof(Answer));
	for (uint64 row = 0; row < rows; row++)
	{
		answers[row].world_id = spi_int64(row, 1, 0);
		answers[row].npc_id = spi_int64(row, 2, 0);
		answers[row].request_id = spi_int64(row, 3, 0);
		answers[row].player_id = spi_int64(row, 4, 0);
		answers[row].reason = spi_text(row, 5, caller);
		answers[row].absent = spi_bool(row, 6, false);
	}
	give_up(answers, (int) rows, WORLD_SKIP);
	for (uint64 row = 0; row < rows; row++)
		if (answers[row].status == ANSWER_FAILED)
			expired++;
	spi_end();
	PG_RETURN_INT64(expired);
}
