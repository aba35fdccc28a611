/*
 * npc_rows.c
 *	  Rows of NPCs for readers without the world's image: one scan per column group, joined in C.
 *
 * A join in SQL costs an index look-up per table and row; a list of ids, like the whole world, costs
 * one scan of an index per table. Rows come in order of id.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "reducers/npc_rows.h"
#include "reducers/npc_shown.h"
#include "tables/row_type.h"

/* ---- columns ---- */

static void
take_traits(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((NpcRow *) thing)->traits = DatumGetArrayTypePCopy(value);
}

static void
take_cells(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	NpcRow *row = thing;

	row->cells = track_cells(PointerGetDatum(DatumGetArrayTypePCopy(value)), &row->leg_length);
}

static void
take_request(const RowLoad *load, void *thing, const RowColumn *column, Datum value, bool isnull)
{
	((NpcRow *) thing)->request_open = DatumGetInt16(value) != REQUEST_CLOSED;
}

#define READ_NUMBER(member_, column_, type_, ...) \
	{ \
		.name = (column_), .type = (type_), ROW_MEMBER(NpcRow, member_), ROW_MEMBER_WIDTH(NpcRow, member_), \
		.take = row_take_number, __VA_ARGS__ \
	}
#define READ_TEXT(member_, column_, ...) \
	{ \
		.name = (column_), .type = TEXTOID, ROW_MEMBER(NpcRow, member_), .take = row_take_text, __VA_ARGS__ \
	}
#define READ_JSON(member_, column_) \
	{ \
		.name = (column_), .type = JSONBOID, ROW_MEMBER(NpcRow, member_), .take = row_take_json \
	}
/* A column with functions of its own. One that is only shown is no column of the table (take_ is NULL). */
#define READ_OWN(column_, type_, take_, ...) \
	{ \
		.name = (column_), .type = (type_), .take = (take_), __VA_ARGS__ \
	}

/* These expand the lines of npc_columns.h. */
#define LISTED_NUMBER(ctype_, member_, column_, type_, attributes_) \
	READ_NUMBER(member_, column_, type_, attributes_),
#define LISTED_ELSEWHERE(ctype_, member_, column_, type_, attributes_)
#define NULL_IS(none_)		 .nullable = true, .none = (none_),
#define SHOWN(group_, kind_) .group = NPC_DIRTY_##group_, .show = npc_show_##kind_,
#define EDITED(least_, most_)

static const RowColumn identity_columns[] = {
	READ_NUMBER(id, "id", INT8OID),
	READ_TEXT(name, "name", SHOWN(IDENTITY, text)),
#define IDENTITY_NUMBER LISTED_NUMBER
#define STATE_NUMBER	LISTED_ELSEWHERE
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	READ_OWN("traits", TEXTARRAYOID, take_traits, SHOWN(IDENTITY, traits)),
};

static const RowColumn name_columns[] = {
	READ_NUMBER(id, "id", INT8OID),
	READ_TEXT(name, "name"),
};

static const RowColumn state_columns[] = {
	READ_NUMBER(id, "npc_id", INT8OID),
#define IDENTITY_NUMBER LISTED_ELSEWHERE
#define STATE_NUMBER	LISTED_NUMBER
#include "tables/npc_columns.h"
#undef IDENTITY_NUMBER
#undef STATE_NUMBER
	READ_OWN("needs", InvalidOid, NULL, SHOWN(NEEDS, needs)),
	READ_NUMBER(needs.as_of, "needs_as_of", INT8OID, SHOWN(NEEDS, seconds).shown_as = "as_of"),
#define NEED(constant_, name_) \
	READ_NUMBER(needs.value[NEED_##constant_], #name_, INT4OID), \
		READ_NUMBER(needs.rate[NEED_##constant_], #name_ "_rate", INT4OID),
#include "sim/need_list.h"
#undef NEED
};

static const RowColumn doing_columns[] = {
	READ_NUMBER(id, "npc_id", INT8OID),
	READ_NUMBER(state, "state", INT2OID),
	READ_NUMBER(interaction_id, "interaction_id", INT8OID, NULL_IS(0)),
};

static const RowColumn track_columns[] = {
	READ_NUMBER(id, "npc_id", INT8OID),
	READ_OWN("x", InvalidOid, NULL, SHOWN(MOTION, x)),
	READ_OWN("y", InvalidOid, NULL, SHOWN(MOTION, y)),
	READ_OWN("cells", INT2ARRAYOID, take_cells, SHOWN(MOTION, path).shown_as = "path"),
	READ_NUMBER(departed_at, "departed_at", INT8OID, SHOWN(MOTION, seconds)),
	READ_OWN("arrives_at", InvalidOid, NULL, SHOWN(MOTION, arrival)),
};

static const RowColumn request_columns[] = {
	READ_NUMBER(id, "npc_id", INT8OID),
	READ_OWN("status", INT2OID, take_request, SHOWN(REQUEST, decision).shown_as = "decision"),
};

static const RowColumn mind_columns[] = {
	READ_NUMBER(id, "npc_id", INT8OID), READ_JSON(plan, "plan"),
	READ_JSON(events, "events"),		READ_NUMBER(events_dropped, "events_dropped", INT4OID),
	READ_JSON(terms, "goal_terms"),
};

/* ---- tables ---- */

typedef struct RowQuery
{
	uint32	group;
	RowType rows;
} RowQuery;

#define QUERY(group_, table_, index_, columns_) \
	{ \
		.group = (group_), .rows = \
		{.table = (table_), \
		 .index = (index_), \
		 .columns = (columns_), \
		 .column_count = lengthof(columns_) } \
	}

static RowQuery queries[] = {
	QUERY(NPC_ROW_IDENTITY, "npc_identities", "npc_identities_pkey", identity_columns),
	QUERY(NPC_ROW_STATE, "npc_states", "npc_states_key", state_columns),
	QUERY(NPC_ROW_TRACK, "npc_tracks", "npc_tracks_key", track_columns),
	QUERY(NPC_ROW_REQUEST, "decision_slots", "decision_slots_pkey", request_columns),
	QUERY(NPC_ROW_MIND, "npc_minds", "npc_minds_pkey", mind_columns),
	QUERY(NPC_ROW_NAME, "npc_identities", "npc_identities_pkey", name_columns),
	QUERY(NPC_ROW_DOING, "npc_states", "npc_states_key", doing_columns),
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

/* Rows that are filled in order of id, which is the order in which they are read. */
typedef struct Filling
{
	NpcRows *rows;
	int		 room; /* of rows->rows, while the world's NPCs are not known yet */
	int		 at;
	uint32	 group;
} Filling;

/* Returns NULL for a row that was not asked for, which happens if all of the world is read. */
static void *
find_in_order(void *arg, int64 id)
{
	Filling		  *filling = arg;
	const NpcRows *rows = filling->rows;

	while (filling->at < rows->count && rows->rows[filling->at].id < id)
		filling->at++;
	return filling->at < rows->count && rows->rows[filling->at].id == id ? &rows->rows[filling->at] : NULL;
}

static void *
append_row(void *arg, int64 id)
{
	Filling *filling = arg;
	NpcRows *rows = filling->rows;

	if (rows->count == filling->room)
	{
		filling->room = Max(256, 2 * filling->room);
		rows->rows = rows->rows == NULL ? palloc(sizeof(NpcRow) * filling->room)
										: repalloc_huge(rows->rows, sizeof(NpcRow) * filling->room);
	}
	blank_row(&rows->rows[rows->count], id);
	return &rows->rows[rows->count++];
}

static void
mark_found(void *arg, void *thing)
{
	((NpcRow *) thing)->groups |= ((Filling *) arg)->group;
}

static void
read_rows(NpcRows *rows, RowQuery *query, void *(*lookup)(void *, int64), const int64 *ids, int count)
{
	Filling filling = {.rows = rows, .group = query->group};
	RowLoad load = {.world_id = rows->world_id,
					.ids = ids,
					.count = count,
					.lookup = lookup,
					.done = mark_found,
					.arg = &filling,
					.context = CurrentMemoryContext};

	rows_load(&query->rows, &load);
}

/* Reads the identities of the whole world, and by them which NPCs it has. */
static void
read_world(NpcRows *rows)
{
	Assert(queries[0].group == NPC_ROW_IDENTITY);
	read_rows(rows, &queries[0], append_row, NULL, 0);
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

void
npc_rows_load(NpcRows *rows, uint32 groups, const int64 *ids, int count)
{
	if (rows->count == 0 || (ids != NULL && count == 0))
		return;
	for (int i = 0; i < (int) lengthof(queries); i++)
		if (groups & queries[i].group)
			read_rows(rows, &queries[i], find_in_order, ids, count);
}

/* ---- what clients are shown ---- */

/* A column with what is written before its value. */
typedef struct ShownColumn
{
	uint32			 group;		/* NpcGroup */
	uint32			 row_group; /* what must be loaded to show it */
	const RowColumn *column;
	const char		*before;
	int				 before_length;
} ShownColumn;

static ShownColumn *shown = NULL;
static int			shown_count = 0;

static void
add_shown(uint32 group, const RowQuery *query)
{
	for (int i = 0; i < query->rows.column_count; i++)
	{
		const RowColumn *column = &query->rows.columns[i];
		char			*before;

		if (column->show == NULL || column->group != group)
			continue;
		before = psprintf(",\"%s\":", column->shown_as != NULL ? column->shown_as : column->name);
		shown[shown_count++] = (ShownColumn) {group, query->group, column, before, (int) strlen(before)};
	}
}

/* Lists the columns that clients are shown, by group, in the order of npc_groups. */
static void
list_shown(void)
{
	MemoryContext before;
	int			  most = 0;

	if (shown != NULL)
		return;
	before = MemoryContextSwitchTo(TopMemoryContext);
	for (int i = 0; i < (int) lengthof(queries); i++)
		most += queries[i].rows.column_count;
	shown = palloc(most * sizeof(ShownColumn));
	for (int group = 0; group < NPC_GROUP_COUNT; group++)
		for (int i = 0; i < (int) lengthof(queries); i++)
			add_shown(npc_groups[group].bit, &queries[i]);
	MemoryContextSwitchTo(before);
}

uint32
npc_rows_shown(uint32 groups)
{
	uint32 row_groups = 0;

	list_shown();
	for (int i = 0; i < shown_count; i++)
		if (shown[i].group & groups)
			row_groups |= shown[i].row_group;
	return row_groups;
}

void
npc_row_show(StringInfo out, const NpcRow *row, uint32 groups)
{
	list_shown();
	for (int i = 0; i < shown_count; i++)
		if (shown[i].group & groups)
		{
			appendBinaryStringInfo(out, shown[i].before, shown[i].before_length);
			shown[i].column->show(out, row, shown[i].column);
		}
}
