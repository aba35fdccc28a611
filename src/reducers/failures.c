/*
 * failures.c
 *	  fail_decisions() and expire_decisions(): give up requests that will not be answered.
 *
 * The requests are closed, world by world in ascending order of id, the minds are told with their next
 * question, and NPCs that stand idle are decided for. Reporting a failure waits for the world's lock;
 * looking for expired requests skips worlds that are locked.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "engine/world.h"
#include "json.h"
#include "quiet.h"
#include "reducers/answer_batch.h"
#include "reducers/answers.h"
#include "reducers/args.h"
#include "reducers/npcs.h"
#include "reducers/reducers.h"
#include "reducers/session_ends.h"
#include "sim/texts.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_fail_decisions);
PG_FUNCTION_INFO_V1(npcsim_expire_decisions);

#define REASON_CHARS_MAX  500
#define TOLD_REASON_BYTES 200 /* of the reason that a mind is told */

/* The input: requests that failed. The elements of its lists belong together. */
typedef struct DecisionFailed
{
	NumberList npc_ids;
	NumberList known_events; /* the mind knows so many of its events */
	TextList   reasons;		 /* why */
	NumberList absent;		 /* the NPCs whose minds were not there to be asked */
	/* filled in while it is carried out */
	Npc **idle; /* they are decided for, all at once */
	int	  idle_count;
} DecisionFailed;

static const Argument failed_arguments[] = {
	IDS_ARGUMENT(DecisionFailed, npc_ids),
	COUNTS_ARGUMENT(DecisionFailed, known_events),
	TEXTS_ARGUMENT(DecisionFailed, reasons, BATCH_MAX, REASON_CHARS_MAX),
	IDS_ARGUMENT(DecisionFailed, absent, .can_be_absent = true),
};

/* Tells the mind, with its next question, that it did not answer, and why. */
static void
tell_failure(World *world, Npc *npc, const char *reason)
{
	switch (failure_of(reason))
	{
		case FAILURE_TIMED_OUT:
			npc_tell(world, npc, MIND_DECISION_TIMED_OUT, NULL);
			break;
		case FAILURE_TOLD:
			npc_tell(world, npc, MIND_DECISION_FAILED, json_text_member("reason", reason));
			break;
	}
}

static bool
list_has(const NumberList *list, int64 number)
{
	for (int i = 0; i < list->count; i++)
		if (list->numbers[i] == number)
			return true;
	return false;
}

static void
require_fit(const DecisionFailed *failed)
{
	int count = failed->npc_ids.count;

	if (failed->known_events.count != count || failed->reasons.count != count)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("an input does not fit together"),
				errdetail("It names %d NPCs, what %d of them know, and why %d failed.", count,
						  failed->known_events.count, failed->reasons.count));
}

/* Closes the requests and tells the minds. */
static bool
decision_failed(WorldLock *lock, void *arguments, ReducerResult *result)
{
	DecisionFailed *failed = arguments;
	World		   *world = world_image(lock);
	int				count = failed->npc_ids.count;
	Npc			  **npcs = palloc((count + 1) * sizeof(Npc *));

	require_fit(failed);
	for (int i = 0; i < count; i++)
		npcs[i] = npc_require(world, failed->npc_ids.numbers[i]);
	failed->idle = palloc((count + 1) * sizeof(Npc *));
	for (int i = 0; i < count; i++)
	{
		world_close_request(world, npcs[i]);
		if (!list_has(&failed->absent, npcs[i]->id))
			world_note_outcome(world, npcs[i], false);
		world_wake_for_news(world, npcs[i], (int) failed->known_events.numbers[i]);
		tell_failure(world, npcs[i], failed->reasons.texts[i]);
		if (npcs[i]->state == NPC_IDLE)
			failed->idle[failed->idle_count++] = npcs[i];
	}
	return true;
}

/* Afterwards the built-in mind decides for NPCs that are idle. */
static void
decide_for_idle(WorldLock *lock, void *arguments)
{
	const DecisionFailed *failed = arguments;

	world_decide_built_in(world_image(lock), failed->idle, failed->idle_count);
}

const Reducer reducer_decision_failed = {
	WORLD_REDUCER(decision_failed, decision_failed),
	REDUCER_ARGUMENTS(DecisionFailed, failed_arguments),
	.after = decide_for_idle,
};

/* Returns the reason that the mind is told, cut if it is long. */
static char *
told_reason(const char *reason)
{
	return pnstrdup(reason, pg_mbcliplen(reason, strlen(reason), TOLD_REASON_BYTES));
}

/* Whether the answer's request is open, so that it fails. If so, both are marked. */
static bool
fails(World *world, Answer *answer, Slot *slot)
{
	WorldLock *lock = world_image_lock(world);

	if (slot == NULL || world_npc(world, slot->npc_id) == NULL || slot->answered ||
		slot->status == REQUEST_CLOSED || slot->request_id != answer->request_id ||
		answer->player_id != (slot->status == REQUEST_OPEN ? slot->player_id : slot->asked_player_id))
		return false;
	slot->answered = true;
	answer->status = ANSWER_FAILED;
	answer->npc_id = slot->npc_id;
	answer_take_request(answer, slot);
	answer->clock = lock->now;
	return true;
}

/* What timed out with a source that the operators' API backs up goes there, and is not given up yet. */
static void
keep_backed_up(int64 world_id, Answer *answers, int count)
{
	int64 *request_ids = palloc((count + 1) * sizeof(int64));
	int64 *player_ids = palloc((count + 1) * sizeof(int64));
	int64 *opened;
	int	   asked = 0;
	int	   opened_count;

	for (int i = 0; i < count; i++)
		if (answers[i].world_id == world_id && answers[i].request_id != 0 &&
			failure_of(answers[i].reason) == FAILURE_TIMED_OUT)
		{
			player_ids[asked] = answers[i].player_id;
			request_ids[asked++] = answers[i].request_id;
		}
	if (asked == 0)
		return;
	opened = palloc(asked * sizeof(int64));
	opened_count = sessions_back_up(world_id, request_ids, player_ids, asked, opened);
	for (int i = 0; i < count; i++)
		for (int o = 0; o < opened_count; o++)
			if (answers[i].world_id == world_id && answers[i].request_id == opened[o])
				answers[i].world_id = 0;
}

/* Closes requests of one world. */
static void
give_up_world(int64 world_id, Answer *answers, int count, WorldWait wait)
{
	WorldLock	  *lock = world_lock(world_id, wait);
	World		  *world;
	Slot		  *slots;
	int			   slot_count;
	DecisionFailed failed = {0};
	int64		  *npc_ids = palloc((count + 1) * sizeof(int64));
	int64		  *known_events = palloc((count + 1) * sizeof(int64));
	int64		  *absent = palloc((count + 1) * sizeof(int64));

	if (lock == NULL)
		return;
	world = world_image(lock);
	keep_backed_up(world_id, answers, count);
	slots = answers_slots(world, answers, count, &slot_count);
	failed.reasons.texts = palloc((count + 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
	{
		Answer *answer = &answers[i];
		Slot   *slot = answer->world_id == world_id ? slot_find(slots, slot_count, answer) : NULL;

		if (!fails(world, answer, slot))
			continue;
		if (answer->absent)
			absent[failed.absent.count++] = answer->npc_id;
		known_events[failed.npc_ids.count] =
			Max(slot->told_events - world_npc(world, answer->npc_id)->events_dropped, 0);
		failed.reasons.texts[failed.npc_ids.count] = told_reason(answer->reason);
		npc_ids[failed.npc_ids.count++] = answer->npc_id;
	}
	failed.npc_ids.numbers = npc_ids;
	failed.known_events = (NumberList) {.numbers = known_events, .count = failed.npc_ids.count};
	failed.reasons.count = failed.npc_ids.count;
	failed.absent.numbers = failed.absent.count > 0 ? absent : NULL;
	if (failed.npc_ids.count > 0)
		reducer_run(lock, &reducer_decision_failed, &failed, NULL);
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

/*
 * Returns the reason that is stored. An odd character in one reason does not keep the rest of the batch from
 * being stored.
 */
static const char *
plain_reason(char *reason)
{
	if (GetDatabaseEncoding() == PG_UTF8 && !text_blank_flaws(reason, strlen(reason)))
		return "no reason was given";
	check_text(reason, "reasons", REASON_CHARS_MAX);
	return reason;
}

typedef struct FailedBatch
{
	NumberList player_ids;
	NumberList request_ids;
	TextList   reasons;
} FailedBatch;

static const Argument batch_arguments[] = {
	IDS_ARGUMENT(FailedBatch, player_ids),
	IDS_ARGUMENT(FailedBatch, request_ids),
	TEXTS_ARGUMENT(FailedBatch, reasons, BATCH_MAX, REASON_CHARS_MAX),
};

static Datum
fail_decisions(PG_FUNCTION_ARGS)
{
	FailedBatch batch;
	int			count = batch_read(fcinfo, batch_arguments, lengthof(batch_arguments), &batch);
	Answer	   *answers = palloc0(Max(count, 1) * sizeof(Answer));

	for (int i = 0; i < count; i++)
	{
		answers[i].player_id = batch.player_ids.numbers[i];
		answers[i].request_id = batch.request_ids.numbers[i];
		answers[i].reason = plain_reason(batch.reasons.texts[i]);
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
