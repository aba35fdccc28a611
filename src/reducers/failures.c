/*
 * failures.c
 *	  Answers of minds that will not come: fail_decisions, expire_decisions.
 *
 * The requests are closed, world by world in ascending order of id, the minds are told with their next question, and NPCs
 * that stand idle are decided for. Who reports a failure waits for the world; who looks for what has expired passes by
 * worlds that are held.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "json.h"
#include "quiet.h"
#include "reducers/answer_batch.h"
#include "reducers/answers.h"
#include "reducers/args.h"
#include "reducers/failures.h"
#include "reducers/inputs.h"
#include "sim/texts.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_fail_decisions);
PG_FUNCTION_INFO_V1(npcsim_expire_decisions);

#define REASON_CHARS_MAX  500
#define TOLD_REASON_BYTES 200 /* of why a decision failed */

/* The mind is told with its next question that it answered nothing to this one, and why. */
static void
tell_failure(World *world, Npc *npc, const char *reason)
{
	if (strcmp(reason, TIMED_OUT) == 0)
		npc_tell(world, npc, MIND_DECISION_TIMED_OUT, NULL);
	else
		npc_tell(world, npc, MIND_DECISION_FAILED, json_text_member("reason", reason));
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
	slots = answers_slots(world, answers, count, &slot_count);
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

	while ((world_id = answers_next_world(answers, count, world_id)) != 0)
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

	batch_require_same_length(count, batch_size(fcinfo, 1, "request_ids", &requests),
							  "player_ids and request_ids");
	batch_require_same_length(count, batch_size(fcinfo, 2, "reasons", &reasons), "player_ids and reasons");
	answers = palloc0(Max(count, 1) * sizeof(Answer));
	texts = batch_texts(reasons, count);
	for (int i = 0; i < count; i++)
	{
		answers[i].player_id = ((int64 *) ARR_DATA_PTR(players))[i];
		answers[i].request_id = ((int64 *) ARR_DATA_PTR(requests))[i];
		answers[i].reason = plain_reason(texts[i]);
	}
	spi_begin();
	answers_find_worlds(answers, count);
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
	ExpiredSlot *slots;
	Answer		*answers;
	int			 count;
	int64		 expired = 0;

	spi_begin();
	slots = slots_expired(world_home(), &count);
	answers = palloc0(Max(count, 1) * sizeof(Answer));
	for (int i = 0; i < count; i++)
		answers[i] = (Answer) {.world_id = slots[i].world_id,
							   .npc_id = slots[i].npc_id,
							   .request_id = slots[i].request_id,
							   .player_id = slots[i].player_id,
							   .reason = slots[i].reason,
							   .absent = slots[i].absent};
	give_up(answers, count, WORLD_SKIP);
	for (int i = 0; i < count; i++)
		if (answers[i].status == ANSWER_FAILED)
			expired++;
	spi_end();
	PG_RETURN_INT64(expired);
}
