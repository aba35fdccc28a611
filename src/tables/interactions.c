/*
 * interactions.c
 *	  Interactions under way, as rows: the only code that reads and writes
 *	  interaction_runs for the image.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "spi.h"
#include "tables/arrays.h"
#include "tables/hot_rows.h"
#include "tables/interactions.h"

#define COLUMNS \
	"id, interaction, initiator_npc_id, target_id, started_at, share_at_start, participants, acted_at, " \
	"acts, act_count, revision, t.ctid "

static SpiStatement load_all = {"SELECT " COLUMNS "FROM npcsim.interaction_runs t WHERE world_id = $1",
								1,
								{INT8OID}};
static SpiStatement load_some = {"SELECT " COLUMNS "FROM " SPI_WANTED_KEYS
								 " JOIN npcsim.interaction_runs t ON t.world_id = " SPI_WANTED_WORLD
								 " AND t.id = wanted.key_",
								 2,
								 {INT8OID, INT8ARRAYOID}};

/* An update writes the first ones. */
#define COLUMNS_UPDATED 6

static const StageColumn columns[] =
	{{"id", INT8OID},		   {"participants", INT8ARRAYOID}, {"acted_at", INT8ARRAYOID},
	 {"acts", JSONBOID},	   {"act_count", INT8OID},		   {"revision", INT8OID},
	 {"interaction", INT2OID}, {"initiator_npc_id", INT8OID},  {"target_id", INT8OID},
	 {"started_at", INT8OID},  {"share_at_start", INT4OID}};

/* What is done with items has no acts, and most interactions are with items: their rows are kept short. */
static void
put_acts(RowBuilder *row, const Interaction *interaction)
{
	int64 acted_at[PARTICIPANTS_MAX];

	if (interaction->act_count == 0)
	{
		put_null(row);
		put_null(row);
		put_null(row);
		return;
	}
	for (int i = 0; i < interaction->participant_count; i++)
		acted_at[i] = interaction->participants[i].acted_at;
	put_datum(row, int64_array(acted_at, interaction->participant_count));
	put_datum(row, DirectFunctionCall1(jsonb_in, CStringGetDatum(json_list_text(interaction->acts))));
	put_int64(row, interaction->act_count);
}

static void
make_row(RowBuilder *row, void *thing, void *arg)
{
	Interaction *interaction = thing;
	int64		 ids[PARTICIPANTS_MAX];

	for (int i = 0; i < interaction->participant_count; i++)
		ids[i] = interaction->participants[i].npc_id;
	put_int64(row, interaction->id);
	put_datum(row, int64_array(ids, interaction->participant_count));
	put_acts(row, interaction);
	put_int64(row, interaction->revision);
	put_int16(row, interaction->number);
	put_int64(row, interaction->initiator_id);
	put_int64(row, interaction->target_id);
	put_int64(row, interaction->started_at);
	put_int32(row, (int32) interaction->share_at_start);
}

static int64
interaction_id(void *thing)
{
	return ((Interaction *) thing)->id;
}

static ItemPointer
interaction_place(void *thing)
{
	return &((Interaction *) thing)->row;
}

static const RowSet set = {"staged_interactions", columns,			lengthof(columns), make_row,
						   interaction_id,		  interaction_place};
static HotTable hot = {"interaction_runs", &set, COLUMNS_UPDATED, HOT_ROWS_FIND("interaction_runs", "id")};

static SpiStatement delete_some = {"DELETE FROM npcsim.interaction_runs t USING " SPI_WANTED_KEYS
								   " WHERE t.world_id = " SPI_WANTED_WORLD " AND t.id = wanted.key_",
								   2,
								   {INT8OID, INT8ARRAYOID}};

uint64
interactions_load(int64 world_id, const int64 *ids, int count)
{
	if (ids == NULL)
		return spi_run(&load_all, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&load_some, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
}

static void
read_participants(uint64 row, Interaction *interaction)
{
	int64 acted_at[PARTICIPANTS_MAX];
	int64 ids[PARTICIPANTS_MAX];
	int	  acted = spi_int64s(row, 8, acted_at, PARTICIPANTS_MAX);

	interaction->participant_count = spi_int64s(row, 7, ids, PARTICIPANTS_MAX);
	for (int i = 0; i < interaction->participant_count; i++)
		interaction->participants[i] =
			(Participant) {.npc_id = ids[i], .acted_at = i < acted ? acted_at[i] : -1};
}

/* What was done last, the doer may have left: "at" of the last act, in seconds. */
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

void
interaction_read(uint64 row, Interaction *interaction, MemoryContext context)
{
	interaction->id = spi_int64(row, 1, 0);
	interaction->number = spi_int16(row, 2, 0);
	interaction->initiator_id = spi_int64(row, 3, 0);
	interaction->target_id = spi_int64(row, 4, 0);
	interaction->started_at = spi_int64(row, 5, 0);
	interaction->share_at_start = spi_int32(row, 6, 0);
	read_participants(row, interaction);
	interaction->acts = json_list_read(row, 9, ACTS_KEPT, context);
	interaction->last_act_at = last_act_at(interaction->acts);
	interaction->act_count = spi_int64(row, 10, 0);
	interaction->revision = spi_int64(row, 11, 0);
	interaction->row = spi_tid(row, 12);
}

void
interactions_insert(int64 world_id, Interaction **interactions, int count)
{
	hot_rows_insert(&hot, world_id, (void **) interactions, count, NULL);
}

void
interactions_write(int64 world_id, Interaction **interactions, int count)
{
	hot_rows_update(&hot, world_id, (void **) interactions, count, NULL);
}

void
interactions_delete(int64 world_id, const int64 *ids, int count)
{
	delete_rows(&delete_some, world_id, ids, count, 0);
}
