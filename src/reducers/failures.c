/*
 * failures.c
 *	  Answers of minds that will not come: fail_decisions, expire_decisions.
 *
 * The requests are closed, world by world in ascending order of id, the minds are told with their next question, and NPCs
 * that stand idle are decided for. Who reports a failure waits for the world; who looks for what has expired passes by
 * worlds that are held.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
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
#define EXPIRE_MAX		  1000
#define TOLD_REASON_BYTES 200 /* of why a decision failed */

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
