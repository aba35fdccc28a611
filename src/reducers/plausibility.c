/*
 * plausibility.c
 *	  Tells how plausible what a mind decides is, and what an NPC may do at all: get_reasonable_actions_for_npc().
 *
 * The list is the one that minds choose from (reducers/choices.c), ranked by sim/choices.c. What a rank says of a mind is the market's
 * rule (market/suspicion.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "market/suspicion.h"
#include "reducers/args.h"
#include "reducers/observe.h"
#include "reducers/plausibility.h"
#include "reducers/world_head.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(npcsim_get_reasonable_actions_for_npc);

RankedAction
ranked_action(const Action *action)
{
	return (
		RankedAction) {.is_known = true, .is_ranked = choice_is_ranked(action), .key = choice_key(action)};
}

int32
ranking_plausibility(const Ranking *ranking, RankedAction action)
{
	int better;

	if (!action.is_known || ranking == NULL)
		return NOT_RANKED;
	if (!action.is_ranked)
		return PLAUSIBILITY_HALF;
	better = ranking_better(ranking->keys, ranking->count, action.key);
	return better < 0 ? PLAUSIBILITY_HALF : plausibility(ranking->count, better);
}

bool
npc_rank(int64 world_id, int64 npc_id, Ranking *ranking)
{
	Scene scene;

	scene_read(&scene, read_world_head(world_id), &npc_id, 1, true);
	if (scene.viewers->count == 0)
		return false;
	rank_choices(&scene, 0, ranking);
	return true;
}

static Datum
jsonb_of(const char *text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

/* Returns the text of a choice, which the list has as JSON. */
static Datum
plain_text(const char *quoted)
{
	return DirectFunctionCall2(jsonb_object_field_text, jsonb_of(psprintf("{\"text\":%s}", quoted)),
							   CStringGetTextDatum("text"));
}

/* get_reasonable_actions_for_npc(world_id, npc_id) → what it may do, the most useful first. */
Datum
npcsim_get_reasonable_actions_for_npc(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		   world_id = arg_id(fcinfo, 0, "world_id");
	int64		   npc_id = arg_id(fcinfo, 1, "npc_id");
	Scene		   scene;
	OfferedChoices choices;
	Ranking		   ranking;

	InitMaterializedSRF(fcinfo, 0);
	spi_begin();
	scene_read(&scene, read_world_head(world_id), &npc_id, 1, true);
	if (scene.viewers->count == 0)
		refuse_unseen_npc(world_id, npc_id);
	offer_choices(&scene, 0, &choices, &ranking);
	for (int i = 0; i < choices.count; i++)
	{
		int32 score =
			choices.is_ranked[i] ? plausibility(choices.count, choices.better[i]) : PLAUSIBILITY_HALF;

		tuplestore_putvalues(result->setResult, result->setDesc,
							 (Datum[]) {Int32GetDatum(choices.better[i] + 1),
										jsonb_of(psprintf("{%s}", choices.actions[i])),
										plain_text(choices.words[i]),
										Float8GetDatum((double) score / PLAUSIBILITY_MOST)},
							 (bool[]) {false, false, false, false});
	}
	spi_end();
	return (Datum) 0;
}
