/*
 * answers.c
 *	  Answers of minds: finds the slots they belong to, logs them, credits players for them, and builds
 *	  the frames that tell what became of them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "json.h"
#include "reducers/answers.h"
#include "spi.h"
#include "tables/id_lists.h"
#include "tables/players.h"

static const char *const status_names[] = {
	[ANSWER_PENDING] = "rejected", [ANSWER_APPLIED] = "applied",	 [ANSWER_REJECTED] = "rejected",
	[ANSWER_LATE] = "late",		   [ANSWER_DUPLICATE] = "duplicate", [ANSWER_FAILED] = "failed",
};
StaticAssertDecl(lengthof(status_names) == ANSWER_FAILED + 1, "every status has a name");

const char *
answer_status_name(AnswerStatus status)
{
	return status_names[status];
}

void
answer_refuse(Answer *answer, Refusal refusal)
{
	answer->status = ANSWER_REJECTED;
	answer->sqlstate = refusal.sqlerrcode;
	answer->reason = refusal.message;
}

/* Returns how what there was to do was ranked when the slot's request was sent; NULL if it was not. */
static Ranking *
slot_ranking(const Slot *slot)
{
	Ranking *ranking;

	if (slot->ranking == NULL || ARR_HASNULL(slot->ranking) || ARR_ELEMTYPE(slot->ranking) != INT2OID)
		return NULL;
	ranking = palloc(sizeof(Ranking));
	ranking->count = Min(ArrayGetNItems(ARR_NDIM(slot->ranking), ARR_DIMS(slot->ranking)), CHOICES_MAX);
	memcpy(ranking->keys, ARR_DATA_PTR(slot->ranking), ranking->count * sizeof(int16));
	return ranking;
}

void
answer_take_request(Answer *answer, const Slot *slot)
{
	answer->reason_asked = slot->reason;
	answer->opened_at_real = slot->opened_at_real;
	answer->sent_at_real = slot->sent_at_real;
	answer->source_id = slot->source_id;
	answer->credit = slot->credit;
	answer->ranking = slot_ranking(slot);
	answer->pooled = slot->asked_player_id != slot->player_id;
}

Slot *
answers_slots(World *world, const Answer *answers, int count, int *slot_count)
{
	int64  world_id = world_image_lock(world)->world_id;
	int64 *npcs = palloc(2 * Max(count, 1) * sizeof(int64));
	int64 *requests = palloc(Max(count, 1) * sizeof(int64));
	int	   npc_count = 0;
	int	   request_count = 0;

	for (int i = 0; i < count; i++)
	{
		if (answers[i].world_id != world_id)
			continue;
		if (answers[i].npc_id != 0)
			npcs[npc_count++] = answers[i].npc_id;
		else
			requests[request_count++] = answers[i].request_id;
	}
	if (request_count > 0)
		npc_count +=
			world_npcs_of_requests(world, requests, id_list_sort(requests, request_count), npcs + npc_count);
	return slots_read(world_id, npcs, id_list_sort(npcs, npc_count), slot_count);
}

Slot *
slot_find(Slot *slots, int count, const Answer *answer)
{
	for (int i = 0; i < count; i++)
		if (answer->npc_id != 0 ? slots[i].npc_id == answer->npc_id
								: slots[i].request_id == answer->request_id)
		{
			/* An id above the last one was never given out. */
			if (answer->request_id > slots[i].request_id)
				return NULL;
			return &slots[i];
		}
	return NULL;
}

bool
answer_is_past(const Answer *answer, const Slot *slot)
{
	return answer->request_id != 0 && (slot == NULL || answer->request_id < slot->request_id);
}

PastRequest *
answers_past(int64 world_id, const Answer *answers, int count, Slot *slots, int slot_count, int *past_count)
{
	int64 *requests = palloc(Max(count, 1) * sizeof(int64));
	int	   request_count = 0;

	*past_count = 0;
	for (int i = 0; i < count; i++)
		if (answers[i].world_id == world_id && answers[i].status == ANSWER_PENDING &&
			answer_is_past(&answers[i], slot_find(slots, slot_count, &answers[i])))
			requests[request_count++] = answers[i].request_id;
	if (request_count == 0)
		return NULL;
	return past_requests_read(world_id, requests, request_count, past_count);
}

PastRequest *
past_request_find(PastRequest *past, int count, const Answer *answer)
{
	PastRequest *found = NULL;

	for (int i = 0; i < count; i++)
		if (past[i].request_id == answer->request_id &&
			(answer->npc_id == 0 || past[i].npc_id == answer->npc_id) &&
			(found == NULL || past[i].player_id == answer->player_id))
			found = &past[i];
	return found;
}

bool
answer_is_logged(const Answer *answer)
{
	return answer->npc_id != 0 && answer->reason_asked != NULL && answer->status != ANSWER_DUPLICATE &&
		   answer->status != ANSWER_PENDING;
}

static const char *
logged_status(const Answer *answer)
{
	if (answer->status == ANSWER_FAILED && failure_of(answer->reason) == FAILURE_TIMED_OUT)
		return TIMED_OUT_NAME;
	return status_names[answer->status];
}

static void
write_log(const Answer *answers, int count)
{
	LoggedDecision *decisions = palloc(Max(count, 1) * sizeof(LoggedDecision));
	int				n = 0;

	for (int i = 0; i < count; i++)
	{
		const Answer *answer = &answers[i];

		if (answer_is_logged(answer))
			decisions[n++] =
				(LoggedDecision) {.world_id = answer->world_id,
								  .request_id = answer->request_id,
								  .npc_id = answer->npc_id,
								  .player_id = answer->player_id,
								  .reason = answer->reason_asked,
								  .status = logged_status(answer),
								  .code = answer->sqlstate != 0 ? pstrdup(unpack_sql_state(answer->sqlstate))
																: NULL,
								  .detail = answer->reason,
								  .decision = answer->decision == NULL
												  ? NULL
												  : JsonbToCString(NULL, &answer->decision->root,
																   VARSIZE(answer->decision)),
								  .tokens = answer->tokens_known ? answer->tokens : -1,
								  .clock = answer->clock,
								  .opened_at_real = answer->opened_at_real,
								  .sent_at_real = answer->sent_at_real,
								  .source_id = answer->source_id,
								  .credit = answer->status == ANSWER_REJECTED ? -1 : answer->credit,
								  .plausibility = ranking_plausibility(answer->ranking, answer->action),
								  .pooled = answer->pooled};
	}
	if (n > 0)
		decision_log_write(decisions, n);
}

static void
mark_and_credit(const Answer *answers, int count)
{
	AnsweredSlot *slots = palloc(Max(count, 1) * sizeof(AnsweredSlot));
	int64		 *players = palloc(Max(count, 1) * sizeof(int64));
	int64		 *tokens = palloc(Max(count, 1) * sizeof(int64));
	int			  answered = 0;
	int			  credited = 0;

	for (int i = 0; i < count; i++)
	{
		if (!answer_is_logged(&answers[i]))
			continue;
		if (answers[i].status != ANSWER_FAILED)
			slots[answered++] = (AnsweredSlot) {answers[i].world_id, answers[i].npc_id, answers[i].request_id,
												answers[i].tokens};
		if (answers[i].tokens > 0)
		{
			players[credited] = answers[i].player_id;
			tokens[credited++] = answers[i].tokens;
		}
	}
	if (answered > 0)
		slots_note_answers(slots, answered);
	if (credited > 0)
		players_credit_tokens(players, tokens, credited);
}

void
answers_log(const Answer *answers, int count)
{
	int plans = spi_index_plans_begin();

	write_log(answers, count);
	mark_and_credit(answers, count);
	spi_index_plans_end(plans);
}

Datum
answer_json(const Answer *answer)
{
	StringInfoData out;

	initStringInfo(&out);
	json_literal(&out, "{\"type\":\"decision_result\",\"request_id\":");
	json_id(&out, answer->request_id);
	if (answer->npc_id != 0)
	{
		json_literal(&out, ",\"npc_id\":");
		json_int64(&out, answer->npc_id);
	}
	appendStringInfo(&out, ",\"status\":\"%s\"", status_names[answer->status]);
	if (answer->status == ANSWER_APPLIED || answer->status == ANSWER_LATE)
	{
		json_literal(&out, ",\"revision\":");
		json_int64(&out, answer->revision);
	}
	if (answer->sqlstate != 0)
	{
		json_literal(&out, ",\"code\":");
		json_string(&out, unpack_sql_state(answer->sqlstate));
	}
	if (answer->reason != NULL)
	{
		json_literal(&out, ",\"reason\":");
		json_string(&out, answer->reason);
	}
	appendStringInfoChar(&out, '}');
	return json_datum(&out);
}
