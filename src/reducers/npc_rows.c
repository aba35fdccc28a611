/*
 * npc_rows.c
 *	  Rows of NPCs for readers without the world's image: one scan per
 *	  column group, joined in C.
 *
 * A join in SQL costs an index look-up per table and row; a list of ids, like the whole world, costs one scan of an index
 * per table. Rows come in order of id.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "reducers/npc_rows.h"
#include "tables/index_rows.h"

typedef struct RowQuery
{
	uint32 group;
	void (*take)(NpcRow *row, const Datum *values, const bool *nulls);
	IndexRows rows;
} RowQuery;

static int64
int64_or(const Datum *values, const bool *nulls, int column, int64 if_null)
{
	return nulls[column] ? if_null : DatumGetInt64(values[column]);
}

static void
take_name(NpcRow *row, const Datum *values, const bool *nulls)
{
	row->name = TextDatumGetCString(values[1]);
}

static void
take_doing(NpcRow *row, const Datum *values, const bool *nulls)
{
	row->state = (NpcState) DatumGetInt16(values[1]);
	row->interaction_id = int64_or(values, nulls, 2, 0);
}

static void
take_identity(NpcRow *row, const Datum *values, const bool *nulls)
{
	take_name(row, values, nulls);
	row->controller = int64_or(values, nulls, 2, 0);
	row->traits = DatumGetArrayTypePCopy(values[3]);
}

static void
take_state(NpcRow *row, const Datum *values, const bool *nulls)
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
	row->state_counter = DatumGetInt64(values[15]);
}

static void
take_track(NpcRow *row, const Datum *values, const bool *nulls)
{
	row->departed_at = DatumGetInt64(values[1]);
	row->cells = track_cells(PointerGetDatum(DatumGetArrayTypePCopy(values[2])), &row->leg_length);
}

static void
take_request(NpcRow *row, const Datum *values, const bool *nulls)
{
	row->request_open = DatumGetInt16(values[1]) != 0;
}

static void
take_mind(NpcRow *row, const Datum *values, const bool *nulls)
{
	row->plan = DatumGetJsonbPCopy(values[1]);
	row->events = DatumGetJsonbPCopy(values[2]);
	row->events_dropped = DatumGetInt32(values[3]);
	row->terms = nulls[4] ? NULL : DatumGetJsonbPCopy(values[4]);
}

static RowQuery queries[] = {
	{NPC_ROW_IDENTITY,
	 take_identity,
	 {"npc_identities",
	  "npc_identities_pkey",
	  {{"id", INT8OID}, {"name", TEXTOID}, {"controller_player_id", INT8OID}, {"traits", TEXTARRAYOID}}}},
	{NPC_ROW_STATE,
	 take_state,
	 {"npc_states",
	  "npc_states_key",
	  {{"npc_id", INT8OID},
	   {"needs_as_of", INT8OID},
	   {"hunger", INT4OID},
	   {"hygiene", INT4OID},
	   {"fun", INT4OID},
	   {"energy", INT4OID},
	   {"hunger_rate", INT4OID},
	   {"hygiene_rate", INT4OID},
	   {"fun_rate", INT4OID},
	   {"energy_rate", INT4OID},
	   {"state", INT2OID},
	   {"event_at", INT8OID},
	   {"last_decision_at", INT8OID},
	   {"interaction_id", INT8OID},
	   {"target_id", INT8OID},
	   {"state_counter", INT8OID}}}},
	{NPC_ROW_TRACK,
	 take_track,
	 {"npc_tracks",
	  "npc_tracks_key",
	  {{"npc_id", INT8OID}, {"departed_at", INT8OID}, {"cells", INT2ARRAYOID}}}},
	{NPC_ROW_REQUEST,
	 take_request,
	 {"decision_slots", "decision_slots_pkey", {{"npc_id", INT8OID}, {"status", INT2OID}}}},
	{NPC_ROW_MIND,
	 take_mind,
	 {"npc_minds",
	  "npc_minds_pkey",
	  {{"npc_id", INT8OID},
	   {"plan", JSONBOID},
	   {"events", JSONBOID},
	   {"events_dropped", INT4OID},
	   {"goal_terms", JSONBOID}}}},
	{NPC_ROW_NAME,
	 take_name,
	 {"npc_identities", "npc_identities_pkey", {{"id", INT8OID}, {"name", TEXTOID}}}},
	{NPC_ROW_DOING,
	 take_doing,
	 {"npc_states",
	  "npc_states_key",
	  {{"npc_id", INT8OID}, {"state", INT2OID}, {"interaction_id", INT8OID}}}},
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

static void
blank_row(NpcRow *row, int64 id)
{
	memset(row, 0, sizeof(*row));
	row->id = id;
	row->event_at = SIM_NEVER;
	row->last_decision_at = -1;
}

static void
take_row(NpcRow *row, const RowQuery *query, const IndexReading *reading)
{
	query->take(row, reading->values, reading->nulls);
	row->groups |= query->group;
}

/* Identities of the whole world, and with them its NPCs. */
static void
read_world(NpcRows *rows)
{
	RowQuery	*query = &queries[0];
	IndexReading reading;
	int			 room = 256;

	Assert(query->group == NPC_ROW_IDENTITY);
	rows->rows = palloc(sizeof(NpcRow) * room);
	index_rows_of_ids(&reading, &query->rows, rows->world_id, NULL, 0);
	while (index_rows_next(&reading))
	{
		if (rows->count == room)
		{
			room *= 2;
			rows->rows = repalloc_huge(rows->rows, sizeof(NpcRow) * room);
		}
		blank_row(&rows->rows[rows->count], DatumGetInt64(reading.values[0]));
		take_row(&rows->rows[rows->count], query, &reading);
		rows->count++;
	}
	index_rows_end(&reading);
}

NpcRows *
npc_rows_create(int64 world_id, const int64 *ids, int count)
{
	NpcRows *rows = palloc0(sizeof(NpcRows));

	rows->world_id = world_id;
	if (ids == NULL)
	{
		read_world(rows);
		return rows;
	}
	rows->rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(NpcRow) * Max(count, 1));
	for (int i = 0; i < count; i++)
		blank_row(&rows->rows[i], ids[i]);
	rows->count = count;
	return rows;
}

/* Both are in order of id; what is read may have rows that were not asked for, when it is all of the world. */
static void
load_group(NpcRows *rows, RowQuery *query, const int64 *ids, int count)
{
	IndexReading reading;
	int			 at = 0;

	index_rows_of_ids(&reading, &query->rows, rows->world_id, ids, count);
	while (index_rows_next(&reading))
	{
		int64 id = DatumGetInt64(reading.values[0]);

		while (at < rows->count && rows->rows[at].id < id)
			at++;
		if (at < rows->count && rows->rows[at].id == id)
			take_row(&rows->rows[at], query, &reading);
	}
	index_rows_end(&reading);
}

void
npc_rows_load(NpcRows *rows, uint32 groups, const int64 *ids, int count)
{
	if (rows->count == 0 || (ids != NULL && count == 0))
		return;
	for (int i = 0; i < (int) lengthof(queries); i++)
		if (groups & queries[i].group)
			load_group(rows, &queries[i], ids, count);
}
