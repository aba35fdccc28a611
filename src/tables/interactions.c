/*
 * interactions.c
 *	  Ongoing interactions, as rows of interaction_runs.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "tables/arrays.h"
#include "tables/interactions.h"

static void
take_participants(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Interaction *interaction = thing;
	int64		 ids[PARTICIPANTS_MAX];

	interaction->participant_count = int64s_of(value, isnull, ids, PARTICIPANTS_MAX);
	for (int i = 0; i < interaction->participant_count; i++)
		interaction->participants[i] = (Participant) {.npc_id = ids[i], .acted_at = -1};
}

static void
put_participants(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Interaction *interaction = thing;
	int64			   ids[PARTICIPANTS_MAX];

	for (int i = 0; i < interaction->participant_count; i++)
		ids[i] = interaction->participants[i].npc_id;
	put_datum(row, int64_array(ids, interaction->participant_count));
}

/* It is read after the participants. */
static void
take_acted_at(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Interaction *interaction = thing;
	int64		 acted_at[PARTICIPANTS_MAX];
	int			 acted = int64s_of(value, isnull, acted_at, PARTICIPANTS_MAX);

	for (int i = 0; i < Min(acted, interaction->participant_count); i++)
		interaction->participants[i].acted_at = acted_at[i];
}

/*
 * It is NULL while there are no acts. Most interactions are with items and never have any, so their rows stay
 * short.
 */
static void
put_acted_at(RowBuilder *row, void *thing, const RowColumn *column, void *arg)
{
	const Interaction *interaction = thing;
	int64			   acted_at[PARTICIPANTS_MAX];

	if (interaction->act_count == 0)
	{
		put_null(row);
		return;
	}
	for (int i = 0; i < interaction->participant_count; i++)
		acted_at[i] = interaction->participants[i].acted_at;
	put_datum(row, int64_array(acted_at, interaction->participant_count));
}

/*
 * Returns when the last act happened ("at" of it, in seconds); whoever acted may have left. -1 = there is
 * none.
 */
static int64
last_act_at(const JsonList *acts)
{
	Jsonb	   *act;
	JsonbValue *at;

	if (acts == NULL)
		return -1;
	act = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(acts->item[acts->count - 1])));
	at = getKeyJsonValueFromContainer(&act->root, "at", strlen("at"), NULL);
	if (at == NULL || at->type != jbvNumeric)
		return -1;
	return DatumGetInt64(
		DirectFunctionCall1(numeric_int8,
							DirectFunctionCall2(numeric_mul, NumericGetDatum(at->val.numeric),
												NumericGetDatum(int64_to_numeric(SIM_SECOND)))));
}

static void
take_acts(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	Interaction *interaction = thing;

	row_take_json_list(load, thing, column, value, isnull);
	interaction->last_act_at = last_act_at(interaction->acts);
}

static const RowColumn columns[] = {
	ROW_NUMBER(Interaction, id, "id", INT8OID),
	ROW_OWN("participants", INT8ARRAYOID, take_participants, put_participants),
	ROW_OWN("acted_at", INT8ARRAYOID, take_acted_at, put_acted_at),
	{.name = "acts",
	 .type = JSONBOID,
	 .offset = offsetof(Interaction, acts),
	 .width = ACTS_KEPT,
	 .nullable = true,
	 .take = take_acts,
	 .put = row_put_json_list},
	ROW_NUMBER_OR(Interaction, act_count, "act_count", INT8OID, 0),
	ROW_NUMBER(Interaction, revision, "revision", INT8OID),
	ROW_FIXED_NUMBER(Interaction, number, "interaction", INT2OID),
	ROW_FIXED_NUMBER(Interaction, initiator_id, "initiator_npc_id", INT8OID),
	ROW_FIXED_NUMBER(Interaction, target_id, "target_id", INT8OID),
	ROW_FIXED_NUMBER(Interaction, started_at, "started_at", INT8OID),
	ROW_FIXED_NUMBER(Interaction, share_at_start, "share_at_start", INT4OID),
};

RowType interaction_rows = {.table = "interaction_runs",
							.index = "interaction_runs_pkey",
							.columns = columns,
							.column_count = lengthof(columns),
							.place_at = offsetof(Interaction, row)};
