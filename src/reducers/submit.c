/*
 * submit.c
 *	  submit_npc_decisions(): takes a batch of minds' answers.
 *
 * A batch is taken world by world in ascending order of id, under the world's lock, and within a world
 * in the order given. Everything is written once per world, then the log.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

#include "engine/world.h"
#include "quiet.h"
#include "reducers/answer_batch.h"
#include "reducers/answer_read.h"
#include "reducers/answers.h"
#include "reducers/judging.h"
#include "reducers/submit.h"
#include "reducers/suspects.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_submit_npc_decisions);

/* Counts the answer's tokens in the image; the row is written with the log. */
static void
count_tokens(World *world, const Answer *answer)
{
	Npc *npc = answer_is_logged(answer) ? world_npc(world, answer->npc_id) : NULL;

	if (npc != NULL)
		world_count_tokens(world, npc, answer->tokens);
}

/* ---- a world's part of the batch ---- */

void
answers_apply(int64 world_id, Answer *answers, int count)
{
	WorldLock	*lock = world_lock(world_id, WORLD_WAIT);
	World		*world;
	Slot		*slots;
	PastRequest *past;
	int			 slot_count;
	int			 past_count;

	world = world_image(lock);
	slots = answers_slots(world, answers, count, &slot_count);
	past = answers_past(world_id, answers, count, slots, slot_count, &past_count);
	for (int i = 0; i < count; i++)
	{
		Slot *slot;

		if (answers[i].world_id != world_id || answers[i].status != ANSWER_PENDING)
			continue;
		slot = slot_find(slots, slot_count, &answers[i]);
		if (answer_is_past(&answers[i], slot))
			answer_judge_past(world, &answers[i], past_request_find(past, past_count, &answers[i]));
		else
			answer_judge(world, &answers[i], slot);
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

typedef struct AnswerBatch
{
	NumberList player_ids;
	TextList   decisions;
} AnswerBatch;

static const Argument batch_arguments[] = {
	IDS_ARGUMENT(AnswerBatch, player_ids),
	TEXTS_ARGUMENT(AnswerBatch, decisions, BATCH_MAX, 0),
};

static Datum
submit_decisions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AnswerBatch	   batch;
	int			   count = batch_read(fcinfo, batch_arguments, lengthof(batch_arguments), &batch);
	Answer		  *answers = palloc0(Max(count, 1) * sizeof(Answer));
	int64		   world_id = 0;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		answers[i].player_id = batch.player_ids.numbers[i];
		answer_read(&answers[i], batch.decisions.texts[i]);
	}
	spi_begin();
	answers_find_worlds(answers, count);
	while ((world_id = answers_next_world(answers, count, world_id)) != 0)
		answers_apply(world_id, answers, count);
	answers_watch(answers, count);
	answers_log(answers, count);
	/* It comes before spi_end(), whose memory the reasons are in. */
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
