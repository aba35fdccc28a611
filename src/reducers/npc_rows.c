/*
 * npc_rows.c
 *	  Rows of NPCs for readers without the world's image: one query per
 *	  column group, joined in C.
 *
 * A join in SQL costs an index look-up per table and row; a list of ids costs
 * one scan per table. Each group has two statements, for a list of ids and
 * for the whole world, both in order of id or nearly so.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"

#include "reducers/npc_rows.h"
#include "spi.h"
#include "tables/arrays.h"

#define COLUMNS_MAX 16

typedef struct RowQuery
{
	uint32 group;
	void (*take)(NpcRow *row, Datum *values, bool *nulls);
	SpiStatement of_ids;
	SpiStatement of_world;
} RowQuery;

#define ROW_QUERY(columns, table, id) \
	{.sql = "SELECT " id ", " columns " FROM " SPI_WANTED_KEYS " JOIN npcsim." table \
			" t ON t.world_id = " SPI_WANTED_WORLD " AND t." id " = wanted.key_", \
	 .nargs = 2, \
	 .types = {INT8OID, INT8ARRAYOID}, \
	 .read_only = true}, \
	{ \
		.sql = "SELECT " id ", " columns " FROM npcsim." table " WHERE world_id = $1 ORDER BY " id, \
		.nargs = 1, .types = {INT8OID}, .read_only = true \
	}

static int64
int64_or(const Datum *values, const bool *nulls, int column, int64 if_null)
{
	return nulls[column] ? if_null : DatumGetInt64(values[column]);
}

static void
take_name(NpcRow *row, Datum *values, bool *nulls)
{
	text *name = DatumGetTextPP(values[1]);

	row->name = VARDATA_ANY(name);
	row->name_length = VARSIZE_ANY_EXHDR(name);
}

static void
take_doing(NpcRow *row, Datum *values, bool *nulls)
{
	row->state = (NpcState) DatumGetInt16(values[1]);
}

static void
take_identity(NpcRow *row, Datum *values, bool *nulls)
{
	take_name(row, values, nulls);
	row->controller = int64_or(values, nulls, 2, 0);
	row->traits = DatumGetArrayTypeP(values[3]);
}

static void
take_state(NpcRow *row, Datum *values, bool *nulls)
{
	row->needs.as_of = DatumGetInt64(values[1]);
	for (int i = 0; i < NEED_COUNT; i++)
	{
		row->needs.value[i] = DatumGetInt32(values[2 + i]);
		row->needs.rate[i] = DatumGetInt32(values[2 + NEED_COUNT + i]);
	}
	row->state = (NpcState) DatumGetInt16(values[10]);
	row->event_at = int64_or(values, nulls, 11, SIM_NEVER);
	row->last_decision_at = int64_or(values, nulls, 12, -1);
	row->interaction_id = int64_or(values, nulls, 13, 0);
	row->target_id = int64_or(values, nulls, 14, 0);
}

static void
take_track(NpcRow *row, Datum *values, bool *nulls)
{
	row->departed_at = DatumGetInt64(values[1]);
	row->cells = track_cells(values[2], &row->leg_length);
}

static void
take_request(NpcRow *row, Datum *values, bool *nulls)
{
	row->request_open = DatumGetInt16(values[1]) != 0;
}

static void
take_mind(NpcRow *row, Datum *values, bool *nulls)
{
	row->plan = DatumGetJsonbP(values[1]);
	row->events = DatumGetJsonbP(values[2]);
	row->events_dropped = DatumGetInt32(values[3]);
}

static RowQuery queries[] = {
	{NPC_ROW_IDENTITY, take_identity,
	 ROW_QUERY("name, controller_player_id, traits", "npc_identities", "id")},
	{NPC_ROW_STATE, take_state,
	 ROW_QUERY("needs_as_of, hunger, hygiene, fun, energy, hunger_rate, hygiene_rate, fun_rate, energy_rate,"
			   " state, event_at, last_decision_at, interaction_id, target_id",
			   "npc_states", "npc_id")},
	{NPC_ROW_TRACK, take_track, ROW_QUERY("departed_at, cells", "npc_tracks", "npc_id")},
	{NPC_ROW_REQUEST, take_request, ROW_QUERY("status", "decision_slots", "npc_id")},
	{NPC_ROW_MIND, take_mind, ROW_QUERY("plan, events, events_dropped", "npc_minds", "npc_id")},
	{NPC_ROW_NAME, take_name, ROW_QUERY("name", "npc_identities", "id")},
	{NPC_ROW_DOING, take_doing, ROW_QUERY("state", "npc_states", "npc_id")},
};

const int16 *
track_cells(Datum cells, int *leg_length)
{
	ArrayType *array = DatumGetArrayTypeP(cells);
	int		   elements = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (elements < 2 || elements % 2 != 0 || ARR_HASNULL(array))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("a track has %d coordinates", elements));
	*leg_length = elements / 2;
	return (const int16 *) ARR_DATA_PTR(array);
}

NpcRow *
npc_row_find(const NpcRows *rows, int64 id)
{
	int low = 0;
	int high = rows->count - 1;

	while (low <= high)
	{
		int		middle = low + (high - low) / 2;
		NpcRow *row = &rows->rows[middle];

		if (row->id == id)
			return row;
		if (row->id < id)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return NULL;
}

/* Calls take for every row of SPI_tuptable that belongs to one of ours. */
static void
take_rows(NpcRows *rows, const RowQuery *query)
{
	TupleDesc descriptor = SPI_tuptable->tupdesc;
	int		  expected = 0;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum	values[COLUMNS_MAX];
		bool	nulls[COLUMNS_MAX];
		NpcRow *row;
		int64	id;

		heap_deform_tuple(SPI_tuptable->vals[i], descriptor, values, nulls);
		id = DatumGetInt64(values[0]);
		/* they mostly come in our order */
		if (expected < rows->count && rows->rows[expected].id == id)
			row = &rows->rows[expected];
		else
			row = npc_row_find(rows, id);
		if (row == NULL)
			continue;
		expected = (int) (row - rows->rows) + 1;
		query->take(row, values, nulls);
		row->groups |= query->group;
	}
}

static uint64
run_query(RowQuery *query, int64 world_id, const int64 *ids, int count)
{
	if (ids == NULL)
		return spi_run(&query->of_world, (Datum[]) {Int64GetDatum(world_id)}, NULL, SPI_OK_SELECT);
	return spi_run(&query->of_ids, (Datum[]) {Int64GetDatum(world_id), int64_array(ids, count)}, NULL,
				   SPI_OK_SELECT);
}

static void
blank_row(NpcRow *row, int64 id)
{
	row->id = id;
	row->event_at = SIM_NEVER;
	row->last_decision_at = -1;
}

NpcRows *
npc_rows_create(int64 world_id, const int64 *ids, int count)
{
	NpcRows *rows = palloc0(sizeof(NpcRows));

	rows->world_id = world_id;
	if (ids == NULL)
	{
		count = (int) run_query(&queries[0], world_id, NULL, 0);
		rows->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NpcRow) * Max(count, 1));
		memset(rows->rows, 0, sizeof(NpcRow) * count);
		for (int i = 0; i < count; i++)
			blank_row(&rows->rows[i], spi_int64(i, 1, 0));
		rows->count = count;
		take_rows(rows, &queries[0]);
		return rows;
	}
	rows->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NpcRow) * Max(count, 1));
	memset(rows->rows, 0, sizeof(NpcRow) * count);
	for (int i = 0; i < count; i++)
		blank_row(&rows->rows[i], ids[i]);
	rows->count = count;
	return rows;
}

void
npc_rows_load(NpcRows *rows, uint32 groups, const int64 *ids, int count)
{
	if (rows->count == 0 || (ids != NULL && count == 0))
		return;
	for (int i = 0; i < (int) lengthof(queries); i++)
	{
		if (groups & queries[i].group)
		{
			run_query(&queries[i], rows->world_id, ids, count);
			take_rows(rows, &queries[i]);
		}
	}
}
